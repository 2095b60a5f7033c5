"""The exercises: the solutions, which are only here, and common wrong answers with the diagnosis of
each."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import exercises
from autograd_mini.exercises import CHAPTERS, Case, WrongAnswer
from autograd_mini.exercises.exercise import exercise

ALL = {e.name: e for chapter in CHAPTERS.values() for e in chapter}
SOURCES = Path(exercises.__file__).parent


@pytest.fixture(autouse=True)
def fresh_session():
    yield
    for e in ALL.values():
        e.passed, e._hinted = False, 0


# ---- the solutions -------------------------------------------------------------------------------


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def softmax_jacobian(z):
    p = softmax(z)
    return np.diag(p) - np.outer(p, p)


def unbroadcast(g, shape):
    lead = g.ndim - len(shape)
    axes = tuple(i for i in range(g.ndim) if i < lead or shape[i - lead] == 1)
    return g.sum(axis=axes, keepdims=True).reshape(shape)


def sum_rule(g, y, x, axis):
    return np.broadcast_to(g if axis is None else np.expand_dims(g, axis), x.shape)


def indexing(g, y, x, index):
    dx = np.zeros_like(x)
    np.add.at(dx, index, g)
    return dx


def gradient_check(f, rule, x):
    g = np.random.default_rng(5).normal(size=f(x).shape)
    numerical = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        h = 1e-6 * max(1.0, abs(x[i]))
        above, below = x.copy(), x.copy()
        above[i] += h
        below[i] -= h
        numerical[i] = ((f(above) - f(below)) * g).sum() / (above[i] - below[i])
    return np.allclose(rule(g, x), numerical, rtol=1e-5, atol=1e-6)


def one_hot_gradient(z, labels):
    p = softmax(z)
    p[np.arange(len(z)), labels] -= 1
    return p / len(z)


def log_sum_exp(z):
    m = z.max(axis=-1)
    return m + np.log(np.exp(z - m[:, None]).sum(axis=-1))


def sweep(tape):
    adjoints = dict.fromkeys((name for name, _ in tape), 0.0)
    adjoints[tape[-1][0]] = 1.0
    for name, uses in reversed(tape):
        for used, local in uses:
            adjoints[used] += adjoints[name] * local
    return adjoints


def sweep_of_a_graph(graph, result):
    waiting = {}
    for uses in graph.values():
        for used, _ in uses:
            waiting[used] = waiting.get(used, 0) + 1
    adjoints = dict.fromkeys(graph, 0.0)
    adjoints[result] = 1.0
    ready = [name for name in graph if name not in waiting]
    while ready:
        name = ready.pop()
        for used, local in graph[name]:
            adjoints[used] += adjoints[name] * local
            waiting[used] -= 1
            if not waiting[used]:
                ready.append(used)
    return adjoints


log1p_square = ag.primitive(
    lambda x: np.log(1 + x**2), lambda g, y, x: g * 2 * x / (1 + x**2), name="log1p_square"
)

SOLUTIONS = {
    "quotient": lambda a, b: (1 / b, -a / b**2),
    "two_paths": lambda x, w: (w + np.cos(x), x),
    "reciprocal_rule": lambda g, y, x: -g * y**2,
    "exp_rule": lambda g, y, x: g * y,
    "log_rule": lambda g, y, x: g / x,
    "mul_rule": lambda g, y, a, b: (g * b, g * a),
    "sum_rule": sum_rule,
    "unbroadcast": unbroadcast,
    "matmul_rule": lambda g, y, a, b: (g @ b.T, a.T @ g),
    "bug_in_sigmoid": lambda g, y, x: g * y * (1 - y),
    "bug_in_tanh": lambda g, y, x: g * (1 - y**2),
    "bug_in_bias": lambda g, y, x, b: (g, g.reshape(-1, g.shape[-1]).sum(axis=0)),
    "bug_in_indexing": indexing,
    "gradient_check": gradient_check,
    "stable_softmax": softmax,
    "log_sum_exp": log_sum_exp,
    "softmax_jacobian": softmax_jacobian,
    "softmax_rule": lambda g, y, z: y * (g - (g * y).sum(axis=-1, keepdims=True)),
    "cross_entropy_gradient": lambda z, y: (softmax(z) * y.sum(1, keepdims=True) - y) / len(z),
    "one_hot_gradient": one_hot_gradient,
    "cross_entropy_hessian": lambda z, label: softmax_jacobian(z),
    "newton_step": lambda w, g, h: w - np.linalg.solve(h, g),
    "sweep": sweep,
    "sweep_of_a_graph": sweep_of_a_graph,
    "own_primitive": log1p_square,
}


@pytest.mark.parametrize("name", ALL)
def test_solution_of_every_exercise_passes(name, capsys):
    assert ALL[name].check(SOLUTIONS[name]) is SOLUTIONS[name]
    assert ALL[name].passed
    assert capsys.readouterr().out == f"{name}: right.\n"


# ---- wrong answers -------------------------------------------------------------------------------


def last_use_only(tape):
    adjoints = dict.fromkeys((name for name, _ in tape), 0.0)
    adjoints[tape[-1][0]] = 1.0
    for name, uses in reversed(tape):
        for used, local in uses:
            adjoints[used] = adjoints[name] * local
    return adjoints


def forward_order(tape):
    adjoints = dict.fromkeys((name for name, _ in tape), 0.0)
    adjoints[tape[-1][0]] = 1.0
    for name, uses in tape:
        for used, local in uses:
            adjoints[used] += adjoints[name] * local
    return adjoints


def propagate_each_arrival(graph, result):
    """Propagate the adjoint so far each time a contribution arrives."""
    adjoints = dict.fromkeys(graph, 0.0)

    def arrive(name, g):
        adjoints[name] += g
        for used, local in graph[name]:
            arrive(used, adjoints[name] * local)

    arrive(result, 1.0)
    return adjoints


def by_recursion(graph, result):
    order = []

    def visit(name):
        if name not in order:
            for used, _ in graph[name]:
                visit(used)
            order.append(name)

    visit(result)
    found = sweep([(name, graph[name]) for name in order])
    return {name: found.get(name, 0.0) for name in graph}


def breadth_first(graph, result):
    """Sort by the distance from the result, which is not a topological order."""
    order = [result]
    for name in order:
        order += [used for used, _ in graph[name] if used not in order]
    found = sweep([(name, graph[name]) for name in reversed(order)])
    return {name: found.get(name, 0.0) for name in graph}


def with_cotangent(make, tolerance=1e-6, step=1e-6):
    def check(f, rule, x):
        g = make(f(x).shape)
        numerical = np.empty(x.shape)
        for i in np.ndindex(x.shape):
            above, below = x.copy(), x.copy()
            above[i] += step
            below[i] -= step
            numerical[i] = ((f(above) - f(below)) * g).sum() / (2 * step)
        return np.allclose(rule(g, x), numerical, rtol=tolerance, atol=tolerance)

    return check


def random(shape):
    return np.random.default_rng(5).normal(size=shape)


def mutating_exp(g, y, x):
    g *= y
    return g


def assigning(g, y, x, index):
    dx = np.zeros_like(x)
    dx[index] = g
    return dx


def adding(g, y, x, index):
    dx = np.zeros_like(x)
    dx[index] += g
    return dx


def whole_columns(z, labels):
    p = softmax(z)
    p[:, labels] -= 1
    return p / len(z)


def jacobian_by_cases(on, off):
    def answer(z):
        p = softmax(z)
        return np.array(
            [[(on if i == j else off)(p[i], p[j]) for j in range(len(p))] for i in range(len(p))]
        )

    return answer


def values_taken_out(g, y, x):
    numbers = ag.Tensor(x.data if isinstance(x, ag.Tensor) else x)
    return g * 2 * numbers / (1 + numbers**2)


NO_UPSTREAM = "did not multiply by the upstream gradient g"
SIGN = "Only the sign is wrong"

WRONG = [
    ("quotient", lambda a, b: (1 / b, a / b**2), SIGN),
    ("quotient", lambda a, b: (-a / b**2, 1 / b), "This is ∂v/∂b. The expected order"),
    ("quotient", lambda a, b: (1 / b, a / b), "too few factors of b, and the sign"),
    ("quotient", lambda a, b: (1 / b, -a / b), "too few factors of b"),
    ("quotient", lambda a, b: (-b / a**2, 1 / a), "right for b / a"),
    ("quotient", lambda a, b: 1 / b, "expected 2 results"),
    ("two_paths", lambda x, w: (w, x), "Only the path through the product"),
    ("two_paths", lambda x, w: (np.cos(x), x), "Only the path through the sine"),
    ("two_paths", lambda x, w: (w * np.cos(x), x), "paths are added"),
    ("two_paths", lambda x, w: (w + np.cos(x), w), "∂L/∂w: got 5"),
    ("reciprocal_rule", lambda g, y, x: -(y**2), NO_UPSTREAM),
    ("reciprocal_rule", lambda g, y, x: g * y**2, SIGN),
    ("reciprocal_rule", lambda g, y, x: g, "g itself"),
    ("exp_rule", lambda g, y, x: y, NO_UPSTREAM),
    ("exp_rule", lambda g, y, x: g, "g itself"),
    ("exp_rule", lambda g, y, x: -g * y, SIGN),
    ("exp_rule", lambda g, y, x: g * g * y, "multiplied by g twice"),
    ("exp_rule", lambda g, y, x: g * np.exp(y), "the derivative at the result y"),
    ("exp_rule", lambda g, y, x: g * x, r"∂L/∂x\[0\]: got"),
    ("exp_rule", lambda g, y, x: (g * y).sum(), r"shape \(\) in your answer; expected \(3,\)"),
    ("exp_rule", mutating_exp, "changed its argument g in place"),
    ("exp_rule", lambda g, y, x: 2 * g * y, "Every entry is 2 times the expected value"),
    ("log_rule", lambda g, y, x: g / y, "the derivative at the result y"),
    ("log_rule", lambda g, y, x: 1 / x, NO_UPSTREAM),
    ("log_rule", lambda g, y, x: g * x, "expected"),
    ("mul_rule", lambda g, y, a, b: (g * a, g * b), "This is ∂L/∂b. The expected order"),
    ("mul_rule", lambda g, y, a, b: (b, a), NO_UPSTREAM),
    ("mul_rule", lambda g, y, a, b: (g * b, a), NO_UPSTREAM),
    ("mul_rule", lambda g, y, a, b: (g, g), "g itself"),
    ("mul_rule", lambda g, y, a, b: g * b, "returned an array of shape"),
    ("sum_rule", lambda g, y, x, axis: np.ones_like(x), "did not spread"),
    ("sum_rule", lambda g, y, x, axis: g * x, "you multiplied by x"),
    ("sum_rule", lambda g, y, x, axis: g, r"shape \(\) in your answer; expected \(4,\)"),
    ("sum_rule", lambda g, y, x, axis: np.broadcast_to(g, x.shape), "along the wrong axis"),
    (
        "sum_rule",
        lambda g, y, x, axis: sum_rule(g, y, x, axis) / (x.size if axis is None else x.shape[axis]),
        "you divided by it once too often",
    ),
    ("unbroadcast", lambda g, shape: g, "The sum over the broadcast axis 1 is missing"),
    ("unbroadcast", lambda g, shape: g.sum(axis=1), "but the shape is not"),
    ("unbroadcast", lambda g, shape: g[:, :1], "You picked one of the copies"),
    (
        "unbroadcast",
        lambda g, shape: unbroadcast(g, shape) / (g.size / max(1, np.prod(shape))),
        "3 times too small, and 3 is the length of axis 1 of g",
    ),
    (
        "unbroadcast",
        lambda g, shape: (
            g.sum(axis=1) if g.shape == (3, 3) else unbroadcast(g, shape)
        ),
        "summed over the other axis",
    ),
    ("unbroadcast", lambda g, shape: unbroadcast(g, shape) if shape else 1.0, "expected"),
    ("unbroadcast", lambda g, shape: g.sum(), r"expected \(4, 1\). It has too few"),
    ("matmul_rule", lambda g, y, a, b: (g @ b, a @ g), "raised ValueError: matmul"),
    (
        "matmul_rule",
        lambda g, y, a, b: (g @ b.T, a.T @ g) if len(a) != 3 else (g @ b, a @ g),
        "A transpose is missing",
    ),
    (
        "matmul_rule",
        lambda g, y, a, b: (g @ b.T, a.T @ g) if len(a) != 3 else (b.T @ g, g @ a.T),
        "wrong order",
    ),
    (
        "matmul_rule",
        lambda g, y, a, b: (g @ b.T, a.T @ g) if len(a) != 3 else (g * b, g * a),
        "Use the matrix product",
    ),
    ("matmul_rule", lambda g, y, a, b: ((g @ b.T).T, a.T @ g), "It is the transpose"),
    ("matmul_rule", lambda g, y, a, b: (np.ones_like(y) @ b.T, a.T @ g), NO_UPSTREAM),
    ("bug_in_sigmoid", lambda g, y, x: g * y * (y - 1), SIGN),
    ("matmul_rule", lambda g, y, a, b: (2 * (g @ b.T).T, a.T @ g), "It looks transposed"),
    ("newton_step", lambda w, g, h: w - np.linalg.inv(h) * g, "or did you mean a matrix product"),
    ("exp_rule", lambda g, y, x: g * x * np.exp(x - 1), "here x is the exponent"),
    ("log_rule", lambda g, y, x: g * np.log(x), "g times y, the value of the operation"),
    ("two_paths", lambda x, w: (w - np.cos(x), x), "The path through the sine has the wrong sign"),
    (
        "cross_entropy_gradient",
        lambda z, y: (softmax(z) * y.sum() - y) / len(z),
        "Each row needs its own sum",
    ),
    ("gradient_check", lambda f, rule, x: "yes", "expected True or False"),
    ("bug_in_sigmoid", lambda g, y, x: y * (1 - y), NO_UPSTREAM),
    ("bug_in_tanh", lambda g, y, x: 1 - y**2, NO_UPSTREAM),
    ("bug_in_tanh", lambda g, y, x: g * (1 - x**2), "expected"),
    ("bug_in_bias", lambda g, y, x, b: (g, g), "sum over the broadcast axis 0 is missing"),
    ("bug_in_bias", lambda g, y, x, b: (g, g.sum(axis=0, keepdims=True)), "but the shape is not"),
    ("bug_in_bias", lambda g, y, x, b: (g, g.sum(axis=0)), "broadcast axis 0 is missing"),
    ("bug_in_bias", lambda g, y, x, b: (g, g[0]), "You picked one row"),
    ("bug_in_bias", lambda g, y, x, b: (g, g.mean(axis=0)), "4 times too small"),
    (
        "bug_in_bias",
        lambda g, y, x, b: (g, g.sum(axis=1 if len(g) == 3 else 0)),
        "summed over the wrong axis",
    ),
    ("bug_in_indexing", assigning, "only its last contribution"),
    ("bug_in_indexing", adding, "only its last contribution"),
    ("bug_in_indexing", lambda g, y, x, index: g[index], "raised IndexError"),
    ("gradient_check", lambda f, rule, x: True, "accepted this rule, but it forgets g"),
    ("gradient_check", lambda f, rule, x: False, "rejected this rule, but it is right"),
    ("gradient_check", with_cotangent(np.ones), "which a cotangent of ones does not show"),
    ("gradient_check", with_cotangent(random, 1e-12), "rejected this rule, but it is right"),
    ("gradient_check", with_cotangent(random, 1e-2), "off by 2 in 1000"),
    ("gradient_check", with_cotangent(random, 1e-6, 1e-2), "rejected this rule, but it is right"),
    ("stable_softmax", lambda z: np.exp(z) / np.exp(z).sum(-1, keepdims=True), r"not finite \(nan"),
    (
        "stable_softmax",
        lambda z: np.exp(z - z.max()) / np.exp(z - z.max()).sum(-1, keepdims=True),
        r"not finite \(nan",
    ),
    ("stable_softmax", lambda z: ag.softmax(z, axis=0), "normalised over the batch"),
    ("stable_softmax", lambda z: np.exp(z) / np.exp(z).sum(), "over all entries"),
    ("stable_softmax", lambda z: np.log(softmax(z)), "logarithms of the probabilities"),
    ("stable_softmax", lambda z: softmax(np.clip(z, -500, 500)), "Clipping does not"),
    ("log_sum_exp", lambda z: np.log(np.exp(z).sum(axis=-1)), r"not finite \(inf"),
    ("log_sum_exp", lambda z: log_sum_exp(z) - z.max(axis=-1), "Add back"),
    ("log_sum_exp", lambda z: log_sum_exp(z) - 2 * z.max(axis=-1), "the wrong sign"),
    ("log_sum_exp", lambda z: z.max(axis=-1), "maximum alone"),
    ("log_sum_exp", lambda z: ag.logsumexp(z, axis=-1, keepdims=True), "axis of length 1 matters"),
    ("log_sum_exp", lambda z: ag.logsumexp(z), r"expected \(2,\)"),
    ("softmax_jacobian", jacobian_by_cases(lambda p, q: p * (1 - p), lambda p, q: 0), "only the d"),
    (
        "softmax_jacobian",
        jacobian_by_cases(lambda p, q: p * (1 - p), lambda p, q: p * q),
        "sign is wrong where i ≠ j",
    ),
    (
        "softmax_jacobian",
        jacobian_by_cases(lambda p, q: p, lambda p, q: -p * q),
        r"wrong on the diagonal \(i = j\), and right everywhere else",
    ),
    (
        "softmax_jacobian",
        jacobian_by_cases(lambda p, q: p * (1 - p), lambda p, q: -p),
        r"wrong off the diagonal \(i ≠ j\), and right",
    ),
    ("softmax_jacobian", lambda z: softmax(z) * (1 - softmax(z)), r"all share the sum: .* i ≠ j\?"),
    ("softmax_jacobian", lambda z: softmax(z), "or compute only a diagonal"),
    ("cross_entropy_hessian", lambda z, label: np.diag(softmax_jacobian(z)), "the entries on the"),
    ("softmax_jacobian", lambda z: -softmax_jacobian(z), SIGN),
    ("softmax_rule", lambda g, y, z: np.zeros_like(z), NO_UPSTREAM),
    ("softmax_rule", lambda g, y, z: g * y * (1 - y), "the diagonal of the Jacobian alone"),
    ("softmax_rule", lambda g, y, z: y * (g - (g * y).sum()), "summed over all rows"),
    ("softmax_rule", lambda g, y, z: g * y, "the sum in the denominator as a constant"),
    ("cross_entropy_gradient", lambda z, y: (softmax(z) - y) / len(z), "sum to 1. These need not"),
    ("cross_entropy_gradient", lambda z, y: softmax(z) - y, "sum to 1. These need not"),
    (
        "cross_entropy_gradient",
        lambda z, y: softmax(z) * y.sum(1, keepdims=True) - y,
        "not divided by N",
    ),
    (
        "cross_entropy_gradient",
        lambda z, y: (softmax(z) * y.sum(1, keepdims=True) - y) / len(z) ** 2,
        "You divided by N twice",
    ),
    (
        "cross_entropy_gradient",
        lambda z, y: (softmax(z) * y.sum(1, keepdims=True) - y) / z.size,
        "You divided by C = 3 too",
    ),
    (
        "cross_entropy_gradient",
        lambda z, y: (y - softmax(z) * y.sum(1, keepdims=True)) / len(z),
        SIGN,
    ),
    (
        "cross_entropy_gradient",
        lambda z, y: (
            np.exp(z) / np.exp(z).sum(1, keepdims=True) * y.sum(1, keepdims=True) - y
        ) / len(z),
        "not finite",
    ),
    ("one_hot_gradient", whole_columns, "in the entries of the other classes"),
    ("one_hot_gradient", lambda z, labels: softmax(z), "the targets are missing"),
    ("one_hot_gradient", lambda z, labels: softmax(z) / len(z), "the targets are missing"),
    ("one_hot_gradient", lambda z, labels: one_hot_gradient(z, labels) * len(z), "not divided"),
    ("one_hot_gradient", lambda z, labels: one_hot_gradient(z, labels) / len(z), "by N twice"),
    (
        "one_hot_gradient",
        lambda z, labels: (softmax(z) + np.eye(z.shape[1])[labels]) / len(z),
        "in the entries of the right classes, and right everywhere else",
    ),
    (
        "cross_entropy_hessian",
        lambda z, label: np.diag(softmax(z) - np.eye(len(z))[label]),
        r"\[0, 0\]: got",
    ),
    ("cross_entropy_hessian", lambda z, label: np.diag(np.diag(softmax_jacobian(z))), "only the d"),
    ("cross_entropy_hessian", lambda z, label: -softmax_jacobian(z), SIGN),
    ("newton_step", lambda w, g, h: w + np.linalg.solve(h, g), "uphill"),
    ("newton_step", lambda w, g, h: -np.linalg.solve(h, g), "step alone"),
    ("newton_step", lambda w, g, h: w - g, "gradient descent"),
    ("newton_step", lambda w, g, h: w - g / np.diag(h), "only the diagonal of h"),
    ("newton_step", lambda w, g, h: w - h @ g, "Divide it by h"),
    ("sweep", last_use_only, "Only one of the 2 uses of x contributed"),
    ("sweep", forward_order, "expected"),
    ("sweep", lambda tape: {"x": 1.0}, "Your dict has no 'L'"),
    ("sweep", lambda tape: [1.0, 2.0], "expected a dict"),
    ("sweep_of_a_graph", propagate_each_arrival, "before all its uses"),
    ("sweep_of_a_graph", breadth_first, "before all its uses"),
    ("sweep_of_a_graph", by_recursion, "raised RecursionError"),
    ("sweep_of_a_graph", lambda graph, result: dict.fromkeys(graph, 0.0), "begin with that"),
    ("own_primitive", lambda x: np.log1p(x**2), "expected a primitive"),
    (
        "own_primitive",
        ag.primitive(lambda x: np.log1p(x**2), lambda g, y, x: 2 * x / (1 + x**2), name="a"),
        NO_UPSTREAM,
    ),
    (
        "own_primitive",
        ag.primitive(lambda x: np.log1p(x**2), lambda g, y, x: g, name="b"),
        "returns g alone",
    ),
    (
        "own_primitive",
        ag.primitive(lambda x: np.log(x**2), log1p_square.vjps[0], name="c"),
        r"y\[0, *\]|y\[0\]: got",
    ),
    ("own_primitive", ag.primitive(log1p_square.forward, values_taken_out, name="d"), "took the"),
    (
        "own_primitive",
        ag.primitive(lambda x: np.log1p(x**2), lambda g, y, x: g * missing, name="e"),  # noqa: F821
        r"raised NameError: .* in line \d+: ag.primitive",
    ),
    ("sweep", lambda tape: (sweep(tape), tape.pop())[0], "changed its argument tape in place"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "answer", "diagnosis"), WRONG, ids=range(len(WRONG)))
def test_wrong_answer_gets_its_diagnosis(name, answer, diagnosis):
    with pytest.raises(WrongAnswer) as caught:
        ALL[name].check(answer)
    message = " ".join(str(caught.value).split())
    assert re.search(diagnosis, message), message
    assert message.startswith(f"{name}: wrong. ")
    assert not ALL[name].passed


def test_every_exercise_has_wrong_answers():
    assert {name for name, _, _ in WRONG} == set(ALL)
    assert SOLUTIONS.keys() == ALL.keys()


# ---- answers with other faults -------------------------------------------------------------------


def test_message_shows_input_entry_values_and_diagnosis():
    with pytest.raises(WrongAnswer) as caught:
        exercises.log_rule.check(lambda g, y, x: -g / x)
    assert (
        str(caught.value)
        == """\
