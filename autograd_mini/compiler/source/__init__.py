"""The program as text: statements, functions written out, constants."""
