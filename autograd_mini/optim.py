"""Optimisers: from gradients to the next parameters.

`p` is a parameter, `g` its gradient, `lr` the learning rate. Each step ends in ``p.data -= ...``,
which gives `p` a new version. A tape that was recorded with the old one is then out of date.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import inf, sqrt
from sys import modules
from typing import TYPE_CHECKING, Any

import numpy as np

from .core.answers import explains_keywords, missing
from .core.arrays import Array
from .core.messages import describe
from .core.tensor import Tensor

__all__ = ["SGD", "Adam", "Optimizer"]


if not TYPE_CHECKING:  # a type checker still finds misspelt names

    def __getattr__(name: str) -> Any:
        raise missing("optim", name, modules[__name__])


class Optimizer:
    """The base class of all optimisers. To write a new one, define `step` in a subclass.

    Parameters
    ----------
    parameters : iterable of Tensor
        Leaves that require a gradient.
    lr : float
        The learning rate, positive. You may change the attribute between steps.

    Raises
    ------
    TypeError
        If a parameter is not a Tensor.
    ValueError
        If the list is empty, if a parameter is listed twice, is not a leaf or does not require a
        gradient, or if the learning rate is not a positive number.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_mini import nn, optim
    >>> class SignDescent(optim.Optimizer):
    ...     def step(self):
    ...         for p in self.parameters:
    ...             p.data -= self.lr * np.sign(p.grad)
    >>> SignDescent(nn.Linear(2, 2).parameters(), lr=0.1).lr
    0.1
    """

    def __init__(self, parameters: Iterable[Tensor], lr: float) -> None:
        self.parameters = _checked(parameters)
        self.lr = _positive("lr", lr)

    if not TYPE_CHECKING:  # a type checker still finds misspelt names

        def __getattr__(self, name: str) -> Any:
            raise missing("optimizer", name, type(self))

    def step(self) -> None:
        """Move every parameter that has a gradient.

        A gradient that is not finite gives a parameter that is not finite. Nothing is clipped.

        Raises
        ------
        NotImplementedError
            If a subclass does not define it.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> from autograd_mini import optim
        >>> w = ag.tensor(1.0, requires_grad=True)
        >>> (w * w).backward()
        >>> optim.SGD([w], lr=0.25).step()
        >>> w.item()
        0.5
        """
        raise NotImplementedError

    @explains_keywords
    def zero_grad(self) -> None:
        """Reset the gradients of all parameters: ``.grad`` is None again.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> from autograd_mini import optim
        >>> w = ag.tensor(1.0, requires_grad=True)
        >>> (w * w).backward()
        >>> optim.SGD([w], lr=0.25).zero_grad()
        >>> w.grad is None
        True
        """
        for p in self.parameters:
            p.zero_grad()


def _descend(p: Tensor, step: Array) -> None:
    """Compute ``p.data -= step`` without the checks of the setter: version first, then data."""
    p._advance(p._array)
    p._array -= step


class SGD(Optimizer):
    r"""Gradient descent, plain or with momentum: p ← p - lr v, where v ← momentum v + g.

    Parameters
    ----------
    parameters : iterable of Tensor
        Leaves that require a gradient.
    lr : float
        The learning rate, positive.
    momentum : float
        In [0, 1); 0 is plain gradient descent.

    Raises
    ------
    TypeError
        If a parameter is not a Tensor.
    ValueError
        If a parameter is listed twice or is not a leaf that requires a gradient, or if an option is
        out of range.

    Notes
    -----
    $$v \leftarrow \mu v + g \qquad p \leftarrow p - \eta v$$

    References
    ----------
    Sutskever et al.: On the importance of initialization and momentum in deep learning, ICML 2013,
    in the form of ``torch.optim.SGD``, where lr is not a factor of v.

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

    @explains_keywords
    def __init__(self, parameters: Iterable[Tensor], lr: float, *, momentum: float = 0.0) -> None:
        super().__init__(parameters, lr)
        self.momentum = _fraction("momentum", momentum)
        self._velocity = [np.zeros_like(p.data) for p in self.parameters]

    def step(self) -> None:
        """Compute p ← p - lr g, or with momentum p ← p - lr v.

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
        for p, v in zip(self.parameters, self._velocity):
            g = p.grad
            if g is None:
                continue
            if self.momentum:
                v *= self.momentum
                v += g
                g = v
            _descend(p, self.lr * g)


class Adam(Optimizer):
    r"""Adam: the size of each step is about lr, for gradients of any scale.

        m ← β1 m + (1 - β1) g          v ← β2 v + (1 - β2) g²
        p ← p - lr m̂ / (√v̂ + ε)        m̂ = m / (1 - β1^t),  v̂ = v / (1 - β2^t)

    Parameters
    ----------
    parameters : iterable of Tensor
        Leaves that require a gradient.
    lr : float
        The learning rate, positive.
    betas : (float, float)
        β1 and β2, both in [0, 1).
    eps : float
        ε, positive.

    Raises
    ------
    TypeError
        If a parameter is not a Tensor.
    ValueError
        If a parameter is listed twice or is not a leaf that requires a gradient, or if an option is
        out of range.

    Notes
    -----
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

    @explains_keywords
    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float = 0.001,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        super().__init__(parameters, lr)
        self.betas = _fraction("betas[0]", betas[0]), _fraction("betas[1]", betas[1])
        self.eps = _positive("eps", eps)
        self._m = [np.zeros_like(p.data) for p in self.parameters]
        self._v = [np.zeros_like(p.data) for p in self.parameters]
        self._t = [0] * len(self.parameters)

    def step(self) -> None:
        """Apply the formula above to each parameter that has a gradient.

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
        beta1, beta2 = self.betas
        for i, p in enumerate(self.parameters):
            g = p.grad
            if g is None:
                continue  # its t, m and v do not change
            self._t[i] = t = self._t[i] + 1
            m, v = self._m[i], self._v[i]
            m *= beta1
            m += (1 - beta1) * g
            v *= beta2
            v += (1 - beta2) * g * g
            # NumPy reuses the temporaries of these formulas. A scratch array gained 10% on 200,000
            # parameters, and nothing on 300.
            root = np.sqrt(v) / sqrt(1 - beta2**t) + self.eps
            _descend(p, self.lr / (1 - beta1**t) * m / root)


def _checked(parameters: Iterable[Tensor]) -> list[Tensor]:
    """Return the parameters as a list, or raise and name the one that cannot be trained."""
    if isinstance(parameters, Tensor) or not isinstance(parameters, Iterable):
        fix = "Pass a list of tensors, such as model.parameters()."
        raise TypeError(f"parameters: got {describe(parameters)}. {fix}")
    listed = list(parameters)
    if not listed:
        raise ValueError("parameters: the list is empty. Pass the tensors to train.")
    for i, p in enumerate(listed):
        if not isinstance(p, Tensor):
            raise TypeError(f"parameter {i} is {describe(p)}. Create Tensors with ag.tensor.")
        if p.op is not None:
            raise ValueError(f"parameter {i}, {describe(p)}, is not a leaf: {p.op.name} made it.")
        if not p.requires_grad:
            raise ValueError(f"parameter {i}, {describe(p)}, does not require a gradient.")
    if len({id(p) for p in listed}) < len(listed):
        raise ValueError("parameters: one is listed twice, so each step would change it twice.")
    return listed


def _positive(name: str, value: float) -> float:
    if not 0 < value < inf:  # also refuses NaN
        raise ValueError(f"{name} must be a positive number, got {value}.")
    return value


def _fraction(name: str, value: float) -> float:
    if not 0 <= value < 1:
        raise ValueError(f"{name} must be at least 0 and less than 1, got {value}.")
    return value
