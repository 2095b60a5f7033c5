"""The table: a Wengert list as in textbooks, for all names of tensors."""

import io
import re
import sys
import unicodedata
from functools import partial

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import nn
from autograd_mini.text.format import (
    format_argument,
    format_array,
    format_number,
    one_line,
    truncate,
    width,
    wrap,
)
from autograd_mini.text.terminal import is_colored
from autograd_mini.views import table as views
from tests.budget import few
from tests.programs import PROGRAMS


def named(name, t):
    t.name = name
    return t


def rows(tape, **kwargs):
    """Return the header and the rows of the forward pass."""
    return tape.table(**{"width": 80, **kwargs}).split("\n\n")[0].splitlines()


def steps(tape, width=80):
    """Return the header and the rows of the backward pass."""
    return tape.table(adjoints=True, width=width).split("\n\n")[1].splitlines()


def softmax_chain():
    z = ag.tensor([2.0, 1.0, 0.1], requires_grad=True, name="z")
    y = ag.tensor([0.0, 1.0, 0.0], name="y")
    e = named("e", np.exp(z))
    s = named("s", e.sum())
    p = named("ŷ", e / s)
    log_p = named("ℓ", np.log(p))
    weighted = named("p", y * log_p)
    return named("L", -named("S", weighted.sum()))


# ---- the worked traces of the literature --------------------------------------------------------


def baydin():
    """Return f(x1, x2) = ln x1 + x1 x2 - sin x2 at (2, 5), with the names of table 2."""
    x1 = ag.tensor(2.0, requires_grad=True, name="v-1")
    x2 = ag.tensor(5.0, requires_grad=True, name="v0")
    v1 = named("v1", np.log(x1))
    v2 = named("v2", x1 * x2)
    v3 = named("v3", np.sin(x2))
    v4 = named("v4", v1 + v2)
    return named("v5", v4 - v3)


def test_baydin_et_al_table_2_and_3_row_for_row(monkeypatch, capsys):
    """Table 2 is the column of values, table 3 that of derivatives (printed there upwards)."""
    monkeypatch.setenv("COLUMNS", "80")
    print(baydin().tape())
    assert capsys.readouterr().out.splitlines() == [
        "# name  op    arguments  shape  value",
        "0 v-1   leaf             ()     2",
        "1 v0    leaf             ()     5",
        "2 v1    log   v-1        ()     0.6931",
        "3 v2    mul   v-1, v0    ()     10",
        "4 v3    sin   v0         ()     -0.9589",
        "5 v4    add   v1, v2     ()     10.693",
        "6 v5    sub   v4, v3     ()     11.652",
    ]
    assert rows(baydin().tape(), adjoints=True) == [
        "# name  op    arguments  shape  value    ∂v5/∂",
        "0 v-1   leaf             ()     2        5.5",
        "1 v0    leaf             ()     5        1.7163",
        "2 v1    log   v-1        ()     0.6931   1",
        "3 v2    mul   v-1, v0    ()     10       1",
        "4 v3    sin   v0         ()     -0.9589  -1",
        "5 v4    add   v1, v2     ()     10.693   1",
        "6 v5    sub   v4, v3     ()     11.652   1",
    ]


def test_griewank_and_walther_example_1_1_row_for_row(monkeypatch, capsys):
    """y = [sin(x1/x2) + x1/x2 - exp(x2)] [x1/x2 - exp(x2)] at (1.5, 0.5).

    The book's last line is 2.0167, the product of the two factors after they were rounded to
    1.4924 and 1.3513; that of the factors themselves is 2.01665.
    """
    x1 = ag.tensor(1.5, requires_grad=True, name="v-1")
    x2 = ag.tensor(0.5, requires_grad=True, name="v0")
    v1 = named("v1", x1 / x2)
    v2 = named("v2", np.sin(v1))
    v3 = named("v3", np.exp(x2))
    v4 = named("v4", v1 - v3)
    v5 = named("v5", v2 + v4)
    y = named("v6", v5 * v4)
    assert y.item() == pytest.approx((np.sin(3) + 3 - np.exp(0.5)) * (3 - np.exp(0.5)), rel=1e-15)
    assert round(round(v5.item(), 4) * round(v4.item(), 4), 4) == 2.0167
    monkeypatch.setenv("COLUMNS", "80")
    print(y.tape())
    assert capsys.readouterr().out.splitlines() == [
        "# name  op    arguments  shape  value",
        "0 v-1   leaf             ()     1.5",
        "1 v0    leaf             ()     0.5",
        "2 v1    div   v-1, v0    ()     3",
        "3 v2    sin   v1         ()     0.1411",
        "4 v3    exp   v0         ()     1.6487",
        "5 v4    sub   v1, v3     ()     1.3513",
        "6 v5    add   v2, v4     ()     1.4924",
        "7 v6    mul   v5, v4     ()     2.0166",
    ]


