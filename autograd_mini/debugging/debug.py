"""debug: stop at the first NaN or inf, and show the line of code that computed it."""

from __future__ import annotations

from contextlib import ContextDecorator
from typing import Any

import numpy as np

from ..core.context import BareBlock, Block, observers, observing, require_decorable
from ..core.tensor import Tensor
from ..text.callers import SourceLine
from .nonfinite import NonfiniteDetector
from .provenance import OriginRecorder, origin_of


class Debug(BareBlock):
    """Raise an error at the first NaN or inf, and if an array is changed after it was used.

    Inside ``with ag.debug():``, the result of each operation is checked, also under `no_grad`. Each
    operation also remembers the line of your code that called it.

    Use `debug` to find an error. It is too slow for training, because it checks every result and
    every argument. Code outside the block is not slower.

    The block affects only its own thread or asyncio task. You can also decorate a function with
    ``@ag.debug``.

    Raises
    ------
    FloatingPointError
        If an operation in the block computes a NaN or an inf from finite numbers, in the forward or
        the backward pass. The message shows the line, the arguments, and the entries that caused
        the NaN or inf. If an array that you passed already contains a NaN, the message names this
        array. An inf in such an array is allowed, because a mask may contain -inf.
    RuntimeError
        If an array is changed in place after an operation used it. ``backward``, and functions such
        as ``ag.grad``, raise this error.
    TypeError
        If ``@ag.debug`` decorates a function with ``yield`` or ``async``.

    Notes
    -----
    Inside the block, NumPy's own warnings about NaN and inf are off. If you call a compiled
    function, only its results are checked. To check its steps, call the original function,
    ``f.__wrapped__``. Checks of Dask arrays are slow, because each check computes the array. In the
    function `gradients`, the result of each derivative rule is checked, but not its intermediate
    results.

    References
    ----------
    ``jax_debug_nans`` (for values) and ``torch.autograd.detect_anomaly`` (for gradients) use the
    same idea.

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

    ``ag.debug.where`` returns the line that computed a tensor, also after the block:

    >>> with ag.debug():
    ...     q = p * p
    >>> ag.debug.where(q).text
    'q = p * p'
    """

    def make(self) -> _Watch:
        """Return a new block, as ``ag.debug()`` does."""
        return _Watch()

    def __repr__(self) -> str:
        return "debug"

    @staticmethod
    def where(t: Tensor) -> SourceLine | None:
        """Return the line that computed a tensor, with its `file`, `number`, `function` and `text`.

        Return None for a leaf, and for a tensor that was computed outside ``with ag.debug():``.

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


class _Watch(ContextDecorator):
    """Watch the block, unless an outer block of this thread or task watches already."""

    def __init__(self) -> None:
        self._open: list[list[Block]] = []

    def __enter__(self) -> Debug:
        blocks: list[Block] = [_quiet()]
        if NonfiniteDetector not in map(type, observers()):
            blocks.append(observing(OriginRecorder(), NonfiniteDetector()))
        self._open.append(blocks)
        for block in blocks:
            block.__enter__()
        return debug

    def __exit__(self, *raised: Any) -> None:
        for block in self._open[-1]:
            block.__exit__(*raised)
        self._open.pop()

    def __call__(self, f: Any) -> Any:
        """Return `f`, with such a block around each call."""
        require_decorable(f, "debug")
        return super().__call__(f)

    def _recreate_cm(self) -> _Watch:  # ContextDecorator calls this for each call
        return _Watch()


_QUIET: dict[str, Any] = {"divide": "ignore", "over": "ignore", "invalid": "ignore"}


class _NumPyWarnings:
    """NumPy's treatment of floating-point errors, with the methods of a ContextVar."""

    def get(self) -> dict[str, Any]:
        now: dict[str, Any] = dict(np.geterr())
        return _QUIET if _QUIET.items() <= now.items() else now

    def set(self, errors: dict[str, Any]) -> None:
        np.seterr(**errors)


class _quiet(Block):
    """Turn off NumPy's own warnings, as np.errstate does, but restore them after any interrupt."""

    variable = _NumPyWarnings()

    def _inside(self, before: dict[str, Any]) -> dict[str, Any]:
        return _QUIET
