"""debug: stop at the first NaN or inf, and show the line of code that computed it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, overload

import numpy as np

from ..core.context import F, observers, observing, require_decorable
from ..core.tensor import Tensor
from ..text.callers import SourceLine
from .nonfinite import NonfiniteDetector
from .provenance import OriginRecorder, origin_of

#: The open blocks of this thread or task, the outermost first.
_OPEN: ContextVar[tuple[AbstractContextManager[None], ...]] = ContextVar("open blocks", default=())


class Debug:
    """Stop at the first NaN or inf, and at arrays that were changed after they were used.

    Inside ``with ag.debug():`` each operation remembers the line of your code that called it, and
    its result is checked, under `no_grad` too. The block belongs to one thread or asyncio task.
    Blocks nest. ``@ag.debug`` decorates a function, but not a generator or coroutine function.
    Parentheses are optional: ``with ag.debug:`` is ``with ag.debug():``.
    Use it to find an error, not for training: it reads each result and each argument once more.
    Code outside a block is not slower.

    Raises
    ------
    FloatingPointError
        In the block, by the operation that computes a NaN or an inf from finite numbers, forward or
        backward. The message shows the line, the arguments, and the entries that caused it. If a
        NaN came in with a leaf or a constant, the message names that argument instead. An inf that
        came in, such as the -inf of a mask, is only reported once a NaN is computed from it.
    RuntimeError
        In the block, by ``backward`` and the transforms, if the array of a leaf or a constant was
        written to after an operation had used it.
    TypeError
        If it decorates a generator or coroutine function.

    Notes
    -----
    NumPy's own warnings about such numbers are off in the block. Only the results of a compiled
    function are checked; ``f.__wrapped__`` is the original function. A lazy array is computed for
    each check. Of symbols, those that SymPy calls infinite or nan are reported. The rules of a
    recorded pass (`gradients`) may compute with numbers that are not finite, as long as the
    gradients are finite. Views show NaN and inf like any other numbers.

    References
    ----------
    ``jax_debug_nans`` and ``torch.autograd.detect_anomaly`` are the same idea, for values and for
    gradients. PyTorch's version counters detect changed arrays, except changes through ``.data``.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> p = ag.tensor([0.2, 0.0, 0.8], requires_grad=True, name="p")
    >>> with ag.debug():
    ...     loss = -np.sum(np.log(p))
    Traceback (most recent call last):
        ...
    FloatingPointError: log returned -inf at [1] for p = 0.0
    ...

    `where` returns the line that computed a value, also after the block:

    >>> with ag.debug():
    ...     q = p * p
    >>> ag.debug.where(q).text
    'q = p * p'
    """

    def __enter__(self) -> Debug:
        block = _watched()
        block.__enter__()
        _OPEN.set((*_OPEN.get(), block))
        return self

    def __exit__(self, *raised: Any) -> None:
        if blocks := _OPEN.get():  # none in a task that did not open it
            _OPEN.set(blocks[:-1])
            blocks[-1].__exit__(*raised)

    def __repr__(self) -> str:
        return "debug()"

    @overload
    def __call__(self) -> Debug: ...
    @overload
    def __call__(self, f: F) -> F: ...
    def __call__(self, f: Any = None) -> Any:
        """Return this block for ``debug()``; for ``debug(f)``, `f` with such a block around it."""
        if f is None:
            return self
        require_decorable(f, "debug")

        @wraps(f)
        def call(*args: Any, **kwargs: Any) -> Any:
            with self:
                return f(*args, **kwargs)

        return call

    @staticmethod
    def where(t: Tensor) -> SourceLine | None:
        """Return the line that computed a tensor, with its `file`, `number`, `function` and `text`.

        Return None for a leaf, and for a tensor that was computed outside a block.

        Parameters
        ----------
        t : Tensor

        Examples
        --------
        >>> import autograd_mini as ag
        >>> x = ag.tensor(2.0)
        >>> with ag.debug():
        ...     y = 3 * x
        >>> ag.debug.where(y).text
        'y = 3 * x'
        """
        origin = origin_of(t)
        return origin and origin.line


debug = Debug()


@contextmanager
def _watched() -> Iterator[None]:
    """Watch the block, unless an outer block of this thread or task watches already."""
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        if any(isinstance(o, NonfiniteDetector) for o in observers()):
            yield
        else:
            with observing(OriginRecorder()), observing(NonfiniteDetector()):
                yield
