"""Show a tensor or a tape in a notebook: a table of HTML without scripts and style sheets.

Colours are translucent, so that the text of a light and of a dark theme stays readable on them.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape, unescape
from typing import Any

import numpy as np

from ..core.messages import shown
from ..core.tape import Tape
from ..core.tensor import Tensor
from ..text.format import (
    ELLIPSIS,
    MOST_ENTRIES,
    arguments,
    describe_range,
    dtype_and_shape,
    format_array,
    format_number,
    labels,
    made_by,
)
from .trace import Trace

_MOST_ROWS = 40  # rows of a tape; those in the middle of a longer one are left out
_FEW = 4  # first entries of a large array on one line
_MOST_CELLS = 8  # rows and columns of an array that are shown one by one
_STRONGEST = 0.38  # opacity of the tint of the largest entry
_POSITIVE, _NEGATIVE, _ODD = "23,128,61", "123,45,158", "200,40,40"

_LEFT = ' style="text-align:left"'
_ONE_LINE = ' style="text-align:left;white-space:nowrap"'


def tensor_html(t: Tensor) -> str:
    """Return the values of a tensor as a table, below its name, shape, dtype and operation.

    A large array is shown as blocks. Each has the entry of its block with the largest magnitude.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> from autograd_mini.views.html import tensor_html
    >>> text = tensor_html(ag.tensor([1.0, -2.0], requires_grad=True, name="W_q"))
    >>> "W<sub>q</sub>" in text, "requires a gradient" in text
    (True, True)
    """
    facts = [f"<b>{_name(shown(t.name))}</b>"] if t.name else []
    facts += [escape(f"{t.dtype}{t.shape}"), escape(made_by(t) if t.op else "leaf")]
    facts += ["requires a gradient"] if t.requires_grad else []
    array = t._array
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf":
        return _table(" · ".join(facts), [], [[f"<td>{escape(_brief(array))}</td>"]])
    matrix = array.reshape(-1, array.shape[-1] if array.ndim else 1) if array.size else array[None]
    if array.size == 0:
        return _table(" · ".join(facts), [], [["<td>[]</td>"]])
    if max(matrix.shape) > _MOST_CELLS:
        matrix = _blocks(matrix)
        facts.append(f"the largest entry of each of {matrix.size} blocks")
        facts.append(escape(_statistics(array)))
    cells = [[f"<td{tint}>{text}</td>" for text, tint in _tinted(row, matrix)] for row in matrix]
    return _table(" · ".join(facts), [], cells)


def tape_html(tape: Tape) -> str:
    """Return the tape as a table: name, operation, arguments, shape, value and gradient.

    The gradients are left out if the result has several entries or requires none, and if a leaf
    was given new data.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> x = ag.tensor([1.0, 2.0], requires_grad=True, name="x")
    >>> "v<sub>1</sub>" in (x * x).sum().tape()._repr_html_()
    True
    """
    names = labels(tape)
    result = tape.result
    gradients = {}
    header = ["#", "name", "operation", "arguments", "shape", "value"]
    if result.requires_grad and result.size == 1 and isinstance(result._array, np.ndarray):
        with contextlib.suppress(RuntimeError):  # a leaf has new data by now
            gradients = dict(Trace.of_named(tape, names).adjoints)
            header.append(f"∂{_name(names[result.order])}/∂")
    rows = []
    for i in _shown_rows(len(tape)):
        if i is None:
            text = f"{ELLIPSIS} {len(tape) - _MOST_ROWS:,} more {ELLIPSIS}"
            rows.append([f'<td colspan="{len(header)}"{_LEFT}>{text}</td>'])
            continue
        t = tape[i]
        known = set(names.values())
        call = ", ".join(_name(a) if a in known else escape(a) for a in arguments(t, names))
        cells = [f"<td>{i}</td>", f'<th scope="row"{_LEFT}>{_name(names[t.order])}</th>']
        cells += [f"<td{_LEFT}>{x}</td>" for x in (escape(made_by(t)), call, escape(str(t.shape)))]
        cells.append(f"<td{_ONE_LINE}>{_entries(t._array)}</td>")
        if gradients:
            cells.append(f"<td{_ONE_LINE}>{_entries(gradients[t]) if t in gradients else ''}</td>")
        rows.append(cells)
    return _table(f"Tape of {len(tape)} tensors", header, rows)


def _table(title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of cells that are HTML already, below a title that may be wider."""
    head = "".join(f'<th scope="col"{_LEFT}>{text}</th>' for text in header)
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    label = escape(unescape(re.sub("<[^>]*>", "", title)))
    return (
        f'<div>{title}</div><table aria-label="{label}">'
        + (f"<thead><tr>{head}</tr></thead>" if header else "")
        + f"<tbody>{body}</tbody></table>"
    )


