"""The layered layout: properties of every drawing, crossings compared with dot, odd graphs."""

import random
import shutil
import sys
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_mini.views.layout.crossings import _Search, count_crossings, minimise_crossings
from autograd_mini.views.layout.layers import BEND, ROOT, Link, assign_layers, layered
from autograd_mini.views.layout.layout import layout
from autograd_mini.views.layout.shapes import Edge, Node, Route, Spacing
from tests.benchmarks.layout import GRAPHS, crossings, dot_curves, flattened, recurrent
from tests.budget import examples, few

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")


def uniform(count, edges, size=(80, 40), group=lambda i: ()):
    return {i: Node(*size, group(i)) for i in range(count)}, [Edge(*edge) for edge in edges]


@st.composite
def graphs(draw):
    """Return a graph with random sizes, groups, ports, labels and parallel edges."""
    count = draw(st.integers(1, 14))
    size = st.one_of(st.just(0), st.integers(1, 200), st.floats(0.5, 90))
    paths = st.lists(st.sampled_from("abc"), max_size=3).map(tuple)
    nodes = {i: Node(draw(size), draw(size), draw(paths)) for i in range(count)}
    direction = draw(st.sampled_from(("LR", "TB")))
    edges = []
    for _ in range(draw(st.integers(0, 24)) if count > 1 else 0):
        u = draw(st.integers(0, count - 2))
        v = draw(st.integers(u + 1, count - 1))
        side = (1, 0)[direction == "TB"]  # the height of a node, or its width
        ports = [draw(st.one_of(st.none(), st.floats(0, nodes[w][side]))) for w in (u, v)]
        label = draw(st.one_of(st.none(), st.tuples(st.integers(0, 60), st.integers(0, 30))))
        edges.append(Edge(u, v, *ports, label))
    return nodes, edges, direction


# --- what must hold of every drawing -------------------------------------------------------------


def apart(one, other, by=0.0):
    return (
        one.x + one.width + by <= other.x + 1e-6
        or other.x + other.width + by <= one.x + 1e-6
        or one.y + one.height + by <= other.y + 1e-6
        or other.y + other.height + by <= one.y + 1e-6
    )


def contains(outer, inner):
    return (
        outer.x <= inner.x + 1e-6
        and outer.y <= inner.y + 1e-6
        and inner.x + inner.width <= outer.x + outer.width + 1e-6
        and inner.y + inner.height <= outer.y + outer.height + 1e-6
    )


def runs_through(points, box):
    inside = (points > (box.x + 1e-6, box.y + 1e-6)) & (
        points < (box.x + box.width - 1e-6, box.y + box.height - 1e-6)
    )
    return inside.all(axis=1).any()


def check(nodes, edges, direction, drawing):
    assert list(drawing.nodes) == list(nodes)
    assert len(drawing.routes) == len(edges)
    for name, box in drawing.nodes.items():
        assert (box.width, box.height) == nodes[name][:2]
    labels = [route.label for route in drawing.routes if route.label]
    for one, other in combinations([*drawing.nodes.values(), *labels], 2):
        assert apart(one, other)
    check_edges(edges, direction, drawing)
    check_groups(nodes, drawing)
    everything = [*drawing.nodes.values(), *labels, *drawing.groups.values()]
    page = (0, 0, drawing.width, drawing.height)
    assert all(contains(type(box)(*page), box) for box in everything)


def check_edges(edges, direction, drawing):
    along, across = (0, 1) if direction == "LR" else (1, 0)
    for i, (edge, route) in enumerate(zip(edges, drawing.routes)):
        source, target = drawing.nodes[edge.source], drawing.nodes[edge.target]
        start, end = route.points[0], route.points[-1]
        assert start[along] == pytest.approx(source[along] + source[along + 2])
        assert end[along] == pytest.approx(target[along])
        assert source[across] - 1e-6 <= start[across] <= source[across] + source[across + 2] + 1e-6
        assert target[across] - 1e-6 <= end[across] <= target[across] + target[across + 2] + 1e-6
        assert (len(route.points) - 1) % 3 == 0
        forward = [point[along] for point in route.points]
        assert min(np.diff(forward)) > -1e-6
        curve = flattened(route.points, 15)
        for name, box in drawing.nodes.items():
            assert name in (edge.source, edge.target) or not runs_through(curve, box)
        for j, other in enumerate(drawing.routes):
            assert i == j or not other.label or not runs_through(curve, other.label)


