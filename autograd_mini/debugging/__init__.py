"""Debugging: the line of each operation, the first NaN or inf, and changed arrays."""
