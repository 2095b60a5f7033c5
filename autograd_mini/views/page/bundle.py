"""The page's script, style and font: plain files in ``page/``, put together when a page is written.

There is no bundler and no build step. The modules of the script share one scope, each after those
that it imports, so that no two of them may give the same name to different things; what is read
here is what is written there, without its imports, comments and indentation.
"""

from __future__ import annotations

import base64
import re
from functools import cache
from importlib.resources import files

from ..graph.palette import DARK, LIGHT, STEPS

_STYLES = ("base.css", "graph.css", "steps.css")
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+)\.js";\n', re.M)
_EXPORT = re.compile(r"^export (?:\{\};\n)?", re.M)
#: of a script: a string, a template without others in it, or a pattern, whose slash no blank
#: follows; all these are kept as they are. A comment. A sign, with the blanks beside it; of a plus
#: or minus only where no other is next to it.
_TOKEN = re.compile(
    r"""("(?:[^"\\\n]|\\.)*"|`(?:[^`\\\n]|\\.)*`|/(?![/*\s])(?:[^/\\\n]|\\.)+/)"""
    r"|//.*|/\*(?:[^*]|\*(?!/))*\*/"
    r"| *([{}()\[\],;:?=<>&|*!]) *"
    r"|(?<![-+]) ([-+]) (?![-+])"
)

#: what is on the palette for pictures, and what only the page has: panels on a ground, quiet lines
_MORE = {
    "ground": ("#f3f5f9", "#0b0f14"),
    "panel": ("#ffffff", "#151b23"),
    "rule": ("#dfe4ea", "#2c3641"),
    "blue": ("#e4effc", "#12263d"),
    "plus": (LIGHT.tint(STEPS), DARK.tint(STEPS)),
    "minus": (LIGHT.tint(-STEPS), DARK.tint(-STEPS)),
    "higher": ("#17803d", "#4cc26f"),
    "lower": ("#7b2d9e", "#d58bc4"),
}


@cache
def script() -> str:
    """All modules, each after those that it imports."""
    done: dict[str, str] = {}
    _add("main", done)
    return lean("".join(done.values()))


def _add(name: str, done: dict[str, str]) -> None:
    source = _read(f"{name}.js")
    for other in _IMPORT.findall(source):
        if other not in done:
            _add(other, done)
    done[name] = _EXPORT.sub("", _IMPORT.sub("", source))


def lean(source: str) -> str:
    """A script without comments, indentation, and the blanks beside signs."""
    return _lines(_TOKEN.sub(_kept, source))


def _kept(found: re.Match[str]) -> str:
    return found[found.lastindex] if found.lastindex else ""


def _lines(text: str) -> str:
    """Without indentation, and the ends of lines and statements that a sign says already."""
    text = re.sub(r";?\n(?=})", "", re.sub(r"\s*\n\s*", "\n", text))
    return re.sub(r"(?<=[{(\[,;])\n", "", text).strip() + "\n"


@cache
def style() -> str:
    """All style sheets, after the colours of both themes."""
    colours = {
        name: (getattr(LIGHT, name), getattr(DARK, name)) for name in LIGHT._fields[1:]
    } | _MORE
    declared = "".join(f"--{name}: light-dark({a}, {b});\n" for name, (a, b) in colours.items())
    sheets = "".join(_read(name) for name in _STYLES)
    sheets = re.sub(r"/\*.*?\*/", "", f":root {{\n{declared}}}\n{sheets}", flags=re.S)
    return re.sub(r";? *(})| *({|[;:,](?= )) *", _kept, _lines(sheets))


@cache
def font() -> str:
    """The font of the formulas, as a rule for it: see ``page/STIXTwoMath.md``."""
    data = (files(__package__) / "static" / "STIXTwoMath.woff2").read_bytes()
    source = f"data:font/woff2;base64,{base64.b64encode(data).decode()}"
    return (
        '@font-face { font-family: "STIX Two Math"; font-display: swap; '
        f'src: url("{source}") format("woff2"); }}\n'
    )


@cache
def body() -> str:
    """What is on the page before the script fills it."""
    return _read("page.html")


def _read(name: str) -> str:
    return (files(__package__) / "static" / name).read_text(encoding="utf-8")
