"""Mutation tests: each rule is broken in four ways, and at least one case must fail each time.

``pytest -s tests/test_mutations.py`` prints the score.
"""

import itertools

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.core.fused import FUSED
from autograd_mini.core.primitive import VariadicRule
from autograd_mini.core.registry import PRIMITIVES
from tests.cases import CASES, FUSED_CASES, TAPE, differentiated, leaf

# ---- the mutants: each takes what a rule returned, and the argument it is for -------------------


def zeroed(c, x):
    return c * 0


def negated(c, x):
    return -c


def transposed(c, x):
    """Return the entries in another order, along the last two axes or the only one."""
    return np.swapaxes(c, -1, -2) if c.ndim > 1 else c[::-1]


def unsummed(c, x):
    """Keep only the first use of a repeated argument; otherwise set the largest entry to 0."""
    if c.shape == x.shape:
        c = np.array(c)
        c[np.unravel_index(np.abs(c).argmax(), c.shape)] = 0
        return c
    lead = c.ndim - x.ndim
    index = [0] * lead + [slice(0, 1) if n == 1 else slice(None) for n in x.shape]
    return c[tuple(index)]


MUTANTS = [zeroed, negated, transposed, unsummed]

# ---- what must notice ---------------------------------------------------------------------------


def of_table(case):
    """Return the gradients that the table of tests/cases.py expects."""
    leaves = [leaf(x) for x in case.inputs]
    case.f(TAPE, *leaves).backward(case.cotangent)
    for x, expected in zip(leaves, case.gradients()):
        np.testing.assert_allclose(x.grad, expected, rtol=1e-6, atol=1e-8)


def of_fused(node, arrays, kwargs):
    """Return the gradients of a fused node's graph."""
    found, expected = (differentiated(f, arrays, kwargs, 1) for f in (node, node.unfused))
    for a, b in zip(found, expected):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11)


def checks_of(op):
    if op in FUSED:
        return [lambda row=row: of_fused(op, *row) for row in FUSED_CASES[op.name]]
    return [lambda case=case: of_table(case) for case in CASES if case.op == op.name]


def broken(rules, i, mutant):
    """Return the rules of a primitive, with the i-th broken."""

    def rule_for(j):
        rule = next(itertools.islice(rules, j, None))
        if j != i:
            return rule
        return lambda g, y, *args, **kwargs: mutant(rule(g, y, *args, **kwargs), args[i])

    if isinstance(rules, VariadicRule):
        return VariadicRule(rule_for)
    return tuple(map(rule_for, range(len(rules))))


def notices(check):
    try:
        with np.errstate(all="ignore"):
            check()
    except Exception:
        return True
    return False


def every_rule():
    """Return pairs of a primitive and the number of an argument that has a rule."""
    modules = [getattr(ag.ops, name) for name in ag.ops.__all__]
    found = {
        p.name: p
        for module in modules
        for p in vars(module).values()
        if isinstance(p, ag.Primitive)
    }
    found |= {p.name: p for p in (*PRIMITIVES.values(), *FUSED) if isinstance(p, ag.Primitive)}
    for name in sorted(set(found) - {"alias", "stop_gradient", "sign"}):
        rules = found[name].vjps
        variadic = isinstance(rules, VariadicRule)
        count = most_arguments(name) if variadic else len(rules)
        for i in range(count):
            if variadic or rules[i] is not None:
                yield pytest.param(found[name], i, id=f"{name}-{i}")


def most_arguments(name):
    """Return how many arguments the calls of an operation with any number of arguments have."""
    return max([len(args) for args, _ in FUSED_CASES.get(name, [])], default=2)


SCORE = {}


@pytest.mark.parametrize(("op", "i"), list(every_rule()))
def test_a_broken_rule_is_noticed(op, i, monkeypatch):
    checks = checks_of(op)
    assert not any(map(notices, checks[:1]))
    rules = op.vjps
    survivors = []
    for mutant in MUTANTS:
        monkeypatch.setattr(op, "vjps", broken(rules, i, mutant))
        SCORE[op.name, i, mutant.__name__] = any(map(notices, checks))
        if not SCORE[op.name, i, mutant.__name__]:
            survivors.append(mutant.__name__)
    assert survivors == []


def test_the_score():
    """Print the score last, over all rules that were broken above."""
    killed = sum(SCORE.values())
    print(f"\nmutation score: {killed} of {len(SCORE)} broken rules were noticed")
    assert killed == len(SCORE)
