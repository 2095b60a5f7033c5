"""Live numbers: after any control was used, in any order, the screen shows the engine's numbers."""

import json

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.views.page import bundle
from autograd_mini.views.page.arrays import Pool
from autograd_mini.views.replay import unfuse
from tests.budget import few

from . import cases
from .checks import Expected, check, formulas, go
from .chromium import idle_window
from .page_reader import shows, state

# ---- the texts of Python and of the script -------------------------------------------------------

RNG = np.random.default_rng(3)
NUMBERS = [
    0.0, -0.0, 1.0, -3.0, 0.5, 0.03125, 0.00995, 0.0099949999, 0.01, 9.99995, 10.0, 11.652071,
    0.00012345, 1e-300, 5e-324, 123456.5, 999999.5, 1e6, 1e10, 1.5e21, -2.5e-5, 0.125, 0.999949,
    np.inf, -np.inf, np.nan, 99999.949, 1 / 3, 2 / 3e6, 0.00005, 100.0625, 62.5e-7,
]  # fmt: skip


def arrays():
    yield from map(np.array, NUMBERS)
    for n in (1, 2, 3, 8, 9, 17, 33, 200, 1000):
        yield RNG.choice(NUMBERS, n)
        yield RNG.normal(size=n)
    for shape in ((8, 8), (2, 5), (9, 3), (40, 30), (1, 20), (3, 4, 5), (0,), (2, 0), (17, 33)):
        for scale in (1e-3, 1.0, 50.0, 1e4, 1e7):
            yield RNG.normal(size=shape) * scale
        yield np.rint(RNG.normal(size=shape) * 3)
        yield RNG.choice(NUMBERS, shape)
        yield RNG.normal(size=shape).astype(np.float32)
        yield RNG.integers(-9, 2000, shape)
        yield RNG.normal(size=shape) > 0


def as_json(x):
    word = {np.inf: "Infinity", -np.inf: "-Infinity"}
    numbers = [
        n if np.isfinite(n) else word.get(n, "NaN") for n in x.ravel().astype(float).tolist()
    ]
    return {"numbers": numbers, "shape": list(x.shape), "dtype": x.dtype.name}


@pytest.mark.slow
def test_script_formats_arrays_exactly_as_python(browser):
    given = list(arrays())
    written = [{k: v for k, v in Pool().write(x).items() if k != "shape"} for x in given]
    window = idle_window(browser)
    own = "".join(bundle.statements("format"))
    window.add_script_tag(type="module", content=f"{own}\nwindow.formatArray = formatArray;")
    window.wait_for_function("Boolean(window.formatArray)")
    found = window.evaluate(
        "(all) => all.map((x) => formatArray(x.numbers.map(Number), x.shape, x.dtype))",
        [as_json(x) for x in given],
    )
    assert len(given) > 130
    for x, ours, theirs in zip(given, found, written, strict=True):
        assert ours == theirs, repr(x)


READY = 'document.documentElement.dataset.ready = "";'
#: what differs between the pools of Python and of the script, for the first leaves; the lines about
#: small steps are left out, because the script does not compute them
DIFFERENCES = """() => {
  const { data, live } = window.inside;
  for (const { name } of live.arguments()) live.set(name, live.leaf(name));
  live.run();
  const found = [];
  data.tapes.forEach((tape, nth) => tape.pools[0].forEach((item, id) => {
    if (typeof item === "string" && data.live[nth].items[id] === -1) return;
    for (const example of [-1, ...(item.each ?? []).keys()]) {
      const { each, ...whole } = item;
      const python = JSON.stringify(typeof item === "string" ? item : each?.[example] ?? whole);
      const { each: rows, ...ours } = [tape.shown(tape, id, example)].map(
        (x) => (typeof x === "string" ? { text: x } : x))[0];
      const keys = (x) => JSON.stringify(x, ["shape", "tint", "text", "notes"])
        .replace(/−?[\\d.]+e−(1[5-9]|[2-9]\\d)/g, "rounding");
      const same = typeof item === "string" ? item === ours.text
        : keys(ours) === keys(each?.[example] ?? whole);
      if (!same) found.push([nth, id, example, python, JSON.stringify(ours)]);
    }
  }));
  return found;
}"""


