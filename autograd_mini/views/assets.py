"""The page's script and style: plain files in ``page/``, put together when a page is written.

Each module of the script becomes a function of the modules it imports. There is no bundler, and no
build step: what is read here is what is written there, without its comments.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from .palette import DARK, LIGHT, STEPS

_STYLES = ("base.css", "graph.css", "steps.css")
_THEMES = ((LIGHT, "light"), (DARK, "dark"))
_IMPORT = re.compile(r'^import (?:\* as (\w+)|\{([^}]*)\}) from "\./(\w+)\.js";\n', re.M)
_EXPORT = re.compile(r"^export (async function|function|const|let) (\w+)", re.M)
_COMMENT = re.compile(
    r"^\s*/\*\*(?:[^*]|\*(?!/))*\*/\s*?\n|^\s*// .*\n|/\*\* @type \{.*?\} \*/ ?", re.M
)

#: what is on the palette for pictures, and what only the page has: panels on a ground, quiet lines
_MORE = {
    "light": {
        "ground": "#f3f5f9",
        "panel": "#ffffff",
        "rule": "#dfe4ea",
        "blue": "#e4effc",
        "positive": "#17803d",
        "negative": "#7b2d9e",
    },
    "dark": {
        "ground": "#0b0f14",
        "panel": "#151b23",
        "rule": "#2c3641",
        "blue": "#12263d",
        "positive": "#4cc26f",
        "negative": "#d58bc4",
    },
}


@cache
def script() -> str:
    """All modules, each after those that it imports."""
    done: dict[str, str] = {}
    _add("main", done)
    return "".join(done.values())


def _add(name: str, done: dict[str, str]) -> None:
    source = _read(f"{name}.js")
    for _, _, other in _IMPORT.findall(source):
        if other not in done:
            _add(other, done)
    exported = ",".join(found for _, found in _EXPORT.findall(source))
    body = _IMPORT.sub(lambda m: f"const {m[1] or '{' + m[2] + '}'}=${m[3]};\n", source)
    body = _EXPORT.sub(r"\1 \2", body)
    body = _closer(_lean(body.replace("export {};\n", "")))
    done[name] = f"const ${name}=(()=>{{{body}return{{{exported}}}}})();\n"


def _lean(text: str) -> str:
    """Without comments, blank lines and indentation."""
    return re.sub(r"\n\s*", "\n", _COMMENT.sub("", text)).lstrip()


#: a string, a template or a pattern, kept as it is; or blanks beside a sign, which say nothing
_BLANK = re.compile(
    r"""("(?:[^"\\\n]|\\.)*"|`[^`]*`|(?<=[(= ])/(?![ /*])(?:[^/\\\n]|\\.)+/[gu]*)"""
    r"""|[ ]*([{}()\[\],;:?=<>&|*!]+)[ ]*"""
)


def _closer(text: str) -> str:
    """A script without the blanks that nobody needs."""
    return _BLANK.sub(lambda found: found[1] or found[2], text)


@cache
def style() -> str:
    """All style sheets, after the colours of both themes."""
    sheets = "".join(_read(name) for name in _STYLES)
    sheets = re.sub(r"/\*.*?\*/\s*", "", sheets, flags=re.S)
    return (
        f":root{{color-scheme:light dark;{_colours()}}}\n"
        ":root[data-theme=dark]{color-scheme:dark}:root[data-theme=light]{color-scheme:light}\n"
        f"{_tints()}{re.sub(r' *([{};:,]) +', _tight, _lean(sheets))}"
    )


def _tight(found: re.Match[str]) -> str:
    return found[1]


def _letters() -> dict[str, int]:
    return {chr(ord("a") + STEPS + n): n for n in range(-STEPS, STEPS + 1)}


def _tints() -> str:
    return "".join(f".t-{letter}{{background:var(--t-{letter})}}" for letter in _letters()) + "\n"


def _colours() -> str:
    """A variable for each colour: the one on light ground and the one on dark."""
    light, dark = ({**p._asdict(), **_MORE[theme]} for p, theme in _THEMES)
    for letter, n in _letters().items():
        light[f"t-{letter}"], dark[f"t-{letter}"] = LIGHT.tint(n), DARK.tint(n)
    return "".join(f"--{name}:light-dark({light[name]},{dark[name]});" for name in light)


@cache
def body() -> str:
    """What is on the page before the script fills it."""
    return _read("page.html")


def _read(name: str) -> str:
    return (files(__package__) / "page" / name).read_text(encoding="utf-8")
