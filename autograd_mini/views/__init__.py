"""Views: ways to show a tape. Each reads the nodes and changes nothing.

Read in this order: `trace` (the steps of both passes, which all views use), `table` and `explain`
(text), `html` (tensors and tapes in notebooks), `derivation` (formulas), `graph` (`ag.draw`: the
picture) with `layout` (its coordinates), `page` (`ag.explore`: the interactive page), `replay` (the
same computation with other numbers, or with fused nodes opened), `document` (saving and showing).
"""
