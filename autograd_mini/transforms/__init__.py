"""Transforms, which turn a function into its derivatives, and `checkpoint`."""
