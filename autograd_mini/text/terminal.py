"""What a stream can show: colour where it is a terminal, and letters of its encoding."""

from __future__ import annotations

import codecs
import os
from typing import Any

from .format import ELLIPSIS

#: Of the 256 colours, two that can be read on a dark and on a light ground alike; of the first 16
#: a theme may choose a yellow that is lost on white, or a blue that is lost on black.
FORWARD, BACKWARD = "38;5;32", "38;5;166"

#: how our letters are spelled where a stream cannot write them; the ellipsis stays one column wide
_SPELLED = {
    ELLIPSIS: "~",
    "∂": "d",
    "ŷ": "y_hat",
    "\u0302": "_hat",
    "μ": "mu",
    "ℓ": "l",
    "·": "*",
    "′": "'",
    "²": "^2",
    "ᵀ": ".T",
    "→": "->",
    "Σ": "sum",
    "≠": "!=",
    "≤": "<=",
    "≥": ">=",
}
SPELLING = "autograd_mini.spelling"  # an error handler of Python's codecs, as "replace" is one


def spelled(text: str, stream: Any) -> str:
    r"""The text in letters that the stream can write.

    Examples
    --------
    >>> import io
    >>> print(spelled("∂L/∂ŷ · xᵀ é", io.TextIOWrapper(io.BytesIO(), "ascii")))
    dL/dy_hat * x.T \xe9
    """
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, SPELLING).decode(encoding)


def _spelling(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    letters = error.object[error.start : error.end]
    escaped = (c.encode("ascii", "backslashreplace").decode() for c in letters)
    return "".join(_SPELLED.get(c, e) for c, e in zip(letters, escaped)), error.end


codecs.register_error(SPELLING, _spelling)


def is_colored(stream: Any) -> bool:
    """Whether to write in colour: to a terminal, unless the environment says otherwise.

    ``NO_COLOR`` goes before ``FORCE_COLOR``; see https://no-color.org and https://force-color.org.
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):  # there is no stream at all, or it is closed
        return False


def painted(text: str, color: str) -> str:
    """The text between the codes of a terminal for a colour, and for no colour."""
    return f"\x1b[{color}m{text}\x1b[m"
