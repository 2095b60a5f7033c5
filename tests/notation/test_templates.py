"""A formula that was written for one rule is right for others of the same structure."""

import numpy as np

import autograd_mini as ag
from autograd_mini.core.tensor import Tensor
from autograd_mini.notation.names import Definitions
from autograd_mini.notation.plain import Plain
from autograd_mini.notation.symbolic import symbolic_rules
from autograd_mini.notation.templates import Templates, structure
from tests.cases import FEW, TAPE, leaf


def _names(y, letters):
    tensors = [y, *(a for a in y.inputs if isinstance(a, Tensor))]
    return {t.order: letter for t, letter in zip(dict.fromkeys(tensors), letters)}


def test_templates_of_every_primitive_equal_the_formulas_of_its_rules():
    templates, shared = Templates(), 0
    for case in FEW:
        for letters in ("abcdefghij", "klmnopqrst"):  # the second time, a template may be known
            y = case.f(TAPE, *map(leaf, case.inputs))
            while y.op is None or not all(getattr(a, "op", None) is None for a in y.inputs):
                y = next(a for a in y.inputs if getattr(a, "op", None) is not None)
            names = _names(y, letters)
            for rule in symbolic_rules(y).values():
                shared += structure(rule) is not None
                whole = Plain().format_rule(rule, names, "∂L/∂y").text
                local = Plain(Definitions()).format_local(rule, names).text
                assert templates.rule(rule, names, "∂L/∂y") == whole
                assert templates.local(rule, names, "g") == local
    assert shared > len(FEW)


def _structure(y):
    return structure(symbolic_rules(y)[0])


def test_structure_differs_by_numbers_and_by_equal_arguments():
    x, y = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    assert _structure(x * 0.9) == _structure(y * 0.9) != _structure(x * 0.8)
    assert _structure(x * y) == _structure(y * x) != _structure(x * x)
    assert _structure(ag.tensor(1.0, requires_grad=True) * x) != _structure(x * y)  # shapes
    assert _structure(x * np.array([1.0, 2.0])) is None
