"""Convolution: windows as a matrix, the rule, and max-pooling.

C is the number of channels of an image, and H and W are its height and width.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from ..core.arrays import unwrap
from ..functional.convolution import conv1d, conv2d
from ..functional.pooling import max_pool2d
from .case import Array, Case, pull_back, rule_case
from .exercise import exercise


def _normal(seed: int, *shape: int) -> Array:
    return np.random.default_rng(200 + seed).normal(size=shape)


# ---- im2col -------------------------------------------------------------------------------------


def _columns(x: Any, size: Any, stride: Any = 1, padding: Any = 0) -> Any:
    """Return the windows as rows: a convolution with a one-hot kernel copies one entry of each."""
    n = len(x) * size[0] * size[1]
    copies = conv2d(x[None], np.eye(n).reshape(n, len(x), *size), None, stride, padding)
    return copies.reshape(n, -1).T


def _mistaken_windows(x: Array, kh: int, kw: int, stride: int) -> dict[str, Any]:
    """Return the results with other windows: other sizes, other steps, or over the edge."""
    windows = partial(_columns, x, (kh, kw))
    return {
        "You did not use the stride. The next window starts `stride` entries further.": windows(1),
        "Your windows do not overlap. The next window starts `stride` entries further, however "
        "large a window is.": windows((kh, kw)),
        "You used the stride in only one direction. Use it both to the right and downwards.": [
            unwrap(windows(s)) for s in ((stride, 1), (1, stride))
        ],
        "You exchanged kh and kw. A window is kh entries high and kw entries wide.": _columns(
            x, (kw, kh), stride
        ),
        "Your windows reach over the edge of x. This task has no padding.": [
            unwrap(windows(stride, p)) for p in ((kh // 2, kw // 2), (kh - 1, kw - 1))
        ],
    }


def _mistaken_order(x: Array, rows: Array, shape: tuple[int, ...]) -> dict[str, Any]:
    """Return the right windows in wrong orders, or not all of them.

    `shape` is (windows downwards, windows to the right, C, kh, kw).
    """
    windows = rows.reshape(shape)
    cut = [] if x.size % rows.shape[1] else [x.reshape(-1, rows.shape[1])]
    last = "The last windows are missing. If x is as high as a window, one window fits, not 0"
    return {
        "The windows are in the wrong order. Move to the right first, and then down.": (
            windows.transpose(1, 0, 2, 3, 4).reshape(rows.shape)
        ),
        "In your rows, the channels of an entry are next to each other. But a row needs the whole "
        "channel 0 first, and then the whole channel 1.": windows.transpose(0, 1, 3, 4, 2).reshape(
            rows.shape
        ),
        "The axis of the channels is in front. Move it behind the axes of the positions before you "
        "reshape.": windows.transpose(2, 0, 1, 3, 4).reshape(rows.shape),
        "In your answer, each channel has separate rows. A window contains all channels, so put "
        "them into the same row.": [
            windows.transpose(axes).reshape(-1, shape[3] * shape[4])
            for axes in ((2, 0, 1, 3, 4), (0, 1, 2, 3, 4))
        ],
        "You flattened each window column by column. Go through it row by row.": (
            windows.transpose(0, 1, 2, 4, 3).reshape(rows.shape)
        ),
        "A reshape only cuts one long list of entries. A window is a part of several rows of x, "
        "and windows overlap.": cut,
        "You reversed the windows. Copy them as they are.": (
            windows[..., ::-1, ::-1].reshape(rows.shape)
        ),
        f"{last}.": [
            part.reshape(-1, rows.shape[1])
            for part in (windows[:-1, :-1], windows[:-1], windows[:, :-1])
        ],
        "You added up the channels. The kernel has a weight for each channel, so keep them "
        "all.": windows.sum(axis=2).reshape(len(rows), -1),
        "You took only one channel. A window contains all of them.": [
            windows[:, :, c].reshape(len(rows), -1) for c in (0, -1)
        ],
        "You added up each window. Keep its entries: a kernel has a weight for each.": (
            rows.sum(axis=1)
        ),
    }


@exercise(
    "Take an image of 3 by 4 entries and windows of 2 by 2. Write down the first two windows. "
    "Which entries do they share?",
    "How many windows fit downwards and to the right? The first one starts at 0, and the last one "
    "has to end inside of x.",
    "Loop over the starts of the windows, cut each window out of all channels with two slices, and "
    "flatten it. Stack the results.",
)
def im2col() -> Iterator[Case]:
    """im2col: the windows of an image, one in each row of a matrix

    With this matrix, a convolution is one matrix product. x is an image of shape (C, H, W), and a
    window has shape (C, kh, kw). All windows are inside of x. In both directions, they
    start at 0, `stride`, 2·`stride`, ... Go from left to right, and then down. Flatten a window in
    NumPy's order: channel by channel, and each channel row by row.

        def im2col(x, kh, kw, stride):
            return ...               # of shape (number of windows, C·kh·kw)
    """
    tasks = [((1, 3, 4), 2, 2, 1), ((2, 4, 5), 3, 2, 1), ((2, 4, 5), 2, 3, 2), ((2, 3, 3), 1, 1, 2)]
    for seed, (shape, kh, kw, stride) in enumerate(tasks):
        x = _normal(seed, *shape)
        rows = unwrap(_columns(x, (kh, kw), stride))
        across = unwrap(_columns(x[:, :kh], (kh, kw), stride)).shape[0]
        mistakes = _mistaken_order(x, rows, (len(rows) // across, across, len(x), kh, kw))
        mistakes = {**_mistaken_windows(x, kh, kw, stride), **mistakes}
        given = {"x": x, "kh": kh, "kw": kw, "stride": stride}
        mistakes = {t: r if isinstance(r, list) else unwrap(r) for t, r in mistakes.items()}
        yield Case(given, {"windows": rows}).with_misconceptions("windows", mistakes)


# ---- the rule of a convolution ------------------------------------------------------------------


def _slide(x: Any, w: Any) -> Any:
    return conv1d(x[None, None], w[None, None])[0, 0]


@exercise(
    "Write out y for 4 entries of x and 2 entries of w. In which entries of y is x_1 used, and "
    "with which weights? By which entries of x is w_0 multiplied?",
    "w_j is multiplied by x_{t+j} in y_t, for every t. So ∂L/∂w_j is a sum over t: g slides "
    "over x like a kernel.",
    "x_s is used in y_{s-j}, with the weight w_j. If j increases, the index of y decreases. So the "
    "kernel is reversed. Entries near the ends are used less often than those in the middle.",
    "np.convolve reverses its second argument, and np.correlate does not. Choose one for each "
    'gradient, and one of the modes "full" and "valid". Or add up the contributions in a loop over '
    "t.",
)
def convolution_rule() -> Iterator[Case]:
    """The rule of a convolution: y_t = Σ_j w_j x_{t+j}

    There is one channel and one dimension. x has shape (n,), and the kernel w has shape (k,). The
    kernel stays inside of x, so y and g = ∂L/∂y have shape (n - k + 1,).

        def convolution_rule(g, y, x, w):
            return ..., ...          # ∂L/∂x of shape (n,), ∂L/∂w of shape (k,)
    """
    for seed, (n, k) in enumerate([(5, 2), (6, 3), (4, 4), (7, 1)]):
        x, w = _normal(seed, n), _normal(seed + 10, k)
        case = rule_case(_slide, "x w", seed, x=x, w=w)
        g = case.given["g"]
        by_x, by_w = case.expected.values()
        starts = np.arange(len(g))
        last_use = np.zeros(n)
        for t in starts:
            last_use[t : t + k] = g[t] * w
        case = case.with_misconceptions(
            "∂L/∂x",
            {
                "The kernel has the wrong direction. x_s has the weight w_j in y_{s-j}: if j "
                "increases, the index of y decreases.": pull_back(_slide, g, x, w[::-1])[0],
                "Only the last use of each entry counts in your result. Windows overlap, so add up "
                "the contributions of all windows.": last_use,
                "The entries near the ends of x are missing. They are in fewer windows than the "
                "others, but they are used too.": [
                    by_x[k - 1 : n - k + 1],
                    by_x[: len(g)],
                    by_x[k - 1 :],
                    pull_back(_slide, g, x, w[::-1])[0][k - 1 : n - k + 1],
                ],
                "You added up all weights. An entry near the ends is multiplied by only some of "
                "them, and each belongs to another entry of g.": np.full(n, g.sum() * w.sum()),
            },
        )
        yield case.with_misconceptions(
            "∂L/∂w",
            {
                "The gradient of the kernel is in reverse order. In y_t, w_j is multiplied by "
                "x_{t+j}: the indices of x and w increase together.": by_w[::-1],
                "You reversed one of two sequences. ∂L/∂w_j is a sum over t, where the indices of "
                "x and g increase together.": pull_back(_slide, g[::-1], x, w)[1],
                "You used only one window. The kernel is used in every window, so add up all "
                "contributions.": [g[0] * x[:k], g[-1] * x[-k:]],
                "You added up g first. But each entry of g belongs to one window of x.": [
                    np.full(k, g.sum() * x.sum()),
                    g.sum() * x[:k],
                ],
                "You took the mean over the windows. Add up their contributions.": by_w / len(g),
            },
        )


# ---- max-pooling --------------------------------------------------------------------------------


def _pooled(x: Any, k: int, stride: int) -> Any:
    return max_pool2d(x[None, None], k, stride)[0, 0]


def _mistaken_pooling(g: Array, y: Array, x: Array, k: int, stride: int) -> dict[str, Any]:
    """Return the common mistakes in the rule of max-pooling."""

    def spread(weights: Array) -> Any:
        """Return ∂L/∂x if the entries of each window had these weights in y."""
        back = partial(_columns, size=(k, k), stride=stride)
        return pull_back(lambda x: back(x[None]), g.reshape(-1, 1) * weights, x)[0]

    def pooled(g: Array, x: Array) -> Any:
        return pull_back(lambda x: _pooled(x, k, stride), g, x)[0]

    def put(rows: Array, columns: Array) -> Any:
        """Return ∂L/∂x if the gradients belonged to the entries in these rows and columns."""
        places = (rows * x.shape[1] + columns).astype(int).ravel()
        return np.bincount(places, g.ravel(), x.size)[: x.size].reshape(x.shape)

    windows = unwrap(_columns(x[None], (k, k), stride))
    largest = windows.argmax(axis=1).reshape(g.shape)
    is_largest = windows == y.reshape(-1, 1)
    i, j = np.indices(g.shape)
    row, column = np.divmod(largest, k)
    top, left = i * stride, j * stride
    overwritten = np.zeros(x.shape)
    overwritten[top + row, left + column] = g
    return {
        "Every entry of a window that equals the maximum got the whole gradient. In a tie, the "
        "first entry gets it, and the others get 0.": spread(is_largest),
        "You shared the gradient among equal entries. In a tie, the first entry gets it all.": (
            spread(is_largest / is_largest.sum(axis=1, keepdims=True))
        ),
        "In a tie, you took the last entry. Take the first one.": np.flip(
            pooled(np.flip(g), np.flip(x))
        ),
        "In a tie, you took the first entry column by column. Go row by row.": pooled(g.T, x.T).T,
        "Only the last window counts in your result. Windows overlap, so an entry may be the "
        "maximum of several windows. Add up their gradients.": overwritten,
        "This is the rule of the mean. The other entries of a window do not affect the "
        "maximum.": spread(np.full(k * k, 1 / k**2)),
        "Every entry of a window got the gradient of the window. But only the largest entry "
        "affects the maximum.": spread(np.ones(k * k)),
        "You took the smallest entry of each window.": -pooled(-g, -x),
        "You multiplied by the maximum. Its local derivative is 1, whatever its value is.": (
            pooled(g * y, x)
        ),
        "You exchanged row and column inside of the windows.": put(top + column, left + row),
        "You used the position inside of the window as a position in x. Add the start of the "
        "window.": [put(row, column), put(row, left + column), put(top + row, column)],
        "Your gradients are at the start of the windows. Add the position of the maximum inside of "
        "the window.": [put(top, left), put(top, left + column), put(top + row, left)],
        "The stride is missing: window (i, j) starts at row i·stride and column j·stride.": [
            put(i + row, j + column),
            put(i + row, left + column),
            put(top + row, j + column),
        ],
    }


@exercise(
    "Change one entry of a window a little. When does the maximum change, and by how much?",
    "The gradient of a window goes to one entry. np.argmax finds its position in the flattened "
    "window: the first one, if several are equal. np.unravel_index or divmod gives its row and "
    "column.",
    "Windows that overlap may have the same largest entry. Start from zeros, and add.",
)
def max_pool_rule() -> Iterator[Case]:
    """The rule of max-pooling

    y contains the maximum of each window of k by k entries of x. Window (i, j) starts at row
    i·stride and column j·stride. If several entries are equal to the maximum, the gradient goes to
    the first one. The order is row by row. x has shape (H, W). y and g = ∂L/∂y have one entry for
    each window.

        def max_pool_rule(g, y, x, k, stride):
            return ...               # ∂L/∂x, of shape (H, W)
    """
    ties = np.array([[0.0, 0.0, 2.0, 1.0], [0.0, 0.0, 1.0, 2.0], [3.0, 1.0, 2.0, 0.0]])
    tasks = [
        (_normal(40, 4, 6), 2, 2),
        (_normal(41, 4, 4), 3, 1),
        (_normal(42, 5, 7), 2, 3),
        (np.maximum(ties, 0), 2, 1),
    ]
    for seed, (x, k, stride) in enumerate(tasks):
        case = rule_case(_pooled, "x", seed, x=x, k=k, stride=stride)
        yield case.with_misconceptions("∂L/∂x", _mistaken_pooling(*case.given.values()))
