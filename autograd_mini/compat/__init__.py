"""Names of other libraries, so that what was written for them runs with its import changed.

`micrograd` is micrograd's `Value` and its networks of neurons; `torch` is PyTorch's functions, its
`nn` and its `optim`, as far as this library has what they name. Both hand on to the library: there
is no second engine here. For HIPS autograd nothing is needed: ``import numpy as np``, and
``from autograd_mini import grad``.

examples/coming_from_elsewhere.md lists what differs.
"""
