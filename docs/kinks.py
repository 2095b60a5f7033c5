"""The page of conventions at kinks: the table that `autograd_mini.ops` opens with."""

import inspect

from autograd_mini import ops

TITLE = "Conventions at kinks"


def page() -> str:
    """Return the page, as reStructuredText."""
    _, _, text = (inspect.getdoc(ops) or "").partition("\n\n")
    return f"{TITLE}\n{'=' * len(TITLE)}\n\n{text}\n"
