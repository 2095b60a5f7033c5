"""The data that Python writes into a page, and that its script shows."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from ...core.messages import describe, one_line
from ...core.tensor import Tensor
from ...text.format import format_number, truncate
from ..document import instead_of
from ..trace import Trace
from .arrays import EXAMPLES, Pool, minus
from .batch import Batch, batches_of
from .levels import levels
from .narrate import Narrator
from .signs import signs_in
from .uses import write_uses

Data: TypeAlias = dict[str, Any]

LARGEST = 2_000_000  # bytes of a page, beyond which it shows fewer numbers
_SHELL = 185_000  # bytes reserved for the page without its data
_PACKED = 60_000  # bytes of the smallest data that are compressed
_MOST = 30_000  # operations
#: ways to shorten a large page: entries of the largest array that is shown, and whether others
#: are described
_SHORTER = ((16, True), (4, True), (1, True), (1, False))


def require_result(result: Any) -> Tensor:
    """Return `result` if a page can show it; raise otherwise."""
    if not isinstance(result, Tensor):
        text = truncate(one_line(repr(result)), 60)
        raise TypeError(f"explore: expected a Tensor, got {text}.{instead_of(result)}")
    if result.op is None:
        raise RuntimeError(
            f"explore: nothing was recorded for {describe(result)}. Compute it from a tensor with "
            "requires_grad=True, outside of no_grad()."
        )
    if result.size != 1:
        raise ValueError(
            f"explore: {describe(result)} has {result.size} entries, but the page needs a result "
            "with one entry. Reduce it with .sum() or .mean()."
        )
    operations = sum(t.op is not None for t in result.tape())
    if operations > _MOST:
        raise ValueError(
            f"explore: {operations:,} operations are too many. A page can show {_MOST:,}. Use "
            "ag.draw(result) or print(result.tape()). To explore only the last part, start that "
            "part with a new leaf: ag.tensor(x.numpy(), requires_grad=True)."
        )
    return result


def tape_data(
    traces: Sequence[Trace],
    titles: Sequence[str],
    pools: Sequence[Pool],
    trained: Sequence[Tensor] = (),
) -> Data:
    """Return the data of a page that shows these tapes, and add their numbers to the pools.

    The last step updates the `trained` leaves, if there are any.
    """
    # training is about all examples at once
    batches = [Batch()] * len(traces) if trained else batches_of(traces)
    tapes = [_tape(*each, trained) for each in zip(traces, pools, batches, titles)]
    return _page(tapes, pools, batches[0].length)


def fitted(data: Data, pools: Sequence[Pool]) -> tuple[Data, str]:
    """Return the data, with fewer numbers if the page gets large, and the element that holds it."""
    for _ in _shortened(data, pools):
        script = data_script(data)
        if fits(data, script):
            return data, script
    count = data["tapes"][0]["operations"]
    raise ValueError(
        f"explore: a page of {count} operations would be larger than {LARGEST:,} bytes. Use "
        "ag.draw(result) or print(result.tape()). To explore only the last part, start that "
        "part with a new leaf: ag.tensor(x.numpy(), requires_grad=True)."
    )


def _shortened(data: Data, pools: Sequence[Pool]) -> Iterator[None]:
    """Shorten the data step by step."""
    yield
    if data.get("programs"):
        del data["programs"]
        data["live"] = [{"why": "No sliders: the tape is too large to compute in the page."}]
        yield
    for most, described in _SHORTER:
        for pool in pools:
            pool.shorten(most, described)
        yield
    for shorten in (_leave_out_formulas, _leave_out_levels):
        for tape in data["tapes"]:
            shorten(tape)
        yield


def _leave_out_formulas(tape: Data) -> None:
    """Leave out the formulas of all steps. Their sentences and numbers stay."""
    for step in tape["steps"]:
        for part in (step, *step.get("gives", ())):
            part.pop("tex", None)


def _leave_out_levels(tape: Data) -> None:
    """Leave out the inside of folded cards."""
    first = tape["levels"][tape["first"]]
    for linked, how in ((first["cards"], "opens"), (first["boxes"], "closes")):
        for each in linked:
            each.pop(how, None)
    first.pop("group", None)
    tape |= {
        "levels": [{**first, "shapes": [*range(len(first["shapes"]))]}],
        "shapes": [tape["shapes"][i] for i in first["shapes"]],
        "first": 0,
    }


def _tape(trace: Trace, pool: Pool, batch: Batch, name: str, trained: Sequence[Tensor]) -> Data:
    """Return the data of one tape, and add its numbers to the pool."""
    narrator = Narrator(trace, pool, batch, trained)
    nodes, steps = narrator.nodes(), narrator.steps()
    placed = levels(trace, nodes, steps, pool)
    return {
        "name": name,
        "symbol": trace.names[trace.result.order],
        "cotangent": trace.cotangent,
        "value": minus(format_number(np.ravel(trace.result.data)[0])),
        "operations": f"{sum(t.op is not None for t in trace.tape):,}",
        "nodes": nodes,
        "steps": steps,
        "reads": write_uses(trace, steps),
        **placed,
    }


def _page(tapes: list[Data], pools: Sequence[Pool], batch: int) -> Data:
    """Return the data of a page with these tapes. Its subtitle describes the first."""
    symbol, value, count = (tapes[0][key] for key in ("symbol", "value", "operations"))
    data: Data = {
        "title": "",
        "subtitle": f"{symbol} = {value} · {count} operation{'s' * (count != '1')}",
        "tapes": tapes,
        "tabs": [{"name": tape["name"], "tapes": [i]} for i, tape in enumerate(tapes)],
        "pools": [[pool.items for pool in pools]],
        "sliders": [],
    }
    if batch:
        data["batch"] = min(batch, EXAMPLES)
    return data


def arrays_of(trace: Trace, trained: Sequence[Tensor]) -> list[Any]:
    """Return the numbers of a trace, in the order of the positions that the page refers to."""
    pool = Pool()
    (batch,) = [Batch()] if trained else batches_of([trace])
    narrator = Narrator(trace, pool, batch, trained)
    narrator.nodes()
    narrator.steps()
    return pool.items


def changes(items: list[Any], base: list[Any]) -> list[Any]:
    """Return the items that differ from those of the first pool, and None for all others."""
    return [None if item == before else item for item, before in zip(items, base, strict=True)]


def fits(data: Data, script: str) -> bool:
    """Return whether a page with this data, in a script element, is small enough."""
    programs = sum(len(text.encode()) for text in data.get("programs", ()))
    return len(script.encode()) + programs < LARGEST - _SHELL


def data_script(data: Data) -> str:
    """Return the data in a script element, as JSON that is compressed if it is long."""
    return _script(_json(data)).decode()


def _json(data: Data) -> bytes:
    """Return the data as JSON, without the programs, which are part of the script."""
    data = {key: value for key, value in data.items() if key != "programs"}
    write = partial(json.dumps, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    text = write(data)
    text = f'{text[:-1]},"signs":{write(signs_in(text))}}}'
    # escapes, so that no name can end the element or a line
    text = text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return text.encode("utf-8", "replace")  # a lone surrogate cannot be encoded


def _script(text: bytes) -> bytes:
    if len(text) < _PACKED:
        return b'<script type="application/json" id="data">%b</script>' % text
    packed = base64.b64encode(zlib.compress(text, 6))
    return b'<script type="text/plain" id="packed">%b</script>' % packed
