"""Convolution and pooling from their definitions, window by window."""

import itertools

import numpy as np


def each_window(x, kernel, stride, padding, dilation):
    """Yield each place, and the part of a padded array that the window there sees."""
    n = len(kernel)
    lengths = [range(0, m - d * (k - 1), s)
               for m, k, s, d in zip(x.shape[-n:], kernel, stride, dilation)]  # fmt: skip
    for place in itertools.product(*map(enumerate, lengths)):
        index, starts = zip(*place)
        parts = [slice(i, i + d * (k - 1) + 1, d) for i, k, d in zip(starts, kernel, dilation)]
        yield index, x[(..., *parts)]


def _conv(x, w, stride, padding, dilation, groups):
    """Compute a convolution from its definition, window by window."""
    n, size = w.ndim - 2, len(w) // groups
    x = np.pad(x, [(0, 0), (0, 0), *padding])
    places = {index for index, _ in each_window(x, w.shape[2:], stride, padding, dilation)}
    y = np.zeros((len(x), len(w), *(1 + max(axis) for axis in zip(*places))), x.dtype)
    for index, part in each_window(x, w.shape[2:], stride, padding, dilation):
        for i, o in np.ndindex(len(x), len(w)):
            group = part[i].reshape(groups, -1, *part.shape[-n:])[o // size]
            y[(i, o, *index)] = np.sum(group * w[o])
    return y


def _conv_input(g, w, lengths, stride, padding, dilation, groups):
    """Add up what each window of an array of zeros receives."""
    size = len(w) // groups
    x = np.zeros((len(g), w.shape[1] * groups, *lengths), g.dtype)
    wide = np.pad(x, [(0, 0), (0, 0), *padding])
    for index, part in each_window(wide, w.shape[2:], stride, padding, dilation):
        for i, o in np.ndindex(len(g), len(w)):
            first = (o // size) * w.shape[1]
            part[i, first : first + w.shape[1]] += g[(i, o, *index)] * w[o]
    inside = [slice(before, before + m) for (before, _), m in zip(padding, lengths)]
    return wide[(..., *inside)]


def _conv_weight(x, g, kernel, stride, padding, dilation, groups):
    """Add up the windows, each times the cotangents of its outputs."""
    channels, size = x.shape[1] // groups, g.shape[1] // groups
    w = np.zeros((g.shape[1], channels, *kernel), x.dtype)
    x = np.pad(x, [(0, 0), (0, 0), *padding])
    for index, part in each_window(x, kernel, stride, padding, dilation):
        for i, o in np.ndindex(*g.shape[:2]):
            first = (o // size) * channels
            w[o] += g[(i, o, *index)] * part[i, first : first + channels]
    return w


def _spread_windows(g, number, shape, kernel, stride, padding, dilation):
    x = np.pad(np.zeros(shape, g.dtype), [(0, 0)] * (len(shape) - 2) + [*padding])
    entries = np.arange(np.prod(kernel)).reshape(kernel)
    for index, part in each_window(x, kernel, stride, padding, dilation):
        here = (..., *index)
        chosen = number is None or np.array(number)[here][..., None, None] == entries
        part += g[here][..., None, None] * np.ones(kernel, g.dtype) * chosen
    inside = [slice(before, before + m) for (before, _), m in zip(padding, shape[-2:])]
    return x[(..., *inside)]


def _gather_windows(x, number, kernel, stride, padding, dilation):
    x = np.pad(x, [(0, 0)] * (x.ndim - 2) + [*padding])
    entries, found = np.arange(np.prod(kernel)).reshape(kernel), {}
    for index, part in each_window(x, kernel, stride, padding, dilation):
        chosen = number is None or np.array(number)[(..., *index)][..., None, None] == entries
        found[index] = np.sum(part * chosen, axis=(-2, -1), dtype=x.dtype)
    rows, columns = (1 + max(axis) for axis in zip(*found))
    y = np.stack([found[index] for index in np.ndindex(rows, columns)], axis=-1)
    return y.reshape(*x.shape[:-2], rows, columns)


DEFINITIONS = {
    "conv": _conv, "conv_input": _conv_input, "conv_weight": _conv_weight,
    "spread_windows": _spread_windows, "gather_windows": _gather_windows,
}  # fmt: skip
