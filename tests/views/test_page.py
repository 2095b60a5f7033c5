"""The page of ``ag.explore``: its data, its size and its errors."""

import base64
import contextlib
import json
import re
import subprocess
import sys
import zipfile
import zlib
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import nn, optim
from autograd_mini.compiler.source import javascript
from autograd_mini.notation import names as naming
from autograd_mini.text.format import format_number
from autograd_mini.views.page import bundle
from autograd_mini.views.page.arrays import Pool, minus
from autograd_mini.views.page.data import _SHELL
from autograd_mini.views.page.recorder import Recorder
from autograd_mini.views.trace import Trace
from tests.budget import few
from tests.cases import CASES, TAPE
from tests.nn import models

STATIC = Path(bundle.__file__).parent / "static"
RUNTIME = Path(javascript.__file__).parent / "runtime"
RNG = np.random.default_rng(0)
BY_OPERATION = {case.op: case for case in CASES}.values()


def leaf(x, name=None):
    return ag.tensor(x, requires_grad=True, name=name)


def chain():
    z, y = leaf([2.0, 1.0, 0.1], "z"), ag.tensor([0.0, 1.0, 0.0], name="y")
    with ag.scope("softmax"):
        e = np.exp(z)
        p = e / e.sum()
    with ag.scope("cross-entropy"):
        return -np.sum(y * np.log(p))


def node():
    return ag.softmax_cross_entropy(leaf([2.0, 1.0, 0.1], "z"), np.array([0.0, 1.0, 0.0]))


def network(batch=16):
    model = nn.MLP([2, 4, 3], rng=0)
    x = ag.tensor(np.random.default_rng(0).normal(size=(batch, 2)), name="x")
    return ag.softmax_cross_entropy(model(x), np.arange(batch) % 3)


def deep(n):
    x = y = leaf(0.5, "x")
    for _ in range(n):
        y = np.sin(y)
    return y + x


@cache
def explored(made, compare=None):
    """Return the page of a computation, cached for all tests that only read it."""
    options = {"compare": compare() if callable(compare) else compare} if compare else {}
    return ag.explore(made(), **options)


def written(page):
    """Return the data in a page, compressed or not."""
    plain = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)
    if plain:
        return json.loads(plain[1])
    packed = re.search(r'<script type="text/plain" id="packed">(.*?)</script>', page, re.S)
    return json.loads(zlib.decompress(base64.b64decode(packed[1])))


def numbers(item):
    return [[float(text.replace("−", "-")) for text in row] for row in item["text"]]


def shows(item, array):
    """Check that an item of a pool has the numbers of an array, to the digits that it shows."""
    array = np.asarray(array, float)
    np.testing.assert_allclose(np.ravel(numbers(item)), np.ravel(array), rtol=6e-4, atol=6e-5)
    return True


# ---- data ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("made", [chain, node, lambda: network(4)])
def test_data_has_the_steps_nodes_and_numbers_of_the_trace(made):
    loss = made()
    trace, data = Trace.of(loss), ag.explore(loss).data
    (tape,), (pool,) = data["tapes"], data["pools"][0]
    tensors = list(trace.tape)
    assert [n["name"] for n in tape["nodes"]] == [trace.names[t.order] for t in tensors]
    for t, n in zip(tensors, tape["nodes"]):
        if "text" in pool[n["value"]]:
            assert shows(pool[n["value"]], t.data)
        assert ("gradient" in n) == (t in trace.adjoints)
        if "gradient" in n and "text" in pool[n["gradient"]]:
            assert shows(pool[n["gradient"]], trace.adjoints[t])
    steps = tape["steps"]
    forward = [s for s in steps if s["phase"] == "forward"]
    backward = [s for s in steps if s["phase"] == "backward"]
    assert [s["phase"] for s in steps].index("seed") == 1 + len(forward)
    assert [steps[0]["phase"], steps[-1]["phase"]] == ["start", "end"]
    assert [tensors[s["node"]] for s in forward] == [s.tensor for s in trace.forward]
    assert [tensors[s["node"]] for s in backward] == [s.tensor for s in trace.backward]
    for shown, step in zip(backward, trace.backward):
        assert len(shown["gives"]) == len(step.contributions)
        for gift, c in zip(shown["gives"], step.contributions):
            assert (tensors[gift["to"]], gift["open"]) == (c.target, c.open)
            assert bool(gift.get("summed")) == bool(c.summed)
            assert gift.get("summed", "").endswith(c.summed)
            for key, array in (("value", c.value), ("total", c.total), ("spread", c.spread)):
                if key in gift and "text" in pool[gift[key]]:
                    assert shows(pool[gift[key]], array)


def test_upstream_times_local_is_the_contribution():
    data = explored(chain).data
    (tape,), (pool,) = data["tapes"], data["pools"][0]
    products = 0
    for step in tape["steps"]:
        for gift in step.get("gives", ()):
            upstream = np.ravel(numbers(pool[tape["nodes"][step["node"]]["gradient"]]))
            slope = np.ravel(numbers(pool[gift["slope"]]))
            found = np.ravel(numbers(pool[gift.get("spread", gift["value"])]))
            np.testing.assert_allclose(upstream * slope, found, atol=5e-4)
            products += 1
    assert products == 8


