"""The notebook display of tensors and tapes: safe, small, and the same numbers as the table."""

import inspect
from html.parser import HTMLParser

import numpy as np
import pytest

import autograd_mini as ag


class Reader(HTMLParser):
    """Reads the cells of a table, row by row, and counts the tags."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.tags, self.title = [], [], ""
        self.inside = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        self.inside = tag in ("td", "th", "span", "sub", "small") and bool(self.rows)

    def handle_data(self, data):
        if self.rows:
            self.rows[-1][-1] += data
        else:
            self.title += data


def leaf(x, name=None):
    return ag.tensor(x, requires_grad=True, name=name)


def test_tensor_shows_its_facts_and_its_numbers():
    read = Reader(leaf([[1.0, -2.5], [0.0, 1 / 3]], "W_q")._repr_html_())
    assert read.title == "Wq · float64(2, 2) · leaf · requires a gradient"
    assert read.rows == [["1", "-2.5"], ["0", "0.3333"]]
    assert "sub" in read.tags
    read = Reader(np.exp(leaf(0.0))._repr_html_())
    assert read.title == "float64() · exp · requires a gradient"
    assert read.rows == [["1"]]


@pytest.mark.parametrize("shape", [(100,), (9, 9), (1000, 1000), (3, 40, 2)])
def test_large_tensor_is_shown_as_blocks(shape):
    x = np.random.default_rng(0).normal(size=shape)
    text = ag.tensor(x)._repr_html_()
    read = Reader(text)
    assert len(read.rows) <= 8
    assert max(map(len, read.rows)) <= 8
    assert len(text) < 8_000
    largest = x.flat[np.abs(x).argmax()]
    assert any(float(n) == pytest.approx(largest, rel=1e-3) for row in read.rows for n in row)
    assert "mean " in read.title


def test_an_entry_that_is_not_finite_is_shown_in_its_block():
    x = np.zeros((80, 80))
    x[33, 44] = np.nan
    read = Reader(ag.tensor(x)._repr_html_())
    assert sum(row.count("nan") for row in read.rows) == 1
    assert "1 not finite" in read.title


@pytest.mark.parametrize("x", [np.zeros((0, 3)), np.zeros(0), [True, False], [[[1, 2]]], 3])
def test_every_kind_of_array_has_a_display(x):
    assert Reader(ag.tensor(x)._repr_html_()).rows


def test_hostile_names_are_escaped():
    name = '<img src=x onerror="alert(1)">'
    x = leaf([1.0, 2.0], name)
    for text in (x._repr_html_(), (x * x).sum().tape()._repr_html_()):
        assert "<img" not in text
        assert set(Reader(text).tags) <= {
            "div", "table", "thead", "tbody", "tr", "td", "th", "span", "sub", "b", "small",
        }  # fmt: skip


def test_tape_shows_values_and_gradients_and_touches_no_grad():
    x, w = leaf([1.0, 2.0], "x"), leaf([3.0, 4.0], "w_1")
    loss = np.sum(x * w)
    read = Reader(loss.tape()._repr_html_())
    assert read.rows == [
        ["#", "name", "operation", "arguments", "shape", "value", "∂v3/∂"],
        ["0", "x", "leaf", "", "(2,)", "1 2", "3 4"],
        ["1", "w1", "leaf", "", "(2,)", "3 4", "1 2"],
        ["2", "v2", "mul", "x, w1", "(2,)", "3 8", "1 1"],
        ["3", "v3", "sum", "v2", "()", "11", "1"],
    ]
    assert x.grad is None


def test_tape_without_a_gradient_has_no_column_for_it():
    x = leaf([1.0, 2.0], "x")
    stale = (x * 2).sum().tape()
    x.data = [0.0, 1.0]
    for tape in ((x * 2).tape(), ag.tensor(1.0).tape(), stale):
        assert Reader(tape._repr_html_()).rows[0][-1] == "value"


def test_long_tape_leaves_out_its_middle():
    y = leaf(1.0)
    for _ in range(3000):
        y = np.sin(y)
    read = Reader(y.tape()._repr_html_())
    assert len(read.rows) == 42
    assert read.rows[21] == ["… 2,961 more …"]


def test_display_changes_no_plain_text():
    x = leaf([1.0, 2.0], "x")
    assert repr(x) == "Tensor([1., 2.], dtype=float64, name='x', requires_grad=True)"
    assert repr((x * x).tape()).startswith("<Tape of 2 tensors")


def test_signature_of_a_primitive_is_that_of_its_function():
    assert list(inspect.signature(ag.Primitive).parameters)[:2] == ["forward", "vjps"]
    assert "axis" in inspect.signature(ag.softmax).parameters