# ---- the softmax chain at 80 columns ------------------------------------------------------------


def test_softmax_chain_with_adjoints_fits_80_columns_uncut():
    table = rows(softmax_chain().tape(), adjoints=True)
    assert table == [
        "# name  op     arguments  shape  value                   ∂L/∂",
        "0 z     leaf              (3,)   [2 1 0.1]               [0.659 -0.7576 0.0986]",
        "1 y     const             (3,)   [0 1 0]",
        "2 e     exp    z          (3,)   [7.389 2.718 1.105]     [0.0892 -0.2787 0.0892]",
        "3 s     sum    e          ()     11.213                  0.0892",
        "4 ŷ     div    e, s       (3,)   [0.659 0.2424 0.0986]   [0 -4.125 0]",
        "5 ℓ     log    ŷ          (3,)   [-0.417 -1.417 -2.317]  [0 -1 0]",
        "6 p     mul    y, ℓ       (3,)   [0 -1.417 0]            [-1 -1 -1]",
        "7 S     sum    p          ()     -1.417                  -1",
        "8 L     neg    S          ()     1.417                   1",
    ]
    assert max(map(len, table)) <= 80


def test_the_backward_pass_of_the_softmax_chain():
    assert steps(softmax_chain().tape()) == [
        "# op   adds to      rule            contribution",
        "8 neg  ∂L/∂S    =   -∂L/∂L          -1",
        "7 sum  ∂L/∂p    =   ∂L/∂S           [-1 -1 -1]",
        "6 mul  ∂L/∂ℓ    =   ∂L/∂p · y       [0 -1 0]",
        "5 log  ∂L/∂ŷ    =   ∂L/∂ℓ / ŷ       [0 -4.125 0]",
        "4 div  ∂L/∂e    =   ∂L/∂ŷ / s       [0 -0.3679 0]",
        "4 div  ∂L/∂s    =   -∂L/∂ŷ · ŷ / s  0.0892",
        "3 sum  ∂L/∂e    +=  ∂L/∂s           [0.0892 0.0892 0.0892]",
        "2 exp  ∂L/∂z    =   ∂L/∂e · e       [0.659 -0.7576 0.0986]",
    ]


def test_contributions_add_up_to_the_derivatives():
    loss = baydin() * baydin()
    table = steps(loss.tape(), width=200)
    total = {}
    for row in table[1:]:
        _, _, target, sign, *_, value = row.split()
        assert (sign == "+=") == (target in total)
        total[target] = total.get(target, 0) + float(value)
    adjoints = [float(a) for t, a in loss.tape().adjoints().items() if t is not loss]
    np.testing.assert_allclose(sorted(total.values()), sorted(adjoints), rtol=1e-3)


# ---- where it is printed ------------------------------------------------------------------------


class Screen(io.TextIOWrapper):
    """A stream of some encoding, which may be a terminal."""

    def __init__(self, encoding, terminal):
        super().__init__(io.BytesIO(), encoding=encoding)
        self.isatty = lambda: terminal

    def text(self):
        self.flush()
        return self.buffer.getvalue().decode(self.encoding)


def printed(tape, monkeypatch, encoding="utf-8", terminal=False):
    screen = Screen(encoding, terminal)
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("COLUMNS", "80")
    print(tape)
    return screen.text()


