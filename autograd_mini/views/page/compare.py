"""Show a fused node next to the graph that it replaces: the data of a page with two tapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from ...core.messages import describe
from ...core.tensor import Tensor
from ..replay import call_unfused, unfuse
from ..trace import Trace
from .arrays import Pool
from .cross_entropy import with_letters
from .data import Data, fitted, require_result, tape_data
from .findings import Findings
from .live import LiveTape, add_live, name_constants


def comparison(
    result: Tensor, other: bool | Tensor, names: Mapping[str, Any], title: str | None
) -> Data:
    """Return the data of a page with two tapes: the graph, and the fused node."""
    graph, node, replaced = _graph_and_node(result, other)
    theirs = {k: replaced.get(getattr(v, "order", -1), v) for k, v in names.items()}
    name = _common_name(graph, node, names)
    traces = [Trace.of(graph, {**theirs, name: graph}), Trace.of(node, {**names, name: node})]
    traces = [*map(name_constants, traces)]
    if replaced:
        traces[0] = with_letters(traces[0])
    pools = [Pool(), Pool()]
    kind = _FUSED if _is_fused(node) and not _is_fused(graph) else _OTHER
    data = tape_data(traces, kind.titles, pools)
    data["title"] = title or f"{kind.title}: {name}"
    for tape, note in zip(data["tapes"], kind.notes):
        tape |= {"first": 0, "note": note.replace("#", tape["operations"])}  # with all boxes open
    data["tabs"].append({"name": "Side by side", "tapes": [0, 1]})
    found = Findings(traces, pools, kind.words)
    data["compare"] = {"together": _matching_steps(traces, replaced), **found.data}
    again = (traces[1], call_unfused) if replaced else ()
    add_live(data, [partial(LiveTape, traces[0], *again), partial(LiveTape, traces[1])], pools)
    return fitted(data, pools)[0]


class _Kind(NamedTuple):
    """The words of a comparison. In notes, # is the number of operations."""

    title: str
    titles: tuple[str, str]
    notes: tuple[str, str]
    words: tuple[str, str]


_FUSED = _Kind(
    "Fused and unfused",
    ("Unfused graph", "Fused node"),
    ("unfused: each operation with its own rule", "fused: one node, one backward rule"),
    ("graph", "fused node"),
)
_OTHER = _Kind(
    "Two computations",
    ("First computation", "Second computation"),
    ("first computation: # operations", "second computation: # operations"),
    ("first computation", "second computation"),
)


def _is_fused(t: Tensor) -> bool:
    return any(a.op is not None and a.op.unfused is not None for a in t.tape())


def _graph_and_node(
    result: Tensor, other: bool | Tensor
) -> tuple[Tensor, Tensor, Mapping[int, Tensor]]:
    """Return the longer tape's result, the shorter's, and the tensors that `unfuse` replaced."""
    replaced: Mapping[int, Tensor] = {}
    if isinstance(other, Tensor):
        graph, node = sorted((result, require_result(other)), key=_count_nodes, reverse=True)
    else:
        if other is not True:
            raise TypeError(f"explore: compare must be True or a Tensor, got {describe(other)}.")
        node = result
        try:
            graph, replaced = unfuse(result)
        except ValueError:
            raise ValueError(
                "explore: compare=True needs a fused node, but this tape has none. To compare two "
                "computations of the same function, pass the second result: compare=result2."
            ) from None
    if graph.shape != node.shape:
        raise ValueError(
            f"explore: the two results have shapes {graph.shape} and {node.shape}. Both "
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
