"""How a function becomes the NumPy program that it is: ``ag.compile``, and below ``ag.source``.

To read: `steps` (a program as data), `tracing` (arrays that write down what NumPy does to them)
with their `methods` and `refusals`, and `straight` (the fused loss as they see it); `rewriting`
with its `rules`, `fusing`, `scaling` and `positions`; then `lowering` and `planning` (calls that
write into memory in turn), and `compiled`, which puts them together: for `arguments`, which may be
`donating` their memory, and in `surroundings`, which may change.
"""

from .jit import Compiled, compile

__all__ = ["Compiled", "compile"]
