"""The snippets of examples/coming_from_elsewhere.md run, and the two columns of its tables agree.

The right column is always evaluated. It is compared with the left one if that library is installed.
"""

import contextlib
import doctest
import re
from pathlib import Path

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import nn, optim
from autograd_mini.compat.micrograd import Value

PAGE = Path(__file__).parent.parent / "examples" / "coming_from_elsewhere.md"
TEXT = PAGE.read_text(encoding="utf-8")


def rows(header):
    """Return the two columns of the tables with this header, without backticks."""
    tables = re.findall(rf"\| {header} \| here \|\n\| --- \| --- \|\n((?:\|.*\n)+)", TEXT)
    lines = "".join(tables).strip().splitlines()
    return [tuple(re.findall(r"`([^`]+)`", line)) for line in lines]


def result(text, names):
    """Return the value of an expression, or run a statement and return None."""
    try:
        code = compile(text, "page", "eval")
    except SyntaxError:
        return exec(text, names)
    return eval(code, names)


def as_array(x):
    return np.asarray(x.detach() if hasattr(x, "detach") else x)


def compare(ours, theirs):
    if isinstance(ours, (tuple, list)) and isinstance(theirs, (tuple, list)):
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs):
            compare(one, other)
    elif ours is not None and theirs is not None:
        a, b = as_array(ours), as_array(theirs)
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-12)


def test_every_snippet_runs():
    failed, tried = doctest.testfile(
        str(PAGE), module_relative=False, encoding="utf-8", optionflags=doctest.ELLIPSIS
    )
    assert failed == 0
    assert tried > 60


def test_imports_of_the_page_work():
    imports = re.findall(r"\| [^|]+ \| `[^`]+` \| `([^`]+)` \|", TEXT)
    assert len(imports) == 4
    for line in imports:
        exec(line, {})


@pytest.mark.parametrize(("theirs", "ours"), rows("micrograd"))
def test_micrograd_table_agrees(theirs, ours):
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


# ---- PyTorch -------------------------------------------------------------------------------------

X = np.array([[1.0, -2.0, 6.0], [3.5, 4.0, -5.0]])
T = np.array([[0.2, 0.3, 0.5], [0.1, 0.6, 0.3]])
C, I = np.array([0, 2]), np.array([[0, 2], [1, 1]])


def our_names():
    def f(x):
        return np.sum(np.exp(x) * x)

    w = ag.tensor(X, requires_grad=True)
    np.sum(w * w).backward()
    x, t = ag.tensor(X, requires_grad=True), ag.tensor(T)
    rng = np.random.default_rng(0)
    modules = {"np": np, "ag": ag, "nn": nn, "optim": optim}
    return {**modules, "x": x, "t": t, "w": w, "c": C, "i": I, "f": f, "rng": rng}


def their_names(torch):
    def f(x):
        return torch.sum(torch.exp(x) * x)

    w = torch.tensor(X, requires_grad=True)
    torch.sum(w * w).backward()
    x, t = torch.tensor(X, requires_grad=True), torch.tensor(T)
    modules = {"np": np, "torch": torch, "F": torch.nn.functional}
    return {**modules, "x": x, "t": t, "w": w, "c": torch.tensor(C), "i": torch.tensor(I), "f": f}


@pytest.fixture
def torch():
    """Yield PyTorch with NumPy's default dtype."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("torch.utils.checkpoint")
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield torch
    torch.set_default_dtype(before)


def gradient_of(y, x, tensor):
    """Return the gradient of a weighted sum of `y` by `x`, or None."""
    if not getattr(y, "requires_grad", False):
        return None
    weights = np.linspace(-1, 2, np.prod(y.shape, dtype=int)).reshape(tuple(y.shape))
    (y * tensor(weights)).sum().backward()
    return x.grad


@pytest.mark.parametrize(("theirs", "ours"), rows("PyTorch"))
def test_pytorch_table_runs(theirs, ours):
    result(ours, our_names())


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")
@pytest.mark.parametrize(("theirs", "ours"), rows("PyTorch"))
def test_pytorch_table_agrees(theirs, ours, torch):
    our, their = our_names(), their_names(torch)
    found, other = result(ours, our), result(theirs, their)
    if "rand" in theirs:
        assert np.shape(found) == tuple(getattr(other, "shape", ()))
    elif hasattr(other, "parameters"):
        sizes = [p.size for p in found.parameters()]
        assert sizes == [p.numel() for p in other.parameters()]
    elif not hasattr(other, "step"):
        compare(found, other)
        our_gradient = gradient_of(found, our["x"], ag.tensor)
        compare(our_gradient, gradient_of(other, their["x"], torch.tensor))


#: A call of every method that tensors have here and in PyTorch.
SHARED = {
    **dict.fromkeys(
        ("abs", "cos", "exp", "relu", "sigmoid", "sin", "square", "tanh", "sqrt"), "()"
    ),
    **dict.fromkeys(("log", "round", "flatten", "ravel", "squeeze", "detach", "numpy"), "()"),
    **dict.fromkeys(("sum", "mean", "prod", "var", "std", "max", "min", "trace", "all"), "()"),
    **dict.fromkeys(("any", "tolist", "nonzero", "argmax", "argmin", "diagonal"), "()"),
    **dict.fromkeys(("cumsum", "cumprod", "logsumexp", "argsort"), "(1)"),
    **dict.fromkeys(("transpose", "swapaxes"), "(0, 1)"),
    **{"T": "", "mT": "", "data": "", "shape": "", "ndim": "", "is_leaf": "", "requires_grad": ""},
    "clip": "(0.2, 0.8)",
    "dot": "[0].dot(x[1])",
    "item": "[0, 0].item()",
    "repeat": "(2, 1)",
    "reshape": "(3, 2)",
    "take": "(indices)",
}
#: attributes that the table compares, or whose other use is an error: `size` is not called
NOT_CALLED = {"backward", "dtype", "grad", "name", "retain_grad", "size"}


@pytest.mark.peers
def test_shared_methods_agree_except_five(torch):
    names = {n for n in set(dir(torch.Tensor)) & set(dir(ag.Tensor)) if n[0] != "_"}
    assert names - NOT_CALLED == set(SHARED)

    def call(tensor, name):
        x = tensor(np.abs(X), requires_grad=True)
        text = SHARED[name] if SHARED[name].startswith("[") else f".{name}{SHARED[name]}"
        if name == "numpy":
            text = ".detach().numpy()"
        return eval(f"x{text}", {"x": x, "indices": tensor(np.array([4, 2]))})

    def agree(name):
        with contextlib.suppress(AssertionError):
            compare(call(ag.tensor, name), call(torch.tensor, name))
            return True
        return False

    different = {name for name in names - NOT_CALLED if not agree(name)}
    assert different == {"transpose", "std", "var", "repeat", "nonzero"}


# ---- HIPS autograd -------------------------------------------------------------------------------


@pytest.mark.parametrize(("theirs", "ours"), rows("autograd"))
def test_autograd_table_agrees(theirs, ours):
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


def test_readme_links_to_the_page():
    readme = (PAGE.parent.parent / "README.md").read_text(encoding="utf-8")
    assert "(examples/coming_from_elsewhere.md)" in readme
