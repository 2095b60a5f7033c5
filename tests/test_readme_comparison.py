"""The tables that compare this library with others are tried on the packages."""

import importlib
import re
from pathlib import Path

import numpy as np
import pytest

import autograd_mini as ag

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
TABLE = (ROOT / "docs" / "comparison.md").read_text(encoding="utf-8").split("\n## ")[0]
CELLS = [[c.strip() for c in re.split(r"(?<!\\)\|", line)[1:-1]]
         for line in TABLE.splitlines() if line.startswith("|")]  # fmt: skip
PEERS = CELLS[0][1:]
MODULE = {
    "autograd_mini": "autograd_mini", "micrograd": "micrograd.engine", "autograd": "autograd.numpy",
    "MyGrad": "mygrad", "tinygrad": "tinygrad", "PyTorch": "torch", "JAX": "jax",
}  # fmt: skip


def leaf(peer, data):
    """A tensor that a derivative can be taken by, in the way of that package."""
    package = importlib.import_module(MODULE[peer])
    return {
        "autograd_mini": lambda: ag.tensor(data, requires_grad=True),
        "micrograd": lambda: package.Value(data),
        "MyGrad": lambda: package.tensor(data),
        "tinygrad": lambda: package.Tensor(data),
        "PyTorch": lambda: package.tensor(data, requires_grad=True),
    }[peer]()


def gradient(peer, f, x):
    """The derivative of a function that returns one number; an error is the package's own."""
    if peer == "autograd":
        return importlib.import_module("autograd").grad(f)(x)
    if peer == "JAX":
        return importlib.import_module("jax").grad(f)(x)
    t = leaf(peer, x)
    y = f(t)
    if peer == "tinygrad":
        return y.gradient(t)[0].numpy()
    y.backward()
    return t.grad


def works(f):
    try:
        return f()
    except (TypeError, ValueError, RuntimeError, AttributeError, NotImplementedError, KeyError):
        return False


def numpy_records(peer):
    def f(x):
        return np.einsum("i,i->", np.exp(x), np.exp(x))

    return np.allclose(np.asarray(gradient(peer, f, np.ones(2))), 2 * np.exp(2.0))


def second(peer):
    if peer in ("autograd", "JAX"):
        grad = importlib.import_module(MODULE[peer].split(".")[0]).grad
        return float(grad(grad(lambda x: x**3))(2.0)) == 12.0
    package = importlib.import_module(MODULE[peer])
    x = leaf(peer, 2.0)
    y = x**3
    if peer == "autograd_mini":
        return ag.gradients(ag.gradients(y, x), x).item() == 12.0
    if peer == "tinygrad":
        x = package.Tensor([2.0])
        return (x**3).sum().gradient(x)[0].sum().gradient(x)[0].item() == 12.0
    if peer == "PyTorch":
        grad = importlib.import_module("torch").autograd.grad
        return grad(*grad(y, x, create_graph=True), x)[0].item() == 12.0
    y.backward()
    x.grad.backward()  # of a plain number
    return True


def functional(peer):
    package = {"autograd": "autograd", "PyTorch": "torch.func"}.get(peer, MODULE[peer])
    package = importlib.import_module(package)
    return hasattr(package, "hessian") and (hasattr(package, "jvp") or hasattr(package, "make_jvp"))


Z = np.array([[1000.0, 0.0, -1000.0]])


def cross_entropy(peer):
    if peer == "micrograd":
        return False
    if peer == "autograd":  # there is none: written out, as one would
        anp = importlib.import_module("autograd.numpy")
        with np.errstate(all="ignore"):
            found = gradient(peer, lambda z: -anp.log(anp.exp(z) / anp.sum(anp.exp(z)))[0, 1], Z)
        return np.array_equal(found, [[1.0, -1.0, 0.0]])
    loss = {
        "autograd_mini": lambda z: ag.softmax_cross_entropy(z, [1]),
        "MyGrad": lambda z: importlib.import_module(
            "mygrad.nnet.losses"
        ).softmax_crossentropy(z, np.array([1])),
        "tinygrad": lambda z: z.sparse_categorical_crossentropy(
            importlib.import_module("tinygrad").Tensor([1])
        ),
        "PyTorch": lambda z: importlib.import_module("torch").nn.functional.cross_entropy(
            z, importlib.import_module("torch").tensor([1])
        ),
        "JAX": lambda z: -importlib.import_module("jax").nn.log_softmax(z)[0, 1],
    }[peer]  # fmt: skip
    return np.array_equal(np.asarray(gradient(peer, loss, Z)), [[1.0, -1.0, 0.0]])


def symbols(peer):
    s = importlib.import_module("sympy").Symbol("s")
    x = s if peer in ("micrograd", "autograd", "JAX") else np.array(s)
    found = gradient(peer, lambda x: x * x + x, x)
    return found == 2 * s + 1


