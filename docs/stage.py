"""Gather all pages of the site into one folder, and make their links point to each other.

Pages keep the links that work in the repository. Here each link is replaced by the page of the site
that holds the same thing. A link to a source file leads to a page that shows the file.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

from . import api, exercises, foreign, functions, kinks, live, packages, sheet

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
MIGRATION = EXAMPLES / "coming_from_elsewhere.md"

#: Files that are copied to the site -> their page.
COPIED = {
    "examples/README.md": "tutorials/index.md",
    "examples/tour.md": "guides/tour.md",
    ".github/CONTRIBUTING.md": "contributing.md",
    ".github/SECURITY.md": "security.md",
    "CHANGELOG.md": "changelog.md",
    "docs/README.md": "building.md",
}

#: Pages that are generated -> the function that returns their text.
GENERATED: dict[str, Callable[[], str]] = {
    "reference/formula_sheet.md": sheet.page,
    "reference/numpy_functions.md": functions.page,
    "reference/kinks.rst": kinks.page,
    "reference/foreign_arrays.md": foreign.page,
    "exercises.md": exercises.page,
}

#: Files that a link may name -> the page that it leads to.
PAGES = COPIED | {
    "README.md": "index.md",
    "examples/coming_from_elsewhere.md": "migration/index.md",
    "autograd_mini/ops/__init__.py": "reference/kinks.rst",
    "docs/sheet.py": "reference/formula_sheet.md",
    "docs/functions.py": "reference/numpy_functions.md",
    "docs/kinks.py": "reference/kinks.rst",
    "docs/foreign.py": "reference/foreign_arrays.md",
    "docs/exercises.py": "exercises.md",
    "docs/api.py": "api/index.md",
}

#: Parts of pages that are generated: ``{{NAME}}`` -> the function that returns the text.
PARTS = {"packages": packages.table, "layers": packages.layers}

#: The start of the name of a notebook -> the live page that the site shows in it.
LIVE_IN_NOTEBOOKS = {"01_": "diamond", "03_": "softmax_cross_entropy", "04_": "moons"}

#: A link, or code, in which nothing is a link.
_LINK = re.compile(
    r"^ *```.*?^ *```|`[^`\n]+`"
    r"|(?P<start>\[(?:`[^`\n]*`|\[[^\]]*\]|[^\[\]`])*\]\()(?P<to>[^)\s]+)\)",
    re.M | re.S,
)


def stage(folder: Path, live_pages: Path) -> None:
    """Write the sources of all pages into `folder`, and the live pages into `live_pages`."""
    Stage(folder).run()
    live.save(live_pages / "live")


class Stage:
    """A folder of pages, and the source files that they link to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sources: set[Path] = set()

    def run(self) -> None:
        for name, page in COPIED.items():
            self.copy(ROOT / name, page)
        for path in sorted((ROOT / "docs").rglob("*.md")):
            if path.name != "README.md":
                self.copy(path, path.relative_to(ROOT / "docs").as_posix())
        for path in notebooks():
            self.copy_notebook(path)
        self.append_lessons()
        for page, text in migration_guides().items():
            self.write(page, self.relinked(text, MIGRATION, page))
        for page, text in {**{p: make() for p, make in GENERATED.items()}, **api.pages()}.items():
            self.write(page, text)
        for path in sorted(self.sources):
            self.write(f"{source_page(path)}.md", source_text(path))

    def write(self, page: str, text: str) -> None:
        path = self.folder / page
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def copy(self, path: Path, page: str) -> None:
        """Copy a Markdown file, with its links replaced and its generated parts put in."""
        text = path.read_text(encoding="utf-8")
        for name, make in PARTS.items():
            text = text.replace(f"{{{{{name}}}}}", make() if f"{{{{{name}}}}}" in text else "")
        self.write(page, self.relinked(text, path, page))

    def copy_notebook(self, path: Path) -> None:
        """Copy a notebook with its outputs, its links replaced, and a live page if it has one."""
        page = f"tutorials/{path.name}"
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells = notebook["cells"]
        for cell in cells:
            if cell["cell_type"] == "markdown":
                cell["source"] = self.relinked("".join(cell["source"]), path, page)
        for start, name in LIVE_IN_NOTEBOOKS.items():
            if path.name.startswith(start):
                text = f"```{{live}} {name}\n```"
                cell = {"cell_type": "markdown", "id": "live", "metadata": {}, "source": text}
                cells.insert(_place_of_live_page(cells), cell)
        self.write(page, json.dumps(notebook))

    def append_lessons(self) -> None:
        """Add the notebooks to the table of contents of their index."""
        names = "\n".join(path.stem for path in notebooks())
        index = self.folder / "tutorials" / "index.md"
        text = index.read_text(encoding="utf-8")
        index.write_text(f"{text}\n```{{toctree}}\n:hidden:\n\n{names}\n```\n", encoding="utf-8")

    def relinked(self, text: str, path: Path, page: str) -> str:
        """Return `text` of the file at `path` with links that are right on `page`.

        Examples end with a blank line, which doctest needs. The site does not show it.
        """

        def link(found: re.Match[str]) -> str:
            return (
                f"{found['start']}{self.target(found['to'], path, page)})"
                if found["to"]
                else found[0]
            )

        text = re.sub(r"(^```python\n.*?)\n+^```$", r"\1\n```", text, flags=re.M | re.S)
        return _LINK.sub(link, text)

    def target(self, link: str, path: Path, page: str) -> str:
        """Return where a link of the file at `path` leads on `page`."""
        if re.match(r"[a-z][a-z+.-]*:|#", link):
            return link
        name, _, place = unquote(link).partition("#")
        file = Path(os.path.normpath(path.parent / name))
        if file == MIGRATION and place.startswith("from-"):
            to, place = f"migration/{place.replace('-', '_')}.md", ""
        elif file.suffix in (".svg", ".png"):
            to = f"pictures/{file.name}"
            (self.folder / "pictures").mkdir(parents=True, exist_ok=True)
            shutil.copy(file, self.folder / to)
        else:
            to = self.page_of(file)
        relative = os.path.relpath(to, Path(page).parent)
        return f"{Path(relative).as_posix()}{'#' if place else ''}{place}"

    def page_of(self, file: Path) -> str:
        """Return the page that holds a file of the repository."""
        if file.is_dir():
            file = next((f for n in ("__init__.py", "README.md") if (f := file / n).exists()), file)
        name = file.relative_to(ROOT).as_posix()
        if name in PAGES:
            return PAGES[name]
        if file.suffix == ".ipynb":
            return f"tutorials/{file.name}"
        if file.suffix == ".md" and name.startswith("docs/"):
            return name.removeprefix("docs/")
        self.sources.add(file)
        return f"{source_page(file)}.md"