log_rule: wrong result for
    g = [-2.2191,  1.6317,  1.2656,  1.2264]   (4,)
    y = [ 1.2158,  0.903 ,  0.2606, -1.0128]   (4,)
    x = [3.3729, 2.4669, 1.2977, 0.3632]   (4,)
∂L/∂x[0]: got 0.657926, expected -0.657926 (4 of 4 wrong).
Only the sign is wrong.
For a hint: log_rule.hint()"""
    )


def helper_that_fails(x):
    return x.nothing


def with_a_bug(g, y, x):
    return g / nothing  # noqa: F821


def misspelled(g, y, x):
    x.fill(1.0)
    return g


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda g, y, x: None, "returned None. Is there a `return`"),
        (lambda g, y, x: ..., "returned Ellipsis"),
        (lambda g, y: g, r"called as f\(g, y, x\): too many positional arguments"),
        (lambda g, y, x, z: g, "called as .* missing a required argument: 'z'"),
        (with_a_bug, r"raised NameError: name 'nothing' is not defined in line \d+: return g / no"),
        (misspelled, "changed its argument x in place"),
        (lambda g, y, x: "g/x", "'g/x' .a str.; expected real numbers"),
        (lambda g, y, x: g / x + 0j, "dtype complex128; expected real numbers"),
        (lambda g, y, x: [[1.0], [1.0, 2.0]], "a list of 2 is not an array of numbers"),
        (lambda g, y, x: {"x": g / x}, "a dict.; expected real numbers"),
        (lambda g, y, x: (g / x).astype(int), "which truncates the fractional part"),
        (lambda g, y, x: (g / x)[:, None], r"has shape \(4, 1\)"),
        (lambda g, y, x: np.zeros(0), r"has shape \(0,\)"),
        (lambda g, y, x: (i for i in x), "a generator"),
        (lambda g, y, x: np.nan * x, "4 of your entries are not finite"),
        (np.sin, "raised TypeError|called as"),
        (lambda g, y, x: helper_that_fails(x), "helper_that_fails|return x.nothing"),
    ],
)
def test_message_names_a_fault_of_the_function(answer, message):
    with pytest.raises(WrongAnswer) as caught:
        exercises.log_rule.check(answer)
    assert re.search(message, " ".join(str(caught.value).split())), str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        lambda g, y, x: list(g / x),
        lambda g, y, x: ag.tensor(g / x, requires_grad=True),
        lambda *arguments: arguments[0] / arguments[2],
        lambda g, y, x, keyword=None: g / x,
    ],
)
def test_right_answer_may_be_a_list_or_a_tensor(answer):
    exercises.log_rule.check(answer)


def test_error_of_the_answer_is_the_cause():
    with pytest.raises(WrongAnswer) as caught:
        exercises.log_rule.check(with_a_bug)
    assert isinstance(caught.value.__cause__, NameError)


def test_check_of_a_non_callable_raises():
    with pytest.raises(
        TypeError, match=r"expected your function, got 3\.0\. Pass the function itself"
    ):
        exercises.log_rule.check(3.0)


def test_every_check_passes_fresh_arrays():
    kept = []

    def answer(g, y, x):
        for array in kept:
            array[...] = 0.0
        kept.extend([g, y, x])
        return g / x

    exercises.log_rule.check(answer)
    exercises.log_rule.check(SOLUTIONS["log_rule"])


# ---- hints, statements and the list --------------------------------------------------------------


def test_hints_advance_by_one_step(capsys):
    e = exercises.exp_rule
    for _ in range(4):
        e.hint()
    e.hint(1)
    e.hint()
    steps = re.findall(r"Hint (\d) of 3 for exp_rule", capsys.readouterr().out)
    assert steps == ["1", "2", "3", "3", "1", "2"]
    for step in (0, 4, -1):
        with pytest.raises(ValueError, match="exp_rule has hints 1 to 3"):
            e.hint(step)


@pytest.mark.parametrize("name", ALL)
def test_statement_names_the_function_and_has_hints(name):
    e = ALL[name]
    assert len(e.title) <= 70
    assert not e.title.endswith(".")
    assert max(map(len, e.statement.splitlines())) <= 100
    assert f"def {name}(" in e.statement or f"{name}.check(op)" in e.statement
    assert 2 <= len(e.hints) <= 4
    assert e.statement in repr(e)
    assert getattr(exercises, name) is e


#: A pattern that recognises each solution, without blanks.
SOLVED = {
    "quotient": r"a/b\*\*2|a/\(b\*b\)|1/b|1/b²|a/b²",
    "two_paths": r"w\+np\.cos|w\+cos|cos\(x\)\+w",
    "reciprocal_rule": r"-g\*y|-g/|-1/x|y\*\*2|y²|x²",
    "exp_rule": r"g\*y|y\*g|g·y|g\*np\.exp",
    "log_rule": r"g/x|1/x",
    "mul_rule": r"g\*b|g\*a|g·b|g·a",
    "sum_rule": r"expand_dims\(g|broadcast_to\(g|g\[:,None",
    "unbroadcast": r"g\.sum\(|sum\(axis",
    "matmul_rule": r"g@|@g|b\.T|a\.T|ᵀ",
    "bug_in_sigmoid": r"1-y|y-y",
    "bug_in_tanh": r"g\*\(|\)\*g",
    "bug_in_bias": r"\.sum\(|np\.sum",
    "bug_in_indexing": r"add\.at|bincount",
    "gradient_check": r"f\(x\+|allclose|isclose|/\(2\*",
    "stable_softmax": r"\.max\(",
    "log_sum_exp": r"\.max\(|z-m\b",
    "softmax_jacobian": r"δ|ŷ_i\(|np\.diag|np\.outer|-ŷ_i|ŷ_iŷ_j|ŷ_i\*",
    "softmax_rule": r"g-|y\*\(|ŷ\*\(|y·\(",
    "cross_entropy_gradient": r"ŷ-y|ŷ_i-y|Σ_oy|/N\b(?!\))|softmax\(z\)\*|y\.sum",
    "one_hot_gradient": r"ŷ-y|ŷ_i-y|-=1|-1\b|arange",
    "cross_entropy_hessian": r"diag\(|outer|ŷŷ|ŷ_iŷ",
    "newton_step": r"solve\(|w-|inv\(",
    "sweep": r"\+=adjoint|adjoints\[",
    "sweep_of_a_graph": r"\+=adjoint|adjoints\[",
    "own_primitive": r"2\*x|2x|/\(1\+x",
}


@pytest.mark.parametrize("name", ALL)
def test_texts_do_not_contain_the_solution(name):
    texts = [ALL[name].statement, *ALL[name].hints]
    for other, answer, _ in WRONG:
        if other == name:
            with pytest.raises(WrongAnswer) as caught:
                ALL[name].check(answer)
            sentences = str(caught.value).splitlines()
            texts += [s for s in sentences if not s.startswith(("    ", "in line"))]
    for text in texts:
        found = re.search(SOLVED[name], re.sub(r"\s", "", text))
        assert not found, (found, text)


def test_package_contains_no_solution():
    source = "".join(p.read_text(encoding="utf-8") for p in SOURCES.glob("*.py"))
    source = re.sub(r"\s", "", source)
    for solution in (
        "g@b.T", "a.T@g", "g/x", "y*(g-", "g*y*(1-y)", "g*(1-y", "add.at(", "w-np.linalg.solve",
        "np.outer", "z-z.max", "adjoints[used]+=", "+=adjoints", "-=1", "ŷ-y", "2*x/(1+x",
        "*y.sum(",
    ):  # fmt: skip
        assert solution not in source, solution


def test_repr_of_the_module_lists_passed_exercises():
    assert repr(exercises).startswith("0 of 25 exercises passed.\n\nNumbers")
    exercises.exp_rule.check(SOLUTIONS["exp_rule"])
    assert "  [x] exp_rule " in repr(exercises)
    assert "1 of 25" in exercises.overview()
    assert repr(exercises.exp_rule).startswith("exp_rule (passed)")
    with pytest.raises(WrongAnswer):
        exercises.exp_rule.check(lambda g, y, x: g)
    assert "0 of 25" in exercises.overview()


def test_exercises_are_in_one_chapter_and_public():
    assert len(ALL) == 25 == sum(map(len, CHAPTERS.values()))
    assert ag.exercises is exercises
    assert set(ALL) <= set(exercises.__all__)
    assert exercises.__all__ == sorted(exercises.__all__)


def test_check_is_a_decorator():
    @exercises.exp_rule.check
    def rule(g, y, x):
        return g * y

    assert rule(2.0, 3.0, 0.0) == 6.0


def test_notebook_shows_only_the_message():
    assert WrongAnswer("exp_rule: ...")._render_traceback_() == ["exp_rule: ..."]
    assert issubclass(WrongAnswer, AssertionError)


def test_exercise_decorator_makes_a_new_exercise():
    @exercise("Think of a square.")
    def area():
        """The area of a square

        def area(side): ...
        """
        for side in (2.0, 3.0):
            yield Case({"side": side}, {"area": side**2})

    area.check(lambda side: side * side)
    with pytest.raises(WrongAnswer, match="area: got 4, expected 9"):
        area.check(lambda side: 4.0)


def run(*arguments, encoding="utf-8"):
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        encoding=encoding,
        env=environment,
    )


def test_command_lists_exercises_and_prints_tasks():
    listed = run("-m", "autograd_mini.exercises")
    assert listed.returncode == 0
    assert all(name in listed.stdout for name in ALL)
    assert "from autograd_mini import exercises\n" in listed.stdout
    assert "Marks last for one session." in listed.stdout
    asked = run("-m", "autograd_mini.exercises", "exp_rule", "sweep")
    assert "def exp_rule(g, y, x):" in asked.stdout
    assert "def sweep(tape):" in asked.stdout
    unknown = run("-m", "autograd_mini.exercises", "exprule")
    assert unknown.returncode == 2
    assert "unknown exercise 'exprule'. Did you mean exp_rule?" in unknown.stderr
    odd = run("-m", "autograd_mini.exercises", "zzz")
    assert "unknown exercise 'zzz'. Leave out the name to list all." in odd.stderr


def test_ascii_terminal_gets_ascii_spellings():
    program = (
        "from autograd_mini.exercises import *; reciprocal_rule.hint(); "
        "reciprocal_rule.check(lambda g, y, x: -g * y**2)"
    )
    done = run("-c", program, encoding="ascii")
    assert "reciprocal_rule: dL/dx is g = dL/dy times one number" in done.stdout
    assert done.stdout.endswith("reciprocal_rule: right.\n")
    listed = run("-m", "autograd_mini.exercises", "softmax_rule", encoding="ascii")
    assert "y = y_hat and g have" in listed.stdout.replace("\n", " ")


def test_exercises_are_lazy_and_need_only_numpy():
    program = (
        "import sys, numpy, autograd_mini; assert 'autograd_mini.exercises' not in sys.modules; "
        "before = set(sys.modules); import autograd_mini.exercises; "
        "print(*sorted(set(sys.modules) - before))"
    )
    loaded = {name.split(".")[0] for name in run("-c", program).stdout.split()}
    assert not loaded & {"graphviz", "sklearn", "matplotlib", "scipy", "pytest", "IPython"}
