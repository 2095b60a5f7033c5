"""Gradient descent, plain or with momentum."""

from __future__ import annotations

from typing import ClassVar

from ..core.answers import explains_keywords
from ..core.arrays import widen
from .blocks import descend
from .optimizer import Optimizer, Parameters, fraction, not_negative, positive


class SGD(Optimizer):
    r"""Gradient descent, with or without momentum: v ← momentum v + g, and then p ← p - lr v.

    Here p is a parameter, g its gradient, and v its velocity, which starts at 0.

    Parameters
    ----------
    parameters : iterable of Tensor or of dict
        The parameters to train. A dict is a group of parameters with its own options, such as
        ``{"params": [w], "lr": 0.01}``. The last example of `AdamW` shows how to use groups.
    lr : float
        The learning rate, a positive number.
    momentum : float
        A number in [0, 1). With 0, this is plain gradient descent. The larger it is, the longer a
        gradient acts on later steps.
    weight_decay : float
        λ, at least 0. Each step first adds λ p to g, which pulls p towards 0.

    Raises
    ------
    TypeError
        If a parameter is not a Tensor.
    ValueError
        If a parameter is listed twice, or was computed by an operation. If no parameter requires a
        gradient. If an option is out of range.

    Notes
    -----
    The same formulas, with η for lr, μ for momentum and λ for weight_decay:

    $$g \leftarrow g + \lambda p \qquad v \leftarrow \mu v + g \qquad p \leftarrow p - \eta v$$

    References
    ----------
    Sutskever et al.: On the importance of initialization and momentum in deep learning, ICML 2013,
    in the form of ``torch.optim.SGD``.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> from autograd_mini import optim
    >>> w = ag.tensor(1.0, requires_grad=True)
    >>> optimizer = optim.SGD([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> w.item()
    0.8
    """

    group_options: ClassVar = {
        "lr": positive,
        "momentum": fraction,
        "weight_decay": not_negative,
    }

    @explains_keywords
    def __init__(
        self,
        parameters: Parameters,
        lr: float,
        *,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr)
        self.momentum = fraction("momentum", momentum)
        self.weight_decay = not_negative("weight_decay", weight_decay)
        self.velocity = self._zeros()

    def step(self) -> None:
        """Apply the formula of the class to each parameter that has a gradient.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> from autograd_mini import optim
        >>> w = ag.tensor(1.0, requires_grad=True)
        >>> optimizer = optim.SGD([w], lr=0.25, momentum=0.5)
        >>> for _ in range(2):
        ...     optimizer.zero_grad()
        ...     (w * w).backward()
        ...     optimizer.step()
        >>> w.item()
        0.0
        """
        for i, p, g, options in self._trained():
            if options["weight_decay"]:
                g = g + options["weight_decay"] * widen(p.data)
            if options["momentum"]:
                v = self.velocity[i]
                v *= options["momentum"]
                v += g
                g = v
            descend(p, g * options["lr"])  # lr * g would take 0.1 us more
