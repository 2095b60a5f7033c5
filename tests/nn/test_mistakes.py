"""Mistakes in a first model and its training step: each error names the mistake and the fix."""

import re
import warnings

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import data, nn, optim

RNG = np.random.default_rng(0)
ROWS, LABELS = RNG.normal(size=(4, 3)), np.array([0, 1, 1, 0])
IMAGES, SEQUENCE = RNG.normal(size=(4, 2, 6, 5)), RNG.normal(size=(6, 2, 3))


class Forgetful(nn.Module):
    """A model that computes its result, and does not return it."""

    def __init__(self):
        self.linear = nn.Linear(3, 2)

    def forward(self, x):
        self.linear(x)


class Hidden(nn.Module):
    """A model with a layer in a private attribute."""

    def __init__(self, hold):
        self._first = hold(nn.Linear(3, 3))
        self.last = nn.Linear(3, 2)


MODEL = nn.Linear(3, 2)


def loss(logits, targets):
    return ag.softmax_cross_entropy(logits, targets)


def logits():
    return nn.Linear(3, 2)(ROWS)


def forget(x):
    """Compute, and return nothing."""


def scheduled(rate):
    """Take a step with a learning rate that is not a number."""
    model = nn.Linear(3, 2)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    optimizer.lr = rate
    loss(model(ROWS), LABELS).backward()
    optimizer.step()


def carried():
    """Train on a state that still has the tape of the step before."""
    lstm, state = nn.LSTM(3, 4), None
    optimizer = optim.SGD(lstm.parameters(), lr=0.1)
    for _ in range(2):
        output, state = lstm(SEQUENCE, state)
        output.sum().backward()
        optimizer.step()


