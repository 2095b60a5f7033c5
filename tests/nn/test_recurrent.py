"""Recurrent cells and layers: PyTorch's values, gradients and training, and clear errors."""

import copy

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import nn, optim
from tests.budget import few

RNG = np.random.default_rng(0)
T, N, D, H = 6, 3, 4, 5
X = RNG.normal(size=(T, N, D))
LABELS = RNG.integers(H, size=N)
CELLS = {"RNN": nn.RNNCell, "LSTM": nn.LSTMCell, "GRU": nn.GRUCell}
LAYERS = {"RNN": nn.RNN, "LSTM": nn.LSTM, "GRU": nn.GRU}
KINDS = pytest.mark.parametrize("kind", LAYERS)


def copied(theirs, cells):
    """Copy PyTorch's weights to `cells`, and return pairs of parameters."""
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    if isinstance(cells, nn.Module):
        pairs = [(getattr(cells, name), getattr(theirs, name)) for name in names]
    else:
        pairs = [
            (getattr(cell, name), getattr(theirs, f"{name}_l{layer}"))
            for layer, cell in enumerate(cells)
            for name in names
        ]
    for ours, their in pairs:
        ours.data = their.detach().numpy().T.copy()
    return pairs


def assert_close(ours, theirs):
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-10, atol=1e-10)


def initial(kind, *shape):
    states = [RNG.normal(size=(*shape, H)) for _ in range(2 if kind == "LSTM" else 1)]
    return tuple(states) if kind == "LSTM" else states[0]


def first(state):
    return state[0] if isinstance(state, tuple) else state


@pytest.mark.peers
@KINDS
def test_cell_trains_as_in_pytorch(kind):
    torch = pytest.importorskip("torch")
    theirs = getattr(torch.nn, f"{kind}Cell")(D, H, dtype=torch.float64)
    cell = CELLS[kind](D, H)
    pairs = copied(theirs, cell)
    optimizer = optim.SGD(cell.parameters(), lr=0.5)
    their_optimizer = torch.optim.SGD(theirs.parameters(), lr=0.5)
    start = initial(kind, N)
    as_torch = tuple(map(torch.tensor, start)) if kind == "LSTM" else torch.tensor(start)
    for _ in range(20):
        state, their_state = start, as_torch
        for x in X:
            state, their_state = cell(x, state), theirs(torch.tensor(x), their_state)
        loss = ag.softmax_cross_entropy(first(state), LABELS)
        their_loss = torch.nn.functional.cross_entropy(first(their_state), torch.tensor(LABELS))
        optimizer.zero_grad(), their_optimizer.zero_grad()
        loss.backward(), their_loss.backward()
        assert_close(loss.data, their_loss)
        for ours, their in pairs:
            assert_close(ours.grad.T, their.grad)
        optimizer.step(), their_optimizer.step()
    for ours, their in pairs:
        assert_close(ours.data.T, their)


@pytest.mark.peers
@pytest.mark.parametrize("options", [{}, {"num_layers": 2}, {"num_layers": 3, "batch_first": True}])
@KINDS
def test_layers_agree_with_pytorch(kind, options):
    torch = pytest.importorskip("torch")
    theirs = getattr(torch.nn, kind)(D, H, **options, dtype=torch.float64)
    ours = LAYERS[kind](D, H, **options)
    pairs = copied(theirs, ours.cells)
    x = X.swapaxes(0, 1) if ours.batch_first else X
    leaf, their_leaf = ag.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    start = initial(kind, len(ours.cells), N)
    as_torch = tuple(map(torch.tensor, start)) if kind == "LSTM" else torch.tensor(start)
    for given, their_given in (((), ()), ((start,), (as_torch,))):
        output, state = ours(leaf, *given)
        their_output, their_state = theirs(their_leaf, *their_given)
        assert_close(output.data, their_output)
        states = zip(state, their_state) if kind == "LSTM" else [(state, their_state)]
        for part, their_part in states:
            assert_close(part.data, their_part)
        (output.sum() + (first(state) ** 2).sum()).backward()
        (their_output.sum() + (first(their_state) ** 2).sum()).backward()
    assert_close(leaf.grad, their_leaf.grad)
    for p, their_p in pairs:
        assert_close(p.grad.T, their_p.grad)


