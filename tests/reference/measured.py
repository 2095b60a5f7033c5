"""The page of figures: README's table of speed, and the longer ones of `measured.md` beside it."""

import re
from pathlib import Path

HERE = Path(__file__).parent
README = HERE.parent.parent / "README.md"


def page() -> str:
    """The page, as Markdown: README's section stands in it, so that no figure is kept twice."""
    measured = (HERE / "measured.md").read_text(encoding="utf-8").removeprefix("# Measured\n\n")
    before, head, after = measured.partition("## Softmax cross-entropy\n")
    return f"{before}{_speed()}\n{head}{after}"


def _speed() -> str:
    """The section without what only README can link to: its own files."""
    section = README.read_text(encoding="utf-8").split("## Speed\n")[1].split("\n## ")[0]
    table = section[section.index("| work") : section.index("[Measured]")]
    return "## Speed\n\n" + re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", table)
