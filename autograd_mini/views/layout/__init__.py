"""The layout of a picture: sizes in, coordinates out.

Read in this order: `layout` (the function, and the four steps), `shapes` (what goes in and comes
out), `components` (split and pack); then the steps `layers`, `crossings`, `coordinates`, `routes`.
"""
