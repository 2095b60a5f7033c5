"""Show a fused node next to the graph that it replaces: the data of a page with two tapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...core.tensor import Tensor
from ..replay import unfuse
from ..trace import Trace
from .data import Data, require_result, tape_data
from .findings import findings
from .sliders import rerun, rerun_unfused, sliders


def comparison(
    result: Tensor, other: bool | Tensor, names: Mapping[str, Any], title: str | None
) -> Data:
    """Return the data of a page with two tapes: the graph, and the fused node."""
    graph, node, replaced = _graph_and_node(result, other)
    theirs = {k: replaced.get(getattr(v, "order", -1), v) for k, v in names.items()}
    name = _common_name(graph, node, names)
    traces = [Trace.of(graph, {**theirs, name: graph}), Trace.of(node, {**names, name: node})]
    data = tape_data(traces, ["Unfused graph", "Fused node"])
    data["title"] = title or f"Fused and unfused: {traces[1].names[node.order]}"
    for tape in data["tapes"]:
        tape["first"] = 0  # with all boxes open
    data["tapes"][0]["note"] = "unfused: each operation with its own rule"
    data["tapes"][1]["note"] = "fused: one node, one backward rule"
    data["tabs"].append({"name": "Side by side", "tapes": [0, 1]})
    data["compare"] = {"together": _matching_steps(traces, replaced), **findings(traces)}
    data["sliders"] = sliders(data, traces, rerun_unfused if replaced else rerun)
    return data


def _graph_and_node(
    result: Tensor, other: bool | Tensor
) -> tuple[Tensor, Tensor, Mapping[int, Tensor]]:
    """Return the longer tape's result, the shorter's, and the tensors that `unfuse` replaced."""
    replaced: Mapping[int, Tensor] = {}
    if isinstance(other, Tensor):
        graph, node = sorted((result, require_result(other)), key=_count_nodes, reverse=True)
    else:
        node = result
        try:
            graph, replaced = unfuse(result)
        except ValueError:
            raise ValueError(
                "explore: compare=True needs a fused node, and this tape has none. Pass another "
                "computation of the same function: compare=other_result."
            ) from None
    if graph.shape != node.shape:
        raise ValueError(
            f"explore: the results to compare have shapes {graph.shape} and {node.shape}. Both "
            "must compute the same function."
        )
    return graph, node, replaced


def _count_nodes(t: Tensor) -> int:
    return sum(a.op is not None for a in t.tape())


def _common_name(graph: Tensor, node: Tensor, names: Mapping[str, Any]) -> str:
    """Return a name for both results: the name of either, or else L."""
    known = [t.name for t in (node, graph) if t.name]
    known += [name for name, t in names.items() if (t is node or t is graph) and name[0] != "_"]
    return known[0] if known else next((s for s in ("L", "loss") if s not in names), "result")


def _matching_steps(traces: Sequence[Trace], replaced: Mapping[int, Tensor]) -> list[int]:
    """Return the matching step of the fused tape for each step of the graph.

    A node of the graph belongs to the first node of the fused tape that is complete by then.
    """
    graph, node = ([t for t in trace.tape if t.op] for trace in traces)
    n = len(node)
    last = [replaced[t.order].order for t in node] if replaced else _evenly(graph, n)
    of = {t.order: next(i for i, end in enumerate(last) if end >= t.order) for t in graph}
    forward = [1 + of[t.order] for t in graph]
    passed = {s.tensor.order: i for i, s in enumerate(traces[1].backward)}
    seed = n + 1
    backward = [
        seed + 1 + passed.get(node[of[s.tensor.order]].order, 0) for s in traces[0].backward
    ]
    return [0, *forward, seed, *backward, seed + len(passed) + 1]


def _evenly(graph: Sequence[Tensor], n: int) -> list[int]:
    """Return the last creation number of each of n parts of the graph, of about equal length."""
    return [graph[-(-len(graph) * (i + 1) // n) - 1].order for i in range(n)]
