"""debug: the line of each operation, the first value that is not finite, arrays changed too late.

Two functions do all the work of the engine: `record`, which every operation passes through, and
`sweep`, which is the backward pass. While a ``with ag.debug():`` block is open, each has an
understudy from this file, which calls it and looks at what it gave. So an operation costs what it
always does where no block is open: there is nothing to ask.

A sweep is looked at when it is over. Only where one of its adjoints is not finite are the rules run
once more, one by one (`blaming`), to find the first that made such a number out of finite ones.
"""

from __future__ import annotations

import threading
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import ContextDecorator, contextmanager
from importlib import import_module
from typing import Any

import numpy as np

from ..compiler.jit import Compiled
from ..core.arrays import NO_KWARGS, unwrap
from ..core.backward import sweep
from ..core.primitive import Primitive
from ..core.tensor import Tensor, record
from ..text.callers import Line, frame_of_caller, is_called_by, line_of
from .nonfinite import backward_fault, changed_fault, compiled_fault, forward_fault, is_finite
from .provenance import leaves, note, note_of

_run_compiled = Compiled.__call__


class debug(ContextDecorator):
    """Stop at the first NaN or inf, and at arrays that were changed behind the tape's back.

    Inside ``with ag.debug():`` every operation notes the line of your code that asked for it, and
    its result is looked at, under `no_grad` too. The block holds in this thread only, blocks nest,
    and ``@ag.debug()`` decorates a function. It is for finding an error, not for training: each
    value is read once more, and each argument. Outside of a block nothing is slower.

    Raises
    ------
    FloatingPointError
        In the block, by the operation that made a NaN or an inf out of finite numbers, forward or
        backward. The message has its line, its arguments, and their entries that did it. A NaN that
        came in with a leaf or a constant is said to be theirs. An inf that came in may stay one, as
        the -inf of a mask does, until a NaN is made of it.
    RuntimeError
        In the block, by ``backward`` and the transforms, when an array was written to after an
        operation had used it: a leaf's, or a constant's.

    Notes
    -----
    NumPy's warnings about such numbers are silent in the block, which says more. Of a function that
    was compiled only the results are looked at; ``f.__wrapped__`` is the function itself. A lazy
    array is computed to be looked at, once for each operation. Of symbols those are stopped at that
    SymPy calls infinite, or nan. The rules of a recorded sweep (`gradients`) may compute with
    numbers that are not finite, as long as the derivatives are. Views show what is not finite.

    References
    ----------
    ``jax_debug_nans`` and ``torch.autograd.detect_anomaly`` are the same idea, for values and for
    gradients; PyTorch's version counters see arrays that were changed, but for those in ``.data``.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> p = ag.tensor([0.2, 0.0, 0.8], requires_grad=True, name="p")
    >>> with ag.debug():
    ...     loss = -np.sum(np.log(p))
    Traceback (most recent call last):
        ...
    FloatingPointError: log made -inf at [1], of p = 0.0
    ...

    Where a value was made can be asked, also after the block:

    >>> with ag.debug():
    ...     q = p * p
    >>> ag.debug.where(q).text
    'q = p * p'
    """

    def __enter__(self) -> type[debug]:
        with _LOCK:
            if not _OPEN:
                _replace(_understudies())
            _OPEN.append(self)
        _WATCH.depth += 1
        return debug

    def __exit__(self, *raised: object) -> None:
        _WATCH.depth -= 1
        with _LOCK:
            _OPEN.pop()
            if not _OPEN:
                _replace(_originals())

    @staticmethod
    def where(t: Tensor) -> Line | None:
        """The line that made a tensor: its `file`, `number`, `function` and `text`.

        None for a leaf, and for what was made outside of a block.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> x = ag.tensor(2.0)
        >>> with ag.debug():
        ...     y = 3 * x
        >>> ag.debug.where(y).text
        'y = 3 * x'
        """
        found = note_of(t)
        return found and found.line


class _Watch(threading.local):
    depth = 0  #: blocks that are open in this thread
    looking = True  #: not inside a rule that is recorded, which may mask what is not finite


_WATCH = _Watch()
_LOCK = threading.Lock()
_OPEN: list[debug] = []  # the blocks of all threads


def _understudies() -> Iterator[tuple[Any, str, Any]]:
    """Whose attribute of which name is to be what, while a block is open."""
    for room, name, ours in (
        ("tensor", "record", _record),
        ("primitive", "record", _record),
        ("tape", "sweep", _sweep),
        ("transforms", "sweep", _sweep),
    ):
        yield import_module(f".{room}", __package__), name, ours
    yield Compiled, "__call__", _call


def _originals() -> Iterator[tuple[Any, str, Any]]:
    theirs = {_record: record, _sweep: sweep, _call: _run_compiled}
    return ((owner, name, theirs[ours]) for owner, name, ours in _understudies())


def _replace(parts: Iterator[tuple[Any, str, Any]]) -> None:
    for owner, name, function in parts:
        setattr(owner, name, function)


def _record(op: Primitive, args: tuple[Any, ...], kwargs: Mapping[str, Any] = NO_KWARGS) -> Any:
    """`record`, and a look at what it gave."""
    if not _WATCH.depth:
        return record(op, args, kwargs)
    with _silence():
        t = record(op, args, kwargs)
        if type(t) is not Tensor or _is_traced(t):
            return t  # a rule's on arrays; or a program is being written, which has no numbers yet
        frame = frame_of_caller()
        note(t, op.name, line_of(frame))
        if _WATCH.looking and not is_finite(t._array) and not is_called_by("views", frame):
            with _looking(False):
                error = forward_fault(op, args, t, frame)
            if error is not None:
                raise error
    return t


def _sweep(
    tensors: Sequence[Tensor], seed: Any, keep: Container[Tensor], recorded: bool = False
) -> dict[Tensor, Any]:
    """`sweep`, and a look at the arrays it will use, and at every adjoint that it found."""
    if not _WATCH.depth or _is_traced(tensors[-1]):
        return sweep(tensors, seed, keep, recorded)
    frame = frame_of_caller()
    for t in tensors:
        found = note_of(t)
        if found is not None and found.changed:
            raise changed_fault(found, frame)
    with _silence(), _looking(_WATCH.looking and not recorded):
        adjoints = sweep(tensors, seed, set(tensors), recorded)
        finite = all(is_finite(unwrap(g)) for g in adjoints.values())
        if not finite and not is_called_by("views", frame):
            with _looking(False):
                raise backward_fault(tensors, unwrap(seed), adjoints, frame)
    return {t: g for t, g in adjoints.items() if t.op is None or t in keep}


def _call(self: Compiled, *args: Any, **kwargs: Any) -> Any:
    """A compiled function, and a look at its results."""
    if not _WATCH.depth:
        return _run_compiled(self, *args, **kwargs)
    with _silence():
        found = _run_compiled(self, *args, **kwargs)
        for y in leaves(found.values() if isinstance(found, dict) else [found]):
            if isinstance(unwrap(y), np.ndarray) and not is_finite(unwrap(y)):
                raise compiled_fault(self, unwrap(y), frame_of_caller())
    return found


def _silence() -> Any:
    return np.errstate(divide="ignore", over="ignore", invalid="ignore")


@contextmanager
def _looking(on: bool) -> Iterator[None]:
    before = _WATCH.looking
    _WATCH.looking = on
    try:
        yield
    finally:
        _WATCH.looking = before


def _is_traced(t: Tensor) -> bool:
    return hasattr(t._array, "__primitive__")
