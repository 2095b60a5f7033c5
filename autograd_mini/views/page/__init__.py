"""The interactive page of a tape, ``ag.explore``.

`data` puts together what the page shows: its steps (`narrate`, in the words of `sentences`), its
graph at each folding (`levels`) and its numbers (`arrays`). `opening` makes the first step,
`predict` the questions and `ending` the last step, from a `story.Story`. `sliders` computes the
numbers of each position of a slider, `recorder` those of a training run, `compare` and `findings`
those of a fused node next to its graph. `bundle` adds the script and the style, which are in
``static/``.
"""
