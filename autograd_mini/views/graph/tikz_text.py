"""Write texts of a picture in LaTeX: names and formulas in mathematics, and words.

Every result is ASCII, because pdfLaTeX stops at most other characters.
"""

from __future__ import annotations

import re
import unicodedata

from ...notation.names import name_of, text_of

#: a name, a number or a single character
_PART = re.compile(r"[^\W\dᵀ¹²³][^\Wᵀ¹²³]*′?|\d+(?:\.\d+)?(?:e[+-]?\d+)?|.", re.DOTALL)
#: characters -> commands of mathematics
_SIGNS = {
    "∂": r"\partial", "·": r"\cdot", "×": r"\times", "÷": r"\div", "±": r"\pm",
    "⊙": r"\odot", "→": r"\to", "−": "-", "∑": r"\sum", "…": r"\ldots", "′": "{}'",
    "ℓ": r"\ell", "∞": r"\infty", "√": r"\surd", "►": r"\triangleright", "≤": r"\le",
    "≥": r"\ge", "≠": r"\ne", "¹": "{}^1", "²": "{}^2", "³": "{}^3", "ᵀ": r"{}^\top",
    "⊤": r"\top", "‖": r"\|", "<": "<", ">": ">", "|": "|", "^": r"\wedge", "~": r"\sim",
    "\\": r"\backslash",
    "Γ": r"\Gamma", "Δ": r"\Delta", "Θ": r"\Theta", "Λ": r"\Lambda", "Ξ": r"\Xi",
    "Π": r"\Pi", "Σ": r"\Sigma", "Φ": r"\Phi", "Ψ": r"\Psi", "Ω": r"\Omega",
    "α": r"\alpha", "β": r"\beta", "γ": r"\gamma", "δ": r"\delta", "ε": r"\epsilon",
    "ζ": r"\zeta", "η": r"\eta", "θ": r"\theta", "ι": r"\iota", "κ": r"\kappa",
    "λ": r"\lambda", "μ": r"\mu", "ν": r"\nu", "ξ": r"\xi", "π": r"\pi", "ρ": r"\rho",
    "σ": r"\sigma", "τ": r"\tau", "υ": r"\upsilon", "φ": r"\phi", "χ": r"\chi",
    "ψ": r"\psi", "ω": r"\omega",
}  # fmt: skip
#: characters -> the same in words
_ESCAPED = {c: f"\\{c}" for c in "#$%&_{}"} | {"–": "--", "'": r"\mbox{'}", '"': r"\mbox{''}"}
_ACCENTS = dict(zip("\u0300\u0301\u0302\u0303\u0304\u0307\u0308\u030a\u030c\u0327", "`'^~=.\"rvc"))


def name(text: str) -> str:
    r"""Return the name of a tensor.

    Examples
    --------
    >>> print(name("W_q"), name("ŷ"), name("train loss"))
    $W_{q}$ $\hat{y}$ \textit{train loss}
    """
    text = unicodedata.normalize("NFC", text)
    return f"${_symbol(text)}$" if re.fullmatch(r"\w+′?", text) else rf"\textit{{{words(text)}}}"


def formula(text: str) -> str:
    r"""Return a formula.

    Examples
    --------
    >>> print(formula("∂L/∂W_q · exp(x)"))
    $\partial L/\partial W_{q}\cdot \mathrm{exp}(x)$
    """
    parts = _PART.findall(unicodedata.normalize("NFC", text))
    return f"${''.join(map(_in_formula, parts, [*parts[1:], '']))}$"


def _in_formula(part: str, following: str) -> str:
    if len(part) > 1 and following == "(":
        return rf"\mathrm{{{_ascii(part)}}}"
    if part in _SIGNS:
        return f"{_SIGNS[part]} "
    return _symbol(part) if part[0].isalpha() or part[0] == "_" else _ascii(part.strip())


def words(text: str) -> str:
    r"""Return words, with names and signs of mathematics between them.

    Examples
    --------
    >>> print(words("W_q @ x"), words("-1"), words("50% of cross-entropy"))
    \ensuremath{W_{q}} @ x \ensuremath{-}1 50\% of cross-entropy
    """
    parts = _PART.findall(unicodedata.normalize("NFC", text))
    return "".join(map(_in_words, parts, [*parts[1:], ""]))


def _in_words(part: str, following: str) -> str:
    if part == "-" and following[:1].isdigit():
        return r"\ensuremath{-}"
    has_index = re.fullmatch(r"[^\W\d_]\d+|[^\W_]+_\w+", part)
    is_symbol = part[0].isalpha() and (has_index or not part.isascii())
    return rf"\ensuremath{{{_symbol(part)}}}" if is_symbol else _ascii(part)


def _symbol(part: str) -> str:
    """Return a name within a formula."""
    tex = (text_of if part.endswith("_") else name_of)(part)  # x_ may be another tensor than x
    tex = tex.replace(r"\text{", r"\mathrm{")
    return "".join(c if c.isascii() else _character(c) for c in tex)


def _ascii(text: str) -> str:
    return "".join(map(_character, text))


def _character(c: str) -> str:
    """Return a character, in words as well as in formulas."""
    if c in _SIGNS:
        return rf"\ensuremath{{{_SIGNS[c].strip()}}}"
    letter, accent = [*unicodedata.normalize("NFD", c), ""][:2]
    if letter.isascii() and accent in _ACCENTS:
        return rf"\mbox{{\{_ACCENTS[accent]}{{{letter}}}}}"
    return _ESCAPED.get(c) or (c if c.isascii() else rf"\texttt{{U+{ord(c):04X}}}")
