"""A graph in Graphviz's DOT language: cards as HTML-like labels, scopes as clusters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from . import metrics as sizes
from .card import Block, Card, Cell
from .folding import Group
from .graph import Edge, Graph
from .palette import Palette

if TYPE_CHECKING:
    import graphviz

_FONT = {"fontname": "Helvetica,Arial,sans-serif", "fontsize": "11"}


def dot_of(graph: Graph, palette: Palette, direction: str) -> str:
    """The DOT text of a graph.

    Parameters
    ----------
    graph : Graph
    palette : Palette
    direction : {"LR", "TB"}
        Which way values run.
    """
    import graphviz

    spaced = {"nodesep": "0.3", "ranksep": "0.5", "pad": "0.2"}
    about = {"rankdir": direction, "bgcolor": palette.page}
    legend = {"labelloc": "b", "labeljust": "l", "label": _legend(graph, palette)}
    whole = graphviz.Digraph(
        "tape",
        graph_attr={**about, **spaced, **_FONT, **(legend if legend["label"] else {})},
        node_attr={"shape": "plain", "fontcolor": palette.ink, **_FONT},
        edge_attr={"penwidth": "1.5", "arrowsize": "0.7", "color": palette.forward},
    )
    boxes = _clusters(graph.titles, palette)
    for i, (card, path) in enumerate(zip(graph.cards, graph.boxes)):
        boxes.get(path, whole).node(f"n{i}", _card(card, palette))
    for path in sorted(boxes, key=len, reverse=True):  # what is in a box before the box itself
        boxes.get(path[:-1], whole).subgraph(boxes[path])
    for edge in graph.edges:
        whole.edge(f"n{edge.source}", f"n{edge.target}", **_edge(edge, palette))
    return str(whole.source)


def _clusters(titles: Mapping[Group, str], palette: Palette) -> dict[Group, graphviz.Digraph]:
    """A cluster for each box."""
    import graphviz

    return {
        path: graphviz.Digraph(
            "cluster_" + "_".join(map(str, path)),
            graph_attr={
                "label": f"<{_font(f'<B>{_text(title)}</B>', palette.faint, 10)}>",
                "labelloc": "t",
                "labeljust": "l",
                "style": "rounded,dashed,filled",
                "color": palette.line,
                "fillcolor": palette.box,
                "margin": "12",
            },
        )
        for path, title in titles.items()
    }


def _edge(edge: Edge, palette: Palette) -> dict[str, str]:
    color = palette.backward if edge.backward else palette.forward
    drawn = {"dir": "back", "style": "dashed", "color": color} if edge.backward else {}
    if not edge.text:
        return drawn
    fill = palette.pill if edge.backward else palette.card
    text = f'<FONT FACE="Times,serif">{_font(_text(edge.text), color, 11)}</FONT>'
    row = f"<TR><TD {_least(sizes.text_width(edge.text, 11))}>{text}</TD></TR>"
    return {**drawn, "label": f"<{_table(row, color, fill, 2)}>"}


def _card(card: Card, palette: Palette) -> str:
    """The label of a node: a table in a rounded table, to keep tints clear of the corners."""
    lines = [(0.0, _header(card, palette))]
    lines += [_small(note, palette.faint) for note in card.notes]
    rows = [f'<TR><TD ALIGN="LEFT" {_least(width)}>{line}</TD></TR>' for width, line in lines]
    most = max((len(block.notes) for block in card.blocks), default=0) if card.beside else 0
    blocks = [f"<TD>{_block(block, palette, most)}</TD>" for block in card.blocks]
    if blocks:
        beside = "".join(blocks) if card.beside else "</TR><TR>".join(blocks)
        rows.append(f"<TR><TD>{_plain(f'<TR>{beside}</TR>', spacing=3)}</TD></TR>")
    frame = 2 if card.stacked else 1
    return f"<{_table(''.join(rows), getattr(palette, card.role), palette.card, 3, frame)}>"


def _header(card: Card, palette: Palette) -> str:
    name = f'<FONT FACE="Times,serif" POINT-SIZE="{sizes.NAME}"><I>{_text(card.name)}</I></FONT>'
    operation = f"<B>{_text(sizes.operation(card))}</B>"
    parts = (operation, name, _font(_text(card.shape), palette.faint, sizes.SMALL))
    cells = (
        f'<TD ALIGN="{side}" {_least(width + sizes.GAP)}>{part}</TD>'
        for side, part, width in zip(_SIDES, parts, sizes.header_widths(card))
    )
    return _plain(f"<TR>{''.join(cells)}</TR>")


def _block(block: Block, palette: Palette, least: int) -> str:
    """A block; below it at least so many lines, or the one beside it would stretch it."""
    color = getattr(palette, block.role)
    width, text = _small(block.head, color)
    head = f"<TD {_least(width)}>{text}</TD>"
    beside = ""
    if block.meets:
        beside = _fixed(width + sizes.BADGE + sizes.GAP, sizes.HEAD)  # or it would be drawn apart
        sign = _font("<B>+=</B>", palette.card, sizes.SMALL)
        size = _fixed(sizes.BADGE, sizes.NOTE)
        badge = f'<TABLE BORDER="0" BGCOLOR="{color}" STYLE="ROUNDED" {size} {_TIGHT}>'
        head += f"<TD>{badge}<TR><TD {size}>{sign}</TD></TR></TABLE></TD>"
    cells = [f"<TR>{''.join(_cells(row, block, palette))}</TR>" for row in block.rows]
    size = ""
    if block.is_map:  # or it would be drawn out to the width of what is below
        width, height = sizes.cell_size(block)
        size = _fixed(width * len(block.rows[0]), height * len(block.rows))
    table = _plain("".join(cells), padding=3, size=size)
    lines = [(0.0, _plain(f"<TR>{head}</TR>", padding=1, size=beside)), (0.0, table)]
    blank = ["\xa0"] * (least - len(block.notes))
    lines += [_small(note, palette.faint) for note in (*block.notes, *blank)]
    rows = [f"<TR><TD {_least(width)}>{line}</TD></TR>" for width, line in lines]
    return _plain("".join(rows), padding=1)


def _cells(row: Any, block: Block, palette: Palette) -> Iterator[str]:
    """Numbers on their grounds; or the squares of a heat map."""
    width, height = sizes.cell_size(block)
    for cell in row:
        fill = f'BGCOLOR="{_ground(cell, palette)}"'
        if block.is_map:
            yield f'<TD {fill} CELLPADDING="0" {_fixed(width, height)}></TD>'
        else:
            frame = f'BORDER="1" COLOR="{palette.line}"'
            text = _font(_text(cell.text), palette.ink, sizes.NUMBER)
            yield f'<TD {fill} {frame} WIDTH="{width:.0f}" ALIGN="RIGHT">{text}</TD>'


def _fixed(width: float, height: float) -> str:
    return f'FIXEDSIZE="TRUE" WIDTH="{width:.0f}" HEIGHT="{height:.0f}"'


def _ground(cell: Cell, palette: Palette) -> str:
    return palette.odd if cell.odd else palette.tint(cell.level)


def _legend(graph: Graph, palette: Palette) -> str:
    parts = [_font(_text(graph.note), palette.faint, 10)] if graph.note else []
    if graph.has_gradients:
        parts.insert(0, _font("———► value", palette.forward, 10))
        parts.insert(1, _font("◄– – derivative", palette.backward, 10))
    return f"<<BR/>{'&#160;&#160;&#160;'.join(parts)}>" if parts else ""


# ---- HTML-like labels ---------------------------------------------------------------------------


_SIDES = ("LEFT", "LEFT", "RIGHT")
_TIGHT = 'CELLBORDER="0" CELLSPACING="0"'


def _table(rows: str, color: str, fill: str, padding: int, border: int = 1) -> str:
    """A table with a rounded frame."""
    return (
        f'<TABLE BORDER="{border}" COLOR="{color}" STYLE="ROUNDED" BGCOLOR="{fill}" '
        f'{_TIGHT} CELLPADDING="{padding}">{rows}</TABLE>'
    )


def _plain(rows: str, padding: int = 0, spacing: int = 0, size: str = "") -> str:
    """A table that is not seen itself."""
    return (
        f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="{spacing}" CELLPADDING="{padding}" {size}>'
        f"{rows}</TABLE>"
    )


def _small(text: str, color: str) -> tuple[float, str]:
    """A line of small text, and how wide it is at least."""
    return sizes.text_width(text, sizes.SMALL), _font(_text(text), color, sizes.SMALL)


def _least(width: float) -> str:
    """Our own estimate of a width, since an engine may draw in wider letters than it measures."""
    return f'WIDTH="{width:.0f}"'


def _font(text: str, color: str, size: float) -> str:
    return f'<FONT COLOR="{color}" POINT-SIZE="{size}">{text}</FONT>'


def _text(text: str) -> str:
    r"""Text that Graphviz shows as it is.

    It would put the node's own name for ``\N``, and stumbles over a ``]``, which may begin ``]]>``.
    """
    text = escape(text).replace("]", "&#93;")
    return re.sub(r"\\([EGHLNT])", "&#92;<FONT>\\1</FONT>", text)
