"""Compare the layered layout with Graphviz's `dot`: crossings, lengths, time.

Run ``python -m tests.benchmarks.layout``. Both get the same boxes and edges, without arrowheads.
The same function counts the crossings in both drawings: it cuts every curve into short lines, and a
crossing is a point where lines of two edges pass through one another. Lines that only touch, such
as those of edges that meet in a node, do not cross. Without `dot`, its columns are 0.
"""

import argparse
import random
import shutil
import subprocess
from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter

import numpy as np

import autograd_mini as ag
from autograd_mini.views.layout.layout import Edge, Layout, Node, layout

Graph = tuple[dict[int, Node], list[Edge]]
Curve = Sequence[tuple[float, float]]  # 1 + 3n points, as in Route.points


# --- the graphs ----------------------------------------------------------------------------------


def boxes(count: int, edges: list[tuple[int, int]], size: tuple[float, float] = (80, 40)) -> Graph:
    return {i: Node(*size) for i in range(count)}, [Edge(u, v) for u, v in dict.fromkeys(edges)]


def recorded(*results: ag.Tensor) -> Graph:
    """Return the graph of a tape: each tensor is a box, each argument an edge."""
    tensors = {t.order: t for result in results for t in result.tape()}
    number = {order: i for i, order in enumerate(sorted(tensors))}
    edges = [
        (number[a.order], number[t.order])
        for t in tensors.values()
        for a in t.inputs
        if isinstance(a, ag.Tensor)
    ]
    return boxes(len(number), edges)


def softmax_cross_entropy() -> Graph:
    z = ag.tensor([2.0, 1.0, 0.1], requires_grad=True)
    e = np.exp(z)
    return recorded(-(np.log(e / e.sum()) * ag.tensor([0.0, 1.0, 0.0])).sum())


def mlp(layers: int) -> Graph:
    rng = np.random.default_rng(0)
    h = ag.tensor(rng.normal(size=(2, 3)))
    for _ in range(layers):
        w = ag.tensor(rng.normal(size=(3, 3)), requires_grad=True)
        b = ag.tensor(rng.normal(size=3), requires_grad=True)
        h = np.tanh(h @ w + b)
    return recorded((h * h).sum())


def residual(blocks: int) -> Graph:
    rng = np.random.default_rng(0)
    h = ag.tensor(rng.normal(size=(2, 3)), requires_grad=True)
    for _ in range(blocks):
        a = np.tanh(h @ ag.tensor(rng.normal(size=(3, 3)), requires_grad=True))
        h = h + a @ ag.tensor(rng.normal(size=(3, 3)), requires_grad=True)
    return recorded(h.sum())


def recurrent(steps: int) -> Graph:
    """Return a graph with one weight that each step uses: long edges, all from one node."""
    w = ag.tensor([0.5], requires_grad=True)
    h = ag.tensor([0.1], requires_grad=True)
    for _ in range(steps):
        h = np.tanh(h * w)
    return recorded(h)


def scalars(operations: int, seed: int) -> Graph:
    """Return a graph in the style of micrograd: scalar operations on random earlier values."""
    rng = random.Random(seed)
    values = [ag.tensor(1.0, requires_grad=True) for _ in range(4)]
    for _ in range(operations):
        a, b = rng.choice(values[-6:]), rng.choice(values)
        values.append(a * b if rng.random() < 0.6 else a + b)
    return recorded(*[t for t in values[-1:] if t.op])


def random_dag(count: int, edges: int, seed: int) -> Graph:
    rng = random.Random(seed)
    pairs = []
    for _ in range(edges):
        u, v = sorted(rng.sample(range(count), 2))
        pairs.append((u, v))
    return boxes(count, pairs)


def local_dag(count: int, degree: float, seed: int, reach: int = 12) -> Graph:
    """Return a graph with edges between nodes that are near in creation order, as on a tape."""
    rng = random.Random(seed)
    pairs = []
    for v in range(1, count):
        for _ in range(1 + (rng.random() < degree - 1)):
            pairs.append((max(0, v - 1 - int(rng.expovariate(1 / reach))), v))
    return boxes(count, pairs)


def dense_layers(widths: Sequence[int]) -> Graph:
    first = np.cumsum([0, *widths]).tolist()
    pairs = [
        (first[k] + i, first[k + 1] + j)
        for k in range(len(widths) - 1)
        for i in range(widths[k])
        for j in range(widths[k + 1])
    ]
    return boxes(first[-1], pairs)


