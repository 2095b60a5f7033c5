"""Wrong answers to the exercises on convolution, sequences and attention.

Each has a pattern of the diagnosis that it must get.
"""

import numpy as np

import autograd_mini as ag
from tests.exercises.solutions import (
    attention_rule,
    batch_norm_rule,
    causal_mask,
    convolution_rule,
    embedding_rule,
    im2col,
    lstm_cell,
    max_pool_rule,
    rms_norm_rule,
    sampling,
)
from tests.exercises.solutions import stable_softmax as softmax

NO_UPSTREAM = "did not multiply by g, the gradient of the result"
SIGN = "Only the sign is wrong"
ORDER = "The results are in the wrong order"


def windows(x, kh, kw, stride, flatten=np.ravel, down=None, last=0, columns_first=False):
    """Cut windows out of x, with some choices that the task does not allow."""
    starts = [
        (i, j)
        for i in range(0, x.shape[1] - kh + 1 - last, down or stride)
        for j in range(0, x.shape[2] - kw + 1 - last, stride)
    ]
    if columns_first:
        starts.sort(key=lambda start: start[::-1])
    return np.array([flatten(x[:, i : i + kh, j : j + kw]) for i, j in starts])


def padded(x, kh, kw, stride):
    x = np.pad(x, [(0, 0), (kh - 1, kh - 1), (kw - 1, kw - 1)])
    return windows(x, kh, kw, stride)


def overlapping(g, w, n, add):
    dx = np.zeros(n)
    for t in range(len(g)):
        part = slice(t, t + len(w))
        dx[part] = dx[part] + g[t] * w if add else g[t] * w
    return dx


def pooling(chosen, value=lambda g, y: g, add=True, local=False):
    """Return a rule of pooling that gives ``value`` to the entries of a window that are chosen."""

    def rule(g, y, x, k, stride):
        dx = np.zeros_like(x)
        for i, j in np.ndindex(g.shape):
            rows = slice(0, k) if local else slice(i * stride, i * stride + k)
            columns = slice(0, k) if local else slice(j * stride, j * stride + k)
            window = x[i * stride : i * stride + k, j * stride : j * stride + k]
            weights = chosen(window, y[i, j]).reshape(k, k)
            new = weights * value(g[i, j], y[i, j])
            dx[rows, columns] = (
                dx[rows, columns] + new if add else np.where(weights, new, dx[rows, columns])
            )
        return dx

    return rule


def pool_at(position):
    """Return a rule of pooling that adds each gradient at another position."""

    def rule(g, y, x, k, stride):
        dx = np.zeros_like(x)
        for i, j in np.ndindex(g.shape):
            window = x[i * stride : i * stride + k, j * stride : j * stride + k]
            dx[position(i, j, *divmod(window.argmax(), k), stride)] += g[i, j]
        return dx

    return rule


def one_hot(place, n):
    return np.arange(n) == place


def largest(window, y):
    return one_hot(window.argmax(), window.size)


def last_of_equals(window, y):
    return one_hot(window.size - 1 - window.ravel()[::-1].argmax(), window.size)


def equals(window, y):
    return window == y


def batch_norm(mean=True, variance=True, sums=False, ddof=0, axis=0, sign=1.0, use_weight=True):
    """Return a rule of batch normalisation with parts missing or wrong, for x only."""

    def rule(g, y, x, weight, bias, eps):
        _, by_weight, by_bias = batch_norm_rule(g, y, x, weight, bias, eps)
        options = {"axis": axis, "keepdims": True}
        root = np.sqrt(x.var(**options, ddof=ddof) + eps)
        normal = (x - x.mean(**options)) / root
        h = g * weight if use_weight else g
        average = np.sum if sums else np.mean
        dx = h - mean * average(h, **options)
        dx = dx - variance * sign * normal * average(h * normal, **options)
        return dx / root, by_weight, by_bias

    return rule


