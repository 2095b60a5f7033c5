"""The other fused nodes, compared with PyTorch, and where their graphs lose digits."""

import mpmath
import numpy as np
import pytest

import autograd_mini as ag

RNG = np.random.default_rng(3)
X, T = RNG.normal(size=(4, 5)), RNG.uniform(size=(4, 5))
LABELS = np.array([0, 4, 2, 2])
EXTREME = np.array([-1e4, -800.0, -40.0, -1e-8, 0.0, 1e-8, 40.0, 800.0, 1e4])


def derivative(f, x):
    z = ag.tensor(x, requires_grad=True)
    y = f(z)
    y.backward(np.ones(y.shape))
    return y.numpy(), z.grad


REDUCED = [
    (ag.mse_loss, "mse_loss", (T,), {}),
    (ag.nll_loss, "nll_loss", (LABELS,), {}),
    (ag.sigmoid_binary_cross_entropy, "binary_cross_entropy_with_logits", (T,), {}),
    (
        ag.sigmoid_binary_cross_entropy,
        "binary_cross_entropy_with_logits",
        (T,),
        {"pos_weight": np.linspace(0.5, 2, 5)},
    ),
]


@pytest.mark.peers
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("case", range(len(REDUCED)))
def test_losses_agree_with_pytorch(case, reduction):
    torch = pytest.importorskip("torch")
    ours, theirs, arguments, options = REDUCED[case]
    value, gradient = derivative(lambda x: ours(x, *arguments, reduction=reduction, **options), X)
    x = torch.tensor(X, requires_grad=True)
    options = {k: torch.tensor(v) for k, v in options.items()}
    function = getattr(torch.nn.functional, theirs)
    y = function(x, *map(torch.tensor, arguments), reduction=reduction, **options)
    y.sum().backward()
    np.testing.assert_allclose(value, y.detach().numpy(), rtol=1e-13)
    np.testing.assert_allclose(gradient, x.grad.numpy(), rtol=1e-13, atol=1e-16)


@pytest.mark.peers
def test_activations_agree_with_pytorch():
    torch = pytest.importorskip("torch")
    f = torch.nn.functional
    for ours, theirs in (
        (ag.softplus, f.softplus),
        (ag.gelu, lambda x: f.gelu(x, approximate="tanh")),
        (lambda x: ag.softmax(x, axis=0), lambda x: f.softmax(x, 0)),
        (ag.log_softmax, lambda x: f.log_softmax(x, -1)),
    ):
        value, gradient = derivative(ours, X)
        x = torch.tensor(X, requires_grad=True)
        y = theirs(x)
        y.sum().backward()
        np.testing.assert_allclose(value, y.detach().numpy(), rtol=1e-12)
        np.testing.assert_allclose(gradient, x.grad.numpy(), rtol=1e-11, atol=1e-14)


def test_softplus_and_binary_cross_entropy_keep_all_digits():
    with mpmath.workdps(60):
        exact = [float(mpmath.log1p(mpmath.exp(mpmath.mpf(float(x))))) for x in EXTREME]
        slope = [float(1 / (1 + mpmath.exp(-mpmath.mpf(float(x))))) for x in EXTREME]
    for f in (
        ag.softplus,
        lambda x: ag.sigmoid_binary_cross_entropy(x, 0 * EXTREME, reduction="sum"),
    ):
        _, gradient = derivative(f, EXTREME)
        np.testing.assert_allclose(gradient, slope, rtol=1e-14)
    np.testing.assert_allclose(ag.softplus(EXTREME), exact, rtol=1e-14)
    entries = ag.sigmoid_binary_cross_entropy(EXTREME, 0 * EXTREME, reduction="none")
    np.testing.assert_allclose(entries, exact, rtol=1e-14)


def test_gelu_keeps_its_digits_for_negative_arguments():
    x = -8.0
    with mpmath.workdps(60):
        u = mpmath.sqrt(2 / mpmath.pi) * (x + mpmath.mpf("0.044715") * x**3)
        exact = float(x * (1 + mpmath.tanh(u)) / 2)
    np.testing.assert_allclose(ag.gelu(np.array(x)), exact, rtol=1e-13)
    assert ag.gelu.unfused(np.array(x)) == 0  # 1 + tanh u has rounded to 0


def test_softmax_of_a_confident_class_keeps_its_digits():
    z = ag.tensor([46.0, 0.0], requires_grad=True)
    tiny = np.exp(-46.0)
    np.testing.assert_allclose(ag.log_softmax(z).data[0], -tiny, rtol=1e-14)
    np.testing.assert_allclose(ag.logsumexp(z - 46.0).item(), tiny, rtol=1e-14)
    for f, slope in ((ag.softmax, tiny), (ag.log_softmax, tiny)):
        z.zero_grad()
        f(z)[0].backward()
        np.testing.assert_allclose(z.grad, [slope, -slope], rtol=1e-14)


