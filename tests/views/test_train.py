"""What the Train panel of a page gets: its parameters, and what it draws."""

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import data, nn
from autograd_mini.views.page.train import learned, parameters, picture

X, LABELS = data.moons(20, rng=0)
ONE_HOT = np.eye(2)[LABELS]
LINE = np.linspace(-1, 1, 20)[:, None]
ROWS = np.arange(20)


def network(inputs=2, outputs=2):
    return nn.MLP([inputs, 4, outputs], rng=0)


def leaf(x, name=None):
    return ag.tensor(x, requires_grad=True, name=name)


def softmax(z):
    e = np.exp(z - np.max(z, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)


def binary_entropy(p):
    return -np.mean(LABELS * np.log(p) + (1 - LABELS) * np.log(1 - p))


def line():
    w, b = leaf(1.0, "w"), leaf(0.0, "b")
    return np.mean((w * LINE[:, 0] + b - 2 * LINE[:, 0]) ** 2) + 0.1 * w**2, [w, b]


def names(tensors):
    return [t.name for t in tensors]


# ---- parameters ----------------------------------------------------------------------------------


def test_parameters_of_a_model_are_found():
    model = network()
    loss = ag.softmax_cross_entropy(model(leaf(X, "x")), LABELS)
    assert parameters(loss.tape(), train=True) == model.parameters()
    assert names(parameters(loss.tape(), train=True)) == ["W1", "b1", "W2", "b2"]


def test_parameters_without_a_bias_are_found():
    layer = nn.Linear(2, 3, bias=False, name="_q")
    loss = np.sum(layer(leaf(X, "x")) ** 2)
    assert names(parameters(loss.tape(), train=True)) == ["W_q"]


@pytest.mark.parametrize("train", [False, []])
def test_train_of_nothing_has_no_panel(train):
    page = ag.explore(ag.softmax_cross_entropy(network()(X), LABELS), train=train)
    assert "training" not in page.data
    assert "update" not in [step["phase"] for step in page.data["tapes"][0]["steps"]]


def test_train_without_layers_finds_nothing():
    loss, _ = line()
    assert "training" not in ag.explore(loss).data


def test_train_of_chosen_leaves_has_them_in_order():
    loss, (w, b) = line()
    page = ag.explore(loss, train=[b, w])
    nodes = page.data["tapes"][0]["nodes"]
    assert [nodes[i]["name"] for i in page.data["training"]["parameters"]] == ["b", "w"]
    assert [node["name"] for node in nodes if node.get("trained")] == ["w", "b"]


def test_update_is_the_last_step_before_the_end():
    loss, trained = line()
    step = ag.explore(loss, train=trained, names={"L": loss}).data["tapes"][0]["steps"][-2]
    assert step["phase"] == "update"
    assert r"w ← w - η \frac{\partial L}{\partial w}" in step["tex"]


def a_node():
    loss, _ = line()
    return loss, next(t for t in loss.tape() if t.op)


def a_constant():
    x = ag.tensor(X, name="x")
    return np.sum(leaf(1.0) * x), x


@pytest.mark.parametrize(
    ("made", "error", "message"),
    [
        (lambda: (line()[0], leaf(1.0)), ValueError, "does not depend on"),
        (a_node, ValueError, "Only leaves can be trained"),
        (a_constant, ValueError, "requires_grad=True"),
        (lambda: (line()[0], "w"), TypeError, "must contain Tensors"),
    ],
)
def test_train_of_no_parameter_raises(made, error, message):
    loss, other = made()
    with pytest.raises(error, match=message):
        ag.explore(loss, train=[other])


@pytest.mark.parametrize("train", [3, leaf([1.0])])
def test_train_that_is_not_a_list_raises(train):
    with pytest.raises(TypeError, match="must be a list of parameters"):
        ag.explore(line()[0], train=train)


@pytest.mark.parametrize("other", ["frames", "compare"])
def test_train_with_frames_or_compare_raises(other):
    loss, trained = line()
    results = () if other == "frames" else (loss,)
    with pytest.raises(ValueError, match=f"train= and {other}= cannot be combined"):
        ag.explore(*results, train=trained, **{other: [loss]})


# ---- what is learned -----------------------------------------------------------------------------

SOFTMAX = {"kind": "classes", "classes": 2, "scale": "softmax"}
SIGMOID = {"kind": "classes", "classes": 2, "scale": "sigmoid"}
SHARES = {"kind": "classes", "classes": 2, "scale": [0, 1]}
CURVE = {"kind": "curve", "classes": 1, "scale": None}

#: loss of the output of a network of two features -> the picture, the operation that predicts
OF_TWO = {
    "labels": (2, lambda z: ag.softmax_cross_entropy(z, LABELS), SOFTMAX, "linear"),
    "one-hot": (2, lambda z: ag.softmax_cross_entropy(z, ONE_HOT), SOFTMAX, "linear"),
    "log_softmax": (2, lambda z: ag.nll_loss(ag.log_softmax(z), LABELS), SOFTMAX, "log_softmax"),
    "unfused": (2, lambda z: -np.sum(ONE_HOT * np.log(softmax(z))), SOFTMAX, "log"),
    "picked": (2, lambda z: -np.mean(np.log(softmax(z))[ROWS, LABELS]), SOFTMAX, "log"),
    "brier": (2, lambda z: np.mean((softmax(z) - ONE_HOT) ** 2), SHARES, "div"),
    "three": (
        3,
        lambda z: ag.softmax_cross_entropy(z, ROWS % 3),
        {**SOFTMAX, "classes": 3},
        "linear",
    ),
    "logit": (
        1,
        lambda z: ag.sigmoid_binary_cross_entropy(z, LABELS[:, None] * 1.0),
        SIGMOID,
        "linear",
    ),
    "softplus": (1, lambda z: np.mean(ag.softplus(z[:, 0]) - LABELS * z[:, 0]), SIGMOID, "linear"),
    "sigmoid": (1, lambda z: binary_entropy(ag.sigmoid(z)[:, 0]), SHARES, "getitem"),
    "hinge": (
        1,
        lambda z: np.mean(np.maximum(0, 1 - (2 * LABELS - 1) * z[:, 0])),
        {**SHARES, "scale": [-1, 1]},
        "getitem",
    ),
}


@pytest.mark.parametrize("case", OF_TWO)
def test_picture_of_two_features_has_classes(case):
    outputs, loss_of, wanted, op = OF_TWO[case]
    tape = loss_of(network(2, outputs)(X)).tape()
    found = learned(tape, parameters(tape, train=True))
    assert found.x is X
    assert found.prediction.op.name == op
    assert picture(tape, found) == wanted


@pytest.mark.parametrize("loss_of", [ag.mse_loss, lambda z, y: np.mean((z - y) ** 2)])
def test_picture_of_one_feature_is_a_curve(loss_of):
    tape = loss_of(network(1, 1)(LINE), np.sin(LINE)).tape()
    assert picture(tape, learned(tape, parameters(tape, train=True))) == CURVE


def test_picture_of_a_line_ignores_the_penalty():
    loss, trained = line()
    found = learned(loss.tape(), trained)
    assert found.prediction.op.name == "add"
    assert picture(loss.tape(), found) == CURVE


def recurrent():
    """A state that each step computes from another input: none of them is the features."""
    cell, h = nn.Linear(4, 2, rng=0), np.zeros((20, 2))
    for x in (X, 2 * X, X - 1):
        h = np.tanh(cell(np.concatenate([h, x], axis=1)))
    return ag.softmax_cross_entropy(h, LABELS)


@pytest.mark.parametrize(
    "made",
    [
        lambda: ag.softmax_cross_entropy(network(4)(np.ones((20, 4))), LABELS),
        lambda: ag.mse_loss(network()(X), X),
        pytest.param(recurrent, marks=pytest.mark.slow),
        lambda: np.sum(network()(X)),
    ],
    ids=["four features", "two numbers", "recurrent", "no targets"],
)
def test_tape_that_cannot_be_drawn_has_no_picture(made):
    page = ag.explore(made())
    assert page.data["training"]["parameters"]
    assert "picture" not in page.data["training"]


def test_training_with_an_unknown_operation_says_why():
    model = network()
    loss = np.sum(np.linalg.svd(model(X), compute_uv=False))
    training = ag.explore(loss).data["training"]
    assert "np.linalg.svd" in training["why"]
    assert "picture" not in training


def test_gradients_that_never_change_are_in_the_page():
    w, b = leaf([1.0, 2.0], "w"), leaf(3.0, "b")
    training = ag.explore(np.sum(w) + b * b, train=[w, b]).data["training"]
    assert list(training["fixed"].values()) == [[1.0, 1.0]]


# ---- film ----------------------------------------------------------------------------------------


def film(optimizer, steps=4, **options):
    w, recorder = leaf([4.0, -2.0], "w"), ag.Recorder()
    optimizer = optimizer([w], **options)
    for _ in range(steps):
        loss = np.sum((w - 1.0) ** 2)
        recorder.add(loss)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return ag.explore(frames=recorder).data


def test_film_of_sgd_has_losses_and_its_rate():
    found = film(ag.optim.SGD, lr=0.25)
    assert found["training"]["losses"] == [18.0, 4.5, 1.125, 0.28125]
    assert found["training"]["rate"] == 0.25
    assert "η" in found["tapes"][0]["steps"][-2]["tex"]


def test_film_of_another_optimiser_has_no_rate():
    found = film(ag.optim.Adam, lr=0.25)
    assert "rate" not in found["training"]
    update = found["tapes"][0]["steps"][-2]
    assert update["phase"] == "update"
    assert update["tex"] == ""


def test_film_of_one_frame_has_no_rate():
    assert "rate" not in film(ag.optim.SGD, steps=1, lr=0.25)["training"]
