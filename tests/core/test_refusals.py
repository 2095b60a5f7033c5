"""Errors and warnings name the operation, the tensors and the remedy."""

import inspect
import math

import numpy as np
import pytest

import autograd_mini as ag
from tests.cases import A, M, leaf, run

# ---- no gradient is dropped silently -------------------------------------------------------------


@pytest.mark.parametrize("f", [float, int, math.exp, math.floor, complex])
def test_conversion_to_a_number_warns_at_the_callers_line(f):
    s = leaf(2.0, name="s")
    with pytest.warns(
        ag.DetachedWarning, match=r"'s' \(float64, shape \(\)\).*\.item\(\)"
    ) as caught:
        found, line = f(s), inspect.currentframe().f_lineno
    assert found == f(2.0)
    assert [(w.filename, w.lineno) for w in caught] == [(__file__, line)]
    assert f(s.item()) == f(s.detach()) == f(2.0)  # explicit: a warning would be an error here
    assert f(ag.tensor(2.0)) == f(2.0)


@pytest.mark.parametrize("f", [float, int, math.exp, ag.Tensor.item])
@pytest.mark.parametrize("requires_grad", [True, False])
def test_number_of_several_entries_raises_with_numpy(f, requires_grad):
    t = ag.tensor(A, requires_grad=requires_grad, name="t")
    with pytest.raises(ValueError, match=r"'t' \(float64, shape \(3,\)\) has 3 .*\.numpy\(\)"):
        f(t)


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("t.reshape(4, 2)", "shape=(4, 2)"),
        ("t[7]", "index=7"),
        ("np.swapaxes(t, 0, 5)", "axis1=0 and axis2=5"),
        ("ag.softmax(t, 4)", "axis=4"),
    ],
)
def test_error_names_options_apart_from_tensors(text, option):
    with pytest.raises((ValueError, IndexError)) as caught:
        run(text, t=leaf(name="t"))
    assert f"of 't' (float64, shape (3,)) with {option}: " in str(caught.value)


def test_converting_a_tensor_to_an_array_raises():
    t, s, array = leaf(name="t"), leaf(2.0, name="s"), np.zeros(3)
    for f in (np.asarray, np.array, np.float64):
        with pytest.raises(
            TypeError, match=r"'t' \(float64, shape \(3,\)\).*lose its gradient.*\.numpy\(\)"
        ):
            f(t)
    with pytest.raises(TypeError, match="lose its gradient"):
        np.array([s, s])
    with pytest.raises(TypeError, match="lose its gradient"):
        array[:] = t
    with pytest.raises((TypeError, ValueError)):
        array[0] = t[0]
    assert array.tolist() == [0.0, 0.0, 0.0]
    np.testing.assert_array_equal(np.asarray(ag.tensor(A)), A)


def in_place(t):
    array = np.zeros(3)
    array += t


def refused(text, error, message):
    """Check that the expression raises with this message and changes nothing."""
    t = leaf(name="t")
    t.grad = A
    with pytest.raises(error, match=message):
        run(text, t=t)
    assert (t.grad.tolist(), t.data.tolist(), A.tolist()) == ([1.0, 2.0, 3.0],) * 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("np.nanmedian(t)", r"np\.nanmedian has no .* use np\.quantile"),
        ("np.linalg.eig(leaf(M))", r"np\.linalg\.eig has no .*np\.linalg\.eigh"),
        ("np.hypot.reduce(t)", r"np\.hypot\.reduce has no .* Did you mean np\.\w+"),
        ("np.add.reduceat(t, [0, 1])", r"np\.add\.reduceat has no derivative rule"),
        ("np.add.at(np.zeros(3), [0], t)", r"np\.add\b.*(in-place|has no)"),
        ("np.copyto(np.zeros(3), t)", r"np\.copyto has no .* writes into an array"),
        ("np.unique(t)", r"np\.unique has no derivative rule\. .*equal entries"),
        ("np.fft.fft(t)", r"np\.fft\.fft has no .* complex"),
        ("np.linalg.svd(leaf(M))", "2 by 3.* no derivative. Pass full_matrices=False"),
        ("np.linalg.qr(leaf(M.T), 'complete')", "3 by 2 .* no derivative. Use 'reduced'"),
        ("np.linalg.svd(t[:, None] * t, hermitian=True)", r"Use np\.linalg\.eigh"),
        ("np.interp(t, A, A, period=2.0)", r"np\.mod\(x, period\)"),
        ("np.quantile(t, 0.5, weights=A, method='inverted_cdf')", "weights= has no derivative"),
        ("np.add(t, 1, casting='unsafe')", "casting= is not supported"),
        ("np.add(t, 1, out=np.zeros(3))", r"np\.add cannot write .* Write a = a \+ t"),
        ("np.add(A, 1, out=t)", r"np\.add cannot write .* Write a = a \+ t"),
        ("np.sum(t, out=np.zeros(()))", r"np\.sum cannot write .* Remove .*out="),
        ("A.__iadd__(t)", r"np\.add cannot write .* Write a = a \+ t"),
        ("np.sum(t, axis=leaf(0.0, 'k'))", "'k'.* requires a gradient.*Pass axis by position"),
        ("t * 1j", r"mul of 't' \(float64, shape \(3,\)\) and 1j returned complex128"),
        ("t.astype(int)", "returned int64.*float"),
        ("np.ma.masked_array(A) * t", "."),
        ("t * np.ma.masked_array(A)", "mask"),
        ("ag.primitive(np.add, lambda g, y, a: g, name='half', implements=())(A, t)",
         "half has no rule for argument 1 .*'t' .*requires a gradient"),
    ],
)  # fmt: skip
def test_call_that_cannot_be_recorded_raises(text, message):
    refused(text, TypeError, message)


