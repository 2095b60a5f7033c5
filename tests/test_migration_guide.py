"""The snippets of examples/coming_from_elsewhere.md run, and the two columns of its tables agree.

The tables are data (``core/remedies.py``), which error messages read too. The right column is
always evaluated. It is compared with the left one if that library is installed.
"""

import contextlib
import doctest
import re

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.compat.micrograd import Value
from autograd_mini.core import remedies, remedies_jax
from docs.remedies import GUIDE as PAGE
from docs.remedies import updated
from tests.cases import jax_names, pytorch_names

TEXT = PAGE.read_text(encoding="utf-8")


def test_tables_are_those_of_the_data():
    assert updated(TEXT) == TEXT, "run python -m docs.remedies"


def test_each_table_is_in_the_guide():
    for pairs in (remedies.METHODS, remedies.LAYERS, remedies_jax.JAX, remedies_jax.AUTOGRAD):
        assert all(f"| `{theirs}` | `{ours}` |" in TEXT for theirs, ours in pairs.items())


def result(text, names):
    """Return the value of an expression, or run a statement and return None."""
    try:
        code = compile(text, "page", "eval")
    except SyntaxError:
        return exec(text, names)
    return eval(code, names)


def failures(check, pairs):
    """Return the errors of `check`, which is called with each pair: a test for all is faster."""
    failed = {}
    for theirs, ours in pairs.items():
        try:
            check(theirs, ours)
        except Exception as error:
            failed[theirs] = error
    return failed


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


@pytest.mark.parametrize(("theirs", "ours"), remedies_jax.MICROGRAD.items())
def test_micrograd_table_agrees(theirs, ours):
    c = Value(2.0) * Value(3.0)
    found = eval(ours, {"c": c, "ag": ag})
    if theirs == "Value(2.0)":
        assert (found.item(), found.requires_grad) == (2.0, True)
        return
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

PYTORCH = {**remedies.METHODS, **remedies.FUNCTIONS, **remedies.LAYERS}
ARRAYS = {k: v for k, v in pytorch_names().items() if isinstance(v, (np.ndarray, ag.Tensor))}


def their_names(torch):
    def f(x):
        return torch.sum(torch.exp(x) * x)

    def tensor(value):
        active = getattr(value, "requires_grad", False)
        return torch.tensor(np.array(getattr(value, "data", value)), requires_grad=active)

    names = {name: tensor(value) for name, value in pytorch_names().items() if name in ARRAYS}
    torch.sum(names["w"] ** 2).backward()
    return {**names, "f": f, "np": np, "torch": torch, "F": torch.nn.functional}


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


def test_pytorch_table_runs():
    assert failures(lambda theirs, ours: result(ours, pytorch_names()), PYTORCH) == {}


#: pairs that cannot be compared by their values: types, blocks, and calls that need a GPU
NOT_COMPARED = {"torch.long", "torch.double", "torch.float", "torch.autograd.Function", "x.cuda()"}
NOT_COMPARED |= {"torch.inference_mode()", "torch.set_grad_enabled(False)"}
NOT_COMPARED |= {"torch.autograd.set_detect_anomaly(False)", "torch.manual_seed(0)"}
NOT_COMPARED |= {"torch.nn.MultiheadAttention(6, 2, batch_first=True)"}  # one matrix for q, k, v
RANDOM = re.compile(r"rand|normal|uniform|bernoulli")


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")
def test_pytorch_table_agrees(torch):
    pairs = {theirs: ours for theirs, ours in PYTORCH.items() if theirs not in NOT_COMPARED}
    assert failures(lambda theirs, ours: compare_with_pytorch(theirs, ours, torch), pairs) == {}


def compare_with_pytorch(theirs, ours, torch):
    our, their = pytorch_names(), their_names(torch)
    found, other = result(ours, our), result(theirs, their)
    if RANDOM.search(theirs) and found is not None:
        assert np.shape(found) == tuple(getattr(other, "shape", ()))
    elif hasattr(other, "parameters"):
        sizes = [p.size for p in found.parameters()]
        assert sizes == [p.numel() for p in other.parameters()]
    elif not hasattr(other, "step"):
        compare(found, other)
        if not RANDOM.search(theirs):
            compare(our["u"], their["u"])
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
    **dict.fromkeys(("absolute", "negative", "positive", "conj", "reciprocal", "exp2"), "()"),
    **dict.fromkeys(("expm1", "log2", "log10", "log1p", "tan", "sinh", "cosh"), "()"),
    **dict.fromkeys(("arctan", "arcsinh", "arccosh", "deg2rad", "rad2deg"), "()"),
    **dict.fromkeys(("arcsin", "arccos", "arctanh"), "()"),
    **dict.fromkeys(("itemsize", "nbytes", "real"), ""),
    **{"T": "", "mT": "", "data": "", "shape": "", "ndim": "", "is_leaf": "", "requires_grad": ""},
    "clip": "(0.2, 0.8)",
    "dot": "[0].dot(x[1])",
    "item": "[0, 0].item()",
    "repeat": "(2, 1)",
    "reshape": "(3, 2)",
    "take": "(indices)",
}
#: attributes that the table compares, or whose other use is an error: `size` is not called
NOT_CALLED = {"imag", "backward", "dtype", "grad", "name", "retain_grad", "size"}


@pytest.mark.peers
def test_shared_methods_agree_except_five(torch):
    names = {n for n in set(dir(torch.Tensor)) & set(dir(ag.Tensor)) if n[0] != "_"}
    assert names - NOT_CALLED == set(SHARED)

    def call(tensor, name):
        scale = 0.1 if name in ("arcsin", "arccos", "arctanh") else 1.0
        x = tensor(scale * np.abs(pytorch_names()["x"].data), requires_grad=True)
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


@pytest.mark.parametrize(("theirs", "ours"), remedies_jax.AUTOGRAD.items())
def test_autograd_table_agrees(theirs, ours):
    found = result(ours, jax_names(np))
    autograd = pytest.importorskip("autograd")
    from autograd import differential_operators
    from autograd.test_util import check_grads

    known = {name: getattr(differential_operators, name) for name in dir(differential_operators)}
    names = {**known, "check_grads": check_grads, **jax_names(autograd.numpy)}
    compare(found, result(theirs, names))


# ---- JAX -----------------------------------------------------------------------------------------


def test_jax_table_runs(capsys):
    assert failures(lambda theirs, ours: result(ours, jax_names(np)), remedies_jax.JAX) == {}


@pytest.mark.peers
def test_jax_table_agrees(capsys):
    jax = pytest.importorskip("jax")
    pytest.importorskip("jax.test_util")
    names = {**jax_names(jax.numpy), "jax": jax, "jnp": jax.numpy}

    def check(theirs, ours):
        arrays = {name: jax.numpy.asarray(names[name]) for name in "xvtc"}
        found, other = result(ours, jax_names(np)), result(theirs, {**names, **arrays})
        if isinstance(other, (tuple, list, float, bool, jax.Array)) and "random" not in theirs:
            compare(found, other)

    with jax.enable_x64(True):
        assert failures(check, remedies_jax.JAX) == {}


def test_readme_links_to_the_page():
    readme = (PAGE.parent.parent / "README.md").read_text(encoding="utf-8")
    assert "(examples/coming_from_elsewhere.md)" in readme
