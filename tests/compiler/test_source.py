"""The tape as a NumPy program: its text, and that it gives what the tape does, to the last bit."""

import re
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_mini as ag
from autograd_mini.text.format import labels
from tests.budget import examples, few
from tests.cases import FEW, LARGEST, LAYOUTS, TAPE, dtypes, every, every_case, layouts
from tests.programs import PROGRAMS

BY_HAND = '''\
import numpy as np


def program(z, y):
    """The result, and its derivative with respect to z."""
    # forward
    e = np.exp(z)  # (3,)
    s = np.sum(e)  # scalar
    p = e / s  # (3,)
    loss = -np.sum(y * np.log(p))  # scalar

    # backward
    d_p = -y / p  # ∂loss/∂p
    d_z = (d_p / s + np.sum(-d_p * p / s, axis=0, keepdims=True)) * e  # ∂loss/∂z

    return loss, d_z'''

FUSED = '''\
import numpy as np


def program(z, y):
    """The result, and its derivative with respect to z."""
    # forward
    t1 = np.max(z, axis=-1, keepdims=True)  # (2, 1)
    t2 = z - np.where(np.isfinite(t1), t1, 0)  # (2, 3)
    t3 = np.exp(t2)  # (2, 3)
    t4 = np.sum(t3, axis=-1, keepdims=True)  # (2, 1)
    t5 = np.arange(3).reshape(1, 3) == np.expand_dims(y, -1)  # (2, 3) bool
    v1 = np.mean(-np.sum(np.where(t5, t2 - np.log(t4), 0), axis=-1))  # scalar

    # backward
    t6 = t3 / t4  # (2, 3)
    t7 = np.where(t5, -np.sum(np.where(t5, 0, t6), axis=-1, keepdims=True), t6)  # (2, 3)
    d_z = t7 * 0.5  # ∂v1/∂z

    return v1, d_z'''


def leaf(x, name=None):
    return ag.tensor(x, requires_grad=True, name=name)


def run(text, **changed):
    """Return the results of the program, in a namespace with only its own imports."""
    space = {}
    exec(str(text), space)
    assert set(text.arguments) == set(space["program"].__code__.co_varnames[: len(text.arguments)])
    return space["program"](**{**text.arguments, **changed})


def check(result, cotangent=None, rounding=0):
    """The program of a result gives it and its gradients, to the last bit, in the same dtypes.

    Or up to so many units in the last place of the largest entry.
    """
    text = ag.source(result)
    changed = {}
    if result.size != 1:
        changed = {"cotangent": np.asarray(cotangent, result.dtype)}
    value, *grads = run(text, **changed)
    leaves = [t for t in result.tape() if t.is_leaf and t.requires_grad]
    adjoints = result.tape().adjoints(changed.get("cotangent"))
    found, expected = [value, *grads], [result.data, *(adjoints[t] for t in leaves)]
    assert len(found) == len(expected)
    for x, y in zip(found, expected):
        if rounding:
            unit = rounding * max(np.finfo(t.dtype).eps for t in leaves)
            finite = np.abs(y[np.isfinite(y)])
            np.testing.assert_allclose(x, y, unit, unit * max(1, finite.max(initial=0)))
        else:
            np.testing.assert_array_equal(x, y, strict=False)
        assert (np.shape(x), x.dtype) == (y.shape, y.dtype)
    return text


# ---- the text ------------------------------------------------------------------------------------


def test_softmax_cross_entropy_by_hand_reads_like_a_textbook():
    z, y = leaf([2.0, 1.0, 0.1], "z"), np.array([0.0, 1.0, 0.0])
    e = np.exp(z)
    s = np.sum(e)
    p = e / s
    loss = -np.sum(y * np.log(p))
    text = ag.source(loss, locals())
    assert text == BY_HAND
    assert loss.tape().source(locals()) == BY_HAND
    assert repr(text) == BY_HAND
    check(loss)


