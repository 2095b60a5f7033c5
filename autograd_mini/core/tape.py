"""Tape: the Wengert list behind a result, as a sequence; and what is read off it.

Creation order is a topological order, because every argument was made before its result. So a tape
is gathered from its end, sorted by creation number, and nothing recurses.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .arrays import Cotangent, TensorBase
from .backward import ancestors, backward, compute_adjoints, initial_cotangent, sweep
from .context import Contribution, Observer, grad_mode, observing
from .foreign import owned_copy
from .messages import describe

if TYPE_CHECKING:
    from .tensor import Tensor


class Tape(Sequence["Tensor"]):
    """The tensors that a result was computed from, in the order of computation.

    A Wengert list: leaves, constants and records, sorted by creation number, the result
    last. ``print(tape)`` shows it as a table, ``len``, indexing and iteration work as for a list.

    Parameters
    ----------
    result : Tensor
        Where the tape ends.

    Raises
    ------
    TypeError
        For what is no tensor, and so was not recorded.
    RuntimeError
        When a leaf was given new data after a record used the old.

    References
    ----------
    R. E. Wengert, A simple automatic derivative evaluation program, CACM 7(8), 1964.
    A. Griewank and A. Walther, Evaluating Derivatives, 2nd ed., SIAM 2008, section 3.2.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> x = ag.tensor(2.0, requires_grad=True, name="x")
    >>> tape = (x * x + x).tape()
    >>> [t.op.name if t.op else t.name for t in tape]
    ['x', 'mul', 'add']
    >>> tape.adjoints()[x]
    array(5.)
    """

    __slots__ = ("_tensors",)

    #: From the name of a view to the function that shows a tape so. ``autograd_mini/__init__.py``
    #: sets it, because the engine imports none of its views.
    shown: ClassVar[Callable[[str], Callable[..., Any]]]

    def __init__(self, result: Tensor) -> None:
        if not isinstance(result, TensorBase):
            raise TypeError(f"a tape ends in a tensor; {describe(result)} has none behind it")
        self._tensors = ancestors(result)

    @property
    def result(self) -> Tensor:
        """The last tensor, whose derivatives the sweep computes.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> y = ag.tensor(2.0, requires_grad=True) * 3
        >>> y.tape().result is y
        True
        """
        return self._tensors[-1]

    @overload
    def __getitem__(self, index: int) -> Tensor: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Tensor]: ...
    def __getitem__(self, index: int | slice) -> Tensor | Sequence[Tensor]:
        return self._tensors[index]

    def __len__(self) -> int:
        return len(self._tensors)

    def __iter__(self) -> Iterator[Tensor]:
        return iter(self._tensors)

    def __contains__(self, t: object) -> bool:
        return any(own is t for own in self._tensors)  # the same one: == compares entries

    def index(self, value: Any, start: int = 0, stop: int = sys.maxsize) -> int:
        """The number of a tensor in the table, so that ``tape[tape.index(t)]`` is `t`.

        Parameters
        ----------
        value : Tensor
            Found by identity, since ``==`` compares entries.
        start, stop : int
            Where to look, as for a list.

        Raises
        ------
        ValueError
            When the result was not computed from it.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> x = ag.tensor([2.0, 3.0], requires_grad=True)
        >>> y = x * x
        >>> tape = y.sum().tape()
        >>> y in tape, tape.index(y)
        (True, 1)
        """
        for i in range(*slice(start, stop).indices(len(self))):
            if self._tensors[i] is value:
                return i
        raise ValueError(f"{describe(value)} is not on this tape")

    def count(self, value: Any) -> int:
        """1 when `value` is a tensor of the tape, else 0.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> x = ag.tensor([2.0, 3.0], requires_grad=True)
        >>> (x * x).tape().count(x)
        1
        """
        return int(value in self)

    def __str__(self) -> str:
        """The table, in colour on a terminal; that of ``table()`` never has any."""
        return str(self.shown("printed")(self))

    def __repr__(self) -> str:
        return f"<Tape of {len(self)} tensors, ending in {self.result!r}>"

    def table(
        self,
        names: Mapping[str, Any] | None = None,
        *,
        adjoints: bool = False,
        width: int | None = None,
    ) -> str:
        """The tape as a table of text: number, name, operation, arguments, shape and value.

        Parameters
        ----------
        names : mapping, optional
            Variables, as ``locals()`` gives them: what to call arrays, and tensors without a name.
        adjoints : bool
            Also show the derivative of the result with respect to each row; and below, a row for
            each step of the backward pass: whose rule adds what to which derivative.
        width : int, optional
            Columns to fit into; the terminal's when not given.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> x = ag.tensor(2.0, requires_grad=True, name="x")
        >>> print((x * x).tape().table(adjoints=True, width=80))
        # name  op    arguments  shape  value  ∂v1/∂
        0 x     leaf             ()     2      4
        1 v1    mul   x, x       ()     4      1
        <BLANKLINE>
        # op   adds to      rule         contribution
        1 mul  ∂v1/∂x   =   ∂v1/∂v1 · x  2
        1 mul  ∂v1/∂x   +=  ∂v1/∂v1 · x  2
        """
        return str(self.shown("table")(self, names, adjoints=adjoints, width=width))

    def source(self, names: Mapping[str, Any] | None = None) -> str:
        """The tape as a NumPy program that runs by itself: ``ag.source(result, names)``.

        Parameters
        ----------
        names : mapping, optional
            Variables, as ``locals()`` gives them: what to call arrays, and tensors without a name.

        Returns
        -------
        Source
            Text, which also prints itself.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> x = ag.tensor(2.0, requires_grad=True, name="x")
        >>> print((x * x).tape().source().splitlines()[3])
        def program(x):
        """
        return str(self.shown("source")(self.result, names))

    def backward(self, gradient: ArrayLike | None = None) -> None:
        """Add the result's derivatives to ``.grad``, as ``result.backward(gradient)`` does.

        Parameters
        ----------
        gradient : array_like, optional
            The cotangent to start from, of the result's shape; one when not given.

        Raises
        ------
        RuntimeError, ValueError
            As `Tensor.backward`.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> x = ag.tensor(2.0, requires_grad=True)
        >>> (x * x).tape().backward()
        >>> x.grad
        array(4.)
        """
        backward(self.result, gradient)

    def adjoints(self, gradient: ArrayLike | None = None) -> dict[Tensor, NDArray[Any]]:
        """The derivative of the result with respect to every active tensor; touches no ``.grad``.

        Parameters
        ----------
        gradient : array_like, optional
            The cotangent to start from, of the result's shape; one when not given.

        Returns
        -------
        dict of Tensor to array
            In the order of the tape; each array has its tensor's shape and dtype.

        Raises
        ------
        RuntimeError, ValueError
            As `Tensor.backward`.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> x = ag.tensor(2.0, requires_grad=True)
        >>> y = x * x
        >>> [g.item() for g in (y + x).tape().adjoints().values()]
        [5.0, 1.0, 1.0]
        """
        tensors = ancestors(self.result)  # again: a leaf may have new data since
        active = [t for t in tensors if t.requires_grad]
        seed = initial_cotangent(self.result, gradient)
        found = compute_adjoints(tensors, seed, keep=set(active))
        return {t: owned_copy(found.get(t, np.zeros_like(t._array)), t) for t in active}


def contributions(node: Tensor, g: Cotangent, recorded: bool = False) -> list[Contribution]:
    """Return what the rules of a single node contribute to its arguments, given its adjoint `g`."""
    collector = _Collector()
    with observing(collector, alone=True):
        sweep([node], g, (), recorded)
    return collector.collected


class _Collector(Observer):
    def __init__(self) -> None:
        self.collected: list[Contribution] = []

    def contributed(self, contribution: Contribution) -> None:
        self.collected.append(contribution)


def replay(
    tape: Iterable[Tensor],
    leaf: Callable[[Tensor], Tensor],
    call: Callable[[Tensor, list[Any]], Tensor] | None = None,
) -> dict[Tensor, Tensor]:
    """Record the operations of a tape again, on other leaves.

    Parameters
    ----------
    tape : iterable of Tensor
        In the order of computation.
    leaf : callable
        ``leaf(t)`` returns the tensor that replaces the leaf `t`.
    call : callable, optional
        ``call(t, args)`` computes what replaces the node `t`, instead of its operation.

    Returns
    -------
    dict of Tensor to Tensor
        From each tensor of the tape to its replacement.
    """
    replaced: dict[Tensor, Tensor] = {}
    with grad_mode(True), np.errstate(all="ignore"):
        for t in tape:
            if t.op is None:
                replaced[t] = leaf(t)
                continue
            args = [replaced[a] if isinstance(a, TensorBase) else a for a in t.inputs]
            replaced[t] = call(t, args) if call else t.op(*args, **t.kwargs)
    return replaced
