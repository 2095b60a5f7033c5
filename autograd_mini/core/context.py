"""Blocks: they turn recording on or off, name a scope, or let an observer watch the engine.

A block only affects its own thread or asyncio task.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ContextDecorator
from contextvars import ContextVar
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar, overload
from weakref import ref

from .messages import quoted

if TYPE_CHECKING:
    from .arrays import Cotangent
    from .primitive import Primitive
    from .tensor import Tensor

F = TypeVar("F", bound=Callable[..., Any])

#: The open `ag.scope` blocks, the outermost first; None if nothing is recorded. (`record` reads it
#: in every call, and reading a threading.local takes twice as long.)
SCOPES: ContextVar[tuple[scope, ...] | None] = ContextVar("scopes", default=())


class Block:
    """Change the value of a context variable inside a ``with`` block.

    An interrupt may come at any time, even just before `__exit__` begins. Then the block stays
    open. It is closed when it is dropped, as soon as the exception has been handled.
    """

    __slots__ = ("__weakref__", "_open")
    variable: ClassVar[Any]  #: a ContextVar, or an object with the same `get` and `set`
    _open: list[Iterator[None]]  #: one for each time that the block was entered

    def _inside(self, before: Any) -> Any:
        """Return the value inside the block. It is a new object, which identifies the block."""
        raise NotImplementedError

    def __enter__(self) -> None:
        held = _hold(self.variable, self._inside(self.variable.get()))
        self._open = [*getattr(self, "_open", ()), held]
        next(held)

    def __exit__(self, *raised: object) -> None:
        next(self._open[-1], None)
        self._open.pop()


def _hold(variable: Any, inside: Any) -> Iterator[None]:
    """Set the variable. When this generator is resumed or dropped, restore the old value."""
    before = variable.get()
    try:
        try:
            variable.set(inside)
            yield
        except GeneratorExit:  # dropped
            if variable.get() is not inside:  # an outer block has already restored its value
                before = variable.get()
        finally:
            variable.set(before)
    finally:  # a second time, because an interrupt may have come just before
        variable.set(before)


class scope(Block):
    """Name a part of a computation: ``with ag.scope("layer 1"):``.

    The pictures of `draw` and the page of `explore` show the operations inside the block in a box
    with this name. Scopes can be nested. A scope affects only its own thread or asyncio task. The
    layers of `nn` open scopes themselves. Values and gradients do not depend on scopes.

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

    __slots__ = ("module", "name")
    variable = SCOPES
    module: Any  #: the `nn.Module` that opened this scope; a scope of your own has none

    def __init__(self, name: str) -> None:
        if not isinstance(name, str):
            raise TypeError(f"scope: the name must be a string, got {name!r:.60}.")
        if not name:
            raise ValueError(
                "scope: the name is empty. Write what the block computes, such as 'layer 1'."
            )
        self.name = name

    def _inside(self, before: tuple[scope, ...] | None) -> tuple[scope, ...] | None:
        # Nodes keep a copy of the scope, so that the block itself can be dropped.
        return None if before is None else (*before, scope(self.name))

    def __repr__(self) -> str:
        return f"scope({quoted(self.name)})"


# Names for methods save looking them up.
get_scopes, set_scopes, new_scope = SCOPES.get, SCOPES.set, scope.__new__


class _NoScopes(tuple["scope", ...]):
    """An empty tuple of scopes. Each instance is a different object, unlike ``()``."""


class grad_mode(Block, ContextDecorator):
    """Turn recording on or off inside the block, in this thread or asyncio task only."""

    variable = SCOPES

    def __init__(self, on: bool) -> None:
        self.on = on

    def _inside(self, before: tuple[scope, ...] | None) -> tuple[scope, ...] | None:
        return (before or _NoScopes()) if self.on else None

    def __call__(self, f: F) -> F:
        """Return `f`, with such a block around each call."""
        require_decorable(f, "no_grad")
        return super().__call__(f)

    def _recreate_cm(self) -> grad_mode:  # ContextDecorator calls this for each call
        return grad_mode(self.on)


