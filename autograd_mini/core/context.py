"""What holds inside a block: whether operations are recorded, their scopes, and who observes them.

All of it belongs to one thread or asyncio task.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast, overload

from .messages import quoted

if TYPE_CHECKING:
    from .arrays import Cotangent
    from .primitive import Primitive
    from .tensor import Tensor

F = TypeVar("F", bound=Callable[..., Any])

#: The open `ag.scope` blocks, outer ones first; None if nothing is recorded. (`record` asks for it
#: every time, and a threading.local takes twice as long to answer.)
SCOPES: ContextVar[tuple[scope, ...] | None] = ContextVar("scopes", default=())


class scope:
    """Name a part of a computation: ``with ag.scope("layer 1"):``.

    Pictures draw the operations inside the block in a box with this name. Scopes nest, and belong
    to one thread or asyncio task. The layers of `nn` open a scope themselves. Values and gradients
    do not depend on scopes.

    Parameters
    ----------
    name : str
        The title of the box.

    Raises
    ------
    TypeError
        If the name is not a string.
    ValueError
        If the name is empty.

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
            raise TypeError(f"scope: expected a name (str), got {name!r:.60}")
        if not name:
            raise ValueError("scope: the name is empty. Name what the block computes.")
        self.name = name

    def __enter__(self) -> None:
        if (outer := SCOPES.get()) is not None:
            SCOPES.set((*outer, self))

    def __exit__(self, *raised: object) -> None:
        if (inner := SCOPES.get()) is not None:
            SCOPES.set(inner[:-1])

    def __repr__(self) -> str:
        return f"scope({quoted(self.name)})"


#: What `SCOPES` was before each open block of `grad_mode`, the outermost first.
_BEFORE: ContextVar[tuple[tuple[scope, ...] | None, ...]] = ContextVar("before", default=())


class grad_mode:
    """A block in which recording is on or off, in this thread or asyncio task only.

    It holds no state, so one object may be used in many blocks at the same time, nested ones too.

    Parameters
    ----------
    on : bool
        Whether operations are recorded in the block.
    """

    __slots__ = ("on",)

    def __init__(self, on: bool) -> None:
        self.on = on

    def __enter__(self) -> None:
        before = SCOPES.get()
        _BEFORE.set((*_BEFORE.get(), before))
        SCOPES.set((before or ()) if self.on else None)

    def __exit__(self, *error: object) -> None:
        if blocks := _BEFORE.get():  # none in a task that did not open it
            _BEFORE.set(blocks[:-1])
            SCOPES.set(blocks[-1])

    def __call__(self, f: F) -> F:
        """Return `f`, with such a block around each call."""
        require_decorable(f, "no_grad")

        @wraps(f)
        def call(*args: Any, **kwargs: Any) -> Any:
            with self:
                return f(*args, **kwargs)

        return cast(F, call)


class NoGrad(grad_mode):
    """Turn recording off inside the block, in this thread or asyncio task only.

    Results computed inside are leaves that require no gradient. Blocks nest. ``@ag.no_grad``
    decorates a function, but not a generator or a coroutine function. Parentheses are optional:
    ``with ag.no_grad:`` is ``with ag.no_grad():``.

    Raises
    ------
    TypeError
        If it decorates a generator or coroutine function.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> w = ag.tensor(3.0, requires_grad=True)
    >>> with ag.no_grad():
    ...     y = w * w
    >>> y.requires_grad
    False

    Inside the block, ``-=``, ``+=``, ``*=`` and ``/=`` change a parameter in place:

    >>> with ag.no_grad():
    ...     w -= 0.5
    >>> w
    Tensor(2.5, dtype=float64, requires_grad=True)
    """

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(False)

    def __repr__(self) -> str:
        return "no_grad()"

    @overload
    def __call__(self) -> NoGrad: ...
    @overload
    def __call__(self, f: F) -> F: ...
    def __call__(self, f: Any = None) -> Any:
        """Return this block for ``no_grad()``, and the decorated `f` for ``no_grad(f)``."""
        return self if f is None else super().__call__(f)


no_grad = NoGrad()


def require_decorable(f: Any, block: str) -> None:
    """Raise TypeError unless `f` is a function whose body runs in the call.

    The body of a generator or coroutine function runs after the call.
    """
    if not callable(f):
        raise TypeError(
            f"{block}: expected a function to decorate, got {f!r:.60}. Write `with {block}():`."
        )
    if iscoroutinefunction(f) or isgeneratorfunction(f) or isasyncgenfunction(f):
        raise TypeError(
            f"@{block}() cannot decorate {f.__name__}, a generator or coroutine function. Put "
            f"`with {block}():` inside the function body, and do not yield inside the block."
        )


# ---- observers -----------------------------------------------------------------------------------


class Contribution(NamedTuple):
    """What one use of a tensor adds to its gradient."""

    node: Tensor  #: the node that used the tensor
    argument: int  #: the position of the tensor among its arguments
    cotangent: Cotangent  #: the node's own adjoint, the `g` of the rule
    value: Cotangent  #: what the rule returned
    total: Cotangent  #: the tensor's adjoint so far, with this contribution


class Observer:
    """Base class of everything that watches the engine at work; its methods do nothing."""

    def recorded(self, op: Primitive, args: tuple[Any, ...], result: Tensor) -> None:
        """Called after `op` has run on `args`, of which at least one is a Tensor."""

    def backward_begins(self, tensors: Sequence[Tensor], seed: Cotangent) -> None:
        """Called before a backward pass over `tensors`, which starts with the cotangent `seed`."""

    def contributed(self, contribution: Contribution) -> None:
        """Called after a rule has run and its result has been added."""

    def backward_ends(self) -> None:
        """Called after a backward pass that succeeded."""

    def compiled_ran(self, function: Any, results: Any) -> None:
        """Called after a compiled `function` has run and returned `results`."""


_OBSERVERS: ContextVar[tuple[Observer, ...]] = ContextVar("observers", default=())
#: The observers of all threads and tasks. Empty nearly always, and then it is all that `record`
#: looks at: that takes a third of the time of reading a ContextVar.
ALL_OBSERVERS: list[Observer] = []


def observers() -> tuple[Observer, ...]:
    """Return the observers of this thread or task."""
    return _OBSERVERS.get()


@contextmanager
def observing(observer: Observer, *, alone: bool = False) -> Iterator[None]:
    """Let `observer` watch the block, together with those that watch already, or `alone`."""
    before = _OBSERVERS.get()
    try:
        ALL_OBSERVERS.append(observer)
        _OBSERVERS.set((observer,) if alone else (*before, observer))
        yield
    finally:
        _OBSERVERS.set(before)
        if observer in ALL_OBSERVERS:  # not if an interrupt came before it was added
            ALL_OBSERVERS.remove(observer)


def unobserved() -> Any:
    """Hide the block from all observers: views run rules on values that mean nothing."""
    return observing(Observer(), alone=True)