def test_the_fused_node_is_written_out():
    z = leaf([[2.0, 1.0, 0.1], [0.0, 3.0, 1.0]], "z")
    loss = ag.softmax_cross_entropy(z, np.array([0, 2]))
    assert check(loss, rounding=4) == FUSED


@pytest.mark.parametrize("by", ["classes", "weights"])
def test_the_program_of_the_loss_is_stable(by):
    """Logits of 800 do not overflow, and the gradient of a confident row keeps its digits."""
    z = leaf([[800.0, 0.0, -800.0], [0.0, 30.0, 0.0]], "z")
    y = np.array([1, 1]) if by == "classes" else np.eye(3)[[1, 1]]
    loss = ag.softmax_cross_entropy(z, y)
    text = ag.source(loss)
    assert "np.max(z, axis=-1, keepdims=True)" in text
    value, d_z = run(text)
    loss.backward()
    np.testing.assert_allclose(value, loss.item(), rtol=1e-12)
    np.testing.assert_allclose(d_z, z.grad, rtol=1e-12)


def variables(text):
    """Return all variables of the program after it has run."""
    space = {}
    body = str.__str__(text).rpartition("\n    return")[0]
    exec(f"{body}\n    return locals()", space)
    return space["program"](**text.arguments)


@pytest.mark.parametrize("program", few(PROGRAMS, 2))
def test_variables_are_named_as_in_the_table_and_gradients_after_their_tensors(program):
    f, x = program(np)
    tape = f(leaf(x, "x")).tape()
    found, names = variables(tape.source()), labels(tape)
    tensors, adjoints = {names[t.order]: t for t in tape}, tape.adjoints()
    shown = set(found) - {"x"}
    assert len(shown & set(tensors)) > 1
    assert {f"d_{name}" for name in tensors} & shown
    for name in shown & set(tensors):
        np.testing.assert_array_equal(found[name], tensors[name].data)
    for name in (n for n in shown if n.startswith("d_")):
        g = adjoints[tensors[name[2:]]]
        np.testing.assert_array_equal(np.broadcast_to(found[name], g.shape), g)
    assert not [n for n in shown - set(tensors) if not re.fullmatch(r"d_\w+|t\d+|[a-z]+(_\d+)?", n)]


def test_each_returned_gradient_is_named_after_its_leaf():
    a, b, c, f = (leaf(float(i), name) for i, name in enumerate("abcf", start=2))
    text = check((a * b + c) * f)
    assert text.splitlines()[-1] == "    return v6, d_a, d_b, d_c, d_f"
    assert "    d_c = f  # ∂v6/∂c" in text
    text = check((a + b) * 2)
    assert text.splitlines()[-1] == "    return v3, d_a, d_b"
    text = check(np.sum(leaf(X, "x") * 3))
    assert "    d_x = np.full((3, 4), 3.0)  # ∂v2/∂x" in text


def test_constant_gradient_is_named_after_its_tensor():
    w, x = leaf(np.ones(4), "w"), leaf(X, "x")
    text = check((x @ w).sum())
    assert "    d_v2 = np.broadcast_to(1.0, 3)  # ∂v3/∂v2\n" in text
    assert "    d_w = x.T @ d_v2  # ∂v3/∂w\n" in text


def test_multiplication_by_one_is_dropped_or_a_cast():
    x = leaf(X, "x")
    text = check(ag.softmax_cross_entropy(x, np.array([0, 3, 1]), reduction="sum"), rounding=16)
    assert "1.0" not in text
    assert "order=" not in text
    assert "(v1 != 0).astype(np.float64)" in check(ag.relu(x).sum())


def test_arguments_at_their_defaults_are_left_out():
    a = leaf(X[:3, :3], "a")
    text = check(np.linalg.norm(a) + np.trace(a) + np.sum(np.transpose(a, (1, 0)) * X[:3, :3]))
    assert "np.linalg.norm(a)" in text
    assert "np.diagonal(a)" in text
    assert "a.T" in text


