"""The command line: ``python -m autograd_mini``."""
