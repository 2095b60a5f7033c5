"""Initial values of parameters. Each function fills a tensor, and returns it.

    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", rng=rng)

A layer with n inputs computes sums of n products. If the weights are independent, with mean 0 and
variance 1/n, the sums are about as large as the inputs. So the outputs neither grow nor vanish from
layer to layer. The functions `xavier_*` and `kaiming_*` draw such weights, times a gain for the
activation. For n, they take the number of inputs, the number of outputs, or the mean of both. The
distribution is uniform or normal.

The names and arguments are PyTorch's, except `rng`, which is called `generator` in PyTorch. `rng`
is a seed or a generator. By default, each run of a program draws different numbers.
"""

from __future__ import annotations

import math
from sys import modules
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.answers import explains_keywords, missing
from ..core.messages import describe
from ..core.tensor import Tensor
from ..data import Seed
from ..functional.dropout import default_generator

#: activation -> the factor for the weights of the layer before it
_GAINS = {"linear": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2)}


def calculate_gain(nonlinearity: str, a: float = 0.01) -> float:
    """Return the gain: a factor for the initial weights of a layer before an activation.

    An activation changes the size of the numbers. For example, a ReLU sets about half of them to 0,
    which halves the mean of their squares. The gain, the square root of 2, makes up for this.

    Parameters
    ----------
    nonlinearity : str
        "linear", "sigmoid", "tanh", "relu" or "leaky_relu".
    a : float
        The slope of "leaky_relu" for negative numbers.

    Raises
    ------
    ValueError
        If `nonlinearity` is not one of these names.

    Examples
    --------
    >>> from autograd_mini import nn
    >>> round(nn.init.calculate_gain("relu"), 4)
    1.4142
    """
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + a**2))
    if nonlinearity not in _GAINS:
        names = ", ".join([*_GAINS, "leaky_relu"])
        raise ValueError(f"init: unknown nonlinearity {nonlinearity!r}. The names are {names}.")
    return _GAINS[nonlinearity]


@explains_keywords
def xavier_uniform_(tensor: Tensor, gain: float = 1.0, rng: Seed | None = None) -> Tensor:
    """Fill a weight with uniform numbers between ±gain √(6 / (inputs + outputs)).

    `inputs` and `outputs` are numbers of features. For a convolution with windows of k entries,
    `inputs` is the number of channels times k, and `outputs` is the number of filters times k.

    Parameters
    ----------
    tensor : Tensor, shape (inputs, outputs) or (outputs, channels, ...)
        The weight of a `Linear`, or of a convolution.
    gain : float
        A factor that makes up for the activation after the layer; see `calculate_gain`.
    rng : int or numpy.random.Generator, optional
        The seed or generator that draws the numbers. By default, each run draws different numbers.

    Returns
    -------
    Tensor
        `tensor` itself.

    Raises
    ------
    ValueError
        If `tensor` has fewer than two axes.

    References
    ----------
    Glorot, Bengio: Understanding the difficulty of training deep feedforward neural networks,
    AISTATS 2010, equation 16.

    Examples
    --------
    >>> from autograd_mini import nn
    >>> layer = nn.Linear(3, 3)
    >>> bool(abs(nn.init.xavier_uniform_(layer.weight, rng=1).data).max() <= 1)
    True
    """
    return _fill_uniform(tensor, gain * math.sqrt(2 / sum(_fans(tensor))), rng)


@explains_keywords
def xavier_normal_(tensor: Tensor, gain: float = 1.0, rng: Seed | None = None) -> Tensor:
    """Fill a weight with normal numbers of standard deviation gain √(2 / (inputs + outputs)).

    See `xavier_uniform_` for the meaning of the gain, `inputs` and `outputs`.

    Parameters
    ----------
    tensor, gain, rng
        As for `xavier_uniform_`.

    Returns
    -------
    Tensor
        `tensor` itself.

    References
    ----------
    Glorot, Bengio: Understanding the difficulty of training deep feedforward neural networks,
    AISTATS 2010, equation 12.

    Examples
    --------
    >>> from autograd_mini import nn
    >>> layer = nn.Linear(100, 100)
    >>> round(nn.init.xavier_normal_(layer.weight, rng=1).data.std().item(), 2)
    0.1
    """
    return normal_(tensor, 0.0, gain * math.sqrt(2 / sum(_fans(tensor))), rng)


@explains_keywords
def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    rng: Seed | None = None,
) -> Tensor:
    """Fill a weight with uniform numbers between ±gain √(3 / inputs).

    See `xavier_uniform_` for the meaning of `inputs`. The gain follows from `nonlinearity`.

    Parameters
    ----------
    tensor : Tensor, shape (inputs, outputs) or (outputs, channels, ...)
        The weight of a `Linear`, or of a convolution.
    a : float
        The slope of "leaky_relu" for negative numbers.
    mode : str
        "fan_in" divides by the number of inputs, as in the formula above. Then activations have
        about the same variance in all layers. "fan_out" divides by the number of outputs. Then
        gradients have about the same variance in all layers.
    nonlinearity : str
        The activation after the layer. It determines the gain; see `calculate_gain`. The default,
        "leaky_relu" with ``a=0``, is the same as "relu".
    rng : int or numpy.random.Generator, optional
        The seed or generator that draws the numbers. By default, each run draws different numbers.

    Returns
    -------
    Tensor
        `tensor` itself.

    Raises
    ------
    ValueError
        If `tensor` has fewer than two axes, or if `mode` or `nonlinearity` is unknown.

    References
    ----------
    He, Zhang, Ren, Sun: Delving deep into rectifiers, ICCV 2015, section 2.2.

    Examples
    --------
    >>> from autograd_mini import nn
    >>> layer = nn.Linear(6, 3)
    >>> bool(abs(nn.init.kaiming_uniform_(layer.weight, rng=1).data).max() <= 1)
    True
    """
    return _fill_uniform(tensor, _kaiming_deviation(tensor, a, mode, nonlinearity), rng)


