"""The drawing: what is on the cards and edges, and files that are whole or not there."""

import os
import re
import shutil
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.views.dot import BACKWARD, ENDINGS, FORWARD, draw

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
posix = pytest.mark.skipif(sys.platform == "win32", reason="a stand-in for dot is a shell script")


def named(name, t):
    t.name = name
    return t


def softmax_chain():
    z = ag.tensor([2.0, 1.0, 0.1], requires_grad=True, name="z")
    y = ag.tensor([0.0, 1.0, 0.0], name="y")
    e = named("e", np.exp(z))
    p = named("ŷ", e / named("s", e.sum()))
    weighted = named("p", y * named("ℓ", np.log(p)))
    return named("L", -named("S", weighted.sum()))


def cards(drawing):
    """Node -> the texts on its card, row by row. Parsing the label checks it, as Graphviz would."""
    found = re.findall(r"^  (n\d+) \[label=<(.*)>\]$", drawing.source, flags=re.M)
    return {node: [" ".join(cells(row)) for row in inner_rows(label)] for node, label in found}


def inner_rows(label):
    return [row for row in ET.fromstring(label).iter("TR") if row.find("TD/TABLE") is None]


def cells(row):
    return ["".join(cell.itertext()).strip() for cell in row.iter("TD")]


def card(drawing, name):
    (found,) = [rows for rows in cards(drawing).values() if f"\xa0{name}\xa0" in rows[0]]
    return found


def edges(drawing, direction="forward"):
    lines = re.findall(r"^  (n\d+) -> (n\d+)(.*)$", drawing.source, flags=re.M)
    return [(a, b) for a, b, rest in lines if ("dir=back" in rest) == (direction == "backward")]


# ---- cards and edges ----------------------------------------------------------------------------


def test_a_card_is_an_operation_and_its_output():
    drawing = draw(softmax_chain())
    assert len(cards(drawing)) == 9  # one for each tensor of the tape
    assert card(drawing, "ŷ") == [
        "div \xa0ŷ\xa0 (3,)",
        "value ∂L/∂ŷ",
        "0.659 0",
        "0.2424 -4.1249",
        "0.0986 0",
    ]
    assert card(drawing, "L") == ["neg \xa0L\xa0 ()", "value ∂L/∂L", "1.417 1"]
    assert card(drawing, "z")[0] == "leaf \xa0z\xa0 (3,)"


def test_the_numbers_are_those_of_the_tape():
    loss = softmax_chain()
    drawing = draw(loss)
    for t, adjoint in loss.tape().adjoints().items():
        shown = np.array([row.split() for row in card(drawing, t.name)[2:]], float)
        np.testing.assert_allclose(shown[:, 0], t.data.reshape(-1), atol=1e-3)
        np.testing.assert_allclose(shown[:, 1], adjoint.reshape(-1), atol=1e-3)


def test_a_constant_has_no_column_of_derivatives():
    assert card(draw(softmax_chain()), "y") == ["const \xa0y\xa0 (3,)", "value", "0", "1", "0"]


def test_forward_edges_are_solid_and_blue_and_beside_each_runs_a_backward_one():
    loss = softmax_chain()
    drawing = draw(loss)
    tape = loss.tape()
    node = {t.order: f"n{i}" for i, t in enumerate(tape)}
    uses = [(node[a.order], node[t.order]) for t in tape for a in t.inputs]
    assert edges(drawing) == uses
    assert edges(drawing, "backward") == [use for use in uses if use[0] != node[tape[1].order]]
    assert f'edge [penwidth=1.5, arrowsize=0.7, color="{FORWARD}"]' in drawing.source
    assert f'[dir=back, style=dashed, color="{BACKWARD}"]' in drawing.source


def test_a_tensor_used_twice_has_an_edge_for_each_use():
    x = ag.tensor(3.0, requires_grad=True, name="x")
    drawing = draw(x * x)
    assert edges(drawing) == edges(drawing, "backward") == [("n0", "n1")] * 2
    assert card(drawing, "x") == ["leaf \xa0x\xa0 ()", "value ∂v1/∂x", "3 6"]


def test_values_and_gradients_can_be_left_out():
    loss = softmax_chain()
    bare = draw(loss, values=False, gradients=False)
    assert card(bare, "z") == ["leaf \xa0z\xa0 (3,)"]
    assert edges(bare, "backward") == []
    assert card(draw(loss, gradients=False), "z")[1:] == ["value", "2", "1", "0.1"]
    assert card(draw(loss, values=False), "L")[1:] == ["∂L/∂L", "1"]
    assert card(draw(loss, values=False), "y") == ["const \xa0y\xa0 (3,)"]