def notebooks() -> list[Path]:
    return sorted(EXAMPLES.glob("[0-9][0-9]_*.ipynb"))


def _place_of_live_page(cells: list[dict[str, object]]) -> int:
    """Return where a live page goes: after the cell that makes one, or before the summary."""
    for i, cell in enumerate(cells):
        if cell["cell_type"] == "code" and "ag.explore(" in "".join(cell["source"]):  # type: ignore[arg-type] # lines of text
            return i + 1
    for i, cell in enumerate(cells):
        if "## What to keep" in "".join(cell["source"]):  # type: ignore[arg-type] # lines of text
            return i
    return len(cells)


def migration_guides() -> dict[str, str]:
    """Return the pages of the migration guide: its beginning, and one for each library."""
    start, *guides = re.split(r"^(?=## From )", MIGRATION.read_text(encoding="utf-8"), flags=re.M)
    pages = {}
    for text in guides:
        name = re.match(r"## From ([\w ]+)", text)[1].strip().lower().replace(" ", "_")  # type: ignore[index] # split at it
        pages[f"migration/from_{name}.md"] = re.sub(r"^#(#+ )", r"\1", text, flags=re.M)
    names = sorted((Path(p).stem for p in pages), key=_order)
    toctree = "\n```{toctree}\n:maxdepth: 1\n\n" + "\n".join(names) + "\n```\n"
    return {"migration/index.md": start + toctree, **pages}


def _order(name: str) -> tuple[int, str]:
    known = ["from_pytorch", "from_jax", "from_micrograd", "from_autograd"]
    return (known.index(name) if name in known else len(known), name)


def source_page(path: Path) -> str:
    """Return the page of a source file, without its ending."""
    name = path.relative_to(ROOT)
    return f"source/{name.with_suffix('').as_posix().lstrip('.')}"


LANGUAGES = {".py": "python", ".toml": "toml", ".yml": "yaml", ".md": "markdown", "": "text"}


def source_text(path: Path) -> str:
    """Return a page that shows a file, or lists a folder."""
    name = path.relative_to(ROOT).as_posix()
    if path.is_dir():
        body = "\n".join(f"- `{p.name}`" for p in sorted(path.iterdir()) if p.name[0] not in "._")
    else:
        language = LANGUAGES.get(path.suffix, "text")
        code = path.read_text(encoding="utf-8").rstrip()
        body = f"~~~~~~{{code-block}} {language}\n:linenos:\n\n{code}\n~~~~~~"
    title = name.replace("__", r"\_\_")
    return f"---\norphan: true\n---\n\n# {title}\n\n{body}\n"
