"""Debugging: the line of each operation, the first value that is not finite."""