def test_a_result_of_several_entries_is_drawn_without_gradients():
    x = ag.tensor([1.0, 2.0], requires_grad=True, name="x")
    drawing = draw(x * 2.0)
    assert edges(drawing, "backward") == []
    assert card(drawing, "x")[1:] == ["value", "1", "2"]


def test_several_results_share_one_graph():
    x = ag.tensor(2.0, requires_grad=True, name="x")
    e = named("e", np.exp(x))
    drawing = draw(named("a", e + 1.0), named("b", e * 2.0))
    assert [rows[0].split()[1] for rows in cards(drawing).values()] == ["x", "e", "a", "b"]
    assert edges(drawing) == [("n0", "n1"), ("n1", "n2"), ("n1", "n3")]


def test_arguments_that_are_not_tensors_are_written_on_the_card():
    x = ag.tensor(np.ones((2, 3)), requires_grad=True, name="x")
    y = named("y", x.sum(axis=0))
    r = named("r", 2.0 / y[1:, None])
    drawing = draw(r.sum())
    assert card(drawing, "y")[0] == "sum \xa0y\xa0 (3,)sum(x, axis=0)"
    assert card(drawing, "v2")[0] == "getitem \xa0v2\xa0 (2, 1)getitem(y, [1:, None])"
    assert card(drawing, "r")[0] == "div \xa0r\xa0 (2, 1)div(2.0, v2)"


def test_a_matrix_has_its_indices_and_a_large_array_its_statistics():
    x = ag.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True, name="x")
    big = named("big", x.reshape(4, 1) * np.arange(100.0))
    drawing = draw(big.mean())
    assert [row.split()[:2] for row in card(drawing, "x")[2:]] == [
        ["0,0", "1"],
        ["0,1", "2"],
        ["1,0", "3"],
        ["1,1", "4"],
    ]
    assert [row.split() for row in card(drawing, "big")[2:]] == [
        ["min", "0", "0.0025"],
        ["mean", "123.75", "0.0025"],
        ["max", "396", "0.0025"],
    ]