def test_every_line_has_a_comment_and_none_is_too_long():
    x, w = leaf(X.astype(np.float32), "x"), leaf(X.T.astype(np.float32), "weights")
    u, s, vh = np.linalg.svd(x @ w)
    chosen = np.where(u > 0, u, vh).astype(float)
    text = check((chosen * np.linalg.norm(s)).sum() / (1 + np.sum(s) * np.max(w)))
    lines = text.split('"""')[2].replace(",\n        ", ", ").splitlines()
    above = ""
    for line in lines:
        if " = " in line:
            assert "  # " in line or above.startswith(("    # (", "    # ∂", "    # scalar"))
        above = line
    assert max(map(len, text.splitlines())) <= 100
    assert "# (3, 3) float32, (3,) float32, (3, 3) float32" in text


def test_long_lines_are_broken_where_python_lets_them_be():
    leaves = [leaf(float(i), f"parameter_{i}") for i in range(40)]
    parts = np.split(leaf(np.arange(40.0), "x"), 40)
    terms = [np.sum(np.sin(t) * np.maximum(t, 0.5) + np.exp(t)) for t in leaves[:6]]
    lines = [sum(np.sin(t) for t in leaves), sum((p * p).sum() for p in parts), sum(terms)]
    v, w = leaf(X, "x"), leaf(X.T, "w")
    products = [(v @ w @ v @ w) + (w.T @ v.T @ w.T @ v.T) * np.sin(v @ w) for _ in range(3)]
    for y in (*lines, (products[0] - products[1] @ products[2]).sum()):
        text = check(y)
        assert max(map(len, text.splitlines())) <= 100
    text = ag.source(lines[0])
    assert "    return (\n        v119, d_parameter_0, " in text


def test_an_index_is_an_array():
    x = leaf(X, "x")
    text = check((x[np.array([0, 2])] + x[[1, 1]]).sum())
    assert "x[np.array([0, 2])]" in text
    check(x[np.array([], int)].sum())


def test_other_numbers_may_be_passed_to_the_program():
    z = leaf([[2.0, 1.0, 0.1], [0.0, 3.0, 1.0]], "z")
    text = ag.source(ag.softmax_cross_entropy(z, np.array([0, 2])))
    other = leaf([[0.0, 1.0, -1.0], [0.5, 0.0, 0.0]])
    loss = ag.softmax_cross_entropy(other, np.array([1, 0]))
    loss.backward()
    value, d_z = run(text, z=other.data, y=np.array([1, 0]))
    np.testing.assert_allclose(value, loss.item(), rtol=1e-14)
    np.testing.assert_allclose(d_z, other.grad, rtol=1e-14)


def test_common_subexpressions_and_dead_steps_are_dropped():
    x = leaf([0.1, 0.2], "x")
    text = check((np.exp(x) * np.sin(np.exp(x)) + np.sum(np.exp(x) * 0)).sum())
    assert text.count("np.exp(x)") == 1
    dead = ag.source((np.cos(x) * 1).sum())
    assert "* 1" not in dead


def test_names_become_distinct_identifiers():
    names = ["class", "a b", "a b", "2nd", "np", "ŷ", "program", "x", "x", ""]
    leaves = [leaf(float(i), name) for i, name in enumerate(names)]
    text = check(sum(np.sin(t) for t in leaves))
    assert len(text.arguments) == len(names)
    assert all(name.isidentifier() for name in text.arguments)
    assert "ŷ" in text.arguments


def test_a_result_without_derivatives_is_a_program_too():
    assert run(ag.source(ag.tensor([1.0, 2.0]))) == pytest.approx([1.0, 2.0])


def test_no_numbers_are_lost_in_a_literal():
    x = leaf(np.float32([0.1, 0.7]))
    check((x * np.float32(0.1) + 0.1 - np.array(1 / 3, np.float32)).sum())
    check((x * np.float64(1 / 3)).sum())
    check((x * np.inf).sum())
    check((x + np.full(2, -0.0)).sum())