class BareBlock:
    """A block that needs no parentheses: ``with block:``, or ``@block`` above a function.

    Subclasses define `make`, which makes a new block.
    """

    def __init__(self) -> None:
        self._opened: ContextVar[tuple[Any, ...]] = ContextVar("opened", default=())

    def make(self) -> Any:
        """Return a new block."""
        raise NotImplementedError

    def __enter__(self) -> Any:
        block = self.make()
        self._opened.set((*self._opened.get(), block))
        return block.__enter__()

    def __exit__(self, *raised: object) -> None:
        if opened := self._opened.get():  # empty in a task that did not open the block
            opened[-1].__exit__(*raised)
            self._opened.set(opened[:-1])

    @overload
    def __call__(self) -> Any: ...
    @overload
    def __call__(self, f: F) -> F: ...
    def __call__(self, f: Any = None) -> Any:
        """Return a new block. With `f`, return a function that calls `f` inside a new block."""
        return self.make() if f is None else self.make()(f)


class NoGrad(BareBlock):
    """Record no operations on a tape inside the block.

    Results that are computed inside do not require a gradient. Other threads and asyncio tasks
    still record their operations. Blocks can be nested. You can also decorate a function with
    ``@ag.no_grad``. Parentheses are optional: ``with ag.no_grad:`` means ``with ag.no_grad():``.

    Raises
    ------
    TypeError
        If ``@ag.no_grad`` decorates a function with ``yield`` or ``async``.

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

    def make(self) -> grad_mode:
        """Return a new block, as ``ag.no_grad()`` does."""
        return grad_mode(False)

    def __repr__(self) -> str:
        return "no_grad"


no_grad = NoGrad()


def require_decorable(f: Any, block: str) -> None:
    """Raise TypeError unless `f` is a function whose body runs in the call.

    The body of a generator or coroutine function runs after the call.
    """
    if not callable(f):
        raise TypeError(f"{block}() takes no argument, got {f!r:.60}. Write `with {block}():`.")
    if iscoroutinefunction(f) or isgeneratorfunction(f) or isasyncgenfunction(f):
        raise TypeError(
            f"@{block}() cannot decorate {f.__name__}: it is a generator or coroutine function. "
            f"Put `with {block}():` inside the function body, and do not yield inside the block."
        )


# ---- observers -----------------------------------------------------------------------------------


class Contribution(NamedTuple):
    """What one use of a tensor adds to its gradient."""

    node: Tensor  #: the node that used the tensor
    argument: int  #: the position of the tensor among its arguments
    cotangent: Cotangent  #: the adjoint of the node: the `g` of the rule
    value: Cotangent  #: what the rule returned
    total: Cotangent  #: the tensor's adjoint so far, with this contribution


class Observer:
    """Base class of all objects that watch the engine. Its methods do nothing."""

    def recorded(self, op: Primitive, args: tuple[Any, ...], result: Tensor) -> None:
        """Called after `op` has run on `args`, of which at least one is a Tensor."""

    def backward_begins(self, tensors: Sequence[Tensor], seed: Cotangent) -> None:
        """Called before a backward pass over `tensors`, which starts with the cotangent `seed`."""

    def contributed(self, contribution: Contribution) -> None:
        """Called after a rule has run and its result has been added."""

    def backward_ends(self) -> None:
        """Called after a backward pass, even if it failed."""

    def module_begins(self, module: Any) -> None:
        """Called before an `nn.Module` computes its output."""

    def module_ran(self, module: Any, result: Any) -> None:
        """Called after an `nn.Module` has returned `result`."""

    def compiled_ran(self, function: Any, results: Any) -> None:
        """Called after a compiled `function` has run and returned `results`."""


_OBSERVERS: ContextVar[tuple[Observer, ...]] = ContextVar("observers", default=())
#: The blocks of all threads and tasks in which an observer watches. A dropped block is removed. If
#: the list is empty, as it nearly always is, `record` need not read a ContextVar, which would take
#: three times as long.
ALL_OBSERVERS: list[ref[observing]] = []


def observers() -> tuple[Observer, ...]:
    """Return the observers of this thread or task."""
    return _OBSERVERS.get()


class observing(Block):
    """Let `watchers` observe the block: with the present observers, or `alone`."""

    variable = _OBSERVERS

    def __init__(self, *watchers: Observer, alone: bool = False) -> None:
        self.watchers, self.alone = watchers, alone
        ALL_OBSERVERS.append(ref(self, ALL_OBSERVERS.remove))

    def _inside(self, before: tuple[Observer, ...]) -> tuple[Observer, ...]:
        return self.watchers if self.alone else (*before, *self.watchers)


def unobserved() -> observing:
    """Hide the block from all observers. (Views run rules on made-up values.)"""
    return observing(Observer(), alone=True)
