"""Clipping: limit the norm of all gradients together."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from typing import Any

import numpy as np

from ..core.accumulation import set_grads
from ..core.answers import explains_keywords
from ..core.arrays import in_dtype, widen
from ..core.messages import require_number
from ..core.tensor import Tensor
from .optimizer import as_list, checked


@explains_keywords
def clip_grad_norm_(parameters: Iterable[Tensor], max_norm: float) -> Any:
    r"""Scale all gradients by the same factor, so that their common norm is at most `max_norm`.

        n = √(Σ g²), over all entries of all gradients        g ← g · min(1, max_norm / (n + 10⁻⁶))

    Call it after `backward` and before `step`. If n is at most `max_norm`, the gradients do not
    change.

    Parameters
    ----------
    parameters : iterable of Tensor
        The parameters. Those without a gradient are skipped.
    max_norm : float
        The largest norm that is allowed, at least 0. With ``math.inf``, no gradient changes, and
        you only get the norm.

    Returns
    -------
    float
        The norm n before clipping. It is 0 if there are no gradients.

    Raises
    ------
    TypeError
        If a parameter is not a Tensor, or if `max_norm` is not a number.
    ValueError
        If `max_norm` is negative or NaN. If there are no parameters. If a parameter is listed
        twice, or was computed by an operation. If no parameter requires a gradient.

    Notes
    -----
    If a gradient contains NaN or inf, the norm is NaN or inf, and the new gradients are useless. No
    error is raised. So check the norm, and call ``step()`` only ``if np.isfinite(norm)``.

    References
    ----------
    Pascanu, Mikolov, Bengio: On the difficulty of training recurrent neural networks, ICML 2013,
    algorithm 1, in the form of ``torch.nn.utils.clip_grad_norm_``.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> from autograd_mini import optim
    >>> v = ag.tensor([1.0, 2.0], requires_grad=True)
    >>> w = ag.tensor([3.0], requires_grad=True)
    >>> v.grad, w.grad = [3.0, 0.0], [4.0]
    >>> float(optim.clip_grad_norm_([v, w], max_norm=1.0))
    5.0
    >>> v.grad.round(4), w.grad.round(4)
    (array([0.6, 0. ]), array([0.8]))
    """
    require_number("clip_grad_norm_: max_norm", max_norm)
    if not 0 <= max_norm <= inf:
        raise ValueError(f"clip_grad_norm_: max_norm must be at least 0, got {max_norm}.")
    trained = [p for p in checked(as_list(parameters)) if p._grad is not None]
    grads = [widen(p._grad) for p in trained]  # a sum of squares soon overflows in float16
    with np.errstate(over="ignore", invalid="ignore"):  # a norm that is not finite is returned
        norm = np.sqrt(sum(np.sum(g * g) for g in grads))
        # A compiled step cannot branch on the norm, so the factor may be 1.
        factor = np.minimum(1.0, max_norm / (norm + 1e-6))
        set_grads(trained, [in_dtype(g * factor, p.dtype) for p, g in zip(trained, grads)])
    return norm