def decides(x):
    return x * 2 if (x > 0).all() else x


def test_primitive_that_branches_is_printed_with_its_source():
    op = ag.primitive(decides, lambda g, y, x: g * 2)
    assert "def decides(x):\n" not in check(op(leaf([1.0, 2.0])).sum())  # decided for these numbers
    writes = ag.primitive(writing, lambda g, y, x: g)
    assert "def writing(x):\n" in check(writes(leaf([1.0, 2.0])).sum())


@pytest.mark.parametrize("dtype", ["f", "d", "e"])
def test_embedding_adds_rows_as_the_engine_does(dtype):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(80, 5))  # so many rows that the engine adds them in their order
    table = ag.tensor(values.astype(dtype), requires_grad=True, name="table")
    loss = np.mean(np.square(ag.embedding(rng.integers(80, size=400), table)))
    text = ag.source(loss)
    _, gradient = run(text)
    loss.backward()
    assert gradient.tobytes() == table.grad.tobytes()
    assert dtype == "e" or len(text.splitlines()) < 30  # float16 is summed in float32


def writing(x):
    y = np.zeros(x.shape)
    y[...] = x
    return y


FACTOR = 3
onp = np  # as in "import numpy as onp"


def writing_with_locals(x):
    y = onp.zeros(x.shape)
    for i in range(len(x)):
        y[i] = sum(w * FACTOR for w in [x[i]])
    return y


@pytest.mark.parametrize("local", ["x", "y", "i", "w"])  # an argument and other local variables
def test_local_variable_with_the_name_of_a_global_is_copied(local, monkeypatch):
    monkeypatch.setitem(globals(), local, leaf([1.0]))
    op = ag.primitive(writing_with_locals, lambda g, y, x: g * FACTOR)
    assert "FACTOR = 3" in check(op(leaf([1.0, 2.0])).sum())


def test_global_that_cannot_be_copied_is_refused_with_its_name(monkeypatch):
    monkeypatch.setitem(globals(), "FACTOR", Fraction(3))
    op = ag.primitive(writing_with_locals, lambda g, y, x: g)
    with pytest.raises(TypeError, match=r"source: .*writing_with_locals,.* the global FACTOR\."):
        ag.source(op(leaf([1.0, 2.0])).sum())


def test_a_function_without_source_is_refused_with_its_name():
    space = {"np": np}
    exec("def hidden(x):\n    y = np.zeros(x.shape)\n    y[...] = x\n    return y", space)
    op = ag.primitive(space["hidden"], lambda g, y, x: g)
    with pytest.raises(TypeError, match=r"source: .* hidden,.*cannot be found"):
        ag.source(op(leaf([1.0])).sum())


def test_the_tape_is_left_as_it_is():
    x = leaf([1.0, 2.0], "x")
    y = (x * x).sum()
    before = [(t, t.op, t.inputs, t.name) for t in y.tape()]
    ag.source(y)
    assert [(t, t.op, t.inputs, t.name) for t in y.tape()] == before
    assert x.grad is None


# ---- to the last bit -----------------------------------------------------------------------------


def check_case(case, layout, kinds):
    store, view = LAYOUTS[layout]
    leaves = [leaf(store(np.asarray(x, d))) for x, d in zip(case.inputs, kinds)]
    with np.errstate(all="ignore"):
        check(case.f(TAPE, *map(view, leaves)), case.cotangent)


@every(FEW)
def test_every_primitive(case):
    check_case(case, layouts(case)[-1], "dd")
    check_case(case, "contiguous", dtypes(case, "fd")[0])


@pytest.mark.slow
@every_case
def test_every_primitive_at_every_case(case):
    for layout in layouts(case):
        check_case(case, layout, "dd")
    for kinds in dtypes(case, "fd", "ff"):
        check_case(case, "contiguous", kinds)


@pytest.mark.slow
@every(LARGEST)
def test_every_primitive_of_other_dtypes_in_other_layouts(case):
    for layout in layouts(case)[1:]:
        for kinds in dtypes(case, "fd", "ff"):
            check_case(case, layout, kinds)