@pytest.mark.peers
@KINDS
def test_unbatched_relu_and_no_bias_agree_with_pytorch(kind):
    torch = pytest.importorskip("torch")
    options = {"bias": False} | ({"nonlinearity": "relu"} if kind == "RNN" else {})
    theirs = getattr(torch.nn, kind)(D, H, **options, dtype=torch.float64)
    ours = LAYERS[kind](D, H, **options)
    (cell,) = ours.cells
    for name in ("weight_ih", "weight_hh"):
        getattr(cell, name).data = getattr(theirs, f"{name}_l0").detach().numpy().T.copy()
    assert len(ours.parameters()) == 2
    assert_close(ours(X[:, 0])[0].data, theirs(torch.tensor(X[:, 0]))[0])


@KINDS
def test_layer_is_a_loop_over_its_cell(kind):
    layer = LAYERS[kind](D, H, rng=1)
    state, outputs = None, []
    for x in X:
        state = layer.cells[0](x, state)
        outputs.append(first(state).data)
    output, last = layer(X)
    assert np.array_equal(output.data, outputs)
    assert np.array_equal(first(last).data, [outputs[-1]])


@KINDS
def test_fresh_cell_is_uniform_and_the_same_for_a_seed(kind):
    cell, again = (CELLS[kind](D, 100, rng=3, dtype=np.float32) for _ in range(2))
    for p, q in zip(cell.parameters(), again.parameters()):
        assert p.dtype == np.float32
        assert np.array_equal(p.data, q.data)
        assert 0.09 < np.abs(p.data).max() <= 0.1
    output, _ = LAYERS[kind](D, H, dtype=np.float32)(X.astype(np.float32))
    assert output.dtype == np.float32


@pytest.mark.parametrize("kind", few(("LSTM", "RNN", "GRU"), 3))
def test_compiled_training_gives_the_eager_bits(kind):
    models = [nn.Sequential(LAYERS[kind](D, H, rng=2), lambda pair: pair[0][-1]) for _ in "ab"]

    def stepping(model):
        optimizer = optim.Adam(model.parameters(), lr=0.05)

        def step(x, labels):
            optimizer.zero_grad()
            loss = ag.softmax_cross_entropy(model(x), labels)
            loss.backward()
            optimizer.step()
            return loss

        return step, optimizer

    step, _ = stepping(models[0])
    other, optimizer = stepping(models[1])
    compiled = ag.compile(other, state=(models[1], optimizer))
    for length in (T, 3, T):  # each length has its own program
        assert step(X[:length], LABELS).item() == compiled(X[:length], LABELS).item()
    for p, q in zip(*(model.parameters() for model in models)):
        assert np.array_equal(p.data, q.data)


@KINDS
def test_compiled_step_allocates_no_memory_for_gates(kind):
    layer = LAYERS[kind](D, H)
    optimizer = optim.SGD(layer.parameters(), lr=0.1)

    def step(x):
        loss = np.sum(layer(x)[0][-1])
        loss.backward()
        optimizer.step()

    compiled = ag.compile(step, state=(layer, optimizer))
    compiled(X)
    allocated = [line for line in compiled.report().splitlines() if line.startswith("allocated")]
    assert int(allocated[0].split()[1]) < T


