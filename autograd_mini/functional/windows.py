"""Windows of images, for convolution and pooling: checks of their options, and their entries."""

from __future__ import annotations

from math import prod
from operator import index
from typing import Any, NamedTuple

import numpy as np

from ..core.arrays import Array
from ..ops.convolution import count_places


class Windows(NamedTuple):
    """Where the windows lie: for each spatial axis, a length, a step, and so on."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]  #: (before, after)
    dilation: tuple[int, ...]

    @property
    def size(self) -> int:
        """The number of entries of a window."""
        return prod(self.kernel)


def windows_of(kernel: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1) -> Windows:
    """Return the windows of a kernel, or raise TypeError or ValueError."""
    n = len(kernel)
    stride, dilation = per_axis("stride", stride, n, 1), per_axis("dilation", dilation, n, 1)
    return Windows(kernel, stride, _sides(padding, kernel, stride, dilation), dilation)


def windows_over(
    x: Array, kernel: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1
) -> Windows:
    """Return the windows over the last axes of `x`, or raise ValueError if none fits."""
    return require_fit(x, windows_of(kernel, stride, padding, dilation))


def require_fit(x: Array, windows: Windows) -> Windows:
    """Return the windows, or raise ValueError if none fits into the last axes of `x`."""
    kernel, _, padding, dilation = windows
    for length, k, (before, after), d in zip(x.shape[-len(kernel) :], kernel, padding, dilation):
        if (span := d * (k - 1) + 1) > length + before + after:
            raise ValueError(
                f"a window of length {span} does not fit into the padded input, which has length "
                f"{length + before + after}. Use a smaller kernel or dilation, or pad more."
            )
    return windows


def places_of(x: Array, windows: Windows) -> tuple[int, ...]:
    """Return the number of windows along each of the last axes of `x`."""
    lengths = x.shape[-len(windows.kernel) :]
    return tuple(count_places(lengths, *windows))


def entries_of_windows(x: Array, windows: Windows, value: float = 0) -> Array:
    """Compute the entries of all windows with primitives. The shape is (N, C, *places, *kernel)."""
    n, (kernel, stride, padding, dilation) = len(windows.kernel), windows
    if any(map(any, padding)):
        x = np.pad(x, ((0, 0), (0, 0), *padding), constant_values=value)
    spans = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation))
    x = np.lib.stride_tricks.sliding_window_view(x, spans, tuple(range(2, n + 2)))
    steps = (1, 1, *stride, *(dilation if max(dilation) > 1 else ()))
    if max(steps) > 1:
        x = x[tuple(slice(None, None, s if s > 1 else None) for s in steps)]
    return x


def per_axis(name: str, value: Any, n: int, least: int) -> tuple[int, ...]:
    """Return an option as a tuple of `n` integers, or raise TypeError or ValueError."""
    several = isinstance(value, (tuple, list))
    try:
        found = tuple(map(index, value)) if several else (index(value),) * n
    except TypeError:
        raise TypeError(f"{name} must be {_integers(n)}, got {value!r}.") from None
    if len(found) == 1:
        found *= n
    if len(found) != n or min(found) < least:
        each = "each " if n > 1 else ""
        raise ValueError(f"{name} must be {_integers(n)}, {each}at least {least}, got {value!r}.")
    return found


def _integers(n: int) -> str:
    return "an integer" if n == 1 else f"an integer or {n} integers"


def _sides(padding: Any, kernel: Any, stride: Any, dilation: Any) -> tuple[tuple[int, int], ...]:
    """Return the padding before and after each axis. "same" adds the odd entry at the end."""
    if not isinstance(padding, str):
        return tuple((p, p) for p in per_axis("padding", padding, len(kernel), 0))
    if padding == "valid":
        return ((0, 0),) * len(kernel)
    if padding != "same":
        raise ValueError(f'padding must be integers, "valid" or "same", got {padding!r}.')
    if max(stride) > 1:
        raise ValueError(f'padding="same" needs stride 1, got {stride}. Pass a number as padding.')
    totals = [d * (k - 1) for k, d in zip(kernel, dilation)]
    return tuple((total // 2, total - total // 2) for total in totals)


def batched(x: Array, n: int) -> Array:
    """Return images with a batch axis. It is added to a single image, of `n` spatial axes."""
    return x if x.ndim == n + 2 else x.reshape(1, *x.shape)
