"""Format numbers, arrays, names and arguments, in the same way for all views.

Every function returns one short line: a name with a line break must not break a table, and an array
of a million entries is abbreviated.
"""

from __future__ import annotations

import contextlib
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import accumulate
from operator import mul
from typing import Any, NamedTuple

import numpy as np

from ..core.messages import describe, one_line, shown
from ..core.tensor import Tensor

ELLIPSIS = "…"
_EMPTY = f"[{ELLIPSIS}]"  # an array that does not fit
MOST_ENTRIES = 6  # entries of an array on one line
MOST_LISTED = 6  # items of a list on one line
_LONGEST_ARGUMENT = 60  # characters of an argument of an unknown type
_NARROW = re.compile("[ -~∂δ·′²ᵀ→ŷℓ…≠≤≥]*")  # ASCII, and the letters of formulas
_ARRAY = re.compile(r"\[(?:[^][]|\[(?:[^][]|\[[^][]*\])*\])*\]")  # brackets, three levels deep
_KIND = re.compile(r"\b(?:bool|u?int\d+|float\d+)\(\d[\d, ]*\)")  # a text of `dtype_and_shape`
_BREAK = re.compile(r" (?![^][]{0,80}\])")  # a blank outside of brackets

#: the names of tensors, by creation number, and of arrays that are in a variable, by `Place`
Names = Mapping[Any, str]


class Place(NamedTuple):
    """The place of an array in memory: a view of the whole array has the same place."""

    address: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: np.dtype[Any]

    @classmethod
    def of(cls, array: np.ndarray[Any, Any]) -> Place:
        address = array.__array_interface__["data"][0]
        return cls(address, array.shape, array.strides, array.dtype)


def variable(x: Any, names: Names) -> str | None:
    """Return the name of the variable that an array is in, or None."""
    return names.get(Place.of(x)) if isinstance(x, np.ndarray) and x.ndim else None


def format_number(x: Any, digits: int = 5) -> str:
    """Return a number with at most `digits` significant digits and, from 0.01 on, four decimals.

    Examples
    --------
    >>> numbers = 11.652071, 0.098585, 1.0, 0.00012345, 1e10, float("nan"), 7, True
    >>> [format_number(x) for x in numbers]
    ['11.652', '0.0986', '1', '0.0001234', '1e+10', 'nan', '7', 'True']
    """
    if isinstance(x, (int, np.integer, np.bool_)):
        return str(x)
    try:
        x = float(x)
    except (TypeError, ValueError, OverflowError):  # an entry of an object array
        return truncate(one_line(str(x)), _LONGEST_ARGUMENT)
    if x.is_integer() and abs(x) < 1e6:
        return str(int(x))  # this also drops the sign of -0.0
    if 0.01 <= abs(x) < 10 ** (digits - 4):
        return f"{x:.4f}".rstrip("0").rstrip(".")
    return f"{x:.{min(digits, 4) if abs(x) < 1 else digits}g}"


def format_array(array: Any, most: int = MOST_ENTRIES) -> str:
    """Return the entries of an array on one line, with an ellipsis after `most` of them.

    An array that is not NumPy's may be lazy, so its entries are not computed.

    Examples
    --------
    >>> print(format_array(np.array([[1.0, 2.5], [1 / 3, 4.0]])))
    [[1 2.5] [0.3333 4]]
    >>> print(format_array(np.arange(9.0), most=3))
    [0 1 2 …]
    """
    if not isinstance(array, np.ndarray):
        return dtype_and_shape(array)
    if array.ndim == 0:
        return format_number(array[()])
    if array.size == 0:
        return "[]"
    rows = list(accumulate(reversed(array.shape), mul))  # numbers of entries between brackets
    words = []
    for i, x in enumerate(array.flat[:most]):
        opened, closed = (sum((i + after) % n == 0 for n in rows) for after in (0, 1))
        words.append("[" * opened + format_number(x, digits=4) + "]" * closed)
    return _unfinished(" ".join(words)) if array.size > most else " ".join(words)


def dtype_and_shape(array: Any) -> str:
    """Return the dtype and shape of an array: ``float64(128, 10)``."""
    name = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
    return f"{name}{array.shape}"


def labels(tensors: Sequence[Tensor]) -> dict[int, str]:
    """Return a unique name for each tensor of a tape, by creation number.

    A tensor without a name is called by its number in the tape, as in ``v3``. A name used twice is
    followed by the number (``w#3``). If another tensor has the name ``v3``, this becomes ``#3``.
    """
    counts = Counter(shown(t.name) for t in tensors if t.name)
    names = {}
    for i, t in enumerate(tensors):
        if t.name:
            name = shown(t.name)
            names[t.order] = name if counts[name] == 1 else f"{name}#{i}"
        else:
            names[t.order] = f"#{i}" if f"v{i}" in counts else f"v{i}"
    return names