def test_arrays_lie_in_memory_as_they_did():
    """The order of a sum and the matrix product used decide the last bit."""
    rng = np.random.default_rng(0)
    for _ in range(20):
        x = leaf(np.asfortranarray(rng.normal(size=(4, 3, 3))), "x")
        b = leaf(rng.normal(), "b")
        check((ag.softplus(x * b).reshape(-1) * 0.5).sum())  # its rule writes in place
        row = leaf(rng.normal(size=(1, 6)).astype("f")[:, ::2])
        check(((leaf(rng.normal(size=1).astype("f"))[:, None] * np.ones(3, "f")) @ row.T).sum())
        check((np.broadcast_to(np.float32(1), (1, 3)) @ row.T).sum())


@pytest.mark.parametrize("dtype", "fd")
def test_layer_of_strided_columns_has_the_bits_of_numpy(dtype):
    """np.dot and @ differ in the last bits if BLAS cannot take a view: the program keeps np.dot."""
    rng = np.random.default_rng(0)
    w, b = leaf(rng.normal(size=(9, 5)).astype(dtype), "w"), leaf(np.zeros(5, dtype), "b")
    x = rng.normal(size=(40, 18)).astype(dtype)
    text = check(ag.linear(x[:, ::2], w, b).sum())
    assert "np.dot(x, w) + b" in text
    assert "np.dot(x.T, " in text
    assert "@" not in text
    text = check((ag.linear(x[:, :9].copy(), w, b) ** 2).sum())
    assert "x @ w + b" in text
    assert "np.dot" not in text


@pytest.mark.parametrize("program", few(PROGRAMS, 2))
def test_programs_of_numpys_users_and_their_derivatives(program):
    f, x = program(np)
    x = leaf(x, "x")
    y = f(x)
    check(y)
    first = ag.gradients(y, x)
    check((first * np.cos(np.arange(x.size))).sum())


@examples(60)
@given(
    st.integers(0, 10**6), st.integers(1, 40), st.integers(1, 90), st.sampled_from("dfe"),
    st.sampled_from([1, 60]), st.sampled_from(["mean", "sum", "none"]), st.booleans(),
)  # fmt: skip
def test_softmax_cross_entropy(seed, n, c, dtype, scale, reduction, onehot):
    rng = np.random.default_rng(seed)
    z = leaf((scale * rng.normal(size=(n, c))).astype(dtype))
    targets = np.eye(c, dtype=dtype)[rng.integers(c, size=n)] if onehot else rng.integers(c, size=n)
    with np.errstate(all="ignore"):
        loss = ag.softmax_cross_entropy(z, targets, reduction=reduction)
        check(loss, rng.normal(size=n), rounding=64)


