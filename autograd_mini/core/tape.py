"""Tape: the list of the tensors that a result was computed from (a Wengert list).

Creation order is a topological order, because every argument was made before its result. So the
tensors are collected from the end and sorted by creation number. No recursion is needed.
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

    This list is also called a Wengert list. The result is at its end. ``print(tape)`` shows a
    table. ``len(tape)``, ``tape[0]`` and ``for`` loops work as for a list.

    Parameters
    ----------
    result : Tensor
        The last tensor of the tape.

    Raises
    ------
    TypeError
        If `result` is not a Tensor.
    RuntimeError
        If a leaf (an input of the computation) got new data after it was used.

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

    # A function that returns the view of a name, such as "table". The engine imports no views, so
    # ``autograd_mini/__init__.py`` sets this function.
    shown: ClassVar[Any]

    def __init__(self, result: Tensor) -> None:
        if not isinstance(result, TensorBase):
            raise TypeError(
                f"expected a Tensor, got {describe(result)} (type {type(result).__name__})."
            )
        self._tensors = ancestors(result)

    @property
    def result(self) -> Tensor:
        """The last tensor of the tape. The backward pass starts from it.

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
        return any(own is t for own in self._tensors)  # by identity, because == compares entries

    def index(self, value: Any, start: int = 0, stop: int = sys.maxsize) -> int:
        """Return the position of a tensor, so that ``tape[tape.index(t)]`` is `t`.

        Parameters
        ----------
        value : Tensor
            The tensor to find. Another tensor with the same entries is not found.
        start, stop : int
            The part of the tape to search, as for a list.

        Raises
        ------
        ValueError
            If the tensor is not on the tape.

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
        raise ValueError(f"{describe(value)} is not on this tape.")

    def count(self, value: Any) -> int:
        """Return 1 if `value` is on the tape, else 0.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> x = ag.tensor([2.0, 3.0], requires_grad=True)
        >>> (x * x).tape().count(x)
        1
        """
        return int(value in self)

    def __str__(self) -> str:
        """Return the tape as a table, in colour on a terminal. ``table()`` never uses colour."""
        return str(self.shown("printed")(self))

    def __repr__(self) -> str:
        return f"<Tape of {len(self)} tensors, ending in {self.result!r}>"

    def _repr_html_(self) -> str:
        """Return the tape as a table with gradients, which notebooks display."""
        return str(self.shown("tape_html")(self))

    def table(
        self,
        names: Mapping[str, Any] | None = None,
        *,
        adjoints: bool = False,
        width: int | None = None,
    ) -> str:
        """Return the tape as a table: number, name, operation, arguments, shape and value.

        Parameters
        ----------
        names : mapping, optional
            A dict of names and values, such as ``locals()``. It gives names to arrays, and to
            tensors that have no name.
        adjoints : bool
            Whether to add a column with the gradient of the result with respect to each tensor. A
            second table then shows what each use of a tensor adds to its gradient.
        width : int, optional
            The number of characters in a line. The default is the width of the terminal.

        Returns
        -------
        str

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

    def source(self, names: Mapping[str, Any] | None = None, language: str = "numpy") -> Any:
        """Return ``ag.source(result)``: a program that computes the result and the gradients.

        Parameters
        ----------
        names : mapping, optional
            A dict of names and values, such as ``locals()``. It gives names to arrays, and to
            tensors that have no name.
        language : str
            "numpy", "javascript", "jax", "torch" or "c".

        Returns
        -------
        Source
            A string. Its attribute ``arguments`` holds the values of the program's arguments.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> x = ag.tensor(2.0, requires_grad=True, name="x")
        >>> print((x * x).tape().source().splitlines()[3])
        def program(x):
        """
        return self.shown("source")(self.result, names, language)

    def backward(self, gradient: ArrayLike | None = None) -> None:
        """Call ``result.backward(gradient)``: add the gradient of each leaf to its ``.grad``.

        Parameters
        ----------
        gradient : array_like, optional
            The gradient that the backward pass starts with: an array with the shape of the result.
            If the result has a single entry, the default is 1.

        Raises
        ------
        RuntimeError
            If the result does not require a gradient. If a leaf got new data after it was used.
        ValueError
            If `gradient` is missing or has the wrong shape.

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
        """Return the gradient of the result with respect to each tensor. No ``.grad`` changes.

        Parameters
        ----------
        gradient : array_like, optional
            The gradient that the backward pass starts with: an array with the shape of the result.
            If the result has a single entry, the default is 1.

        Returns
        -------
        dict from Tensor to array
            It contains all tensors that require a gradient, in the order of the tape. Each array
            has the shape and dtype of its tensor.

        Raises
        ------
        RuntimeError
            If the result does not require a gradient. If a leaf got new data after it was used.
        ValueError
            If `gradient` is missing or has the wrong shape.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> x = ag.tensor(2.0, requires_grad=True)
        >>> y = x * x
        >>> [g.item() for g in (y + x).tape().adjoints().values()]
        [5.0, 1.0, 1.0]
        """
        tensors = ancestors(self.result)  # not self._tensors, because a leaf may have got new data
        active = [t for t in tensors if t.requires_grad]
        seed = initial_cotangent(self.result, gradient)
        found = compute_adjoints(tensors, seed, keep=set(active))
        return {
            t: owned_copy(found[t] if t in found else np.zeros_like(t._array), t) for t in active
        }


def contributions(node: Tensor, g: Cotangent, recorded: bool = False) -> list[Contribution]:
    """Return what the rules of a single node contribute to its arguments, given its adjoint `g`."""
    collector = _Collector(node)
    with observing(collector, alone=True):
        sweep([node], g, (), recorded)
    return collector.collected


class _Collector(Observer):
    """Collects the contributions of one node, but not those of a backward pass inside its rule."""

    def __init__(self, node: Tensor) -> None:
        self.node = node
        self.collected: list[Contribution] = []

    def contributed(self, contribution: Contribution) -> None:
        if contribution.node is self.node:
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
        The tensors in the order of computation.
    leaf : callable
        ``leaf(t)`` returns the tensor that replaces the leaf `t`.
    call : callable, optional
        ``call(t, args)`` returns the tensor that replaces the node `t`. The default calls its `op`.

    Returns
    -------
    dict from Tensor to Tensor
        It maps each tensor of the tape to its replacement.
    """
    replaced: dict[Tensor, Tensor] = {}
    with grad_mode(True), np.errstate(all="ignore"):
        for t in tape:
            if t.op is None:
                replaced[t] = leaf(t)
                continue
            args = [replaced[a] if type(a) is type(t) else a for a in t.inputs]
            replaced[t] = call(t, args) if call else t.op(*args, **t.kwargs)
    return replaced
