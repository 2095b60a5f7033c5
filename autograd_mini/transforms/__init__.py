"""`checkpoint`, and the transforms: they turn a function into its derivatives."""
