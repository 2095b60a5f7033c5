"""autograd_mini: reverse-mode differentiation on NumPy, small enough to read.

>>> import numpy as np
>>> import autograd_mini as ag
>>> z = ag.tensor([2.0, 1.0, 0.1], requires_grad=True, name="z")
>>> y = np.array([0.0, 1.0, 0.0])
>>> loss = -np.sum(y * np.log(np.exp(z) / np.sum(np.exp(z))))
>>> loss.backward()
>>> z.grad.round(4)
array([ 0.659 , -0.7576,  0.0986])

To learn how it works, read `autograd_mini.core` first. Its docstring says in which order to read
its files. Then read `autograd_mini.ops` (the rules: a formula sheet) and
`autograd_mini.functional.cross_entropy` (the loss above, as a graph and as one node).
"""

from importlib import import_module
from sys import modules
from typing import TYPE_CHECKING, Any

from .core.answers import missing
from .core.context import no_grad, scope
from .core.fused import fused
from .core.messages import DetachedWarning
from .core.primitive import Primitive, VariadicRule, primitive
from .core.tape import Tape
from .core.tensor import Tensor, tensor
from .functional.activations import gelu, softplus
from .functional.attention import scaled_dot_product_attention
from .functional.batch_normalisation import batch_norm
from .functional.convolution import conv1d, conv2d
from .functional.cross_entropy import SoftmaxCrossEntropy, cross_entropy, softmax_cross_entropy
from .functional.dropout import dropout
from .functional.embedding import embedding
from .functional.losses import mse_loss, nll_loss, sigmoid_binary_cross_entropy
from .functional.normalisation import layer_norm, rms_norm
from .functional.pooling import avg_pool2d, max_pool2d
from .functional.recurrence import gru_cell, lstm_cell, lstm_output
from .functional.softmax import log_softmax, logsumexp, softmax
from .ops.elementwise import relu, sigmoid, stop_gradient
from .ops.products import linear

if TYPE_CHECKING:
    from . import data, exercises, nn, optim
    from .compiler.cost import cost
    from .compiler.jit import compile
    from .compiler.languages import source
    from .debugging.debug import debug
    from .nn.summary import summary
    from .testing.fused import check_fused
    from .testing.gradcheck import GradcheckError, gradcheck
    from .transforms.checkpoint import checkpoint
    from .transforms.grad import elementwise_grad, grad, gradients, value_and_grad, vjp
    from .transforms.jacobian import hessian, hvp, jacobian, jvp
    from .views.derivation import latex
    from .views.explain import explain
    from .views.graph.draw import draw
    from .views.page.explore import explore
    from .views.page.recorder import Recorder

__version__ = "0.2.0"

__all__ = [
    "DetachedWarning",
    "GradcheckError",
    "Primitive",
    "Recorder",
    "SoftmaxCrossEntropy",
    "Tape",
    "Tensor",
    "VariadicRule",
    "avg_pool2d",
    "batch_norm",
    "check_fused",
    "checkpoint",
    "compile",
    "conv1d",
    "conv2d",
    "cost",
    "cross_entropy",
    "data",
    "debug",
    "draw",
    "dropout",
    "elementwise_grad",
    "embedding",
    "exercises",
    "explain",
    "explore",
    "fused",
    "gelu",
    "grad",
    "gradcheck",
    "gradients",
    "gru_cell",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "latex",
    "layer_norm",
    "linear",
    "log_softmax",
    "logsumexp",
    "lstm_cell",
    "lstm_output",
    "max_pool2d",
    "mse_loss",
    "nll_loss",
    "nn",
    "no_grad",
    "optim",
    "primitive",
    "relu",
    "rms_norm",
    "scaled_dot_product_attention",
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


#: Names that are imported when they are first used -> the module that defines them.
_LAZY_IMPORTS = {
    **{name: f".{name}" for name in ("data", "exercises", "nn", "optim")},
    **dict.fromkeys(("GradcheckError", "gradcheck"), ".testing.gradcheck"),
    "check_fused": ".testing.fused",
    "checkpoint": ".transforms.checkpoint",
    "compile": ".compiler.jit",
    "cost": ".compiler.cost",
    "debug": ".debugging.debug",
    "draw": ".views.graph.draw",
    **dict.fromkeys(("elementwise_grad", "grad", "gradients"), ".transforms.grad"),
    **dict.fromkeys(("value_and_grad", "vjp"), ".transforms.grad"),
    **dict.fromkeys(("hessian", "hvp", "jacobian", "jvp"), ".transforms.jacobian"),
    "explain": ".views.explain",
    "explore": ".views.page.explore",
    "Recorder": ".views.page.recorder",
    "latex": ".views.derivation",
    "source": ".compiler.languages",
    "summary": ".nn.summary",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY_IMPORTS:
        raise missing("ag", name, modules[__name__])
    module = import_module(_LAZY_IMPORTS[name], __name__)
    return vars(module).get(name, module)


#: How a tape is shown -> the module with the function of that name.
_VIEWS = {
    **dict.fromkeys(("printed", "table"), ".views.table"),
    **dict.fromkeys(("tape_html", "tensor_html"), ".views.html"),
    "source": ".compiler.languages",
}


def _view(name: str) -> Any:
    return getattr(import_module(_VIEWS[name], __name__), name)


Tape.shown = staticmethod(_view)
