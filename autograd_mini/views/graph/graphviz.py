"""Write a graph as a `graphviz.Digraph`, for use with Graphviz's own tools.

Cards are HTML-like labels, scopes are clusters. Graphviz places and paints everything itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

from . import metrics
from .card import Block, Card, Cell
from .graph import Edge, Graph
from .palette import Palette

if TYPE_CHECKING:
    import graphviz

_FONT = {"fontname": "Helvetica,Arial,sans-serif", "fontsize": "11"}
_SERIF = "Times,serif"


def digraph(graph: Graph, palette: Palette, direction: str) -> graphviz.Digraph:
    """Return the graph as a `graphviz.Digraph`; raise RuntimeError if graphviz is missing."""
    try:
        import graphviz
    except ImportError:
        raise RuntimeError(
            "draw: DOT text needs the Python package graphviz. Run pip install graphviz, or save "
            "as .svg or .html."
        ) from None

    def cluster(path: tuple[int, ...], title: str) -> graphviz.Digraph:
        label = f"<{_font(f'<B>{_text(title)}</B>', palette.faint, 10)}>"
        look = {"style": "rounded,dashed,filled", "color": palette.line, "fillcolor": palette.box}
        place = {"label": label, "labelloc": "t", "labeljust": "l", "margin": "12"}
        return graphviz.Digraph("cluster_" + "_".join(map(str, path)), graph_attr={**place, **look})

    page = {"rankdir": direction, "bgcolor": palette.page}
    spacing = {"nodesep": "0.3", "ranksep": "0.5", "pad": "0.2"}
    whole = graphviz.Digraph(
        "tape",
        graph_attr={**page, **spacing, **_FONT, **_legend(graph, palette)},
        node_attr={"shape": "plain", "fontcolor": palette.ink, **_FONT},
        edge_attr={"penwidth": "1.5", "arrowsize": "0.7", "color": palette.forward},
    )
    clusters = {path: cluster(path, title) for path, title in graph.titles.items()}
    for i, (card, path) in enumerate(zip(graph.cards, graph.boxes)):
        clusters.get(path, whole).node(f"n{i}", _card(card, palette))
    for path in sorted(clusters, key=len, reverse=True):  # inner clusters before outer ones
        clusters.get(path[:-1], whole).subgraph(clusters[path])
    for edge in graph.edges:
        whole.edge(f"n{edge.source}", f"n{edge.target}", **_edge(edge, palette))
    return whole


def _legend(graph: Graph, palette: Palette) -> dict[str, str]:
    parts = []
    if graph.has_gradients:
        parts.append(_font("———► value", palette.forward, 10))
        parts.append(_font("◄– – gradient", palette.backward, 10))
    if graph.note:
        parts.append(_font(_text(graph.note), palette.faint, 10))
    label = f"<<BR/>{'&#160;&#160;&#160;'.join(parts)}>"
    return {"labelloc": "b", "labeljust": "l", "label": label} if parts else {}


def _edge(edge: Edge, palette: Palette) -> dict[str, str]:
    color = palette.backward if edge.backward else palette.forward
    style = {"dir": "back", "style": "dashed", "color": color} if edge.backward else {}
    if not edge.text:
        return style
    fill = palette.pill if edge.backward else palette.card
    text = _font(_text(edge.text), color, 11, _SERIF)
    return {**style, "label": f"<{_framed(f'<TR><TD>{text}</TD></TR>', color, fill, 2)}>"}


def _card(card: Card, palette: Palette) -> str:
    """Return the label of a node: its header, its notes, and its blocks."""
    rows = [f"<TR><TD>{_header(card, palette)}</TD></TR>"]
    for note in card.notes:
        rows.append(f'<TR><TD ALIGN="LEFT">{_small(note, palette.faint)}</TD></TR>')
    # Graphviz stretches the shorter of two blocks side by side, so both get as many notes.
    lines = max((len(block.notes) for block in card.blocks), default=0) if card.side_by_side else 0
    blocks = [f"<TD>{_block(block, palette, lines)}</TD>" for block in card.blocks]
    if blocks:
        cells = ("" if card.side_by_side else "</TR><TR>").join(blocks)
        body = _table(f"<TR>{cells}</TR>", 'CELLSPACING="3"')
        rows.append(f"<TR><TD>{body}</TD></TR>")
    border = 2 if card.stacked else 1
    return f"<{_framed(''.join(rows), getattr(palette, card.role), palette.card, 3, border)}>"


def _header(card: Card, palette: Palette) -> str:
    operation = f"<B>{_text(metrics.operation(card))}</B>"
    name = _font(f"<I>{_text(card.name)}</I>", palette.ink, metrics.NAME, _SERIF)
    shape = _small(card.shape, palette.faint)
    cells = f'<TD ALIGN="LEFT">{operation}&#160; {name}</TD><TD ALIGN="RIGHT">&#160; {shape}</TD>'
    return _table(f"<TR>{cells}</TR>", 'CELLSPACING="0" CELLPADDING="0"')


def _block(block: Block, palette: Palette, lines: int) -> str:
    """Return a block with at least that many lines of notes."""
    color = getattr(palette, block.role)
    head = _small(block.head + (" +=" if block.meets else ""), color)
    rows = "".join(f"<TR>{''.join(_cells(row, block, palette))}</TR>" for row in block.rows)
    content = [head, _table(rows, 'CELLSPACING="0" CELLPADDING="3"')]
    notes = [*block.notes, *["\xa0"] * (lines - len(block.notes))]
    content += [_small(note, palette.faint) for note in notes]
    return _table("".join(f"<TR><TD>{part}</TD></TR>" for part in content), 'CELLSPACING="1"')


def _cells(row: Sequence[Cell], block: Block, palette: Palette) -> Iterator[str]:
    """Yield numbers on tinted cells, or the squares of a heat map."""
    width, height = metrics.cell_size(block)
    for cell in row:
        fill = f'BGCOLOR="{palette.odd if cell.odd else palette.tint(cell.level)}"'
        if block.is_map:
            yield f'<TD {fill} FIXEDSIZE="TRUE" WIDTH="{width:.0f}" HEIGHT="{height:.0f}"></TD>'
        else:
            text = _font(_text(cell.text), palette.ink, metrics.NUMBER)
            yield f'<TD {fill} BORDER="1" COLOR="{palette.line}" ALIGN="RIGHT">{text}</TD>'


# ---- HTML-like labels ---------------------------------------------------------------------------


def _framed(rows: str, color: str, fill: str, padding: int, border: int = 1) -> str:
    """Return a table with a rounded frame."""
    frame = f'BORDER="{border}" COLOR="{color}" STYLE="ROUNDED" BGCOLOR="{fill}"'
    return f'<TABLE {frame} CELLBORDER="0" CELLSPACING="0" CELLPADDING="{padding}">{rows}</TABLE>'


def _table(rows: str, spacing: str) -> str:
    """Return a table without a frame."""
    return f'<TABLE BORDER="0" CELLBORDER="0" {spacing}>{rows}</TABLE>'


def _small(text: str, color: str) -> str:
    return _font(_text(text), color, metrics.SMALL)


def _font(text: str, color: str, size: float, face: str = "") -> str:
    named = f' FACE="{face}"' if face else ""
    return f'<FONT COLOR="{color}" POINT-SIZE="{size}"{named}>{text}</FONT>'


def _text(text: str) -> str:
    """Return text that Graphviz shows unchanged."""
    text = escape(text).replace("]", "&#93;")  # Graphviz fails at ]]>
    return re.sub(r"\\([EGHLNT])", "&#92;<FONT>\\1</FONT>", text)  # \N is the name of the node
