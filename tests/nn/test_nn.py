"""Layers, models and the training loop."""

import itertools

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import data, nn, optim

RNG = np.random.default_rng(0)
X = RNG.normal(size=(6, 3))


# ---- Linear -------------------------------------------------------------------------------------


def test_linear_is_x_w_plus_b():
    layer = nn.Linear(3, 2)
    layer.bias.data = [1.0, -1.0]
    np.testing.assert_allclose(layer(X).data, X @ layer.weight.data + layer.bias.data)


@pytest.mark.parametrize("shape", [(3,), (4, 3), (5, 4, 3)])
def test_linear_gradients_over_any_leading_axes(shape):
    layer = nn.Linear(3, 2)
    x = RNG.normal(size=shape)
    assert layer(x).shape == (*shape[:-1], 2)

    def by_hand(x, w, b):
        layer.weight, layer.bias = w, b
        return layer(x)

    assert ag.gradcheck(by_hand, x, layer.weight, layer.bias)


def test_linear_of_mismatched_lengths_names_them():
    for shape in [(4, 3), (3,), (2, 4, 3)]:
        with pytest.raises(ValueError, match=r"linear of .*'W1' \(float64, shape \(2, 5\)\)"):
            nn.Linear(2, 5, name="1")(np.ones(shape))


def test_linear_of_stacked_weights_is_right_or_raises():
    """Check that the rules of `linear` are right or raise if a stack of matrices broadcasts."""
    x, w = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 3, 3))
    t = ag.tensor(w, requires_grad=True)
    y = ag.linear(x, t, np.zeros(3))
    np.testing.assert_allclose(y.data, x @ w)
    g = RNG.normal(size=y.shape)
    y.backward(g)
    np.testing.assert_allclose(t.grad, x.T @ g)


def test_linear_parameters_are_named_leaves():
    weight, bias = nn.Linear(3, 2, name="7").parameters()
    assert (weight.name, bias.name) == ("W7", "b7")
    assert (weight.shape, bias.shape) == ((3, 2), (2,))
    assert weight.requires_grad
    assert bias.requires_grad
    assert nn.Linear(3, 2).weight.name == "weight"


def test_initial_weights_are_glorots():
    layer = nn.Linear(200, 100)
    limit = np.sqrt(6 / 300)
    w = layer.weight.data
    assert limit * 0.99 < np.abs(w).max() <= limit
    np.testing.assert_allclose(w.var(), 2 / 300, rtol=0.02)
    assert not layer.bias.data.any()


def test_seed_fixes_weights_and_generator_advances():
    generator = np.random.default_rng(5)
    first, second = (nn.Linear(3, 3, rng=generator).weight.data for _ in range(2))
    np.testing.assert_array_equal(first, nn.Linear(3, 3, rng=5).weight.data)
    assert (first != second).all()


def test_float32_model_has_float32_gradients():
    model = nn.MLP([3, 4, 2], dtype=np.float32)
    logits = model(X.astype(np.float32))
    assert logits.dtype == np.float32
    ag.softmax_cross_entropy(logits, [0, 1, 0, 1, 0, 1]).backward()
    assert {p.grad.dtype for p in model.parameters()} == {np.dtype(np.float32)}


@pytest.mark.parametrize("sizes", [(0, 2), (2, 0), (-1, 2)])
def test_linear_without_inputs_or_outputs_raises(sizes):
    with pytest.raises(ValueError, match="must be at least 1"):
        nn.Linear(*sizes)


def test_linear_without_a_bias_is_a_product():
    layer = nn.Linear(3, 2, bias=False)
    np.testing.assert_array_equal(layer(X).data, X @ layer.weight.data)
    assert layer.parameters() == [layer.weight]
    assert layer.bias is None
    assert repr(layer) == "Linear(3, 2, bias=False)"
    layer(X).sum().backward()
    np.testing.assert_allclose(layer.weight.grad, np.repeat(X.sum(axis=0)[:, None], 2, axis=1))
    assert str(ag.summary(layer, X)).count("weight (3, 2)") == 1


@pytest.mark.parametrize("sizes", [(2.0, 3), ("2", 3), (2, None), (True, 3)])
def test_linear_of_a_size_that_is_not_an_int_raises(sizes):
    with pytest.raises(TypeError, match="Linear: sizes must be ints"):
        nn.Linear(*sizes)


