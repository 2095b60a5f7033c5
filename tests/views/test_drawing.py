"""Drawings: the content of cards and edges, the boxes of scopes, and folding."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import nn
from autograd_mini.views.graph.draw import draw
from autograd_mini.views.graph.palette import STEPS
from tests.cases import CASES, TAPE, leaf, named, softmax_chain, stages, texts


def card(drawing, name):
    (found,) = [card for card in drawing.graph.cards if card.name == name]
    return found


def shown(drawing, name):
    """Return the numbers on a card, by the heads of its blocks."""
    return {b.head: [[c.text for c in row] for row in b.rows] for b in card(drawing, name).blocks}


def edges(drawing, backward=False):
    """Return (source, target, text) of the edges, with the names of their cards."""
    names = [card.name for card in drawing.graph.cards]
    return [
        (names[e.source], names[e.target], e.text)
        for e in drawing.graph.edges
        if e.backward == backward
    ]


# ---- what is drawn ------------------------------------------------------------------------------


def test_a_card_is_an_operation_and_its_output():
    drawing = draw(softmax_chain())
    assert len(drawing.graph.cards) == 9  # one for each tensor of the tape
    assert card(drawing, "ŷ")[:4] == ("div", "ŷ", "(3,)", ["e / s"])
    assert shown(drawing, "ŷ") == {
        "value": [["0.659"], ["0.2424"], ["0.0986"]],
        "∂L/∂ŷ": [["0"], ["-4.1249"], ["0"]],
    }
    assert shown(drawing, "L") == {"value": [["1.417"]], "∂L/∂L": [["1"]]}
    assert card(drawing, "z").operation == "leaf"


def test_the_numbers_are_those_of_the_tape():
    loss = softmax_chain()
    drawing = draw(loss)
    for t, adjoint in loss.tape().adjoints().items():
        value, derivative = (np.array(rows, float) for rows in shown(drawing, t.name).values())
        np.testing.assert_allclose(value.reshape(t.shape), t.data, atol=1e-3)
        np.testing.assert_allclose(derivative.reshape(t.shape), adjoint, atol=1e-3)


def test_constant_shows_no_gradient():
    assert shown(draw(softmax_chain()), "y") == {"value": [["0"], ["1"], ["0"]]}


def test_each_edge_has_a_backward_edge_with_the_derivative():
    drawing = draw(softmax_chain())
    back = {(a, b): text for a, b, text in edges(drawing, backward=True)}
    assert back == {
        ("z", "e"): "e",
        ("e", "s"): "1",
        ("e", "ŷ"): "1 / s",
        ("s", "ŷ"): "-ŷ / s",
        ("ŷ", "ℓ"): "1 / ŷ",
        ("ℓ", "p"): "y",
        ("p", "S"): "1",
        ("S", "L"): "-1",
    }
    assert {(a, b) for a, b, _ in edges(drawing)} == {*back, ("y", "p")}
    assert [c.name for c in drawing.graph.cards for b in c.blocks if b.meets] == ["e"]


@pytest.mark.parametrize(
    ("f", "pill"),
    [
        (ag.relu, "[v1 ≠ 0]"),
        (np.abs, "sign(x)"),
        (np.log2, "1 / (x · 0.6931)"),
        (np.mean, "1 / 2"),
        (lambda x: np.mean(x[:1]), "δ[:1] · g"),
        (ag.primitive(lambda x: x, lambda g, y, x: g * (x > 0.5) * (y <= 1), name="gate"), None),
    ],
)
def test_pill_of_masks_and_signs(f, pill):
    drawing = draw(np.sum(f(leaf([2.0, 0.5], "x"))))
    first = edges(drawing, backward=True)[0][2]
    assert first == (pill or "[x > 0.5] · [v1 ≤ 1]")
    assert "1 / 1" not in drawing.source


def test_pill_of_a_rule_that_reads_mask_values():
    def rule(g, y, x):
        mask = x > 0
        mask |= x < -10  # of arrays only
        return g * mask

    gate = ag.primitive(lambda x: x, rule, name="gate")
    assert edges(draw(gate(leaf(8.0, "x"))), backward=True) == [("x", "v1", "True")]


def test_card_names_the_axes_of_an_undone_broadcast():
    column, row, scale = leaf(np.ones((4, 1)), "c"), leaf(np.ones(3), "r"), leaf(2.0, "s")
    drawing = draw(((column * row + row) * scale).sum())
    notes = {c.name: c.blocks[1].notes for c in drawing.graph.cards}
    assert notes["c"] == ["(4, 3) → (4, 1)", "summed over axis 1"]
    assert notes["r"] == ["(4, 3) → (3,)", "summed over axis 0"]  # once, for two uses
    assert notes["s"] == ["(4, 3) → ()", "summed over axes 0, 1"]
    assert notes["v4"] == []
    assert "summed over axis 1" in texts(drawing.svg())
    assert "summed over axis 1" in drawing.source
    assert "summed" not in draw(((column * row) * scale).sum(), formulas=False).source


def test_pill_of_a_rule_that_does_not_multiply_has_g():
    x, w = leaf(np.ones((2, 3)), "x"), leaf(np.ones((3, 2)), "w")
    h = named("h", x @ w)
    drawing = draw(named("m", np.max(ag.gelu(h))))
    pills = {(a, b): text for a, b, text in edges(drawing, backward=True)}
    assert pills["x", "h"] == "g @ wᵀ"
    assert pills["w", "h"] == "xᵀ @ g"
    assert pills["h", "v3"] == "closed form"  # of gelu: too long for an edge


def test_rule_that_cannot_run_on_symbols_has_a_short_pill():
    odd = ag.primitive(lambda x: 2 * x, lambda g, y, x: 2 * array_only(g), name="odd")

    def array_only(x):
        if isinstance(x, ag.Tensor):
            raise TypeError("arrays only")
        return x

    y = odd(leaf(8.0, "x"))
    assert edges(draw(y), backward=True) == [("x", "v1", "odd′(g)")]
    assert shown(draw(y), "x") == {"value": [["8"]], "∂v1/∂x": [["2"]]}
    assert "To x: ∂v1/∂x = odd′(∂v1/∂v1) = 2." in ag.explain(y)


@pytest.mark.parametrize("case", {case.op: case for case in CASES}.values(), ids=lambda c: c.op)
def test_every_rule_has_a_formula(case):
    inputs = [leaf(x) if x.dtype.kind == "f" else x for x in case.inputs]
    y = case.f(TAPE, *inputs)
    drawing = draw(np.sum(y))
    rules = [text for *_, text in edges(drawing, backward=True)]
    assert rules
    assert not any("′(" in text for text in rules)
    ET.fromstring(drawing.svg())
    assert "′(" not in ag.explain(np.sum(y))


def test_a_tensor_used_twice_has_an_edge_for_each_use():
    drawing = draw(leaf(3.0, "x") ** 2 + 1.0)
    assert len(edges(drawing)) == 2
    x = leaf(3.0, "x")
    drawing = draw(x * x)
    assert edges(drawing, backward=True) == [("x", "v1", "x")] * 2
    assert shown(drawing, "x") == {"value": [["3"]], "∂v1/∂x": [["6"]]}


def test_draw_options_hide_values_gradients_and_formulas():
    loss = softmax_chain()
    bare = draw(loss, values=False, gradients=False, formulas=False)
    assert card(bare, "e").blocks == []
    assert card(bare, "e").notes == []
    assert edges(bare, backward=True) == []
    assert list(shown(draw(loss, gradients=False), "z")) == ["value"]
    assert list(shown(draw(loss, values=False), "z")) == ["∂L/∂z"]
    assert {text for *_, text in edges(draw(loss, formulas=False), backward=True)} == {""}
    assert "gradient" not in texts(bare.svg())


def test_variables_name_tensors():
    z = leaf([1.0, 2.0])
    e = np.exp(z)
    _hidden = total = e.sum()
    drawing = draw(total * 1.0, names=locals())
    assert [c.name for c in drawing.graph.cards] == ["z", "e", "total", "v3"]
    drawing = draw(total * 1.0, names={"a\n<b>": z, 3: e})
    assert [c.name for c in drawing.graph.cards] == ["a\\n<b>", "3", "v2", "v3"]


def test_several_results_share_one_graph_without_gradients():
    x = leaf(2.0, "x")
    e = named("e", np.exp(x))
    drawing = draw(named("a", e + 1.0), named("b", e * 2.0))
    assert [c.name for c in drawing.graph.cards] == ["x", "e", "a", "b"]
    assert edges(drawing) == [("x", "e", ""), ("e", "a", ""), ("e", "b", "")]
    assert edges(drawing, backward=True) == []


def test_result_of_several_entries_has_no_gradients():
    drawing = draw(leaf([1.0, 2.0], "x") * 2.0)
    assert edges(drawing, backward=True) == []
    assert shown(drawing, "x") == {"value": [["1"], ["2"]]}


def test_card_shows_arguments_that_are_not_tensors():
    x = leaf(np.ones((2, 3)), "x")
    y = named("y", x.sum(axis=0))
    drawing = draw(named("r", 2.0 / y[1:, None]).sum())
    assert card(drawing, "y").notes == ["sum(x, axis=0)"]
    assert card(drawing, "v2").notes == ["y[1:, None]"]
    assert card(drawing, "r").notes == ["2.0 / v2"]
    assert card(draw(y.sum(), formulas=False), "y").notes == ["sum(x, axis=0)"]


@pytest.mark.parametrize(
    ("shape", "rows", "columns"),
    [((), 1, 1), ((8,), 8, 1), ((8, 8), 8, 8), ((2, 3), 2, 3), ((2, 2, 3), 4, 3), ((1, 8), 1, 8)],
)
def test_small_arrays_are_numbers(shape, rows, columns):
    (value, _) = card(draw(leaf(np.ones(shape), "x").sum()), "x").blocks
    assert not value.is_map
    assert (len(value.rows), len(value.rows[0])) == (rows, columns)


@pytest.mark.parametrize("shape", [(9,), (100,), (9, 8), (8, 9), (100, 300), (5, 4, 3), (1, 9)])
def test_large_arrays_are_heat_maps_with_statistics(shape):
    x = np.full(shape, 0.001)
    x.flat[-1] = -5.0
    (value, _) = card(draw(leaf(x, "x").sum()), "x").blocks
    levels = [cell.level for row in value.rows for cell in row]
    assert value.is_map
    assert len(value.rows) <= 16
    assert len(value.rows[0]) <= (32 if len(value.rows) == 1 else 16)
    assert levels.count(-STEPS) == 1  # the spike survives the pooling
    assert set(levels) == {-STEPS, 1}
    assert value.notes[0] == "min -5 · max 0.001"


def test_statistics_count_entries_that_are_not_finite():
    x = np.zeros((20, 20))
    x[3, 4], x[5, 6], x[7, 8] = np.nan, np.inf, 2.0
    (value, *_) = card(draw(leaf(x, "x").sum()), "x").blocks
    assert value.notes == [
        "min 0 · max 2",
        "mean 0.00503 · norm 2",
        "99% zeros · 1 NaN · 1 inf",
    ]
    assert sum(cell.odd for row in value.rows for cell in row) == 2


def test_tints_are_deeper_for_larger_numbers_and_none_for_zero():
    x = leaf([4.0, 2.0, -4.0, 0.0, 1e-9], "x")
    (value, _) = card(draw((x * 1.0).sum()), "x").blocks
    assert [cell.level for (cell,) in value.rows] == [8, 4, -8, 0, 1]
    x = leaf([np.nan, np.inf, 1.0], "x")
    (value, _) = card(draw((x * 1.0).sum()), "x").blocks
    assert [cell.odd for (cell,) in value.rows] == [True, True, False]


@pytest.mark.parametrize(
    "data", [np.zeros(0), [np.nan, np.inf], np.full(20, np.inf), np.full(20, 1e308), 1e-320]
)
def test_empty_and_non_finite_arrays_are_drawn(data):
    drawing = draw((leaf(data, "x") * 0.01).sum())
    assert len(card(drawing, "x").blocks) == 2
    ET.fromstring(drawing.svg())


def test_a_graph_full_of_nans_is_drawn_without_a_warning():
    z = leaf([1000.0, 0.0, -1000.0])
    with np.errstate(all="ignore"):
        e = np.exp(z)
        loss = -np.log(e / e.sum())[1]
    assert "nan" in texts(draw(loss).svg())


# ---- scopes and folding -------------------------------------------------------------------------


def boxes(drawing):
    titles = drawing.graph.titles
    return {
        card.name: [titles[box[: n + 1]] for n in range(len(box))]
        for card, box in zip(drawing.graph.cards, drawing.graph.boxes)
    }


def test_scopes_are_boxes_and_leaves_are_where_they_are_used():
    found = boxes(draw(softmax_chain()))
    assert {name for name, box in found.items() if box == ["softmax"]} == {"z", "e", "s", "ŷ"}
    assert found["L"] == found["y"] == ["cross-entropy"]
    x, y = leaf(1.0, "x"), leaf(1.0, "y")
    with ag.scope("outer"):
        with ag.scope("inner"):
            a = named("a", x * y)
        b = named("b", a * y)
    assert boxes(draw(named("c", b * 2.0))) == {
        "x": ["outer", "inner"],
        "y": ["outer"],
        "a": ["outer", "inner"],
        "b": ["outer"],
        "c": [],
    }


def test_a_scope_that_is_entered_again_is_another_box():
    h = leaf(1.0)
    for _ in range(3):
        with ag.scope("cell"):
            h = np.tanh(h)
    assert list(draw(h).graph.titles.values()) == ["cell"] * 3


def test_layers_open_scopes():
    loss = ag.softmax_cross_entropy(nn.MLP([2, 3, 2])(np.ones((4, 2))), [0, 1, 0, 1])
    found = boxes(draw(loss))
    assert found["W1"] == ["MLP", "linear1"]
    assert found["b2"] == ["MLP", "linear2"]
    assert found[draw(loss).graph.cards[-1].name] == []


def test_scopes_belong_to_a_thread_and_need_a_name():
    x = leaf(1.0)
    with pytest.raises(RuntimeError, match="stop"), ag.scope("a"):
        raise RuntimeError("stop")
    assert (x * x).scope == ()
    with ag.no_grad(), ag.scope("a"):
        pass
    assert (x * x).scope == ()
    with ag.scope("a"), ag.no_grad():
        assert (x * x).scope == ()
    with pytest.raises(ValueError, match="empty"):
        ag.scope("")
    with pytest.raises(TypeError, match="name must be a string"):
        ag.scope(3)


@pytest.mark.parametrize(("depth", "cards"), [(0, 5), (1, 13), (2, 38), (None, 38)])
def test_scopes_are_folded_to_a_depth(depth, cards):
    drawing = draw(stages(), depth=depth)
    assert len(drawing.graph.cards) == cards
    assert ("folded" in drawing.graph.note) == (cards < 38)
    assert sum(len(b.rows) > 0 for c in drawing.graph.cards for b in c.blocks) > 0


@pytest.mark.parametrize(("most", "cards"), [(38, 38), (37, 13), (13, 13), (12, 5), (5, 5), (2, 1)])
def test_a_larger_graph_is_folded_from_the_inside_out(most, cards):
    drawing = draw(stages(), max_nodes=most)
    assert len(drawing.graph.cards) == cards
    assert drawing.graph.note in ["", *texts(drawing.svg())]
    folded = [c for c in drawing.graph.cards if c.stacked]
    assert all("tensors: " in c.notes[0] for c in folded)


def test_a_folded_operation_is_not_counted():
    x = leaf([1.0], "x")
    with ag.scope("alone"):
        y = np.tanh(x)
    folded = [c for c in draw(y * x + x, depth=0).graph.cards if c.stacked]
    assert [c.notes for c in folded] == [["tanh"]]


def test_constants_are_folded_first():
    x, c, shared = leaf(2.0, "x"), ag.tensor(3.0, name="c"), ag.tensor(4.0, name="shared")
    with ag.scope("s"):
        a = named("a", x * c)
        b = named("b", a * shared)
    y = named("y", b * shared)
    assert {card.name for card in draw(y).graph.cards} == {"x", "c", "shared", "a", "b", "y"}
    folded = draw(y, max_nodes=5)
    assert {card.name for card in folded.graph.cards} == {"x", "shared", "a", "b", "y"}
    assert card(folded, "a").notes == ["x · c"]
    assert not card(folded, "a").stacked
    assert folded.graph.note == "6 tensors, folded into 5 cards: max_nodes= shows more"


def test_reshape_is_folded_into_the_scope_that_uses_it():
    x, w = leaf(np.ones((2, 2)), "x"), leaf(np.ones(4), "w")
    with ag.scope("before"):
        h = np.tanh(x * x)
    flat = h.reshape(-1)
    with ag.scope("after"):
        y = np.tanh(flat * w).sum()
    operations = [[c.operation for c in draw(y, max_nodes=n).graph.cards] for n in (3, 2)]
    assert operations == [["before", "reshape", "after"], ["before", "after"]]


def test_a_folded_card_shows_its_output():
    drawing = draw(stages(), depth=0)
    last = drawing.graph.cards[-2]
    assert last.operation == "stage 3"
    assert last.notes == ["9 tensors: tanh ×3, mul ×3"]
    full = {c.name: c for c in draw(stages()).graph.cards}
    assert last.blocks == full[last.name].blocks


@pytest.mark.parametrize("records", [100, 1_500])
@pytest.mark.parametrize("most", [1, 7, 40])
def test_a_long_chain_without_scopes_is_folded_too(records, most):
    x = leaf(1.0)
    for _ in range(records):
        x = x + leaf(1.0)
    graph = draw(x, max_nodes=most).graph
    assert len(graph.cards) <= most
    assert all(edge.source < edge.target for edge in graph.edges)  # so it has no cycle


@pytest.mark.slow
def test_long_chain_is_drawn_without_recursion():
    x = leaf(1.0)
    for _ in range(1_200):
        x = x + 1.0
    drawing = draw(x, max_nodes=10_000, formulas=False)
    assert drawing.svg().count("<polygon") == 2_402
    assert len(drawing.source.splitlines()) > 2_400


# ---- fused nodes --------------------------------------------------------------------------------


def test_unfuse_replaces_a_fused_node_in_place():
    z, y = leaf([2.0, 1.0, 0.1], "z"), ag.tensor([0.0, 1.0, 0.0], name="y")
    loss = named("L", ag.softmax_cross_entropy(z, y))
    closed, opened = draw(loss), draw(loss, unfuse=True)
    assert len(closed.graph.cards) == 3
    assert set(opened.graph.titles.values()) == {"SoftmaxCrossEntropy"}
    assert {"exp", "sum", "div", "log"} <= {c.operation for c in opened.graph.cards}
    for name in ("z", "L"):
        assert shown(opened, name) == shown(closed, name)
    assert z.grad is None


def test_unfuse_keeps_scopes_names_and_variables():
    with ag.scope("model"):
        h = ag.linear(leaf(np.ones((2, 3))), leaf(np.ones((3, 2))), leaf(np.zeros(2)))
    probabilities = ag.softmax(h)
    drawing = draw(probabilities.sum(), unfuse=True, names=locals())
    found = boxes(drawing)
    assert found["h"] == ["model", "linear"]
    assert found["probabilities"] == ["softmax"]


@pytest.mark.parametrize("node", ag.fused.__globals__["FUSED"], ids=lambda node: node.name)
def test_unfuse_opens_every_fused_node(node):
    arguments = {
        "linear": (leaf(np.ones((2, 3))), leaf(np.ones((3, 2))), leaf(np.zeros(2))),
        "SoftmaxCrossEntropy": (leaf(np.ones((2, 3))), np.array([0, 2])),
        "nll_loss": (leaf(-np.ones((2, 3))), np.array([0, 2])),
        **dict.fromkeys(
            ("layer_norm", "batch_norm"),
            (leaf(np.ones((2, 3))), leaf(np.ones(3)), leaf(np.zeros(3))),
        ),
        "attention": [leaf(np.ones((2, 3)))] * 3,
        "dropout": (leaf(np.ones(3)), np.array([True, False, True]), 0.5),
        "embedding": (np.array([0, 1, 0]), leaf(np.ones((2, 3)))),
        "conv1d": (leaf(np.ones((1, 4))), leaf(np.ones((1, 1, 2)))),
        "conv2d": (leaf(np.ones((1, 4, 4))), leaf(np.ones((1, 1, 2, 2)))),
        "max_pool2d": (leaf(np.ones((1, 4, 4))), (2, 2)),
        "avg_pool2d": (leaf(np.ones((1, 4, 4))), 2),
        **dict.fromkeys(("lstm_cell", "lstm_output"), (leaf(np.ones(8)), leaf(np.ones(2)))),
        "gru_cell": (leaf(np.ones(6)), leaf(np.ones(6)), leaf(np.ones(2))),
        "mse_loss": (leaf(np.ones(3)), np.zeros(3)),
        "sigmoid_binary_cross_entropy": (leaf(np.ones(3)), np.zeros(3)),
    }
    y = node(*arguments.get(node.name, (leaf(np.arange(3.0)),)))
    drawing = draw(y if y.size == 1 else y.sum(), unfuse=True)
    assert set(drawing.graph.titles.values()) == {node.name}
    assert node.name not in {c.operation for c in drawing.graph.cards}


def test_unfuse_without_a_fused_node_raises():
    with pytest.raises(ValueError, match="needs a fused node"):
        draw(leaf(1.0) * 2.0, unfuse=True)