def test_only_a_terminal_gets_colours(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    tape = softmax_chain().tape()
    plain = tape.table(width=80) + "\n"
    assert printed(tape, monkeypatch) == plain
    colored = printed(tape, monkeypatch, terminal=True)
    assert "\x1b[38;5;32m[2 1 0.1]\x1b[m" in colored
    assert re.sub("\x1b\\[[0-9;]*m", "", colored) == plain
    assert tape.table(width=80) + "\n" == plain
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert printed(tape, monkeypatch) == colored
    monkeypatch.setenv("NO_COLOR", "1")
    assert printed(tape, monkeypatch, terminal=True) == plain
    monkeypatch.setenv("NO_COLOR", "")  # is as good as not set
    assert printed(tape, monkeypatch, terminal=True) == colored


def test_derivatives_are_orange_in_both_parts(monkeypatch):
    monkeypatch.setattr(sys, "stdout", Screen("utf-8", terminal=True))
    monkeypatch.delenv("NO_COLOR", raising=False)
    tape = softmax_chain().tape()
    text = views.printed(tape, adjoints=True, width=80)
    forward, backward = text.split("\n\n")
    orange = re.compile(r"\x1b\[38;5;166m(.*?)\x1b\[m")
    assert orange.findall(forward)[:2] == ["∂L/∂", "[0.659 -0.7576 0.0986]"]
    assert orange.findall(backward)[:2] == ["contribution", "-1"]
    assert re.sub("\x1b\\[[0-9;]*m", "", text) == tape.table(adjoints=True, width=80)


@pytest.mark.parametrize("stream", [None, io.StringIO(), object()])
def test_str_of_a_tape_without_a_terminal(stream, monkeypatch):
    tape = softmax_chain().tape()
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys, "stdout", stream)
    assert str(tape) == tape.table()


def test_a_closed_stream_has_no_colours():
    closed = io.StringIO()
    closed.close()
    assert not is_colored(closed)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437", "latin-1"])
def test_a_stream_gets_letters_that_it_can_write(encoding, monkeypatch):
    x = ag.tensor(np.arange(9.0), requires_grad=True, name="ŷ ∂ 速度 🎉")
    text = printed(np.exp(x * 1.0).tape(), monkeypatch, encoding)
    assert "?" not in text
    head, *lines = text.splitlines()
    assert len({line.index("(9,)") for line in lines}) == 1
    assert lines[0].index("(9,)") == head.index("shape")
    assert ("~" in text) != ("…" in text)


def test_letters_are_replaced_and_names_are_escaped(monkeypatch):
    monkeypatch.setattr(sys, "stdout", Screen("ascii", terminal=False))
    x = ag.tensor(2.0, requires_grad=True, name="速")
    text = views.printed(named("ŷ", np.exp(x) * x).tape(), adjoints=True, width=80)
    assert text.splitlines() == [
        "# name    op    arguments   shape  value   dy_hat/d",
        "0 \\u901f  leaf              ()     2       22.167",
        "1 v1      exp   \\u901f      ()     7.3891  2",
        "2 y_hat   mul   v1, \\u901f  ()     14.778  1",
        "",
        "# op   adds to             rule                    contribution",
        "2 mul  dy_hat/dv1      =   dy_hat/dy_hat * \\u901f  2",
        "2 mul  dy_hat/d\\u901f  =   dy_hat/dy_hat * v1      7.3891",
        "1 exp  dy_hat/d\\u901f  +=  dy_hat/dv1 * v1         14.778",
    ]


def test_adjoints_in_the_table_are_those_of_the_tape_and_touch_no_grad():
    loss = softmax_chain()
    z = loss.tape()[0]
    shown = rows(loss.tape(), adjoints=True)[1].split("[")[-1].rstrip("]").split()
    p = np.exp(z.data) / np.exp(z.data).sum()
    np.testing.assert_allclose([float(x) for x in shown], p - [0, 1, 0], atol=5e-5)
    assert z.grad is None


# ---- names and numbers --------------------------------------------------------------------------


def test_a_row_is_called_by_its_number_in_the_tape():
    x = ag.tensor(2.0, requires_grad=True)
    ag.tensor(0.0)  # another tensor between, which the result does not depend on
    y = np.exp(x) * np.exp(x)
    tape = y.tape()
    assert [row.split()[:2] for row in rows(tape)[1:]] == [[str(i), f"v{i}"] for i in range(4)]
    assert "v1, v2" in rows(tape)[4]
    assert tape[3] is y