def test_step_explains_why_contributions_add():
    data = explored(chain).data
    (tape,), (pool,) = data["tapes"], data["pools"][0]
    gifts = [
        g
        for s in tape["steps"]
        for g in s.get("gives", ())
        if tape["nodes"][g["to"]]["op"] == "exp"
    ]
    first, second = gifts
    assert (first["open"], second["open"]) == (1, 0)
    assert "used twice" in second["why"]
    assert "2 contributions" in second["why"]
    assert pool[second["entry"]] == "entry 1: −0.3679 + 1 × 0.0892 = −0.2787"
    says = [s["say"] for s in tape["steps"] if first in s.get("gives", ())]
    assert "still missing" in says[0]


def test_forward_steps_show_one_entry_with_its_numbers():
    data = explored(chain).data
    (tape,), (pool,) = data["tapes"], data["pools"][0]
    entries = [pool[s["entry"]] for s in tape["steps"] if s["phase"] == "forward"]
    assert entries == [
        "entry 1: exp(1) = 2.7183",
        "7.3891 + 2.7183 + 1.1052 = 11.213",
        "entry 1: 2.7183 ÷ 11.213 = 0.2424",
        "entry 1: log(0.2424) = −1.417",
        "entry 1: 1 × (−1.417) = −1.417",
        "0 + (−1.417) + 0 = −1.417",
        "−(−1.417) = 1.417",
    ]


@pytest.mark.parametrize("case", few(BY_OPERATION, 4), ids=lambda c: c.op)
def test_every_operation_can_be_explored(case):
    inputs = [leaf(x) if x.dtype.kind == "f" else x for x in case.inputs]
    result = np.sum(case.f(TAPE, *inputs))
    page = ag.explore(result)
    steps = [{**s, "otherwise": ""} for s in page.data["tapes"][0]["steps"]]
    for step in steps:
        step["gives"] = [{**g, "otherwise": ""} for g in step.get("gives", ())]
    text = json.dumps(steps)
    json.dumps(page.data, allow_nan=False)
    assert (
        len(page.data["tapes"][0]["steps"]) == 2 * sum(t.op is not None for t in result.tape()) + 3
    )
    assert "'(g)" not in text  # each rule runs on symbols


ROWS, IMAGES, SEQUENCE = np.ones((2, 4)), np.ones((2, 2, 4, 4)), RNG.normal(size=(2, 2, 4))
LAYERS = {
    "AvgPool2d": (lambda: nn.AvgPool2d(2), IMAGES),
    "BatchNorm1d": (lambda: nn.BatchNorm1d(4), ROWS),
    "BatchNorm2d": (lambda: nn.BatchNorm2d(2), IMAGES),
    "Conv1d": (lambda: nn.Conv1d(2, 3, 2), SEQUENCE),
    "Conv2d": (lambda: nn.Conv2d(2, 3, 2), IMAGES),
    "Dropout": (nn.Dropout, ROWS),
    "Embedding": (lambda: nn.Embedding(5, 4), np.array([[0, 4], [2, 2]])),
    "Flatten": (nn.Flatten, IMAGES),
    "GELU": (nn.GELU, ROWS),
    "GRU": (lambda: nn.GRU(4, 3), SEQUENCE),
    "GRUCell": (lambda: nn.GRUCell(4, 3), ROWS),
    "LSTM": (lambda: nn.LSTM(4, 3), SEQUENCE),
    "LSTMCell": (lambda: nn.LSTMCell(4, 3), ROWS),
    "LayerNorm": (lambda: nn.LayerNorm(4), ROWS),
    "Linear": (lambda: nn.Linear(4, 3), ROWS),
    "MLP": (lambda: nn.MLP([4, 3, 2]), ROWS),
    "MaxPool2d": (lambda: nn.MaxPool2d(2), IMAGES),
    "MultiheadAttention": (lambda: nn.MultiheadAttention(4, 2), SEQUENCE),
    "RMSNorm": (lambda: nn.RMSNorm(4), ROWS),
    "RNN": (lambda: nn.RNN(4, 3), SEQUENCE),
    "RNNCell": (lambda: nn.RNNCell(4, 3), ROWS),
    "ReLU": (nn.ReLU, ROWS),
    "Sequential": (lambda: nn.Sequential(nn.Linear(4, 3), np.tanh), ROWS),
    "Sigmoid": (nn.Sigmoid, ROWS),
    "Tanh": (nn.Tanh, ROWS),
}


OF_PARTS = ("GRU", "LSTM", "RNN", "Sequential", "MLP")  # whose parts are layers too


def test_layers_to_explore_are_all_layers():
    public = {name for name in nn.__all__ if isinstance(getattr(nn, name), type)}
    # a TransformerBlock consists of these layers, and the model "gpt" has one
    assert LAYERS.keys() == public - {"Module", "ModuleList", "TransformerBlock"}


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow) if n in OF_PARTS else n for n in LAYERS]
)
def test_every_layer_can_be_explored(name):
    make, x = LAYERS[name]
    layer = make()
    result = layer(x if x.dtype.kind == "i" else leaf(x))
    result = result[0] if isinstance(result, tuple) else result
    loss = (result * result).sum()
    assert ag.explore(loss).data["tapes"][0]["steps"]


def test_explore_leaves_gradients_unset():
    loss = chain()
    ag.explore(loss).html()
    assert all(t.grad is None for t in loss.tape() if t.is_leaf)


