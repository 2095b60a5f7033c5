"""summary: the layers of a model, each parameter counted once, in 80 columns and in a notebook."""

import io
import re
import sys

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import nn
from autograd_mini.text.format import width


class Block:
    """Hold layers in an attribute, a list and a dict. One layer is shared."""

    def __init__(self):
        self.gain = ag.tensor(np.ones(3), requires_grad=True, name="gain")
        self.shift = ag.tensor(np.ones(3, np.float32), name="shift")
        self.first = nn.Linear(3, 3, name="1")
        self.more = [self.first, np.tanh]
        self.heads = {"a": nn.Linear(3, 2, dtype=np.float32), "b": ag.relu}

    def parameters(self):
        return [self.gain, self.shift, *self.first.parameters(), *self.heads["a"].parameters()]

    def __call__(self, x):
        x = self.first(x * self.gain + self.shift)
        for layer in self.more:
            x = layer(x)
        return self.heads["a"](x)


@pytest.mark.parametrize(
    ("model", "x", "paths", "outputs"),
    [
        (nn.Linear(2, 3), (5, 2), ["-"], [(5, 3)]),
        (nn.Sequential(), (5, 2), ["-"], [(5, 2)]),
        (nn.MLP([2, 4, 1]), (2,), ["-", "0", "1", "2"], [(1,), (4,), (4,), (1,)]),
        (
            nn.Sequential(nn.Sequential(nn.Linear(2, 3)), lambda x: x.sum(axis=1)),
            (5, 2),
            ["-", "0", "0.0", "1"],
            [(5,), (5, 3), (5, 3), (5,)],
        ),
        (
            Block(),
            (5, 3),
            ["-", "first", "more.0", "more.1", "heads.a", "heads.b"],
            [(5, 2), (5, 3), (5, 3), (5, 3), (5, 2), None],  # head b is not called
        ),
    ],
)
def test_summary_has_a_row_and_output_for_each_layer(model, x, paths, outputs):
    model(np.zeros(x))  # names the parameters
    before = repr(vars(model))
    plain, run = ag.summary(model), ag.summary(model, np.zeros(x))
    for summary in (plain, run):
        assert [".".join(row.path) or "-" for row in summary.rows] == paths
        names = [line.split()[0] for line in str(summary).splitlines()[1 : len(paths) + 1]]
        assert names == [row.path[-1] if row.path else "-" for row in summary.rows]
    assert [row.output for row in run.rows] == outputs
    assert {row.output for row in plain.rows} == {None}
    assert repr(vars(model)) == before


@pytest.mark.parametrize("model", [nn.MLP([3, 5, 2]), Block(), nn.Sequential(Block(), Block())])
def test_total_counts_each_parameter_once(model):
    summary = ag.summary(model)
    parameters = list(dict.fromkeys(model.parameters()))
    assert summary.count == sum(p.size for p in parameters)
    assert summary.bytes == sum(p.data.nbytes for p in parameters)
    assert f"\n\n{summary.count} parameters, {summary.bytes:,} bytes" in str(summary)


def test_shared_layer_is_counted_in_its_first_row():
    rows = {".".join(row.path): row for row in ag.summary(Block()).rows}
    assert (rows["first"].count, rows["first"].shared) == (12, 0)
    assert (rows["more.0"].count, rows["more.0"].shared) == (0, 2)
    assert re.search(r"more\.0 +Linear +shared: W1 \(3, 3\)", str(ag.summary(Block())))
    assert [p.name for p in rows[""].parameters] == ["gain", "shift"]


def test_frozen_parameters_are_counted_and_noted():
    text = str(ag.summary(Block()))
    assert text.endswith(", 3 of them require no gradient")
    assert re.search(r"^- +Block +gain \(3,\) shift \(3,\) +float32, float64 +26", text, re.M)
    assert "require no" not in str(ag.summary(nn.Linear(2, 2)))


def test_text_aligns_numbers_and_keeps_the_width():
    wide = nn.Linear(10, 3)
    wide.weight.name = "a long and 宽 name " * 9
    summary = ag.summary(nn.Sequential(nn.MLP([784, 512, 10], dtype=np.float32), wide))
    for columns in (80, 60):
        lines = summary.text(columns).splitlines()
        assert max(map(width, lines)) <= columns
        assert {width(line) for line in lines[:-2]} == {width(lines[0])}  # flush at the right
        assert lines[0].endswith("bytes")
        assert lines[1].endswith("  407,083  1,628,464")


def test_narrow_table_keeps_the_shapes_and_drops_names():
    text = ag.summary(nn.Linear(30, 40), np.ones((8, 30))).text(80)
    assert "weight" in text
    narrow = ag.summary(nn.TransformerBlock(48, 4), np.ones((8, 12, 48))).text(80)
    assert "weight" not in narrow
    assert "(48,)" in narrow


