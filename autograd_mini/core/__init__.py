"""The engine, which records operations and differentiates them. Read it in this order:

1. `backward`: the algorithm. Gather the tape of a result, walk it from its end, add gradients.
2. `tensor`: an array and its place on the tape; `record`, which puts it there; the operators.
3. `primitive`: an operation and its derivative rules.
4. `tape`: the Wengert list as a sequence.

The other modules serve these four: `arrays` and `foreign` (NumPy's arrays and those of other
libraries), `context` (the blocks `no_grad` and `scope`, and observers), `registry` (which
primitive runs which NumPy function), `dispatch` (NumPy's protocols), `methods` and
`elementwise_methods` (NumPy's functions as methods), `accumulation` (adding to ``.grad``), `fused`
(one node for a whole graph), `pytree` (nested containers), `messages` (the texts of errors),
`answers` (what to write instead of names of other libraries, from the tables in `remedies`,
`remedies_jax` and `absent`).
"""
