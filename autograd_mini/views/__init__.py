"""Views: ways to show a tape. Each reads the records and changes nothing.

`table` writes the Wengert list as text, `dot` draws the graph; `writing` holds what both need,
how numbers, arrays, names and arguments are written.
"""
