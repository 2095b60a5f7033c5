"""Names as mathematics: what tensors and operations are called, so that LaTeX reads it."""

from __future__ import annotations

import re
import unicodedata

_GREEK = re.compile(
    "alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau|phi|"
    "chi|psi|omega"
)
#: combining character -> the accent of mathematics
_ACCENTS = {"\u0302": "hat", "\u0303": "tilde", "\u0304": "bar", "\u0307": "dot", "\u0308": "ddot"}
#: what LaTeX reads as its own, as mathematics: in \\text, not all of its readers know the escape
_SPECIAL = {c: f"\\{c}" for c in "#$%&_{}"} | {
    "\\": r"\backslash ",
    "^": r"{\wedge}",
    "~": r"{\sim}",
}


def name_of(name: str) -> str:
    r"""A name as mathematics: ``v3`` is v with an index, ``log_p`` a word, ``theta`` a letter."""
    match = re.fullmatch(r"([^\W\d_]+)_?(\d*)", name)
    if not match:
        return text_of(name)
    stem, index = match.groups()
    letter, *accents = list(unicodedata.normalize("NFD", stem))
    if _GREEK.fullmatch(stem):
        stem = f"\\{stem}"
    elif len(accents) == 1 and letter.isascii() and accents[0] in _ACCENTS:
        stem = rf"\{_ACCENTS[accents[0]]}{{{letter}}}"
    elif len(stem) > 1 or not (stem.isascii() or "α" <= stem <= "ω"):
        stem = rf"\text{{{stem}}}"
    return f"{stem}_{{{index}}}" if index else stem


def text_of(text: str) -> str:
    """Words that stand in a formula."""
    if not _SPECIAL.keys() & set(text):
        return rf"\text{{{text}}}"
    runs = re.split(f"([{re.escape(''.join(_SPECIAL))}])", text)
    parts = (_SPECIAL.get(run) or rf"\text{{{run}}}" for run in runs if run)
    return f"{{{''.join(parts)}}}"


def escaped(name: str) -> str:
    return "".join(_SPECIAL.get(c, c) for c in name)
