"""The packages of the library and the import rule, from the packages themselves."""

import ast
import re
from pathlib import Path

import autograd_mini

PACKAGE = Path(autograd_mini.__file__).parent


def table() -> str:
    """Return a table of all packages with the first lines of their docstrings, as Markdown."""
    lines = ["{.stacked}", "| package | content |", "| --- | --- |"]
    for path in sorted(PACKAGE.iterdir()):
        file = path / "__init__.py" if path.is_dir() else path
        if path.name.startswith("_") or not (file.suffix == ".py" and file.exists()):
            continue
        text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
        first = re.split(r"(?<=\.)\s", " ".join(text.split()))[0].replace("|", "\\|")
        lines.append(f"| `{path.stem}` | {first} |")
    return "\n".join(lines)


def layers() -> str:
    """Return the layers of the import rule, from the contract in pyproject.toml."""
    import tomllib

    settings = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    lines = next(c["layers"] for c in contracts if c["type"] == "layers")
    return "\n".join(["```", *(line.replace("|", "·") for line in lines), "```"])
