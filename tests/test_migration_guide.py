"""examples/coming_from_elsewhere.md stays true: its snippets run, and its tables are compared with
the libraries that they speak of."""

import doctest
import re
from pathlib import Path

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.compat import torch as our_torch
from autograd_mini.compat.micrograd import Value

PAGE = Path(__file__).parent.parent / "examples" / "coming_from_elsewhere.md"
TEXT = PAGE.read_text(encoding="utf-8")


def rows(header):
    """The two columns of the table that has this header, without their backticks."""
    table = re.search(rf"\| {header} \| here \|\n\| --- \| --- \|\n((?:\|.*\n)+)", TEXT).group(1)
    return [tuple(re.findall(r"`([^`]+)`", line)) for line in table.strip().splitlines()]


def result(text, names):
    """The value of an expression, or None of a statement, which is run."""
    try:
        code = compile(text, "page", "eval")
    except SyntaxError:
        return exec(text, names)
    return eval(code, names)


def compare(ours, theirs):
    if isinstance(ours, tuple) and isinstance(theirs, tuple):
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs):
            compare(one, other)
    elif ours is not None and theirs is not None:
        a, b = (np.asarray(x.detach() if hasattr(x, "detach") else x) for x in (ours, theirs))
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-12)


def test_every_snippet_runs():
    failed, tried = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert failed == 0
    assert tried > 60


def test_every_import_that_the_page_names_works():
    imports = re.findall(r"\| [^|]+ \| `[^`]+` \| `([^`]+)` \|", TEXT)
    assert len(imports) == 6
    for line in imports:
        exec(line, {})


@pytest.mark.parametrize(("theirs", "ours"), rows("micrograd"))
def test_what_micrograd_has_under_another_name(theirs, ours):
    c = Value(2.0) * Value(3.0)
    found = eval(ours, {"c": c, "ag": ag})
    if theirs == "draw_dot(c)":
        assert "mul" in found.source
        return
    engine = pytest.importorskip("micrograd.engine")
    other = eval(theirs, {"c": engine.Value(2.0) * engine.Value(3.0)})
    if theirs == "c._op":
        assert (other, found) == ("*", "mul")
    elif theirs == "c._prev":
        assert {t.item() for t in found} == {v.data for v in other} == {2.0, 3.0}
    else:
        assert found == other == 6.0


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")
@pytest.mark.parametrize(("theirs", "ours"), rows("PyTorch"))
def test_what_pytorch_has_under_another_name(theirs, ours):
    def names(torch):
        x = np.array([[1.0, -2.0, 6.0], [3.5, 4.0, -5.0]])
        w = torch.tensor(x, requires_grad=True)
        torch.sum(w * w).backward()
        return {
            "torch": torch,
            "x": torch.tensor(x, requires_grad=True),
            "w": w,
            "i": torch.tensor([[0, 2], [1, 1]]),
            "f": lambda x: torch.sum(torch.exp(x) * x),
        }

    found = result(ours, {**names(our_torch), "np": np, "ag": ag})
    torch = pytest.importorskip("torch")
    compare(found, result(theirs, names(torch)))


@pytest.mark.parametrize(("theirs", "ours"), rows("autograd"))
def test_what_autograd_has_under_another_name(theirs, ours):
    def names(np):
        return {
            "f": lambda x: np.sum(np.exp(x) * x),
            "h": lambda x: np.sin(x) * 2,
            "s": lambda x: (np.sum(x**2), np.array(7.0)),
            "p": lambda a, b: np.sum(a * b**2),
            "x": np.array([0.5, -1.0, 2.0]),
            "v": np.array([1.0, 2.0, -0.5]),
        }

    found = result(ours, {**names(np), "ag": ag})
    autograd = pytest.importorskip("autograd")
    from autograd.test_util import check_grads

    known = {name: getattr(autograd, name) for name in dir(autograd)}
    compare(found, result(theirs, {**known, "check_grads": check_grads, **names(autograd.numpy)}))


def test_the_readme_leads_to_the_page():
    readme = (PAGE.parent.parent / "README.md").read_text(encoding="utf-8")
    assert "(examples/coming_from_elsewhere.md)" in readme