def test_a_name_used_twice_gets_the_number_too():
    w = ag.tensor(2.0, requires_grad=True, name="w")
    other = ag.tensor(3.0, requires_grad=True, name="w")
    table = rows((w * other).tape(), adjoints=True)
    assert [row.split()[1] for row in table[1:]] == ["w#0", "w#1", "v2"]
    assert "w#0, w#1" in table[3]


def test_a_name_that_looks_like_a_number_is_not_confused_with_the_row():
    x = ag.tensor(2.0, requires_grad=True, name="v1")
    table = rows(np.sin(np.exp(x)).tape())
    assert [row.split()[1] for row in table[1:]] == ["v1", "#1", "v2"]
    assert table[3].split()[3] == "#1"


@pytest.mark.parametrize(
    "name",
    ["a\nb", "a\tb", "a\rb", "\x1b[31mred", "\u2028", "\u202eevil", "\x00", "\udc80", "\x85"],
)
def test_control_characters_in_a_name_are_escaped(name):
    x = ag.tensor(2.0, requires_grad=True, name=name)
    table = (x * 2.0).tape().table(adjoints=True, width=200)
    assert len(table.splitlines()) == 6
    assert table.replace("\n", "").isprintable()
    assert f"{one_line(name)}, 2.0" in table
    table.encode()


def test_columns_are_aligned_with_wide_letters_and_accents():
    x = ag.tensor(2.0, requires_grad=True, name=unicodedata.normalize("NFD", "ŷ"))
    z = named("速度", x * 1.0)
    table = rows(z.tape())
    starts = [width(row[: row.index("()")]) for row in table[1:]]
    assert len(set(starts)) == 1
    assert starts[0] == width(table[0][: table[0].index("shape")])


def test_a_constant_leaf_is_called_const_and_has_no_derivative():
    c = ag.tensor([1.0, 2.0], name="c")
    x = ag.tensor([3.0, 4.0], requires_grad=True, name="x")
    table = rows((c * x).sum().tape(), adjoints=True)
    assert table[1] == "0 c     const             (2,)   [1 2]"
    assert table[2] == "1 x     leaf              (2,)   [3 4]  [1 2]"


# ---- arguments ----------------------------------------------------------------------------------


def arguments_of(t, width=200):
    """Return the arguments in the last row."""
    table = t.tape().table(width=width).splitlines()
    start, end = table[0].index("arguments"), table[0].index("shape")
    return table[-1][start:end].strip()


X = ag.tensor(np.ones((4, 3)), requires_grad=True, name="x")


@pytest.mark.parametrize(
    ("result", "written"),
    [
        (lambda: X * 2.5, "x, 2.5"),
        (lambda: 2 - X, "2, x"),
        (lambda: X + np.array([1.0, 0.5, 0.0]), "x, [1 0.5 0]"),
        (lambda: X * np.ones((4, 3)), "x, float64(4, 3)"),
        (lambda: X * np.float64(0.5), "x, 0.5"),
        (lambda: X[1:, None], "x, [1:, None]"),
        (lambda: X[..., -1], "x, [..., -1]"),
        (lambda: X[::2], "x, [::2]"),
        (lambda: X[None], "x, [None]"),
        (lambda: X[2], "x, [2]"),
        (lambda: X[1, 2], "x, [1, 2]"),
        (lambda: X[[0, 0]], "x, [[0, 0]]"),
        (lambda: X[np.array([0, 2])], "x, [[0 2]]"),
        (lambda: X.sum(axis=0), "x, axis=0"),
        (lambda: X.sum(), "x"),
        (lambda: X.sum(axis=(0, 1), keepdims=True), "x, axis=(0, 1), keepdims=True"),
        (lambda: X.reshape(2, 6), "x, (2, 6)"),
        (lambda: X.T, "x"),
        (lambda: X.astype(np.float32), "x, dtype=float32"),
        (lambda: np.concatenate([X, X], axis=1), "x, x, axis=1"),
        (lambda: np.where(np.ones(3, bool), X, 0.0), "[True True True], x, 0.0"),
    ],
)
def test_arguments_of_each_kind(result, written):
    assert arguments_of(result()) == written


