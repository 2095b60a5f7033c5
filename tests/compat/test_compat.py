"""Programs of other libraries, each run twice: by the library it was written for, and by ours with
its import changed. A program is a function of the module that it would import."""

import random

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.compat import micrograd as our_micrograd
from autograd_mini.compat import torch as our_torch


def numbers(x):
    """Whatever a program gives, as one row of numbers."""
    if isinstance(x, (list, tuple)):
        return np.concatenate([numbers(one) for one in x]) if x else np.zeros(0)
    if hasattr(x, "detach"):
        x = x.detach().numpy()
    return np.ravel(np.asarray(x, float))


# ---- micrograd -----------------------------------------------------------------------------------


@pytest.fixture
def their_micrograd():
    engine = pytest.importorskip("micrograd.engine")
    nn = pytest.importorskip("micrograd.nn")
    engine.MLP, engine.Neuron, engine.Layer = nn.MLP, nn.Neuron, nn.Layer
    return engine


def readme(m):
    a, b = m.Value(-4.0), m.Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    g.backward()
    assert [f"{g.data:.4f}", f"{a.grad:.4f}", f"{b.grad:.4f}"] == [
        "24.7041",
        "138.8338",
        "645.5773",
    ]
    return float(g.data), float(a.grad), float(b.grad)


def every_operator(m):
    x, y = m.Value(1.5), m.Value(-0.5)
    z = -x + 2 - (3 - y) * 2 * x / 4 + 1 / x + x / y + x**-2 + sum([x, y, x]) + 1 * y - y
    z.backward()
    return float(z.data), float(x.grad), float(y.grad)


def unused_and_set_anew(m):
    x, unused = m.Value(3), m.Value(2.0)
    assert unused.grad == 0
    (x * x).backward()
    first = float(x.grad)
    x.grad = 0
    x.data += 1.0
    (x * x).backward()
    return first, float(x.grad), float(unused.grad)


def a_neuron(m):
    random.seed(3)
    neuron = m.Neuron(3)
    out = neuron([m.Value(1.0), m.Value(-2.0), m.Value(0.5)])
    out.backward()
    return float(out.data), *(float(p.grad) for p in neuron.parameters())


def moons_demo(m, steps=3, count=20):
    """micrograd's demo: an SVM's max-margin loss with L2, on two moons, each number by itself."""
    x, labels = ag.data.moons(count, noise=0.1)
    y = labels * 2 - 1
    random.seed(1337)
    model = m.MLP(2, [8, 8, 1])
    assert len(model.parameters()) == 3 * 8 + 9 * 8 + 9

    def loss():
        inputs = [list(map(m.Value, row)) for row in x]
        scores = list(map(model, inputs))
        losses = [(1 + -float(yi) * s).relu() for yi, s in zip(y, scores)]
        data_loss = sum(losses) * (1.0 / len(losses))
        reg_loss = 1e-4 * sum(p * p for p in model.parameters())
        accuracy = [(yi > 0) == (s.data > 0) for yi, s in zip(y, scores)]
        return data_loss + reg_loss, sum(accuracy) / len(accuracy)

    found = []
    for k in range(steps):
        total, accuracy = loss()
        model.zero_grad()
        total.backward()
        learning_rate = 1.0 - 0.9 * k / 100
        for p in model.parameters():
            p.data -= learning_rate * p.grad
        found += [float(total.data), float(accuracy)]
    return found, [float(p.data) for p in model.parameters()]


@pytest.mark.parametrize(
    "program", [readme, every_operator, unused_and_set_anew, a_neuron, moons_demo]
)
def test_micrograd_programs(program, request):
    ours = numbers(program(our_micrograd))  # runs also where micrograd is not installed
    theirs = program(request.getfixturevalue("their_micrograd"))
    np.testing.assert_allclose(ours, numbers(theirs), rtol=1e-9)