def test_linear_of_an_integer_dtype_raises():
    with pytest.raises(TypeError, match="cannot require a gradient"):
        nn.Linear(2, 2, dtype=int)


def test_wrong_number_of_features_names_layer_and_shapes():
    with pytest.raises(ValueError, match=r"\(6, 3\).*'W1' \(float64, shape \(2, 4\)\)"):
        nn.MLP([2, 4, 2])(X)


# ---- Sequential and MLP -------------------------------------------------------------------------


def test_sequential_applies_any_callables_in_order():
    model = nn.Sequential(np.exp, lambda x: x + 1, ag.relu, np.sqrt)
    np.testing.assert_allclose(model(X), np.sqrt(np.exp(X) + 1))
    assert model.parameters() == []
    assert nn.Sequential()(X) is X


@pytest.mark.parametrize("kind", [list, tuple])
def test_sequential_takes_one_list_of_layers(kind):
    layers = [nn.Linear(3, 2), np.tanh]
    model = nn.Sequential(kind(layers))
    assert repr(model) == repr(nn.Sequential(*layers)) == "Sequential(Linear(3, 2), tanh)"
    np.testing.assert_array_equal(model(X).data, np.tanh(layers[0](X).data))
    assert nn.Sequential([])(X) is X


def test_sequential_of_a_non_callable_raises():
    with pytest.raises(
        TypeError, match=r"Sequential: layer 1 must be callable, got .tanh.\. .* np\.tanh"
    ):
        nn.Sequential(nn.Linear(2, 2), "tanh")
    with pytest.raises(TypeError, match="layer 0 must be callable, got 3"):
        nn.Sequential([3])
    with pytest.raises(TypeError, match=r"layer 0 is the class Linear. .* Linear\(\.\.\.\)"):
        nn.Sequential(nn.Linear, np.tanh)


def test_shared_layer_in_nested_models_is_listed_once():
    shared = nn.Linear(3, 3)
    model = nn.Sequential(nn.Sequential(shared, np.tanh), shared, nn.Linear(3, 1, name="o"))
    names = ["layers.0.layers.0.weight", "layers.0.layers.0.bias", "Wo", "bo"]
    assert [p.name for p in model.parameters()] == names


def test_mlp_puts_activations_between_its_layers():
    model = nn.MLP([3, 5, 4, 2])
    w1, b1, w2, b2, w3, b3 = (p.data for p in model.parameters())
    expected = np.tanh(np.tanh(X @ w1 + b1) @ w2 + b2) @ w3 + b3
    np.testing.assert_allclose(model(X).data, expected)
    assert [p.name for p in model.parameters()] == ["W1", "b1", "W2", "b2", "W3", "b3"]


@pytest.mark.parametrize(
    "sizes", [(2, 16, 2), ([2, 16, 2],), ((2, 16, 2),), (2, [16, 2]), (np.array([2, 16, 2]),)]
)
def test_mlp_takes_sizes_in_every_spelling(sizes):
    expected, model = nn.MLP([2, 16, 2]), nn.MLP(*sizes)
    assert repr(model) == "MLP(Linear(2, 16), tanh, Linear(16, 2))"
    for p, q in zip(model.parameters(), expected.parameters(), strict=True):
        np.testing.assert_array_equal(p.data, q.data)
    assert repr(nn.MLP(sizes=[2, 16, 2])) == repr(model)


@pytest.mark.parametrize(
    ("name", "f"),
    [("tanh", np.tanh), ("relu", ag.relu), ("ReLU", ag.relu), ("sigmoid", ag.sigmoid),
     ("softplus", ag.softplus), ("gelu", ag.gelu)],
)  # fmt: skip
def test_mlp_activation_by_name_is_the_function(name, f):
    named, direct = nn.MLP(3, 4, 2, activation=name), nn.MLP(3, 4, 2, activation=f)
    np.testing.assert_array_equal(named(X).data, direct(X).data)


