"""autograd_mini: reverse-mode differentiation on NumPy, small enough to read.

>>> import numpy as np
>>> import autograd_mini as ag
>>> z = ag.tensor([2.0, 1.0, 0.1], requires_grad=True, name="z")
>>> y = np.array([0.0, 1.0, 0.0])
>>> loss = -np.sum(y * np.log(np.exp(z) / np.sum(np.exp(z))))
>>> loss.backward()
>>> z.grad.round(4)
array([ 0.659 , -0.7576,  0.0986])

To learn how it works, read `autograd_mini.tensor` (an array and its place on the tape),
`autograd_mini.tape` (the walk backward), `autograd_mini.primitive` (an operation and its rules),
then `autograd_mini.ops` (the rules: a formula sheet) and `autograd_mini.cross_entropy` (the same
function as a graph and as one node).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import dispatch as _dispatch  # noqa: F401  gives a Tensor its NumPy
from .activations import gelu, layer_norm, softplus
from .cross_entropy import SoftmaxCrossEntropy, cross_entropy, softmax_cross_entropy
from .losses import mse_loss, nll_loss, sigmoid_binary_cross_entropy
from .ops.elementwise import relu, sigmoid, stop_gradient
from .ops.products import linear
from .primitive import EveryArgument, Primitive, fused, primitive
from .scoping import scope
from .softmax import log_softmax, logsumexp, softmax
from .tape import Tape, gradients
from .tensor import DetachedWarning, Tensor, no_grad, tensor

if TYPE_CHECKING:
    from . import data, exercises, nn, optim
    from .checking import GradcheckError, gradcheck
    from .compiling import compile
    from .debugging import debug
    from .equivalence import check_fused
    from .recomputing import checkpoint
    from .transforms import elementwise_grad, grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
    from .views.derivation import latex
    from .views.drawing import draw
    from .views.explain import explain
    from .views.film import Recorder
    from .views.page import explore
    from .views.source import source
    from .views.summary import summary

__version__ = "0.1.0"

__all__ = [
    "DetachedWarning",
    "EveryArgument",
    "GradcheckError",
    "Primitive",
    "Recorder",
    "SoftmaxCrossEntropy",
    "Tape",
    "Tensor",
    "check_fused",
    "checkpoint",
    "compile",
    "cross_entropy",
    "data",
    "debug",
    "draw",
    "elementwise_grad",
    "exercises",
    "explain",
    "explore",
    "fused",
    "gelu",
    "grad",
    "gradcheck",
    "gradients",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "latex",
    "layer_norm",
    "linear",
    "log_softmax",
    "logsumexp",
    "mse_loss",
    "nll_loss",
    "nn",
    "no_grad",
    "optim",
    "primitive",
    "relu",
    "scope",
    "sigmoid",
    "sigmoid_binary_cross_entropy",
    "softmax",
    "softmax_cross_entropy",
    "softplus",
    "source",
    "stop_gradient",
    "summary",
    "tensor",
    "value_and_grad",
    "vjp",
]


#: What stands on the core, and is imported when it is first asked for: name -> its room.
_LATER = {
    **{name: f".{name}" for name in ("data", "exercises", "nn", "optim")},
    **dict.fromkeys(("GradcheckError", "gradcheck"), ".checking"),
    "check_fused": ".equivalence",
    "checkpoint": ".recomputing",
    "compile": ".compiling",
    "debug": ".debugging",
    **dict.fromkeys(("elementwise_grad", "grad", "hessian", "hvp"), ".transforms"),
    **dict.fromkeys(("jacobian", "jvp", "value_and_grad", "vjp"), ".transforms"),
    "draw": ".views.drawing",
    "explain": ".views.explain",
    "explore": ".views.page",
    "Recorder": ".views.film",
    "latex": ".views.derivation",
    "source": ".views.source",
    "summary": ".views.summary",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    room = import_module(_LATER[name], __name__)
    return getattr(room, name, room)