def test_a_primitive_of_the_user_shows_its_own_arguments():
    class Big:
        def __repr__(self):
            return "Big(\n" + "x" * 10_000

    scaled = ag.primitive(lambda x, by: x * 2, lambda g, y, x, by: g * 2, name="getitem")
    other = ag.primitive(lambda x, by: x * 2, lambda g, y, x, by: g * 2, name="scaled")
    assert arguments_of(scaled(X, "left")) == "x, ['left']"
    assert arguments_of(other(X, "left")) == "x, 'left'"
    assert len(arguments_of(other(X, Big()))) < 80


# ---- values -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "written"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (100.0, "100"),
        (-0.7576032, "-0.7576"),
        (11.6520714, "11.652"),
        (123456.0, "123456"),
        (123456.7, "1.2346e+05"),
        (-2e6, "-2e+06"),
        (0.00123456, "0.001235"),
        (-1.23456e-300, "-1.235e-300"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (np.float32(0.1), "0.1"),
        (np.int64(12345678), "12345678"),
        (True, "True"),
    ],
)
def test_numbers_have_about_five_digits(x, written):
    assert format_number(x) == written


@pytest.mark.parametrize("exponent", range(-320, 309, 7))
def test_format_number_is_within_rounding(exponent):
    for digits, worst in ((5, 5e-3), (4, 5e-3)):  # four decimals of 0.01 are two digits
        x = 1.23456789 * 10.0**exponent
        assert float(format_number(x, digits)) == pytest.approx(x, rel=worst)
        assert len(format_number(-x, digits)) <= 12


@pytest.mark.parametrize(
    ("array", "written"),
    [
        (np.zeros(0), "[]"),
        (np.zeros((3, 0)), "[]"),
        (np.array([np.nan, np.inf, -np.inf]), "[nan inf -inf]"),
        (np.arange(6.0).reshape(2, 3), "[[0 1 2] [3 4 5]]"),
        (np.arange(4.0).reshape(1, 2, 2), "[[[0 1] [2 3]]]"),
        (np.arange(9.0).reshape(3, 3), "[[0 1 2] [3 4 5] …]"),
        (np.arange(10**6), "[0 1 2 3 4 5 …]"),
        (np.array([True, False]), "[True False]"),
    ],
)
def test_arrays_are_written_on_one_line(array, written):
    assert format_array(array) == written


def test_table_of_empty_nan_and_inf():
    x = ag.tensor(np.zeros((0, 3)), requires_grad=True, name="x")
    y = x.sum() + ag.tensor([np.nan, np.inf], name="c").sum()
    table = rows(y.tape(), adjoints=True)
    assert table[1].split()[-2:] == ["[]", "[]"]
    assert table[-1].split()[-2:] == ["nan", "1"]


def test_table_does_not_compute_lazy_arrays():
    class Lazy:
        shape, dtype = (3, 2), np.dtype(float)

        def __array__(self, *args, **kwargs):
            raise AssertionError("computed")

    assert format_array(Lazy()) == format_argument(Lazy()) == "Lazy(3, 2)"


# ---- the width ----------------------------------------------------------------------------------


def indexed():
    x = ag.tensor(np.linspace(-1, 1, 12).reshape(3, 4) / 3, requires_grad=True, name="x")
    return (x[1:, None].sum(axis=(0, 1), keepdims=True) * np.exp(x)).sum()


def fused_network():
    loss = nn.MLP([3, 4, 2], rng=0)(np.ones((2, 3)))
    return ag.softmax_cross_entropy(loss, [0, 1])


@pytest.mark.parametrize("columns", few([*range(30, 125, 5), 41, 43, 46, 67, 68, 200], 5))
@pytest.mark.parametrize("result", [softmax_chain, indexed, fused_network])
def test_the_table_fits_and_no_number_is_cut(result, columns):
    tape = result().tape()
    wide = tape.table(adjoints=True, width=10_000)
    for shown, full in zip(
        tape.table(adjoints=True, width=columns).split("\n\n"), wide.split("\n\n")
    ):
        table = shown.splitlines()
        notes = [row for row in table if "left out" in row]
        assert max(map(width, table)) <= columns or "not cut" in " ".join(shown.split())
        header, *lines = table[: len(full.splitlines())]
        assert [row.split()[0] for row in lines] == [r.split()[0] for r in full.splitlines()[1:]]
        for name in ["name", "op", "arguments", "shape", "adds", "rule"]:
            if name in full.splitlines()[0].split():
                assert (name in header.split()) != any(name in row for row in notes)
        for row in lines:
            for word in re.sub(r"[][,()]", " ", row).split():
                assert word in full or word.endswith("…")


