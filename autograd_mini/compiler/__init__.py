"""Compile a function into an equivalent NumPy program. Read the modules in this order:

1. `ir`: a program as data. `tracer`: arrays that record what NumPy does to them, with
   `traced_methods`, `traced_functions` and `errors`.
2. `passes`: `rewrite` and the rules of `algebra`, which change no bit of a result;
   `stable_softmax`, which changes results, and only runs on request.
3. `memory`: `lowering` and `plan` write a program as statements that share buffers; `donation`
   decides which arguments may be overwritten.
4. `captures`: the state that a function reads besides its arguments, and `guards`, which compare
   it in each call. `signature`: arguments and results. `executable` puts a program together,
   `compiled` chooses the program of a call, and `jit` is what users call: ``ag.compile``.
5. `source`: programs as text, for readers. `cost`: what each step costs, counted by `work` and
   turned into time by `roofline`.
"""

from .compiled import Compiled
from .jit import compile

__all__ = ["Compiled", "compile"]
