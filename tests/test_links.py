"""Links of texts, notebooks and docstrings to files of the repository resolve."""

import ast
import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parent.parent
TEXTS = sorted(
    path
    for pattern in (
        "*.md",
        ".github/**/*.md",
        "examples/**/*.md",
        "examples/*.ipynb",
        "docs/**/*.md",
    )
    for path in ROOT.glob(pattern)
)
MODULES = sorted([*ROOT.glob("autograd_mini/**/*.py"), *ROOT.glob("examples/**/*.py")])
LINK = re.compile(
    r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)|<(?:img|a)\b[^>]*?(?:src|href)=\"([^\"]+)\""
)
FILE = re.compile(r"\b(?:autograd_mini|examples|tests)/[\w/]+\.\w+")


def words_of(path):
    """Return the text of a file without its code blocks."""
    if path.suffix == ".ipynb":
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        text = "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    else:
        text = path.read_text(encoding="utf-8")
    return re.sub(r"```.*?```", "", text, flags=re.S)


def links_of(text):
    text = re.sub(r"`[^`\n]+`", "code", text)  # brackets in code are not links
    return [first or second for first, second in LINK.findall(text)]


def anchors_of(path):
    """Return the anchors that a code host makes of the headings."""
    headings = re.findall(r"^#+ +(.+?) *$", words_of(path), re.M)
    plain = [
        re.sub(r"[^\w\- ]", "", h.lower().replace("`", "")).replace(" ", "-") for h in headings
    ]
    named = re.findall(r"\bid=\"([^\"]+)\"", words_of(path))
    return {*plain, *named}


def broken(link, at):
    """Return True if a link in the file `at` leads nowhere."""
    if re.match(r"[a-z][a-z+.-]*:", link):  # an external link: not checked
        return False
    file, _, place = unquote(link).partition("#")
    target = (at.parent / file).resolve() if file else at
    if not target.is_relative_to(ROOT) or not target.exists():
        return True
    return bool(place) and target.suffix in (".md", ".ipynb") and place not in anchors_of(target)


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_of_texts_resolve(path):
    assert [link for link in links_of(words_of(path)) if broken(link, path)] == []


def test_links_of_docstrings_resolve():
    found = []
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        if not LINK.search(text) and not FILE.search(text):  # to parse it would take long
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
                text = ast.get_docstring(node) or ""
                found += [(path.name, link) for link in links_of(text) if broken(link, path)]
                found += [
                    (path.name, name) for name in FILE.findall(text) if not (ROOT / name).exists()
                ]
    assert found == []


def test_broken_link_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.test_links.ROOT", tmp_path)
    text = tmp_path / "a.md"
    text.write_text('# One, two\n[a](a.md#one-two) [b](b.md) ![c](c.png) [d](#two) <a href="e">\n')
    assert [link for link in links_of(words_of(text)) if broken(link, text)] == [
        "b.md", "c.png", "#two", "e",
    ]  # fmt: skip


def test_readme_is_checked():
    assert {"README.md", "CONTRIBUTING.md"} <= {path.name for path in TEXTS}
    assert len(links_of(words_of(ROOT / "README.md"))) > 20