def check_groups(nodes, drawing):
    paths = {node.group[:k] for node in nodes.values() for k in range(1, len(node.group) + 1)}
    assert set(drawing.groups) == paths
    for path, group in drawing.groups.items():
        for name, box in drawing.nodes.items():
            inside = nodes[name].group[: len(path)] == path
            assert contains(group, box) if inside else apart(group, box)
    for (one, outer), (other, inner) in combinations(drawing.groups.items(), 2):
        if other[: len(one)] == one:  # outer ones come first
            assert contains(outer, inner)
        else:
            assert apart(outer, inner)


@examples(25)
@given(graphs())
def test_layout_has_no_overlaps_and_rectangular_groups(graph):
    nodes, edges, direction = graph
    check(nodes, edges, direction, layout(nodes, edges, direction=direction))


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(graphs())
def test_layout_has_no_overlaps_in_many_more_graphs(graph):
    nodes, edges, direction = graph
    check(nodes, edges, direction, layout(nodes, edges, direction=direction))


@examples(15)
@given(graphs())
def test_the_same_graph_gets_the_same_drawing(graph):
    nodes, edges, direction = graph
    drawings = [layout(dict(nodes), list(edges), direction=direction) for _ in range(2)]
    assert drawings[0] == drawings[1]


@pytest.mark.parametrize(
    "name", ["MLP, 12 layers", "attention, 4 heads", "random DAG 50, 60 edges"]
)
def test_larger_graphs(name):
    nodes, edges = GRAPHS[name]()
    check(nodes, edges, "LR", layout(nodes, edges))


def test_spacing_is_kept():
    nodes, edges = uniform(6, [(0, i) for i in range(1, 5)])
    spacing = Spacing(layer=70, node=33, margin=10)
    drawing = layout(nodes, edges, spacing=spacing)
    column = sorted(drawing.nodes[i].y for i in range(1, 5))
    assert min(b - a - 40 for a, b in pairwise(column)) == pytest.approx(33)
    assert drawing.nodes[1].x - drawing.nodes[0].x - 80 >= 70
    assert min(box.x for box in drawing.nodes.values()) == 10
    assert min(box.y for box in drawing.nodes.values()) == 10
    assert max(box.y + box.height for box in drawing.nodes.values()) + 10 == drawing.height


def test_direction_exchanges_the_axes():
    nodes, edges = GRAPHS["attention, 4 heads"]()
    turned = {name: Node(node.height, node.width) for name, node in nodes.items()}
    down = layout(turned, edges, direction="TB")
    for name, box in layout(nodes, edges).nodes.items():
        assert down.nodes[name] == (box.y, box.x, box.height, box.width)


# --- lines that are straight where they can be ---------------------------------------------------


def test_a_chain_is_a_straight_line_through_the_ports():
    nodes = {"a": Node(60, 50), "b": Node(60, 90), "c": Node(40, 20)}
    drawing = layout(nodes, [Edge("a", "b", 12, 70), Edge("b", "c", 33, 8)])
    assert drawing.nodes["a"].y + 12 == pytest.approx(drawing.nodes["b"].y + 70)
    assert drawing.nodes["b"].y + 33 == pytest.approx(drawing.nodes["c"].y + 8)
    for route in drawing.routes:
        assert len({round(y, 6) for _, y in route.points}) == 1


def test_a_label_lies_on_its_edge_between_the_nodes():
    nodes, _ = uniform(2, [])
    drawing = layout(nodes, [Edge(0, 1, label=(34, 18))])
    label = drawing.routes[0].label
    assert (label.width, label.height) == (34, 18)
    assert label.y + 9 == drawing.routes[0].points[0][1]
    assert 80 < label.x < label.x + 34 < drawing.nodes[1].x


def test_parallel_edges_are_drawn_apart():
    drawing = layout(*uniform(2, [(0, 1), (0, 1), (0, 1)]))
    assert len({route.points[0] for route in drawing.routes}) == 3
    assert len({route.points[-1] for route in drawing.routes}) == 3
    assert crossings([route.points for route in drawing.routes]) == 0


def test_a_long_edge_bends_only_at_its_ends():
    drawing = layout(*uniform(30, [*pairwise(range(30)), (0, 29)]))
    assert len(drawing.routes[-1].points) <= 1 + 3 * 3


def test_groups_that_follow_one_another_are_side_by_side():
    nodes = {"x": Node(40, 40)}
    edges = []
    for g, given_ in (("first", "x"), ("second", "first+")):
        nodes |= {g + name: Node(40, 40, (g,)) for name in "w*+b"}
        edges += [Edge(given_, g + "*"), Edge(g + "w", g + "*")]
        edges += [Edge(g + "*", g + "+"), Edge(g + "b", g + "+")]
    drawing = layout(nodes, edges)
    first, second = drawing.groups["first",], drawing.groups["second",]
    assert drawing.nodes["x"].x + 40 < first.x
    assert first.x + first.width < second.x


