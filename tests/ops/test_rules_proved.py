"""Rules are proved, and not only sampled; `tests/ops/proofs.py` says how."""

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.functional import activations
from autograd_mini.ops import elementwise
from tests.cases import CASES, FEW, FUSED_CASES, leaf
from tests.conftest import SUMMARY
from tests.ops.proofs import ALL_RULES, MP, SAMPLED, nodes, prove, prove_all, summary

#: the calls of fused nodes that take little time
SMALL_CALLS = {
    name: [call for call in calls[:3] if call[0][0].size <= 20]
    for name, calls in FUSED_CASES.items()
}


def test_rules_are_proved_or_listed_with_a_reason(request):
    proved = prove_all(nodes(FEW, SMALL_CALLS))
    request.config.stash[SUMMARY] = summary(proved)
    assert {name for name, _ in ALL_RULES - set(proved)} == set(SAMPLED)
    assert len(proved) >= 0.8 * len(ALL_RULES)


@pytest.mark.slow
def test_rules_are_proved_at_every_case():
    prove_all(nodes(CASES, FUSED_CASES))


def test_constants_are_right_to_the_last_bit():
    constants = {
        elementwise.LN2: MP.log(2),
        elementwise.LN10: MP.log(10),
        elementwise.DEGREE: MP.pi / 180,
        activations._SQRT_2_OVER_PI: MP.sqrt(2 / MP.pi),
    }
    for found, right in constants.items():
        assert abs(found - right) <= np.spacing(found)


@pytest.mark.parametrize(
    ("forward", "rule"),
    [
        (lambda x: x * x, lambda g, y, x: g * (2 * x) * (1 + 2**-52)),
        (lambda x: x[::-1], lambda g, y, x: g),
        (lambda x: x.cumsum(0), lambda g, y, x: np.cumsum(g)),
        (lambda x: np.exp(x), lambda g, y, x: g * y * (1 + 2**-52)),
        (lambda x: np.linalg.norm(x), lambda g, y, x: g * x / y + 1e-16 * x),
        (lambda x: np.maximum(x, 1), lambda g, y, x: np.where(x == x.max(), g, 0)),
    ],
)
def test_prove_of_a_wrong_rule_raises(forward, rule):
    node = ag.primitive(forward, rule, name="wrong")(leaf([0.5, 1.5, 2.5]))
    with pytest.raises(AssertionError, match="wrong"):
        prove(node, 0)