def sparse_layers(widths: Sequence[int], degree: int, seed: int) -> Graph:
    rng = random.Random(seed)
    first = np.cumsum([0, *widths]).tolist()
    pairs = [
        (first[k - 1] + rng.randrange(widths[k - 1]), first[k] + j)
        for k in range(1, len(widths))
        for j in range(widths[k])
        for _ in range(degree)
    ]
    return boxes(first[-1], pairs)


def fan_out(width: int) -> Graph:
    """Return a graph with one node that is used many times, and with sums of the results."""
    uses = [(0, i) for i in range(1, width + 1)]
    gathered = [(i, width + 1 + i % 3) for i in range(1, width + 1)]
    return boxes(width + 5, [*uses, *gathered, *[(width + 1 + j, width + 4) for j in range(3)]])


def attention(heads: int) -> Graph:
    """Return x -> q, k, v of each head -> score -> softmax -> weighted -> joined -> out, + x."""
    pairs, last = [], 1 + 6 * heads
    for h in range(heads):
        q, k, v, score, weight, result = range(1 + 6 * h, 7 + 6 * h)
        pairs += [(0, q), (0, k), (0, v), (q, score), (k, score), (score, weight)]
        pairs += [(weight, result), (v, result), (result, last)]
    return boxes(last + 2, [*pairs, (last, last + 1), (0, last + 1)])


GRAPHS: dict[str, Callable[[], Graph]] = {
    "softmax and cross-entropy": softmax_cross_entropy,
    "MLP, 3 layers": lambda: mlp(3),
    "MLP, 12 layers": lambda: mlp(12),
    "residual, 8 blocks": lambda: residual(8),
    "recurrent, 12 steps": lambda: recurrent(12),
    "attention, 4 heads": lambda: attention(4),
    "fan-out 30": lambda: fan_out(30),
    "dense 4-6-6-3": lambda: dense_layers((4, 6, 6, 3)),
    "sparse layers 8x12": lambda: sparse_layers([12] * 8, 2, 0),
    "sparse layers 5x25": lambda: sparse_layers([25] * 5, 2, 1),
    **{f"scalars {n}": lambda n=n: scalars(n, n) for n in (12, 25, 50)},
    **{
        f"random DAG {n}, {e} edges": lambda n=n, e=e: random_dag(n, e, n + e)
        for n, e in ((10, 15), (20, 30), (30, 36), (50, 60), (50, 100), (100, 130), (200, 240))
    },
    **{f"tape-like {n}": lambda n=n: local_dag(n, 1.5, n) for n in (20, 50, 100, 200)},
}
LARGE: dict[str, Callable[[], Graph]] = {
    "MLP, 333 layers": lambda: mlp(333),
    "recurrent, 1,000 steps": lambda: recurrent(999),
    "tape-like": lambda: local_dag(2000, 1.5, 0),
    "tape-like, far uses": lambda: local_dag(2000, 1.5, 0, reach=60),
    "sparse layers 40x50": lambda: sparse_layers([50] * 40, 2, 0),
    "random DAG, 2,400 edges": lambda: random_dag(2000, 2400, 0),
}


# --- the counter ---------------------------------------------------------------------------------


def crossings(curves: Sequence[Curve], pieces: int = 15) -> int:
    """Return the number of points where curves of two edges pass through one another.

    The number of pieces is odd: two curves that mirror one another cross in the middle, which must
    not be the end of a piece.
    """
    lines, owner = [], []
    for i, curve in enumerate(curves):
        points = flattened(curve, pieces)
        lines.append(np.concatenate([points[:-1], points[1:]], axis=1))
        owner += [i] * (len(points) - 1)
    if not lines:
        return 0
    segments, owners = np.concatenate(lines), np.array(owner)
    order = np.argsort(np.minimum(segments[:, 0], segments[:, 2]))
    segments, owners = segments[order], owners[order]
    low = np.minimum(segments[:, :2], segments[:, 2:])
    high = np.maximum(segments[:, :2], segments[:, 2:])
    count = 0
    ends = np.searchsorted(low[:, 0], high[:, 0], side="right")
    for i, end in enumerate(ends):
        near = np.arange(i + 1, end)
        overlaps = (low[near, 1] <= high[i, 1]) & (high[near, 1] >= low[i, 1])
        near = near[overlaps & (owners[near] != owners[i])]
        if len(near):
            count += int(_pass_through(segments[i], segments[near]).sum())
    return count


