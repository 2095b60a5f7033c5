"""The story of a page: the first step, the questions, the sentences and the ending."""

import importlib
import pkgutil
import re

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import functional, nn, ops
from autograd_mini.core.fused import FUSED
from autograd_mini.core.primitive import Primitive
from autograd_mini.core.registry import PRIMITIVES
from autograd_mini.text.format import made_by
from autograd_mini.views.page.arrays import Pool
from autograd_mini.views.page.cross_entropy import COLUMNS, find_cross_entropy, first_example
from autograd_mini.views.page.data import tape_data
from autograd_mini.views.page.sentences.sentences import OPERATIONS, backward, forward
from autograd_mini.views.trace import Trace


def leaf(x, name=None):
    return ag.tensor(x, requires_grad=True, name=name)


def told(loss):
    """Return the steps of a page, and a function that looks up its numbers."""
    data = tape_data([Trace.of(loss)], ["L"], [Pool()])
    return data["tapes"][0]["steps"], data["pools"][0][0].__getitem__


def chain(logits=(2.0, 1.0, 0.1), target=(0.0, 1.0, 0.0)):
    z, y = leaf([*logits], "z"), ag.tensor([*target], name="y")
    e = np.exp(z)
    loss = -np.sum(y * np.log(e / e.sum()))
    loss.name = "L"
    return loss


def chosen(text, numbers):
    """Return a text as the page shows it: see `Story.choose`."""
    if isinstance(text, int):
        return numbers(text)
    if isinstance(text, str):
        return text
    y = values(numbers(text["target"]))
    if text["by"] == "class":
        return text["texts"][int(np.count_nonzero(y) != 1)].replace("#", str(np.argmax(y)))
    return text["texts"][int(not np.isclose(sum(y), 1))].replace("#", f"{sum(y):g}")


def values(item):
    return [float(row[0].replace("−", "-")) for row in item["text"]]


# ---- sentences ----------------------------------------------------------------------------------


def all_primitives():
    """Return every primitive of the package, by name."""
    modules = [
        importlib.import_module(f"{package.__name__}.{module.name}")
        for package in (ops, functional)
        for module in pkgutil.iter_modules(package.__path__)
    ]
    found = [x for module in modules for x in vars(module).values()]
    found += [*PRIMITIVES.values(), *FUSED]
    return {x.name for x in found if isinstance(x, Primitive)}


def test_every_primitive_and_fused_node_has_its_sentences():
    names = all_primitives()
    assert len(names) > 110
    assert names <= set(OPERATIONS), names - set(OPERATIONS)


def test_sentences_are_short_and_whole():
    for name, texts in OPERATIONS.items():
        for text in texts:
            assert re.match("[A-Z]|exp |[xb] ", text), name
            assert text.endswith("."), name
            for sentence in re.split(r"(?<=\.) ", text):
                assert len(sentence.split()) <= 25, (name, sentence)


def test_sentences_of_a_user_primitive_name_it():
    assert "odd" in forward("odd", fused=False)
    assert "odd" in backward("odd", fused=False)
    assert "fused" in forward("odd", fused=True)


# ---- the first step -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (chain, ["Three logits", "true class is 1", "make L smaller"]),
        (lambda: chain(target=(0.5, 0.5, 0.0)), ["Three logits.", "each logit"]),
        (
            lambda: ag.softmax_cross_entropy(leaf(np.zeros((4, 5))), [0, 1, 2, 3]),
            ["Four examples", "five logits"],
        ),
        (
            lambda: ag.softmax_cross_entropy(nn.MLP([2, 4, 3], rng=0)(np.ones((6, 2))), [0] * 6),
            ["27 parameters", "three classes", "six examples"],
        ),
        (lambda: leaf(3.0, "x") * 2.0 + 1.0, ["Two operations", "from x", "if x changes"]),
        (lambda: np.sum(leaf([3.0, 1.0], "x")), ["from x", "if an entry of x changes"]),
        (lambda: np.sin(leaf(3.0, "x")) * leaf(2.0, "w"), ["x and w", "if they change"]),
        (lambda: np.sum(np.stack([leaf(1.0) for _ in range(7)])), ["seven leaves"]),
    ],
)
def test_first_step_says_what_is_computed_and_what_to_press(made, words):
    steps, numbers = told(made())
    text = f"{chosen(steps[0]['lead'], numbers)} {steps[0]['say']}"
    assert "Press\u00a0→" in text
    assert text.endswith("?")
    for word in words:
        assert word in text


def test_first_step_of_another_input_names_its_true_class():
    steps, numbers = told(chain(target=(0.0, 0.0, 1.0)))
    assert "the true class is 2" in chosen(steps[0]["lead"], numbers)


