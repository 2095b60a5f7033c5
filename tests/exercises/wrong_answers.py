"""Wrong answers that students give, each with a pattern of the diagnosis that it must get."""

import math

import numpy as np

import autograd_mini as ag
from tests.exercises.solutions import (
    bug_in_bias,
    cross_entropy_gradient,
    log_sum_exp,
    one_hot_gradient,
    own_primitive,
    softmax_jacobian,
    softmax_rule,
    sum_rule,
    sweep,
    sweep_of_a_graph,
    unbroadcast,
)
from tests.exercises.solutions import stable_softmax as softmax
from tests.exercises.wrong_answers_layers import WRONG_ANSWERS as OF_LAYERS


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


def of_sums(f, rule, x):
    """Compare the sums of both gradients only."""
    g = random(f(x).shape)
    numerical = 0.0
    for i in np.ndindex(x.shape):
        step = 1e-6 * max(1.0, abs(x[i]))
        above, below = x.copy(), x.copy()
        above[i] += step
        below[i] -= step
        numerical += ((f(above) - f(below)) * g).sum() / (2 * step)
    return np.isclose(rule(g, x).sum(), numerical, rtol=1e-5, atol=1e-6)


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


def started_at_one(tape):
    adjoints = dict.fromkeys((name for name, _ in tape), 1.0)
    for name, uses in reversed(tape):
        for used, local in uses:
            adjoints[used] += adjoints[name] * local
    return adjoints


def axes_counted_backwards(g, shape):
    lead = g.ndim - len(shape)
    axes = tuple(i for i in range(g.ndim) if i < lead or shape[lead - i] == 1)
    return g.sum(axis=axes, keepdims=True).reshape(shape)


def each_use_once(tape):
    """Take the uses of a node as a set, so that x + x counts once."""
    return sweep([(name, list(set(uses))) for name, uses in tape])


def waiting_for_all(graph, result):
    """Count the uses by all names, and visit only those that the result depends on."""
    waiting = {}
    for uses in graph.values():
        for used, _ in uses:
            waiting[used] = waiting.get(used, 0) + 1
    adjoints = dict.fromkeys(graph, 0.0)
    adjoints[result] = 1.0
    ready = [result]
    while ready:
        name = ready.pop()
        for used, local in graph[name]:
            adjoints[used] += adjoints[name] * local
            waiting[used] -= 1
            if not waiting[used]:
                ready.append(used)
    return adjoints


def from_the_last_user(graph, result):
    """Start from a name that no other name uses, whatever the result is."""
    used = {name for uses in graph.values() for name, _ in uses}
    if result in used:
        result = next(name for name in graph if name not in used)
    return sweep_of_a_graph(graph, result)


def in_order_of_the_dict(graph, result):
    adjoints = dict.fromkeys(graph, 0.0)
    adjoints[result] = 1.0
    for name in reversed(graph):
        for used, local in graph[name]:
            adjoints[used] += adjoints[name] * local
    return adjoints


def from_two(tape):
    return {name: 2 * adjoint for name, adjoint in sweep(tape).items()}


def contributions_by(combine):
    """Return a sweep that adds ``combine(upstream adjoint, local derivative)``."""

    def answer(tape):
        adjoints = dict.fromkeys((name for name, _ in tape), 0.0)
        adjoints[tape[-1][0]] = 1.0
        for name, uses in reversed(tape):
            for used, local in uses:
                adjoints[used] += combine(adjoints[name], local)
        return adjoints

    return answer


def of_a_graph(wrong):
    """Return the wrong sweep of a tape as an answer for a graph: it sorts the graph first."""

    def answer(graph, result):
        order, todo = [], [(result, False)]
        while todo:
            name, is_done = todo.pop()
            if is_done:
                order.append(name)
            elif name not in order:
                todo.append((name, True))
                todo += [(used, False) for used, _ in graph[name] if used not in order]
        seen = list(dict.fromkeys(order))
        found = wrong([(name, graph[name]) for name in seen])
        return {name: found.get(name, 0.0) for name in graph}

    return answer