def test_nonfinite_and_empty_arrays_can_be_explored():
    x = leaf([np.nan, np.inf, 1.0], "x")
    item = ag.explore(np.sum(x * 2.0)).data["pools"][0][0][0]
    assert item["tint"] == ["!", "!", "q"]
    ag.explore(np.sum(leaf(np.ones((0, 3))) * 2.0)).html()


def test_a_batch_is_shown_example_by_example():
    data = ag.explore(network(), train=False).data
    assert data["batch"] == 16
    assert "batch" not in explored(network).data, "training is about all of them"
    each = [
        item["each"] for item in data["pools"][0][0] if isinstance(item, dict) and "each" in item
    ]
    assert each
    assert {len(examples) for examples in each} == {16}
    assert "batch" not in explored(chain).data


def test_rule_that_fails_on_symbols_can_be_explored():
    def array_only(g, y, x):
        if isinstance(g, ag.Tensor):
            raise TypeError("arrays only")
        return 2 * g

    odd = ag.primitive(lambda x: 2 * x, array_only, name="odd")
    (tape,) = ag.explore(odd(leaf(1.0))).data["tapes"]
    assert r"\operatorname{odd}'(1)" in tape["steps"][-2]["gives"][0]["tex"]


# ---- the graph ----------------------------------------------------------------------------------


def test_boxes_close_one_by_one():
    (tape,) = explored(chain).data["tapes"]
    first, *_ = levels = tape["levels"]
    assert len(levels) == 4  # two boxes, open or closed
    assert [box["title"] for box in first["boxes"]] == ["softmax", "cross-entropy"]
    closed = levels[first["boxes"][0]["closes"]]
    (card,) = [c for c in closed["cards"] if "title" in c]
    assert (card["title"], card["opens"]) == ("softmax", 0)
    (whole,) = {level["group"] for level in levels} - {0}  # where the button for all leads to
    assert levels[whole]["boxes"] == []
    assert levels[whole]["group"] == 0


def test_cards_of_each_level_cover_every_tensor_once():
    (tape,) = explored(chain).data["tapes"]
    for level in tape["levels"]:
        members = [
            i
            for card in level["cards"]
            for first, last in card.get("runs", [[card["node"], card["node"]]])
            for i in range(first, last + 1)
        ]
        assert sorted(members) == list(range(len(tape["nodes"])))


def cards(tape, level=0):
    return [card.get("title", "") for card in tape["levels"][level]["cards"]]


@pytest.mark.slow
def test_a_long_tape_opens_folded_and_its_cards_open():
    (tape,) = ag.explore(deep(1000)).data["tapes"]
    first, *others = tape["levels"]
    assert 30 <= len(first["cards"]) <= 48
    opened = 0
    for card in first["cards"]:
        if "opens" in card:
            level = tape["levels"][card["opens"]]
            assert level["parent"] == 0
            assert len(level["cards"]) <= 80
            opened += 1
    assert opened == len(others) == len(first["cards"]) - 1  # all but x
    assert cards(tape)[1] == "steps 1–22 · sin"


def blocks(n, each, around=()):
    """Return a result of `n` scopes with `each` nodes in each of them."""
    y = leaf(0.5, "x")
    with contextlib.ExitStack() as stack:
        for name in around:
            stack.enter_context(ag.scope(name))
        for i in range(n):
            with ag.scope(f"block{i}"):
                for _ in range(each):
                    y = np.sin(y)
    return y * 2.0


@pytest.mark.slow
def test_long_tape_is_folded_by_scopes():
    (tape,) = ag.explore(blocks(40, 8)).data["tapes"]
    assert cards(tape) == [*(f"block{i}" for i in range(40)), ""]
    assert len(cards(tape, 2)) == 9  # its input and its 8 nodes
    assert {*cards(tape, 1)} == {""}


@pytest.mark.slow
def test_many_scopes_share_cards_named_first_to_last():
    (tape,) = ag.explore(blocks(100, 4)).data["tapes"]
    assert cards(tape)[:2] == ["block0 … block2", "block3 … block5"]
    assert cards(tape)[-1] == "block99, …"
    assert len(cards(tape)) == 34
    assert [box["title"] for box in tape["levels"][1]["boxes"]] == ["block0", "block1", "block2"]


@pytest.mark.slow
def test_scope_around_everything_keeps_inner_scopes():
    (tape,) = ag.explore(blocks(100, 4, around=("model", "body"))).data["tapes"]
    assert cards(tape)[0] == "block0 … block2"
    assert [box["title"] for box in tape["levels"][0]["boxes"]] == ["model", "body"]


@pytest.mark.slow
def test_scopes_of_the_same_name_are_counted():
    y = leaf(0.5, "x")
    for _ in range(300):
        with ag.scope("layer"):
            y = np.tanh(y) * 0.9
    (tape,) = ag.explore(y.sum()).data["tapes"]
    assert cards(tape)[1] == "layer ×7"


def copies(names, feeding=False):
    """Compute the same for several inputs in scopes of these names, and sum the results."""
    w, outputs = leaf(np.ones(7), "w"), []
    for i, name in enumerate(names):
        x = outputs[-1] if feeding and outputs else ag.tensor(np.full(7, float(i)))
        with ag.scope(name):
            outputs.append(np.tanh(np.sin(np.exp(x * w))))
    return sum(outputs).sum()


def titles(result, level=0):
    return [c.get("title") for c in ag.explore(result).data["tapes"][0]["levels"][level]["cards"]]


