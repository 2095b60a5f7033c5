"""Schedules: learning rates as functions of the step.

    schedule = optim.cosine(lr=0.01, steps=1000, warmup=50)
    for t in range(1000):
        optimizer.lr = schedule(t)
        ...

A schedule is a plain function, so you can also plot it: ``plt.plot(schedule(np.arange(1000)))``.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np

from ..core.answers import explains_keywords
from ..core.arrays import as_operand
from ..core.messages import describe
from .optimizer import Optimizer, not_negative, positive

#: From a step, or an array of steps, to the learning rate.
Schedule = Callable[[Any], Any]


@explains_keywords
def cosine(lr: float, steps: int, *, warmup: int = 0, final: float = 0.0) -> Schedule:
    r"""Return a schedule for the learning rate that falls from `lr` to `final` like a cosine.

        lr(t) = w(t) · (final + (lr - final) · (1 + cos(π s)) / 2)

        s = (t - warmup) / (steps - warmup), limited to [0, 1]
        w(t) = min(1, (t + 1) / warmup), or 1 if `warmup` is 0

    Parameters
    ----------
    lr : float
        The largest learning rate, a positive number.
    steps : int
        The number of steps of the training. From step number `steps` on, the rate is `final`.
    warmup : int
        The number of steps in which the rate rises before it falls. It must be less than `steps`.
    final : float
        The last learning rate, at least 0.

    Returns
    -------
    callable
        Takes the number t of a step, counted from 0, and returns the learning rate. Before each
        step, write ``optimizer.lr = schedule(t)``. t may also be an array.

    Raises
    ------
    TypeError
        If an argument is not a number, or if a number of steps is not an integer.
    ValueError
        If an argument is out of range.

    Notes
    -----
    With ``warmup=0``, this is ``torch.optim.lr_scheduler.CosineAnnealingLR`` with ``T_max=steps``
    and ``eta_min=final``.

    References
    ----------
    Loshchilov, Hutter: SGDR, stochastic gradient descent with warm restarts, ICLR 2017,
    equation 5, without restarts.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_mini import optim
    >>> schedule = optim.cosine(lr=0.1, steps=100)
    >>> schedule(0), round(schedule(50), 3), schedule(100)
    (0.1, 0.05, 0.0)
    >>> optim.cosine(lr=0.1, steps=6, warmup=2)(np.arange(7)).round(3)
    array([0.05 , 0.1  , 0.1  , 0.085, 0.05 , 0.015, 0.   ])
    """
    lr, final = _rate("cosine: lr", lr), not_negative("cosine: final", final)
    steps, warmup = _count("cosine: steps", steps), _count("cosine: warmup", warmup)
    if steps <= warmup:
        raise ValueError(f"cosine: steps must be larger than warmup={warmup}, got {steps}.")

    def rate(t: Any) -> Any:
        s = np.clip((t - warmup) / (steps - warmup), 0.0, 1.0)
        return _rise(t, warmup) * (final + (lr - final) * (1 + np.cos(np.pi * s)) / 2)

    return _schedule(rate)


@explains_keywords
def warmup(lr: float, steps: int) -> Schedule:
    r"""Return a schedule that rises to `lr` in `steps` equal steps, and then stays there.

        lr(t) = lr · min(1, (t + 1) / steps)

    `Adam` estimates the mean and the size of the gradients. Its first estimates are poor, so its
    first steps should be small.

    Parameters
    ----------
    lr : float
        The learning rate after the rise, a positive number.
    steps : int
        The number of steps in which the rate rises. With 0, the rate is always `lr`.

    Returns
    -------
    callable
        Takes the number t of a step, counted from 0, and returns the learning rate. Before each
        step, write ``optimizer.lr = schedule(t)``. t may also be an array.

    Raises
    ------
    TypeError
        If an argument is not a number, or if `steps` is not an integer.
    ValueError
        If an argument is out of range.

    References
    ----------
    Goyal et al.: Accurate, large minibatch SGD, 2017, section 2.2.

    Examples
    --------
    >>> from autograd_mini import optim
    >>> schedule = optim.warmup(lr=0.1, steps=4)
    >>> [schedule(t) for t in range(6)]
    [0.025, 0.05, 0.07500000000000001, 0.1, 0.1, 0.1]
    """
    lr, steps = _rate("warmup: lr", lr), _count("warmup: steps", steps)
    return _schedule(lambda t: lr * _rise(t, steps))


def _schedule(rate: Schedule) -> Schedule:
    """Return `rate` as a function of numbers and of arrays, which may be traced."""

    def schedule(t: Any) -> Any:
        y = rate(1.0 * as_operand(t))  # a difference of unsigned integers would wrap around
        return float(y) if isinstance(t, Real) else y

    return schedule


def _rise(t: Any, steps: int) -> Any:
    return np.minimum(1.0, (t + 1) / steps) if steps else 1.0


def _rate(name: str, lr: Any) -> float:
    """Return a learning rate, or raise. In PyTorch, a schedule takes the optimiser instead."""
    if isinstance(lr, Optimizer):
        raise TypeError(
            f"{name} must be a number, got an optimiser. A schedule is a function of the step: "
            "pass the largest rate, and write optimizer.lr = schedule(t) before each step."
        )
    return positive(name, lr)


def _count(name: str, steps: Any) -> int:
    if not hasattr(steps, "__index__"):
        raise TypeError(f"{name} must be an integer, got {describe(steps)}.")
    if steps < 0:
        raise ValueError(f"{name} must be at least 0, got {steps}.")
    return operator.index(steps)