X = np.linspace(-2.0, 3.0, 12).reshape(3, 4)
FUSED_NODES = {
    "softmax": lambda x: ag.softmax(x, temperature=2.0),
    "softmax, axis 0": lambda x: ag.softmax(x, axis=0),
    "log_softmax": ag.log_softmax,
    "log_softmax, where": lambda x: ag.log_softmax(x, where=X > -1),
    "logsumexp": ag.logsumexp,
    "gelu": ag.gelu,
    "softplus": ag.softplus,
    "sigmoid": ag.sigmoid,
    "layer_norm": lambda x: ag.layer_norm(x, 4, leaf(np.ones(4)), leaf(np.zeros(4))),
    "rms_norm": lambda x: ag.rms_norm(x, leaf(np.ones(4))),
    "batch_norm": lambda x: ag.batch_norm(x, weight=leaf(np.ones(4)), training=True),
    "attention": lambda x: ag.scaled_dot_product_attention(x, leaf(X + 1), leaf(X.T @ X)[:3]),
    "causal": lambda x: ag.scaled_dot_product_attention(x, x, x, is_causal=True),
    "embedding": lambda x: ag.embedding(np.array([[2, 0], [2, 1]]), x),
    "lstm_cell": lambda x: ag.lstm_cell(x, leaf(X[:, :1])),
    "lstm_output": lambda x: ag.lstm_output(x, leaf(X[:, :1])),
    "gru_cell": lambda x: ag.gru_cell(x[:, 1:], leaf(X[:, :3]), x[:, :1]),
    "dropout": lambda x: ag.dropout(x, rng=np.random.default_rng(0)),
    "conv2d": lambda x: ag.conv2d(x[None], leaf(np.ones((2, 1, 2, 3), x.dtype)), padding=1),
    "conv1d": lambda x: ag.conv1d(x[:2], leaf(np.ones((3, 2, 2), x.dtype)), stride=2),
    "max_pool2d": lambda x: ag.max_pool2d(x[None], 2, stride=1, padding=1),
    "avg_pool2d": lambda x: ag.avg_pool2d(x[None], 2, padding=1, count_include_pad=False),
    "mse": lambda x: ag.mse_loss(x, X + 1),
    "nll": lambda x: ag.nll_loss(ag.log_softmax(x), np.array([0, 3, 1])),
    "binary": lambda x: ag.sigmoid_binary_cross_entropy(x, (X > 1) * 1.0),
    "linear": lambda x: ag.linear(x, leaf(X.T @ X), leaf(np.ones(4))),
    "options": lambda x: ag.softmax_cross_entropy(
        x, np.array([0, 3, 1]), label_smoothing=0.1, weight=np.arange(4.0) + 1, ignore_index=3
    ),
    "axis": lambda x: ag.softmax_cross_entropy(x, np.array([0, 2, 1, 1]), axis=0),
    "where": lambda x: ag.softmax_cross_entropy(x, np.array([0, 2, 1]), where=np.arange(4) < 3),
    "targets": lambda x: ag.softmax_cross_entropy(x, leaf(np.full((3, 4), 0.25))),
    "the graph": lambda x: ag.cross_entropy(x, np.array([0, 3, 1])),
    "checkpoint": lambda x: ag.checkpoint(lambda u: np.sin(u) * u)(x),
    "stop_gradient": lambda x: x * ag.stop_gradient(x),
    "no_grad": lambda x: x * ag.tensor(X),
}


@pytest.mark.parametrize("name", FUSED_NODES)
@pytest.mark.parametrize("dtype", few("df", 2))
def test_nodes_of_our_own(name, dtype):
    with np.errstate(all="ignore"):
        y = FUSED_NODES[name](leaf(X.astype(dtype)))
        losses = ("options", "axis", "where", "targets")  # their node chooses its steps
        check(y, np.cos(np.arange(y.size)).reshape(y.shape), 16 if name in losses else 0)


@pytest.mark.parametrize(
    "f",
    [
        lambda a: np.sum(a[0]),
        lambda a: np.sum(2 * a[:, [0, 0]]),
        lambda a: np.trace(a @ a.T),
        lambda a: np.sum(np.take(a, [0, 1])) + a[2, 0],
    ],
)
def test_gradient_that_never_changes_is_computed(f):
    """The program has no argument for it, so that it also explains where it comes from."""
    a = ag.tensor(np.arange(6.0).reshape(3, 2), requires_grad=True, name="a")
    y = f(a)
    others = [x for x in ag.source(y).arguments.values() if x is not a.data]
    assert not any(x.dtype.kind == "f" for x in others)
    check(y, 1.0)


def test_long_list_of_one_array_is_written_as_a_product():
    a = ag.tensor([1.0, 2.0], requires_grad=True, name="a")
    y = np.sum(np.stack([a] * 200))
    assert "np.stack((a,) * 200)" in ag.source(y)
    check(y, 1.0)


def test_number_that_is_a_gradient_is_called_constant():
    a = ag.tensor(2.0, requires_grad=True, name="a")
    assert "a constant of this tape" in ag.source(a + 1.0)
