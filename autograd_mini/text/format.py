"""How numbers, arrays, names and arguments are written, the same in every view.

Everything here gives one line of text, whatever it is given: a name with a line break in it must
not break a table, and an array of a million entries must not be written out.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import accumulate
from operator import mul
from typing import Any, NamedTuple

import numpy as np

from ..core.tensor import Tensor

ELLIPSIS = "…"
_EMPTY = f"[{ELLIPSIS}]"  # an array that there is no room for
MOST_ENTRIES = 6  # of an array, on one line
MOST_LISTED = 6  # of several things on one line
LONGEST_ARGUMENT = 60  # characters of an argument that is of no kind we know
_NARROW = re.compile("[ -~∂·′²ᵀ→ŷℓ…≠≤≥]*")  # ASCII, and the letters that formulas are written with
_ARRAY = re.compile(r"\[(?:[^][]|\[(?:[^][]|\[[^][]*\])*\])*\]")  # brackets, three deep
_KIND = re.compile(
    r"\b(?:bool|u?int\d+|float\d+)\(\d[\d, ]*\)"
)  # an array that is named, by `dtype_and_shape`
_BREAK = re.compile(r" (?![^][]{0,80}\])")  # a blank, but not before the end of a row


#: what to call tensors, by creation number, and arrays that are in a variable, by `Place`
Names = Mapping[Any, str]


class Place(NamedTuple):
    """Where an array lies in memory: a view of all of it is the same array, any other is not."""

    address: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: np.dtype[Any]

    @classmethod
    def of(cls, array: np.ndarray[Any, Any]) -> Place:
        address = array.__array_interface__["data"][0]
        return cls(address, array.shape, array.strides, array.dtype)


def variable(x: Any, names: Names) -> str | None:
    """What an array is called that is in a variable; None for what is not."""
    return names.get(Place.of(x)) if isinstance(x, np.ndarray) and x.ndim else None


def format_number(x: Any, digits: int = 5) -> str:
    """A number with at most `digits` significant digits and, from 0.01 on, four decimals.

    Examples
    --------
    >>> numbers = 11.652071, 0.098585, 1.0, 0.00012345, 1e10, float("nan"), 7, True
    >>> [format_number(x) for x in numbers]
    ['11.652', '0.0986', '1', '0.0001234', '1e+10', 'nan', '7', 'True']
    """
    if isinstance(x, (bool, np.bool_, int, np.integer)):
        return str(x)
    try:
        x = float(x)
    except (TypeError, ValueError, OverflowError):  # an entry of an object array
        return truncate(one_line(str(x)), LONGEST_ARGUMENT)
    if x.is_integer() and abs(x) < 1e6:
        return str(int(x))  # also of -0.0, whose sign would only puzzle
    if 0.01 <= abs(x) < 10 ** (digits - 4):
        return f"{x:.4f}".rstrip("0").rstrip(".")
    return f"{x:.{min(digits, 4) if abs(x) < 1 else digits}g}"


def format_array(array: Any, most: int = MOST_ENTRIES) -> str:
    """The entries of an array on one line; after `most` of them an ellipsis.

    An array that is not NumPy's may be lazy: it is named, not computed.

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
    rows = list(accumulate(reversed(array.shape), mul))  # entries from one bracket to the next
    words = []
    for i, x in enumerate(array.flat[:most]):
        opened, closed = (sum((i + after) % n == 0 for n in rows) for after in (0, 1))
        words.append("[" * opened + format_number(x, digits=4) + "]" * closed)
    return _unfinished(" ".join(words)) if array.size > most else " ".join(words)


def dtype_and_shape(array: Any) -> str:
    """What kind of array it is, when its entries are too many to show: ``float64(128, 10)``."""
    name = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
    return f"{name}{array.shape}"


def one_line(text: str) -> str:
    r"""The text with everything that has no width of its own on the line written as an escape.

    Examples
    --------
    >>> print(one_line("first\nsecond"))
    first\nsecond
    """
    if text.isprintable():
        return text
    joiners = "\u200c\u200d"  # which words of some scripts, and some emoji, are written with
    return "".join(
        c if c.isprintable() or c in joiners else c.encode("unicode_escape").decode() for c in text
    )


def labels(tensors: Sequence[Tensor]) -> dict[int, str]:
    """What to call each tensor of a tape, by creation number: no two alike.

    Its name; or its number in the tape, as in ``v3``, when it has none. A name used twice gets
    the number too (``w#3``), and ``#3`` alone stands for a ``v3`` that is somebody's name.
    """
    named = Counter(one_line(str(t.name)) for t in tensors if t.name)
    names = {}
    for i, t in enumerate(tensors):
        name = one_line(str(t.name)) if t.name else f"v{i}"
        if t.name:
            names[t.order] = name if named[name] == 1 else f"{name}#{i}"
        else:
            names[t.order] = f"#{i}" if name in named else name
    return names