def test_a_group_that_uses_its_own_results_is_drawn():
    nodes, edges = uniform(3, [(0, 1), (1, 2)], group=lambda i: () if i == 1 else ("g",))
    check(nodes, edges, "LR", layout(nodes, edges))


@pytest.mark.parametrize("seed", few(range(20), 20))
def test_groups_side_by_side_keep_their_order_on_every_layer(seed):
    rng = random.Random(seed)
    edges = {tuple(sorted(rng.sample(range(48), 2))) for _ in range(70)}
    nodes, edges = uniform(48, sorted(edges), group=lambda i: ("abcd"[i % 4], "ef"[i % 8 // 4]))
    check(nodes, edges, "LR", layout(nodes, edges))


@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_group_keeps_space_around_nodes_and_for_its_title(direction):
    nodes, edges = uniform(8, pairwise(range(8)), group=lambda i: ("out", "in")[: 1 + i % 2])
    drawing = layout(nodes, edges, direction=direction, spacing=Spacing(group=11, title=23))
    for path, group in drawing.groups.items():
        inner = [box for name, box in drawing.nodes.items() if nodes[name].group == path]
        inner += [box for other, box in drawing.groups.items() if other[:-1] == path]
        assert min(box.x for box in inner) - group.x >= 11 - 1e-6
        assert min(box.y for box in inner) - group.y >= 11 + 23 - 1e-6
        assert group.x + group.width - max(box.x + box.width for box in inner) >= 11 - 1e-6
        assert group.y + group.height - max(box.y + box.height for box in inner) >= 11 - 1e-6


def test_an_svg_path():
    route = Route(((0, 1 / 3), (10, 0.5), (20, 0.25), (1e6, 4)))
    assert route.path() == "M0,0.33C10,0.5 20,0.25 1000000,4"


# --- layers --------------------------------------------------------------------------------------


@examples(60)
@given(st.integers(2, 6), st.data())
def test_small_graphs_have_the_shortest_possible_edges(count, data):
    pairs = st.sampled_from(list(combinations(range(count), 2)))
    edges = data.draw(st.lists(pairs, min_size=1, max_size=9, unique=True))

    def total(layer):
        return sum(layer[v] - layer[u] for u, v in edges)

    layer = assign_layers(count, edges)
    assert all(layer[u] < layer[v] for u, v in edges)
    places = np.stack(np.meshgrid(*[range(count)] * count), axis=-1).reshape(-1, count)
    allowed = np.all([places[:, u] < places[:, v] for u, v in edges], axis=0)
    assert total(layer) == min(total(row) for row in places[allowed])


def test_a_weight_used_in_every_step_has_one_bend_per_step():
    _, edges = recurrent(200)
    links = [Link(edge.source, edge.target, 0.0, 0.0, None) for edge in edges]
    size = [1.0] * (1 + max(link.v for link in links))
    drawn = layered(size, size, [ROOT] * len(size), [], links)
    assert drawn.kind.count(BEND) < 2 * 400


# --- crossings -----------------------------------------------------------------------------------


@examples(100)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30))
def test_count_crossings_equals_comparing_all_pairs(ends):
    pairs = sum((a - c) * (b - d) < 0 for (a, b), (c, d) in combinations(ends, 2))
    assert count_crossings([a for a, _ in ends], [b for _, b in ends]) == pairs


def test_crossings_of_curves_are_counted():
    straight = [(0, 0), (1, 0), (2, 0), (3, 0)]
    falling = [(0, 1), (1, 1), (2, -1), (3, -1)]
    touching = [(0, 0), (1, 0), (2, 1), (3, 1)]
    assert crossings([straight, falling]) == 1
    assert crossings([straight, touching]) == 0
    assert crossings([straight, straight]) == 0
    assert crossings([]) == 0


def test_a_tree_has_no_crossings():
    rng = random.Random(0)
    drawing = layout(*uniform(60, [(rng.randrange(v), v) for v in range(1, 60)]))
    assert crossings([route.points for route in drawing.routes]) == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [name for name in GRAPHS if not name.startswith(("random", "tape", "sparse"))]
)
def test_drawing_has_no_more_crossings_than_its_order(name):
    nodes, edges = GRAPHS[name]()
    links = [Link(edge.source, edge.target, 0.0, 0.0, None) for edge in edges]
    drawn = layered([1.0] * len(nodes), [1.0] * len(nodes), [ROOT] * len(nodes), [], links)
    drawing = layout(nodes, edges)
    assert crossings([route.points for route in drawing.routes]) <= minimise_crossings(drawn) * 1.1


SMALL = [name for name, graph in GRAPHS.items() if len(graph()[0]) <= 60]


