"""How a function becomes the NumPy program that it is: ``ag.compile``, and below ``ag.source``.

To read: `steps` (a program as data), `tracing` (arrays that write down what NumPy does to them),
`rewriting` with its `rules`, `fusing` and `scaling`; then `lowering` and `planning` (calls that
write into memory in turn), and `compiled`, which puts them together.
"""

from .compiled import Compiled, compile

__all__ = ["Compiled", "compile"]