@pytest.mark.slow
def test_copies_side_by_side_are_stacked_and_open():
    result = copies([f"example{i}" for i in range(20)])
    assert titles(result).count("example ×20") == 1
    assert len(titles(result)) == 22  # the stack, 20 sums, the sum of those
    (tape,) = ag.explore(result).data["tapes"]
    (stack,) = [c for c in tape["levels"][0]["cards"] if "title" in c]
    assert stack["count"] == 20 * 5 + 1  # each with its x; w
    inside = tape["levels"][stack["opens"]]
    assert (inside["title"], inside["parent"]) == ("example ×20", 0)
    assert [c["title"] for c in inside["cards"] if "title" in c] == [
        f"example{i}" for i in range(20)
    ]


@pytest.mark.parametrize(
    "result",
    [
        lambda: copies([f"layer{i}" for i in range(12)], feeding=True),
        lambda: sum(copies(["one", "two"]) for _ in range(8)),
    ],
    ids=["one after the other", "two only"],
)
def test_other_siblings_are_not_stacked(result):
    assert not any("×" in (title or "") for title in titles(result()))


# ---- size ---------------------------------------------------------------------------------------


def test_names_of_a_tape_are_collected_once(monkeypatch):
    """Otherwise a page of 20,000 nodes would take minutes."""
    calls, gather = [], naming.taken
    monkeypatch.setattr(naming, "taken", lambda names: calls.append(names) or gather(names))
    page = ag.explore(network())
    assert len(page.data["tapes"][0]["steps"]) > 8
    assert len(calls) == 1


def test_page_has_one_font_with_a_licence():
    (data,) = re.findall('base64,([^"]*)"', bundle.font())
    font = base64.b64decode(data)
    assert font.startswith(b"wOF2")
    assert len(font) < 40_000
    assert font == (STATIC / "STIXTwoMath.woff2").read_bytes()
    assert "SIL OPEN FONT LICENSE Version 1.1" in (STATIC / "OFL.txt").read_text()


@pytest.mark.parametrize("folder", [STATIC, RUNTIME], ids=["page", "runtime"])
def test_script_modules_define_distinct_names(folder):
    """The functions of arrays have a scope of their own."""
    word = re.compile(r"^(?:export )?(?:async )?(?:function|const|let|class) (\w+)", re.M)
    names = [
        name for module in folder.glob("*.js") for name in word.findall(module.read_text("utf-8"))
    ]
    assert len(names) > 60
    assert [name for name in set(names) if names.count(name) > 1] == []


def arrays(n):
    """Return a result of 2 `n` nodes of 8 x 8 entries, which all differ."""
    y = leaf(RNG.normal(size=(8, 8)), "x")
    for _ in range(n):
        y = np.sin(y) * RNG.normal(size=(8, 8))
    return y.sum()


@pytest.mark.slow
def test_large_page_shows_fewer_entries(monkeypatch):
    loss = arrays(60)
    whole = ag.explore(loss)
    assert whole.data["pools"][0][0][0]["text"][0][0] != "…"
    limit = _SHELL + 70_000
    monkeypatch.setattr("autograd_mini.views.page.data.LARGEST", limit)
    less = ag.explore(loss)
    picture = len(less._still.html().encode())
    assert len(less.html().encode()) - picture < limit
    assert limit < len(whole.html().encode()) - picture
    first, before = less.data["pools"][0][0][0], whole.data["pools"][0][0][0]
    assert (first["shape"], first["text"]) == ("(8, 8)", [["…"]])
    low, high = (f({t for row in before["text"] for t in row}, key=value) for f in (min, max))
    assert first["notes"] == [f"{low} to {high}"]
    assert less.data["pools"][0][0][-1] == whole.data["pools"][0][0][-1]  # lines of numbers stay
    for level, same in zip(less.data["tapes"][0]["levels"], whole.data["tapes"][0]["levels"]):
        assert level == same  # the numbers of another variant fit


def value(text):
    return float(text.replace("−", "-"))


def test_shortened_array_still_marks_nonfinite_entries():
    pool = Pool()
    numbers = [pool.array(x) for x in (np.full((8, 8), np.nan), np.ones((9, 9)), np.ones(3))]
    small = pool.items[numbers[2]]
    pool.shorten(16)
    assert pool.items[numbers[0]] == {"shape": "(8, 8)", "tint": ["!"], "text": [["…"]]}
    assert pool.items[numbers[1]]["notes"] == ["min 1 · max 1"]  # of the heat map
    assert pool.items[numbers[2]] == small
    pool.shorten(16, notes=False)
    assert "notes" not in pool.items[numbers[1]]


def test_explore_with_too_many_operations_raises(monkeypatch):
    monkeypatch.setattr("autograd_mini.views.page.data._MOST", 100)
    monkeypatch.setattr("autograd_mini.views.trace.Trace.of", None)  # not called
    with pytest.raises(ValueError, match=r"121 operations .* 100\. .* ag\.draw\(result\)"):
        ag.explore(arrays(60))


@pytest.mark.slow
def test_explore_with_few_enough_operations_never_raises(monkeypatch):
    """Operations that all differ cannot be shortened, and are shown all the same."""
    monkeypatch.setattr("autograd_mini.views.page.data.LARGEST", _SHELL + 60_000)
    page = ag.explore(arrays(30))
    assert len(page.data["tapes"][0]["steps"]) == 2 * 61 + 3
    assert page.data["pools"][0][0][0]["text"] == [["…"]]


