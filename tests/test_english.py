"""Words and phrases that are not plain English are found nowhere in the text of the project.

Plain English has a subject and a verb in every sentence, and uses the words of the field.
"""

import json
import re
from pathlib import Path

from tests.budget import each

ROOT = Path(__file__).parent.parent
FOLDERS = ("autograd_mini", "tests", "examples", "docs", ".github", ".ci")
KINDS = {".py", ".md", ".ipynb", ".js", ".mjs", ".css", ".html", ".jinja2", ".yml", ".toml"}
SKIPPED = {"node_modules", "__pycache__", "golden"}
#: whole words; each is a pattern that begins with letters, which is found ten times as fast
ODD = [
    re.compile(rf"{words}\b")
    for words in (
        "is no ", "anew", "to be had", "whoever", "rooms?", "beside", "what becomes of",
        "says so", "is told", "hands? on", "of its own", "without a sign", "one meets",
        "mend(s|ed)?", "stands (in|for|behind|beside|on)", "what is (no|not)", "shall", "but for",
    )
]  # fmt: skip
#: file -> the phrases that it may have, and the reason
EXCEPTIONS = {
    # the name of a module in a test
    "tests/cli/test_main.py": ["import beside", "beside.TWO", "beside.py"],
}


def files():
    inside = [path for name in FOLDERS for path in (ROOT / name).rglob("*")]
    texts = {path for path in inside if path.suffix in KINDS and not SKIPPED & {*path.parts}}
    return sorted([*(texts - {Path(__file__)}), *ROOT.glob("*.md"), ROOT / "pyproject.toml"])


def source(path):
    """Return the text that a person wrote. Outputs of a notebook are left out."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        return "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
    return text


def odd_lines(text):
    """Return the lines with an odd phrase."""
    starts = [found.start() for odd in ODD for found in odd.finditer(text)]
    of_words = [i for i in starts if not re.match(r"\w", text[i - 1 : i])]
    return [text[text.rfind("\n", 0, i) + 1 :].partition("\n")[0] for i in of_words]


@each(files())
def test_text_is_plain_english(path):
    allowed = EXCEPTIONS.get(path.relative_to(ROOT).as_posix(), [])
    odd = odd_lines(source(path))
    assert [line for line in odd if not any(phrase in line for phrase in allowed)] == []


def test_odd_phrases_are_found():
    assert odd_lines("The result is no tensor.")
    assert odd_lines("A sentence.\nIt is traced anew.\nAnother.") == ["It is traced anew."]
    assert odd_lines("The result is not a tensor. It is recommended.") == []
