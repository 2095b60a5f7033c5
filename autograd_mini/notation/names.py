"""Names in formulas: as mathematics writes them, and no two things with the same one."""

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
#: combining character -> the accent of mathematics
_ACCENTS = {"\u0302": "hat", "\u0303": "tilde", "\u0304": "bar", "\u0307": "dot", "\u0308": "ddot"}
#: characters that LaTeX treats specially, in mathematics: in \\text, some readers know no escapes
_SPECIAL = {c: f"\\{c}" for c in "#$%&_{}"} | {
    "\\": r"\backslash ",
    "^": r"{\wedge}",
    "~": r"{\sim}",
    "<": "{<}",  # in a text, a page that shows the formula might take it for a tag
    ">": "{>}",
}


class Definitions:
    """The names that formulas define, next to those of the tensors; no two things share one.

    Parameters
    ----------
    taken : collection of str, optional
        The names of the tensors.

    Examples
    --------
    >>> definitions = Definitions(taken=["p"])
    >>> pairs = [("ŷ", "softmax(z)"), ("p", "σ(x)")]
    >>> [definitions.give(name, text, text) for name, text in pairs * 2]
    ['ŷ', 'p_2', 'ŷ', 'p_2']
    >>> definitions.new(), definitions.new()
    ((('ŷ', 'softmax(z)'), ('p_2', 'σ(x)')), ())
    """

    def __init__(self, taken: Collection[str] = ()) -> None:
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
        """Return the name of a thing, a formula or an array, whose definition is `text`.

        If another thing has the name, it is ``another(name, n)`` with the first free n.
        """
        given, n = name, 1
        while given in self._taken or not _is_same(self._things.get(given, thing), thing):
            n += 1
            given = another(name, n)
        if text and given not in self._things:
            self._new.append((given, text))
        self._things[given] = thing
        return given

    def new(self) -> tuple[tuple[str, str], ...]:
        """Return the definitions of the names that are new since the last call."""
        new, self._new = tuple(self._new), []
        return new


def taken(names: Names) -> frozenset[str]:
    """Return the names of tensors, and of arrays in variables, that no definition may have.

    Class indices may share their name with the one-hot rows that they represent.
    """
    indices = (key for key in names if isinstance(key, Place) and key.dtype.kind in "iu")
    return frozenset(names.values()) - {names[key] for key in indices}


def _is_same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a is b or (a.dtype == b.dtype and np.array_equal(a, b))
    return a is b or (isinstance(a, str) and isinstance(b, str) and a == b)


def name_of(name: str) -> str:
    r"""Return a name in LaTeX: ``v3`` has an index, ``log_p`` is a word, ``theta`` a letter."""
    match = re.fullmatch(r"((?:[^\W\d_]|[\u0300-\u036f])+)(′?)_?(\d*)", name)
    if not match:
        return text_of(name)
    stem, prime, index = match.groups()
    letter, *accents = list(unicodedata.normalize("NFD", stem))
    if _GREEK.fullmatch(stem):
        stem = f"\\{stem}"
    elif len(accents) == 1 and letter.isascii() and accents[0] in _ACCENTS:
        stem = rf"\{_ACCENTS[accents[0]]}{{{letter}}}"
    elif len(stem) > 1 or not (stem.isascii() or "α" <= stem <= "ω"):
        stem = rf"\text{{{stem}}}"
    stem += "'" if prime else ""
    return f"{stem}_{{{index}}}" if index else stem


def text_of(text: str) -> str:
    """Return words within a formula."""
    if not _SPECIAL.keys() & set(text):
        return rf"\text{{{text}}}"
    runs = re.split(f"([{re.escape(''.join(_SPECIAL))}])", text)
    parts = (_SPECIAL.get(run) or rf"\text{{{run}}}" for run in runs if run)
    return f"{{{''.join(parts)}}}"


def escaped(name: str) -> str:
    """Return a name with the characters escaped that LaTeX treats specially."""
    return "".join(_SPECIAL.get(c, c) for c in name)