def values_of(*names):
    """Return a rule that takes the numbers of these arguments, so it is not recorded."""

    def rule(g, y, x):
        g, x = (getattr(t, "data", t) if n in names else t for n, t in (("g", g), ("x", x)))
        return g * 2 * x / (1 + x**2)

    return rule


def primitive(forward=own_primitive.forward, rule=own_primitive.vjps[0]):
    return ag.primitive(forward, rule, name="wrong")


def from_values(g, y, x, index):
    dx = x.copy()
    np.add.at(dx, index, g)
    return dx


def into_a_copy(g, y, x, index):
    dx = np.zeros_like(x)
    dx[index].__iadd__(g)
    return dx


def to_the_mean(z):
    return np.log(np.exp(z - z.max(-1, keepdims=True)).mean(-1)) + z.max(-1)


def mean_loss(z, y):
    return -(y * np.log(softmax(z))).sum() / len(z)


def without_keepdims(z):
    e = np.exp(z - z.max(axis=-1))
    return e / e.sum(axis=-1)


def globally_shifted(z):
    e = np.exp(z - z.max())
    return e / e.sum(axis=-1, keepdims=True)


def one_shift(z):
    return z.max() + np.log(np.exp(z - z.max()).sum(axis=-1))


def in_place(z, labels):
    z[np.arange(len(z)), labels] -= 1
    return softmax(z) / len(z)


def weights_summed(z, y):
    return softmax(z) * y.sum(axis=1, keepdims=True)


NO_UPSTREAM = "did not multiply by g, the gradient"
SIGN = "Only the sign is wrong"
ORDER = "The results are in the wrong order"
TOO_SHORT = r"sum to 1\. Here they have other sums"