def _name(name: str) -> str:
    """Return a name with its index below the line: W_q and v3, as in formulas."""
    match = re.fullmatch(r"([^\W\d_]+)_?(\d+|(?<=_)[^\W_]+)", name)
    if not match:
        return escape(name)
    stem, index = match.groups()
    return f"{escape(stem)}<sub>{escape(index)}</sub>"


def _shown_rows(n: int) -> Iterator[int | None]:
    """Yield the rows of a tape that are shown, with None for those that are left out."""
    if n <= _MOST_ROWS + 1:
        yield from range(n)
        return
    yield from range(_MOST_ROWS // 2)
    yield None
    yield from range(n - _MOST_ROWS // 2, n)


def _entries(array: Any) -> str:
    """Return the first entries of an array on one line, on tints, and the range of a large one."""
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf" or not array.size:
        return escape(_brief(array))
    most = MOST_ENTRIES if array.size <= MOST_ENTRIES else _FEW
    parts = [f"<span{tint}>{text}</span>" for text, tint in _tinted(array.flat[:most], array)]
    if array.size > MOST_ENTRIES:
        parts.append(f"{ELLIPSIS} <small>{escape(describe_range(array))}</small>")
    return " ".join(parts)


def _brief(array: Any) -> str:
    return format_array(array) if isinstance(array, np.ndarray) else dtype_and_shape(array)


def _tinted(entries: Iterable[Any], array: Any) -> Iterator[tuple[str, str]]:
    """Yield the text of each entry, and a style: its tint, in proportion to the largest entry."""
    sizes = np.abs(np.where(np.isfinite(array), array, 0).astype(float))
    largest = sizes.max() or 1.0
    for x in entries:
        if not np.isfinite(x):
            tint = f"rgba({_ODD},{_STRONGEST})"
        else:
            color = _NEGATIVE if x < 0 else _POSITIVE
            tint = f"rgba({color},{round(_STRONGEST * abs(float(x)) / largest, 2)})"
        yield format_number(x, 4), f' style="background:{tint};padding:0 .3em"'


def _blocks(matrix: Any) -> Any:
    """Return the entry with the largest magnitude of each of at most 8 by 8 blocks.

    An entry that is not finite counts as the largest.
    """
    rows, columns = (np.array_split(np.arange(n), min(n, _MOST_CELLS)) for n in matrix.shape)

    def largest(block: Any) -> Any:
        size = np.where(np.isfinite(block), np.abs(block.astype(float)), np.inf)
        return block.flat[int(size.argmax())]

    return np.array(
        [[largest(matrix[r[0] : r[-1] + 1, c[0] : c[-1] + 1]) for c in columns] for r in rows]
    )


def _statistics(array: Any) -> str:
    """Return the range, the mean and the norm, and count the entries that are not finite."""
    with np.errstate(all="ignore"):
        values = array.astype(float)
        odd = int(array.size - np.isfinite(values).sum())
        facts = [
            describe_range(array),
            f"mean {format_number(values.mean(), 4)}",
            f"norm {format_number(np.linalg.norm(values), 4)}",
        ]
    return ", ".join(filter(None, facts)) + (f", {odd} not finite" if odd else "")
