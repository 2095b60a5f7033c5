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
ODD = re.compile(
    r"\bis no \b|\banew\b|to be had|\bwhoever\b|\brooms?\b|\bbeside\b|what becomes of|"
    r"says so|is told|hands? on\b|of its own\b|without a sign|\bone meets\b|\bmend(s|ed)?\b|"
    r"stands (in|for|behind|beside|on)\b|\bwhat is (no|not)\b|\bshall\b|but for\b"
)
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


@each(files())
def test_text_is_plain_english(path):
    allowed = EXCEPTIONS.get(path.relative_to(ROOT).as_posix(), [])
    odd = [line for line in source(path).splitlines() if ODD.search(line)]
    assert [line for line in odd if not any(phrase in line for phrase in allowed)] == []


def test_odd_phrases_are_found():
    assert ODD.search("The result is no tensor.")
    assert ODD.search("It is traced anew.")
    assert not ODD.search("The result is not a tensor.")
