"""KaTeX, which is stricter than a page's own MathML, accepts every derivation."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import autograd_mini as ag
from tests.cases import CASES, TAPE
from tests.notation.formulas import GRADIENTS, VALUES
from tests.programs import PROGRAMS

from .conftest import lacking

FOLDER = Path(__file__).parent


def derivations():
    """Yield a formula for each case of each primitive, and for names that are hard to write."""
    for case in CASES:
        leaves = [ag.tensor(x, requires_grad=True) for x in case.inputs]
        with np.errstate(all="ignore"):
            yield ag.latex((case.f(TAPE, *leaves) * case.cotangent).sum())
    for name in (
        "W_q",
        "x_train",
        "θ_0",
        "ŷ_2",
        "a_b_c",
        "50%",
        "x^2",
        "{",
        r"\frac",
        "a & b",
        "#",
    ):
        x = ag.tensor([[1.0, 2.0]], requires_grad=True, name=name)
        yield ag.latex(np.sum((x.T @ x) ** 2 * np.float64([[1, np.inf], [0, 2]])))
    x = ag.tensor(np.arange(12.0).reshape(3, 4), requires_grad=True, name="x_train")
    for f, _ in VALUES + GRADIENTS:
        yield ag.latex(np.sum(f(x[:, :3] + 4 * np.eye(3))))
    for program in PROGRAMS:
        f, w = program(np)
        yield ag.latex(f(ag.tensor(w, requires_grad=True, name="w")))


@pytest.mark.slow
def test_derivations_compile_in_katex():
    if not (shutil.which("node") and (FOLDER / "node_modules" / "katex").is_dir()):
        lacking("node or katex is missing (npm ci in tests/browser)")
    formulas = json.dumps([*map(str, derivations())])
    command = ["node", str(FOLDER / "katex.mjs")]
    run = subprocess.run(
        command, input=formulas, capture_output=True, text=True, encoding="utf-8", check=True
    )
    assert json.loads(run.stdout) == []
