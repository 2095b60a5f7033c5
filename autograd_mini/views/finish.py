"""The last touches on an SVG, whoever drew it, so that it stands alone and reads well."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from .graph import Graph
from .palette import Palette, follow_the_reader

_SVG = "http://www.w3.org/2000/svg"
ET.register_namespace("", _SVG)


def finished(svg: str | bytes, graph: Graph, palette: Palette, theme: str) -> str:
    """The picture with a title, a description, stripes over what is not finite, and its theme.

    The titles of its parts go: they are Graphviz's names of nodes, which a browser would show when
    the mouse rests on them. So do comments and the document type, which names an address.
    """
    picture = ET.fromstring(svg)
    for element in list(picture.iter()):
        for title in element.findall(f"{{{_SVG}}}title"):
            element.remove(title)
        if element.get("fill") == palette.odd:
            element.set("fill", "url(#odd)")
    added = [_element("title", graph.title), _element("desc", graph.description)]
    if theme == "auto":
        added.append(_element("style", follow_the_reader()))
    picture[:0] = [*added, _stripes(palette)]
    picture.set("role", "img")
    return ET.tostring(picture, encoding="unicode") + "\n"


def _element(tag: str, text: str = "", **attributes: str) -> ET.Element:
    element = ET.Element(f"{{{_SVG}}}{tag}", attributes)
    element.text = text
    return element


def _stripes(palette: Palette) -> ET.Element:
    """What is painted over numbers that are not finite."""
    defs = _element("defs")
    whole = {"width": "6", "height": "6"}
    turned = {"patternUnits": "userSpaceOnUse", "patternTransform": "rotate(45)"}
    pattern = _element("pattern", id="odd", **whole, **turned)
    pattern.append(_element("rect", **whole, fill=palette.card))
    pattern.append(_element("rect", width="3", height="6", fill=palette.odd))
    defs.append(pattern)
    return defs