def batch_norm_with(factor):
    """Return a rule of batch normalisation with another factor than x̂ in the last term of x."""

    def rule(g, y, x, weight, bias, eps):
        _, by_weight, by_bias = batch_norm_rule(g, y, x, weight, bias, eps)
        root = np.sqrt(x.var(axis=0) + eps)
        normal = (x - x.mean(axis=0)) / root
        h = g * weight
        last = factor(y, x, normal) * (h * normal).mean(axis=0)
        return (h - h.mean(axis=0) - last) / root, by_weight, by_bias

    return rule


def batch_norm_with_centred_x(g, y, x, weight, bias, eps):
    _, by_weight, by_bias = batch_norm_rule(g, y, x, weight, bias, eps)
    root = np.sqrt(x.var(axis=0) + eps)
    centred = x - x.mean(axis=0)
    h = g * weight
    dx = (h - h.mean(axis=0)) / root - centred * (h * centred).mean(axis=0) / root
    return dx, by_weight, by_bias


def in_batch_norm(n, wrong):
    """Return the rule of batch normalisation with result number `n` replaced."""

    def rule(g, y, x, weight, bias, eps):
        results = list(batch_norm_rule(g, y, x, weight, bias, eps))
        results[n] = wrong(g, y, x, weight, bias, eps)
        return tuple(results)

    return rule


def divided_by_root(x, eps):
    return (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps)


def scattered(g, y, ids, weight):
    dw = np.zeros_like(weight)
    dw[ids] = g
    return dw


def scattered_backwards(g, y, ids, weight):
    dw = np.zeros_like(weight)
    for token, vector in list(zip(ids.ravel(), g.reshape(ids.size, -1)))[::-1]:
        dw[token] = vector
    return dw


def increased(g, y, ids, weight):
    dw = np.zeros_like(weight)
    dw[ids] += g
    return dw


def averaged(g, y, ids, weight):
    counts = np.bincount(ids.ravel(), minlength=len(weight))
    return embedding_rule(g, y, ids, weight) / np.maximum(counts, 1)[:, None]


def used_rows_only(g, y, ids, weight):
    return embedding_rule(g, y, ids, weight)[np.unique(ids)]


def up_to_the_largest(g, y, ids, weight):
    return embedding_rule(g, y, ids, np.zeros((ids.max() + 1, weight.shape[1])))


def by_place(g, y, ids, weight):
    return embedding_rule(g, y, np.arange(ids.size).reshape(ids.shape), weight)


def lstm(total=lambda gh, gc, o, t: gh * o * (1 - t**2) + gc, **replaced):
    """Return a rule of a cell with another gradient of c', or with other factors of it."""

    def rule(gh, gc, c, i, f, z, o):
        new = f * c + i * z
        t = np.tanh(new)
        g = total(gh, gc, o, t)
        results = {"c": g * f, "i": g * z, "f": g * c, "z": g * i, "o": gh * t}
        names = {"g": g, "gh": gh, "gc": gc, "c": c, "i": i, "f": f, "z": z, "o": o, "new": new}
        for name, wrong in replaced.items():
            results[name] = wrong(**names)
        return tuple(results.values())

    return rule


def lstm_at_the_old_state(gh, gc, c, i, f, z, o):
    g = gh * o * (1 - np.tanh(c) ** 2) + gc
    return g * f, g * z, g * c, g * i, gh * np.tanh(f * c + i * z)


def masked(s, mask, value=-np.inf):
    return np.where(mask(np.ones(s.shape[-2:], dtype=bool)), s, value)


def causal_by_product(s):
    past = np.tri(s.shape[-1])
    return softmax(s * past + (1 - past) * -np.inf)


def over_queries(s):
    return np.swapaxes(softmax(np.swapaxes(masked(s, np.tril), -1, -2)), -1, -2)


def attention(rule=None, root=lambda d: d**0.5, weigh=softmax, **replaced):
    """Return a rule of attention with another rule of softmax or other products."""

    def answer(g, y, q, k, v):
        r = root(q.shape[-1])
        p = weigh(q @ k.T / r)
        dp = g @ v.T
        ds = (rule or (lambda dp, p: p * (dp - (dp * p).sum(axis=-1, keepdims=True))))(dp, p)
        results = {"q": ds @ k / r, "k": ds.T @ q / r, "v": p.T @ g}
        for name, wrong in replaced.items():
            results[name] = wrong(g=g, q=q, k=k, v=v, p=p, ds=ds, r=r)
        return tuple(results.values())

    return answer