def ratio(names):
    ours = sum(crossings([r.points for r in layout(*GRAPHS[name]()).routes]) for name in names)
    return ours / sum(crossings(dot_curves(GRAPHS[name]())) for name in names)


@pytest.mark.slow
@needs_dot
def test_small_graphs_cross_about_as_often_as_in_graphviz():
    assert ratio(SMALL) <= 1.2


@needs_dot
@pytest.mark.slow
def test_all_graphs_cross_at_most_a_fifth_more_than_in_graphviz():
    assert ratio(GRAPHS) <= 1.2


@pytest.mark.slow
def test_the_work_on_an_order_is_bounded(monkeypatch):
    searches = []
    begin = _Search.begin
    monkeypatch.setattr(
        _Search, "begin", lambda self, start: (searches.append(self), begin(self, start))
    )
    rng = random.Random(0)
    layout(*uniform(1000, {tuple(sorted(rng.sample(range(1000), 2))) for _ in range(1200)}))
    most = max(len(search.place) for search in searches)
    assert all(search.work > -8 * most for search in searches)


# --- odd graphs, bad input -----------------------------------------------------------------------


def test_no_nodes():
    assert layout({}, []) == ({}, [], {}, 0.0, 0.0, [])


def test_one_node():
    drawing = layout({"only": Node(30, 20, ("a", "b"))}, [])
    check({"only": Node(30, 20, ("a", "b"))}, [], "LR", drawing)


def test_components_are_packed():
    nodes, edges = uniform(200, [(2 * i, 2 * i + 1) for i in range(60)])
    drawing = layout(nodes, edges)
    check(nodes, edges, "LR", drawing)
    assert 1 / 3 < drawing.width / drawing.height < 3


def test_very_wide_and_very_flat_nodes():
    nodes = {0: Node(5000, 2), 1: Node(10, 900), 2: Node(0, 0), 3: Node(1, 1)}
    edges = [Edge(0, 1), Edge(1, 2), Edge(0, 2), Edge(3, 2)]
    for direction in ("LR", "TB"):
        check(nodes, edges, direction, layout(nodes, edges, direction=direction))


def test_a_group_that_is_entered_from_all_layers():
    nodes, edges = uniform(
        12, combinations(range(12), 2), group=lambda i: ((), ("a",), ("b",), ("a", "c"))[i % 4]
    )
    check(nodes, edges, "LR", layout(nodes, edges))


@pytest.mark.parametrize("count", [2_000, pytest.param(40_000, marks=pytest.mark.slow)])
def test_long_chains_need_no_recursion(count):
    limit = sys.getrecursionlimit()
    assert count > limit
    nodes, edges = uniform(count, pairwise(range(count)))
    drawing = layout(nodes, edges)
    assert drawing.height == 40
    assert sys.getrecursionlimit() == limit


@pytest.mark.parametrize(
    ("nodes", "edges", "options", "message"),
    [
        (2, [(0, 1), (1, 0)], {}, "the edges form a cycle"),
        (2, [(0, 0)], {}, "an edge leads from 0 to itself"),
        (2, [(0, 7)], {}, "an edge names 7, which is not among the nodes"),
        (2, [(0, 1, 41.0)], {}, "port 41.0 .* node 0 .0 to 40"),
        (2, [(0, 1, None, None, (-1, 2))], {}, "size of a label is invalid"),
        (2, [], {"direction": "up"}, "'LR' or 'TB', got 'up'"),
    ],
)
def test_layout_with_an_invalid_argument_raises(nodes, edges, options, message):
    with pytest.raises(ValueError, match=message):
        layout(*uniform(nodes, edges), **options)


@pytest.mark.parametrize("size", [-1, float("nan"), float("inf")])
def test_layout_with_a_size_that_is_not_finite_raises(size):
    with pytest.raises(ValueError, match="size of node 'x' is invalid"):
        layout({"x": Node(10, size)}, [])


def test_long_graph_is_wrapped_into_rows_without_overlaps():
    nodes, edges = uniform(40, [*pairwise(range(40)), (0, 39), (3, 30)])
    whole, wrapped = layout(nodes, edges), layout(nodes, edges, longest=900)
    assert whole.width > 900 >= wrapped.width
    assert wrapped.height < 1_000
    boxes = list(wrapped.nodes.values())
    for one, other in combinations(boxes, 2):
        assert (
            one.x + one.width <= other.x
            or other.x + other.width <= one.x
            or one.y + one.height <= other.y
            or other.y + other.height <= one.y
        )
    for edge, line in zip(edges, wrapped.routes):
        (x, _), box = line.points[0], wrapped.nodes[edge.source]
        assert x == pytest.approx(box.x + box.width)
        assert line.points[-1][0] == pytest.approx(wrapped.nodes[edge.target].x)