def long_names():
    y = leaf(RNG.normal(size=3), "n" * 10_000)
    for i in range(100):
        y = np.sin(y)
        y.name = f"name{i}" * 2_000
    return y.sum()


def nested():
    y = leaf(0.5, "x")
    with contextlib.ExitStack() as stack:
        for i in range(200):
            stack.enter_context(ag.scope(f"s{i}"))
            y = np.sin(y)
    return y * 1.0


def fan_in():
    leaves = [leaf(RNG.normal(size=4), f"w{i}") for i in range(500)]
    return np.concatenate(leaves).sum()


def fan_out():
    y = x = leaf(2.0, "x")
    for i in range(500):
        y = y + x * float(i)
    return y


def maps():
    y = leaf(RNG.normal(size=(300, 200)), "x")
    for _ in range(60):
        y = np.tanh(y)
    return y.sum()


@pytest.mark.slow
@pytest.mark.parametrize(
    "made",
    [long_names, nested, fan_in, fan_out, maps, lambda: arrays(1_500), lambda: deep(20_000),
     lambda: blocks(40, 370)],
)  # fmt: skip
def test_no_page_is_larger_than_two_megabytes(made):
    page = ag.explore(made())
    assert len(page.html().encode()) < 2_000_000
    (tape,) = page.data["tapes"]
    assert len(cards(tape)) <= 60
    assert len(tape["steps"]) == 2 * sum(n["op"] != "leaf" for n in tape["nodes"]) + 3


def test_formula_of_many_arguments_names_a_few():
    loss = np.concatenate([leaf(np.ones(1), f"w{i}") for i in range(20)]).sum()
    (tape,) = ag.explore(loss).data["tapes"]
    assert r"(w_{0}, w_{1}, w_{2}, \ldots, w_{19})" in tape["steps"][1]["tex"]


@pytest.mark.slow
def test_long_tape_has_no_batch_examples():
    y = leaf(np.ones((4, 2)), "x")
    for _ in range(220):
        y = np.sin(y)
    assert "batch" not in ag.explore(y.sum()).data


def test_page_requests_nothing_from_the_network():
    page = explored(chain).html()
    assert "default-src 'none'" in page
    addresses = set(re.findall(r"https?://[^\s\"'<)]+", page))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1998/Math/MathML"}


@pytest.mark.slow
def test_wheel_contains_the_page_files(tmp_path):
    pytest.importorskip("build")
    root = Path(ag.__file__).parents[1]
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path), str(root)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for folder in ("autograd_mini/views/page/static", "autograd_mini/compiler/source/runtime"):
        for file in (root / folder).iterdir():
            assert f"{folder}/{file.name}" in names


# ---- names that are markup ----------------------------------------------------------------------


class Elements(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found.append(tag)


@pytest.mark.parametrize(
    "name",
    [
        "</script><script>alert(1)</script>",
        "<!--<script>",
        "a\nb",
        "\u2028",
        '"><img src=x>',
        "{x}^_\\",
    ],
)
def test_names_with_markup_stay_text(name):
    x = leaf(2.0, name)
    with ag.scope(name):
        loss = x * x
    loss.name = name
    page = ag.explore(loss, title=name).html()
    parser = Elements()
    parser.feed(page)
    assert parser.found.count("script") == 2
    assert parser.found.count("img") == 0
    nodes = written(page)["tapes"][0]["nodes"]
    assert all(
        n["name"].startswith(name[:1].replace("\n", "\\")) or "\\" in n["name"] for n in nodes
    )


def test_lone_surrogate_in_a_name_can_be_saved(tmp_path):
    ag.explore(leaf(2.0, "\ud800") * 2.0).save(tmp_path / "x.html")


# ---- fused and unfused -------------------------------------------------------------------------


def test_compare_shows_the_graph_and_its_node():
    data = explored(node, compare=True).data
    assert [tab["tapes"] for tab in data["tabs"]] == [[0], [1], [0, 1]]
    graph, fused = data["tapes"]
    assert [n["op"] for n in fused["nodes"]] == ["leaf", "SoftmaxCrossEntropy"]
    assert [n["op"] for n in graph["nodes"]][-1] == "mean"
    together = data["compare"]["together"]
    assert len(together) == len(graph["steps"])
    assert together == sorted(together)
    assert (together[0], together[-1]) == (0, len(fused["steps"]) - 1)
    assert re.fullmatch(r"✓ .* agree: max \|Δ\| = \S+", data["compare"]["verdict"])


def test_compare_names_the_quantities_of_the_graph():
    graph, _ = explored(node, compare=True).data["tapes"]
    names = {n["op"]: n["name"] for n in graph["nodes"]}
    assert (names["exp"], names["div"]) == ("e", "ŷ")
    shifted = next(step for step in graph["steps"] if graph["nodes"][step["node"]]["op"] == "sub")
    assert "cannot overflow" in shifted["say"]


def test_compare_shows_the_factors_of_the_softmax_gradient():
    data = explored(node, compare=chain).data
    (found,), pool = data["compare"]["softmax"], data["pools"][0][1]
    z = np.array([2.0, 1.0, 0.1])
    p, y = ag.softmax(z), np.array([0.0, 1.0, 0.0])
    assert data["tapes"][1]["nodes"][found["node"]]["op"] == "SoftmaxCrossEntropy"
    jacobian = np.diag(p) - np.outer(p, p)
    for key, array in {
        "predicted": p, "target": y, "difference": p - y, "jacobian": jacobian, "upstream": -y / p,
        "gradient": (-y / p) @ jacobian,
    }.items():  # fmt: skip
        (row,) = pool[found[key]]["each"]
        assert shows(row, array), key


def test_compare_shows_each_example_divided_by_their_number():
    rng = np.random.default_rng(0)
    z, y = leaf(rng.normal(size=(4, 3)), "z"), np.array([0, 2, 1, 1])
    data = ag.explore(ag.softmax_cross_entropy(z, y), compare=True).data
    (found,), pool = data["compare"]["softmax"], data["pools"][0][1]
    p, rows = ag.softmax(z.data), np.eye(3)[y]
    for i, row in enumerate(pool[found["gradient"]]["each"]):
        assert shows(row, (p - rows)[i] / 4)
        assert shows(pool[found["difference"]]["each"][i], (p - rows)[i])
    assert "N = 4" in found["note"]


def test_compare_of_other_computations_is_not_called_fused():
    x = leaf([1.0, 2.0], "x")
    data = ag.explore((x * x).sum(), compare=np.sum(x**2)).data
    assert "fused" not in json.dumps([data["tabs"], data["compare"]["words"]]).lower()
    assert data["compare"]["verdict"].startswith("✓")
    other = ag.explore((x * x).sum(), compare=np.sum(x**3)).data["compare"]["verdict"]
    assert other.startswith("✗")
    assert "differ" in other


def layered(*sizes):
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(8, sizes[0])), rng.integers(0, sizes[-1], 8)
    return ag.softmax_cross_entropy(ag.nn.MLP([*sizes], rng=0)(x), labels)