def test_ascii_stream_gets_ascii_spellings(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    layer = nn.Linear(2, 2)
    layer.weight.name = "∂ŵ" + "x" * 8
    text = ag.summary(layer).text(60)
    monkeypatch.undo()
    assert text.isascii()
    assert "Linear  d" in text


def test_html_table_escapes_names():
    layer = nn.Linear(2, 2)
    layer.weight.name = "<W>"
    page = ag.summary(layer, np.zeros((1, 2)))._repr_html_()
    assert "&lt;W&gt; (2, 2)" in page
    assert page.count("<tr>") == 2
    assert "<p>6 parameters, 48 bytes of float64, 16 bytes kept for the backward pass</p>" in page
    assert repr(ag.summary(layer)) == str(ag.summary(layer))


def test_example_may_be_a_list():
    seen = []
    ag.summary(nn.Sequential(nn.Linear(2, 3), lambda y: seen.append(y) or y), [[1.0, 2.0]])
    assert seen[0].shape == (1, 3)


class Stateful(nn.Module):
    """It changes its buffers, one in place, draws numbers, and ties a weight."""

    def __init__(self):
        self.table = nn.Linear(5, 4, bias=False)
        self.blocks = nn.ModuleList([nn.Linear(4, 4), np.tanh, nn.Linear(4, 4, rng=1)])
        self.mean, self.calls = np.zeros(4), np.zeros(1)
        self.rng = np.random.default_rng(0)

    def forward(self, x):
        x = ag.dropout(self.table(x), rng=self.rng)
        self.mean += 1
        self.calls = self.calls + 1
        for block in self.blocks:
            x = block(x)
        return x @ self.table.weight.T


def test_summary_of_tied_weights_changes_no_state():
    model = Stateful()
    before = model.rng.bit_generator.state
    rows = {".".join(row.path): row for row in ag.summary(model, np.ones((2, 5))).rows}
    assert list(rows) == ["", "table", "blocks.0", "blocks.1", "blocks.2"]
    assert rows[""].output == (2, 5)
    assert rows["blocks.1"].output == (2, 4)
    assert not model.mean.any()
    assert not model.calls.any()
    assert model.rng.bit_generator.state == before
    assert model.table.weight.grad is None


def test_kept_bytes_count_each_memory_once():
    class Net(nn.Module):
        def __init__(self):
            self.cell = nn.RNNCell(3, 4)

        def forward(self, x):
            h = self.cell(x[1], self.cell(x[0]))
            return np.exp(h.reshape(8)[:4])

    kept = {row.type: row.kept for row in ag.summary(Net(), np.ones((2, 2, 3))).rows}
    of_step = 4 * 8 + 3 * 64  # the sum of the biases, two products, tanh
    assert kept["RNNCell"] == 2 * of_step
    assert kept["Net"] == 2 * of_step + 32  # exp; the reshaped array and its slice are views
    fused = ag.summary(nn.Sequential(ag.softplus), ag.tensor(np.ones(4), requires_grad=True))
    assert fused.rows[1].kept == 64  # its result, and exp(x) for the rule


def test_kept_bytes_are_none_without_a_run_and_0_if_frozen():
    model = nn.Linear(2, 2).requires_grad_(False)
    assert ag.summary(model).rows[0].kept is None
    assert ag.summary(model, np.ones((1, 2))).rows[0].kept == 0


@pytest.mark.parametrize("layers", [2, 12])
def test_table_of_a_deep_model_fits_80_columns(layers):
    class Block(nn.Module):
        def __init__(self):
            self.attention = nn.Sequential(nn.Linear(64, 192), nn.Linear(192, 64))
            self.mlp = nn.MLP([64, 256, 64])

        def forward(self, x):
            return self.mlp(self.attention(x))

    model = nn.Sequential(*[Block() for _ in range(layers)])
    text = ag.summary(model, np.zeros((16, 32, 64))).text(80)
    assert max(map(width, text.splitlines())) <= 80
    assert ("left out: bytes" in text) == (layers > 2)


@pytest.mark.parametrize(
    ("given", "called"),
    [(3, "3"), (np.tanh, "<ufunc 'tanh'>"), (nn.Linear, "the class Linear"), (None, "None"),
     ([nn.Linear(1, 1)], r"\[Linear\(1, 1\)\]"), (ag.tensor([1.0]), "Tensor")],
)  # fmt: skip
def test_summary_of_a_non_model_raises(given, called):
    with pytest.raises(TypeError, match=rf"expected a model, got {called}.*parameters\(\)"):
        ag.summary(given)


def test_example_of_the_wrong_shape_raises():
    with pytest.raises(ValueError, match=r"linear of .*\(5, 3\).*'W1' \(float64, shape \(2, 4\)\)"):
        ag.summary(nn.MLP([2, 4, 1]), np.zeros((5, 3)))
