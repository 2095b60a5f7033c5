"""Module: the tree of attributes, its names, its state and its modes."""

import copy
import io
import pickle
import threading

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import nn, optim

RNG = np.random.default_rng(0)
X = RNG.normal(size=(4, 3))


class Block(nn.Module):
    def __init__(self, rng=0):
        self.linear = nn.Linear(3, 3, rng=rng)
        self.gain = ag.tensor(np.ones(3), requires_grad=True)

    def forward(self, x):
        return np.tanh(self.linear(x)) * self.gain


class Net(nn.Module):
    """It has a part, a list, a dict, a buffer, a constant, a shared and a private part."""

    def __init__(self):
        self.first = Block()
        self.blocks = [Block(1), Block(2)]
        self.heads = {"a": nn.Linear(3, 2), "b": (nn.Linear(3, 1),)}
        self.again = self.first
        self.mean = np.zeros(3)
        self.constant = ag.tensor(2.0)
        self.size = 3
        self._cache = nn.Linear(9, 9).requires_grad_(False)

    def forward(self, x):
        x = self.first(x - self.mean)
        for block in self.blocks:
            x = block(x)
        return self.heads["a"](self.again(x)) * self.constant


NAMES = [
    *("first.linear.weight", "first.linear.bias", "first.gain"),
    *("blocks.0.linear.weight", "blocks.0.linear.bias", "blocks.0.gain"),
    *("blocks.1.linear.weight", "blocks.1.linear.bias", "blocks.1.gain"),
    *("heads.a.weight", "heads.a.bias", "heads.b.0.weight", "heads.b.0.bias"),
]


def state(model):
    return {name: array.copy() for name, array in model.state_dict().items()}


# ---- the tree ------------------------------------------------------------------------------------


def test_parameters_are_the_tree_in_order_each_once():
    net = Net()
    assert [name for name, _ in net.named_parameters()] == NAMES
    assert [p.name for p in net.parameters()] == NAMES
    kinds = [type(m).__name__ for m in net.modules()]
    assert kinds == ["Net", *["Block", "Linear"] * 3, "Linear", "Linear"]


def test_parts_added_later_belong_to_the_tree():
    net = Net()
    net(X)
    net.blocks.append(Block(3))
    net.late = nn.Linear(3, 3)
    names = [name for name, _ in net.named_parameters()]
    assert {"blocks.2.linear.weight", "late.weight"} < set(names)
    assert net.late.weight.name == "late.weight"


@pytest.mark.parametrize("first", ["call", "parameters", "part"])
def test_leaves_are_named_by_the_largest_tree(first):
    net = Net()
    if first == "part":
        assert net.first.parameters()[0].name == "linear.weight"
        net.parameters()
    else:
        net(X) if first == "call" else net.parameters()
    net.blocks[1].parameters()  # a smaller tree does not shorten the name
    assert net.blocks[1].linear.weight.name == "blocks.1.linear.weight"
    assert net.first.linear.weight.name == "first.linear.weight"


def test_names_that_a_user_gave_are_kept():
    block = Block()
    block.gain.name = "γ"
    model = nn.Sequential(block, nn.Linear(3, 1, name="out"))
    model(X)
    assert [p.name for p in model.parameters()][2:] == ["γ", "Wout", "bout"]


def test_call_records_boxes_named_after_attributes():
    net = Net()
    tape = net(X).sum().tape()
    paths = {".".join(s.name for s in node.scope) for node in tape if node.op}
    assert paths == {
        *("", "Net", "Net.first", "Net.first.linear", "Net.heads.a"),
        *("Net.blocks.0", "Net.blocks.0.linear", "Net.blocks.1", "Net.blocks.1.linear"),
    }
    calls = {s for node in tape for s in node.scope if s.name == "first"}
    assert len(calls) == 2, "each call opens a new box"


def test_box_of_a_part_used_before_has_its_attributes_name():
    net = Net()
    assert net.first.parameters()
    assert "Net.first" in {".".join(s.name for s in node.scope) for node in net(X).sum().tape()}


def test_boxes_of_lists_and_sequences_say_what_they_are():
    net = Net()
    net.blocks = nn.ModuleList(net.blocks)
    paths = {".".join(s.name for s in node.scope) for node in net(X).sum().tape() if node.op}
    assert {"Net.blocks.0", "Net.blocks.1.linear"} < paths
    model = nn.Sequential(Block(), np.tanh, nn.ReLU(), nn.Linear(3, 1, name="out"))
    titles = {s.name for node in model(X).sum().tape() if node.op for s in node.scope}
    assert titles == {"Sequential", "0: Block", "linear", "2: ReLU", "linearout"}