def test_where_of_one_argument_returns_indices():
    (indices,) = np.where(leaf([0.0, 2.0, 3.0]))
    assert type(indices) is np.ndarray
    assert indices.tolist() == [1, 2]


def test_constant_keyword_may_be_a_tensor():
    assert np.sum(leaf(M), axis=ag.tensor(0)).shape == (3,)


# ---- bad input: the error names the tensors, and no .grad changes -----------------------------


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("(t * 2).backward()", ValueError, r"\(3,\) has 3 entries.*\.sum\(\)"),
        ("(t * 2).backward([1.0])", ValueError, r"gradient has shape \(1,\).*\(3,\)"),
        ("(t * 2).backward([1j] * 3)", ValueError, "real numbers"),
        ("ag.tensor(A).sum().backward()", RuntimeError, "has no gradient.*requires_grad"),
        ("t.detach().sum().backward()", RuntimeError, "has no gradient"),
        ("ag.no_grad()(t.sum)().backward()", RuntimeError, r"no_grad\(\)"),
        ("ag.gradients(t * 2, t)", ValueError, "has 3 entries"),
        ("ag.gradients(t.sum(), ag.tensor(1.0))", ValueError, "does not require a gradient"),
        ("ag.gradients(t.sum(), [1.0])", TypeError, r"1\.0"),
        ("t + leaf(np.ones(4), 'u')", ValueError, r"add of 't' .*'u' .*\(4,\)\).*broadcast"),
        ("M @ leaf(M, 'u')", ValueError, r"matmul of .* \(2, 3\) .*'u' .*\(2, 3\)\)"),
        ("t @ 2.0", ValueError, r"matmul of 't' \(float64, shape \(3,\)\) and 2\.0"),
        ("t.reshape(2, 2)", ValueError, r"reshape of 't' \(float64, shape \(3,\)\)"),
        ("t.sum(axis=0.5)", TypeError, r"sum of 't' .*integer, got axis=0.5\.$"),
        ("np.max(t, axis='0')", TypeError, r"max of 't' .*integer, got axis='0'"),
        ("t.reshape(1.5, 2)", TypeError, "reshape of 't' .*integer, got 1.5"),
        ("t @ 2.0", ValueError, r"matmul of 't' .*single number.*write \* instead of @"),
        ("t + None", TypeError, "add of 't' .*numbers, got float64 and None"),
        ("t ** 'a'", TypeError, "pow of 't' .*numbers, got float64 and str"),
        ("ag.linear(leaf(M), M.T, np.ones(9))", ValueError, r"bias has shape \(9,\)"),
        ("ag.relu()", TypeError, r"^relu: relu\(\) missing 1"),
        ("ag.primitive(np.exp, lambda g: g)", TypeError, "takes 1 argument, .* 3"),
        ("ag.primitive(np.exp, 3)", TypeError, "rule 0 .*, got 3"),
        ("ag.nll_loss(3.0, 0)", ValueError, "axis of classes"),
        ("ag.softmax_cross_entropy(t, 0, label_smoothing='a')", TypeError, "smoothing .*'a'"),
        ("t.sum(axis=1)", ValueError, r"sum of 't' .*\(3,\)\).*axis 1 is out of bounds"),
        ("t[3]", IndexError, r"getitem of 't' \(float64, shape \(3,\)\).*index 3"),
        ("t[t]", IndexError, "getitem of 't'"),
        ("t * 'a'", TypeError, "mul of 't'"),
        (
            "np.concatenate([t, M])",
            ValueError,
            r"concatenate of 't' \(float64, shape \(3,\)\).*\(2, 3\)",
        ),
        ("ag.tensor(1, requires_grad=True)", TypeError, r"int64 .* cannot require .*3\.0 instead"),
        ("ag.tensor(True, requires_grad=True)", TypeError, "bool .* cannot require"),
        ("ag.tensor([1j])", TypeError, "complex"),
        ("ag.tensor('a')", TypeError, "real numbers"),
        ("ag.tensor(None)", TypeError, "real numbers"),
        *((f"ag.tensor({text})", TypeError, "real numbers") for text in (
            "{1, 2}", "{'a': 1}", "(x for x in A)", "[object()]", "print", "float", "[None, 1.0]")),
        ("ag.tensor(A) * 1j", TypeError, r"mul of .* 1j: .* complex128, .*real part"),
        ("t < [1, 2]", ValueError, r"less of 't' \(float64, shape \(3,\)\).*broadcast"),
        ("[1, 2] // t", ValueError, r"floor_divide of \[1, 2\] and 't' .*\(3,\)\).*broadcast"),
        ("t <= 'a'", TypeError, "less_equal of 't'"),
        ("(t * 2).backward([None, 1, 2])", ValueError, "real numbers"),
        ("ag.softmax_cross_entropy(t, None)", TypeError, "'t'.*None.*`return`"),
        ("setattr(t * 2, 'requires_grad', False)", TypeError, "mul.*only be set on a leaf"),
        ("setattr(t, 'grad', [1.0])", ValueError, r"gradient of 't'.*got shape \(1,\)"),
        ("ag.softmax_cross_entropy(t, 3)", IndexError, "'t'.*from 0 to 2, .* 3"),
        ("ag.softmax_cross_entropy(t, [0, 1])", ValueError, r"'t' .*\(3,\)\).*\(2,\)"),
        ("ag.softmax_cross_entropy(t, 0.5)", TypeError, "'t'.*integers"),
        ("ag.softmax_cross_entropy(leaf(M[:, :0]), [])", ValueError, "at least one class"),
        ("len(leaf(1.0, 'u'))", TypeError, "'u' .*single number"),
        ("np.einsum('ij,jk', M, leaf(M, 'u'))", ValueError, "'u' .* the letter 'j' .* 3 and 2"),
        ("np.stack(t, t)", TypeError, r"stack: axis .*'t'.*np\.stack\(\[a, b\]\)"),
        ("np.concatenate(t, A)", TypeError, r"concatenate: axis .*\(3,\).*\[a, b\]"),
        ("ag.softmax(t, where=np.ones(2, bool))", ValueError, r"where=a bool array"),
        ("ag.primitive(3, lambda g, y, x: g)", TypeError, "expected a function of arrays, got 3"),
        ("ag.primitive(np.exp, *2 * [lambda g, y, x: g])", TypeError, "with 2 rules it must"),
        ("np.frompyfunc(abs, 1, 1)(t)", TypeError, "^abs .*has no .*It is not a function of NumPy"),
    ],
)  # fmt: skip
def test_bad_input_raises_and_changes_no_grad(text, error, message):
    refused(text, error, message)


