"""Views: ways to show a tape. Each reads the records and changes nothing.

All stand on `trace`, the steps of both passes, and on `writing`, how numbers, arrays and names are
written. `table` and `explain` are text; `drawing` is ``ag.draw``. What is drawn is in `graph` (with
`card`, `folding`, `opening`), the same whoever draws it: `dot` for Graphviz, which `engines` finds,
or `svg` with the library's own `layout`. `page` is ``ag.explore``: `steps` tells each step,
`levels` places the graph, `pool` writes arrays, `assets` puts its script and style together.
"""