@pytest.mark.parametrize("kind", CELLS)
def test_each_step_is_a_box_named_after_the_cell(kind):
    class Net(nn.Module):
        def __init__(self):
            self.cell = CELLS[kind](D, H)

        def forward(self, xs):
            state = None
            for x in xs:
                state = self.cell(x, state)
            return first(state)

    layer = LAYERS[kind](D, H, num_layers=2)
    for y, names in ((Net()(X), {"cell"}), (layer(X)[0], {"cell0", "cell1"})):
        boxes = {t.scope[1] for t in y.tape() if len(t.scope) > 1}
        assert {box.name for box in boxes} == names
        assert len(boxes) == T * len(names)


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("steps", [8, 20])
def test_picture_stacks_the_steps_of_a_long_sequence(kind, steps):
    class Net(nn.Module):
        def __init__(self):
            self.cell, self.out = CELLS[kind](D, H), nn.Linear(H, 2)

        def forward(self, xs):
            state = None
            for x in xs:
                state = self.cell(x, state)
            return self.out(first(state))

    graph = ag.draw(Net()(RNG.normal(size=(steps, N, D))).sum(), max_nodes=12).graph
    titles = [card.operation for card in graph.cards]
    assert len(titles) <= 12
    assert {"cell", f"cell ×{steps - 1}", "out"} <= set(titles)  # the first has no state before it


def test_parameters_have_pytorchs_names():
    names = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
    assert [name for name, _ in nn.LSTM(D, H, 2).named_parameters()] == [
        f"cells.{i}.{name}" for i in (0, 1) for name in names
    ]
    assert repr(nn.GRUCell(D, H)) == "GRUCell(input_size=4, hidden_size=5)"


S = np.zeros((N, H))


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: nn.RNNCell(D, 0), ValueError, r"RNNCell\(4, 0\): both .* at least 1"),
        (lambda: nn.RNNCell(D, 2.5), TypeError, "RNNCell: sizes must be ints, got 2.5"),
        (lambda: nn.RNNCell(D, H, nonlinearity="gelu"), ValueError, "'tanh' or 'relu', got 'gelu'"),
        (lambda: nn.LSTM(D, H, 0), ValueError, "LSTM: num_layers must be at least 1, got 0"),
        (lambda: nn.LSTM(D, H, True), TypeError, "sizes must be ints, got True"),
        (lambda: nn.GRUCell(D, H)(X[0, :, :3]), ValueError, r"\(3, 3\).* length 4, the input_size"),
        (lambda: nn.GRUCell(D, H)(X[0], S[:2]), ValueError, r"state h .*\(2, 5\).*needs \(3, 5\)"),
        (lambda: nn.LSTMCell(D, H)(X[0], (S, S.T)), ValueError, r"state c .*\(5, 3\)"),
        (lambda: nn.LSTMCell(D, H)(X[0], S), TypeError, r"LSTMCell: .* must be a pair \(h, c\)"),
        (lambda: nn.LSTM(D, H)(X, S[None]), TypeError, r"LSTM: the state must be a pair"),
        (lambda: nn.RNN(D, H, 2)(X, S[None]), ValueError, r"\(1, 3, 5\).*needs \(2, 3, 5\)"),
        (lambda: nn.RNN(D, H)(X[:0]), ValueError, "at least one step"),
        (lambda: nn.RNN(D, H)(X[0, 0]), ValueError, r"\(4,\), but it must be \(steps, N, feat"),
        (lambda: ag.lstm_cell(np.ones((N, 15)), S), ValueError, r"gates .*\(3, 15\).* 4 H\)"),
        (lambda: ag.lstm_output(np.ones(20), S), ValueError, r"gates has shape \(20,\)"),
        (lambda: ag.gru_cell(np.ones((N, 15)), S, S), ValueError, r"from_state has shape \(3, 5\)"),
    ],
)  # fmt: skip
def test_wrong_arguments_raise_an_error_with_the_fix(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_saturated_gates_do_not_overflow():
    gates = np.array([1000.0, -1000.0, 1000.0, -1000.0], np.float32)
    with np.errstate(over="raise"):
        for dtype in (np.float16, np.float32, np.float64):
            c = np.ones(1, dtype)
            assert ag.lstm_cell(gates.astype(dtype), c) == 1
            assert ag.lstm_output(gates.astype(dtype), c).item() < 1e-30


def test_a_copy_trains_on_its_own():
    cell = nn.LSTMCell(D, H)
    other = copy.deepcopy(cell)
    other.weight_ih.data *= 2
    assert not np.array_equal(cell(X[0])[0].data, other(X[0])[0].data)