def test_networks_of_neurons_are_written_as_micrograd_writes_them(their_micrograd):
    assert repr(our_micrograd.MLP(2, [3, 1])) == repr(their_micrograd.MLP(2, [3, 1]))


def test_backward_twice_is_twice_the_gradient_which_it_is_not_in_micrograd(their_micrograd):
    def twice(m):
        x = m.Value(2.0)
        y = (x * x) * (x * x)
        y.backward()
        y.backward()
        return float(x.grad)

    assert twice(our_micrograd) == 2 * 32
    assert twice(their_micrograd) != 2 * 32


def test_a_chain_of_ten_thousand_is_no_deeper_than_one_of_ten(their_micrograd):
    def chain(m):
        x = m.Value(1.0)
        y = x
        for _ in range(10_000):
            y = y + 0.0
        y.backward()
        return float(x.grad)

    assert chain(our_micrograd) == 1.0
    with pytest.raises(RecursionError):
        chain(their_micrograd)


def test_a_value_is_one_number():
    with pytest.raises(TypeError):
        our_micrograd.Value([1.0, 2.0])
    assert our_micrograd.Value(1, label="a").name == "a"
    with pytest.raises(ValueError, match="shorter"):
        our_micrograd.Neuron(2)([1.0])


# ---- PyTorch -------------------------------------------------------------------------------------


@pytest.fixture
def their_torch():
    torch = pytest.importorskip("torch")
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield torch
    torch.set_default_dtype(before)


W = np.random.default_rng(0).normal(size=(4, 3))
X = np.random.default_rng(1).normal(size=(6, 3))
Y = np.array([0, 2, 1, 1, 3, 0])


def a_cotangent(torch):
    a = torch.tensor([2.0, 3.0], requires_grad=True)
    b = torch.tensor([6.0, 4.0], requires_grad=True)
    q = 3 * a**3 - b**2
    q.backward(gradient=torch.tensor([1.0, 0.5]))
    return a.grad, b.grad


def a_logistic_unit(torch):
    x = torch.ones(5)
    y = torch.zeros(3)
    w = torch.tensor(np.arange(15.0).reshape(5, 3) / 10, requires_grad=True)
    b = torch.tensor([0.1, -0.2, 0.3], requires_grad=True)
    z = torch.matmul(x, w) + b
    loss = torch.nn.functional.binary_cross_entropy_with_logits(z, y)
    loss.backward()
    with torch.no_grad():
        assert not (torch.matmul(x, w) + b).requires_grad
    assert not z.detach().requires_grad
    return loss.item(), w.grad, b.grad


def a_polynomial_by_hand(torch):
    x = torch.linspace(-torch.pi, torch.pi, 200)
    y = torch.sin(x)
    a = torch.tensor(0.1, requires_grad=True)
    b = torch.tensor(0.2, requires_grad=True)
    c = torch.tensor(-0.1, requires_grad=True)
    learning_rate = 1e-5
    losses = []
    for _ in range(5):
        loss = torch.sum((a + b * x + c * x**3 - y) ** 2)
        losses.append(loss.item())
        loss.backward()
        with torch.no_grad():
            a -= learning_rate * a.grad
            b -= learning_rate * b.grad
            c -= learning_rate * c.grad
            a.grad = None
            b.grad = None
            c.grad = None
    return losses, a.item(), b.item(), c.item()


def a_loop_over_parameters(torch):
    model = torch.nn.Sequential(torch.nn.Linear(3, 1), torch.nn.Flatten(0, 1))
    model[0].weight.data = torch.tensor(W[:1])
    model[0].bias.data = torch.tensor([0.5])
    loss_fn = torch.nn.MSELoss(reduction="sum")
    y = torch.tensor(X[:, 0])
    for _ in range(4):
        loss = loss_fn(model(torch.tensor(X)), y)
        model.zero_grad()
        loss.backward()
        with torch.no_grad():
            for param in model.parameters():
                param -= 1e-2 * param.grad
    return loss.item(), list(model.parameters())


