"""The checks of a page that several test files share.

Each is run on a sound page, and by `test_mutations` on pages that are broken where it looks.
"""

import re

import numpy as np

import autograd_mini as ag
from autograd_mini.views.trace import Trace

from . import cases
from .page_reader import numbers, overlaps, shows, sides, state

# ---- numbers of a step ---------------------------------------------------------------------------


class Expected:
    """The expected content of a page at each step, computed from the trace alone.

    Steps are counted from the first operation, which is step 1 of the page.
    """

    def __init__(self, story):
        result, names = story()
        self.trace = Trace.of(result, names)
        self.nodes = list(self.trace.tape)
        self.index = {t: i for i, t in enumerate(self.nodes)}
        self.forward, self.backward = self.trace.forward, self.trace.backward
        self.count = len(self.forward) + 1 + len(self.backward)
        self.last = self.count + 1  # the number of the step that ends the story

    def known(self, step):
        """Return the tensors that have a value."""
        made = {s.tensor for s in self.forward[: step + 1]}
        return {t for t in self.nodes if t.op is None} | made

    def arrived(self, step):
        """Return the contributions to each tensor so far, in the order of arrival."""
        found = {}
        for s in self.backward[: max(0, step - len(self.forward))]:
            for c in s.contributions:
                found.setdefault(c.target, []).append(c)
        return found

    def sums(self, step):
        """Return the sum of contributions of each tensor that has received any."""
        found = {self.trace.result: 1.0} if step >= len(self.forward) else {}
        return found | {t: cs[-1].total for t, cs in self.arrived(step).items()}


def check_cards(shown, expected, step):
    known, sums = expected.known(step), expected.sums(step)
    assert set(shown["cards"]) == {str(i) for i in range(len(expected.nodes))}
    for t, i in expected.index.items():
        card, where = shown["cards"][str(i)], f"step {step + 1}, {expected.trace.names[t.order]}"
        if t in known:
            assert shows(card["value"], t.data), where
        else:
            assert set(card["value"]) == {"·"}, where
            assert "ahead" in card["classes"], where
        if t not in expected.trace.adjoints:
            assert card["gradient"] is None, where
        elif t in sums:
            assert shows(card["gradient"], sums[t]), where
        else:
            assert set(card["gradient"]) == {"·"}, f"{where}: a gradient not reached is not 0"


def check_forward(shown, expected, step):
    t = expected.forward[step].tensor
    (figures,) = shown["figures"]
    assert shows(figures[-1], t.data)
    inputs = [a for a in t.inputs if isinstance(a, type(t))]
    assert all(any(shows(f, a.data) for f in figures[:-1]) for a in inputs)
    assert shown["doing"] == t.op.name
    assert shown["ledgers"] == []
    check_entries(shown["entries"], [t.data])


def check_backward(shown, expected, step):
    done = expected.backward[step - len(expected.forward) - 1]
    assert shown["doing"] == done.tensor.op.name
    assert len(shown["figures"]) == len(done.contributions)
    for figures, is_product, c in zip(shown["figures"], shown["products"], done.contributions):
        upstream = figures[c.argument if is_product else 0]
        assert shows(upstream, expected.trace.adjoints[done.tensor]), "upstream"
        assert shows(figures[-1], c.value), "contribution"
        if is_product:
            other = done.tensor.inputs[1 - c.argument]
            assert shows(figures[1 - c.argument], other.data), "the other operand"
            continue
        sizes = {len(figure) for figure in figures} - {1}
        if len(figures) == 3 and figures[1] and np.isfinite(c.value).all() and len(sizes) < 2:
            product = numbers(figures[0]) * numbers(figures[1])
            assert np.allclose(product, np.ravel(c.value), rtol=1e-2, atol=1e-3)
    check_entries(shown["entries"], [c.total for c in done.contributions])
    check_ledgers(shown, expected, step, list(dict.fromkeys(c.target for c in done.contributions)))


def check_ledgers(shown, expected, step, targets):
    arrived = expected.arrived(step)
    assert len(shown["ledgers"]) == len(targets)
    for ledger, t in zip(shown["ledgers"], targets):
        came = arrived[t]
        assert [row["from"] for row in ledger["rows"]] == [c.source.op.name for c in came]
        assert all(shows(row["cells"], c.value) for row, c in zip(ledger["rows"], came))
        assert shows(ledger["total"], came[-1].total)
        assert ("still missing" in ledger["open"]) == (came[-1].open > 0)
        card = shown["cards"][str(expected.index[t])]
        assert "receives" in card["classes"]
        assert card["plus"] == (len(came) > 1)


