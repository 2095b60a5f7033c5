"""The page has the modules of its script and its style sheets without their comments."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from autograd_mini.compiler.source import javascript
from autograd_mini.views.page import bundle

from .chromium import idle_window
from .conftest import lacking

FOLDER = Path(__file__).parent
STATIC = Path(bundle.__file__).parent / "static"
RUNTIME = Path(javascript.__file__).parent / "runtime"
#: code around which a careless rule would find comments
TRICKS = r"""
const a = "/* no comment */", b = '// nor this'; // but this
const c = /\/\*[/*]*?\/\//g, d = 8 / 4 / 2;
const e = `a template ${a /* inside */} // ${`with ${b} inside`} /* open`;
const f = /** @type {any} */ (a); /* one */ const g = 1 /* two */ + 2;
/**
 * @param {string} x
 */
const h = (/** @type {string} */ x) => x;
  // a line
"""


def differing(pairs):
    """Return the names of the pairs of scripts that differ in a token."""
    if not (shutil.which("node") and (FOLDER / "node_modules" / "typescript").is_dir()):
        lacking("node or typescript is missing (npm ci in tests/browser)")
    run = subprocess.run(
        ["node", str(FOLDER / "tokens.mjs")],
        input=json.dumps(pairs), capture_output=True, text=True, encoding="utf-8", check=True,
    )  # fmt: skip
    return json.loads(run.stdout)


@pytest.mark.slow
def test_removing_comments_changes_no_token():
    sources = {
        path.name: path.read_text("utf-8")
        for folder in (STATIC, RUNTIME)
        for path in folder.glob("*.js")
    }
    sources["tricks"] = TRICKS
    pairs = {name: [text, bundle.without_comments(text)] for name, text in sources.items()}
    pairs["other number"] = ["f(1)", "f(2)"]
    pairs["other template"] = ["`a //b`", "`a `"]
    pairs["cut off"] = ["f({})", "f({"]
    assert differing(pairs) == ["other number", "other template", "cut off"]
    assert sum(len(a) - len(b) for a, b in pairs.values()) > 30_000


def test_removing_comments_changes_no_style(browser):
    window = idle_window(browser)
    rules = """(texts) => texts.map((text) => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(text);
      return [...sheet.cssRules].map((rule) => rule.cssText);
    })"""
    for path in STATIC.glob("*.css"):
        text = path.read_text("utf-8")
        before, after = window.evaluate(rules, [text, bundle.without_comments(text)])
        assert before == after
        assert before


def test_no_name_has_two_definitions(tmp_path):
    """The modules of a page share one scope."""
    if not shutil.which("node"):
        lacking("node is missing")
    names = [path.stem for path in STATIC.glob("*.js")]
    path = tmp_path / "all.mjs"
    path.write_text("".join(bundle.statements(*names)), "utf-8")
    run = subprocess.run(["node", "--check", str(path)], capture_output=True, text=True)
    assert run.stderr == ""
