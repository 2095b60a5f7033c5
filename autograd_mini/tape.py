"""Tape: the Wengert list behind a result, and the sweep that walks it backward.

Creation order is a topological order: every argument was made before its result. So the tape is
gathered from its end, sorted by creation number, and walked from its end; nothing recurses.
"""

from __future__ import annotations

import sys
from collections.abc import Container, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .lessons import lesson
from .tensor import NOT_KEPT, Tensor, as_array, describe, holds_numbers, raw, recording

_ndarray = np.ndarray


class Tape(Sequence[Tensor]):
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

    def __init__(self, result: Tensor) -> None:
        if not isinstance(result, Tensor):
            raise TypeError(f"a tape ends in a tensor; {describe(result)} has none behind it")
        self._tensors = _gather(result)

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
        from .views.table import printed

        return printed(self)

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
        from .views.table import table

        return table(self, names, adjoints=adjoints, width=width)

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
        from .views.source import source

        return source(self.result, names)

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
        tensors = _gather(self.result)  # anew: a leaf may have got new data since
        active = [t for t in tensors if t.requires_grad]
        found = _adjoints(tensors, _seed(self.result, gradient), keep=set(active))
        return {t: _own(found.get(t, np.zeros_like(t._array)), t) for t in active}


Tensor._engine = sys.modules[__name__]


def backward(result: Tensor, gradient: ArrayLike | None = None) -> None:
    """What `Tensor.backward` does, where it is documented."""
    tensors = _gather(result)
    retained = {t for t in tensors if t._grad is not NOT_KEPT}  # and leaves, which are in any case
    adjoints = _adjoints(tensors, _seed(result, gradient), retained)
    # Adjoints may share memory (both arguments of a sum get the very same array). A .grad never
    # does: views are copied, and all are where one array is the adjoint of two tensors.
    shared = len({*map(id, adjoints.values())}) < len(adjoints)
    grads = []
    for t, g in adjoints.items():
        if t._grad is not None:
            g = as_array(t._grad + g)
        elif shared or type(g) is not _ndarray or g.base is not None:
            g = _own(g, t)
        grads.append(g)
    for t, g in zip(adjoints, grads):  # only now, so that a sweep that fails changes nothing
        t._grad = g


def _adjoints(tensors: Sequence[Tensor], seed: Any, keep: Container[Tensor]) -> dict[Tensor, Any]:
    """What `sweep` finds, as arrays, whatever kind of arrays the tape holds."""
    y = tensors[-1]._array
    if type(y) is not _ndarray:
        return _computed_together(sweep(tensors, seed, keep))
    if y.dtype.kind != "O":
        return sweep(tensors, seed, keep)
    with recording(False):  # NumPy cannot take the sine of a symbol, and a Tensor can
        found = sweep(tensors, Tensor(seed), keep, recorded=True)
    return {t: raw(g) for t, g in found.items()}


def _computed_together(adjoints: dict[Tensor, Any]) -> dict[Tensor, Any]:
    """Lazy adjoints, computed for those tensors that are not lazy themselves.

    In one array, so that what they have in common is computed once.
    """
    lazy = [t for t, g in adjoints.items() if type(t._array) is _ndarray is not type(g)]
    if lazy:
        flat = np.asarray(np.concatenate([np.reshape(adjoints[t], (-1,)) for t in lazy]))
        parts = np.split(flat, np.cumsum([t.size for t in lazy])[:-1])
        found = (part.reshape(t.shape).astype(t.dtype) for t, part in zip(lazy, parts))
        adjoints = {**adjoints, **dict(zip(lazy, found))}
    return adjoints


def _own(g: Any, t: Tensor) -> Any:
    """An adjoint as an array of its own; what a lazy tensor gets stays lazy."""
    return np.array(g) if type(t._array) is _ndarray else g


def gradients(result: Tensor, tensors: Tensor | Sequence[Tensor], gradient: Any = None) -> Any:
    """The derivatives of `result` with respect to `tensors`, as Tensors on the tape.

    The sweep itself is recorded: the rules run on Tensors, and what they compute can be
    differentiated again, to any order. Touches no ``.grad``.

    Parameters
    ----------
    result : Tensor
        What to differentiate.
    tensors : Tensor or sequence of Tensor
        With respect to what; leaves or records that require a gradient. Where `result` does not
        depend on one of them its derivative is zero.
    gradient : array_like or Tensor, optional
        The cotangent of `result` to start from; one when not given, for a result of one entry.

    Returns
    -------
    Tensor or tuple of Tensor
        One for each of `tensors`, of its shape and dtype.

    Raises
    ------
    RuntimeError
        When `result` was not recorded.
    ValueError
        When `gradient` is missing or of the wrong shape, or a tensor requires no gradient.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> x = ag.tensor(2.0, requires_grad=True)
    >>> first = ag.gradients(x ** 3, x)
    >>> second = ag.gradients(first, x)
    >>> first.item(), second.item()
    (12.0, 12.0)
    """
    single = not isinstance(tensors, (list, tuple))
    wanted: list[Any] = [tensors] if single else list(tensors)
    for t in (result, *wanted):
        if not isinstance(t, Tensor):
            raise TypeError(f"gradients are of a Tensor, to Tensors, not {describe(t)}")
        if t is not result and not t.requires_grad:
            raise ValueError(f"{describe(t)} requires no gradient: there is none to compute")
    # Active, because a derivative is a linear function of its seed: a jvp is a VJP of this VJP.
    seed = Tensor(_seed(result, gradient), requires_grad=True, name="seed")
    if isinstance(gradient, Tensor) and gradient.requires_grad:
        seed = gradient if gradient.dtype == result.dtype else gradient.astype(result.dtype)
    found = sweep(_gather(result), seed, keep=set(wanted), recorded=True)
    grads = tuple(found[t] if t in found else _zero(t) for t in wanted)
    return grads[0] if single else grads


