"""Put the page together: its script, style, font and text are plain files in ``static/``.

No minifier or build step is used. The page contains the modules of the script that it needs, and
of their declarations those that it uses. They are as they are in the files, except for comments,
indentation, blank lines, import statements, export keywords and the line breaks within a rule of
style. So the modules share one scope, and no name may have two definitions.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any, TypeAlias

from ...compiler.source.javascript import runtime_modules
from ..graph.palette import DARK, LIGHT, STEPS

Data: TypeAlias = Mapping[str, Any]

_STYLES = ("base", "graph", "steps")
_FEATURE_STYLES = ("leaves", "train", "ending", "compare", "find")
_IMPORT = re.compile(r'^import (?:\{[^}]*\}|\* as \w+) from "\.[./\w]*/(\w+)\.js";\n', re.M)
_EXPORT = re.compile(r"^export (?:\{\};\n)?", re.M)
_EXPORTED = re.compile(r"^export (?:const|function) ([a-z]\w+)", re.M)
#: a line that does not begin with a blank or a closing bracket, and all lines up to the next one
_STATEMENT = re.compile(r"^[^\s})\]].*\n(?:(?![^\s})\]]).*\n)*", re.M)
_DECLARATION = re.compile(r"(?:async )?(?:const|let|function|class) (\w+|\[[^\]]*\])")
_USED = re.compile(r"(?<!\w)(?<!(?<!\.\.)\.)[A-Za-z_]\w*")  # not x.name, but ...name
_CALLED = re.compile(r"\bnd\.(\w+)")
#: comments on lines of their own, types in front of an expression, and comments at the end of a
#: line, unless a quote follows: that would be in a string
_COMMENT = re.compile(
    r"^ *//.*\n|^ */\*(?:(?!\*/)[\s\S])*\*/\n|/\*\* @type [^*\n]*\*/ "
    r"| // [^\"'`\n]*$| /\* [^*\n]*\*/$",
    re.M,
)
_INDENTATION = re.compile(r"^ +|^\n", re.M)
_WITHIN_RULE = re.compile(r"(?<=[{,;])\n")  # of a style sheet
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "font-src data:; img-src data:"
)
_MANY_NODES = 40  # of a tape that is searched
#: colours of the page (light, dark) in addition to the palette of pictures
_PAGE_COLOURS = {
    "ground": ("#f3f5f9", "#0b0f14"),
    "panel": ("#ffffff", "#151b23"),
    "rule": ("#dfe4ea", "#2c3641"),
    "blue": ("#e4effc", "#12263d"),
    "plus": (LIGHT.tint(STEPS), DARK.tint(STEPS)),
    "minus": (LIGHT.tint(-STEPS), DARK.tint(-STEPS)),
    "higher": ("#17803d", "#4cc26f"),
    "lower": ("#7b2d9e", "#d58bc4"),
}


_TINTED = """\
[style^="--level"] {
--positive: color-mix(in srgb, var(--plus) max(0%, var(--level) * SHARE), var(--card));
--tint: color-mix(in srgb, var(--minus) max(0%, var(--level) * -SHARE), var(--positive));
background: var(--tint);
fill: var(--tint);
}
"""


def features(data: Data) -> list[str]:
    """Return the modules of the features that only some pages have, for a page with this data."""
    is_live = "programs" in data and "live" in data
    training = data.get("training", {})
    picture = training.get("picture", {"kind": ""})
    is_long = max(len(tape["nodes"]) for tape in data["tapes"]) > _MANY_NODES
    has_boundary = picture["kind"] == "classes"
    needed = {
        "leaves": is_live,
        "sliders": is_live and "moving" in data,
        # a long tape with a boundary has the largest page: there, a link does not hold the numbers
        "link": is_live and not (is_long and has_boundary),
        "batch": "batch" in data,
        "train": "training" in data,
        "untrained": "why" in training,
        "film": "losses" in training,
        "sgd": is_live and "training" in data,
        "boundary": has_boundary,
        "curve": picture["kind"] == "curve",
        "ending": any("softmax" in tape["steps"][-1] for tape in data["tapes"]),
        "compare": "compare" in data,
        "verdict": is_live and "compare" in data,
        "reset": is_live and not training,
        "find": is_long,
    }
    return [name for name, is_needed in needed.items() if is_needed]


def document(data: Data, data_script: str, still: str) -> str:
    """Return the page as one HTML file, which works offline.

    The HTML in `still` is shown instead of the page if scripts do not run.
    """
    title, subtitle, theme = (escape(data[key]) for key in ("title", "subtitle", "theme"))
    attribute = "" if theme == "auto" else f' data-theme="{theme}"'
    why = escape(next((live["why"] for live in data.get("live", ()) if "why" in live), ""))
    texts = {"{title}": title, "{subtitle}": subtitle, "{still}": still, "{why}": why}
    body = re.sub("|".join(texts), lambda found: texts[found[0]], _read("page.html"))
    return (
        f'<!doctype html>\n<html lang="en"{attribute}>\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'<link rel="icon" href="data:,">\n<title>{title}</title>\n'
        f"<style>\n{font()}</style>\n<style>\n{style(data)}</style>\n"
        "<noscript><style>main, .tools { display: none; }</style></noscript>\n"
        f"</head>\n<body>\n{body}{data_script}\n"
        f'<script type="module">\n{script(data)}</script>\n</body>\n</html>\n'
    )


def script(data: Data) -> str:
    """Return the part of the script that a page needs, and the programs of its tapes."""
    # "</" could end the script element
    programs = ",\n".join(text.replace("</", "<\\/") for text in data.get("programs", ()))
    code = _code(*features(data), "main")
    called = frozenset(_CALLED.findall(code + programs))
    functions = runtime(called) if called else ""
    return f"{functions}const programs = [{programs}];\n{code}"


@cache
def _code(*names: str) -> str:
    """Return modules of the script after their imports, without declarations that nothing uses."""
    return "".join(_needed(statements(*names)))


@cache
def runtime(called: frozenset[str] | None = None) -> str:
    """Return the functions of arrays that are called, or all of them, as the object ``nd``.

    They have a scope of their own, because their names are common.
    """
    names = sorted(called or _public())
    functions = [each for each in statements("nd", runtime=True) if "nd" not in _declared(each)]
    code = "".join(_needed(functions, names))
    return f"const nd = (() => {{\n{code}return {{ {', '.join(names)} }};\n}})();\n"


def _needed(statements: Sequence[str], names: Iterable[str] = ()) -> list[str]:
    """Return the statements that act, and the declarations of the names and of what they use."""
    homes = {name: each for each in statements for name in _declared(each)}
    waiting = [each for each in statements if not _declared(each)] + [homes[name] for name in names]
    needed = set()
    while waiting:
        statement = waiting.pop()
        if statement not in needed:
            needed.add(statement)
            waiting += [homes[name] for name in _USED.findall(statement) if name in homes]
    return [each for each in statements if each in needed]


def _declared(statement: str) -> list[str]:
    """Return the names that a statement declares."""
    found = _DECLARATION.match(statement)
    return re.findall(r"\w+", found[1]) if found else []


def statements(*names: str, runtime: bool = False) -> list[str]:
    """Return the statements of modules, after those of their imports: of the runtime or others."""
    found: dict[str, list[str]] = {}
    for name in names:
        _add_module(name, found, runtime)
    return [statement for module in found.values() for statement in module]


def _add_module(name: str, found: dict[str, list[str]], runtime: bool) -> None:
    """Add the statements of a module, after those of its imports."""
    source = _COMMENT.sub("", runtime_modules()[name] if runtime else _read(f"{name}.js"))
    for imported in _IMPORT.findall(source):
        is_part = imported.startswith("nd") == runtime and imported != "programs"
        if is_part and imported not in found:
            _add_module(imported, found, runtime)
    whole = _STATEMENT.findall(_EXPORT.sub("", _IMPORT.sub("", source)))
    found[name] = [_INDENTATION.sub("", statement).strip() + "\n" for statement in whole]


def _public() -> set[str]:
    """Return the names of all functions of arrays."""
    modules = ("nd_elementwise", "nd_axes", "nd_entries", "nd_linalg", "nd")
    names = {name for each in modules for name in _EXPORTED.findall(runtime_modules()[each])}
    return names - {"nd"}


def without_comments(source: str) -> str:
    """Return a style sheet without comments, with a line for each rule, so that the page is small.

    They are for those who read it in the repository. The tools of a browser indent it again.
    """
    return _WITHIN_RULE.sub("", _INDENTATION.sub("", _COMMENT.sub("", source)))


def style(data: Data) -> str:
    """Return the style sheets that a page needs, after the colours of both themes."""
    own = [name for name in features(data) if name in _FEATURE_STYLES]
    names = [*_STYLES, *own, "regions"]  # the last changes others in some windows
    sheets = [without_comments(_read(f"{name}.css")) for name in names]
    return "\n".join([_colours(), *sheets])


@cache
def _colours() -> str:
    """Return the colours of both themes, and a style rule for the tints of numbers.

    `arrays.Pool.write` chooses their levels: shares of the colour of positive or negative numbers.
    """
    palette = {name: (getattr(LIGHT, name), getattr(DARK, name)) for name in LIGHT._fields[1:]}
    colours = palette | _PAGE_COLOURS
    declared = "".join(f"--{name}: light-dark({a}, {b});\n" for name, (a, b) in colours.items())
    return f":root {{\n{declared}}}\n\n{_TINTED.replace('SHARE', f'{100 / STEPS:g}%')}"


@cache
def font() -> str:
    """Return the font of the formulas as a style rule: see ``static/STIXTwoMath.md``."""
    data = (files(__package__) / "static" / "STIXTwoMath.woff2").read_bytes()
    source = f"data:font/woff2;base64,{base64.b64encode(data).decode()}"
    return (
        '@font-face { font-family: "STIX Two Math"; font-display: swap; '
        f'src: url("{source}") format("woff2"); }}\n'
    )


@cache
def _read(name: str) -> str:
    return (files(__package__) / "static" / name).read_text(encoding="utf-8")
