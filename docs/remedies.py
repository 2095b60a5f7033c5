"""The tables of the migration guide, from the data behind the error messages.

``python -m docs.remedies`` writes them into examples/coming_from_elsewhere.md.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from autograd_mini.core import absent, remedies, remedies_jax

GUIDE = Path(__file__).parent.parent / "examples" / "coming_from_elsewhere.md"

#: Name of a table -> the library of its first column, and its rows.
TABLES = {
    "micrograd": ("micrograd", remedies_jax.MICROGRAD),
    "methods": ("PyTorch", remedies.METHODS),
    "functions": ("PyTorch", remedies.FUNCTIONS),
    "layers": ("PyTorch", remedies.LAYERS),
    "jax": ("JAX", remedies_jax.JAX),
    "autograd": ("autograd", remedies_jax.AUTOGRAD),
}

_PLACE = re.compile(r"<!-- table (\w+) -->\n.*?<!-- end of table -->\n", re.S)


def updated(text: str) -> str:
    """Return the guide with its tables replaced by new ones."""
    return _PLACE.sub(lambda found: f"<!-- table {found[1]} -->\n\n{_rows(found[1])}\n", text)


def _rows(name: str) -> str:
    """Return the rows of a table, and the comment that ends it."""
    if name == "absent":
        reasons = {**absent.METHODS, **absent.FUNCTIONS, **absent.LAYERS, **absent.OPTIMISERS}
        reasons |= {**absent.MODELS, **absent.OPTIMISER}
        reasons = {**absent.DATA, **reasons}
        lines = table("names", "instead", {_names(n): why for why, n in reasons.items()})
    else:
        library, pairs = TABLES[name]
        lines = table(library, "here", {f"`{a}`": f"`{b}`" for a, b in pairs.items()})
    return "\n".join([*lines, "", "<!-- end of table -->"])


def _names(names: str) -> str:
    """Return the first of the names as code, without patterns."""
    plain = [name for name in names.split() if not set(name) & set("*[")]
    listed = ", ".join(f"`{name}`" for name in plain[:6])
    return f"{listed}, ..." if len(names.split()) > 6 else listed


def table(left: str, right: str, rows: Mapping[str, str]) -> list[str]:
    """Return the lines of a table of two columns, as Markdown."""
    escaped = ((a.replace("|", "\\|"), b.replace("|", "\\|")) for a, b in rows.items())
    return [f"| {left} | {right} |", "| --- | --- |", *(f"| {a} | {b} |" for a, b in escaped)]


if __name__ == "__main__":
    GUIDE.write_text(updated(GUIDE.read_text(encoding="utf-8")), encoding="utf-8")