def flattened(curve: Curve, pieces: int) -> np.ndarray:
    """Return points on Bézier curves."""
    control = np.asarray(curve, float)
    t = np.linspace(0, 1, pieces + 1)[1:, None]
    points = [control[:1]]
    for a, b, c, d in (control[i : i + 4] for i in range(0, len(control) - 1, 3)):
        points.append(
            a * (1 - t) ** 3 + 3 * b * t * (1 - t) ** 2 + 3 * c * t**2 * (1 - t) + d * t**3
        )
    return np.concatenate(points)


def _pass_through(one: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return whether each of the other lines passes through the one."""
    a, b = one[:2], one[2:]
    c, d = others[:, :2], others[:, 2:]

    def side(p, q, r):
        turn = (q[..., 0] - p[..., 0]) * (r[..., 1] - p[..., 1])
        turn -= (q[..., 1] - p[..., 1]) * (r[..., 0] - p[..., 0])
        return np.where(np.abs(turn) < 1e-7, 0, np.sign(turn))

    return (side(a, b, c) * side(a, b, d) < 0) & (side(c, d, a) * side(c, d, b) < 0)


# --- dot -----------------------------------------------------------------------------------------


def dot_curves(graph: Graph) -> list[Curve]:
    """Return the edges as Graphviz draws them."""
    nodes, edges = graph
    lines = ["digraph { rankdir=LR nodesep=0.39 ranksep=0.78 edge [arrowhead=none]"]
    lines += [
        f"{i} [shape=box, fixedsize=true, label=x, width={n.width / 72}, height={n.height / 72}]"
        for i, n in nodes.items()
    ]
    lines += [f"{e.source} -> {e.target}" for e in edges]
    plain = subprocess.run(
        ["dot", "-Tplain"],
        input="\n".join([*lines, "}"]),
        text=True,
        capture_output=True,
        check=True,
    ).stdout.replace("\\\n", "")
    curves: list[Curve] = []
    for line in plain.splitlines():
        word, *fields = line.split()
        if word == "edge":
            numbers = [72 * float(x) for x in fields[3 : 3 + 2 * int(fields[2])]]
            curves.append(list(zip(numbers[::2], numbers[1::2])))
    return curves


def length(curves: Sequence[Curve]) -> float:
    return sum(float(np.hypot(*np.diff(flattened(c, 15), axis=0).T).sum()) for c in curves)


def ours(graph: Graph) -> Layout:
    return layout(*graph)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.layout", description=__doc__)
    parser.add_argument(
        "--rounds", type=int, default=5, help="number of timed runs of each large graph"
    )
    rounds = parser.parse_args().rounds
    has_dot = shutil.which("dot") is not None
    print(f"{'graph':30} {'crossings':>9} {'dot':>6} {'length':>8} {'dot':>8} {'seconds':>8}")
    totals = np.zeros(4)
    for name, graph in GRAPHS.items():
        start = perf_counter()
        curves = [route.points for route in ours(graph()).routes]
        seconds = perf_counter() - start
        theirs = dot_curves(graph()) if has_dot else []
        figures = [crossings(curves), crossings(theirs), length(curves), length(theirs)]
        totals += figures
        columns = "{:9} {:6} {:8.0f} {:8.0f} {:8.3f}".format(*figures, seconds)
        print(f"{name:30} {columns}")
    ratio = (
        f"{totals[0] / totals[1]:.3f} of dot's crossings" if has_dot else "no dot to compare with"
    )
    columns = "{:9.0f} {:6.0f} {:8.0f} {:8.0f}".format(*totals)
    print(f"{'total':30} {columns}   {ratio}")
    print(f"\n{'2,000 nodes':30} {'nodes':>7} {'edges':>7} {'seconds':>8}  (median of {rounds})")
    for name, graph in LARGE.items():
        nodes, edges = graph()
        times = []
        for _ in range(rounds):
            start = perf_counter()
            layout(nodes, edges)
            times.append(perf_counter() - start)
        print(f"{name:30} {len(nodes):7,} {len(edges):7,} {median(times):8.3f}")
    chain = boxes(100_000, [(i, i + 1) for i in range(99_999)])
    start = perf_counter()
    ours(chain)
    print(f"{'a chain':30} {len(chain[0]):7,} {len(chain[1]):7,} {perf_counter() - start:8.3f}")


if __name__ == "__main__":
    main()