@explains_keywords
def kaiming_normal_(
    tensor: Tensor,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    rng: Seed | None = None,
) -> Tensor:
    """Fill a weight with normal numbers of standard deviation gain / √inputs.

    See `xavier_uniform_` for the meaning of `inputs`. The gain follows from `nonlinearity`.

    Parameters
    ----------
    tensor, a, mode, nonlinearity, rng
        As for `kaiming_uniform_`.

    Returns
    -------
    Tensor
        `tensor` itself.

    References
    ----------
    He, Zhang, Ren, Sun: Delving deep into rectifiers, ICCV 2015, equation 10.

    Examples
    --------
    >>> from autograd_mini import nn
    >>> layer = nn.Linear(200, 100)
    >>> round(nn.init.kaiming_normal_(layer.weight, rng=1).data.std().item(), 2)
    0.1
    """
    return normal_(tensor, 0.0, _kaiming_deviation(tensor, a, mode, nonlinearity), rng)


@explains_keywords
def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, rng: Seed | None = None) -> Tensor:
    """Fill a tensor with normal numbers.

    Parameters
    ----------
    tensor : Tensor
        The tensor to fill, of any shape.
    mean, std : float
        The mean and the standard deviation.
    rng : int or numpy.random.Generator, optional
        The seed or generator that draws the numbers. By default, each run draws different numbers.

    Returns
    -------
    Tensor
        `tensor` itself.

    Examples
    --------
    >>> from autograd_mini import nn
    >>> layer = nn.Linear(100, 100)
    >>> round(nn.init.normal_(layer.weight, std=0.02, rng=1).data.std().item(), 2)
    0.02
    """
    return _filled(tensor, _generator(rng).normal(mean, std, _checked(tensor).shape))


@explains_keywords
def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, rng: Seed | None = None) -> Tensor:
    """Fill a tensor with uniform numbers.

    Parameters
    ----------
    tensor : Tensor
        The tensor to fill, of any shape.
    a, b : float
        The smallest and the largest number.
    rng : int or numpy.random.Generator, optional
        The seed or generator that draws the numbers. By default, each run draws different numbers.

    Returns
    -------
    Tensor
        `tensor` itself.

    Examples
    --------
    >>> from autograd_mini import nn
    >>> layer = nn.Linear(3, 3)
    >>> bool(nn.init.uniform_(layer.weight, rng=1).data.min() >= 0)
    True
    """
    return _filled(tensor, _generator(rng).uniform(a, b, _checked(tensor).shape))


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill a tensor with the number `val`, and return the tensor.

    Examples
    --------
    >>> from autograd_mini import nn
    >>> nn.init.constant_(nn.Linear(3, 2).bias, 0.5).data
    array([0.5, 0.5])
    """
    return _filled(tensor, np.full(_checked(tensor).shape, val))


def zeros_(tensor: Tensor) -> Tensor:
    """Fill a tensor with zeros, and return the tensor.

    Examples
    --------
    >>> from autograd_mini import nn
    >>> nn.init.zeros_(nn.Linear(1, 2).weight).data
    array([[0., 0.]])
    """
    return constant_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """Fill a tensor with ones, and return the tensor.

    Examples
    --------
    >>> from autograd_mini import nn
    >>> nn.init.ones_(nn.Linear(1, 2).weight).data
    array([[1., 1.]])
    """
    return constant_(tensor, 1.0)


def _fill_uniform(tensor: Tensor, deviation: float, rng: Seed | None) -> Tensor:
    """Fill a tensor with uniform numbers of this standard deviation."""
    limit = math.sqrt(3) * deviation
    return uniform_(tensor, -limit, limit, rng)


def _kaiming_deviation(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f'init: mode must be "fan_in" or "fan_out", got {mode!r:.60}.')
    fan = _fans(tensor)[mode == "fan_out"]
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


def _fans(tensor: Tensor) -> tuple[int, int]:
    """Return how many inputs each output sums, and how many outputs each input contributes to."""
    shape = _checked(tensor).shape
    if len(shape) < 2:
        raise ValueError(
            f"init: {describe(tensor)} needs at least two axes, for the inputs and the outputs of "
            "a layer. For a vector, use nn.init.normal_ or nn.init.zeros_."
        )
    if len(shape) == 2:
        return shape
    outputs, channels, *kernel = shape
    return channels * math.prod(kernel), outputs * math.prod(kernel)


def _checked(tensor: Any) -> Tensor:
    if not isinstance(tensor, Tensor):
        raise TypeError(f"init: expected a Tensor, got {describe(tensor)}. Pass layer.weight.")
    return tensor


def _generator(rng: Seed | None) -> np.random.Generator:
    return default_generator() if rng is None else np.random.default_rng(rng)


def _filled(tensor: Tensor, values: Any) -> Tensor:
    tensor.data = values.astype(tensor.dtype)
    return tensor


if not TYPE_CHECKING:  # a type checker still finds misspelt names

    def __getattr__(name: str) -> Any:
        raise missing("nn.init", name, modules[__name__])
