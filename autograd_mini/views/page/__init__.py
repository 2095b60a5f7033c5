"""The interactive page of a tape, ``ag.explore``.

`data` puts together what the page shows: its steps (`narrate`, in the words of `sentences`), its
graph at each folding (`levels`) and its numbers (`arrays`, and `batch` for those of one example).
`opening` makes the first step, `predict` the questions and `ending` the last step, from a
`story.Story`. `live` adds the tape's program, which computes all numbers again when a leaf changes,
and `sliders` chooses the leaves that the reader changes by sliders.
`train` finds what the page can train and draw, `recorder` adds the numbers of a training run, and
`compare` and `findings` those of a fused node next to its graph. `bundle` adds the script and the
style, which are in ``static/``.
"""