MISTAKES = {
    # shapes and kinds of examples
    "no channel": (lambda: nn.Conv2d(1, 2, 3)(IMAGES[:, 0]), r"1 channel, .* has 4.*x\[:, None\]"),
    "channels last": (lambda: nn.Conv2d(5, 2, 2)(IMAGES), r"np\.moveaxis\(x, -1, 1\)"),
    "channels of one": (lambda: nn.Conv2d(5, 2, 2)(IMAGES[0]), r"np\.moveaxis\(x, -1, 0\)"),
    "wrong channels": (lambda: nn.Conv2d(3, 2, 3)(IMAGES), "in_channels=2"),
    "no flatten": (lambda: nn.Linear(60, 2)(IMAGES), r"needs 60.*nn\.Flatten\(\)"),
    "one-hot words": (lambda: nn.Embedding(3, 2)(np.eye(3)), r"argmax\(axis=-1\)"),
    "words for an LSTM": (lambda: nn.LSTM(3, 4)(np.ones((5, 2), int)), "LSTM.*Embedding"),
    "another batch": (
        lambda: nn.GRU(3, 4)(SEQUENCE, np.zeros((1, 5, 4))),
        r"GRU: .*\(1, 5, 4\).*needs \(1, 2, 4\)",
    ),
    "tuple to a layer": (
        lambda: nn.Linear(4, 2)(nn.LSTM(3, 4)(SEQUENCE)),
        r"tuple of tensors.*output, state = lstm\(x\)",
    ),
    "tuple to NumPy": (lambda: np.tanh(nn.LSTM(3, 4)(SEQUENCE)), "tuple.*take it out"),
    "tuple in a chain": (
        lambda: nn.Sequential(nn.LSTM(3, 4), nn.Linear(4, 2))(SEQUENCE),
        "tuple of tensors.*Sequential.*Module",
    ),
    "mask of padding": (
        lambda: nn.MultiheadAttention(3, 1)(SEQUENCE, mask=np.ones((6, 2), bool)),
        r"mask\[:, None, None, :\]",
    ),
    "words for a block": (
        lambda: nn.TransformerBlock(4, 2)(np.ones((2, 3), int)),
        r"TransformerBlock of .*embed_dim=4 features\..*Embedding",
    ),
    "examples of two lengths": (lambda: data.batches([[1, 2], [3]]), "Pad sequences"),
    # targets
    "column": (lambda: loss(logits(), LABELS[:, None]), r"reshape\(4,\)\.$"),
    "column of floats": (
        lambda: loss(logits(), 1.0 * LABELS[:, None]),
        r"reshape\(4,\)\.astype\(int\)",
    ),
    "class as activation": (
        lambda: nn.MLP([3, 2], activation=nn.ReLU),
        r"the class ReLU\. Create a layer: ReLU\(\)",
    ),
    "call of a list": (lambda: nn.ModuleList([nn.Linear(3, 2)])(ROWS), "Call its modules"),
    "positional option": (lambda: nn.Linear(3, 2, True), r"^Linear\(\) .* by name: bias=True"),
    "name of a loss": (
        lambda: nn.train(MODEL, ROWS, LABELS, optim.SGD(MODEL.parameters(), 0.1), 1, loss="mse"),
        "loss must be a function.*'mse'",
    ),
    "half an epoch": (
        lambda: nn.train(MODEL, ROWS, LABELS, optim.SGD(MODEL.parameters(), 0.1), 2.5),
        "epochs .*integers, got 2.5",
    ),
    "schedule as first rate": (
        lambda: optim.SGD(MODEL.parameters(), optim.cosine(0.1, 10)),
        r"lr must be a number.*optimizer\.lr = schedule\(t\)",
    ),
    "optimiser without a step": (
        lambda: optim.Optimizer(MODEL.parameters(), 0.1).step(),
        r"Define Optimizer\.step\(self\)",
    ),
    "words as labels": (lambda: loss(logits(), np.array(list("abba"))), "np.unique.*inverse"),
    "swapped": (lambda: loss(LABELS, logits()), r"softmax_cross_entropy\(logits, targets\)"),
    "classes on axis 1": (
        lambda: loss(np.ones((4, 7, 5)), np.zeros((4, 5), int)),
        r"axis 1 .*pass axis=1",
    ),
    "one-hot accuracy": (
        lambda: nn.accuracy(nn.Linear(3, 2), ROWS, np.eye(2)[LABELS]),
        r"argmax\(axis=-1\)",
    ),
    "accuracy of logits": (
        lambda: nn.accuracy(logits(), ROWS, LABELS),
        r"accuracy\(model, x, labels\)",
    ),
    "one-hot nll": (
        lambda: ag.nll_loss(ag.log_softmax(logits()), np.eye(2)[LABELS]),
        r"argmax\(axis=-1\)",
    ),
    # a function without return
    "no return": (lambda: Forgetful()(ROWS), r"Forgetful\.forward returned None.*`return`"),
    "no return, chain": (lambda: nn.Sequential(forget, nn.Linear(2, 2))(ROWS), "None.*`return`"),
    "no return, loss": (lambda: loss(forget(ROWS), LABELS), "None.*`return`"),
    "no return, mse": (lambda: ag.mse_loss(forget(ROWS), ROWS), "None.*`return`"),
    # the optimiser and the schedule
    "schedule as rate": (
        lambda: scheduled(optim.cosine(0.1, 10)),
        r"lr must be a number, got a function.*optimizer\.lr = schedule\(t\)",
    ),
    "schedule of optimiser": (
        lambda: optim.cosine(optim.SGD(nn.Linear(3, 2).parameters(), lr=0.1), 10),
        r"optimizer\.lr = schedule\(t\)",
    ),
    "named parameters": (
        lambda: optim.Adam(nn.Linear(3, 2).named_parameters()),
        r"model\.parameters\(\)",
    ),
    "arrays": (
        lambda: optim.Adam(nn.Linear(3, 2).state_dict().values()),
        r"model\.parameters\(\)",
    ),
    "carried state": (carried, r"detach.*s\.detach\(\) for s in state"),
    "no layers": (lambda: optim.SGD(nn.Sequential(np.tanh).parameters(), lr=0.1), "__init__"),
    "no size": (lambda: nn.Conv2d(1, 2), r"Conv2d\(\) missing 1 required"),
    # saved parameters
    "state of an optimiser": (
        lambda: nn.Linear(3, 2).load_state_dict(
            optim.SGD(nn.Linear(3, 2).parameters(), lr=0.1).state_dict()
        ),
        "lacks .weight. and .bias., and .*lacks .groups",
    ),
    "file name": (lambda: nn.Linear(3, 2).load_state_dict("a.npz"), r"np\.load\('a\.npz'\)"),
    "array of a dict": (
        lambda: nn.Linear(3, 2).load_state_dict(np.array(nn.Linear(3, 2).state_dict())),
        r"array\.item\(\)",
    ),
    "PyTorch's weight": (
        lambda: nn.Linear(3, 2).load_state_dict({"weight": np.ones((2, 3)), "bias": np.ones(2)}),
        r"array\.T",
    ),
    "strict": (
        lambda: nn.Linear(3, 2).load_state_dict({}, strict=False),
        r"model\.state_dict\(\) \| part",
    ),
    # views and data
    "draw a model": (lambda: ag.draw(nn.Linear(3, 2)), r"model\(x\)\.sum\(\)"),
    "explore a model": (lambda: ag.explore(nn.Linear(3, 2)), r"model\(x\)\.sum\(\)"),
    "draw an array": (lambda: ag.draw(np.ones(())), "array has no tape"),
    "draw to a file": (lambda: ag.draw(logits(), "a.svg"), r"\.save\('a\.svg'\)"),
    "format": (lambda: ag.draw(logits(), format="png"), r"\.save\('loss\.png'\)"),
    "summary of a shape": (lambda: ag.summary(nn.Linear(3, 2), (4, 3)), r"np\.zeros\(\(4, 3\)\)"),
    "input_size": (lambda: ag.summary(nn.Linear(3, 2), input_size=(4, 3)), "an example"),
    "batch_size": (lambda: data.batches(ROWS, LABELS, batch_size=2), "Write size=2"),
    "shuffle": (lambda: data.batches(ROWS, LABELS, shuffle=False), "slice the arrays"),
    "test_size": (lambda: data.split(ROWS, LABELS, test_size=0.2), r"Write held_out=0\.2"),
    "DataLoader": (lambda: data.DataLoader, r"data\.batches"),
    "MNIST": (lambda: data.MNIST, r"data\.digits"),
    # names of other libraries
    "save": (lambda: ag.save, r"model\.state_dict\(\)"),
    "multinomial": (lambda: ag.multinomial, r"rng\.choice\(len\(p\), p=p\.data\)"),
    "make_dot": (lambda: ag.make_dot, r"ag\.draw\(loss\)"),
    "Dense": (lambda: nn.Dense, r"nn\.Linear"),
    "AdaptiveAvgPool2d": (lambda: nn.AdaptiveAvgPool2d, r"x\.mean\(axis=\(-2, -1\)\)"),
    "PReLU": (lambda: nn.PReLU, "'PReLU'. For "),
    "exponential": (lambda: optim.exponential, "function of the step"),
    "bidirectional": (lambda: nn.LSTM(3, 4, bidirectional=True), r"x\[::-1\]"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_is_answered_with_the_fix(name):
    call, fix = MISTAKES[name]
    with pytest.raises((TypeError, ValueError, AttributeError, RuntimeError)) as caught:
        call()
    assert re.search(fix, str(caught.value), re.S)


def test_result_of_an_lstm_is_refused_without_a_tape_too():
    with ag.no_grad(), pytest.raises(TypeError, match="output, state = lstm"):
        nn.Linear(4, 2)(nn.GRU(3, 4)(SEQUENCE[:1]))


@pytest.mark.parametrize("hold", [lambda layer: layer, lambda layer: [layer]])
def test_private_layer_is_reported(hold):
    with pytest.warns(UserWarning, match=r"Hidden\._first is private.*nor saved"):
        assert len(Hidden(hold).parameters()) == 2


def test_set_of_layers_is_refused():
    model = Hidden(lambda layer: layer.requires_grad_(False))
    model.parts = {nn.Linear(2, 2)}
    with pytest.raises(TypeError, match=r"parts is a set.*list"):
        model.parameters()
    model.parts = {"names"}
    assert len(model.parameters()) == 2


def test_private_layer_that_is_frozen_or_held_is_accepted():
    frozen = Hidden(lambda layer: layer.requires_grad_(False))
    held = Hidden(lambda layer: layer)
    held.first = held._first
    assert len(frozen.parameters()) == 2
    assert len(held.parameters()) == 4


def test_floats_of_zero_and_one_as_a_mask_are_reported():
    attention = nn.MultiheadAttention(4, 2)
    x, allowed = RNG.normal(size=(2, 3, 4)), np.tri(3)
    with pytest.warns(UserWarning, match=r"mask\.astype\(bool\)"):
        attention(x, mask=allowed)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for mask in (allowed.astype(bool), 0 * allowed, np.log(allowed + 1)):
            attention(x, mask=mask)


def test_floats_that_are_weights_still_broadcast_over_classes():
    weights = np.array([[0.5], [0.25], [1.0], [2.0]])
    expected = loss(logits(), np.broadcast_to(weights, (4, 2)))
    assert loss(logits(), weights).item() == expected.item()


def test_optimiser_shows_its_options():
    assert repr(optim.SGD(nn.Linear(3, 2).parameters(), lr=0.1)) == (
        "SGD(2 parameters, lr=0.1, momentum=0.0, weight_decay=0.0)"
    )


# ---- a compiled step -----------------------------------------------------------------------------


def compiled(model, make_optimizer, state, before=lambda model: None):
    """Call a compiled training step with an incomplete `state`."""
    optimizer = make_optimizer(model.parameters(), lr=0.1)

    def step(x, y):
        before(model)
        optimizer.zero_grad()
        value = loss(model(x), y)
        value.backward()
        optimizer.step()
        return value

    return ag.compile(step, state=state(model, optimizer))(ROWS, LABELS)


def normalised():
    return nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Linear(3, 2, rng=1))


@pytest.mark.parametrize(
    ("make", "make_optimizer", "state"),
    [
        (lambda: nn.Linear(3, 2), optim.SGD, lambda model, optimizer: None),
        (lambda: nn.Linear(3, 2), optim.Adam, lambda model, optimizer: model),
        (normalised, optim.SGD, lambda model, optimizer: optimizer),
    ],
)
def test_compiled_step_without_its_state_names_state(make, make_optimizer, state):
    with pytest.raises((TypeError, RuntimeError), match=r"state=\(model, optimizer\)"):
        compiled(make(), make_optimizer, state)


def test_compiled_step_that_changes_the_mode_says_where_to():
    model = nn.Sequential(nn.Linear(3, 2), nn.Dropout()).eval()
    with pytest.raises(RuntimeError, match=r"training.*model\.train\(\).* outside of the step"):
        compiled(model, optim.SGD, lambda *state: state, before=nn.Module.train)


class Computed(nn.Module):
    """A model whose weight is the result of an operation."""

    def __init__(self, of):
        self.parts = [of(ag.tensor(np.ones((3, 2)), requires_grad=True))]
        self.linear = nn.Linear(2, 2)

    def forward(self, x):
        self.hidden = x @ self.parts[0]
        self.seen = self.linear.weight * 2
        return self.linear(self.hidden)


@pytest.mark.parametrize("of", [lambda w: w * 0.1, np.transpose, lambda w: w.astype(np.float32)])
def test_result_in_the_place_of_a_parameter_warns(of):
    with pytest.warns(UserWarning, match=r"^parts\.0 is the result of .* neither trained nor"):
        assert len(Computed(of).parameters()) == 2


def test_results_that_a_model_stores_do_not_warn():
    model = Computed(lambda w: w)
    model(ag.tensor(ROWS, requires_grad=True))
    model.total = model(ROWS).sum()
    model.penalty = model.linear.weight * 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(model.parameters()) == 3
