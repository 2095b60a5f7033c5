"""Estimate the sizes of texts, blocks and cards, because the reader's fonts are unknown.

Each letter gets at least its width in the widest of the usual sans-serif fonts (Helvetica, Arial,
Liberation Sans, DejaVu Sans, Verdana), so that text fits into its box.
"""

from __future__ import annotations

import math
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from .card import MAX_NUMBERS, Block, Card

#: widths of letters, as a fraction of the font size
_WIDTHS = {
    0.34: " '|,.·ijlI′",
    0.43: "/:;\\()[]!ft-r²¹³",
    0.56: '"*_`szcJFLk?∂ℓ',
    0.66: "abdeghnopquvxyEPSTYZK$0123456789{}",
    1.0: "mwMWOQ@%…&#",
}
_OTHER, _WIDE = 0.84, 1.4


class _Letters(dict[str, float]):
    """The width of each letter, computed when it first occurs."""

    def __missing__(self, c: str) -> float:
        if unicodedata.category(c) in ("Mn", "Me", "Cf"):
            width = 0.0  # an accent, on the letter before it
        else:
            width = _WIDE if ord(c) > 0x1100 and not "\u2000" <= c < "\u2600" else _OTHER
        self[c] = width
        return width


_LETTERS = _Letters((letter, width) for width, of in _WIDTHS.items() for letter in of)

PAD = 8  # distance from the frame of a card to its content
HEADER, NOTE, HEAD = 22, 15, 17  # heights of lines
CELL = 19  # height of a number
SQUARE, LARGE_SQUARE = 6, 12  # sides of a square in a heat map, and in one of few squares
STRIPE = 16  # height of a heat map of a single row
GAP = 6  # between blocks
BADGE = 25  # the width of +=
OPERATION, NAME, SMALL, NUMBER = 12, 16, 11, 12  # sizes of fonts; 11 is the least that is readable


class Size(NamedTuple):
    width: float
    height: float


@lru_cache(maxsize=20_000)  # many numbers are drawn with the same text
def text_width(text: str, font_size: float) -> float:
    """Return an upper bound of the width of a line of text.

    It is a whole number, because sums of whole numbers are the same on all machines.

    Examples
    --------
    >>> text_width("exp", 10) > text_width("il", 10)
    True
    """
    return math.ceil(font_size * math.fsum(map(_LETTERS.__getitem__, text)))


def header_widths(card: Card) -> tuple[float, float, float]:
    """Return the widths of the operation (which is bold), the name and the shape."""
    return (
        text_width(operation(card), 1.1 * OPERATION),
        text_width(card.name, NAME),
        text_width(card.shape, SMALL),
    )


def operation(card: Card) -> str:
    """Return the text of the operation: with a sign if the card is folded."""
    return f"► {card.operation}" if card.stacked else card.operation


def card_size(card: Card, least: float = 0) -> Size:
    """Return the size of a card, at least `least` wide."""
    blocks = [block_size(block) for block in card.blocks]
    lines = [text_width(note, SMALL) for note in card.notes]
    if card.side_by_side:
        body = sum(b.width for b in blocks) + GAP * max(0, len(blocks) - 1)
        below = max((b.height for b in blocks), default=0)
    else:
        body = max(b.width for b in blocks)
        below = sum(b.height for b in blocks) + GAP * (len(blocks) - 1)
    width = max(least, sum(header_widths(card)) + 2 * GAP, body, *lines, 40)
    height = HEADER + NOTE * len(lines) + below + 1.5 * PAD
    return Size(max(width + 2 * PAD, card.least[0]), max(height, card.least[1]))


def cell_size(block: Block) -> Size:
    """Return the size of each cell of a block."""
    if block.is_map:
        few = max(len(block.rows), len(block.rows[0])) <= MAX_NUMBERS
        side = LARGE_SQUARE if few else SQUARE
        return Size(side, STRIPE if len(block.rows) == 1 else side)
    widest = max((text_width(cell.text, NUMBER) for row in block.rows for cell in row), default=0)
    return Size(max(34.0, widest + 10), CELL)


def block_size(block: Block) -> Size:
    """Return the size of a block: its head, its cells, its notes."""
    cell = cell_size(block)
    head = text_width(block.head, SMALL) + (BADGE + 4) * block.meets
    columns = len(block.rows[0]) if block.rows else 0
    width = max(head, columns * cell.width, *(text_width(n, SMALL) for n in block.notes), 0)
    return Size(width, HEAD + len(block.rows) * cell.height + NOTE * len(block.notes))