def a_module_of_ones_own(torch):
    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.hidden = torch.nn.Linear(3, 5)
            self.out = torch.nn.Linear(5, 4, bias=False)
            self.scale = torch.nn.Parameter(torch.tensor(0.7))
            self.layers_tried = 0

        def forward(self, x):
            self.layers_tried += 1
            return self.out(torch.tanh(self.hidden(x))) * self.scale

    net = Net()
    names = sorted(name for name, _ in net.named_parameters())
    assert names == ["hidden.bias", "hidden.weight", "out.weight", "scale"]
    rng = np.random.default_rng(2)
    for _, p in sorted(net.named_parameters()):
        p.data = torch.tensor(rng.normal(size=tuple(p.shape)))
    optimizer = torch.optim.Adam(net.parameters(), lr=0.05)
    loss_fn = torch.nn.CrossEntropyLoss(label_smoothing=0.1)
    losses = []
    net.train()
    for _ in range(5):
        optimizer.zero_grad()
        loss = loss_fn(net(torch.tensor(X)), torch.tensor(Y))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    net.eval()
    with torch.no_grad():
        predicted = torch.argmax(net(torch.tensor(X)), dim=1)
    assert net.layers_tried == 6
    return losses, predicted, [p for _, p in sorted(net.named_parameters())]


def momentum(torch):
    w = torch.tensor([1.0, -2.0], requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1, momentum=0.9)
    for _ in range(3):
        optimizer.zero_grad()
        torch.sum(w**4).backward()
        optimizer.step()
    return w


