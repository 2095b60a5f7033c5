"""TODO: autograd_mini.views.page.data."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...core.messages import describe
from ...core.tensor import Tensor
from ...text.format import number, one_line, shortened
from ..trace import Trace
from .arrays import EXAMPLES, Pool, batch_of, minus
from .levels import levels
from .narrate import Teller

LARGEST = 2_000_000  # bytes of a page


_PACKED = 150_000  # bytes of data, from which on they are compressed


_SHELL = 95_000  # bytes of a page without its data, and some to spare


#: where a page would be too large: entries of which more are not shown, and if others are described
_LESS = ((16, True), (4, True), (1, True), (1, False))


_MOST = 30_000  # operations


def checked(result: Any) -> Tensor:
    """The result, if a page can be made of it."""
    if not isinstance(result, Tensor):
        raise TypeError(f"explore takes a tensor, not {shortened(one_line(repr(result)), 60)}")
    if result.op is None:
        raise RuntimeError(
            f"nothing was recorded for {describe(result)}: no operation made it from a tensor "
            "with requires_grad=True, or it was computed under no_grad(). Explore a result."
        )
    operations = sum(t.op is not None for t in result.tape())
    if operations > _MOST:
        raise _too_long(operations)
    return result


def tape_data(traces: Sequence[Trace], titles: Sequence[str]) -> dict[str, Any]:
    """What the page needs to show these tapes."""
    batch = batch_of(traces)
    pools = [Pool(batch) for _ in traces]
    tapes = [_told(*each) for each in zip(traces, pools, titles)]
    data = _data(tapes, pools, batch)
    for most, notes in _LESS:
        if len(embedded(data).encode()) < LARGEST - _SHELL:
            return data
        for pool in pools:
            pool.shorten(most, notes)
    if len(embedded(data).encode()) >= LARGEST - _SHELL:
        raise _too_long(sum(t.op is not None for t in traces[0].tape))
    return data


def _told(trace: Trace, pool: Pool, name: str) -> dict[str, Any]:
    """One tape; its numbers go into the pool."""
    teller = Teller(trace, pool)
    nodes, steps = teller.nodes(), teller.steps()
    placed, first = levels(trace, nodes, pool)
    return {
        "name": name,
        "symbol": trace.called[trace.result.order],
        "value": minus(number(np.ravel(trace.result.data)[0])),
        "operations": f"{sum(t.op is not None for t in trace.tape):,}",
        "nodes": nodes,
        "steps": steps,
        "levels": placed,
        "first": first,
    }


def _too_long(operations: int) -> ValueError:
    return ValueError(
        f"explore: {operations:,} operations are more than a page has room for. Draw them folded, "
        "ag.draw(result); print them, print(result.tape()); or explore a part of them, from where "
        "it begins: x.detach().requires_grad_()."
    )


def _data(tapes: list[dict[str, Any]], pools: Sequence[Pool], batch: int) -> dict[str, Any]:
    """All that the page shows, of which this is the first tape."""
    symbol, value, count = (tapes[0][key] for key in ("symbol", "value", "operations"))
    data: dict[str, Any] = {
        "title": "",
        "subtitle": f"{symbol} = {value} · {count} operation{'s' * (count != '1')}",
        "tapes": tapes,
        "tabs": [{"name": tape["name"], "tapes": [i]} for i, tape in enumerate(tapes)],
        "pools": [[pool.items for pool in pools]],
        "knobs": [],
    }
    if batch:
        data["batch"] = min(batch, EXAMPLES)
    return data


def embedded(data: Mapping[str, Any]) -> str:
    """The data in a script element: as JSON; compressed, where there are many.

    ``<`` is written as an escape, so that no name can end the element.
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    text = text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    text = text.encode("utf-8", "replace").decode()  # half a surrogate pair is no character
    if len(text) < _PACKED:
        return f'<script type="application/json" id="data">{text}</script>'
    packed = base64.b64encode(zlib.compress(text.encode(), 6)).decode()
    return f'<script type="text/plain" id="packed">{packed}</script>'


Data = dict[str, Any]


def pool_of(trace: Trace, pool: Pool) -> list[Any]:
    """The numbers of a trace, in the order in which the page knows them."""
    teller = Teller(trace, pool)
    teller.nodes()
    teller.steps()
    return pool.items


def changed(items: list[Any], base: list[Any]) -> list[Any]:
    """What is not the same as in the first pool; None for the rest."""
    assert len(items) == len(base)
    return [None if item == before else item for item, before in zip(items, base)]