def test_call_leaves_scopes_as_they_were_after_an_error():
    net = Net()
    with ag.scope("outer"):
        with pytest.raises(ValueError, match="linear of"):
            net.first(np.ones((4, 5)))
        y = net.first.gain * 2
    assert [s.name for s in y.scope] == ["outer"]


def test_calls_in_threads_do_not_mix_their_scopes():
    net, found = Net(), []

    def run():
        for _ in range(30):
            found.append([s.name for s in net.first(X).scope])

    threads = [threading.Thread(target=run) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert {tuple(names) for names in found} <= {("Block",), ("first",)}


def test_module_list_is_a_list_and_a_module():
    layers = nn.ModuleList([nn.Linear(3, 3)])
    layers.append(nn.Linear(3, 3, rng=1))
    assert [name for name, _ in layers.named_parameters()] == [
        *("0.weight", "0.bias", "1.weight", "1.bias")
    ]
    net = Net()
    net.blocks = layers
    assert [n for n, _ in net.named_parameters() if n.startswith("blocks")] == [
        *("blocks.0.weight", "blocks.0.bias", "blocks.1.weight", "blocks.1.bias")
    ]
    net.eval()
    assert not any(m.training for m in layers)


def test_models_that_are_no_modules_count_by_their_parameters():
    class Own:
        def __init__(self):
            self.w = ag.tensor(np.ones(3), requires_grad=True)

        def parameters(self):
            return [self.w]

        def __call__(self, x):
            return x * self.w

    model = nn.Sequential(Own(), nn.Linear(3, 1))
    assert [name for name, _ in model.named_parameters()] == [
        *("layers.0.0", "layers.1.weight", "layers.1.bias")
    ]


def test_repr_of_a_part_that_refers_to_the_whole_ends():
    net = Net()
    net.blocks[0].net = net
    net.parts = [net]
    assert "net=..." in repr(net)
    assert "parts.0=..." in repr(net)
    assert len(net.parameters()) == len(NAMES)


def test_repr_shows_options_and_parts():
    class Scaled(nn.Module):
        def __init__(self, factor):
            self.factor = factor
            self.inner = nn.Linear(3, 2)

    assert repr(Scaled(0.5)) == "Scaled(factor=0.5, inner=Linear(3, 2))"
    assert "blocks.1=Block(linear=Linear(3, 3))" in repr(Net())
    assert all(len(line) < 80 for line in repr(Net()).splitlines())


def test_module_without_forward_says_so():
    with pytest.raises(NotImplementedError, match=r"Part\.forward\(self, x\)"):
        type("Part", (nn.Module,), {})()(1.0)


# ---- the state -----------------------------------------------------------------------------------


def test_state_survives_a_file():
    net, other = Net(), Net()
    for p in net.parameters():
        p.data = RNG.normal(size=p.shape)
    net.mean[:] = [1, 2, 3]
    file = io.BytesIO()
    np.savez(file, **net.state_dict())
    file.seek(0)
    mean = other.mean
    other.load_state_dict(np.load(file))
    np.testing.assert_array_equal(other(X).data, net(X).data)
    assert other.mean is mean, "a buffer keeps its array"
    assert set(net.state_dict()) == {*NAMES, "mean", "constant"}


def test_state_dict_shares_no_memory():
    net = Net()
    saved = net.state_dict()
    saved["mean"] += 1
    saved["first.gain"] += 1
    assert not net.mean.any()
    assert (net.first.gain.data == 1).all()


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        (lambda s: s.pop("mean"), ValueError, "lacks .mean"),
        (lambda s: s.update(extra=np.ones(1)), ValueError, "model lacks .extra"),
        (
            lambda s: s.update({"first.gain": np.ones(4)}),
            ValueError,
            r"first\.gain.*\(4,\).*\(3,\)",
        ),
        (lambda s: s.update({"heads.b.0.bias": np.ones(1, complex)}), TypeError, "complex128"),
        (lambda s: s.update({"heads.b.0.bias": np.array(["a"])}), TypeError, "heads"),
    ],
)
def test_load_of_another_state_changes_nothing(change, error, match):
    net = Net()
    before = state(net)
    wrong = {name: array + 1 for name, array in before.items()}
    change(wrong)
    with pytest.raises(error, match=match):
        net.load_state_dict(wrong)
    for name, array in net.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_load_keeps_dtypes():
    layer = nn.Linear(2, 2, dtype=np.float32)
    layer.load_state_dict({"weight": np.ones((2, 2)), "bias": np.ones(2)})
    assert layer.weight.dtype == np.float32