# ---- the questions ------------------------------------------------------------------------------


def test_question_stands_before_the_second_contribution():
    steps, _ = told(chain())
    (at,) = [i for i, s in enumerate(steps) if "add to it" in s.get("ask", "")]
    (gift,) = steps[at + 1]["gives"]
    assert gift["open"] == 0
    assert steps[at]["phase"] == "backward"


def test_questions_precede_broadcasts_means_and_switches():
    w, b = leaf(np.ones((3, 2)), "w"), leaf(np.ones(2), "b")
    hidden = np.tanh(ag.relu(np.ones((4, 3)) @ w + b))
    steps, _ = told(np.max(hidden, axis=0).mean())
    text = " ".join(s.get("ask", "") for s in steps)
    for words in ("divides by N", "largest", "output is close", "negative", "repeated to (4, 2)"):
        assert words in text


def test_each_kind_of_question_is_asked_once():
    x = leaf([0.5, 0.2], "x")
    for _ in range(6):
        x = np.tanh(x)
    steps, _ = told(x.sum())
    questions = [s["ask"] for s in steps if "ask" in s]
    assert len(questions) == len(set(questions))
    assert sum("output is close" in q for q in questions) == 1


# ---- the ending ---------------------------------------------------------------------------------


LOSSES = {
    "graph": chain,
    "fused": lambda: ag.softmax_cross_entropy(leaf([2.0, 1.0, 0.1]), 1),
    "weights": lambda: ag.softmax_cross_entropy(leaf([2.0, 1.0, 0.1]), np.array([0.0, 2.0, 0.5])),
    "batch": lambda: ag.softmax_cross_entropy(leaf([[2.0, 1.0, 0.1], [0, 1.0, 2]]), [1, 2]),
    "sum": lambda: ag.softmax_cross_entropy(leaf([[2.0, 1.0], [0, 1.0]]), [1, 0], reduction="sum"),
    "softmax node": lambda: -np.log(ag.softmax(leaf([2.0, 1.0, 0.1])))[1],
    "log-softmax node": lambda: -np.sum(ag.log_softmax(leaf([2.0, 1.0, 0.1])) * [0.2, 0.3, 0.5]),
    "index, then log": lambda: -np.log(ag.softmax(leaf([2.0, 1.0, 0.1]))[1]),
    "y is an array": lambda: -np.sum(np.array([0.2, 0.8]) * np.log(ag.softmax(leaf([2.0, 1.0])))),
    "minus y": lambda: np.sum(np.log(ag.softmax(leaf([2.0, 1.0]))) * -ag.tensor([0.2, 0.8])),
    "mean over rows": lambda: (
        -np.mean(np.sum(np.eye(2) * np.log(ag.softmax(leaf([[2.0, 1.0], [0.5, 0.1]]))), axis=1))
    ),
    "ag.cross_entropy": lambda: ag.cross_entropy(leaf([[2.0, 1.0, 0.1], [0, 1.0, 2]]), [1, 2]),
}


@pytest.mark.parametrize("name", LOSSES)
def test_cross_entropy_is_found_with_its_prediction_and_target(name):
    trace = Trace.of(LOSSES[name]())
    found = find_cross_entropy(trace)
    assert found is not None
    e = first_example(trace, found)
    z = found.logits.data.reshape(-1, found.logits.shape[-1])
    columns = {key: e.column(key) for key in COLUMNS}
    p, y, _, gradient = (row(*arrays) for row, arrays in columns.values())
    np.testing.assert_allclose(p, ag.softmax(z)[0])
    np.testing.assert_allclose(gradient, e.weight * (p * y.sum() - y), atol=1e-12)


@pytest.mark.parametrize(
    "made",
    [
        lambda: np.sum(leaf([1.0, 2.0]) ** 2),
        lambda: np.sum(np.log(ag.softmax(leaf([2.0, 1.0]))) ** 2),  # not linear in the logarithm
        lambda: np.exp(-np.log(ag.softmax(leaf([2.0, 1.0])))[0]),  # nor is this
        lambda: np.sum(ag.softmax(leaf([2.0, 1.0])) * np.log(ag.softmax(leaf([2.0, 1.0])))),
        lambda: -np.log(np.exp(leaf([2.0, 1.0])) / 3.0)[0],
        lambda: np.log(leaf(2.0) / 3.0),
    ],
)
def test_other_losses_have_no_prediction(made):
    assert find_cross_entropy(Trace.of(made())) is None


def test_logits_that_are_used_twice_have_no_prediction():
    z = leaf([2.0, 1.0])
    loss = ag.softmax_cross_entropy(z, 1) + 0.1 * np.sum(z * z)
    assert find_cross_entropy(Trace.of(loss)) is None


