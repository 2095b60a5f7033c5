r"""Write a picture in TikZ, for a paper or for slides.

The picture's SVG is translated element by element, so both have the same layout. A part that
appears at some step is in a scope with the slides of Beamer that show it, such as ``on=5-``.
Without Beamer, the picture is complete.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping

from ..layout.shapes import decimal
from .graph import Graph
from .palette import STEPS, palette_of
from .schedule import Key, Schedule, schedule
from .svg import SERIF, write_svg
from .tikz_text import formula, name, words

_UNIT = 0.75  # PostScript points for each unit of the SVG
_PREAMBLE = r"% In the preamble: \usepackage{tikz}"
_PATTERNS = r"% \usetikzlibrary{patterns}"
_USE = r"""% A wide picture fits the page as \resizebox{\linewidth}{!}{\input{graph.tex}}.
% In Beamer, each step is a slide: on=5- shows a part from slide 5 on. Elsewhere all is shown."""
_ON = r"""on/.code={\ifdefined\alt\expandafter\alt\expandafter<\pgfkeyscurrentvalue>{}{%
    \pgfkeysalso{/tikz/opacity=0, /tikz/text opacity=0}}\fi}"""
_STRIPES = "url(#odd)"
_ANCHORS = {"start": "base west", "middle": "base", "end": "base east"}


def write_tikz(graph: Graph, direction: str, theme: str) -> str:
    """Return the picture of a graph as a ``tikzpicture``, with the colours of a theme."""
    svg = write_svg(graph, direction, theme, _slides(schedule(graph)))
    return _Translator(theme).picture(ET.fromstring(svg))


def _slides(plan: Schedule) -> Mapping[Key, str]:
    """Return the slides of each part. The first slide, 1, shows the inputs only."""
    slides = {}
    for key, (start, end) in plan.spans.items():
        first = plan.steps[start] + 1
        if end is None:
            slides[key] = f"{first}-"
        elif first <= plan.steps[end]:  # a sum may grow within one step
            slides[key] = f"{first}-{plan.steps[end]}"
    return slides


class _Translator:
    """Translates elements of SVG to TikZ, and collects the colours and fonts that they need."""

    def __init__(self, theme: str) -> None:
        palette = palette_of(theme)
        tints = [n for n in range(-STEPS, STEPS + 1) if n]
        self._names = {palette.tint(n): f"{'plus' if n > 0 else 'minus'}{abs(n)}" for n in tints}
        self._names |= {colour: field for field, colour in palette._asdict().items()}
        self._colours: dict[str, str] = {}
        self._sizes: set[float] = set()
        self._has_stripes = False

    def picture(self, svg: ET.Element) -> str:
        body = list(self._elements(svg))
        unit = decimal(_UNIT)
        fonts = map(_font, sorted(self._sizes))
        options = ",\n  ".join([f"x={unit}bp, y=-{unit}bp, inner sep=0", _ON, *fonts])
        colours = (
            rf"\definecolor{{{name}}}{{HTML}}{{{value[1:].upper()}}}"
            for value, name in self._colours.items()
        )
        lines = [
            _PREAMBLE,
            *([_PATTERNS] if self._has_stripes else []),
            _USE,
            rf"\begin{{tikzpicture}}[{options}]",
            *colours,
            *body,
            r"\end{tikzpicture}",
        ]
        return "\n".join(lines) + "\n"

    def _elements(self, parent: ET.Element) -> Iterator[str]:
        """Yield the lines of all children that paint something."""
        for element in parent:
            kind = element.tag.rpartition("}")[2]
            if kind == "g":
                yield from self._group(element)
            elif kind in ("rect", "path", "polygon", "text"):
                yield getattr(self, f"_{kind}")(element)

    def _group(self, group: ET.Element) -> Iterator[str]:
        """Yield a part that appears. A part that also disappears is for Beamer only."""
        slides = group.get("class")
        temporary = group.get("opacity") == "0"
        yield from [r"\ifdefined\alt"] * temporary
        yield rf"\begin{{scope}}[on={slides}]"
        yield from (f"  {line}" for line in self._elements(group))
        yield r"\end{scope}"
        yield from [r"\fi"] * temporary

    def _rect(self, rect: ET.Element) -> str:
        x, y, width, height = (float(rect.get(k, 0)) for k in ("x", "y", "width", "height"))
        corners = f"{_point(x, y)} rectangle {_point(x + width, y + height)}"
        return rf"\path[{', '.join(self._style(rect))}] {corners};"

    def _path(self, path: ET.Element) -> str:
        start, *rest = path.get("d", "")[1:].replace("C", " ").split()
        curves = zip(rest[::3], rest[1::3], rest[2::3])
        line = "".join(f" .. controls ({a}) and ({b}) .. ({end})" for a, b, end in curves)
        return rf"\path[{', '.join(self._style(path))}] ({start}){line};"

    def _polygon(self, polygon: ET.Element) -> str:
        corners = " -- ".join(f"({point})" for point in polygon.get("points", "").split())
        return rf"\path[{', '.join(self._style(polygon))}] {corners} -- cycle;"

    def _text(self, text: ET.Element) -> str:
        size = float(text.get("font-size", 0))
        self._sizes.add(size)
        anchor = _ANCHORS[text.get("text-anchor", "start")]
        style = f"{self._colour(text.get('fill', ''))}, anchor={anchor}, {_font_name(size)}"
        at = _point(float(text.get("x", 0)), float(text.get("y", 0)))
        return rf"\node[{style}] at {at} {{{_content(text)}}};"

    def _style(self, element: ET.Element) -> Iterator[str]:
        """Yield the options of a path."""
        fill, stroke = element.get("fill", "none"), element.get("stroke")
        if fill == _STRIPES:
            self._has_stripes = True
            yield "pattern=north east lines"
            yield f"pattern color={self._colour(self._field('odd'))}"
        elif fill != "none":
            yield f"fill={self._colour(fill)}"
        if stroke:
            yield f"draw={self._colour(stroke)}"
            yield f"line width={_length(element.get('stroke-width', '1'))}"
        if radius := element.get("rx"):
            yield f"rounded corners={_length(radius)}"
        if dashes := element.get("stroke-dasharray"):
            on, off = map(_length, dashes.split())
            yield f"dash pattern=on {on} off {off}"

    def _field(self, field: str) -> str:
        """Return a colour of the palette."""
        return next(colour for colour, name in self._names.items() if name == field)

    def _colour(self, value: str) -> str:
        """Return the name of a colour, and remember that it is used."""
        return self._colours.setdefault(value, self._names[value])


def _content(text: ET.Element) -> str:
    """Return the content of a text: a name, a formula or words."""
    content = "".join(text.itertext())
    serif = text.get("font-family") == SERIF
    if serif and text.get("font-style"):
        return name(content)
    if serif or content.startswith("∂"):
        return formula(content)
    bold = r"\bfseries " if text.get("font-weight") else ""
    return bold + words(content)


def _font(size: float) -> str:
    fonts = rf"\sffamily\fontsize{{{_length(size)}}}{{{_length(1.2 * size)}}}\selectfont"
    return f"{_font_name(size)}/.style={{font={fonts}}}"


def _font_name(size: float) -> str:
    return f"size {decimal(size)}"


def _length(value: str | float) -> str:
    return f"{decimal(_UNIT * float(value))}bp"


def _point(x: float, y: float) -> str:
    return f"({decimal(x)},{decimal(y)})"
