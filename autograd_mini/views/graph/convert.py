"""Convert a picture from SVG to PNG or PDF, with the package vl-convert-python."""

from __future__ import annotations

import re

_SCALE = 2  # pixels of a PNG for each unit of the SVG
_MAX_SIDE = 8_000  # pixels of the longer side of a PNG; many viewers refuse larger ones
_SIZE = re.compile(r'width="([\d.]+)" height="([\d.]+)"')


def convert(svg: str, ending: str) -> bytes:
    """Return the picture as a PNG or PDF file.

    Parameters
    ----------
    svg : str
        A picture as `svg.write_svg` writes it.
    ending : {".png", ".pdf"}

    Raises
    ------
    RuntimeError
        If the package that converts is not installed.
    """
    try:
        import vl_convert
    except ImportError:
        raise RuntimeError(
            f'a {ending} needs the package vl-convert-python: pip install "autograd_mini[pictures]"'
            ". Or save as .svg or .html."
        ) from None
    if ending == ".pdf":
        return bytes(vl_convert.svg_to_pdf(svg))
    size = _SIZE.search(svg)
    longest = max(map(float, size.groups())) if size else 1.0
    return bytes(vl_convert.svg_to_png(svg, scale=min(_SCALE, _MAX_SIDE / longest)))
