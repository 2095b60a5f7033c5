"""Einstein's sums: `np.einsum`.

`xs` are the operands, `y` is the result, and `g` the gradient of the result.
"""

import math
import string
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.arrays import Array, Cotangent, Rule, as_array_or_tensor
from ..core.foreign import constant_like
from ..core.messages import describe, listed
from ..core.primitive import VariadicRule, primitive
from ..core.registry import implements, not_differentiable


def _einsum_vjp(i: int) -> Rule:
    """Return the rule of operand i: the product of the others, with `g` in its place.

    If only operand i has an index, or if the others have it with length one, the sum over it has no
    other factor. A factor of ones restores this axis.
    """

    def rule(
        g: Cotangent, y: Array, *xs: Array, subscripts: str, optimize: Any = False
    ) -> Cotangent:
        terms, result = subscripts.split("->")
        names = terms.split(",")
        others = zip([result, *names[:i], *names[i + 1 :]], [g, *xs[:i], *xs[i + 1 :]])
        known = {pair for name, x in others for pair in zip(name, x.shape)}
        alone = [pair for pair in zip(names[i], xs[i].shape) if pair not in known]
        parts, factors = [result, *names[:i], *names[i + 1 :]], [g, *xs[:i], *xs[i + 1 :]]
        if alone:
            parts.append("".join(c for c, _ in alone))
            factors.append(constant_like(np.ones([n for _, n in alone], g.dtype), g))
        # The caller's path is for other operands. A large product is worth a new search.
        optimize = bool(optimize) or _multiplications(names, xs) > 10_000
        return np.einsum(f"{','.join(parts)}->{names[i]}", *factors, optimize=optimize)

    return rule


def _multiplications(names: Sequence[str], xs: Sequence[Array]) -> int:
    """Return how many terms an Einstein sum has: the product of the lengths of all indices."""
    lengths: dict[str, int] = {}
    for name, x in zip(names, xs):
        lengths.update((c, max(n, lengths.get(c, 0))) for c, n in zip(name, x.shape))
    return math.prod(lengths.values())


einsum = primitive(
    lambda *xs, subscripts, optimize=False: np.einsum(subscripts, *xs, optimize=optimize),
    VariadicRule(_einsum_vjp),
    name="einsum",
    implements="einsum",
)


@implements(np.einsum)
def _einsum(
    *operands: Any,
    out: None = None,
    optimize: Any = False,
    dtype: Any = None,
    order: str = "K",
    casting: str = "safe",
) -> Any:
    """Take the diagonal wherever an operand has an index twice, then record one node."""
    subscripts, xs = normalize_subscripts(*operands)
    xs = [x if dtype is None else x.astype(dtype) for x in xs]
    terms, result = subscripts.split("->")
    names = terms.split(",")
    for i, name in enumerate(names):
        for c in set(name):
            while name.count(c) > 1:
                first, second = name.index(c), name.rindex(c)
                xs[i] = np.diagonal(xs[i], 0, first, second)
                name = name[:first] + name[first + 1 : second] + name[second + 1 :] + c
        names[i] = name
    return einsum(*xs, subscripts=f"{','.join(names)}->{result}", optimize=optimize)


def normalize_subscripts(*operands: Any) -> tuple[str, list[Any]]:
    """Return ``"ij,jk->ik", [a, b]``, without dots, for either spelling of the arguments."""
    if not isinstance(operands[0], str):
        operands = _from_lists(operands)
    subscripts, xs = operands[0].replace(" ", ""), [as_array_or_tensor(x) for x in operands[1:]]
    terms, arrow, result = subscripts.partition("->")
    names = terms.split(",")
    if len(names) != len(xs):
        raise ValueError(f"einsum: {subscripts!r} needs {len(names)} operands, got {len(xs)}")
    free = [c for c in string.ascii_letters if c not in subscripts]
    dots = [np.ndim(x) - len(n.replace("...", "")) for n, x in zip(names, xs)]
    most = max([d for d, n in zip(dots, names) if "..." in n], default=0)
    letters = "".join(free[:most])
    if not arrow:  # the letters that occur once, in the order of the alphabet
        once = [c for c in sorted(set(terms) - {",", "."}) if terms.count(c) == 1]
        result = ("..." if "..." in terms else "") + "".join(once)
    names = [n.replace("...", letters[most - d :] if d else "") for n, d in zip(names, dots)]
    for name, x in zip(names, xs):
        if len(name) != np.ndim(x):
            raise ValueError(
                f"einsum: {subscripts!r} does not fit an operand of shape {x.shape}. Write one "
                "letter for each axis."
            )
    _require_equal_lengths(subscripts, names, xs)
    return f"{','.join(names)}->{result.replace('...', letters)}", xs


def _require_equal_lengths(subscripts: str, names: list[str], xs: list[Any]) -> None:
    """Raise if a letter names axes of different lengths. (NumPy broadcasts a length of 1.)"""
    lengths: dict[str, int] = {}
    for name, x in zip(names, xs):
        for letter, n in zip(name, x.shape):
            known = lengths.get(letter, 1)
            if 1 != n != known != 1:
                operands = listed([describe(x) for x in xs])
                raise ValueError(
                    f"einsum of {operands}: in {subscripts!r}, the letter {letter!r} names axes of "
                    f"the lengths {known} and {n}. These lengths must be equal."
                )
            lengths[letter] = max(n, known)


def _from_lists(operands: Sequence[Any]) -> tuple[Any, ...]:
    """Return the spelling with letters for ``a, [0, 1], b, [1, 2], [0, 2]``."""

    def name(indices: Any) -> str:
        return "".join("..." if i is Ellipsis else string.ascii_letters[i] for i in indices)

    pairs = len(operands) // 2
    terms = ",".join(name(indices) for indices in operands[1 : 2 * pairs : 2])
    if len(operands) % 2:
        terms += "->" + name(operands[-1])
    return (terms, *operands[0 : 2 * pairs : 2])


not_differentiable(np.einsum_path)
