"""Text: numbers, arrays, names, columns, and what a terminal can show."""
