"""Names in formulas: how LaTeX writes them, and how each keeps one meaning."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from ..text.format import Names, Place

_GREEK = re.compile(
    "alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau|phi|"
    "chi|psi|omega"
)
#: combining character -> accent in LaTeX
_ACCENTS = {"\u0302": "hat", "\u0303": "tilde", "\u0304": "bar", "\u0307": "dot", "\u0308": "ddot"}
#: special characters -> the same outside of \\text, in which some readers know no escapes
_SPECIAL = {
    **{c: f"\\{c}" for c in "#$%&_{}"},
    "\\": r"\backslash ", "^": r"{\wedge}", "~": r"{\sim}",
    "<": "{<}", ">": "{>}",  # a page could take them for a tag
}  # fmt: skip


class Definitions:
    """The names that formulas define, such as ŷ. They differ from the names of tensors, `taken`."""

    def __init__(self, taken: Collection[str] = ()) -> None:
        self.depth = 0  #: how many definitions the current text is inside of
        self.depths: dict[str, int] = {}
        self._taken = taken
        self._things: dict[str, Any] = {}
        self._new: list[tuple[str, str]] = []

    def give(
        self,
        name: str,
        thing: Any,
        text: str = "",
        another: Callable[[str, int], str] = "{}_{}".format,
    ) -> str:
        """Return the name of a formula or an array, whose definition is `text`.

        If another thing has the name, it is ``another(name, n)`` with the first free n.
        """
        unique, n = name, 1
        while unique in self._taken or not _is_same(self._things.get(unique, thing), thing):
            n += 1
            unique = another(name, n)
        if text and unique not in self._things:
            self._new.append((unique, text))
            self.depths[unique] = self.depth
        self._things[unique] = thing
        return unique

    def find(self, array: Any) -> str | None:
        """Return the name of an array, or None."""
        return next((name for name, x in self._things.items() if _is_same(x, array)), None)

    def new(self) -> tuple[tuple[str, str], ...]:
        """Return the definitions since the last call, parts before the formulas that use them."""
        new, self._new = tuple(self._new), []
        return new


def taken(names: Names) -> frozenset[str]:
    """Return the names that definitions must not use.

    Class indices may share their name with the one-hot rows that they represent.
    """
    indices = (key for key in names if isinstance(key, Place) and key.dtype.kind in "iu")
    return frozenset(names.values()) - {names[key] for key in indices}


def _is_same(a: Any, b: Any) -> bool:
    """Return whether two things are the same formula, or equal arrays: one name suffices."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a is b or (a.dtype == b.dtype and np.array_equal(a, b))
    # `==` of a string and an array compares each entry
    return a is b or (isinstance(a, str) and isinstance(b, str) and a == b)


def name_of(name: str) -> str:
    r"""Return a name in LaTeX: ``v3`` and ``W_q`` get an index, ``theta`` a Greek letter."""
    match = re.fullmatch(r"((?:[^\W\d_]|[\u0300-\u036f])+)(′?)(?:_?(\d*)|_([^\W_]+))", name)
    if not match:
        return text_of(name)
    stem, prime, index, word = match.groups()
    stem = _letters(stem) + ("'" if prime else "")
    index = _letters(word) if word else index
    return f"{stem}_{{{index}}}" if index else stem


def _letters(stem: str) -> str:
    """Return letters in LaTeX: a Greek letter, a letter with an accent, or an upright word."""
    letter, *accents = list(unicodedata.normalize("NFD", stem))
    if _GREEK.fullmatch(stem):
        return f"\\{stem}"
    if len(accents) == 1 and letter.isascii() and accents[0] in _ACCENTS:
        return rf"\{_ACCENTS[accents[0]]}{{{letter}}}"
    if len(stem) > 1 or not (stem.isascii() or "α" <= stem <= "ω"):
        return rf"\text{{{stem}}}"
    return stem


def text_of(text: str) -> str:
    """Return words within a formula."""
    if not _SPECIAL.keys() & set(text):
        return rf"\text{{{text}}}"
    runs = re.split(f"([{re.escape(''.join(_SPECIAL))}])", text)
    parts = (_SPECIAL.get(run) or rf"\text{{{run}}}" for run in runs if run)
    return f"{{{''.join(parts)}}}"


def escaped(name: str) -> str:
    """Return a name with LaTeX's special characters escaped."""
    return "".join(_SPECIAL.get(c, c) for c in name)
