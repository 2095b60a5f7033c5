"""Fused beside unfused, and what would be if an input were another: numbers for the page.

All numbers are computed by the engine when the page is written: the tape is run once more for each
position of a slider. So the page moves one input at a time, on a grid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...core.tensor import Tensor
from ..replay import opened
from ..trace import Trace
from .data import Data, checked, tape_data
from .findings import _verdict
from .knobs import _changed, _knobs, _reopened


def compared(
    result: Tensor, other: bool | Tensor, names: Mapping[str, Any], title: str | None
) -> Data:
    """The data of a page with two tapes: the graph, and the fused node in its place."""
    made: Mapping[int, Tensor] = {}
    if isinstance(other, Tensor):
        graph, node = sorted((result, checked(other)), key=_records, reverse=True)
    else:
        try:
            graph, made = opened(result)
        except ValueError:
            raise ValueError(
                "explore: compare=True shows what fused nodes replace, and there is none on this "
                "tape. Pass another computation of the same function: compare=other_result."
            ) from None
        node = result
    if graph.shape != node.shape:
        raise ValueError(f"explore: {graph.shape} and {node.shape} are not the same function")
    theirs = {k: made.get(getattr(v, "order", -1), v) for k, v in names.items()}
    name = _one_name(graph, node, names)
    traces = [Trace.of(graph, {**theirs, name: graph}), Trace.of(node, {**names, name: node})]
    data = tape_data(traces, ["Unfused chain", "Fused node"])
    data["title"] = title or f"Fused beside unfused: {traces[1].called[node.order]}"
    for tape in data["tapes"]:
        tape["first"] = 0  # what is compared is seen open
    data["tapes"][0]["note"] = "unfused: each operation with its own rule"
    data["tapes"][1]["note"] = "fused: one node, one backward rule"
    data["tabs"].append({"name": "Side by side", "tapes": [0, 1]})
    data["compare"] = {"together": _together(traces, made), **_verdict(traces)}
    _knobs(data, traces, _reopened if made else _changed)
    return data


def _one_name(graph: Tensor, node: Tensor, names: Mapping[str, Any]) -> str:
    """What to call both results, which are the same thing: what one is called already, or L."""
    called = [t.name for t in (node, graph) if t.name]
    called += [name for name, t in names.items() if (t is node or t is graph) and name[0] != "_"]
    return called[0] if called else next((s for s in ("L", "loss") if s not in names), "result")


def _records(t: Tensor) -> int:
    return sum(a.op is not None for a in t.tape())


# ---- two tapes -----------------------------------------------------------------------------------


def _together(traces: Sequence[Trace], made: Mapping[int, Tensor]) -> list[int]:
    """For each step of the graph the step of the fused tape that does the same.

    A record of the graph belongs to the first of the fused tape that is finished at it or later.
    """
    graph, node = ([t for t in trace.tape if t.op] for trace in traces)
    last = [made[t.order].order for t in node] if made else _spread(graph, len(node))
    of = {t.order: next(i for i, end in enumerate(last) if end >= t.order) for t in graph}
    forward = [of[t.order] for t in graph]
    passed = {s.tensor.order: i for i, s in enumerate(traces[1].backward)}
    n = len(node)
    backward = [n + 1 + passed.get(node[of[s.tensor.order]].order, 0) for s in traces[0].backward]
    return [*forward, n, *backward]


def _spread(graph: Sequence[Tensor], n: int) -> list[int]:
    return [graph[-(-len(graph) * (i + 1) // n) - 1].order for i in range(n)]


# ---- softmax cross-entropy -----------------------------------------------------------------------


# ---- other inputs --------------------------------------------------------------------------------