def test_failed_backward_pass_changes_no_grad():
    def broken(g, y, x):
        raise RuntimeError("broken rule")

    a, b = leaf(), leaf()
    for rule, message in (
        (broken, "broken rule"),
        (lambda g, y, x: g[0], r"wide returned .* of shape \(\)"),
    ):
        y = ag.primitive(lambda x: x + 1, rule, name="wide")(a) + b
        z = (y * b).retain_grad().sum()
        with pytest.raises((RuntimeError, ValueError), match=message):
            z.backward()
        assert a.grad is b.grad is None


@pytest.mark.parametrize("result", [None, "a", {}, print, [None, 1.0]])
def test_primitive_that_returns_no_numbers_raises(result):
    forgetful = ag.primitive(lambda x: result, lambda g, y, x: g, name="forgetful")
    for t in (leaf(name="t"), ag.tensor(A, name="t")):
        with pytest.raises(
            TypeError,
            match=r"forgetful of 't' \(float64, shape \(3,\)\).*: the function .* returned",
        ):
            forgetful(t)


def test_subclass_of_tensor_raises():
    with pytest.raises(TypeError, match="Keep a Tensor as an attribute"):
        type("Parameter", (ag.Tensor,), {})


@pytest.mark.parametrize("rule", [lambda g, x: g, lambda g: g, lambda: 0.0])
def test_rule_with_too_few_arguments_raises(rule):
    with pytest.raises(TypeError, match=r"^double: rule 0 .* takes .* rule\(g, y, \*args\)"):
        ag.primitive(lambda x: 2 * x, rule, name="double")


def test_rule_with_options_or_any_arguments_is_accepted():
    for rule in (lambda g, y, x, n=2: g * n, lambda *args: args[0] * 2):
        x = ag.tensor(1.0, requires_grad=True)
        ag.primitive(lambda x, n=2: x * n, rule, name="double")(x).backward()
        assert x.grad == 2
