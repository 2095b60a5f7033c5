"""Adam, and AdamW, which decays the weights separately."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..core.answers import explains_keywords
from ..core.arrays import Array
from .blocks import FlatArrays, Part, parts
from .optimizer import Optimizer, Parameters, fraction, not_negative, positive


def _fractions(name: str, betas: Any) -> tuple[float, float]:
    if np.ndim(betas) != 1 or len(betas) != 2:
        raise TypeError(f"{name} must be two numbers, such as (0.9, 0.999), got {betas!r}.")
    return fraction(f"{name}[0]", betas[0]), fraction(f"{name}[1]", betas[1])


class Adam(Optimizer):
    r"""Adam: each step changes a parameter by about lr, whether its gradients are small or large.

        m ← β1 m + (1 - β1) g          v ← β2 v + (1 - β2) g²
        p ← p - lr m̂ / (√v̂ + ε)        m̂ = m / (1 - β1^t),  v̂ = v / (1 - β2^t)

    Here p is a parameter, g its gradient, and t the number of the step, counted from 1. m and v are
    averages of g and g² over the last steps. Both start at 0. m̂ and v̂ correct for this start.

    Parameters
    ----------
    parameters : iterable of Tensor or of dict
        The parameters to train. A dict is a group of parameters with its own options, such as
        ``{"params": [w], "lr": 0.1}``. The last example of `AdamW` shows how to use groups.
    lr : float
        The learning rate, a positive number.
    betas : (float, float)
        β1 and β2, both in [0, 1). The closer they are to 1, the more steps the averages cover.
    eps : float
        ε, a positive number. It prevents a division by 0.
    weight_decay : float
        λ, at least 0. Each step first adds λ p to g, which pulls p towards 0. `AdamW` uses λ in
        another way.

    Raises
    ------
    TypeError
        If a parameter is not a Tensor.
    ValueError
        If a parameter is listed twice, or was computed by an operation. If no parameter requires a
        gradient. If an option is out of range.

    Notes
    -----
    The same formulas, with η for lr:

    $$
    p \leftarrow p - \eta\,\frac{\hat m}{\sqrt{\hat v} + \varepsilon} \qquad
    \hat m = \frac{m}{1 - \beta_1^t} \qquad
    \hat v = \frac{v}{1 - \beta_2^t}
    $$

    References
    ----------
    Kingma, Ba: Adam, a method for stochastic optimization, ICLR 2015, algorithm 1.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> from autograd_mini import optim
    >>> w = ag.tensor([1.0, 1.0], requires_grad=True)
    >>> optimizer = optim.Adam([w], lr=0.1)
    >>> (w * [1000.0, 0.001]).sum().backward()
    >>> optimizer.step()
    >>> w.data.round(4)
    array([0.9, 0.9])
    """

    group_options: ClassVar = {
        "lr": positive,
        "betas": _fractions,
        "eps": positive,
        "weight_decay": not_negative,
    }

    @explains_keywords
    def __init__(
        self,
        parameters: Parameters,
        lr: float = 0.001,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr)
        self.betas = _fractions("betas", betas)
        self.eps = positive("eps", eps)
        self.weight_decay = not_negative("weight_decay", weight_decay)
        self.m, self.v = (FlatArrays(self.parameters, self.group_of) for _ in range(2))
        self.t = [0] * len(self.parameters)

    def step(self) -> None:
        """Apply the formula of the class to each parameter that has a gradient.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> from autograd_mini import optim
        >>> w = ag.tensor(1.0, requires_grad=True)
        >>> (w * w).backward()
        >>> optim.Adam([w], lr=0.25).step()
        >>> round(w.item(), 6)
        0.75
        """
        for part in parts(self._trained(), (self.m, self.v), self.t):
            g, decay = part.gradient, part.options["weight_decay"]
            if decay:
                g = g + decay * part.data()
            part.descend(self._change(part, g))

    def _change(self, part: Part, g: Array) -> Array:
        """Update the state of some parameters, and return lr m̂ / (√v̂ + ε)."""
        lr, (beta1, beta2), eps = (part.options[name] for name in ("lr", "betas", "eps"))
        m, v = part.state
        t = self.t[part.numbers[0]] + 1  # a step without a gradient does not count
        for i in part.numbers:
            self.t[i] = t
        unbias = (1 - beta2**t) ** 0.5
        rate = lr * unbias / (1 - beta1**t)
        m *= beta1
        m += (1 - beta1) * g
        v *= beta2
        v += (1 - beta2) * g * g
        # Both sides of the fraction are multiplied by √(1 - β2^t), a number, which saves a division
        # of arrays [Kingma, Ba, end of section 2]. NumPy reuses the temporaries of these formulas.
        # A scratch array gained 10% on 200,000 parameters, and nothing on 300.
        return rate * m / (np.sqrt(v) + eps * unbias)


class AdamW(Adam):
    r"""Adam with a different weight decay: each step also multiplies each parameter by 1 - lr λ.

    Parameters
    ----------
    parameters, lr, betas, eps
        See `Adam`.
    weight_decay : float
        λ, at least 0.

    Raises
    ------
    TypeError
        If a parameter is not a Tensor.
    ValueError
        If a parameter is listed twice, or was computed by an operation. If no parameter requires a
        gradient. If an option is out of range.

    Notes
    -----
    In `Adam`, λ p is a part of g, so it is divided by √v̂. Parameters with large gradients hardly
    decay. In `AdamW`, all parameters decay at the same rate. Here, m̂ and v̂ are as in `Adam`, and
    η is lr:

    $$
    p \leftarrow p - \eta\,\lambda p - \eta\,\frac{\hat m}{\sqrt{\hat v} + \varepsilon}
    $$

    References
    ----------
    Loshchilov, Hutter: Decoupled weight decay regularization, ICLR 2019, algorithm 2, in the form
    of ``torch.optim.AdamW``.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> from autograd_mini import optim
    >>> w = ag.tensor([1.0, 1.0], requires_grad=True)
    >>> optimizer = optim.AdamW([w], lr=0.1, weight_decay=0.5)
    >>> (w * [1000.0, 0.001]).sum().backward()
    >>> optimizer.step()
    >>> w.data.round(4)
    array([0.85, 0.85])

    In this example, biases do not decay. Both groups use ``optimizer.lr``, which you may change:

    >>> b = ag.tensor([0.0, 0.0], requires_grad=True)
    >>> groups = [{"params": [w]}, {"params": [b], "weight_decay": 0.0}]
    >>> optimizer = optim.AdamW(groups, lr=0.1, weight_decay=0.5)
    >>> optimizer.lr = 0.05
    >>> optimizer.groups
    [{}, {'weight_decay': 0.0}]
    """

    @explains_keywords
    def __init__(
        self,
        parameters: Parameters,
        lr: float = 0.001,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(parameters, lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def step(self) -> None:
        """Apply the formula of the class to each parameter that has a gradient.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> from autograd_mini import optim
        >>> w = ag.tensor(1.0, requires_grad=True)
        >>> (w * w).backward()
        >>> optim.AdamW([w], lr=0.25, weight_decay=0.5).step()
        >>> round(w.item(), 6)
        0.625
        """
        for part in parts(self._trained(), (self.m, self.v), self.t):
            decay = part.options["lr"] * part.options["weight_decay"] * part.data()
            part.descend(decay + self._change(part, part.gradient))
