"""Select the functions of ``mathematics.c`` that a program needs.

They are exp, expm1, log, log1p, tanh, sigmoid and erf of a number, and sin and cos of all entries
of an array, for double and float. The file is a list of definitions with a comment before each. A
program contains only the definitions that it uses, so that its text stays short.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib import resources

_DEFINED = re.compile(r"^(?:#define|am_inline \w+|static void) (am_\w+)", re.MULTILINE)


def definitions(names: Iterable[str]) -> str:
    """Return C text that defines these functions and everything that they use.

    Parameters
    ----------
    names : iterable of str
        Names of functions, such as ``"am_exp"`` and, for float, ``"am_expf"``.

    Returns
    -------
    str
        The includes and the definitions, in the order of the file. Without names, it is empty.

    Raises
    ------
    KeyError
        If ``mathematics.c`` does not define a name.

    Examples
    --------
    >>> from autograd_mini.compiler.native.mathematics import definitions
    >>> text = definitions(["am_log"])
    >>> "am_inline double am_log(double x)" in text, "am_exp" in text
    (True, False)
    """
    includes, parts = _read()
    defined_in = {name: part for part in parts for name in _DEFINED.findall(part)}
    needed: set[str] = set()
    waiting = list(names)
    while waiting:
        part = defined_in[waiting.pop()]
        if part not in needed:
            needed.add(part)
            waiting += re.findall(r"\bam_\w+", part)
    return "\n\n".join([includes, *(part for part in parts if part in needed)]) if needed else ""


@cache
def _read() -> tuple[str, list[str]]:
    """Return the includes, and the definitions with their comments."""
    text = resources.files(__package__).joinpath("mathematics.c").read_text("utf-8")
    includes, *parts = text[text.index("#include") :].strip().split("\n\n")
    return includes, parts