def derivatives_of_derivatives(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (first,) = torch.autograd.grad(torch.sum(x**3 * torch.exp(x)), x, create_graph=True)
    (second,) = torch.autograd.grad(torch.sum(first), x)
    assert not second.requires_grad
    return first, second


def leaves(torch):
    made = [
        torch.zeros(2, 3),
        torch.ones((2,)),
        torch.full((2, 2), 7.0),
        torch.eye(2),
        torch.arange(0.0, 1.0, 0.25),
        torch.zeros_like(torch.ones(3)),
        torch.ones_like(torch.zeros(2)),
        torch.from_numpy(np.array([1.0, 2.0])),
        torch.nn.functional.one_hot(torch.tensor([0, 2]), num_classes=4),
    ]
    assert torch.ones(2, requires_grad=True).requires_grad
    return made, [list(t.shape) for t in made]


@pytest.mark.parametrize(
    "program",
    [
        a_cotangent,
        a_logistic_unit,
        a_polynomial_by_hand,
        a_loop_over_parameters,
        a_module_of_ones_own,
        momentum,
        derivatives_of_derivatives,
        leaves,
    ],
)
def test_pytorch_programs(program, request):
    ours = numbers(program(our_torch))  # runs also where PyTorch is not installed
    theirs = program(request.getfixturevalue("their_torch"))
    np.testing.assert_allclose(ours, numbers(theirs), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        *(
            f"torch.{f}(x)"
            for f in [
                "exp",
                "sin",
                "cos",
                "tanh",
                "square",
                "expm1",
                "sigmoid",
                "relu",
                "sinh",
                "neg",
                "abs",
            ]
        ),
        *(f"torch.{f}(torch.exp(x))" for f in ("log", "sqrt", "log1p", "log2", "log10")),
        *(
            f"torch.{f}(x, dim=1)"
            for f in ["sum", "mean", "prod", "amax", "amin", "logsumexp", "softmax"]
        ),
        *(f"torch.{f}(x, dim=0, keepdim=True)" for f in ["sum", "mean", "amax", "logsumexp"]),
        "torch.cumsum(x, dim=0)",
        "torch.log_softmax(x, dim=0)",
        "torch.clamp(x, -0.5, 0.5)",
        "torch.clamp(x, min=0.1)",
        "torch.linspace(0, 1, steps=18).reshape(6, 3) * x",
        "torch.pow(x, 3)",
        "torch.where(x > 0, x, 0.1 * x)",
        "torch.maximum(x, 2 * x + 1)",
        "torch.cat([x, x * 2], dim=1)",
        "torch.stack([x, x], dim=1)",
        "torch.unsqueeze(x, 1)",
        "torch.squeeze(torch.unsqueeze(x, dim=0), dim=0)",
        "torch.reshape(x, (2, 9))",
        "torch.flatten(torch.unsqueeze(x, 0), 1)",
        "torch.transpose(x, 0, 1)",
        "torch.permute(torch.unsqueeze(x, 0), (2, 0, 1))",
        "torch.mm(x, torch.transpose(x, 0, 1))",
        "torch.einsum('ij,kj->ik', x, x)",
        "torch.outer(x[0], x[1])",
        "torch.dot(x[0], x[1])",
        "x @ x.T",
        "x[1:, ::2]",
        "F.softplus(x)",
        "F.gelu(x, approximate='tanh')",
        "F.mse_loss(x, 2 * x + 1)",
        "F.nll_loss(F.log_softmax(x, dim=1), torch.tensor([0, 2, 1, 1, 2, 0]))",
        "F.cross_entropy(x, torch.tensor([0, 2, 1, -100, 2, 0]))",
        "F.cross_entropy(x, torch.tensor([0, 2, 1, 1, 2, 0]), reduction='none')",
        "F.cross_entropy(x, F.softmax(2 * x, dim=1))",
        "F.cross_entropy(x[0], torch.tensor(2))",
        "F.cross_entropy(torch.reshape(x, (2, 3, 3)), torch.tensor([[0, 1, 2], [2, 1, 0]]))",
        "F.linear(x, x[:2], x[0, :2])",
        "torch.nn.Softmax(dim=1)(x)",
        "torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Tanh(), torch.nn.Sigmoid())(x)",
        "torch.nn.BCEWithLogitsLoss(reduction='sum')(x, torch.ones(6, 3))",
        "torch.nn.Flatten()(torch.reshape(x, (3, 2, 3)))",
    ],
)
def test_values_and_gradients_of_pytorch_functions(text, request):
    def both(torch):
        x = torch.tensor(X, requires_grad=True)
        y = eval(text, {"torch": torch, "F": torch.nn.functional, "x": x})
        w = np.linspace(-1, 2, y.size if isinstance(y, ag.Tensor) else y.numel())
        torch.sum(y * torch.tensor(w.reshape(tuple(y.shape)))).backward()
        return y, x.grad

    found = both(our_torch)
    for ours, theirs in zip(found, both(request.getfixturevalue("their_torch"))):
        assert tuple(ours.shape) == tuple(theirs.shape)
        np.testing.assert_allclose(numbers(ours), numbers(theirs), rtol=1e-9, atol=1e-12)


def test_a_seed_gives_the_same_numbers_again():
    def draw():
        our_torch.manual_seed(3)
        layer = our_torch.nn.Linear(3, 2)
        return our_torch.randn(2, 2), our_torch.rand(3), our_torch.randperm(5), layer.weight

    assert numbers(draw()).tolist() == numbers(draw()).tolist()
    assert our_torch.randn(()).shape == ()
    assert our_torch.randn((2, 3), requires_grad=True).requires_grad
    assert sorted(our_torch.randperm(4).tolist()) == [0, 1, 2, 3]
    assert our_torch.zeros(2, dtype=our_torch.float32).dtype == np.float32


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("torch.max(torch.ones(2))", r"torch.max is not carried over. Instead, use torch.amax"),
        ("torch.std", r"np.std\(x, axis, ddof=1\)"),
        ("torch.save", "np.savez"),
        ("torch.cuda.is_available()", "all arrays are NumPy's"),
        ("torch.arctanh", "np.arctanh is near"),
        ("torch.bmm", "NumPy, whose functions take tensors"),
        ("torch.nn.functional.gelu(torch.ones(2))", 'write gelu.x, approximate="tanh".'),
        ("torch.nn.Module()(1)", "Module has no forward"),
        ("torch.ones(2).view(1, 2)", "no attribute 'view'"),
        ("torch.ones(2).sum(dim=0)", "unexpected keyword argument 'dim'"),
        (
            "torch.sum(torch.ones(2, requires_grad=True)).backward(retain_graph=True)",
            "retain_graph",
        ),
    ],
)
def test_what_is_not_carried_over_is_refused(text, instead):
    with pytest.raises((AttributeError, NotImplementedError, TypeError), match=instead):
        eval(text, {"torch": our_torch})


