"""np.pad: one node if it adds constants or repeats entries, otherwise several primitives.

As in NumPy, the axes are padded one after the other. Each padding includes the earlier ones.

`x` is the argument, `y` the result, and `g` the gradient of the result.
"""

from typing import Any

import numpy as np

from ..core.arrays import Array, Cotangent, in_dtype, require_protocol, unwrap
from ..core.foreign import constant_like
from ..core.primitive import primitive
from ..core.registry import implements
from .indexing import scatter_back

_CONSTANTS = ("constant", "empty")
_REPETITIONS = ("edge", "reflect", "symmetric", "wrap")
_STATISTICS: dict[str, Any] = {
    "maximum": np.max,
    "minimum": np.min,
    "mean": np.mean,
    "median": np.median,
}


def _pad_vjp(
    g: Cotangent, y: Array, x: Array, pad_width: Any, mode: str = "constant", **options: Any
) -> Cotangent:
    """Cut the padding off; entries that it repeated get a sum."""
    if mode in _CONSTANTS:
        return g[tuple(slice(before, before + n) for (before, _), n in zip(pad_width, x.shape))]
    return scatter_back(np.pad)(g, y, x, pad_width, mode, **options)


pad = primitive(np.pad, _pad_vjp)


@implements(np.pad)
def _pad(array: Any, pad_width: Any, mode: Any = "constant", **options: Any) -> Any:
    """Support all of NumPy's modes except a function, which would write into the array."""
    require_protocol(pad_width)
    if callable(mode):
        raise TypeError(
            "pad: mode cannot be a function, because it would write into an array. Use "
            "np.concatenate."
        )
    if isinstance(pad_width, dict):
        pad_width = [pad_width.get(i, pad_width.get(i - array.ndim, 0)) for i in range(array.ndim)]
        pad_width = [pair if np.ndim(pair) else (pair, pair) for pair in pad_width]
    widths = _pairs(pad_width, array.ndim)
    is_node = mode in _CONSTANTS or (mode in _REPETITIONS and options.get("reflect_type") != "odd")
    if is_node and array.ndim:
        return pad(array, widths, mode, **options)
    np.pad(np.zeros((1,) * array.ndim), 0, mode, **options)  # raises for unknown modes and options
    for axis, pair in enumerate(widths):
        if any(pair):
            own = {
                key: value if isinstance(value, str) else _pairs(value, array.ndim)[axis]
                for key, value in options.items()
            }
            rows = np.moveaxis(array, axis, 0)
            array = np.moveaxis(_rows_padded(rows, pair, mode, **own), 0, axis)
    return array


def _pairs(value: Any, ndim: int) -> Any:
    """Return (before, after) for each axis, from one number, one pair, or a pair for each axis."""
    if value is None:
        return [(None, None)] * ndim
    return np.broadcast_to(value, (ndim, 2)).tolist()


def _rows_padded(
    x: Any,
    widths: Any,
    mode: Any,
    end_values: Any = (0, 0),
    stat_length: Any = (None, None),
    reflect_type: str = "odd",
) -> Any:
    """Return `x` with rows before its first and after its last."""
    before, after = widths
    if mode in _STATISTICS:
        n, m = (len(x) if k is None else min(k, len(x)) for k in stat_length)
        of = _STATISTICS[mode]
        ends = of(x[:n], axis=0, keepdims=True), of(x[len(x) - m :], axis=0, keepdims=True)
        if x.dtype.kind in "iu":
            ends = np.rint(ends[0]), np.rint(ends[1])
        ends = in_dtype(ends[0], x.dtype), in_dtype(ends[1], x.dtype)
        strips = [np.broadcast_to(e, (k, *x.shape[1:])) for e, k in zip(ends, widths)]
    elif mode == "linear_ramp":
        strips = [
            _ramp(x[:1], (before, 0), end_values[0])[:before],
            _ramp(x[len(x) - 1 :], (0, after), end_values[1])[1:],
        ]
    else:
        strips = _linear_strips(x, before, after, mode)
    return np.concatenate([strips[0], x, strips[1]])


def _ramp(edge: Any, widths: tuple[int, int], end: float) -> Any:
    """Return even steps from the edge to the end value, from NumPy's ramps of the edges 1 and 0."""
    if edge.dtype.kind in "iub":  # no gradient, and steps that NumPy rounds
        pairs = [widths] + [(0, 0)] * (edge.ndim - 1)
        return np.pad(unwrap(edge), pairs, "linear_ramp", end_values=end)
    shape = (-1,) + (1,) * (edge.ndim - 1)
    share = np.pad([1.0], widths, "linear_ramp", end_values=0.0).reshape(shape)
    rest = np.pad([0.0], widths, "linear_ramp", end_values=float(end)).reshape(shape)
    share, rest = (constant_like(part.astype(edge.dtype), edge) for part in (share, rest))
    return edge * share + rest


def _linear_strips(x: Any, before: int, after: int, mode: Any) -> Any:
    """Pad in a mode that is linear in the row, by the matrix that NumPy's padded basis forms."""
    basis = np.eye(len(x), dtype=x.dtype)
    matrix = np.pad(basis, ((before, after), (0, 0)), mode, reflect_type="odd")
    matrix = constant_like(matrix, x)
    strips = matrix[:before], matrix[before + len(x) :]
    return [np.tensordot(strip, x, 1) for strip in strips]