def test_softmax_where_false_has_probability_and_gradient_0():
    kept = np.array([True, True, False, True, False])
    for f, absent in ((ag.softmax, 0), (ag.log_softmax, -np.inf)):
        z = ag.tensor(X, requires_grad=True)
        y = f(z, where=kept)
        np.testing.assert_array_equal(y.data[:, ~kept], absent)
        np.testing.assert_allclose(y.data[:, kept], f(X[:, kept]), rtol=1e-15)
        y.backward(T)
        assert (z.grad[:, ~kept] == 0).all()
        alone = ag.tensor(X[:, kept], requires_grad=True)
        f(alone).backward(T[:, kept])
        np.testing.assert_allclose(z.grad[:, kept], alone.grad, rtol=1e-13, atol=1e-16)


def test_a_temperature_divides_the_logits():
    for f in (ag.softmax, ag.log_softmax):
        value, gradient = derivative(lambda z, f=f: np.square(f(z, temperature=0.25)), X)
        expected, scaled = derivative(lambda z, f=f: np.square(f(z)), 4 * X)
        np.testing.assert_allclose(value, expected, rtol=1e-15)
        np.testing.assert_allclose(gradient, 4 * scaled, rtol=1e-13, atol=1e-16)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: ag.nll_loss(X, np.array([0, 5, 0, 0])),
            IndexError,
            "from 0 to 4, .* from 0 to 5",
        ),
        (lambda: ag.nll_loss(X, np.array([0, -1, 0, 0])), IndexError, "from 0 to 4, .* from -1"),
        (lambda: ag.nll_loss(X, np.array([0.0])), TypeError, r"integer.* shape \(4,\)"),
        (lambda: ag.mse_loss(X, T, reduction="avg"), ValueError, "got 'avg'"),
        (lambda: ag.mse_loss(X, T, np.ones(5)), ValueError, r"reduction must be .* got array\("),
        (lambda: ag.nll_loss(X, np.zeros(4, int), np.ones(5)), ValueError, "reduction must be"),
        (lambda: ag.mse_loss(X, T[:, :3]), ValueError, "mse_loss of .* broadcast"),
        (lambda: ag.mse_loss(X[:, :1], T[:, 0]), ValueError, r"reshape\(4, 1\)"),
        (lambda: ag.mse_loss(X[:, 0], T[:, :1]), ValueError, r"reshape\(4,\)"),
        (
            lambda: ag.sigmoid_binary_cross_entropy(ag.tensor(X[:, :1]), T[:, 0]),
            ValueError,
            r"sigmoid_binary_cross_entropy of a .* of shape \(4, 1\).* shape \(4, 4\)",
        ),
    ],
)
def test_losses_of_invalid_arguments_raise(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    ("f", "number"),
    [
        *(
            (lambda x, t, f=f: f(x, t), 0.75)
            for f in (ag.mse_loss, ag.sigmoid_binary_cross_entropy)
        ),
        *((lambda x, t, f=f: f(t, x), 1) for f in (ag.mse_loss, ag.sigmoid_binary_cross_entropy)),
        (lambda x, t: ag.nll_loss(ag.log_softmax(x), t), 2),
        (lambda x, t: ag.linear(x, np.eye(3), t).sum(), 0.5),
    ],
)
def test_an_argument_may_be_a_number(f, number):
    assert ag.gradcheck(lambda x: f(x, number), RNG.normal(size=3), order=2)
    x = ag.tensor(RNG.normal(size=3))
    assert f(x, number).item() == f(x, np.array(number)).item()


@pytest.mark.parametrize("kind", [np.uint8, np.int64, bool])
@pytest.mark.parametrize("f", [ag.mse_loss, ag.sigmoid_binary_cross_entropy])
def test_integer_targets_do_not_widen_the_loss(f, kind):
    found = []
    for dtype in (kind, np.float32):
        x = ag.tensor([0.5, 2.0, -1.0], requires_grad=True, dtype=np.float32)
        y = f(x, np.array([1, 0, 1]).astype(dtype))
        assert y.dtype == np.float32
        found.append([y.data, ag.gradients(y, x).data])
    np.testing.assert_array_equal(found[0][1], found[1][1])
    assert found[0][0] == found[1][0]


@pytest.mark.parametrize("shapes", [((1,), (3,)), ((3,), (2, 3)), ((2, 1), (1, 3)), ((2, 3), ())])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("f", [ag.mse_loss, ag.sigmoid_binary_cross_entropy])
def test_losses_of_arguments_that_broadcast(f, shapes, reduction):
    x, t = (RNG.uniform(0.1, 0.9, shape) for shape in shapes)
    assert ag.gradcheck(lambda x, t: f(x, t, reduction=reduction), x, t, order=2)