def test_no_name_is_looked_for_twice_by_python_itself():
    assert not hasattr(our_torch, "__wrapped__")


@pytest.mark.parametrize("room", [our_torch, our_torch.nn, our_torch.nn.functional, our_micrograd])
def test_every_public_name_of_theirs_is_documented(room):
    for name, x in vars(room).items():
        if name[0] != "_" and str(getattr(x, "__module__", "")).startswith(
            ("autograd_mini", "numpy")
        ):
            assert x.__doc__, name


def test_a_parameter_that_two_modules_share_comes_once():
    layer = our_torch.nn.Linear(2, 2)
    model = our_torch.nn.Sequential(layer, layer)
    assert [name for name, _ in model.named_parameters()] == ["0.weight", "0.bias"]
    assert len(model) == 2
    model.eval()
    assert not layer.training


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
    "reshape": "(2, 9)",
    "take": "(torch.tensor([4, 2]))",
}
#: attributes that are compared by the programs above, or are loud: a size that is not called
NOT_CALLED = {"backward", "dtype", "grad", "name", "retain_grad", "size"}


def test_methods_of_the_same_name_mean_the_same_but_for_five(their_torch):
    names = {n for n in set(dir(their_torch.Tensor)) & set(dir(ag.Tensor)) if n[0] != "_"}
    assert names - NOT_CALLED == set(SHARED)

    def call(torch, name):
        x = torch.tensor(np.abs(X), requires_grad=True)
        text = SHARED[name] if SHARED[name].startswith("[") else f".{name}{SHARED[name]}"
        if name == "numpy":
            text = ".detach().numpy()"
        found = eval(f"x{text}", {"x": x, "torch": torch})
        return np.shape(found) if isinstance(found, tuple) else tuple(np.shape(found)), found

    different = set()
    for name in names - NOT_CALLED:
        (our_shape, ours), (their_shape, theirs) = call(our_torch, name), call(their_torch, name)
        if our_shape != their_shape or not np.allclose(numbers(ours), numbers(theirs)):
            different.add(name)
    assert different == {"transpose", "std", "var", "repeat", "nonzero"}


# ---- `-=` on a leaf, inside of no_grad -----------------------------------------------------------


def test_a_leaf_is_changed_in_place_inside_of_no_grad_only():
    w = ag.tensor([1.0, 2.0], requires_grad=True)
    same, array = w, w.data
    y = (w * w).sum()
    with ag.no_grad():
        w += 1.0
        w -= np.array([0.5, 0.0])
        w *= 2.0
        w /= ag.tensor([1.0, 3.0])
    assert w is same
    assert w.requires_grad
    assert w.data.tolist() == [3.0, 2.0]
    assert array.tolist() == [1.0, 2.0]
    with pytest.raises(RuntimeError, match="was given new data after"):
        y.backward()
    outside = w
    outside -= 1.0
    assert outside is not w
    assert outside.op.name == "sub"


def test_what_is_no_parameter_is_bound_anew_inside_of_no_grad():
    w = ag.tensor([1.0, 2.0], requires_grad=True)
    record = w * 2
    constant = ag.tensor([1.0, 2.0])
    with ag.no_grad():
        a, b = record, constant
        a += 1.0
        b += 1.0
    assert a is not record
    assert b is not constant
    assert constant.data.tolist() == [1.0, 2.0]
    assert record.data.tolist() == [2.0, 4.0]


