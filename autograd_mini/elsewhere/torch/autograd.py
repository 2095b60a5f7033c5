"""torch.autograd: `grad`. Its `functional` is ag.jacobian, ag.hessian, ag.vjp and ag.jvp."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...tape import gradients
from ...tensor import Tensor


def grad(
    outputs: Tensor,
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Any = None,
    create_graph: bool = False,
) -> tuple[Tensor, ...]:
    """The derivatives of `outputs` by each of `inputs`; touches no ``.grad``.

    Parameters
    ----------
    outputs : Tensor
        What to differentiate.
    inputs : Tensor or sequence of Tensor
        By what.
    grad_outputs : array_like, optional
        The cotangent to start from, for `outputs` of more than one entry.
    create_graph : bool
        Whether the results can be differentiated again.

    Examples
    --------
    >>> from autograd_mini.elsewhere import torch
    >>> x = torch.tensor(2.0, requires_grad=True)
    >>> (first,) = torch.autograd.grad(x**3, x, create_graph=True)
    >>> (second,) = torch.autograd.grad(first, x)
    >>> first.item(), second.item(), second.requires_grad
    (12.0, 12.0, False)
    """
    wanted = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    found = gradients(outputs, wanted, grad_outputs)
    return tuple(found if create_graph else (g.detach() for g in found))