def test_cells_are_green_for_positive_and_purple_for_negative_the_deeper_the_larger():
    x = ag.tensor([4.0, 2.0, -4.0, 0.0, np.nan, np.inf], requires_grad=True, name="x")
    labels = re.findall(r"label=<(.*)>\]$", draw(x * 1.0).source, flags=re.M)
    colors = [cell.get("BGCOLOR") for cell in ET.fromstring(labels[0]).iter("TD")][-6:]
    deep, pale, negative, *others = colors
    assert others == ["white"] * 3
    green, purple = ([int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in (deep, negative))
    assert green[1] > max(green[0], green[2])
    assert purple[1] < min(purple[0], purple[2])
    assert pale > deep


@pytest.mark.parametrize(
    "data", [np.zeros(0), [np.nan, np.inf], np.full(20, np.inf), np.full(20, 1e308), 1e-320]
)
def test_empty_and_non_finite_arrays_are_drawn(data):
    x = ag.tensor(data, requires_grad=True, name="x")
    assert len(card(draw((x * 0.01).sum()), "x")) >= 3


def test_names_come_out_as_text():
    names = [
        "<b>bold</b>",
        'a "quote"',
        "&amp;",
        "a\nb",
        "back\\slash",
        "\\N\\G\\E",
        "🎉",
        "]]>-->",
    ]
    t = 0.0
    for name in names:
        t = t + ag.tensor(1.0, requires_grad=True, name=name)
    drawing = draw(t)
    for name in names:
        assert card(drawing, name.replace("\n", "\\n"))[0].startswith("leaf")


def test_the_source_is_the_same_each_time_and_nothing_is_changed():
    first, second = softmax_chain(), softmax_chain()
    assert draw(first).source == draw(second).source
    assert first.tape()[0].grad is None


def test_a_long_chain_is_drawn_without_recursion():
    x = ag.tensor(1.0, requires_grad=True)
    for _ in range(3_000):
        x = x + 1.0
    assert len(edges(draw(x))) == 3_000


def test_nothing_to_draw_is_an_error_that_says_what_to_do():
    with pytest.raises(ValueError, match=r"nothing was recorded for 'x' .*Draw a result"):
        draw(ag.tensor(1.0, requires_grad=True, name="x"))
    with pytest.raises(ValueError, match="nothing was recorded"), ag.no_grad():
        draw(ag.tensor(1.0, requires_grad=True) * 2)
    with pytest.raises(ValueError, match="no result"):
        draw()
    with pytest.raises(TypeError, match="draw takes tensors, not 3"):
        draw(3)


# ---- files --------------------------------------------------------------------------------------


def stand_in(folder, script):
    """A program called dot, the only one on the path."""
    program = folder / "bin" / "dot"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return str(program.parent)


@pytest.mark.parametrize("name", ["x.dot", "x.gv", "x.DOT"])
def test_dot_text_needs_no_program(name, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    drawing = draw(softmax_chain())
    path = drawing.save(tmp_path / name)
    assert path == tmp_path / name
    assert path.read_text(encoding="utf-8") == drawing.source
    assert drawing.save(str(path)) == path  # over the file that is there
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("ending", ["svg", "png", "pdf"])
def test_without_graphviz_a_picture_is_one_line_that_says_how_to_get_it(
    ending, tmp_path, monkeypatch
):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RuntimeError, match=f"{ending}.*apt install graphviz.*brew.*[.]dot") as info:
        draw(softmax_chain()).save(tmp_path / f"x.{ending}")
    assert "\n" not in str(info.value)
    assert os.listdir(tmp_path) == []


def test_a_notebook_without_graphviz_shows_the_repr(monkeypatch):
    monkeypatch.setenv("PATH", "")
    drawing = draw(softmax_chain())
    assert drawing._repr_svg_() is None
    assert repr(drawing) == '<Drawing of 9 cards: .save("graph.svg") writes it to a file>'


@posix
def test_a_picture_is_what_the_program_makes_of_the_text(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", stand_in(tmp_path, 'echo "$@"; /bin/cat'))
    drawing = draw(softmax_chain())
    path = drawing.save(tmp_path / "x.svg")
    command, text = path.read_text(encoding="utf-8").split("\n", 1)
    assert "-Tsvg" in command
    assert text == drawing.source == drawing._repr_svg_().split("\n", 1)[1]


@posix
def test_a_program_that_fails_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "x.svg"
    path.write_text("before")
    monkeypatch.setenv("PATH", stand_in(tmp_path, "echo out of memory >&2; exit 1"))
    with pytest.raises(RuntimeError, match=r"could not draw the [.]svg: out of memory"):
        draw(softmax_chain()).save(path)
    assert path.read_text() == "before"


def test_a_write_that_fails_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    path = tmp_path / "x.dot"
    path.write_text("before")
    with pytest.raises(OSError, match="No space left") as info:
        draw(softmax_chain()).save(path)
    assert info.value.filename == str(path)
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == ["x.dot"]


def test_an_unknown_ending_or_a_missing_folder_is_refused(tmp_path):
    drawing = draw(softmax_chain())
    for name in ("x.jpg", "x", ".svg"):
        with pytest.raises(ValueError, match=f"must end in {', '.join(ENDINGS)}"):
            drawing.save(tmp_path / name)
    with pytest.raises(FileNotFoundError, match="no folder"):
        drawing.save(tmp_path / "missing" / "x.dot")
    assert os.listdir(tmp_path) == []


# ---- with Graphviz ------------------------------------------------------------------------------


@needs_dot
@pytest.mark.parametrize(
    ("ending", "magic"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")]
)
def test_graphviz_draws_it(ending, magic, tmp_path):
    path = draw(softmax_chain()).save(tmp_path / f"x.{ending}")
    assert path.read_bytes().startswith(magic)


@needs_dot
def test_graphviz_shows_names_as_they_are():
    names = ["<b>&amp;", 'a "quote"', "back\\slash", "\\N", "\\G\\L", "🎉"]
    t = 0.0
    for name in names:
        t = t + ag.tensor(1.0, requires_grad=True, name=name)
    texts = [
        "".join(item.text for item in node.iter("{http://www.w3.org/2000/svg}text"))
        for node in ET.fromstring(draw(t)._repr_svg_()).iter("{http://www.w3.org/2000/svg}g")
        if node.get("class") == "node"
    ]
    for name in names:
        assert any(f"\xa0{name}\xa0" in text for text in texts)