@pytest.mark.parametrize("sizes", [(2, 16, 16, 2), (2, 8, 8, 8, 2)])
def test_network_opens_with_a_card_for_each_layer(sizes):
    """All weights would not fit into a window. More than four boxes close depth by depth."""
    tape = ag.explore(layered(*sizes)).data["tapes"][0]
    whole, shown = tape["levels"][0], tape["levels"][tape["first"]]
    layers = len(sizes) - 1
    assert (len(whole["boxes"]), [box["title"] for box in shown["boxes"]]) == (layers + 1, ["MLP"])
    titles = [card.get("title") for card in shown["cards"]]
    assert [t for t in titles if t] == [f"linear{i}" for i in range(1, layers + 1)]
    assert len(titles) == 2 * layers
    for card in shown["cards"]:
        if card.get("title"):  # opens in place
            opened = [box["title"] for box in tape["levels"][card["opens"]]["boxes"]]
            assert opened == ["MLP", card["title"]]


@pytest.mark.slow
def test_small_or_unlayered_graph_opens_unfolded():
    for result in (chain(), layered(2, 3)):
        assert ag.explore(result).data["tapes"][0]["first"] == 0
    x = ag.tensor(np.ones((8, 8)), requires_grad=True, name="x")
    with ag.scope("all"):  # closed, it would be one card and the result
        y = (x @ x @ x @ x @ x @ x).sum()
    assert ag.explore(y).data["tapes"][0]["first"] == 0
    compared = ag.explore(layered(2, 16, 16, 2), compare=True).data["tapes"]
    assert [tape["first"] for tape in compared] == [0, 0]


def test_compared_results_share_a_name():
    z = ag.tensor(np.arange(8.0), requires_grad=True, name="z")  # too many for sliders

    def symbols(names=None, other=True, **own):
        loss = ag.softmax_cross_entropy(z, 1) if not own else own["loss"]
        tapes = ag.explore(loss, names=names, compare=other).data["tapes"]
        return [tape["symbol"] for tape in tapes]

    assert symbols() == ["L", "L"]
    assert symbols(names={"L": z * 1}) == ["loss", "loss"]
    assert symbols(other=ag.cross_entropy(z, 1)) == ["L", "L"]
    loss, graph = ag.softmax_cross_entropy(z, 1), ag.cross_entropy(z, 1)
    assert symbols({"risk": loss}, loss=loss) == ["risk", "risk"]
    assert symbols({"risk": graph}, graph, loss=loss) == ["risk", "risk"]
    graph.name = "theirs"
    assert symbols(other=graph, loss=loss) == ["theirs", "theirs"]
    loss.name = "ours"
    assert symbols(other=graph, loss=loss) == ["theirs", "ours"]


def test_page_without_scripts_uses_the_names_of_the_page():
    z = ag.tensor([2.0, 1.0], requires_grad=True, name="z")
    page = ag.explore(ag.softmax_cross_entropy(z, 1), compare=True)
    assert page.data["title"].endswith(": L")
    assert "∂L/∂z" in page.html().partition("<pre>")[2].partition("</pre>")[0]


def test_subtitle_of_one_operation_is_singular():
    z = ag.tensor([2.0, 1.0], requires_grad=True, name="z")
    assert ag.explore(z.sum()).data["subtitle"] == "v1 = 3 · 1 operation"


def test_compare_accepts_any_fused_node():
    x = leaf(RNG.normal(size=4), "x")
    data = ag.explore(ag.logsumexp(x), compare=True).data
    assert data["compare"]["softmax"] == []
    assert shows(data["pools"][0][1][data["compare"]["jacobian"]["array"]], ag.softmax(x.data))


