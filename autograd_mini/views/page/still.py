"""What a page shows where its script does not run: the picture of the graph, and the table."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, NamedTuple

from ..graph.draw import Drawing, draw_trace
from ..trace import Trace

_MAX_ROWS = 200
_WIDTH = 120  # columns of the table


class Still(NamedTuple):
    """The static view of a tape. The table is empty if the tape is long."""

    drawing: Drawing
    table: str

    @classmethod
    def of(cls, trace: Trace, names: Mapping[str, Any], theme: str = "auto") -> Still:
        """Return the static view of a trace, with the names of variables."""
        tape = trace.tape
        short = len(tape) <= _MAX_ROWS
        table = tape.table(names, adjoints=True, width=_WIDTH) if short else ""
        return cls(draw_trace(trace, theme), table)

    def html(self) -> str:
        """Return the picture and the table as HTML."""
        table = f"<pre>{escape(self.table)}</pre>" if self.table else ""
        return (
            "<p>To step through the computation, this page needs JavaScript.</p>\n"
            f'<div style="overflow: auto">{self.drawing.svg()}{table}</div>'
        )
