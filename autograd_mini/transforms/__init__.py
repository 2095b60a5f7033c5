"""Transforms: from a function to its derivatives, and `checkpoint`."""