@pytest.mark.parametrize(
    ("arguments", "keywords", "error", "text"),
    [
        ((2, 8, np.tanh), {}, TypeError, r"sizes must be ints.* activation=\.\.\."),
        (([2, 8, 2], np.tanh), {}, TypeError, r"sizes must be ints.* activation=\.\.\."),
        ((2.0, 8, 2), {}, TypeError, r"sizes must be ints, got 2\.0"),
        (("2, 8, 2",), {}, TypeError, "sizes must be ints, got '2'"),
        ((2, True), {}, TypeError, "sizes must be ints, got True"),
        ((2,), {}, ValueError, "expected the sizes of inputs and outputs"),
        ((2, 8, 2), {"activation": "swish"}, ValueError, "unknown activation 'swish'.* tanh, relu"),
        ((2, 8, 2), {"activation": None}, TypeError, "must be a function such as np.tanh"),
        ((2, 2), {"activation": int}, TypeError, "must be a function such as np.tanh"),
    ],
)
def test_mlp_with_a_wrong_argument_names_the_fix(arguments, keywords, error, text):
    with pytest.raises(error, match=text):
        nn.MLP(*arguments, **keywords)


def test_mlp_with_relu_has_larger_initial_weights():
    tanh, relu = (nn.MLP([3, 4], activation=f).layers[0].weight for f in (np.tanh, ag.relu))
    np.testing.assert_allclose(relu.data, np.sqrt(2) * tanh.data)
    assert nn.MLP([3, 4], activation=ag.relu, dtype=np.float32).layers[0].weight.dtype == "f4"


@pytest.mark.parametrize("sizes", [[], [2]])
def test_mlp_of_fewer_than_two_sizes_raises(sizes):
    with pytest.raises(ValueError, match="expected the sizes of inputs and outputs"):
        nn.MLP(sizes)


def halve(x):
    return x / 2


@pytest.mark.parametrize(
    ("model", "text"),
    [
        (nn.MLP([2, 3, 1]), "MLP(Linear(2, 3), tanh, Linear(3, 1))"),
        (nn.MLP([2, 3, 1], activation=ag.relu), "MLP(Linear(2, 3), relu, Linear(3, 1))"),
        (nn.Sequential(halve, nn.MLP([1, 1])), "Sequential(halve, MLP(Linear(1, 1)))"),
        (nn.Sequential(), "Sequential()"),
    ],
)
def test_repr_shows_the_layers(model, text):
    assert repr(model) == text


def test_gradients_of_an_mlp():
    model = nn.MLP([3, 4, 2])

    def loss(*parameters):
        first, _, last = model.layers
        first.weight, first.bias, last.weight, last.bias = parameters
        return ag.softmax_cross_entropy(model(X), [0, 1, 1, 0, 1, 0])

    assert ag.gradcheck(loss, *model.parameters())


# ---- train --------------------------------------------------------------------------------------


def moons_training(**changes):
    x, labels = data.moons(60)
    model = nn.MLP([2, 8, 2])
    optimizer = optim.SGD(model.parameters(), lr=0.5)
    settings = {"epochs": 5, "batch_size": 16, **changes}
    return model, nn.training_epochs(model, x, labels, optimizer, **settings)


def test_training_lowers_the_loss_and_counts_epochs_from_1():
    _, training = moons_training(epochs=30)
    epochs, losses = zip(*training)
    assert epochs == tuple(range(1, 31))
    assert all(type(loss) is float for loss in losses)
    assert losses[-1] < losses[0] / 2


def test_train_trains_when_called_and_returns_the_losses():
    model, training = moons_training(epochs=4)
    x, labels = data.moons(60)
    other = nn.MLP([2, 8, 2])
    optimizer = optim.SGD(other.parameters(), lr=0.5)
    losses = nn.train(other, x, labels, optimizer, epochs=4, batch_size=16)
    assert losses == [loss for _, loss in training]
    for p, q in zip(model.parameters(), other.parameters()):
        np.testing.assert_array_equal(p.data, q.data)


def test_training_epochs_are_lazy_and_can_stop_early():
    model, training = moons_training(epochs=10**9)
    before = model.layers[0].weight.numpy()
    np.testing.assert_array_equal(model.layers[0].weight.data, before)
    assert [epoch for epoch, _ in itertools.islice(training, 3)] == [1, 2, 3]
    assert (model.layers[0].weight.data != before).any()