def scaled_only_in_the_rule(g, y, q, k, v):
    root = np.sqrt(q.shape[-1])
    by_q, by_k, by_v = attention(root=lambda d: 1.0)(g, y, q, k, v)
    return by_q / root, by_k / root, by_v


def square_only(wrong):
    """Return `wrong` for as many keys as queries, and the solution for other shapes."""

    def answer(g, y, q, k, v):
        return (wrong if len(q) == len(k) else attention_rule)(g, y, q, k, v)

    return answer


def rms_norm(root=True, sums=False, sign=1.0, axis=-1, inside=np.mean, centred=False):
    """Return a rule of RMSNorm with parts missing or wrong."""

    def rule(g, y, x, eps):
        options = {"axis": axis, "keepdims": True}
        x = x - x.mean(**options) if centred else x
        r = np.sqrt(inside(x**2, **options) + eps)
        y = x / r
        average = np.sum if sums else np.mean
        d = g - root * sign * y * average(g * y, **options)
        return (d - d.mean(**options) if centred else d) / r

    return rule


def drawn(p, u):
    return (np.cumsum(p, axis=-1) > u[:, None]).argmax(axis=-1)


def drawn_without_an_axis(z, temperature, u):
    ends = np.cumsum(softmax(z / temperature), axis=-1)
    return (ends > u).argmax(axis=-1)


def naive(z):
    return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)