# ---- other numbers ------------------------------------------------------------------------------


def test_program_computes_every_number_of_a_page():
    for data in (explored(chain).data, explored(node, compare=True).data, explored(network).data):
        for live, pool, tape in zip(data["live"], data["pools"][0], data["tapes"]):
            assert len(live["items"]) == len(pool)
            end = tape["steps"][-1]  # its small steps are tried in Python only
            tried = {i for i in (*end.get("lines", ()), *end["notes"]) if isinstance(i, int)}
            assert {i for i, item in enumerate(live["items"]) if item == -1} <= tried
        numbers = [live["program"] for live in data["live"]]
        assert numbers == list(range(len(numbers)))
        assert len(data["programs"]) == len(numbers) + ("training" in data)  # one more predicts


def test_program_takes_leaves_and_named_constants():
    (live,) = ag.explore(node()).data["live"]
    z, y = live["arguments"]
    assert (z["name"], z["data"]) == ("z", [2.0, 1.0, 0.1])
    assert (y["name"], y["data"]) == ("y", [0.0, 1.0, 0.0])
    assert not z["fixed"]
    assert not y["fixed"]
    assert live["gradients"][1] == -1 != live["gradients"][0]


def test_constant_of_a_graph_has_no_slider():
    z = leaf([2.0, 1.0, 0.1], "z")
    (live,) = ag.explore(ag.cross_entropy(z, np.array([0.0, 1.0, 0.0]))).data["live"]
    fixed = {argument["name"]: argument["fixed"] for argument in live["arguments"]}
    assert (fixed["z"], fixed["v1"]) == (False, True)  # v1 is the largest logit


def test_tapes_of_a_comparison_share_their_leaves():
    graph, fused = explored(node, compare=True).data["live"]
    names = [{a["name"] for a in live["arguments"]} for live in (graph, fused)]
    assert names == [{"z", "y"}] * 2
    assert all(a["item"] >= 0 for live in (graph, fused) for a in live["arguments"])


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (lambda: np.linalg.svd(leaf(np.eye(3)), compute_uv=False).sum(), "np.linalg.svd"),
        (lambda: np.sum(leaf(np.ones(700_000)) * 2.0), "too large"),
        (lambda: np.sum(ag.tensor(np.ones(3, np.float16), requires_grad=True)), "float16"),
    ],
)
def test_page_says_why_it_has_no_sliders(made, why):
    data = ag.explore(made()).data
    assert "programs" not in data
    assert why in data["live"][0]["why"]


@pytest.mark.parametrize("name", ["batch_norm", pytest.param("gpt", marks=pytest.mark.slow)])
def test_gradient_of_rounding_errors_keeps_the_sliders(name):
    """The gradient of a bias before batch norm, and of the bias of keys, is exactly 0."""
    logits = models.MODELS[name]()(models.EXAMPLES[name])
    data = ag.explore(ag.softmax_cross_entropy(logits, models.LABELS)).data
    assert "programs" in data


def test_derivative_has_no_slider_for_its_seed():
    x = leaf(2.0, "x")
    (live,) = ag.explore(ag.gradients(x**3, x)).data["live"]
    assert {a["name"]: a["fixed"] for a in live["arguments"]} == {"x": False, "seed": True}


def test_formula_with_numbers_is_replaced_when_a_leaf_changes():
    result = np.fmod(leaf([5.0, -7.0], "x"), leaf([3.0, 2.0], "y")).sum()
    steps = ag.explore(result).data["tapes"][0]["steps"]
    gives = [s for s in steps if "gives" in s][-1]["gives"]
    assert [g["otherwise"]["unless"] for g in gives] == [-1, -1]
    assert "'" in gives[1]["otherwise"]["local"]


def test_formula_without_numbers_is_never_replaced():
    x, w = leaf([5.0, -7.0], "x"), leaf([3.0, 2.0], "w")
    page = ag.explore(np.where(np.maximum(x, 0) > 1, np.tanh(x * w) / w, x**2).sum())
    assert '"otherwise":' not in json.dumps(page.data)


def test_batch_has_only_arrays_computed_from_inputs():
    rng = np.random.default_rng(0)
    x = ag.tensor(rng.normal(size=(4, 3)), name="x")
    w, v = leaf(rng.normal(size=(3, 4)), "w"), leaf(rng.normal(size=(4, 4)), "v")
    data = ag.explore((np.tanh(x @ w) @ v).mean()).data
    assert data["batch"] == 4
    pool, nodes = data["pools"][0][0], data["tapes"][0]["nodes"]
    rows = {n["name"]: "each" in pool[n["value"]] for n in nodes}
    assert rows == {
        "x": True,
        "w": False,
        "v": False,
        "v3": True,
        "v4": True,
        "v5": True,
        "v6": False,
    }


def test_attention_over_words_has_no_examples():
    rng = np.random.default_rng(0)
    x = ag.tensor(rng.normal(size=(4, 4)), name="x")
    q, k = leaf(rng.normal(size=(4, 4)), "q"), leaf(rng.normal(size=(4, 4)), "k")
    weights = ag.softmax((x @ q) @ (x @ k).T)
    assert "batch" not in ag.explore((weights @ x).sum()).data