def test_a_full_batch_is_gradient_descent():
    model, training = moons_training(batch_size=None, epochs=4)
    by_hand = nn.MLP([2, 8, 2])
    x, labels = data.moons(60)
    for _, loss in training:
        expected = ag.softmax_cross_entropy(by_hand(x), labels)
        for p in by_hand.parameters():
            p.zero_grad()
        expected.backward()
        for p in by_hand.parameters():
            p.data -= 0.5 * p.grad
        np.testing.assert_allclose(loss, expected.item(), rtol=1e-12)
    for p, q in zip(model.parameters(), by_hand.parameters()):
        np.testing.assert_allclose(p.data, q.data, rtol=1e-9, atol=1e-12)


def recorded_batches(batch_size, n=10, epochs=2):
    """Return the examples of each step."""
    seen = []
    w = ag.tensor(0.0, requires_grad=True)

    def model(x):
        seen.append(x[:, 0].astype(int).tolist())
        return w * x

    def loss(y, labels):
        np.testing.assert_array_equal(labels, seen[-1])  # each example with its label
        return y.mean()

    x = np.arange(n)[:, None].astype(float)
    optimizer = optim.SGD([w], lr=1.0)
    nn.train(model, x, np.arange(n), optimizer, epochs=epochs, batch_size=batch_size, loss=loss)
    return seen


@pytest.mark.parametrize(
    ("batch_size", "lengths"), [(None, [10]), (4, [4, 4, 2]), (5, [5, 5]), (99, [10])]
)
def test_epoch_uses_each_example_once_in_a_new_order(batch_size, lengths):
    batches = recorded_batches(batch_size)
    assert [len(b) for b in batches] == lengths * 2
    half = len(lengths)
    first, second = (list(itertools.chain(*b)) for b in (batches[:half], batches[half:]))
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second != sorted(second)


def test_loss_of_an_epoch_is_the_mean_over_examples():
    x = np.array([[0.0], [0.0], [0.0], [3.0]])
    w = ag.tensor(1.0, requires_grad=True)
    training = nn.train(
        lambda x: w * x, x, np.zeros(4), optim.SGD([w], lr=1e-300), epochs=1, batch_size=3,
        loss=lambda y, labels: y.mean(),
    )  # fmt: skip
    assert training == [0.75]


def test_training_depends_only_on_its_seeds():
    results = []
    for seed in (1, 1, 2):
        model, training = moons_training(rng=seed)
        losses = [loss for _, loss in training]
        results.append([*losses, *model.layers[0].weight.data.ravel()])
    assert results[0] == results[1]
    assert results[0] != results[2]


def test_targets_may_be_weights():
    x, labels = data.moons(60)
    losses = []
    for targets in (labels, np.eye(2)[labels]):
        model = nn.MLP([2, 8, 2])
        optimizer = optim.Adam(model.parameters())
        losses.append(nn.train(model, x, targets, optimizer, epochs=3))
    np.testing.assert_allclose(*losses, rtol=1e-12)


UNEVEN = r"x has shape \(4, 2\), labels have shape \(3,\)\..* one label"


@pytest.mark.parametrize(
    ("x", "labels", "settings", "text"),
    [
        (np.zeros((4, 2)), [0, 1, 0], {}, UNEVEN),
        (np.zeros((0, 2)), [], {}, "at least one example"),
        (1.0, 1, {}, "labels have shape"),
        (np.zeros((4, 2)), [0] * 4, {"batch_size": 0}, "batch_size must be at least 1, got 0"),
        (np.zeros((4, 2)), [0] * 4, {"batch_size": -3}, "batch_size.*-3"),
        (np.zeros((4, 2)), [0] * 4, {"epochs": 0}, "epochs.*got 0"),
    ],
)
@pytest.mark.parametrize("train", [nn.train, nn.training_epochs])
def test_train_with_bad_arguments_raises_at_the_call(x, labels, settings, text, train):
    model = nn.MLP([2, 2])
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(ValueError, match=text):
        train(model, x, labels, optimizer, **{"epochs": 1, **settings})


