"""The interactive page of a tape: its data, its text, its script and style."""