SCALARS = {"a": np.array(2.0), "b": np.array(-0.5)}
LOGITS = {"z": np.array([2.0, 1.0, 0.1]), "y": np.array([0.0, 1.0, 0.0])}
WORDS = {
    name: RNG.normal(size=shape)
    for name, shape in {"x": (3, 2), "q": (2, 2), "k": (2, 2), "v": (2, 2)}.items()
}
LAYERS = {
    name: RNG.normal(size=shape)
    for name, shape in {"x": (4, 2), "W1": (2, 3), "b1": 3, "W2": (3, 3), "b2": 3}.items()
}


def leaves_of(arrays, inputs=()):
    return [
        ag.tensor(x.copy(), requires_grad=name not in inputs, name=name)
        for name, x in arrays.items()
    ]


def scalars(arrays=SCALARS):
    a, b = leaves_of(arrays)
    return cases.named(np.exp(a * b) + np.sin(b) / (a**2 + 1.0) - a * b)


def logits(arrays=LOGITS):
    (z,) = leaves_of({"z": arrays["z"]})
    return cases.named(ag.softmax_cross_entropy(z, arrays["y"]))


def attention(arrays=WORDS):
    x, q, k, v = leaves_of(arrays, "x")
    weights = ag.softmax((x @ q) @ (x @ k).T / np.sqrt(2.0))
    return cases.named(((weights @ (x @ v)) ** 2).sum())


def perceptron(arrays=LAYERS):
    x, *weights = leaves_of(arrays, "x")
    h = np.tanh(ag.linear(x, *weights[:2]))
    loss = ag.softmax_cross_entropy(ag.linear(h, *weights[2:]), np.array([0, 2, 1, 1]))
    return cases.named(loss, h=h)


STORIES = {
    "chain": (cases.softmax_chain, {}),
    "logits": (logits, {"compare": True}),
    "network": (cases.network, {}),
    "heat maps": (cases.heat_maps, {}),
    "overflow": (cases.overflow, {}),
    "dead": (cases.dead, {}),
    "scalars": (scalars, {}),
    "attention": (attention, {}),
    "perceptron": (perceptron, {"compare": True}),
}


def inside(exploration, path):
    """Write a page that shows its modules to the tests."""
    html = exploration.html()
    assert READY in html
    path.write_text(
        html.replace(READY, f"window.inside = {{ data, live, state }};\n{READY}"), "utf-8"
    )
    return path


@pytest.mark.parametrize("story", few(sorted(STORIES), 9))
def test_script_shows_the_leaves_of_python_alike(opened, tmp_path, story):
    made, options = STORIES[story]
    page = opened(inside(cases.explore(made, **options), tmp_path / "inside.html"))
    found = page.evaluate(DIFFERENCES)
    assert found == [], json.dumps(found[:5], indent=1, ensure_ascii=False)


# ---- any control, in any order -------------------------------------------------------------------