@pytest.mark.parametrize("optimizer", [optim.Adam, 0.1, None])
def test_train_without_an_optimiser_raises(optimizer):
    with pytest.raises(TypeError, match=r"expected an optimiser, got .* optim\.Adam\(model\.param"):
        nn.train(nn.MLP([2, 2]), np.zeros((4, 2)), [0] * 4, optimizer, 3)


# ---- fused and unfused --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make", [lambda p: optim.SGD(p, lr=0.1, momentum=0.9), lambda p: optim.Adam(p, lr=0.01)]
)
def test_training_on_the_graph_reaches_the_same_weights(make):
    x, labels = data.moons(200)
    trained = []
    for loss in (ag.softmax_cross_entropy, ag.cross_entropy):
        model = nn.MLP([2, 16, 16, 2])
        optimizer = make(model.parameters())
        nn.train(model, x, labels, optimizer, epochs=20, batch_size=20, loss=loss)
        trained.append(model.parameters())
    for fused, unfused in zip(*trained):
        np.testing.assert_allclose(unfused.data, fused.data, rtol=1e-9, atol=1e-10)


# ---- accuracy -----------------------------------------------------------------------------------


def test_accuracy_counts_the_largest_outputs():
    logits = np.array([[2.0, 1.0, 0.0], [0.0, 1.0, 2.0], [0.0, 3.0, 1.0], [1.0, 0.0, 0.0]])
    result = nn.accuracy(lambda x: ag.tensor(x, requires_grad=True) * 2, logits, [0, 2, 1, 1])
    assert result == 0.75
    assert type(result) is float


def test_accuracy_records_nothing():
    model = nn.MLP([3, 2])
    outputs = []

    def watched(x):
        outputs.append(model(x))
        return outputs[0]

    nn.accuracy(watched, X, [0] * 6)
    assert not outputs[0].requires_grad


def test_accuracy_of_too_few_labels_raises():
    with pytest.raises(ValueError, match="one label for each"):
        nn.accuracy(nn.MLP([3, 2]), X, [0, 1])


def test_accuracy_of_labels_in_another_shape_raises():
    with pytest.raises(ValueError, match="class of each example as one int"):
        nn.accuracy(lambda x: x, np.eye(3), [[0], [1], [2]])


@pytest.mark.parametrize(
    ("scores", "label", "expected"),
    [([1, 1, 0], 0, 1.0), ([1, 1, 0], 1, 0.0), ([0, 2, 2], 2, 0.0), ([0, 2, 2], 1, 1.0),
     ([3, 3, 3], 0, 1.0), ([3, 3, 3], 2, 0.0)],
)  # fmt: skip
def test_accuracy_predicts_the_first_of_tied_classes(scores, label, expected):
    """Check that tied scores give one prediction, so a constant model is right for one class."""
    assert nn.accuracy(lambda x: x, np.array([scores], float), [label]) == expected


def test_sequential_gives_its_layers_by_their_place():
    model = nn.Sequential(nn.Linear(2, 3), np.tanh)
    assert model[0] is model.layers[0]
    assert model[-1] is np.tanh
    assert len(model) == 2
    assert list(model) == list(model.layers)
    with pytest.raises(IndexError):
        model[2]


def test_accuracy_does_not_change_the_model():
    rng = np.random.default_rng(0)
    model = nn.Sequential(nn.BatchNorm1d(3), nn.Dropout(0.9, rng=rng), nn.Linear(3, 2))
    model.layers[2].eval()  # a frozen part stays in evaluation mode
    modes = [m.training for m in model.modules()]

    def state():
        return {**model.state_dict(), "rng": np.array(str(rng.bit_generator.state))}

    before = state()
    for x, labels in [(X, [0] * 6), (X[:1], [1])]:
        expected = nn.accuracy(lambda x: x, model.eval()(x).data, labels)
        for module, mode in zip(model.modules(), modes):
            module.training = mode
        assert nn.accuracy(model, x, labels) == expected
        assert [m.training for m in model.modules()] == modes
    with pytest.raises(ValueError, match="BatchNorm1d"):
        nn.accuracy(model, X[:, :2], [0] * 6)
    assert [m.training for m in model.modules()] == modes
    assert all(np.array_equal(a, b) for a, b in zip(before.values(), state().values()))