def made_by(t: Tensor) -> str:
    """The operation that made a tensor; for one that no operation made, what it is."""
    if t.op is not None:
        return t.op.name
    return "leaf" if t.requires_grad else "const"


def arguments(t: Tensor, names: Names) -> list[str]:
    """The arguments that a record's primitive was given, one text each; those of a leaf are none.

    What is None, and a keyword that is False, says nothing and is left out.
    """
    if t.op is None:
        return []
    indexed = t.op.name == "getitem"  # there None is an index like any other
    other = _index if indexed else format_argument
    written = [
        names[a.order] if isinstance(a, Tensor) else variable(a, names) or other(a)
        for a in t.inputs
        if a is not None or indexed
    ]
    chosen = {k: v for k, v in t.kwargs.items() if v is not None and v is not False}
    return written + [f"{key}={format_argument(value)}" for key, value in chosen.items()]


def format_argument(a: Any) -> str:
    """An argument that is not a Tensor: a number, an array, an index, a shape, a dtype.

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
    return truncate(one_line(repr(a)), LONGEST_ARGUMENT)


def _all_ints(items: tuple[Any, ...]) -> bool:
    return all(isinstance(i, (int, np.integer)) for i in items)


def _index(index: Any) -> str:
    """As it is written behind an array: ``[1:, None]``."""
    parts = index if isinstance(index, tuple) else (index,)
    return f"[{', '.join(map(_part_of_index, parts))}]"


def _part_of_index(i: Any) -> str:
    if isinstance(i, slice):
        step = "" if i.step is None else f":{i.step}"
        start, stop = ("" if end is None else str(end) for end in (i.start, i.stop))
        return f"{start}:{stop}{step}"
    return "..." if i is Ellipsis else format_argument(i)


def join(texts: Sequence[str], ellipsis: str = ELLIPSIS) -> str:
    """Texts with commas between them: of many, the first few and the last.

    Examples
    --------
    >>> print(join("abc"), join("abcdefghij"), sep=" and ")
    a, b, c and a, b, c, …, j
    """
    if len(texts) > MOST_LISTED:
        texts = [*texts[: MOST_LISTED // 2], ellipsis, texts[-1]]
    return ", ".join(texts)


def width(text: str) -> int:
    """The columns of a terminal that a line takes: two for a wide character, none for an accent."""
    if text.isascii() or _NARROW.fullmatch(text):  # nearly all text, and ten times as fast
        return len(text)
    return sum(
        0 if unicodedata.category(c) in ("Mn", "Me", "Cf") else 1 + _is_wide(c) for c in text
    )


def _is_wide(c: str) -> bool:
    return unicodedata.east_asian_width(c) in "WF"


def truncate(text: str, room: int) -> str:
    """The text in at most `room` columns: cut between words, so that no number loses digits.

    Arrays in it give way first, the longest before the others: names say more.

    Examples
    --------
    >>> print(truncate("[0.659 0.2424 0.0986]", 16), truncate("[[0.5 1] [2 3]], W1, b1", 14))
    [0.659 0.2424 …] […], W1, b1
    >>> print(truncate("float64(128, 10), W1, b1", 16))
    […], W1, b1
    """
    for array in sorted(_ARRAY.findall(text), key=len, reverse=True):
        if array != text and width(text) > room:
            least = max(len(_EMPTY), width(array) - width(text) + room)
            text = text.replace(array, truncate(array, least), 1)
    for named in _KIND.findall(text):
        if named != text and width(text) > room:
            text = text.replace(named, _EMPTY, 1)
    if width(text) <= room:
        return text
    words = text[:room].split(" ")  # the last may be a part of a word: it goes in any case
    while len(words) > 1:
        words.pop()
        shorter = _unfinished(" ".join(words))
        if width(shorter) <= room:
            return shorter
    if text.startswith("[") and room >= len(_EMPTY):
        return _EMPTY
    kept = text[: room - 1]
    while width(kept) >= room:
        kept = kept[:-1]
    return kept + ELLIPSIS


def _unfinished(text: str) -> str:
    """The text with an ellipsis, and the brackets that are open in it closed."""
    return f"{text} {ELLIPSIS}" + "]" * (text.count("[") - text.count("]"))


def wrap(text: str, indent: int, room: int = 80) -> str:
    """The text in lines of at most `room` columns, indented from the second on.

    Cut between words only, and not within a row of numbers.

    Examples
    --------
    >>> print(wrap("To x: ∂L/∂x = ∂L/∂y · cos(x) = 0.5.", indent=2, room=24))
    To x: ∂L/∂x = ∂L/∂y ·
      cos(x) = 0.5.
    """
    if width(text) <= room:
        return text
    first, *words = _BREAK.split(text)
    lines, used = [first], width(first)
    for word in words:
        needed = 1 + width(word)
        if used + needed > room:
            lines.append(" " * indent + word)
            used = indent + needed - 1
        else:
            lines[-1] += f" {word}"
            used += needed
    return "\n".join(lines)
