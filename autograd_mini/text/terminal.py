"""Adapt text to a stream: colour on a terminal, and the letters of the stream's encoding."""

from __future__ import annotations

import codecs
import os
from typing import Any

from .format import ELLIPSIS

#: Two of the 256 colours that are legible on dark and on light backgrounds. Themes may redefine the
#: first 16 colours, which are therefore not used.
FORWARD, BACKWARD = "38;5;32", "38;5;166"

#: replacements for letters that a stream cannot write; the ellipsis must stay one column wide
_REPLACEMENTS = {
    ELLIPSIS: "~",
    "∂": "d",
    "ŷ": "y_hat",
    "\u0302": "_hat",
    "μ": "mu",
    "δ": "delta",
    "ℓ": "l",
    "·": "*",
    "±": "+-",
    "√": "sqrt ",
    "∞": "inf",
    "′": "'",
    "²": "^2",
    "ᵀ": ".T",
    "→": "->",
    "Σ": "sum",
    "≠": "!=",
    "≤": "<=",
    "≥": ">=",
}
SPELLING = "autograd_mini.spelling"  # the name of a codec error handler, such as "replace"


def transliterate(text: str, stream: Any) -> str:
    r"""Return the text in letters that the stream can write.

    Examples
    --------
    >>> import io
    >>> print(transliterate("∂L/∂ŷ · xᵀ é", io.TextIOWrapper(io.BytesIO(), "ascii")))
    dL/dy_hat * x.T \xe9
    """
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, SPELLING).decode(encoding)


def _replace(error: UnicodeError) -> tuple[str, int]:
    """Handle an encoding error: replace letters, or escape those without a replacement."""
    assert isinstance(error, UnicodeEncodeError)
    letters = error.object[error.start : error.end]
    escaped = (c.encode("ascii", "backslashreplace").decode() for c in letters)
    return "".join(_REPLACEMENTS.get(c, e) for c, e in zip(letters, escaped)), error.end


codecs.register_error(SPELLING, _replace)


def is_colored(stream: Any) -> bool:
    """Return whether to write in colour: on a terminal, unless the environment decides.

    ``NO_COLOR`` takes precedence over ``FORCE_COLOR``: see https://no-color.org and
    https://force-color.org.
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):  # the stream is None or closed
        return False


def colorize(text: str, color: str) -> str:
    """Return the text between the terminal codes that turn a colour on and off."""
    return f"\x1b[{color}m{text}\x1b[m"