@pytest.mark.parametrize("result", [softmax_chain, indexed, fused_network])
def test_table_with_adjoints_fits_forty_columns(result):
    table = result().tape().table(adjoints=True, width=40)
    assert max(map(width, table.splitlines())) <= 40


def test_long_names_are_cut_in_the_middle_if_nothing_else_helps():
    x = ag.tensor(2.0, requires_grad=True, name="the_learning_rate_of_the_first_layer")
    tape = (x * x).tape()
    assert x.name in tape.table(width=60)
    lines = tape.table(width=30).splitlines()
    assert max(map(width, lines)) <= 30
    assert re.search(r" the_\w*…\w*layer +2$", lines[1])


def windows():
    x = ag.tensor(np.linspace(-1, 1, 36).reshape(1, 1, 6, 6), requires_grad=True, name="image")
    kernel = ag.tensor(np.linspace(0, 1, 18).reshape(2, 1, 3, 3), requires_grad=True, name="kernel")
    view = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(2, 3))
    return ag.relu(np.einsum("nchwij,ocij->nohw", view, kernel)).sum()


def tiny_numbers():
    x = ag.tensor(np.linspace(-1, 1, 9) * 1e-300, requires_grad=True, name="x")
    return (x * -1.2345e200).sum()


def program_tape(program):
    f, x = program(np)
    return f(ag.tensor(x, requires_grad=True, name="parameters_of_the_model"))


@pytest.mark.parametrize("columns", few([40, 60, 120, 80, 200], 3))
@pytest.mark.parametrize(
    "result",
    [
        *(baydin, windows, tiny_numbers, fused_network),
        *few([partial(program_tape, p) for p in PROGRAMS], 2),
    ],
)
def test_each_value_keeps_a_number_at_every_width(result, columns):
    tape = result().tape()
    forward, backward = tape.table(adjoints=True, width=columns).split("\n\n")
    assert max(map(width, [*forward.splitlines(), *backward.splitlines()])) <= columns
    for part, last in ((forward, "value"), (backward, "contribution")):
        header, *lines = (r for r in part.splitlines() if "left out" not in r)
        assert len(lines) >= len(tape) - 1
        for line in lines:
            cell = line[header.index(last) :]
            assert re.match(r"\W*(nan|inf|\d)|\[\]", cell), line


def test_a_large_array_shows_its_range_where_there_is_room():
    x = ag.tensor(np.linspace(-1, 1, 100), requires_grad=True, name="x")
    tape = (x * 2).sum().tape()
    assert "-1 to 1" in rows(tape)[1]
    assert "-2 to 2" in rows(tape)[2]
    assert "to" not in rows(tape, width=40)[1]
    broken = ag.tensor([np.nan, *range(9)], requires_grad=True, name="x")
    assert "some nan" in rows((broken * 2).tape())[1]


def test_the_width_is_that_of_the_terminal(monkeypatch):
    tape = softmax_chain().tape()
    monkeypatch.setenv("COLUMNS", "72")
    assert str(tape) == tape.table(width=72)
    assert tape.table(adjoints=True) == tape.table(adjoints=True, width=72)
    assert tape.table(adjoints=True) != tape.table(adjoints=True, width=80)


def test_truncate_cuts_between_words_and_closes_brackets():
    assert truncate("[0.659 0.2424 0.0986]", 21) == "[0.659 0.2424 0.0986]"
    assert truncate("[0.659 0.2424 0.0986]", 20) == "[0.659 0.2424 …]"
    assert truncate("[[1 2] [3 4] [5 6]]", 12) == "[[1 2] …]"
    assert truncate("unbreakable", 6) == "unbre…"
    assert all(width(truncate("速度 速度 速度", n)) <= n for n in range(1, 20))


def test_truncate_shortens_arrays_before_names():
    assert truncate("[[0.5 -1] [1 2] [0 0.3]], W1, b1", 15) == "[…], W1, b1"
    assert truncate("[1 2 3] @ g + [4 5 6 7 8]", 21) == "[1 2 3] @ g + [4 5 …]"
    assert truncate("x[1:, None] · g", 9) == "x[…] · g"


