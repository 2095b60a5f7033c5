"""Layers that act on each entry: activations and dropout.

These modules only call a function of `ag` or NumPy. Use them to write a model as in PyTorch.
`Sequential` also takes the functions themselves: ``nn.Sequential(nn.Linear(2, 16), np.tanh)``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.answers import explains_keywords
from ..data import Seed
from ..functional.activations import gelu
from ..functional.dropout import default_generator, dropout
from ..ops.elementwise import relu, sigmoid
from .module import Module
from .sizes import probability


class Activation(Module):
    """An elementwise function as a layer. It has no parameters and no options.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_mini import nn
    >>> nn.Tanh()(np.zeros(3))
    array([0., 0., 0.])
    """

    @explains_keywords
    def __init__(self) -> None:
        pass


class ReLU(Activation):
    """The layer max(x, 0).

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_mini import nn
    >>> nn.ReLU()(np.array([-1.0, 2.0]))
    array([0., 2.])
    """

    def forward(self, x: Any) -> Any:
        """Return ``ag.relu(x)``.

        Examples
        --------
        >>> import numpy as np
        >>> from autograd_mini import nn
        >>> nn.ReLU().forward(np.array([-1.0, 2.0]))
        array([0., 2.])
        """
        return relu(x)


class Tanh(Activation):
    """The layer tanh(x).

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_mini import nn
    >>> nn.Tanh()(np.array([0.0]))
    array([0.])
    """

    def forward(self, x: Any) -> Any:
        """Return ``np.tanh(x)``.

        Examples
        --------
        >>> import numpy as np
        >>> from autograd_mini import nn
        >>> nn.Tanh().forward(np.array([0.0]))
        array([0.])
        """
        return np.tanh(x)


class Sigmoid(Activation):
    """The layer 1 / (1 + exp(-x)).

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_mini import nn
    >>> nn.Sigmoid()(np.array([0.0]))
    array([0.5])
    """

    def forward(self, x: Any) -> Any:
        """Return ``ag.sigmoid(x)``.

        Examples
        --------
        >>> import numpy as np
        >>> from autograd_mini import nn
        >>> nn.Sigmoid().forward(np.array([0.0]))
        array([0.5])
        """
        return sigmoid(x)


class GELU(Activation):
    """The layer x Φ(x), computed with tanh as in GPT-2; see `gelu`.

    Φ(x) is the probability that a random number of the standard normal distribution is less than x.
    PyTorch computes Φ exactly by default. The results differ by less than 0.001.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_mini import nn
    >>> nn.GELU()(np.array([1.0])).round(4)
    array([0.8412])
    """

    def forward(self, x: Any) -> Any:
        """Return ``ag.gelu(x)``.

        Examples
        --------
        >>> import numpy as np
        >>> from autograd_mini import nn
        >>> nn.GELU().forward(np.array([0.0]))
        array([0.])
        """
        return gelu(x)


class Dropout(Module):
    """In training, set each entry to 0 with probability p, and divide the others by 1 - p.

    After ``model.eval()``, the layer returns its input unchanged.

    Parameters
    ----------
    p : float
        The probability that an entry is dropped, from 0 to 1.
    rng : int or numpy.random.Generator, optional
        The generator of the masks, or its seed. Two layers with the same seed drop the same
        entries. Make one generator and pass it to all layers, so that they drop different ones. By
        default, each run of a program draws different masks.

    Raises
    ------
    ValueError
        If `p` is not a number from 0 to 1.

    References
    ----------
    Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov: Dropout: a simple way to prevent
    neural networks from overfitting, 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_mini import nn
    >>> layer = nn.Dropout(0.5, rng=1)
    >>> layer(np.ones(4)), layer.eval()(np.ones(4))
    (array([0., 2., 2., 2.]), array([1., 1., 1., 1.]))
    """

    @explains_keywords
    def __init__(self, p: float = 0.5, *, rng: Seed | None = None) -> None:
        self.p = probability("Dropout", p)
        self.rng = default_generator() if rng is None else np.random.default_rng(rng)

    def forward(self, x: Any) -> Any:
        """Return `x` with dropped entries in training, and `x` itself otherwise.

        Examples
        --------
        >>> import numpy as np
        >>> from autograd_mini import nn
        >>> nn.Dropout(0.0)(np.ones(3))
        array([1., 1., 1.])
        """
        return dropout(x, self.p, training=self.training, rng=self.rng)