def check_entries(entries, arrays):
    """Check that both sides of each line agree, and that they are an entry of an array."""
    for line in entries:
        left, right = sides(line)
        if not np.isfinite(right):
            continue
        assert np.isclose(left, right, rtol=2e-3, atol=2e-3), line
        near = [np.isclose(np.ravel(a), right, rtol=1e-4, atol=6e-5).any() for a in arrays]
        assert any(near), line


def check(page, expected, step):
    shown = state(page)
    assert shown["current"] in ([str(step + 1)], [])
    assert f"step {step + 1} of {expected.last}" in shown["position"]
    assert shown["live"].startswith(f"Step {step + 1} of {expected.last}")
    assert shown["hash"].startswith(f"#step={step + 1}")
    assert all(shown["formulas"])
    check_cards(shown, expected, step)
    backward = step - len(expected.forward)
    if backward < 0:
        check_forward(shown, expected, step)
    elif backward:
        check_backward(shown, expected, step)
    else:
        assert shown["doing"] == "seed"
        assert shows(shown["figures"][0][0], 1.0)
    return shown


# ---- formulas ------------------------------------------------------------------------------------


CHAIN = [
    "e=exp(z)",
    "s=∑e",
    "ŷ=es",
    "v5=lnŷ",
    "v6=y⊙v5",
    "v7=∑v6",
    "L=−v7",
    "∂L∂L=1",
    "∂L∂v7=−1",
    "∂L∂v6=∂L∂v7",
    "∂L∂v5=∂L∂v6⊙y",
    "∂L∂ŷ=∂L∂v5⊙1ŷ",
    "∂L∂e=∂L∂ŷ·1s ∂L∂s=∑(−∂L∂ŷ⊙ŷ·1s)",
    "∂L∂e+=∂L∂s",
    "∂L∂z=∂L∂e⊙e",
]


FUSED = [
    "L=−∑y⊙lnŷ where ŷ=softmax(z)",
    "∂L∂L=1",
    "∂L∂z=ŷ−y where ŷ=softmax(z)",
]


def formulas(shown):
    """Return the formulas in a state as text, with accents on their letters."""
    text = " ".join(shown["formulas"])
    for plain, accented in (("yˆ", "ŷ"), ("\u00a0", " "), ("\u2009", ""), ("  ", " ")):
        text = text.replace(plain, accented)
    return text


def check_chain(page):
    found = []
    for _ in CHAIN:
        page.keyboard.press("ArrowRight")
        found.append(formulas(state(page)))
    assert found == CHAIN


def check_fused(page):
    for step in FUSED:
        page.keyboard.press("ArrowRight")
        assert formulas(state(page)) == step


# ---- position -----------------------------------------------------------------------------------


def step(page):
    return int(re.search(r"step (\d+) of", page.inner_text("#position"))[1])


# ---- paper, motion -------------------------------------------------------------------------------


MOVING = "document.getAnimations().filter((a) => a.playState === 'running').length"


def check_paper(page):
    """Check that the graph, the steps and the three cards fit on one sheet."""
    sheets = page.pdf(format="A4", landscape=True, print_background=True)
    assert sheets.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", sheets)) in (1, 2)
    page.emulate_media(media="print")
    for part in ("#stage", "#steps", "#what", "#numbers", "#ledger"):
        assert page.is_visible(part), part
        assert page.locator(part).bounding_box()["height"] > 20, part
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def check_still(page):
    """Check that playing works with reduced motion, without any animation."""
    page.keyboard.press("Space")
    for _ in range(3):
        page.clock.run_for(1_150)
        assert page.evaluate(MOVING) == 0
    assert "step 3 of" in page.inner_text("#position")
    page.keyboard.press("Space")
    assert page.get_attribute("#play", "aria-pressed") == "false"


# ---- sliders -------------------------------------------------------------------------------------


LOGITS = [2.0, 1.0, 0.1]