def lazy(peer):
    da = importlib.import_module("dask.array")
    if peer == "micrograd":
        return False  # of numbers
    if peer == "MyGrad":
        return isinstance(leaf(peer, da.ones(4, chunks=2)).data, da.Array)
    if peer == "JAX":
        return isinstance(importlib.import_module("jax.numpy").asarray(da.ones(4)), da.Array)
    return isinstance(gradient(peer, lambda x: (x * x).sum(), da.ones(4, chunks=2)), da.Array)


def complex_numbers(peer):
    if peer in ("autograd", "JAX"):
        package = importlib.import_module(MODULE[peer].split(".")[0])
        holomorphic = getattr(package, "holomorphic_grad", None)
        d = (
            holomorphic(lambda z: z**2)
            if holomorphic
            else package.grad(lambda z: z**2, holomorphic=True)
        )
        return complex(d(1j)) == 2j
    if peer == "micrograd":
        return False  # Value's own test of a number is for int and float: see its power
    x = leaf(peer, 1j)
    return "complex" in str(x.dtype)


def changed(peer):
    """How a write into an array that an operation has used is answered."""
    x = leaf(peer, np.array([1.0, 2.0]) if peer != "micrograd" else 1.0)
    y = (x * x).sum() if peer != "micrograd" else x * x
    if peer == "micrograd":
        x.data = 5.0
    elif peer == "autograd_mini":
        with ag.debug():
            z = (x * x).sum()
            x.data[0] = 5.0
            with pytest.raises(RuntimeError, match="was changed in place"):
                z.backward()
        return True
    else:
        x.data[0] = 5.0  # MyGrad refuses
    y.backward()
    return False


def compiles(peer):
    package = importlib.import_module(MODULE[peer])
    return any(hasattr(package, name) for name in ("compile", "jit", "TinyJit"))


def vmap(peer):
    return hasattr(importlib.import_module(MODULE[peer].split(".")[0]), "vmap")


def first_nan(peer):
    if peer == "autograd_mini":
        with ag.debug(), pytest.raises(FloatingPointError, match="log returned nan"):
            np.log(ag.tensor(-1.0))
        return True
    if peer == "JAX":
        jax = importlib.import_module("jax")
        jax.config.update("jax_debug_nans", True)
        try:
            jax.numpy.log(-1.0)
        except FloatingPointError as error:
            return "log" in str(error)
        finally:
            jax.config.update("jax_debug_nans", False)
    package = importlib.import_module(MODULE[peer].split(".")[0])
    if hasattr(package, "autograd") and hasattr(package.autograd, "detect_anomaly"):
        return "only in the backward pass"
    return any(hasattr(package, name) for name in ("debug_nans", "detect_anomaly", "debug"))


TRIED = {
    "records NumPy's own functions (`np.exp`, `np.einsum`)": numpy_records,
    "second derivatives": second,
    "functions for forward mode and for Hessians": functional,
    "gradient of softmax cross-entropy at a logit of 1,000": cross_entropy,
    "computes with SymPy's symbols instead of numbers": symbols,
    "computes with arrays larger than memory (Dask)": lazy,
    "can stop at the first NaN and name the operation": first_nan,
    "detects a write into `x.data` after `x` was used": changed,
    "compiles functions": compiles,
    "`vmap`: turns a function of one example into a function of a batch": vmap,
    "complex numbers": complex_numbers,
}
SAID = {row[0]: dict(zip(PEERS, row[1:], strict=True)) for row in CELLS[2:]}


@pytest.mark.peers
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("row", TRIED)
def test_what_the_table_says_is_so(row, peer, monkeypatch):
    monkeypatch.setenv("DEV", "PYTHON")  # tinygrad, where there is neither a GPU nor clang
    pytest.importorskip(MODULE[peer])
    said = SAID[row][peer]
    if said in ("", "-", "not possible", "not available"):
        return
    found = works(lambda: TRIED[row](peer))
    by_hand = said.startswith("exact only if you")
    assert bool(found) == (said not in ("no", "refused") and not by_hand), said
    if isinstance(found, str):
        assert found == said


def test_rows_that_are_not_tried_are_named():
    untried = [row for row in SAID if row not in TRIED]
    assert untried == ["works on", "draws the tape with values and derivatives", "GPUs"]
    assert "except the first row and the rows on pictures and GPUs" in " ".join(TABLE.split())


def test_readme_has_rows_of_the_table():
    rows = [line for line in README.split("## How it compares")[1].splitlines() if "|" in line]
    assert len([row for row in rows if row.count("|") == 9]) == 10  # eight, below two of the header
    assert all(row in TABLE for row in rows if row.count("|") == 9)
