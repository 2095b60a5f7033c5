"""The picture of a tape: `ag.draw`.

Read in this order: `draw` (the function, and `Drawing`), `graph` (what is drawn), `card` (one
operation and its output), `folding` (which tensors share a card), `metrics` (sizes), `placement`
(sizes to the layout, in `views.layout`), `svg` (paint), `palette` (colours), `convert` (PNG and
PDF), `graphviz` (DOT, for Graphviz's own tools).
"""
