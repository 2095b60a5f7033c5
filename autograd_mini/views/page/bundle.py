"""Put the page together: its script, style, font and text are plain files in ``static/``.

No bundler, minifier or build step is used. The page contains these files as they are,
except for the import and export statements of the script. So the modules of the script share one
scope, and no name may have two definitions.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from functools import cache
from html import escape
from importlib.resources import files

from ..graph.palette import DARK, LIGHT, STEPS
from .arrays import letter_of

_STYLES = ("base.css", "graph.css", "steps.css", "train.css", "regions.css")
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+)\.js";\n', re.M)
_EXPORT = re.compile(r"^export (?:\{\};\n)?", re.M)
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "font-src data:; img-src data:"
)
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


def document(
    title: str,
    subtitle: str,
    theme: str,
    data_script: str,
    still: str,
    programs: Sequence[str] = (),
) -> str:
    """Return the page as one HTML file, which works offline.

    The HTML in `still` is shown instead of the page if scripts do not run. The `programs` are
    functions in JavaScript, one for each tape.
    """
    title, subtitle = escape(title), escape(subtitle)
    attribute = "" if theme == "auto" else f' data-theme="{theme}"'
    texts = {"{title}": title, "{subtitle}": subtitle, "{still}": still}
    body = re.sub("|".join(texts), lambda found: texts[found[0]], _read("page.html"))
    return (
        f'<!doctype html>\n<html lang="en"{attribute}>\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'<link rel="icon" href="data:,">\n<title>{title}</title>\n'
        f"<style>\n{font()}</style>\n<style>\n{style()}</style>\n"
        "<noscript><style>main, .tools { display: none; }</style></noscript>\n"
        f"</head>\n<body>\n{body}{data_script}\n"
        f'<script type="module">\n{script(programs)}</script>\n</body>\n</html>\n'
    )


def script(programs: Sequence[str] = ()) -> str:
    """Return all modules of the script, each after its imports, with the programs of the tapes.

    Only programs call the functions of arrays, so these are left out without programs.
    """
    # "</" could end the script element
    written = ",\n".join(text.replace("</", "<\\/") for text in programs)
    return f"const programs = [{written}];\n{_modules(bool(programs))}"


@cache
def _modules(with_runtime: bool) -> str:
    inner = f"{runtime()}return nd;\n" if with_runtime else "return {};\n"
    # The functions of arrays have a scope of their own, because their names are common.
    modules = {"programs": "", "nd": f"const nd = (() => {{\n{inner}}})();\n"}
    _add_module("main", modules)
    return "\n".join(modules.values())


@cache
def runtime() -> str:
    """Return the functions of arrays that the programs of tapes call."""
    modules: dict[str, str] = {}
    _add_module("nd", modules)
    return "\n".join(modules.values())


def _add_module(name: str, modules: dict[str, str]) -> None:
    """Add a module to `modules`, after its imports."""
    source = _read(f"{name}.js")
    for imported in _IMPORT.findall(source):
        if imported not in modules:
            _add_module(imported, modules)
    modules[name] = _EXPORT.sub("", _IMPORT.sub("", source))


@cache
def style() -> str:
    """Return all style sheets, after the colours of both themes."""
    palette = {name: (getattr(LIGHT, name), getattr(DARK, name)) for name in LIGHT._fields[1:]}
    colours = palette | _PAGE_COLOURS
    declared = "".join(f"  --{name}: light-dark({a}, {b});\n" for name, (a, b) in colours.items())
    return "\n".join([f":root {{\n{declared}}}\n", _tints(), *map(_read, _STYLES)])


def _tints() -> str:
    """Return a style rule for each tint of a number: see `arrays.Pool.write`."""
    rules = ["[class*=tint-] { background: var(--tint); fill: var(--tint); }\n"]
    for level in range(-STEPS, STEPS + 1):
        colour, share = "minus" if level < 0 else "plus", 100 * abs(level) / STEPS
        mixed = f"color-mix(in srgb, var(--{colour}) {share:g}%, var(--card))"
        rules.append(f".tint-{letter_of(level)} {{ --tint: {mixed}; }}\n")
    return "".join(rules)


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
