"""Scopes: names for parts of a computation, which pictures draw as boxes."""

from __future__ import annotations

from typing import Any

from .tensor import SCOPES, Tensor


class scope:
    """Name a part of a computation: ``with ag.scope("layer 1"):``.

    What is recorded inside is drawn in a box of that name. Scopes nest, hold in this thread or
    asyncio task only, and end cleanly when an exception leaves them; the layers of `nn` open one
    themselves. Values and derivatives do not depend on them.

    Parameters
    ----------
    name : str
        What the box is called.

    Raises
    ------
    TypeError
        When the name is not text.
    ValueError
        When it is empty.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> x = ag.tensor(2.0, requires_grad=True)
    >>> with ag.scope("model"), ag.scope("head"):
    ...     y = np.tanh(x)
    >>> y.scope
    (scope('model'), scope('head'))
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        if not isinstance(name, str):
            raise TypeError(f"scope: its name is text, not {name!r:.60}")
        if not name:
            raise ValueError("scope: the name is empty. Say what the block computes.")
        self.name = name

    def __enter__(self) -> None:
        if (outer := SCOPES.get()) is not None:
            SCOPES.set((*outer, self))

    def __exit__(self, *raised: object) -> None:
        if (inner := SCOPES.get()) is not None:
            SCOPES.set(inner[:-1])

    def __repr__(self) -> str:
        return f"scope({self.name!r})"


def scoped(name: str, y: Any) -> Any:
    """`y`, in a scope of its own if it is a record: a third of the time of a block around it."""
    if type(y) is Tensor and y.op is not None:
        y.scope = (*y.scope, scope(name))
    return y
