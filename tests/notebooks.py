"""Run the notebooks of examples/ and save their outputs, or compare them with the saved ones.

    python -m tests.notebooks               run all of them, and save their outputs
    python -m tests.notebooks 03 moons      only those with such a part in their names
    python -m tests.notebooks --check       save nothing; fail if a cell prints something else

A drawing is saved as PNG, because every host shows PNG, while code hosts break SVG. For a page in
a frame, which code hosts remove, the text is saved. If you run the cell, you see the page itself.
"""

from __future__ import annotations

import argparse
import base64
import difflib
import json
import os
import re
import shutil
import subprocess
import sys
from html import unescape
from io import BytesIO
from pathlib import Path
from time import perf_counter
from typing import Any

from autograd_mini.views.document import write_atomically

EXAMPLES = Path(__file__).parent.parent / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("[0-9][0-9]_*.ipynb"))
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
#: settings of the terminal that would change the outputs: its width and colours
SETTINGS = {"COLUMNS": "80", "NO_COLOR": "1"}
WIDEST = 1800  # pixels of a kept picture; they are drawn twice as large as shown, for sharp screens

Cell = dict[str, Any]
Notebook = dict[str, Any]

_IMAGE = re.compile(r'<img alt="([^"]*)" src="data:image/svg\+xml;base64,([^"]+)">')
_WIDTH = re.compile(r'<svg [^>]*?width="([\d.]+)(?:px)?"')


def read(path: Path) -> Notebook:
    notebook: Notebook = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def code_cells(notebook: Notebook) -> list[Cell]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def executed(path: Path) -> Notebook:
    """Run all cells with this interpreter and return the notebook. Nothing is written."""
    import nbclient
    import nbformat

    before = dict(os.environ)
    os.environ.update(SETTINGS)
    for name in ("FORCE_COLOR", "MPLBACKEND"):  # notebooks use the inline backend
        os.environ.pop(name, None)
    try:
        notebook = nbformat.read(path, as_version=4)
        nbclient.NotebookClient(
            notebook, timeout=120, kernel_name="python3", record_timing=False,
            resources={"metadata": {"path": str(path.parent)}},
            extra_arguments=["--log-level=ERROR"],
        ).execute()  # fmt: skip
    finally:
        os.environ.clear()
        os.environ.update(before)
    notebook.metadata = METADATA
    for cell in code_cells(notebook):
        cell["outputs"] = [kept(output) for output in _joined(cell["outputs"])]
    return notebook


def _joined(outputs: list[Any]) -> list[Any]:
    """Return the outputs with pieces of one stream joined, because the cuts depend on timing."""
    found: list[Any] = []
    for output in outputs:
        last = found[-1] if found else {}
        if output["output_type"] == "stream" and last.get("name") == output["name"]:
            last["text"] += output["text"]
        else:
            found.append(output)
    return found


def kept(output: Any) -> Any:
    """Return the output to save: pictures as small PNG, pages as their plain text."""
    data = output.get("data", {})
    html, text = data.get("text/html", ""), {"text/plain": data.get("text/plain")}
    if "<iframe" in html:
        return type(output)(output, data=text)
    if image := _IMAGE.search(html):
        png, width = drawn(base64.b64decode(image[2]).decode())
        shown = {"image/png": {"alt": unescape(image[1]), "width": width}}
        return type(output)(output, data={"image/png": png, **text}, metadata=shown)
    if "image/png" in data:
        png = small(base64.b64decode(data["image/png"]))
        return type(output)(output, data={**data, "image/png": png})
    return output


def drawn(svg: str) -> tuple[str, int]:
    """Return the picture as PNG in base64, and its width in CSS pixels."""
    if not shutil.which("rsvg-convert"):
        raise SystemExit("pictures are kept as PNG by rsvg-convert: install librsvg2-bin")
    found = _WIDTH.search(svg)
    if found is None:
        raise ValueError(f"a picture without a width in pixels: {svg[:200]}")
    width = round(float(found[1]))
    png = subprocess.run(
        ["rsvg-convert", "--width", str(min(2 * width, WIDEST)), "--keep-aspect-ratio"],
        input=svg.encode(), capture_output=True, check=True, timeout=60,
    ).stdout  # fmt: skip
    return small(png), width


def small(png: bytes) -> str:
    """Return the picture with 200 colours, a third of the size, in base64."""
    from PIL import Image  # comes with Matplotlib

    picture = Image.open(BytesIO(png)).convert("RGB").quantize(200, dither=Image.Dither.NONE)
    written = BytesIO()
    picture.save(written, "png", optimize=True)
    return base64.b64encode(written.getvalue()).decode()


def said(cell: Cell) -> list[str]:
    """Return the lines of text that a cell shows, and the types of its other outputs."""
    lines = []
    for output in cell["outputs"]:
        data = output.get("data", {})
        for text in [output.get("text"), *(data[kind] for kind in sorted(data) if "text" in kind)]:
            lines += "".join(text or "").splitlines()
        lines += [f"<{kind}>" for kind in sorted(data) if "text" not in kind]
    return lines


def changes(old: Notebook, new: Notebook) -> str:
    """Return a diff of the outputs. It is empty if they agree."""
    found = []
    for before, after in zip(code_cells(old), code_cells(new), strict=True):
        diff = difflib.unified_diff(said(before), said(after), "kept", "now", n=1, lineterm="")
        if lines := list(diff):
            found += ["", "In the cell:", *"".join(after["source"]).splitlines(), "", *lines]
    return "\n".join(found)


def save(notebook: Notebook, path: Path) -> None:
    import nbformat

    nbformat.validate(notebook)
    write_atomically(path, (nbformat.writes(notebook, version=4).strip() + "\n").encode())


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.notebooks", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("parts", nargs="*", metavar="part", help="of the names (default: all)")
    parser.add_argument("--check", action="store_true", help="compare, and save nothing")
    options = parser.parse_args()
    chosen = [p for p in NOTEBOOKS if not options.parts or any(s in p.name for s in options.parts)]
    if not chosen:
        parser.error(f"no notebook in {EXAMPLES} is called like {', '.join(options.parts)}")

    differ = []
    for path in chosen:
        began = perf_counter()
        notebook = executed(path)
        changed = changes(read(path), notebook)
        print(f"{path.name}: {perf_counter() - began:.1f} s, {'new' if changed else 'the same'}")
        if not options.check:
            save(notebook, path)
        elif changed:
            differ.append(path.name)
            print(changed)
    if differ:
        sys.exit(f"{', '.join(differ)}: run python -m tests.notebooks, and look at what changed")


if __name__ == "__main__":
    main()