def test_a_step_of_another_shape_changes_nothing():
    w = ag.tensor([1.0, 2.0], requires_grad=True)
    with ag.no_grad(), pytest.raises(ValueError, match="new data of shape"):
        w -= np.ones((3, 2))
    assert w.data.tolist() == [1.0, 2.0]
    half = ag.tensor(np.float32(1.0), requires_grad=True)
    with ag.no_grad():
        half -= 0.25
    assert half.dtype == np.float32


# ---- HIPS autograd -------------------------------------------------------------------------------


@pytest.fixture
def their_autograd():
    autograd = pytest.importorskip("autograd")
    return autograd, pytest.importorskip("autograd.numpy")


def tanh_and_its_derivatives(autograd, np):
    def tanh(x):
        y = np.exp(-2.0 * x)
        return (1.0 - y) / (1.0 + y)

    x = np.linspace(-3, 3, 7)
    found, f = [autograd.grad(tanh)(1.0)], tanh
    for _ in range(4):
        f = autograd.elementwise_grad(f)
        found.append(f(x))
    return found


def a_taylor_series(autograd, np):
    def sine(x):
        ans = term = x
        i = 0
        while np.abs(term) > 0.001:
            term = -term * x**2 / ((2 * i + 3) * (2 * i + 2))
            ans = ans + term
            i += 1
        return ans

    return autograd.grad(sine)(2.0), autograd.value_and_grad(sine)(1.0)


def logistic_regression(autograd, np):
    inputs = np.array([[0.52, 1.12, 0.77], [0.88, -1.08, 0.15], [0.52, 0.06, -1.3]])
    targets = np.array([True, True, False])

    def training_loss(weights):
        preds = 0.5 * (np.tanh(np.dot(inputs, weights) / 2.0) + 1)
        label_probabilities = preds * targets + (1 - preds) * (1 - targets)
        return -np.sum(np.log(label_probabilities))

    gradient = autograd.grad(training_loss)
    weights = np.array([0.0, 0.0, 0.0])
    for _ in range(20):
        weights -= gradient(weights) * 0.1
    return weights, training_loss(weights)


def jacobians_and_hessians(autograd, np):
    def f(x):
        return np.stack([np.sum(x**2), x[0] * np.sin(x[1]), np.exp(x[2])])

    x = np.array([0.5, -1.0, 0.3])
    return autograd.jacobian(f)(x), autograd.hessian(lambda x: np.prod(f(x)))(x)


def a_second_argument(autograd, np):
    def f(a, b):
        return np.sum(a * b**2)

    return autograd.grad(f, 1)(np.ones(2), np.array([3.0, 4.0]))


@pytest.mark.parametrize(
    "program",
    [
        tanh_and_its_derivatives,
        a_taylor_series,
        logistic_regression,
        jacobians_and_hessians,
        a_second_argument,
    ],
)
def test_autograd_programs(their_autograd, program):
    np.testing.assert_allclose(
        numbers(program(ag, np)), numbers(program(*their_autograd)), rtol=1e-9, atol=1e-12
    )


def test_arrays_are_written_in_place_where_no_derivative_is_lost():
    w = np.array([1.0, 2.0])
    w -= ag.tensor([0.5, 0.5])
    np.multiply(w, ag.tensor(2.0), out=w)
    assert w.tolist() == [1.0, 3.0]
    with pytest.raises(TypeError, match="out= and in-place"):
        w -= ag.tensor([0.5, 0.5], requires_grad=True)
    with pytest.raises(TypeError, match="out= and in-place"):
        np.add(w, 1.0, out=ag.tensor([0.0, 0.0]))
    assert w.tolist() == [1.0, 3.0]
