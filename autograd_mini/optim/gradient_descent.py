"""Gradient descent, plain or with momentum."""

from __future__ import annotations

from collections.abc import Iterable

from ..core.answers import explains_keywords
from ..core.tensor import Tensor
from .optimizer import Optimizer, decayed, descend, fraction, not_negative


class SGD(Optimizer):
    r"""Gradient descent, plain or with momentum: p ← p - lr v, where v ← momentum v + g.

    Parameters
    ----------
    parameters : iterable of Tensor
        The parameters to train. They must be leaves.
    lr : float
        The learning rate, a positive number.
    momentum : float
        A number in [0, 1). With 0, this is plain gradient descent.
    weight_decay : float
        λ, at least 0. The gradient of λ/2 ‖p‖², which is λ p, is added to g.

    Raises
    ------
    TypeError
        If a parameter is not a Tensor.
    ValueError
        If a parameter is listed twice or is not a leaf. If no parameter requires a gradient. If an
        option is out of range.

    Notes
    -----
    $$g \leftarrow g + \lambda p \qquad v \leftarrow \mu v + g \qquad p \leftarrow p - \eta v$$

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
    def __init__(
        self,
        parameters: Iterable[Tensor],
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
        """Compute p ← p - lr g. With momentum, compute p ← p - lr v.

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
        lr, momentum, weight_decay = self.lr, self.momentum, self.weight_decay
        for i, p, g in self._trained():
            if weight_decay:
                g = decayed(g, p, weight_decay)
            if momentum:
                v = self.velocity[i]
                v *= momentum
                v += g
                g = v
            descend(p, lr * g)