class Masked(nn.Module):
    """A model with a parameter, and a buffer that cannot be overwritten."""

    def __init__(self, value):
        self.weight = ag.tensor([value, value], requires_grad=True)
        self.mask = np.broadcast_to(np.array(value), 2)


def test_read_only_buffer_takes_its_own_values_only():
    other, saved = Masked(1.0), Masked(1.0)
    saved.weight.data = [3.0, 4.0]
    other.load_state_dict(saved.state_dict())
    np.testing.assert_array_equal(other.weight.data, [3, 4])
    with pytest.raises(ValueError, match=r"Masked, mask: .* read-only.*np\.array\(x\)"):
        other.load_state_dict(Masked(2.0).state_dict())
    np.testing.assert_array_equal(other.weight.data, [3, 4])


def test_error_of_a_conversion_while_loading_changes_nothing():
    layer = nn.Linear(1, 1, dtype=np.float16)
    before = state(layer)
    with np.errstate(over="raise"), pytest.raises(FloatingPointError):
        layer.load_state_dict({"weight": [[1.0]], "bias": [1e9]})
    for name, array in layer.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_load_takes_tensors():
    layer, other = nn.Linear(2, 2), nn.Linear(2, 2, rng=1)
    other.load_state_dict(dict(layer.named_parameters()))
    np.testing.assert_array_equal(other.weight.data, layer.weight.data)
    other.weight.data += 1
    assert (other.weight.data != layer.weight.data).all()


@pytest.mark.parametrize(
    "parts",
    [
        {1: nn.Linear(2, 2), "1": nn.Linear(2, 2)},
        {"a.weight": np.ones(2), "a": nn.Linear(2, 2)},
        {"a.b": [np.ones(2)], "a": {"b": (np.ones(3),)}},
    ],
)
def test_state_with_two_arrays_of_one_name_raises(parts):
    model = nn.Module()
    model.parts = parts
    with pytest.raises(ValueError, match=r"two arrays .* 'parts\.[^']*'.*key of the dict"):
        model.state_dict()
    with pytest.raises(ValueError, match="two arrays"):
        model.load_state_dict({})


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copy_of_a_module_is_independent(copied):
    net = nn.Sequential(nn.Linear(3, 3), np.tanh, nn.Linear(3, 1, rng=1))
    net(X)
    other = copied(net)
    np.testing.assert_array_equal(other(X).data, net(X).data)
    other.parameters()[0].data += 1
    assert (other.parameters()[0].data != net.parameters()[0].data).all()


# ---- modes ---------------------------------------------------------------------------------------


def test_train_and_eval_reach_all_modules():
    net = Net()
    assert net.eval() is net
    assert not any(m.training for m in net.modules())
    net.blocks[0].train()
    assert [b.training for b in net.blocks] == [True, False]
    assert all(m.training for m in net.train().modules())


def test_frozen_tensors_are_kept_but_not_trained():
    net = Net()
    net.first.requires_grad_(False)
    assert [n for n, _ in net.named_parameters()] == NAMES[3:]
    assert set(net.state_dict()) == {*NAMES, "mean", "constant"}
    optimizer = optim.SGD(net.parameters(), lr=0.1)
    before = state(net)
    net(X).sum().backward()
    optimizer.step()
    after = state(net)
    assert (before["first.gain"] == after["first.gain"]).all()
    assert (before["heads.a.bias"] != after["heads.a.bias"]).all()
    net.first.requires_grad_()
    assert [n for n, _ in net.named_parameters()] == NAMES


def test_zero_grad_resets_frozen_tensors_too():
    net = Net()
    net(X).sum().backward()
    net.first.requires_grad_(False)
    net.zero_grad()
    assert all(p.grad is None for p in [*net.parameters(), net.first.gain])
    with pytest.raises(TypeError, match="set_to_none"):
        net.zero_grad(set_to_none=True)