def test_recording_has_the_numbers_of_each_frame():
    w, recorder, seen = leaf([4.0, -2.0], "w"), Recorder(), []
    optimizer = optim.SGD([w], lr=0.1)
    for _ in range(5):
        loss = np.sum((w - 1.0) ** 2)
        recorder.add(loss)
        seen.append(w.data.copy())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    data = ag.explore(frames=recorder).data
    (slider,) = data["sliders"]
    assert slider["ticks"] == ["0", "1", "2", "3", "4"]
    at = next(n for n in data["tapes"][0]["nodes"] if n["name"] == "w")["value"]
    for variant, value in zip(slider["variants"], seen):
        assert shows(data["pools"][variant][0][at], value)


def test_frames_may_be_results():
    data = ag.explore(frames=[leaf(float(i), "x") ** 2 + 1.0 for i in range(3)]).data
    assert len(data["pools"]) == 3


# ---- files, notebooks, errors -------------------------------------------------------------------


def test_save_is_atomic(tmp_path, monkeypatch):
    page = explored(chain)
    path = page.save(tmp_path / "page.html")
    assert path.read_text(encoding="utf-8") == page.html()
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(OSError, match="full"):
        explored(node).save(path)
    assert path.read_text(encoding="utf-8") == page.html()
    assert [p.name for p in tmp_path.iterdir()] == ["page.html"]


def test_save_with_a_bad_path_raises(tmp_path):
    page = explored(chain)
    with pytest.raises(ValueError, match=r"must end in \.html"):
        page.save(tmp_path / "page.svg")
    with pytest.raises(FileNotFoundError, match="does not exist"):
        page.save(tmp_path / "missing" / "page.html")
    assert list(tmp_path.iterdir()) == []


def test_notebook_shows_a_sandboxed_frame_and_a_picture():
    html = explored(chain)._repr_html_()
    frame = '<iframe sandbox="allow-scripts allow-downloads" srcdoc="&lt;!doctype html&gt;'
    assert html.startswith(frame)
    assert "<details><summary>" in html
    assert "data:image/svg+xml;base64," in html


def test_show_without_a_browser_prints_the_path(capsys, monkeypatch):
    monkeypatch.setattr("webbrowser.open", lambda url: False)
    explored(chain).show()
    assert re.fullmatch(r"The page is in .*backprop\.html\n", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("call", "error", "why"),
    [
        (lambda: ag.explore(3.0), TypeError, "explore: expected a Tensor, got 3.0"),
        (lambda: ag.explore(leaf(1.0, "x")), RuntimeError, "nothing was recorded for 'x'"),
        (lambda: ag.explore(leaf(np.ones(3)) * 2), ValueError, "has 3 entries"),
        (lambda: ag.explore(chain(), theme="pink"), ValueError, "theme must be"),
        (lambda: ag.explore(chain(), compare=True), ValueError, "compare=True needs a fused node"),
        (lambda: ag.explore(), TypeError, "pass a result"),
        (lambda: ag.explore(chain(), frames=[chain()]), TypeError, "pass a result"),
        (lambda: ag.explore(frames=[]), ValueError, "frames= is empty"),
        (lambda: ag.explore(frames=3), TypeError, "must be a Recorder"),
        (lambda: ag.explore(frames=[chain()], compare=True), ValueError, "cannot be combined"),
        (lambda: ag.explore(frames=[chain(), node()]), ValueError, "frame 1 has a different graph"),
    ],
)
def test_explore_with_bad_arguments_raises(call, error, why):
    with pytest.raises(error, match=re.escape(why)):
        call()


def test_numbers_of_an_array_have_the_same_decimals():
    data = ag.explore(np.sum(leaf([2.0, 0.5, -11.25], "x") * 1.0)).data
    assert data["pools"][0][0][0]["text"] == [["2.000"], ["0.500"], ["−11.250"]]
    assert format_number(-11.25) == "-11.25"


def test_frame_with_other_arguments_raises():
    x, w, b = (leaf(value, name) for value, name in ((2.0, "x"), (3.0, "w"), (4.0, "b")))
    with pytest.raises(ValueError, match="frame 1 has a different graph"):
        ag.explore(frames=[x * w + b, x * b + w])


def test_frame_with_other_keywords_raises():
    x = leaf(np.ones((2, 2)), "x")
    with pytest.raises(ValueError, match="frame 1 has a different graph"):
        ag.explore(frames=[(x.sum(axis=axis) * [1.0, 2.0]).sum() for axis in (0, 1)])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cross-entropy of one-hot y", "cross-entropy of one-hot y"),
        ("-1.5e-05", "−1.5e−05"),
        ("a - b", "a − b"),
        ("-ŷ / s", "−ŷ / s"),
        ("layer-1", "layer-1"),
        ("(-3, -inf)", "(−3, −inf)"),
    ],
)
def test_minus_signs_are_not_hyphens(text, expected):
    assert minus(text) == expected


def test_description_counts_one_operation():
    x = leaf(2.0, "x")
    assert "in 1 operation:" in ag.draw(x * x).svg()
    assert "in 2 operations:" in ag.draw(x * x + 1.0).svg()


def test_page_has_a_picture_and_a_table_for_readers_without_scripts():
    for page in (explored(chain), ag.explore(frames=[chain()])):
        (still,) = re.findall(r"<noscript>(<p>.*?)</noscript>", page.html(), re.S)
        assert still.count("<svg") == 1
        assert "cross-entropy" in still
        assert re.search(r"<pre># name +op", still)
