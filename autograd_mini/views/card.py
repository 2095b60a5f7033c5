"""A card: one operation and its output, as the HTML-like label of a Graphviz node.

Header: operation, name, shape. Below, a row for each entry, with the value and the derivative.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..tensor import Tensor
from .writing import arguments, kind, made_by, number, one_line, shortened

Array = NDArray[Any]
Column = tuple[str, str, Array]  # head, colour, entries

FORWARD, BACKWARD, FAINT = "#0b63c5", "#b93f06", "#6b7480"
_POSITIVE, _NEGATIVE = (23, 128, 61), (123, 45, 158)
_MOST_ROWS = 8  # entries; of a larger array the card shows the smallest, the mean and the largest


def card(t: Tensor, called: Mapping[int, str], columns: Sequence[Column]) -> str:
    """What made the tensor, its name and shape; below, its entries in columns."""
    rows = list(_rows(columns)) if columns else []
    span = max((row.count("<TD") for row in rows), default=1)
    rows = [f'<TD COLSPAN="{span}">{_title(t, called)}</TD>', *rows]
    inner = "".join(f"<TR>{row}</TR>" for row in rows)
    color = FORWARD if t.requires_grad else FAINT
    return (  # a table in a table, to keep the tinted cells clear of the rounded corners
        f'<TABLE BORDER="1" COLOR="{color}" STYLE="ROUNDED" BGCOLOR="white" CELLPADDING="4">'
        '<TR><TD BORDER="0"><TABLE BORDER="0" CELLBORDER="0" CELLSPACING="1" CELLPADDING="3">'
        f"{inner}</TABLE></TD></TR></TABLE>"
    )


def _title(t: Tensor, called: Mapping[int, str]) -> str:
    """Operation, name and shape; and the whole call where the edges do not tell it."""
    name = f'<FONT FACE="Times,serif" POINT-SIZE="15"><I>{_text(called[t.order])}</I></FONT>'
    title = f"<B>{_text(made_by(t))}</B> &#160;{name}&#160; {font(str(t.shape), FAINT, 9)}"
    call = arguments(t, called)
    if len(call) == sum(isinstance(a, Tensor) for a in t.inputs):
        return title
    whole = shortened(f"{made_by(t)}({', '.join(call)})", 40)
    return f"{title}<BR/>{font(whole, FAINT, 9)}"


def _rows(columns: Sequence[Column]) -> Iterator[str]:
    """The heads of the columns, then a row for each entry; for a large array a few statistics."""
    arrays = [array for _, _, array in columns]
    shape = arrays[0].shape
    heads = "".join(f"<TD>{font(head, color, 9)}</TD>" for head, color, _ in columns)
    if not all(isinstance(array, np.ndarray) for array in arrays):  # it may be lazy
        rows = [("", [f"<TD>{_text(kind(array))}</TD>" for array in arrays])]
    elif 0 < arrays[0].size <= _MOST_ROWS:
        scales = [_largest(array) for array in arrays]
        rows = [
            (
                ",".join(map(str, index)) if len(shape) > 1 else "",
                [_cell(array[index], scale) for array, scale in zip(arrays, scales)],
            )
            for index in np.ndindex(shape)
        ]
    else:
        rows = _statistics(arrays)
    labelled = any(label for label, _ in rows)
    yield f"<TD></TD>{heads}" if labelled else heads
    for label, cells in rows:
        yield (f"<TD>{font(label, FAINT, 9)}</TD>" if labelled else "") + "".join(cells)


def _statistics(arrays: Sequence[Array]) -> list[tuple[str, list[str]]]:
    if not arrays[0].size:
        return [("", ["<TD>empty</TD>" for _ in arrays])]
    with np.errstate(all="ignore"):
        return [
            (label, [_cell(f(array), _largest(array)) for array in arrays])
            for label, f in (("min", np.min), ("mean", np.mean), ("max", np.max))
        ]


def _largest(array: Array) -> float:
    """The largest finite magnitude, which gets the full tint."""
    if array.dtype.kind == "O":
        return 0.0
    return float(np.max(np.abs(array), initial=0, where=np.isfinite(array)))


def _cell(x: Any, largest: float) -> str:
    """A number, on green if it is positive and on purple if negative, the deeper the larger."""
    tint = "white"
    if largest and np.isfinite(x) and x:
        share = 0.45 * min(1.0, abs(float(x)) / largest)
        full = _POSITIVE if x > 0 else _NEGATIVE
        tint = "#" + "".join(f"{round(255 - share * (255 - c)):02x}" for c in full)
    return f'<TD BGCOLOR="{tint}" ALIGN="RIGHT">{_text(number(x))}</TD>'


def font(text: str, color: str, size: int) -> str:
    return f'<FONT COLOR="{color}" POINT-SIZE="{size}">{_text(text)}</FONT>'


def _text(text: str) -> str:
    r"""Text that Graphviz shows as it is; it would put the node's own name for ``\N``."""
    return re.sub(r"\\([EGHLNT])", "&#92;<FONT>\\1</FONT>", escape(one_line(text)))