def test_the_table_of_a_network_hides_no_name_at_80_columns():
    model = ag.nn.MLP([2, 4, 2], rng=0)
    x = np.array([[0.5, -1.0], [1.0, 2.0], [0.0, 0.3]])
    loss = ag.softmax_cross_entropy(model(x), [0, 1, 1])
    forward = rows(loss.tape(), adjoints=True)
    backward = steps(loss.tape())
    assert max(map(width, forward + backward)) <= 80
    assert any("], W1, b1 " in row for row in forward)
    assert any(" v5, W2, b2 " in row for row in forward)
    assert any(" ∂v7/∂v5 · (1 - v5²) " in row for row in backward)
    assert any(" [0.0485 -0.0485]" in row for row in backward)


def test_wrap_breaks_between_words_and_not_within_rows():
    text = "To x: ∂L/∂x = [[0.25 -0.5] [1 2]] @ W = 速度 速度 " + "x" * 30
    for columns in (20, 24, 32, 40):
        lines = wrap(text, 3, columns).split("\n")
        assert " ".join(line.strip() for line in lines) == text
        assert all(width(line) <= columns or " " not in line.strip() for line in lines)
        assert all(line.startswith("   ") for line in lines[1:])
        assert any("[0.25 -0.5]" in line for line in lines)
    assert len(wrap("∂L/∂a = 1; " * 20_000, 0).split("\n")) > 2000


def test_no_line_ends_in_blanks():
    assert all(row == row.rstrip() for row in rows(softmax_chain().tape(), adjoints=True))


# ---- what it refuses, and what it costs ---------------------------------------------------------


def test_table_with_adjoints_without_a_record_raises():
    x = ag.tensor([1.0, 2.0], requires_grad=True, name="x")
    with pytest.raises(ValueError, match="one entry"):
        (x * x).tape().table(adjoints=True)
    with pytest.raises(RuntimeError, match="has no gradient"):
        ag.tensor(1.0).tape().table(adjoints=True)
    assert len(rows((x * x).tape())) == 3
    assert rows(ag.tensor(1.0).tape())[1].split() == ["0", "v0", "const", "()", "1"]


def test_the_work_of_a_long_table_grows_with_its_length():
    """The test counts calls of Python and C functions, because time varies."""

    def calls(n):
        t = ag.tensor([1.0, 2.0, 3.0], requires_grad=True)
        for _ in range(n):
            t = t * 1.00001
        tape, count = t.tape(), 0

        def counted(*_):
            nonlocal count
            count += 1

        before = sys.getprofile()
        sys.setprofile(counted)
        try:
            table = tape.table(width=80)
        finally:
            sys.setprofile(before)
        assert len(table.splitlines()) == n + 2
        return count

    calls(10)
    assert calls(1_000) < 10 * calls(100) * 1.1


@pytest.mark.parametrize("width", [0, -3, 1, 20])
def test_a_width_that_is_too_small_still_returns_a_table(width):
    x = ag.tensor([1.0, 2.0, 3.0], requires_grad=True, name="x")
    lines = (x * x).tape().table(width=width).splitlines()
    assert lines[:3] == ["# name  op    value", "0 x     leaf  [1 …]", "1 v1    mul   [1 …]"]
    assert lines[3:] == ["left out: arguments,", "  shape"]


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_text_views_return_printable_letters(encoding, monkeypatch):
    loss = softmax_chain()
    screen = Screen(encoding, terminal=False)
    monkeypatch.setattr(sys, "stdout", screen)
    print(loss.tape().table(adjoints=True, width=80))
    print(ag.explain(loss))
    text = screen.text()
    assert "dL/dz" in text
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("adjoints", [False, True])
def test_names_of_arguments_are_cut_after_arrays(adjoints):
    network = nn.MLP([2, 16, 2])
    loss = ag.softmax_cross_entropy(network(np.ones((5, 2))), np.zeros(5, int))
    shown = loss.tape().table(adjoints=adjoints, width=80)
    assert max(map(len, shown.splitlines())) <= 80
    (row,) = [line for line in shown.splitlines() if line.startswith("4 v4")]
    assert re.search(r", W1, b1 +\(5, 16\)", row)
