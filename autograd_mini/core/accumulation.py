"""Adding to ``.grad`` so that no interrupt and no other thread can leave it half done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import repeat
from threading import RLock
from typing import Any

from numpy import ndarray

from .arrays import Cotangent, TensorBase, in_dtype
from .foreign import owned_copy

#: Held from reading ``.grad`` to writing it: other threads may add to the same leaves.
LOCK = RLock()


def add_to_grads(adjoints: Mapping[Any, Cotangent]) -> None:
    """Add each adjoint to the ``.grad`` of its tensor. If an addition fails, nothing changes."""
    # One line, so that an interrupt at any line leaves the lock unlocked.
    with LOCK: set_grads(adjoints, _sums(adjoints))  # noqa: E701 # fmt: skip


def set_grads(tensors: Iterable[TensorBase], grads: Iterable[Any]) -> None:
    """Assign each ``.grad``, in one call in C: an interrupt comes before or after all of them."""
    any(map(setattr, tensors, repeat("_grad"), grads))  # `any` makes all calls: each returns None


def _sums(adjoints: Mapping[Any, Cotangent]) -> list[Cotangent]:
    # Adjoints may share memory: both arguments of a sum get the same array. A .grad never does.
    shared = len({*map(id, adjoints.values())}) < len(adjoints)
    grads = []
    for t, g in adjoints.items():
        if t._grad is not None:
            g = in_dtype(t._grad + g, t._array.dtype)
        elif shared or type(g) is not ndarray or g.base is not None:
            g = owned_copy(g, t)
        grads.append(g)
    return grads