def as_names(names: Any) -> dict[str, Any]:
    """Return the `names` of a view as a dict, or raise TypeError."""
    if names is not None and not isinstance(names, Mapping):
        fix = 'Pass {"w": w}, or locals().'
        raise TypeError(f"names must be a dict of names and values, got {describe(names)}. {fix}")
    return dict(names or {})


def names_of(tensors: Sequence[Tensor], names: Mapping[str, Any] | None) -> dict[Any, str]:
    """Return the names of tensors, by creation number, and of arrays in variables, by `Place`.

    A tensor without a name gets that of its variable, or else its number. Variables that begin with
    an underscore are ignored.
    """
    own = labels(tensors)
    taken = set(own.values())
    variables = {
        value.order if isinstance(value, Tensor) else Place.of(value): shown(name)
        for name, value in as_names(names).items()
        if isinstance(value, (Tensor, np.ndarray))
        if not str(name).startswith("_") and name not in taken
    }
    unnamed = {t.order: variables[t.order] for t in tensors if not t.name and t.order in variables}
    arrays = {
        Place.of(a): name
        for t in tensors
        for a in t.inputs
        if not isinstance(a, Tensor) and (name := variable(a, variables))
    }
    return {**own, **unnamed, **arrays}


def made_by(t: Tensor) -> str:
    """Return the operation of a node, or "leaf" or "const"."""
    if t.op is not None:
        return t.op.name
    return "leaf" if t.requires_grad else "const"


def arguments(t: Tensor, names: Names) -> list[str]:
    """Return a text for each argument of a node, without None and keywords that are False."""
    if t.op is None:
        return []
    is_index = t.op.name == "getitem"  # None is an index, too
    other = _index if is_index else format_argument
    texts = [
        names[a.order] if isinstance(a, Tensor) else variable(a, names) or other(a)
        for a in t.inputs
        if a is not None or is_index
    ]
    keywords = {k: v for k, v in t.kwargs.items() if v is not None and v is not False}
    return texts + [f"{key}={format_argument(value)}" for key, value in keywords.items()]


def format_argument(a: Any) -> str:
    """Return an argument that is not a Tensor: a number, an array, an index, a shape, a dtype.

    Examples
    --------
    >>> print(*map(format_argument, [2.0, np.zeros((128, 10)), (slice(1, None), None)]))
    2.0 float64(128, 10) [1:, None]
    """
    if isinstance(a, np.ndarray) and a.size <= MOST_ENTRIES:
        return format_array(a)
    if hasattr(a, "shape") and hasattr(a, "dtype"):
        return dtype_and_shape(a) if a.shape else format_number(a)
    if isinstance(a, slice) or a is Ellipsis or (isinstance(a, tuple) and not _all_ints(a)):
        return _index(a)
    if isinstance(a, np.dtype):
        return str(a)
    return truncate(one_line(repr(a)), _LONGEST_ARGUMENT)


def _all_ints(items: tuple[Any, ...]) -> bool:
    return all(isinstance(i, (int, np.integer)) for i in items)


def _index(index: Any) -> str:
    """Return an index in brackets: ``[1:, None]``."""
    parts = index if isinstance(index, tuple) else (index,)
    return f"[{', '.join(map(_part_of_index, parts))}]"


def _part_of_index(i: Any) -> str:
    if isinstance(i, slice):
        step = "" if i.step is None else f":{i.step}"
        start, stop = ("" if end is None else str(end) for end in (i.start, i.stop))
        return f"{start}:{stop}{step}"
    return "..." if i is Ellipsis else format_argument(i)