def _zero(t: Tensor) -> Tensor:
    """The derivative by a tensor that the result does not depend on; active, as the others are."""
    return Tensor(np.zeros_like(t._array), requires_grad=True)


def sweep(
    tensors: Sequence[Tensor], seed: Any, keep: Container[Tensor], recorded: bool = False
) -> dict[Tensor, Any]:
    """Walk the tape from its end; return the adjoints of the leaves, and of the records in `keep`.

    ∂L/∂x is the sum, over all uses of x, of what each use contributes: that is the chain rule, and
    ``before + c`` is where its sum is taken. A record's adjoint is complete when the walk
    arrives at it, since all its uses were made later; once passed on, it is dropped.

    The rules run on arrays; or on Tensors, when the sweep itself shall be `recorded`.
    """
    adjoints = {tensors[-1]: seed}
    for t in reversed(tensors):
        op = t.op
        if op is None:
            continue
        g = adjoints.get(t) if t in keep else adjoints.pop(t, None)
        if g is None:  # no derivative reaches it
            continue
        inputs, kwargs = t.inputs, t.kwargs
        if recorded:
            args = [g, t, *inputs]
        else:
            args = [g, t._array]
            for a in inputs:  # a comprehension takes 0.15 us more, a tenth of a short step
                args.append(a._array if type(a) is Tensor else a)
            if t.saved is not None:  # what forward computed already, for the array reader only
                kwargs = {**kwargs, "saved": t.saved}
        rules = iter(op.vjps)  # zip takes 0.15 us more
        for a in inputs:
            rule = next(rules, None)  # parameters have none
            if type(a) is Tensor and a._active and rule is not None:
                c = rule(*args, **kwargs) if kwargs else rule(*args)
                x = a._array
                if type(c) is not _ndarray or c.shape != x.shape or c.dtype is not x.dtype:
                    c = _fit(c, t, a)
                before = adjoints.get(a)
                adjoints[a] = c if before is None else before + c
    return adjoints


def _fit(c: Any, t: Tensor, a: Tensor) -> Any:
    """A contribution in the shape and dtype of the argument `a` of record `t` that it is for.

    The one place where broadcasting is undone: an argument that was repeated along an axis
    collects the sum over that axis. It only ever sums; a rule that lost an axis is an error.
    """
    c = c if isinstance(c, Tensor) else as_array(c)
    shape = a.shape
    lead = c.ndim - len(shape)
    if (
        lead < 0
        or any(n != m != 1 for n, m in zip(c.shape[lead:], shape, strict=True))
        or c.dtype.kind not in ("biufO" if a.dtype.kind == "O" else "biuf")
    ):
        assert t.op is not None
        raise ValueError(
            f"a rule of {t.op.name} returned shape {c.shape} {c.dtype} for {describe(a)}. A rule "
            "returns its argument's shape, or the shape that the argument was broadcast to."
            + lesson("shape of a rule")
        )
    repeated = tuple(i for i, n in enumerate(c.shape) if i < lead or n != shape[i - lead])
    if repeated:
        c = c.sum(axis=repeated, keepdims=True).reshape(shape)  # an array also of symbols
    c = c if c.dtype == a.dtype else c.astype(a.dtype)
    return c if type(a._array) is _ndarray else _chunked(c, a._array)


def _chunked(c: Any, x: Any) -> Any:
    """A lazy contribution in the chunks of `x`: what was broadcast is a single one, too large."""
    lazy = raw(c)
    if hasattr(lazy, "rechunk") and hasattr(x, "chunks") and lazy.chunks != x.chunks:
        lazy = lazy.rechunk(x.chunks)
        if not isinstance(c, Tensor):
            return lazy
        c._array = lazy
    return c


def _gather(result: Tensor) -> list[Tensor]:
    """All tensors that `result` was computed from, and itself, in the order of creation."""
    found, seen = [result], {result.order}
    for t in found:  # which grows meanwhile
        for a in t.inputs:
            if type(a) is Tensor:
                n = a.order
                if n > t.order:
                    raise RuntimeError(
                        f"{describe(a)} was given new data after {describe(t)} had been computed "
                        "from the old: run the forward pass again, and differentiate before the "
                        f"next change.{lesson('changed')}"
                    )
                if n not in seen:
                    seen.add(n)
                    found.append(a)
    found.sort(key=attrgetter("order"))
    return found


def _seed(result: Tensor, gradient: Any) -> Any:
    """The cotangent to start from, checked: ones for a result of one entry, else `gradient`."""
    if not result._active:
        raise RuntimeError(
            f"{describe(result)} has no derivatives: no leaf it was computed from has "
            "requires_grad=True, or it was computed under no_grad()." + lesson("not recorded")
        )
    y = result._array
    if gradient is None:
        if y.size != 1:
            raise ValueError(
                f"{describe(result)} has {y.size} entries: pass a cotangent of that shape as "
                "`gradient`, or reduce it to one number first, with .sum() or .mean()."
                + lesson("many entries")
            )
        # A lazy one for a lazy array: the sweep then broadcasts nothing in memory.
        # (`ndmin`: with one entry, each axis has length 1. np.ones takes three times as long.)
        return np.array(1, y.dtype, ndmin=y.ndim) if type(y) is _ndarray else np.ones_like(y)
    seed = as_array(raw(gradient))
    if seed.shape != result.shape or not holds_numbers(seed):
        raise ValueError(
            f"gradient of shape {seed.shape} {seed.dtype} for {describe(result)}: it must have "
            "that very shape, and real numbers."
        )
    return seed.astype(result.dtype)  # a copy
