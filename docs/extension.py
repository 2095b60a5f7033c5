"""What the site needs beyond Sphinx: formulas as MathML, live pages, primitives as functions."""

from __future__ import annotations

import functools
import inspect
import re
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import autograd_mini as ag

from . import api, live

# ---- formulas ------------------------------------------------------------------------------------


_ALIGNED = re.compile(r"\\begin\{aligned\}(.+)\\end\{aligned\}(.*)", re.S)
_CELLS = re.compile(r"(?<!\\)&")
_ROWS = re.compile(r"\\\\(?:\[[^]]*\])?")
#: the name of a function before parentheses, which is set like an operator such as mod
_NAME = re.compile(r"<mo>([a-z]{2,})</mo>(?=<mo[^>]*>&#x00028;)")
#: a function without parentheses that is not the base of a power or an index
_FUNCTION = re.compile(r"(?<!<msup>)(?<!<msub>)(<mi>[a-z]{2,}</mi>)(?=<m(?!o>|o |space))")


def mathml(formula: str, display: str) -> str:
    """Return a formula as MathML, which browsers show without a script."""
    text = re.sub(r"\\operatorname\{(\w*\d\w*)\}", r"\\text{\1}", " ".join(formula.split()))
    aligned = _ALIGNED.fullmatch(text)
    if aligned and "\\begin" not in aligned[1]:
        return _table(aligned[1] + aligned[2], display)
    shown: str = convert(text, display=display)
    if "<mi>&</mi>" in shown or "<mi>\\" in shown:
        raise ValueError(f"latex2mathml does not know a command of: {formula}")
    shown = _FUNCTION.sub(r'\1<mspace width="0.17em"/>', _NAME.sub(r"<mi>\1</mi>", shown))
    return shown.replace("<mo>&#x0005E;", '<mo stretchy="false">&#x0005E;')  # narrow hats


def _table(body: str, display: str) -> str:
    """Return lines of formulas that are aligned at &, which latex2mathml does not know."""
    rows = []
    for line in _ROWS.split(body):
        cells = [_inside(mathml(cell, display)) for cell in _CELLS.split(line)]
        rows.append("<mtr>" + "".join(f"<mtd>{cell}</mtd>" for cell in cells) + "</mtr>")
    table = f'<mtable class="aligned" displaystyle="true">{"".join(rows)}</mtable>'
    return f'<math xmlns="http://www.w3.org/1998/Math/MathML" display="{display}">{table}</math>'


def _inside(math: str) -> str:
    """Return a formula without its outermost element."""
    return math[math.index(">") + 1 : math.rindex("</math>")]


def visit_inline(self: Any, node: nodes.math) -> None:
    self.body.append(mathml(node.astext(), "inline"))
    raise nodes.SkipNode


def visit_block(self: Any, node: nodes.math_block) -> None:
    self.body.append(f'<div class="formula">{mathml(node.astext(), "block")}</div>\n')
    raise nodes.SkipNode


# ---- live pages ----------------------------------------------------------------------------------


class Live(SphinxDirective):
    """``{live} NAME``: the page of `ag.explore` of that name, in a frame."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        title = live.PAGES[name][1]
        docname = self.env.docname
        source = f"{'../' * docname.count('/')}live/{name}.html"
        text = (
            f'<figure class="live">'
            f'<iframe src="{source}" title="{escape(title)}" loading="lazy"></iframe>'
            f"<figcaption>{escape(title)}, a page of <code>ag.explore</code>. Press Next, or "
            f'<a href="{source}">open it in a window</a>.</figcaption></figure>'
        )
        return [nodes.raw("", text, format="html")]


# ---- docstrings ----------------------------------------------------------------------------------


def functions_of_primitives(app: Sphinx) -> None:
    """Let autodoc see the function that each public primitive wraps."""
    for name, thing in {name: getattr(ag, name) for name in ag.__all__}.items():
        result = api.class_of_result(thing)
        if result is not None:  # described next to the function, and so under the same module
            setattr(ag, result.__name__, result)
        forward = getattr(thing, "forward", None)
        if inspect.isfunction(forward) and not inspect.isclass(thing):
            shown = functools.wraps(forward)(lambda *args, **kwargs: None)
            shown.__name__ = shown.__qualname__ = name
            shown.__doc__ = thing.__doc__
            setattr(ag, name, shown)
        else:
            setattr(ag, name, thing)  # also what is imported lazily


def formulas_of_docstring(
    app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]
) -> None:
    """Turn formulas, between dollars or in indented lines, into what Sphinx shows as formulas."""
    if what in ("property", "attribute", "data") and lines:
        lines[0] = f": {lines[0]}"  # napoleon takes the text before a colon for a type
    text = "\n".join(lines)
    text = _INDENTED.sub(r"\1\n::\n\n\2\n", text)
    text = re.sub(r"^( *)\$\$(.+?)\$\$", _block, text, flags=re.M | re.S)
    text = re.sub(r"(?<![\w$`])\$(\S[^$\n]*?)\$", r":math:`\1`", text)
    lines[:] = _BARS.sub(lambda m: f"\\|{m[1]}\\|" if m[1] else m[0], text).split("\n")


#: Indented lines after a paragraph. Sphinx would show them as one line.
_INDENTED = re.compile(r"^(\S.*\n)\n((?: {4}\S.*\n|\n(?= {4}\S))+)", re.M)
#: Code, or the absolute value of a name, which Sphinx would take for a substitution.
_BARS = re.compile(r"``.+?``|`[^`]+`|^ *(?:>>>|\.\.\.).*$|\|(\w+)\|", re.M | re.S)


def _block(found: re.Match[str]) -> str:
    indent, formula = found[1], " ".join(found[2].split())
    return f"\n{indent}.. math::\n\n{indent}   {formula}\n"


def copy_font(app: Sphinx, error: Exception | None) -> None:
    """Copy the font of the formulas from the package, so that no text needs a network."""
    if error is None:
        font = next(Path(ag.__file__).parent.rglob("STIXTwoMath.woff2"))
        (Path(app.outdir) / "_static" / font.name).write_bytes(font.read_bytes())


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    app.add_directive("live", Live)
    app.connect("builder-inited", functions_of_primitives)
    app.connect("autodoc-process-docstring", formulas_of_docstring, priority=400)
    app.connect("build-finished", copy_font)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
