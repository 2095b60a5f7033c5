"""Functions of samples: differences, slopes, areas, interpolation, filters, polynomials.

All except `unwrap` and `convolve` consist of primitives.
"""

from typing import Any

import numpy as np

from ..core.arrays import TensorBase, as_array_or_tensor, as_operand, in_dtype, in_float
from ..core.foreign import constant_like
from ..core.primitive import primitive
from ..core.registry import implements
from .indexing import getitem
from .reductions import axes_of

# A jump of whole periods is a constant.
unwrap = primitive(np.unwrap, lambda g, y, p, *args, **kwargs: g)


@implements(np.diff)
def _diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    if n < 0:
        raise ValueError(f"diff: the order n must not be negative, got {n}")
    a = as_array_or_tensor(a)
    ends = [_as_slab(a, end, axis) for end in (prepend, append)]
    parts = [part for part in (ends[0], a, ends[1]) if part is not None]
    a = np.moveaxis(np.concatenate(parts, axis) if len(parts) > 1 and n else a, axis, 0)
    difference = np.not_equal if a.dtype == bool else np.subtract
    for _ in range(n):
        a = difference(a[1:], a[:-1])
    return np.moveaxis(a, 0, axis)


def _as_slab(a: Any, end: Any, axis: int) -> Any:
    """Return the array to put before or after `a`. A number becomes a slab of length one."""
    if end is None or np.ndim(end):
        return end
    end = constant_like(end, a)
    return np.broadcast_to(
        end, tuple(1 if i == axis % a.ndim else n for i, n in enumerate(a.shape))
    )


@implements(np.ediff1d)
def _ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    flat = np.ravel(ary)
    ends = [None if end is None else as_array_or_tensor(end) for end in (to_begin, to_end)]
    if not all(end is None or np.can_cast(end.dtype, flat.dtype, "same_kind") for end in ends):
        raise TypeError(
            f"ediff1d: to_begin and to_end must have a dtype that can be converted to {flat.dtype}"
        )
    ends = [None if end is None else np.ravel(in_dtype(end, flat.dtype)) for end in ends]
    parts = [part for part in (ends[0], flat[1:] - flat[:-1], ends[1]) if part is not None]
    return np.concatenate(parts) if len(parts) > 1 else parts[0]


@implements(np.gradient)
def _gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """Return slopes of neighbouring samples along each axis [Fornberg 1988, table of weights]."""
    f = in_float(as_array_or_tensor(f))
    axes = axes_of(f, axis)
    spacings = list(varargs) or [1.0]
    spacings = spacings * len(axes) if len(spacings) == 1 else spacings
    if len(spacings) != len(axes):
        raise TypeError(
            f"gradient: pass one spacing, or one for each of the {len(axes)} axes, got "
            f"{len(varargs)}"
        )
    if edge_order not in (1, 2):
        raise ValueError(f"gradient: edge_order must be 1 or 2, got {edge_order}")
    found = tuple(_slopes(f, h, i, edge_order) for h, i in zip(spacings, axes))
    return found[0] if len(found) == 1 else found


def _slopes(f: Any, spacing: Any, axis: int, edge_order: int) -> Any:
    f, spacing = np.moveaxis(f, axis, 0), in_float(as_array_or_tensor(spacing))
    n = len(f)
    if n < edge_order + 1:
        raise ValueError(f"gradient: axis {axis} needs at least {edge_order + 1} samples, got {n}")
    if np.ndim(spacing) and len(spacing) != n:
        raise ValueError(
            f"gradient: got {len(spacing)} coordinates for {n} samples along axis {axis}"
        )
    if not np.ndim(spacing):
        spacing = constant_like(spacing, f)
    h = spacing[1:] - spacing[:-1] if np.ndim(spacing) else np.broadcast_to(spacing, (n - 1,))
    h = np.reshape(h, (-1,) + (1,) * (f.ndim - 1))
    slope = (f[1:] - f[:-1]) / h
    # The slope of the parabola through three samples. If the steps are equal, the weight of the
    # middle sample is 0, so it must not enter: it may be nan.
    inner = (f[2:] - f[:-2]) / (h[1:] + h[:-1])
    if np.ndim(spacing):
        weighted = (slope[:-1] * h[1:] + slope[1:] * h[:-1]) / (h[1:] + h[:-1])
        constant = not isinstance(spacing, TensorBase)
        inner = np.where(np.all(h == h[:1]), inner, weighted) if constant else weighted
    first, last = slope[:1], slope[-1:]
    if edge_order == 2:  # the slopes of the outer parabolas at the edges
        first = first + (slope[:1] - slope[1:2]) * h[:1] / (h[:1] + h[1:2])
        last = last + (slope[-1:] - slope[-2:-1]) * h[-1:] / (h[-1:] + h[-2:-1])
    return np.moveaxis(in_dtype(np.concatenate([first, inner, last]), f.dtype), 0, axis)