def move(page, slider, to):
    """Move a slider to a position, and wait until the cards out of sight have followed."""
    page.fill(f"#{slider}", str(to))
    page.evaluate("new Promise((done) => setTimeout(done, 150))")


def go(page, address, step=None):
    step = step or address
    page.evaluate(f"location.hash = '#step={address}'")
    page.wait_for_function(
        f"document.querySelector('#position').textContent.includes('step {step} of')"
    )


def check_inputs(page):
    """Check all numbers with two inputs at both ends, one after the other and together."""
    logits = list(LOGITS)
    for nth, value in ((0, 4.0), (2, -1.9), (1, -1.0), (0, 0.0), (2, 2.1)):
        move(page, f"input-{nth}", value)
        logits[nth] = float(page.inner_text(f"#input-{nth} + output").replace("−", "-"))
        assert logits[nth] == value, "the others stay where they are"
        expected = Expected(lambda: cases.softmax_chain(logits))
        for step in (4, 12, 15):
            go(page, step)
            check(page, expected, step - 1)
        loss = float(page.inner_text("#subtitle").split(" ")[2])
        assert np.isclose(loss, expected.trace.result.item(), atol=1e-4)


WEIGHTS = [[2.0, -1.0], [1.5, -0.25], [1.0, 0.5], [0.5, 0.125]]


def recording():
    return ag.explore(frames=[cases.frame(w)[0] for w in WEIGHTS], names={})


def check_recording(page):
    """Check the weights, activations and gradients of each frame."""
    for at, weights in [*enumerate(WEIGHTS), (0, WEIGHTS[0])]:
        move(page, "recording", at)
        assert page.inner_text("#recording + output") == str(at)
        result, _ = cases.frame(weights)
        expected = Expected(lambda result=result: (result, {}))
        expected.last += 1  # the update is a step too
        for step in (1, expected.count - 2, expected.count):
            go(page, step)
            check(page, expected, step - 1)


def check_examples(page):
    """Check that arrays with a row for each example show the chosen row, and others all rows."""
    result, names = cases.network()
    expected = Expected(lambda: (result, names))
    go(page, expected.count)
    whole = state(page)
    for example in (1, 3, 4):
        move(page, "example", example)
        cards = state(page)["cards"]
        for t, i in expected.index.items():
            row = example - 1 if t.ndim and len(t.data) == 4 else ...
            assert shows(cards[str(i)]["value"], t.data[row]), t
            if t in expected.trace.adjoints:
                assert shows(cards[str(i)]["gradient"], expected.trace.adjoints[t][row]), t
    move(page, "example", 0)
    assert state(page) == whole


def gradient_of_z(page):
    return next(c["gradient"] for c in state(page)["cards"].values() if c["label"].startswith("z,"))


def check_hard(page):
    """Check the button of the hard logits: pressed again, it restores the reader's numbers."""
    move(page, "input-0", 3.0)
    page.click("#views :nth-child(1)")
    page.keyboard.press("End")
    page.click("#hard")
    assert gradient_of_z(page) == ["nan", "nan", "nan"]
    assert "not finite" in page.inner_text("#verdict")
    page.click("#views :nth-child(2)")
    assert gradient_of_z(page) == ["1", "−1", "0"]
    page.click("#hard")
    assert "agree" in page.inner_text("#verdict")
    assert page.inner_text("#input-0 + output") == "3"


# ---- what is misplaced --------------------------------------------------------------------------

#: width and height of a window: a phone, a tablet, a laptop, a projector, and laptops at 200% zoom
SIZES = [(390, 844), (768, 1024), (1280, 720), (1920, 1080), (720, 450), (640, 360)]
STEPS = 16  # of a view: each is checked at one of the sizes


def faults(page, picture, name, sizes, count, view=1):
    """Return what is misplaced, and where it was first seen. Each size gets some of the steps."""
    steps = sorted({(count - 1) * i // (STEPS - 1) for i in range(STEPS)})
    found = {}
    for nth, (width, height) in enumerate(sizes):
        page.set_viewport_size({"width": width, "height": height})
        for fault in overlaps(page, steps[nth :: len(sizes)], view):
            found.setdefault(fault, f"{width} wide")
    picture(page, f"{name} {view}")
    return [f"{where}: {fault}" for fault, where in found.items()]


def is_empty(report):
    assert not report, "\n".join([f"{len(report)} things", *report[:12]])