#: exercise -> wrong answers, each with a pattern of its verdict
WRONG_ANSWERS = {
    "quotient": [
        (lambda a, b: (1 / b, a / b**2), SIGN),
        (lambda a, b: (-a / b**2, 1 / b), ORDER),
        (lambda a, b: np.array([-a / b**2, 1 / b]), ORDER),
        (lambda a, b: (1 / b, a / b), "too few factors of b, and the sign"),
        (lambda a, b: (1 / b, -a / b), "too few factors of b"),
        (lambda a, b: (-b / a**2, 1 / a), "right for b / a"),
        (lambda a, b: (b, a), "right for a product"),
        (lambda a, b: (1 / b, -1 / b**2), r"The factor a is missing. A constant"),
        (lambda a, b: (1 / b, 1 / b**2), "factor a is missing, and the sign"),
        (lambda a, b: (a / b, -a / b**2), "v itself"),
        (lambda a, b: 1 / b, "expected 2 results"),
        (lambda a, b: (1 / b, -a / b ^ 2), r"\^ does not compute a power"),
        (lambda b, a: (1 / b, -a / b**2), r"takes \(b, a\), but it is called as f\(a, b\)"),
    ],
    "two_paths": [
        (lambda x, w: (w, x), "Only the path through the product"),
        (lambda x, w: (np.cos(x), x), "Only the path through the sine"),
        (lambda x, w: (w * np.cos(x), x), "but add the paths"),
        (lambda x, w: (w - np.cos(x), x), "sine has the wrong sign"),
        (lambda x, w: (w + np.sin(x), x), "did not differentiate the sine"),
        (lambda x, w: (x * w + np.cos(x), x), "did not differentiate the product"),
        (lambda x, w: (w + np.cos(x), w), "Keep x constant"),
        (lambda x, w: (w + np.cos(x), x + np.cos(x)), "sine does not depend on w"),
        (lambda x, w: (w + np.cos(x), x * w), "the product itself"),
        (lambda x, w: (x, w + np.cos(x)), ORDER),
    ],
    "reciprocal_rule": [
        (lambda g, y, x: -(y**2), NO_UPSTREAM),
        (lambda g, y, x: g * y**2, SIGN),
        (lambda g, y, x: g, "g itself"),
        (lambda g, y, x: -g * x**2, "used x instead of y"),
        (lambda g, y, x: -g * y, "One factor of y is missing"),
        (lambda g, y, x: g * np.log(abs(x)), "antiderivative"),
        (lambda g, y, x: 2 * g / x**3, "differentiated twice"),
        (lambda g, y, x: g - y**2, "You added g"),
        (lambda y, g, x: -g * y**2, "the order of the parameters"),
    ],
    "exp_rule": [
        (lambda g, y, x: y, NO_UPSTREAM),
        (lambda g, y, x: g, "g itself"),
        (lambda g, y, x: -g * y, SIGN),
        (lambda g, y, x: g * g * y, "multiplied by g twice"),
        (lambda g, y, x: g * np.exp(y), "the derivative at the result y"),
        (lambda g, y, x: g * x, "used x instead of y"),
        (lambda g, y, x: g + y, "You added g"),
        (lambda g, y, x: g / y, "divided g by the local"),
        (lambda g, y, x: y / g, "divided the local derivative by g"),
        (lambda g, y, x: g @ y, "added up all entries"),
        (lambda g, y, x: (g * y).sum(), "added up all entries"),
        (lambda g, y, x: g * x * np.exp(x - 1), "Here x is the exponent"),
        (lambda g, y, x: g * x * y, "factor x is wrong"),
        (lambda g, y, x: x * y, "does not depend on g"),
        (lambda g, y, x: (g * y,), "Is there a comma after the result"),
        (lambda g, y, x: [g * y], "Return the result itself"),
        (lambda g, y, x: g * math.exp(x), "functions of `math` take one number"),
        (lambda g, y, x: g * g + y, "does not double if g doubles"),
        (lambda g, y, x: y, NO_UPSTREAM),
        (lambda g, y, x: g.__imul__(y), "changed its argument g in place"),
        (lambda g, y, x: 2 * g * y, "Every entry is 2 times the expected value"),
        (lambda x, y, g: g * np.exp(x), "the order of the parameters"),
        (lambda g, y, x: g * np.e ^ x, r"\^ does not compute a power"),
        (lambda g, y, x: np.outer(g, y), "was broadcast"),
    ],
    "log_rule": [
        (lambda g, y, x: g / y, "the derivative at the result y"),
        (lambda g, y, x: 1 / x, NO_UPSTREAM),
        (lambda g, y, x: g * x, "divided g by the local derivative"),
        (lambda g, y, x: g * np.log(x), "g times y, the value of the operation"),
        (lambda g, y, x: -g / x**2, "differentiated twice"),
        (lambda g, y, x: g / x**2, "divided by x twice"),
        (lambda g, y, x: g / (x * np.log(10)), "to the base 10"),
    ],
    "mul_rule": [
        (lambda g, y, a, b: (g * a, g * b), ORDER),
        (lambda g, y, a, b: np.array([g * a, g * b]), ORDER),
        (lambda g, y, a, b: (b, a), NO_UPSTREAM),
        (lambda g, y, a, b: (g * b, a), NO_UPSTREAM),
        (lambda g, y, a, b: (g, g), "g itself"),
        (lambda g, y, a, b: (g * y, g * y), "g times y"),
        (lambda g, y, a, b: g * b, "returned an array of shape"),
        (lambda g, y, a, b: (g * b, g * b), "This is ∂L/∂a"),
        (lambda g, y, a, b: (g * (a + b), g * (a + b)), "one factor at a time"),
        (lambda g, y, b, a: (g * b, g * a), "the order of the parameters"),
    ],
    "sum_rule": [
        (lambda g, y, x, axis: np.ones_like(x), "result is all ones"),
        (lambda g, y, x, axis: g * x, "you multiplied by x"),
        (lambda g, y, x, axis: g, "This is g itself. Every entry of x"),
        (lambda g, y, x, axis: np.broadcast_to(g, x.shape), "along the wrong axis"),
        (lambda g, y, x, axis: np.expand_dims(g, axis), "Now repeat g along it"),
        (lambda g, y, x, axis: np.full(x.shape, g.sum()), "added up g as well"),
        (lambda g, y, x, axis: sum_rule(g, y, x, axis) * x.size / g.size, "number of entries of"),
        (
            lambda g, y, x, axis: sum_rule(g, y, x, axis) / (x.size / g.size),
            "once too often",
        ),
        (
            lambda g, y, x, axis: (
                sum_rule(g, y, x, axis) if x.ndim < 3 else np.broadcast_to(g, x.shape)
            ),
            "lacks an axis of length 1",
        ),
        (lambda x, axis, g, y: sum_rule(g, y, x, axis), "the order of the parameters"),
    ],
    "unbroadcast": [
        (lambda g, shape: g, "The sum over the broadcast axis 1 is missing"),
        (lambda g, shape: g.sum(axis=1), "but the shape is not.* keepdims"),
        (lambda g, shape: g[:, :1], "You picked one of the copies"),
        (lambda g, shape: unbroadcast(g, shape) * np.prod(shape) / g.size, "mean of the copies"),
        (
            lambda g, shape: g.sum(axis=1) if g.shape == (3, 3) else unbroadcast(g, shape),
            "summed over the other axis",
        ),
        (lambda g, shape: np.full(shape, g.sum()), "summed over too many axes"),
        (lambda g, shape: g.sum(), "You added up all entries"),
        (lambda g, shape: g.sum(axis=-1, keepdims=True), "You summed over axis 1 alone"),
        (lambda g, shape: np.zeros(shape), "does not depend on g"),
        (axes_counted_backwards, "Is a sum missing before it"),
        (lambda g, shape: g.reshape(shape), "Is a sum missing before it"),
        (lambda g, shape: np.broadcast_to(g, shape), "undoes a broadcast"),
        (lambda shape, g: unbroadcast(g, shape), "the order of the parameters"),
    ],
    "matmul_rule": [
        (lambda g, y, a, b: (g @ b, a @ g), "Is a transpose missing"),
        (lambda g, y, a, b: (a.T @ g, g @ b.T), ORDER),
        (lambda g, y, a, b: (g * b, g * a), "a matrix product, write `@`"),
        (lambda g, y, a, b: (b, a), "the other factor alone"),
        (lambda g, y, a, b: (b.T, a.T), "the other factor alone"),
        (lambda g, y, a, b: (g @ b.T, g.T @ a), "is the transpose"),
        (lambda g, y, a, b: (2 * (g @ b.T).T, a.T @ g), "shape of the transpose"),
        (
            lambda g, y, a, b: (g @ b.T, a.T @ g) if len(a) != 3 else (g @ b, a @ g),
            "A transpose is missing",
        ),
        (
            lambda g, y, a, b: (g @ b.T, a.T @ g) if len(a) != 3 else (b.T @ g, g @ a.T),
            "factors are in the wrong order",
        ),
        (
            lambda g, y, a, b: (g @ b.T, a.T @ g) if len(a) != 3 else (g * b, g * a),
            "Use the matrix product",
        ),
        (lambda g, y, a, b: (np.ones_like(y) @ b.T, a.T @ g), NO_UPSTREAM),
        (lambda a, b, g, y: (g @ b.T, a.T @ g), "the order of the parameters"),
    ],
    "bug_in_sigmoid": [
        (lambda g, y, x: g * y * (y - 1), SIGN),
        (lambda g, y, x: y * (1 - y), NO_UPSTREAM),
        (lambda g, y, x: g * x * (1 - x), "used x instead of y"),
        (lambda g, y, x: g * (1 - y), "factor y is missing"),
        (lambda g, y, x: g * y, "g times y"),
        (lambda g, y, x: g * (1 - y**2), "rule of tanh"),
        (lambda g, y, x: g * y * 1 - y, "Parentheses are missing"),
    ],
    "bug_in_tanh": [
        (lambda g, y, x: 1 - y**2, NO_UPSTREAM),
        (lambda g, y, x: g * (1 - x**2), "used x instead of y"),
        (lambda g, y, x: g * 1 - y**2, "Parentheses are missing"),
        (lambda g, y, x: g * (1 - y), "square of y is missing"),
        (lambda g, y, x: g * (1 + y**2), "sign of the square"),
        (lambda g, y, x: g * y * (1 - y), "rule of the sigmoid"),
        (lambda g, y, x: g / (1 - y**2), "divided g by the local"),
        (lambda g, y, x: g + 1 - y**2, "You added g"),
    ],
    "bug_in_bias": [
        (lambda g, y, x, b: (g, g), "sum over the broadcast axis 0 is missing"),
        (lambda g, y, x, b: (g, g.sum(axis=0, keepdims=True)), "but the shape is not"),
        (lambda g, y, x, b: (g, g.sum(axis=0)), "broadcast axis 0 is missing"),
        (lambda g, y, x, b: (g, g[0]), "You picked one row"),
        (lambda g, y, x, b: (g, g.mean(axis=0)), "the mean over the rows"),
        (lambda g, y, x, b: (g, g.sum(axis=1 if len(g) == 3 else 0)), "over the wrong axis"),
        (lambda g, y, x, b: (g, g.sum()), "added up all entries"),
        (lambda g, y, x, b: bug_in_bias(g, y, x, b)[::-1], ORDER),
        (lambda g, y, x, b: (g * b, (g * x).sum(axis=0)), "rule of a product"),
    ],
    "bug_in_indexing": [
        (assigning, "only its last contribution"),
        (adding, "only its last contribution"),
        (into_a_copy, "Nothing was added"),
        (from_values, "You started from x"),
        (lambda g, y, x, index: g, "that `index` names"),
        (lambda g, y, x, index: g[index], "raised IndexError"),
        (lambda g, y, x, index: np.add.at(x, index, g), "returned None|changed its argument x"),
        (lambda g, y, x, index: from_values(np.ones_like(g), y, 0 * x, index), NO_UPSTREAM),
    ],
    "gradient_check": [
        (lambda f, rule, x: True, "accepted this rule, but the rule does not multiply by g"),
        (of_sums, "the sum of its entries is right"),
        (lambda f, rule, x: False, "rejected this rule, but the rule is right"),
        (with_cotangent(np.ones), "all entries of g are 1"),
        (
            with_cotangent(random, 1e-12),
            "but the rule is right. Use central differences",
        ),
        (with_cotangent(random, 1e-2), "0.2 % too large"),
        (with_cotangent(random, 1e-6, 1e-2), "rejected this rule, but the rule is right"),
        (lambda f, rule, x: "yes", "expected True or False"),
        (lambda f, rule, x: 1e-12, "expected True or False"),
        (lambda f, rule, x: np.isclose(x, x), "not one for each entry"),
    ],
    "stable_softmax": [
        (lambda z: np.exp(z) / np.exp(z).sum(-1, keepdims=True), r"not finite \(nan.* overflows"),
        (globally_shifted, r"not finite \(nan.* the same number from all rows"),
        (without_keepdims, "lacks an axis of length 1"),
        (lambda z: np.exp(z - z.max(-1, keepdims=True)), "division is missing"),
        (lambda z: ag.softmax(z, axis=0), "normalised over the batch"),
        (lambda z: np.exp(z) / np.exp(z).sum(), "over all entries"),
        (lambda z: np.log(softmax(z)), "logarithms of the probabilities"),
        (lambda z: softmax(-z), "sign of the exponents"),
        (lambda z: softmax(z) / softmax(z).max(-1, keepdims=True), "division is missing"),
        (lambda z: softmax(np.clip(z, -500, 500)), "Clipping does"),
    ],
    "log_sum_exp": [
        (lambda z: np.log(np.exp(z).sum(axis=-1)), r"not finite \(inf.* overflows"),
        (one_shift, r"not finite \(inf.* the same number from all rows"),
        (lambda z: log_sum_exp(z) - z.max(axis=-1), "Add back"),
        (lambda z: log_sum_exp(z) - 2 * z.max(axis=-1), "the wrong sign"),
        (lambda z: z.max(axis=-1), "maximum alone"),
        (lambda z: ag.logsumexp(z, axis=-1, keepdims=True), "an axis of length 1"),
        (lambda z: ag.logsumexp(z), "summed over all rows"),
        (lambda z: np.exp(z).sum(axis=-1), "logarithm is missing"),
        (lambda z: np.log(softmax(z).sum(axis=-1)), "sum of probabilities, which is 1"),
        (to_the_mean, "the mean of the exponentials"),
        (lambda z: log_sum_exp(z - z.max(1)[:, None]) + z.max(1)[:, None], "axis of length 1 that"),
        (lambda z: np.log10(np.exp(z).sum(axis=-1)), "to the base 10"),
        (lambda z: np.log(np.exp(z)).sum(axis=-1), "before the sum"),
        (lambda z: z.max(axis=-1) + log_sum_exp(z), "did not subtract it first"),
        (lambda z: z.max() + np.log(np.exp(z - z.max(axis=-1))), "lacks an axis of length 1"),
    ],
    "softmax_jacobian": [
        (jacobian_by_cases(lambda p, q: p * (1 - p), lambda p, q: 0), "only the diagonal"),
        (jacobian_by_cases(lambda p, q: p * (1 - p), lambda p, q: p * q), "wrong where i ≠ j"),
        (
            jacobian_by_cases(lambda p, q: p, lambda p, q: -p * q),
            r"wrong on the diagonal \(i = j\), and right everywhere else",
        ),
        (
            jacobian_by_cases(lambda p, q: p * (1 - p), lambda p, q: -p),
            r"wrong off the diagonal \(i ≠ j\), and right",
        ),
        (lambda z: softmax(z) * (1 - softmax(z)), r"all share the sum.* i ≠ j too"),
        (softmax, "the probabilities themselves"),
        (lambda z: -softmax_jacobian(z), SIGN),
        (lambda z: np.diag(softmax(z)), "denominator as a constant"),
        (lambda z: -np.outer(softmax(z), softmax(z)), "the numerator depends on z_j too"),
        (lambda z: np.diag(softmax(z)) + np.outer(softmax(z), softmax(z)), "the wrong sign"),
    ],
    "softmax_rule": [
        (lambda g, y, z: np.zeros_like(z), NO_UPSTREAM),
        (lambda g, y, z: g * y * (1 - y), "the diagonal of the Jacobian alone"),
        (lambda g, y, z: y * (g - (g * y).sum()), "summed over all rows"),
        (lambda g, y, z: g * y, "the sum in the denominator as a constant"),
        (lambda g, y, z: y * (g - (g * y).sum(axis=-1)), "lacks an axis of length 1"),
        (lambda g, y, z: y * (g - (g * y).sum(axis=0)), "summed over the batch"),
        (lambda g, y, z: y * (g - g.mean(axis=-1, keepdims=True)), "plain mean"),
        (lambda g, y, z: y * (g - g.sum(axis=-1, keepdims=True)), "plain sum"),
        (lambda g, y, z: g - (g * y).sum(axis=-1, keepdims=True), "in front is missing"),
        (lambda g, y, z: y * (g + (g * y).sum(axis=-1, keepdims=True)), "sum has the wrong sign"),
        (lambda g, y, z: -softmax_rule(g, y, z), SIGN),
    ],
    "cross_entropy_gradient": [
        (lambda z, y: (softmax(z) - y) / len(z), TOO_SHORT),
        (lambda z, y: softmax(z) - y, TOO_SHORT),
        (lambda z, y: weights_summed(z, y) - y, "not divided by N"),
        (lambda z, y: cross_entropy_gradient(z, y) / len(z), "You divided by N twice"),
        (lambda z, y: (weights_summed(z, y) - y) / z.size, "You divided by C = 3 too"),
        (lambda z, y: (weights_summed(z, y) - y) / z.shape[1], "divided by C = 3, not by N = 2"),
        (lambda z, y: -cross_entropy_gradient(z, y), SIGN),
        (lambda z, y: (weights_summed(z, y) + y) / len(z), "sign of the targets is wrong"),
        (lambda z, y: -y / softmax(z) / len(z), "with respect to ŷ"),
        (lambda z, y: -y * (1 - softmax(z)) / len(z), "only the diagonal"),
        (mean_loss, "the loss itself"),
        (lambda z, y: (softmax(z) * y.sum() - y) / len(z), "Each row needs its own sum"),
        (lambda z, y: (softmax(z) * y.sum(axis=1) - y) / len(z), "lacks an axis of length 1"),
        (
            lambda z, y: (
                (np.exp(z) / np.exp(z).sum(1, keepdims=True) * y.sum(1, keepdims=True) - y) / len(z)
            ),
            "not finite",
        ),
        (lambda y, z: cross_entropy_gradient(z, y), "the order of the parameters"),
    ],
    "one_hot_gradient": [
        (whole_columns, "whole columns"),
        (lambda z, labels: softmax(z), "The targets are missing"),
        (lambda z, labels: softmax(z) / len(z), "The targets are missing"),
        (lambda z, labels: one_hot_gradient(z, labels) * len(z), "not divided"),
        (lambda z, labels: one_hot_gradient(z, labels) / len(z), "by N twice"),
        (
            lambda z, labels: (softmax(z) + np.eye(z.shape[1])[labels]) / len(z),
            "sign of the targets is wrong",
        ),
        (
            lambda z, labels: (softmax(z) - 2 * np.eye(z.shape[1])[labels]) / len(z),
            "in the entries of the right classes, and right everywhere else",
        ),
        (lambda z, labels: (softmax(z) - labels) / len(z), "lacks an axis of length 1"),
        (lambda z, labels: (softmax(z) - labels[:, None]) / len(z), "the labels themselves"),
        (in_place, "changed its argument z in place"),
        (lambda z, labels: mean_loss(z, np.eye(z.shape[1])[labels]), "the loss itself"),
        (lambda labels, z: one_hot_gradient(z, labels), "the order of the parameters"),
    ],
    "cross_entropy_hessian": [
        (lambda z, label: np.diag(softmax_jacobian(z)), "the entries on the diagonal"),
        (lambda z, label: np.diag(np.diag(softmax_jacobian(z))), "only the diagonal"),
        (lambda z, label: -softmax_jacobian(z), SIGN),
        (lambda z, label: softmax(z) - np.eye(len(z))[label], "This is the gradient. The Hessian"),
        (lambda z, label: np.diag(softmax(z) - np.eye(len(z))[label]), "gradient on a diagonal"),
        (
            lambda z, label: softmax_jacobian(z) - np.diag(np.eye(len(z))[label]),
            "The target does not depend on z",
        ),
        (
            lambda z, label: np.outer(*[softmax(z) - np.eye(len(z))[label]] * 2),
            "gradient times itself",
        ),
    ],
    "newton_step": [
        (lambda w, g, h: w + np.linalg.solve(h, g), "uphill"),
        (lambda w, g, h: -np.linalg.solve(h, g), "step alone. Add"),
        (lambda w, g, h: np.linalg.solve(h, g), "step alone, and its sign"),
        (lambda w, g, h: w - g, "gradient descent"),
        (lambda w, g, h: w, "This is w itself"),
        (lambda w, g, h: w - g / np.diag(h), "only the diagonal of h"),
        (lambda w, g, h: w - h @ g, "a linear system with h"),
        (lambda w, g, h: w - 0.5 * np.linalg.solve(h, g), "half of the step"),
        (lambda w, g, h: w - np.linalg.inv(h) * g, "did you mean a matrix product"),
        (lambda w, h, g: w - np.linalg.solve(h, g), "the order of the parameters"),
    ],
    "sweep": [
        (last_use_only, "Only one of the 2 uses of x contributed"),
        (each_use_once, "Only one of the 2 uses of x contributed"),
        (forward_order, "Walk from its end"),
        (contributions_by(lambda g, d: d), "did not multiply by the upstream adjoint"),
        (contributions_by(lambda g, d: g), "upstream adjoint alone"),
        (from_two, "with respect to itself is 1"),
        (contributions_by(lambda g, d: g + d), "added the local derivative to the upstream"),
        (started_at_one, "This adjoint started at 1"),
        (lambda tape: {"x": 1.0}, "Your dict has no 'L'"),
        (lambda tape: [1.0, 2.0], "expected a dict"),
        (lambda tape: dict.fromkeys((n for n, _ in tape), 0.0), "Start with this number"),
        (lambda tape: (sweep(tape), tape.pop())[0], "changed its argument tape in place"),
        (lambda tape: tape.reverse(), "returned None|changed its argument tape"),
    ],
    "sweep_of_a_graph": [
        (propagate_each_arrival, "before .* all its uses"),
        (breadth_first, "before .* all its uses"),
        (waiting_for_all, "Leave out the nodes that the result"),
        (from_the_last_user, "The result does not depend on this name"),
        (in_order_of_the_dict, "too early, or never"),
        (by_recursion, "limits the depth of recursion"),
        (of_a_graph(contributions_by(lambda g, d: d)), "did not multiply by the upstream"),
        (of_a_graph(contributions_by(lambda g, d: g)), "upstream adjoint alone"),
        (of_a_graph(last_use_only), "Only one of the 2 uses"),
        (lambda graph, result: dict.fromkeys(graph, 0.0), "Start with this number"),
        (
            lambda graph, result: {
                n: d for n, d in sweep_of_a_graph(graph, result).items() if n != "unused"
            },
            "Your dict has no 'unused'",
        ),
    ],
    "own_primitive": [
        (lambda x: np.log1p(x**2), "Expected a primitive"),
        (primitive(rule=lambda g, y, x: 2 * x / (1 + x**2)), NO_UPSTREAM),
        (primitive(rule=lambda g, y, x: g), "returns g alone"),
        (primitive(rule=lambda g, y, x: g / (1 + x**2)), "the inner function 1 \\+ x² is missing"),
        (primitive(rule=lambda g, y, x: g * 2 * x), "derivative of the logarithm is missing"),
        (primitive(rule=lambda g, y, x: g * 2 * x / y), "divided by y"),
        (primitive(rule=lambda g, y, x: g * x / (1 + x**2)), "factor of 2 is missing"),
        (primitive(rule=lambda g, y, x: -g * 2 * x / (1 + x**2)), SIGN),
        (primitive(lambda x: np.log(x**2)), "The 1 in ln"),
        (primitive(lambda x: np.log1p(abs(x))), "The square in ln"),
        (primitive(lambda x: np.log10(1 + x**2)), "to the base 10"),
        (primitive(rule=None), "The rule of your primitive is None"),
        (primitive(rule=values_of("x")), "took plain numbers out of x"),
        (primitive(rule=values_of("g")), "took plain numbers out of g, for"),
        (primitive(rule=values_of("g", "x")), "took plain numbers out of g, y and x"),
        (
            primitive(rule=lambda g, y, x: g * missing),  # noqa: F821 - the mistake
            "raised NameError: name 'missing'",
        ),
    ],
    **OF_LAYERS,
}
