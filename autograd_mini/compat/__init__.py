"""Names of other libraries. Programs for these libraries run here if you change the imports.

`autograd_mini.compat.micrograd` has micrograd's `Value` and its networks of neurons: `Neuron`,
`Layer` and `MLP`. They create ordinary tensors, so the rest of this library works on them.

Other libraries need no module. For HIPS autograd, write ``import numpy as np`` and ``from
autograd_mini import grad``. examples/coming_from_elsewhere.md lists what differs, and what to write
for PyTorch's names.
"""
