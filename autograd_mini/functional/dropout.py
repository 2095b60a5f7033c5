"""Dropout: in training, each entry is set to 0 with probability p, and the others are scaled up.

    y_i = x_i m_i / (1 - p)        ∂L/∂x_i = g_i m_i / (1 - p)

The entry m_i of the mask is 1 with probability 1 - p, and 0 otherwise. The division keeps the mean
of an entry as it is, so that a network needs no change when it is evaluated.

The mask is drawn first, by one small function, `draw_mask`. Then it is a constant argument of the
node. So a view that runs the tape again, and a second derivative, use the same mask.
"""

from __future__ import annotations

from functools import cache
from numbers import Real
from typing import Any

import numpy as np

from ..core.answers import explains_keywords
from ..core.arrays import Array, as_array_or_tensor, unwrap
from ..core.foreign import constant_like
from ..core.fused import fused
from ..core.messages import describe


@cache
def default_generator() -> np.random.Generator:
    """Return what `dropout` draws from by default. It is seeded by the operating system.

    It is made when it is first used, because importing np.random takes longer than this library.
    """
    return np.random.default_rng()


def _dropped(x: Array, mask: Array, p: float = 0.5) -> Array:
    """Compute x ⊙ mask / (1 - p). For p = 1 nothing is kept, and 0 is divided by 1."""
    return x * mask / (1 - p or 1.0)


drop = fused(
    _dropped,
    lambda g, y, x, mask, p=0.5: g * mask / (1 - p or 1.0),
    None,
    display_graph=_dropped,
    name="dropout",
    unfused=_dropped,
)


def draw_mask(rng: np.random.Generator, shape: tuple[int, ...], p: float) -> Array:
    """Return a boolean array that is True with probability 1 - p: the entries to keep.

    It is the only function here that draws numbers. The numbers are float32 for every dtype, so
    that a seed gives the same mask for all of them, on every machine.
    """
    return rng.random(shape, np.float32) >= p


@explains_keywords
def dropout(
    x: Any, p: float = 0.5, training: bool = True, rng: np.random.Generator | None = None
) -> Any:
    r"""Set each entry to 0 with probability `p`, and divide the others by 1 - p, as one operation.

    Parameters
    ----------
    x : Tensor or array_like
        The numbers, of any shape.
    p : float
        The probability that an entry is set to 0.
    training : bool
        If False, or if `p` is 0, the result is `x` itself.
    rng : numpy.random.Generator, optional
        The generator of the random numbers. Make one, ``rng = np.random.default_rng(0)``, and pass
        it in each call. By default, each run of your program draws different numbers.

    Returns
    -------
    Tensor, or array if no argument is a Tensor
        It has the shape and dtype of `x`.

    Raises
    ------
    TypeError
        If `rng` is not a generator. A seed is not allowed, because each call would set the same
        entries to 0.
    ValueError
        If `p` is not a number from 0 to 1.
    RuntimeError
        If `rng` is created inside a compiled function. Make `rng` an argument of this function.

    Notes
    -----
    $$y = \frac{x \odot m}{1 - p} \qquad \frac{\partial L}{\partial x} = \frac{g \odot m}{1 - p}$$

    The mask m is 0 for the entries that are set to 0, and 1 for the others. The symbol ⊙ is the
    elementwise product, L is the loss, and g = ∂L/∂y. You can read the mask in ``y.inputs[1]``.

    References
    ----------
    Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov: Dropout: a simple way to prevent
    neural networks from overfitting, 2014. The division in training is called inverted dropout.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> x = ag.tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
    >>> y = ag.dropout(x, p=0.5, rng=np.random.default_rng(1))
    >>> y.sum().backward()
    >>> y.data, x.grad
    (array([0., 4., 6., 8.]), array([0., 2., 2., 2.]))
    """
    if not isinstance(p, Real) or not 0 <= p <= 1:
        raise ValueError(f"dropout: p is {describe(p)}. It must be a number from 0 to 1.")
    if not training or p == 0:
        return x
    rng = default_generator() if rng is None else rng
    if not hasattr(rng, "bit_generator"):
        raise TypeError(
            f"dropout: rng is {describe(rng)}. A seed would draw the same mask in each call. Make "
            "a generator once, rng = np.random.default_rng(0), and pass it in each call."
        )
    x = as_array_or_tensor(x)
    p = float(p)
    return drop(x, _drawn(unwrap(x), rng, p), p=p)


def _drawn(x: Array, rng: np.random.Generator, p: float) -> Array:
    """Return a mask for `x`. A traced array draws it itself, as a call of `draw_mask`."""
    if hasattr(x, "drawn"):
        return x.drawn(draw_mask, rng, x.shape, p)
    mask = draw_mask(rng, x.shape, p)
    if x.dtype.kind == "O":  # a symbol cannot be multiplied by True
        mask = mask.astype(int)
    return constant_like(mask, x)