class Wanderer:
    """Uses the controls of a page at random, and knows the leaves that they lead to."""

    def __init__(self, page, made, arrays, compare, seed):
        self.page, self.made, self.first, self.compare = page, made, arrays, compare
        self.rng = np.random.default_rng(seed)
        self.reset()

    def reset(self):
        self.arrays = {name: x.copy() for name, x in self.first.items()}

    def use_any(self):
        uses = [self.slide, self.slide, self.edit, self.edit, self.press_reset, self.press_hard]
        self.rng.choice(uses)()

    def slide(self):
        sliders = self.page.locator("#controls input[id^=input-]")
        if not sliders.count():
            return self.edit()
        nth = int(self.rng.integers(sliders.count()))
        slider = sliders.nth(nth)
        low, high, step = (float(slider.get_attribute(k)) for k in ("min", "max", "step"))
        to = round(low + step * self.rng.integers(int((high - low) / step + 1e-6)), 10)
        slider.fill(str(to))
        label = self.page.locator(".control").nth(nth).inner_text().split("\n")[0]
        return self.put(label, float(slider.input_value()))

    def put(self, label, value):
        name, _, index = label.partition("[")
        at = tuple(int(i) for i in index.rstrip("]").split(",")) if index else ()
        self.arrays[name][at] = value

    def edit(self):
        cells = self.page.locator(".editable:visible")
        cell = cells.nth(int(self.rng.integers(cells.count())))
        value = float(np.round(self.rng.normal(scale=2), 3))
        label = cell.get_attribute("title").removeprefix("Change ")
        cell.dispatch_event("click")
        self.page.keyboard.type(str(value))
        self.page.keyboard.press("Enter")
        self.put(label, value)

    def press_reset(self):
        if self.page.is_enabled("#reset"):
            self.page.click("#reset")
            self.reset()

    def press_hard(self):
        if self.page.locator("#hard").count():
            was = self.page.get_attribute("#hard", "aria-pressed") == "true"
            self.page.click("#hard")
            self.arrays["z"] = self.first["z"] if was else np.array([1000.0, 0.0, -1000.0])
            self.arrays["z"] = self.arrays["z"].copy()

    def check(self):
        """Check a random step of each tape."""
        with np.errstate(all="ignore"):
            result, names = self.made(self.arrays)
            tapes = [(result, names)]
            if self.compare:
                graph, replaced = unfuse(result)
                theirs = {k: replaced.get(v.order, v) for k, v in names.items()}
                tapes = [(graph, {**theirs, "L": graph}), *tapes]
            for nth, tape in enumerate(tapes):
                expected = Expected(lambda tape=tape: tape)
                step = int(self.rng.integers(expected.count))
                go(self.page, f"{step + 1}&view={nth + 1}", step + 1)
                check(self.page, expected, step)
                value = self.page.inner_text("#subtitle").split(" ")[2]
                assert shows([value], tape[0].data)
        if self.compare:
            self.check_softmax(expected)

    def check_softmax(self, expected):
        """Check the classes, the Jacobian and the verdict at the step of softmax cross-entropy."""
        (node,) = [t for t in expected.nodes if t.op and t.op.name == "SoftmaxCrossEntropy"]
        z, y = (np.asarray(getattr(a, "data", a)) for a in node.inputs)
        z = np.atleast_2d(z)
        y = np.eye(z.shape[1])[y] if y.dtype.kind == "i" else np.atleast_2d(y)
        example = max(
            0, int(self.page.evaluate("document.querySelector('#example')?.value") or 0) - 1
        )
        p, y, n = ag.softmax(z)[example], y[example], len(z)
        step = len(expected.forward) + 2
        go(self.page, f"{step}&view=2", step)
        rows = self.page.locator(".ending tbody tr")
        for i, row in enumerate(rows.all()):
            texts = [t.split()[0] for t in row.locator("td").all_inner_texts()]
            difference = p[i] * y.sum() - y[i]
            for text, x in zip(texts, (p[i], y[i], difference, difference / n)):
                assert shows([text], x)
        table = self.page.locator(".jacobian tbody tr")
        jacobian = np.diag(p) - np.outer(p, p)
        for i in range(len(p)):
            cells = table.nth(i).locator(".cell").all_inner_texts()
            assert shows(cells[1:], jacobian[i])
            with np.errstate(all="ignore"):
                assert shows(cells[:1], -y[i] / p[i] / n)
        assert shows(table.last.locator(".cell").all_inner_texts(), (p * y.sum() - y) / n)
        is_one = bool(np.isclose(y.sum(), 1, atol=1e-4))
        assert (self.page.locator(".ending th").nth(3).inner_text() == "ŷ − y") == is_one
        assert ("∑" not in formulas(state(self.page))) == is_one
        assert (self.page.locator(".pill.now").inner_text() in ("ŷ − y", "(ŷ − y) / 4")) == is_one
        hard = np.abs(z).max() == 1000
        assert hard == ("not finite" in self.page.inner_text("#verdict"))


WANDERINGS = {
    "logits": (logits, LOGITS, True),
    "scalars": (scalars, SCALARS, False),
    "attention": (attention, WORDS, False),
    "perceptron": (perceptron, LAYERS, True),
}


def wander(opened, story, seed, moves):
    made, arrays, compare = WANDERINGS[story]
    page = opened(cases.explore(made, **({"compare": True} if compare else {})))
    wanderer = Wanderer(page, made, arrays, compare, seed)
    for _ in range(moves):
        wanderer.use_any()
        wanderer.check()


def test_screen_shows_the_engine_after_a_few_changes(opened):
    wander(opened, "scalars", seed=0, moves=4)


@pytest.mark.slow
@pytest.mark.parametrize("story", WANDERINGS)
def test_screen_shows_the_engine_after_many_changes(opened, story):
    wander(opened, story, seed=1, moves=8)