def test_ending_shows_prediction_minus_truth_next_to_the_gradient():
    steps, numbers = told(chain())
    softmax = steps[-1]["softmax"]
    p = ag.softmax(np.array([2.0, 1.0, 0.1]))
    columns = {key: values(numbers(i)) for key, i in softmax["columns"].items()}
    np.testing.assert_allclose(columns["predicted"], p, atol=6e-5)
    np.testing.assert_allclose(columns["difference"], p - [0, 1, 0], atol=6e-5)
    assert columns["gradient"] == columns["difference"]
    assert softmax["scale"] == ""


def test_ending_lights_the_tensors_of_each_line():
    loss = chain()
    nodes = list(loss.tape())
    lines = told(loss)[0][-1]["softmax"]["lines"]
    lit = [{made_by(nodes[i]) for i in line["nodes"]} for line in lines]
    assert lit == [
        {"div", "log", "const"}, {"exp", "sum", "div"}, {"leaf", "exp"}, {"leaf", "const"},
    ]  # fmt: skip


def notes(steps, numbers):
    return " ".join(chosen(note, numbers) for note in steps[-1]["notes"])


def test_ending_says_when_the_difference_is_wrong():
    for target, word in (((0.0, 1.0, 0.0), "right"), ((0.0, 2.0, 0.0), "is wrong")):
        steps, numbers = told(chain(target=target))
        check = " ".join(notes(steps, numbers).split())
        assert f"Σy = {sum(target):g}" in check
        assert word in check.split(":")[0]


def test_ending_of_a_batch_divides_by_its_length():
    loss = ag.softmax_cross_entropy(leaf([[2.0, 1.0, 0.1]] * 4), [1] * 4)
    steps, numbers = told(loss)
    softmax = steps[-1]["softmax"]
    assert softmax["scale"] == " / 4"
    gradient, difference = (
        np.array(values(numbers(softmax["columns"][key]))) for key in ("gradient", "difference")
    )
    np.testing.assert_allclose(gradient, difference / 4, atol=6e-5)
    assert "weight 1/4" in notes(steps, numbers)


def test_ending_predicts_the_effect_of_a_small_step():
    w, x = leaf([[0.5, -1.0]], "w"), leaf(2.0, "x")
    steps, numbers = told(np.sum(np.exp(w) * x))
    texts = [numbers(i).replace("−", "-") for i in steps[-1]["lines"]]
    assert len(texts) == 2
    for text in texts:
        step, change = map(float, re.search(r"by ([\d.]+): \S+ rises by ([\d.]+)\.", text).groups())
        slope, by, product = map(float, re.search(r"step: (\S+) × (\S+) = (\S+)\.", text).groups())
        assert by == step
        assert slope * step == pytest.approx(product, rel=1e-3)
        assert change == pytest.approx(product, rel=0.06)
    assert texts[0].startswith("Raise w[0, 0] by")


def test_ending_of_a_dead_unit_says_that_nothing_changes():
    steps, numbers = told(np.sum(ag.relu(leaf([-1.0, -2.0], "x"))))
    assert "is 0" in numbers(steps[-1]["lines"][0])


def test_ending_with_nonfinite_gradients_predicts_nothing():
    with np.errstate(all="ignore"):
        steps, numbers = told(np.sum(np.log(leaf([0.0, 1.0], "x"))))
    assert "not finite" in numbers(steps[-1]["lines"][0])


def test_story_leaves_the_gradients_and_the_data_unchanged():
    loss = chain()
    before = [t.data.copy() for t in loss.tape()]
    told(loss)
    assert all(t.grad is None for t in loss.tape() if t.is_leaf)
    assert all(np.array_equal(a, t.data) for a, t in zip(before, loss.tape()))


# ---- saved values -------------------------------------------------------------------------------


def test_saved_values_are_those_that_the_rules_use():
    x, w = leaf(np.ones((2, 3)), "x"), leaf(np.ones((3, 2)), "w")
    steps, _ = told(np.sum(np.exp(x @ w)) * 2.0)
    assert [s["saved"] for s in steps if s["phase"] == "forward"] == ["x, w", "v3", "", ""]


def test_rule_of_a_matrix_product_is_written_with_its_upstream_gradient():
    """A lone g would be defined nowhere, and the rule is not a derivative of the product."""
    x, w = leaf(np.ones((2, 3)), "x"), leaf(np.ones((3, 2)), "w")
    loss = np.sum(x @ w)
    loss.name = "L"
    steps, _ = told(loss)
    for text in steps[1]["locals"]:
        left, right = text.split(" = ")
        assert left.startswith(r"\frac{\partial L}")
        assert r"\frac{\partial L}" in right