def join(texts: Sequence[str], ellipsis: str = ELLIPSIS) -> str:
    """Return texts with commas between them. If there are many, some in the middle are left out.

    Examples
    --------
    >>> print(join("abc"), join("abcdefghij"), sep=" and ")
    a, b, c and a, b, c, …, j
    """
    if len(texts) > MOST_LISTED:
        texts = [*texts[: MOST_LISTED // 2], ellipsis, texts[-1]]
    return ", ".join(texts)


def width(text: str) -> int:
    """Return the columns that a line needs: two for a wide character, none for an accent."""
    if text.isascii() or _NARROW.fullmatch(text):  # nearly all text, and ten times as fast
        return len(text)
    letters = [c for c in text if unicodedata.category(c) not in ("Mn", "Me", "Cf")]
    return len(letters) + sum(unicodedata.east_asian_width(c) in "WF" for c in letters)


def truncate(text: str, columns: int) -> str:
    """Return the text in at most `columns`, cut between words, so that no number loses digits.

    Arrays in it are shortened first, the longest before the others, because names say more.

    Examples
    --------
    >>> print(truncate("[0.659 0.2424 0.0986]", 16), truncate("[[0.5 1] [2 3]], W1, b1", 14))
    [0.659 0.2424 …] […], W1, b1
    >>> print(truncate("float64(128, 10), W1, b1", 16))
    […], W1, b1
    """
    for array in sorted(_ARRAY.findall(text), key=len, reverse=True):
        if array != text and width(text) > columns:
            least = max(len(_EMPTY), width(array) - width(text) + columns)
            text = text.replace(array, truncate(array, least), 1)
    for kind in _KIND.findall(text):
        if kind != text and width(text) > columns:
            text = text.replace(kind, _EMPTY, 1)
    if width(text) <= columns:
        return text
    words = text[:columns].split(" ")  # the last may be a part of a word, and is always dropped
    while len(words) > 1:
        words.pop()
        shorter = _unfinished(" ".join(words))
        if width(shorter) <= columns:
            return shorter
    if text.startswith("[") and columns >= len(_EMPTY):
        return _EMPTY
    kept = text[: columns - 1]
    while width(kept) >= columns:
        kept = kept[:-1]
    return kept + ELLIPSIS


def first_number(text: str, columns: int) -> str:
    """Return an array on one line in at most `columns`, but always with its first number.

    If only that fits, it comes without brackets, and in the end with fewer digits.

    Examples
    --------
    >>> print(*(first_number("[[0.6591 0.2424]]", n) for n in (14, 12, 8, 7, 5)), sep=", ")
    [[0.6591 …]], [[0.6591 …]], 0.6591 …, 0.6591…, 0.66…
    """
    shorter = truncate(text, max(1, columns))
    if not text.startswith("[") or shorter == text or any(c.isalnum() for c in shorter):
        return shorter
    first = text.lstrip("[").split()[0].rstrip("]")
    forms = [f"[{first} {ELLIPSIS}]", f"{first} {ELLIPSIS}", first + ELLIPSIS]
    with contextlib.suppress(ValueError):
        forms += [format_number(float(first), digits) + ELLIPSIS for digits in (2, 1)]
    return next((form for form in forms if width(form) <= columns), min(forms, key=width))


def cut_in_the_middle(name: str, columns: int) -> str:
    """Return a name in at most `columns`, with its first and its last letters.

    Examples
    --------
    >>> print(cut_in_the_middle("weight_of_layer_1", 9))
    weig…er_1
    """
    head, tail = name, name
    while width(head) + width(tail) >= columns and width(name) > columns:
        longer_head = width(head) > width(tail)
        head, tail = (head[:-1], tail) if longer_head else (head, tail[1:])
    return name if head == name else head + ELLIPSIS + tail


def describe_range(array: Any) -> str:
    """Return the smallest and the largest entry of an array of numbers; "" for other arrays.

    Examples
    --------
    >>> describe_range(np.array([0.5, -1.0, 2.25])), describe_range(np.array([1.0, np.nan]))
    ('-1 to 2.25', 'some nan')
    """
    if not isinstance(array, np.ndarray) or not array.size or array.dtype.kind not in "iuf":
        return ""
    low, high = array.min(), array.max()
    if low != low:
        return "some nan"
    return f"{format_number(low, 4)} to {format_number(high, 4)}"


def _unfinished(text: str) -> str:
    """Return the text with an ellipsis, and with closing brackets for those that are open."""
    return f"{text} {ELLIPSIS}" + "]" * (text.count("[") - text.count("]"))


def wrap(text: str, indent: int, columns: int = 80) -> str:
    """Return the text in lines of at most `columns`, indented from the second on.

    It is broken between words only, and not within a row of numbers that fits on a line.

    Examples
    --------
    >>> print(wrap("To x: ∂L/∂x = ∂L/∂y · cos(x) = 0.5.", indent=2, columns=24))
    To x: ∂L/∂x = ∂L/∂y ·
      cos(x) = 0.5.
    """
    if width(text) <= columns:
        return text
    first, *words = (
        word
        for part in _BREAK.split(text)
        for word in ([part] if width(part) + indent <= columns else part.split(" "))
    )
    lines = [first]
    for word in words:
        if width(lines[-1]) + 1 + width(word) > columns:
            lines.append(" " * indent + word)
        else:
            lines[-1] += f" {word}"
    return "\n".join(lines)