def _trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """Sum the means of neighbours, times their distances."""
    y = np.moveaxis(y, axis, -1)
    if x is not None:
        dx = _diff(x) if np.ndim(x) == 1 else _diff(np.moveaxis(x, axis, -1))
    return (dx * (y[..., 1:] + y[..., :-1]) / 2.0).sum(axis=-1)


implements(*(getattr(np, name) for name in ("trapezoid", "trapz") if name in np.__all__))(
    _trapezoid
)


@implements(np.interp)
def _interp(
    x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None
) -> Any:
    """Return the value at each point on the line between the two samples around it."""
    if period is not None:
        raise TypeError("interp: period= has no derivative rule. Call np.mod(x, period) first.")
    if not np.size(x) and len(xp) == len(fp):  # no points need no samples
        return as_array_or_tensor(x).astype(np.dtype(float))
    if len(xp) != len(fp) or len(xp) < 2:
        raise ValueError(
            f"interp: xp and fp need equal lengths, at least 2, got {len(xp)} and {len(fp)}"
        )
    x, xp, fp = (as_array_or_tensor(v).astype(np.dtype(float)) for v in (x, xp, fp))
    i = np.clip(np.searchsorted(xp, x, side="right") - 1, 0, len(xp) - 2)
    (x0, x1), (y0, y1) = ([getitem(v, j) for j in (i, i + 1)] for v in (xp, fp))
    y = y0 + (y1 - y0) / (x1 - x0) * (x - x0)
    y = np.where(np.less(x, xp[0]), fp[0] if left is None else left, y)
    return np.where(np.greater(x, xp[-1]), fp[-1] if right is None else right, y)


# y_k = Σ_j a_j v_{k-j}; the derivative with respect to a_j runs over v in the other direction.
convolve = primitive(
    lambda a, v: np.convolve(a, v),
    lambda g, y, a, v: np.correlate(g, v, "valid"),
    lambda g, y, a, v: np.correlate(g, a, "valid"),
    name="convolve",
    implements="convolve",
)


@implements(np.convolve)
def _convolve(a: Any, v: Any, mode: str = "full") -> Any:
    a, v = np.atleast_1d(as_array_or_tensor(a)), np.atleast_1d(as_array_or_tensor(v))
    n, m = sorted((np.size(a), np.size(v)))
    full = convolve(a, v)
    if mode == "full":
        return full
    if mode == "valid":
        return full[n - 1 : m]
    if mode == "same":
        return full[(n - 1) // 2 : (n - 1) // 2 + m]
    raise ValueError(f"convolve: mode must be 'full', 'same' or 'valid', got {mode!r}")


@implements(np.correlate)
def _correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    a, v = as_array_or_tensor(a), as_array_or_tensor(v)
    if np.size(v) > np.size(a):  # NumPy swaps the two and reverses the result
        return _correlate(v, a, mode)[::-1]
    return _convolve(a, v[::-1], mode)


@implements(np.linspace)
def _linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
    *,
    device: Any = None,
) -> Any:
    """Interpolate between start and stop, by NumPy's steps from 0 to 1."""
    start, stop = as_operand(start), as_operand(stop)
    working = np.result_type(start, stop, 1.0)
    start, stop = in_dtype(start, working), in_dtype(stop, working)
    share, step = np.linspace(0.0, 1.0, num, endpoint, retstep=True)
    share = np.reshape(share, (-1,) + (1,) * np.ndim(start - stop)).astype(working)
    start, stop, share = (constant_like(x, start - stop) for x in (start, stop, share))
    y = np.moveaxis(start * (1 - share) + stop * share, 0, axis)
    y = y if dtype is None else y.astype(np.dtype(dtype))
    return (y, (stop - start) * float(step)) if retstep else y


@implements(np.logspace)
def _logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10.0,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    y = np.power(base, _linspace(start, stop, num, endpoint, axis=axis))
    return y if dtype is None else y.astype(np.dtype(dtype))


@implements(np.vander)
def _vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    """Return a matrix with a column for each power of x."""
    powers = np.arange(len(x) if N is None else N).astype(np.promote_types(x.dtype, int))
    powers = constant_like(powers, x)
    return x[:, None] ** (powers if increasing else powers[::-1])


@implements(np.polyval)
def _polyval(p: Any, x: Any) -> Any:
    """Apply Horner's rule: the first coefficient is that of the highest power."""
    x = as_array_or_tensor(x)
    y = x * np.zeros((), x.dtype)
    for c in as_array_or_tensor(p):
        y = y * x + c
    return y