#: exercise -> wrong answers, each with a pattern of its verdict
WRONG_ANSWERS = {
    "im2col": [
        (lambda x, kh, kw, stride: im2col(x, kh, kw, 1), "did not use the stride"),
        (lambda x, kh, kw, stride: windows(x, kh, kw, kw, down=kh), "do not overlap"),
        (lambda x, kh, kw, stride: windows(x, kh, kw, stride, down=1), "in only one direction"),
        (lambda x, kh, kw, stride: im2col(x, kw, kh, stride), "exchanged kh and kw"),
        (
            lambda x, kh, kw, stride: np.array(
                [x[:, i : i + kh, j : j + kw].ravel() for i, j in np.ndindex(x.shape[1:])]
            ),
            "parts have different shapes",
        ),
        (padded, "reach over the edge"),
        (lambda x, kh, kw, stride: windows(x, kh, kw, stride, last=1), "last windows are missing"),
        (
            lambda x, kh, kw, stride: windows(x, kh, kw, stride, columns_first=True),
            "windows are in the wrong order",
        ),
        (
            lambda x, kh, kw, stride: windows(
                x, kh, kw, stride, lambda w: w.transpose(1, 2, 0).ravel()
            ),
            "channels of an entry are next to each other",
        ),
        (
            lambda x, kh, kw, stride: np.reshape(
                [im2col(channel[None], kh, kw, stride) for channel in x],
                im2col(x, kh, kw, stride).shape,
            ),
            "before you reshape",
        ),
        (
            lambda x, kh, kw, stride: np.concatenate(
                [im2col(channel[None], kh, kw, stride) for channel in x]
            ),
            "each channel has separate rows",
        ),
        (
            lambda x, kh, kw, stride: windows(
                x, kh, kw, stride, lambda w: w.transpose(0, 2, 1).ravel()
            ),
            "column by column",
        ),
        (
            lambda x, kh, kw, stride: windows(
                x, kh, kw, stride, lambda w: w[:, ::-1, ::-1].ravel()
            ),
            "reversed the windows",
        ),
        (
            lambda x, kh, kw, stride: windows(x, kh, kw, stride, lambda w: w.sum(axis=0).ravel()),
            "added up the channels",
        ),
        (
            lambda x, kh, kw, stride: windows(x, kh, kw, stride, lambda w: w[0].ravel()),
            "only one channel",
        ),
        (lambda x, kh, kw, stride: windows(x, kh, kw, stride, np.sum), "added up each window"),
        (lambda x, kh, kw, stride: im2col(x, kh, kw, stride).T, "is the transpose"),
        (
            lambda x, kh, kw, stride: im2col(x, kh, kw, stride).reshape(-1, len(x), kh, kw),
            "The values are right, but the shape is not",
        ),
        (lambda x, kh, kw, stride: x.reshape(-1, len(x) * kh * kw), "A reshape only cuts"),
        (lambda x, kw, kh, stride: im2col(x, kh, kw, stride), "the order of the parameters"),
    ],
    "convolution_rule": [
        (
            lambda g, y, x, w: (np.correlate(g, w, "full"), np.correlate(x, g, "valid")),
            "kernel has the wrong direction",
        ),
        (
            lambda g, y, x, w: (np.convolve(g, w[::-1], "full"), np.correlate(x, g, "valid")),
            "kernel has the wrong direction",
        ),
        (
            lambda g, y, x, w: (np.convolve(g, w, "full"), np.convolve(x, g, "valid")),
            "reversed one of two sequences",
        ),
        (
            lambda g, y, x, w: (np.convolve(g, w), np.correlate(x, g, "valid")[::-1]),
            "in reverse order",
        ),
        (
            lambda g, y, x, w: (np.convolve(g, w, "valid"), np.correlate(x, g, "valid")),
            "entries near the ends of x are missing",
        ),
        (
            lambda g, y, x, w: (np.convolve(g, w, "same"), np.correlate(x, g, "valid")),
            "entries near the ends of x are missing",
        ),
        (
            lambda g, y, x, w: (overlapping(g, w, len(x), add=False), np.correlate(x, g, "valid")),
            "Only the last use",
        ),
        (
            lambda g, y, x, w: (np.full(len(x), g.sum() * w.sum()), np.correlate(x, g, "valid")),
            "added up all weights",
        ),
        (lambda g, y, x, w: (np.convolve(g, w), g[0] * x[: len(w)]), "only one window"),
        (
            lambda g, y, x, w: (np.convolve(g, w), np.correlate(x, g, "valid") / len(g)),
            "mean over the windows",
        ),
        (
            lambda g, y, x, w: (np.convolve(g, w), g.sum() * x[: len(w)]),
            "belongs to one window",
        ),
        (lambda g, y, x, w: convolution_rule(np.ones_like(g), y, x, w), NO_UPSTREAM),
        (lambda g, y, x, w: convolution_rule(g, y, x, w)[::-1], ORDER),
        (lambda g, y, x, w: convolution_rule(-g, y, x, w), SIGN),
        (lambda g, y, w, x: convolution_rule(g, y, x, w), "the order of the parameters"),
    ],
    "max_pool_rule": [
        (pooling(equals), "whole gradient. In a tie"),
        (pooling(lambda w, y: equals(w, y) / equals(w, y).sum()), "shared the gradient"),
        (pooling(last_of_equals), "took the last entry"),
        (
            lambda g, y, x, k, stride: max_pool_rule(g.T, y.T, x.T, k, stride).T,
            "first entry column by column",
        ),
        (pooling(largest, add=False), "Only the last window counts"),
        (pooling(lambda w, y: np.full(w.size, 1 / w.size)), "rule of the mean"),
        (pooling(lambda w, y: np.ones(w.size)), "Every entry of a window got"),
        (pooling(lambda w, y: one_hot(w.argmin(), w.size)), "smallest entry"),
        (pooling(largest, lambda g, y: g * y), "multiplied by the maximum"),
        (pooling(largest, lambda g, y: 1.0), NO_UPSTREAM),
        (pooling(largest, local=True), "position inside of the window"),
        (pooling(lambda w, y: largest(w, y).reshape(w.shape).T), "exchanged row and column"),
        (pool_at(lambda i, j, row, column, s: (i * s, j * s)), "start of the windows"),
        (pool_at(lambda i, j, row, column, s: (i * s, j * s + column)), "start of the windows"),
        (pool_at(lambda i, j, row, column, s: (i + row, j + column)), "stride is missing"),
        (lambda g, y, x, k, stride: np.argmax(x[9:]), "An array is empty"),
        (lambda g, y, x, k, stride: x[: len(x) / k], "write // instead"),
        (lambda g, y, x, k, stride: g, "This is g itself"),
        (lambda g, y, x, k, stride: -max_pool_rule(g, y, x, k, stride), SIGN),
        (lambda g, y, x, stride, k: max_pool_rule(g, y, x, k, stride), "order of the parameters"),
    ],
    "batch_norm_rule": [
        (batch_norm(mean=False, variance=False), "mean and the variance as constants"),
        (batch_norm(mean=False), "treated the mean as a constant"),
        (batch_norm(variance=False), "treated the variance as a constant"),
        (batch_norm(sign=-1.0), "contribution of the variance has the wrong sign"),
        (batch_norm(mean=-1.0), "contribution of the mean has the wrong sign"),
        (batch_norm(variance=2.0), "has a wrong factor"),
        (batch_norm(variance=0.5), "has a wrong factor"),
        (batch_norm_with(lambda y, x, normal: y), "the term of the variance contains y"),
        (batch_norm_with(lambda y, x, normal: x), "the term of the variance contains x"),
        (batch_norm_with(lambda y, x, normal: 1.0), "factor x̂ is missing"),
        (batch_norm_with_centred_x, "wrong power of the root"),
        (batch_norm(sums=True), "subtracted sums over the batch"),
        (batch_norm(use_weight=False), "factor `weight` is missing"),
        (batch_norm(axis=1), "each example over its features"),
        (batch_norm(axis=None), "of all entries. Each column"),
        (
            in_batch_norm(0, lambda g, y, x, w, b, eps: batch_norm_rule(g, y, x, w, b, 0.0)[0]),
            "eps is missing",
        ),
        (
            in_batch_norm(
                0,
                lambda g, y, x, w, b, eps: (
                    batch_norm_rule(g, y, x, w, b, eps)[0] * np.sqrt(x.var(axis=0) + eps)
                ),
            ),
            "did not divide by √",
        ),
        (in_batch_norm(1, lambda g, y, x, w, b, eps: (g * x).sum(axis=0)), r"the sum of g·x"),
        (in_batch_norm(1, lambda g, y, x, w, b, eps: (g * y).sum(axis=0)), r"the sum of g·y"),
        (
            in_batch_norm(1, lambda g, y, x, w, b, eps: (g * (x - x.mean(axis=0))).sum(axis=0)),
            "You used x - mean",
        ),
        (
            in_batch_norm(1, lambda g, y, x, w, b, eps: g * divided_by_root(x, eps)),
            "sum over the broadcast axis 0 is missing",
        ),
        (in_batch_norm(2, lambda g, y, x, w, b, eps: g), "broadcast axis 0 is missing"),
        (in_batch_norm(2, lambda g, y, x, w, b, eps: g.mean(axis=0)), "the mean over the batch"),
        (lambda g, y, x, w, b, eps: batch_norm_rule(g, y, x, w, b, eps)[::-1], ORDER),
        (lambda g, y, x, w, b, eps: batch_norm_rule(g, y, x, w, b, eps)[0], "an array of shape"),
    ],
    "embedding_rule": [
        (scattered, "only its last contribution"),
        (increased, "only its last contribution"),
        (scattered_backwards, "only its first contribution"),
        (averaged, "mean over the positions"),
        (used_rows_only, "rows are missing"),
        (up_to_the_largest, "rows are missing"),
        (by_place, "position of a token as its row"),
        (
            lambda g, y, ids, weight: embedding_rule(g, y, (ids - 1) % len(weight), weight),
            "counted the ids from 1",
        ),
        (lambda g, y, ids, weight: weight + embedding_rule(g, y, ids, weight), "Start from zeros"),
        (lambda g, y, ids, weight: weight - embedding_rule(g, y, ids, weight), "step of training"),
        (lambda g, y, ids, weight: weight * embedding_rule(g, y, ids, weight), "copies a row"),
        (
            lambda g, y, ids, weight: embedding_rule(g, y, ids, weight).sum(axis=1),
            "Each feature has a gradient",
        ),
        (lambda g, y, ids, weight: embedding_rule(np.ones_like(g), y, ids, weight), NO_UPSTREAM),
        (lambda g, y, ids, weight: np.eye(len(weight))[ids] @ g, "Is a transpose missing"),
        (lambda g, y, ids, weight: np.add.at(weight, ids, g), "None|changed its argument"),
        (lambda g, y, weight, ids: embedding_rule(g, y, ids, weight), "order of the parameters"),
    ],
    "lstm_cell": [
        (lstm(lambda gh, gc, o, t: gh * o * (1 - t**2)), "so add gc"),
        (lstm(lambda gh, gc, o, t: gc), "add the path through h'"),
        (lstm(lambda gh, gc, o, t: gh * o + gc), "derivative of tanh is missing"),
        (lstm(lambda gh, gc, o, t: gh * (1 - t**2) + gc), "factor o is missing"),
        (lstm(lambda gh, gc, o, t: (gh + gc) * o * (1 - t**2)), "multiplied gc by o too"),
        (lstm(lambda gh, gc, o, t: (gh * o + gc) * (1 - t**2)), "gc by the derivative of tanh"),
        (lstm(lambda gh, gc, o, t: gh * o * (1 - t) + gc), "square is missing"),
        (lstm(lambda gh, gc, o, t: gh * o * (1 - (o * t) ** 2) + gc), "h' instead of tanh"),
        (lstm_at_the_old_state, "at the old state c"),
        (lstm(lambda gh, gc, o, t: gh * o * t + gc), "did not differentiate tanh"),
        (lstm(lambda gh, gc, o, t: gh * o * (1 + t**2) + gc), "sign of the square"),
        (lstm(lambda gh, gc, o, t: gh * o * t**2 + gc), "only the square of tanh"),
        (lstm(lambda gh, gc, o, t: gh * o * (1 - t**2) - gc), "subtracted one path"),
        (lstm(lambda gh, gc, o, t: gh * o * (1 - t**2) * gc), "but add the paths"),
        (lstm(c=lambda g, **_: g), "factor f is missing"),
        (lstm(i=lambda g, i, **_: g * i), "This is ∂L/∂z, which is"),
        (lstm(o=lambda gh, o, **_: gh * o), "the other factor"),
        (lstm(i=lambda g, i, z, **_: g * z * i * (1 - i)), "through the sigmoid that computed i"),
        (lstm(f=lambda g, new, **_: g * new), "You used the new state"),
        (lstm(z=lambda g, i, z, **_: g * i * (1 - z**2)), "through the tanh that computed z"),
        (lstm(lambda gh, gc, o, t: o * (1 - t**2) + gc), "gh is missing on the path"),
        (lstm(o=lambda new, **_: np.tanh(new)), "did not multiply by gh"),
        (lstm(o=lambda gh, new, **_: gh * new), "o is multiplied by tanh"),
        (lstm(o=lambda gh, c, **_: gh * np.tanh(c)), "used the old state"),
        (lstm(o=lambda gh, gc, new, **_: (gh + gc) * np.tanh(new)), "o affects only h'"),
        (lstm(o=lambda gh, new, **_: gh * (1 - np.tanh(new) ** 2)), "keep c' constant"),
        (lstm(i=lambda g, c, **_: g * c), "This is ∂L/∂f, which is another result"),
        (lambda *given: lstm_cell(*given)[::-1], ORDER),
        (lambda *given: lstm_cell(*given)[:4], "expected 5 results"),
        (
            lambda gh, gc, c, f, i, z, o: lstm_cell(gh, gc, c, i, f, z, o),
            "the order of the parameters",
        ),
    ],
    "causal_mask": [
        (lambda s: softmax(masked(s, np.tril, 0)), r"exp\(0\) is 1"),
        (lambda s: softmax(s * np.tri(s.shape[-1])), r"exp\(0\) is 1"),
        (lambda s: np.tril(softmax(s)), "rows do not sum to 1"),
        (lambda s: softmax(masked(s, np.triu)), "kept the future"),
        (lambda s: softmax(masked(s, lambda m: np.tril(m, -1))), r"\(nan.* masked the diagonal"),
        (lambda s: softmax(masked(s, lambda m: np.tril(m, 1))), "sees the next one too"),
        (softmax, "Nothing is masked"),
        (over_queries, "normalised over the queries"),
        (lambda s: ag.softmax(masked(s, np.tril), axis=None), "over all entries"),
        (lambda s: masked(s, np.tril), "softmax is missing"),
        (lambda s: np.exp(masked(s, np.tril)), "division by the sum"),
        (lambda s: np.tri(s.shape[-1], dtype=bool), "the mask itself"),
        (causal_by_product, r"not finite \(nan.* 0 · ∞ is nan"),
        (lambda s: naive(masked(s, np.tril)), r"not finite \(nan.* exp overflows"),
        (lambda s: softmax(masked(s, np.tril, -100.0)), "lower than every other score"),
        (lambda s: causal_mask(s).T, "is the transpose"),
        (
            lambda s: causal_mask(s[0]) if s.ndim == 3 else causal_mask(s),
            r"weights has shape \(4, 4\) in your answer; expected \(2, 4, 4\)",
        ),
    ],
    "attention_rule": [
        (attention(q=lambda ds, k, **_: ds @ k, k=lambda ds, q, **_: ds.T @ q), "factor 1/√d"),
        (
            attention(q=lambda ds, k, r, **_: ds @ k / r**2, k=lambda ds, q, r, **_: ds.T @ q),
            "You divided by d",
        ),
        (attention(root=lambda d: 1.0), "did not divide the scores by √d"),
        (scaled_only_in_the_rule, "forgot √d"),
        (attention(root=lambda d: d), "divided the scores by d before"),
        (attention(lambda dp, p: np.zeros_like(p)), "treated the weights as constants"),
        (attention(lambda dp, p: dp), "did not differentiate softmax"),
        (attention(lambda dp, p: dp * p), "sum in the denominator of softmax as a constant"),
        (attention(lambda dp, p: dp * p * (1 - p)), "only the diagonal"),
        (attention(weigh=lambda s: softmax(s.T).T), "weights over the queries"),
        (attention(q=lambda ds, **_: ds), "This is the gradient of the scores"),
        (attention(v=lambda p, v, **_: p @ v), "the result of attention"),
        (
            attention(v=lambda g, p, **_: np.ones_like(p).T @ g),
            "sums of g without the weights",
        ),
        (attention(v=lambda g, p, **_: p @ g), "Is a transpose missing"),
        (square_only(attention(v=lambda g, p, **_: p @ g)), "A transpose is missing"),
        (square_only(attention(k=lambda ds, q, r, **_: ds @ q / r)), "A transpose is missing"),
        (square_only(attention(q=lambda ds, k, r, **_: ds.T @ k / r)), "one transpose too many"),
        (lambda g, y, q, k, v: attention_rule(np.ones_like(g), y, q, k, v), NO_UPSTREAM),
        (lambda g, y, q, k, v: attention_rule(g, y, q, k, v)[::-1], ORDER),
        (lambda g, y, k, q, v: attention_rule(g, y, q, k, v), "the order of the parameters"),
    ],
    "rms_norm_rule": [
        (rms_norm(root=False), "treated the root as a constant"),
        (rms_norm(sign=-1.0), "contribution of the root has the wrong sign"),
        (rms_norm(root=2.0), "has a wrong factor"),
        (
            lambda g, y, x, eps: (
                rms_norm(root=False)(g, y, x, eps) - y * np.mean(g * y, -1)[:, None]
            ),
            "second path contains x",
        ),
        (rms_norm(sums=True), "subtracted a sum over the row"),
        (
            lambda g, y, x, eps: (
                (g - y * (g * y).mean(-1, keepdims=True)) / np.sqrt((x**2).mean(0) + eps)
            ),
            "mean over the batch",
        ),
        (
            lambda g, y, x, eps: (
                (g - (g * y).mean(-1, keepdims=True))
                / np.sqrt((x**2).mean(-1, keepdims=True) + eps)
            ),
            "factor y is missing",
        ),
        (rms_norm(axis=0), "mean over the batch"),
        (rms_norm(axis=None), "mean over all entries"),
        (rms_norm(inside=np.sum, sums=True), "sum of squares"),
        (rms_norm(centred=True), "rule of LayerNorm"),
        (
            lambda g, y, x, eps: rms_norm_rule(
                g, x / np.sqrt((x**2).mean(-1, keepdims=True)), x, 0.0
            ),
            "eps is missing",
        ),
        (
            lambda g, y, x, eps: g - y * (g * y).mean(axis=-1, keepdims=True),
            "did not divide by the root",
        ),
        (
            lambda g, y, x, eps: (
                (g - g * y**2 / x.shape[1]) / np.sqrt((x**2).mean(-1, keepdims=True) + eps)
            ),
            "only the diagonal",
        ),
        (lambda g, y, x, eps: rms_norm_rule(np.ones_like(g), y, x, eps), NO_UPSTREAM),
        (lambda g, y, x, eps: -rms_norm_rule(g, y, x, eps), SIGN),
        (
            lambda g, y, x, eps: g - y * np.mean(g * y, axis=-1),
            "lacks an axis of length 1",
        ),
        (lambda g, x, y, eps: rms_norm_rule(g, y, x, eps), "the order of the parameters"),
    ],
    "sampling": [
        (lambda z, temperature, u: z.argmax(axis=-1), "most likely class"),
        (lambda z, temperature, u: sampling(z, 1.0, u), "did not use the temperature"),
        (lambda z, temperature, u: sampling(z, 1 / temperature, u), "multiplied by the temp"),
        (lambda z, temperature, u: drawn(softmax(z) / temperature, u), "Divide the logits"),
        (lambda z, temperature, u: drawn(naive(z / temperature), u), "too large or too small"),
        (
            lambda z, temperature, u: (
                np.cumsum(softmax(z / temperature), axis=-1) >= u[:, None]
            ).argmax(axis=-1),
            "class of probability 0",
        ),
        (
            lambda z, temperature, u: drawn(softmax(z.T / temperature).T, u),
            "normalised over the batch",
        ),
        (
            lambda z, temperature, u: (
                np.cumsum(softmax(z / temperature), axis=0) > u[:, None]
            ).argmax(axis=-1),
            "probabilities over the batch",
        ),
        (
            lambda z, temperature, u: z.shape[1] - 1 - sampling(z[:, ::-1], temperature, u),
            "in reverse order",
        ),
        (lambda z, temperature, u: sampling(z, temperature, u) + 1, "class after the right one"),
        (lambda z, temperature, u: sampling(z, temperature, u) - 1, "the class before"),
        (
            lambda z, temperature, u: (softmax(z / temperature) > u[:, None]).argmax(axis=-1),
            "probabilities themselves",
        ),
        (lambda z, temperature, u: np.floor(u * z.shape[1]), "equally likely"),
        (
            lambda z, temperature, u: sampling(z, temperature, np.full(len(z), u[0])),
            "only the first u",
        ),
        (lambda z, temperature, u: sampling(z, temperature, u)[0], "for only one row"),
        (lambda z, temperature, u: softmax(z / temperature), "These are probabilities"),
        (
            lambda z, temperature, u: np.eye(z.shape[1])[sampling(z, temperature, u)],
            "one-hot rows",
        ),
        (
            lambda z, temperature, u: sampling(np.clip(z, -50, 50), temperature, u),
            "Rows with large logits are wrong",
        ),
        (drawn_without_an_axis, "Two shapes do not fit|lacks an axis"),
        (lambda z, u, temperature: sampling(z, temperature, u), "the order of the parameters"),
    ],
}
