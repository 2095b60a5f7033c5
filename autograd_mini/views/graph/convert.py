"""Convert a picture from SVG to PNG or PDF, with the package vl-convert-python."""

from __future__ import annotations

import re

_SCALE = 2  # pixels of a PNG for each unit of the SVG
_MAX_SIDE = 8_000  # pixels of the longer side of a PNG; many viewers refuse larger ones
_SIZE = re.compile(r'width="([\d.]+)" height="([\d.]+)"')


def convert(svg: str, ending: str) -> bytes:
    """Return a picture of `svg.write_svg` as the bytes of a ".png" or ".pdf" file."""
    try:
        import vl_convert
    except ImportError:
        raise RuntimeError(
            f"draw: a {ending} needs the package vl-convert-python. "
            'Run pip install "autograd_mini[pictures]", or save as .svg or .html.'
        ) from None
    if ending == ".pdf":
        return bytes(vl_convert.svg_to_pdf(svg))
    size = _SIZE.search(svg)
    longest = max(map(float, size.groups())) if size else 1.0
    return bytes(vl_convert.svg_to_png(svg, scale=min(_SCALE, _MAX_SIDE / longest)))
