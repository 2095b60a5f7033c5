"""Notations: how an expression is printed as plain text, LaTeX or NumPy."""
