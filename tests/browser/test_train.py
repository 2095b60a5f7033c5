"""Training in the page takes the engine's steps, and draws what the parameters have learned."""

import re

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import data, nn, optim

from .inside import with_inside
from .page_reader import low_contrast, numbers

N, STEPS = 100, 200


def labels():
    return data.moons(N, rng=0)


def moons(outputs=2, loss=ag.softmax_cross_entropy):
    """Return a model, and a function that computes its loss."""
    x, y = labels()
    model = nn.MLP([2, 16, 16, outputs], rng=1)
    targets = y if outputs > 1 else y[:, None] * 1.0
    return model, lambda: loss(model(x), targets)


def one_logit():
    return moons(1, ag.sigmoid_binary_cross_entropy)


def three_classes():
    x, _ = labels()
    model = nn.MLP([2, 8, 3], rng=1)
    return model, lambda: ag.softmax_cross_entropy(model(x), np.arange(N) % 3)


def regression():
    x = np.linspace(-1, 1, N)[:, None]
    model = nn.MLP([1, 8, 1], rng=1)
    return model, lambda: ag.mse_loss(model(x), np.sin(3 * x))


def page_of(made):
    model, loss = made()
    result = loss()
    return ag.explore(result, names={"L": result}), model, loss


@pytest.fixture
def trained(opened, tmp_path):
    """Return a function that opens a page whose parameters and results a test can read."""

    def open_page(exploration, **options):
        path = tmp_path / "trained.html"
        path.write_text(with_inside(exploration), "utf-8")
        return opened(path, **options)

    return open_page


PARAMETERS = """() => {
  const { data, live, nd } = inside;
  const leaves = live.leaves(data.tapes[0]);
  return Object.fromEntries(data.live[0].arguments.map(({ name }, i) =>
    [name, Array.from(nd.numbers(leaves[i]))]));
}"""
TAKE = "(n) => { for (let i = 0; i < n; i++) inside.sgd.step(); return inside.sgd.losses; }"


def says(page):
    """Return the training step and the loss that the panel shows."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    found = re.fullmatch(r"Training step (\d+): L = ([\d.e−-]+)", page.inner_text("#train-state"))
    return int(found[1]), float(found[2].replace("−", "-"))


# ---- the steps -----------------------------------------------------------------------------------


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    "made", [moons, pytest.param(one_logit, marks=SLOW), pytest.param(regression, marks=SLOW)]
)
def test_training_in_the_page_follows_the_engine(trained, made):
    exploration, model, loss = page_of(made)
    page = trained(exploration)
    rate = exploration.data["training"]["rate"]
    optimizer, losses = optim.SGD(model.parameters(), lr=rate), []
    for _ in range(STEPS):
        optimizer.zero_grad()
        result = loss()
        losses.append(result.item())
        result.backward()
        optimizer.step()
    losses.append(loss().item())
    np.testing.assert_allclose(page.evaluate(TAKE, STEPS), losses, rtol=1e-9)
    found = page.evaluate(PARAMETERS)
    for p in model.parameters():
        np.testing.assert_allclose(found[p.name], np.ravel(p.data), rtol=1e-9, atol=1e-12)


@pytest.mark.slow
def test_one_step_shows_the_next_loss(trained):
    exploration, model, loss = page_of(moons)
    page = trained(exploration)
    assert says(page) == (0, pytest.approx(loss().item(), rel=1e-3))
    page.keyboard.press("n")
    optimizer = optim.SGD(model.parameters(), lr=0.5)
    loss().backward()
    optimizer.step()
    assert says(page) == (1, pytest.approx(loss().item(), rel=1e-3))
    assert page.get_attribute("#steps .update button", "aria-current") == "step"


@pytest.mark.slow
def test_reset_restores_parameters_and_losses(trained):
    page = trained(page_of(moons)[0])
    before, first = page.evaluate(PARAMETERS), says(page)
    for _ in range(3):
        page.keyboard.press("n")
    assert page.evaluate(PARAMETERS) != before
    page.click("#train-reset")
    assert says(page) == first
    assert page.evaluate(PARAMETERS) == before


@pytest.mark.slow
def test_learning_rate_slider_is_logarithmic(trained):
    page = trained(page_of(moons)[0])
    assert page.inner_text("#rate + output") == "0.5"
    page.fill("#rate", "-1")
    assert page.inner_text("#rate + output") == "0.1"
    assert page.get_attribute("#rate", "aria-valuetext") == "0.1"
    page.click("#train-step")
    assert page.evaluate("inside.sgd.rate") == 0.1
    assert says(page)[0] == 1


@pytest.mark.slow
def test_run_and_pause_by_key_speak_the_loss(trained):
    page = trained(page_of(moons)[0])
    page.keyboard.press("r")
    page.wait_for_function("() => inside.sgd.at > 8")
    assert page.get_attribute("#live", "aria-live") == "off"
    page.keyboard.press("r")
    step, loss = says(page)
    page.wait_for_timeout(60)
    assert says(page) == (step, loss)
    assert page.inner_text("#train-live") == page.inner_text("#train-state")
    assert page.get_attribute("#train-run", "aria-pressed") == "false"
    assert page.get_attribute("#live", "aria-live") == "polite"


@pytest.mark.slow
def test_steps_too_large_stop_with_advice(trained):
    page = trained(page_of(regression)[0])
    page.fill("#rate", "1")
    page.click("#train-run")
    page.wait_for_function("() => inside.sgd.isOver()")
    page.wait_for_selector('#train-run[aria-pressed="false"]')
    assert "lower the learning rate" in page.inner_text("#train-over")
    page.click("#train-reset")
    page.wait_for_selector("#train-over", state="hidden")


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1280])
def test_update_of_parameters_of_layers_is_not_cut(opened, width):
    """They have long names, such as layers.0.weight."""
    x, y = labels()
    loss = ag.softmax_cross_entropy(nn.Sequential(nn.Linear(2, 4, rng=0), nn.ReLU())(x), y)
    page = opened(ag.explore(loss), width=width, height=720)
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    formulas = page.locator("#what math").all_text_contents()
    assert formulas[0] == "layers.0.weight"
    assert formulas[1].startswith("←layers.0.weight−η∂")
    cut = (
        "[...document.querySelectorAll('.math')].filter(m => m.scrollWidth > m.clientWidth).length"
    )
    assert page.evaluate(cut) == 0


# ---- what is drawn -------------------------------------------------------------------------------

REGIONS = """() => {
  const canvas = document.querySelector(".learned canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return { width: canvas.width, height: canvas.height, data: Array.from(data) };
}"""


def classes(model, points):
    """Return the class of each point, and how far it is from a border."""
    with ag.no_grad():
        z = model(points).data
    if z.shape[1] == 1:
        return (z[:, 0] > 0).astype(int), np.abs(z[:, 0])
    top = np.sort(z, axis=1)
    return z.argmax(axis=1), top[:, -1] - top[:, -2]


@pytest.mark.slow
@pytest.mark.parametrize("made", [moons, one_logit, three_classes])
def test_regions_are_the_classes_of_the_model(trained, made):
    exploration, model, loss = page_of(made)
    page = trained(exploration)
    optimizer = optim.SGD(model.parameters(), lr=0.5)
    for _ in range(5):
        page.keyboard.press("n")
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
    says(page)
    found = page.evaluate(REGIONS)
    width, height = found["width"], found["height"]
    colours = np.reshape(found["data"], (height, width, 4))[::-1, :, :3].reshape(-1, 3)
    x, _ = labels()
    low, high = x.min(axis=0), x.max(axis=0)
    spans = zip(low - 0.12 * (high - low), high + 0.12 * (high - low), (width, height))
    grid = np.meshgrid(*(np.linspace(a, b, n) for a, b, n in spans))
    k, distance = classes(model, np.stack(grid, axis=-1).reshape(-1, 2))
    one_of = [colours[k == i] for i in np.unique(k)]
    typical = np.array([np.median(c, axis=0) for c in one_of])
    nearest = np.abs(colours[:, None] - typical).sum(axis=2).argmin(axis=1)
    sure = distance > 1e-3
    assert sure.sum() > 1_000
    assert (np.unique(k)[nearest] == k)[sure].all()


@pytest.mark.slow
def test_examples_have_a_marker_for_each_class(trained):
    page = trained(page_of(three_classes)[0])
    says(page)
    paths = page.locator(".learned .plot .marks").evaluate_all(
        "(all) => all.map((path) => path.getAttribute('d').split('M').slice(1))"
    )
    assert [len(path) for path in paths] == np.bincount(np.arange(N) % 3).tolist()
    shapes = {re.sub(r"^[\d.]+ [\d.]+", "", path[0]) for path in paths}
    assert len(shapes) == 3
    assert page.locator(".learned figcaption").inner_text().split("\n")[0].startswith("class 0")


@pytest.mark.slow
def test_right_answers_are_those_of_the_model(trained):
    exploration, model, _ = page_of(moons)
    page = trained(exploration)
    says(page)
    right = round(N * nn.accuracy(model, *labels()))
    assert f"{right} of {N} right" in page.inner_text(".learned figcaption")


@pytest.mark.slow
def test_curve_is_the_prediction_of_the_model(trained):
    exploration, model, _ = page_of(regression)
    page = trained(exploration)
    says(page)
    d = page.get_attribute(".learned .contour", "d")
    _, height = np.array([p.split() for p in d[1:].split("L")], float).T
    with ag.no_grad():
        wanted = model(np.linspace(-1.24, 1.24, len(height))[:, None]).data[:, 0]
    assert len(height) > 100
    assert np.corrcoef(height, wanted)[0, 1] == pytest.approx(-1, abs=1e-5)  # y grows downward


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_panel_is_readable(trained, scheme):
    page = trained(page_of(three_classes)[0], scheme=scheme)
    page.keyboard.press("n")
    says(page)
    assert low_contrast(page) == []
    page.emulate_media(forced_colors="active")
    assert page.is_visible(".learned canvas")


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1280])
def test_panel_fits_every_width(trained, width):
    page = trained(page_of(moons)[0], width=width)
    says(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for part in ("#train-controls", "#plots .plot >> nth=0", ".learned"):
        box = page.locator(part).bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert 240 < box["width"] < 500 or part == "#train-controls", part


@pytest.mark.slow
def test_graph_and_boundary_are_seen_while_training(trained):
    page = trained(page_of(moons)[0], width=1280, height=720)
    page.click("#train-step")
    says(page)
    for part in (".learned canvas", "#train .plot .curve", "#train-run", "#stage"):
        box = page.locator(part).bounding_box()
        assert box["y"] >= 0, part
        assert box["y"] + box["height"] <= 720, part
    assert page.locator("#stage").bounding_box()["height"] > 400


# ---- the update and the film ---------------------------------------------------------------------


def small():
    w = ag.tensor([4.0, -2.0], requires_grad=True, name="w")
    return w, lambda: np.sum((w - 1.0) ** 2)


def card(page, name):
    """Return the blocks of the card of a tensor."""
    index = page.evaluate(
        "(name) => inside.data.tapes[0].nodes.findIndex((node) => node.name === name)", name
    )
    return [
        numbers(block.locator(".cell").all_inner_texts())
        for block in page.locator(f'.card[data-node="{index}"] .block').all()
    ]


@pytest.mark.slow
def test_update_shows_old_gradient_and_new(trained):
    w, loss = small()
    result = loss()
    page = trained(ag.explore(result, train=[w], names={"L": result}))
    page.fill("#rate", "-0.6")  # 0.25
    page.locator("#rate").blur()
    page.keyboard.press("End")
    old, gradient, new = card(page, "w")
    assert (old.tolist(), gradient.tolist(), new.tolist()) == ([4, -2], [6, -6], [2.5, -0.5])
    page.keyboard.press("n")
    old, gradient, new = card(page, "w")
    assert (old.tolist(), gradient.tolist(), new.tolist()) == ([2.5, -0.5], [3, -3], [1.75, 0.25])


@pytest.mark.slow
def test_gradient_that_never_changes_is_taken(trained):
    w = ag.tensor([1.0, 2.0], requires_grad=True, name="w")
    page = trained(ag.explore(np.sum(w), train=[w]))
    page.fill("#rate", "0")  # 10 ** 0
    page.click("#train-step")
    assert page.evaluate(PARAMETERS)["w"] == [0, 1]


@pytest.mark.slow
def test_page_that_cannot_compute_says_why(trained):
    model = nn.MLP([2, 4, 2], rng=0)
    page = trained(ag.explore(np.sum(np.linalg.svd(model(labels()[0]), compute_uv=False))))
    assert "np.linalg.svd" in page.inner_text("#train-state")
    assert page.locator("#train-buttons").is_hidden()
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    assert page.inner_text("#position").startswith("update")


@pytest.mark.slow
def test_slider_moves_the_decision_boundary(trained):
    x, y = labels()
    model = nn.Linear(2, 2, rng=1)
    result = ag.softmax_cross_entropy(model(x), y)
    page = trained(ag.explore(result, names={"L": result}))
    before = page.get_attribute(".learned .contour", "d")
    page.locator("#controls input[type=range]").first.fill("1.5")
    model.weight.data[...] = np.reshape(page.evaluate(PARAMETERS)["weight"], (2, 2))
    loss = ag.softmax_cross_entropy(model(x), y)
    assert says(page) == (0, pytest.approx(loss.item(), rel=1e-3))
    assert page.get_attribute(".learned .contour", "d") != before
    right = round(N * nn.accuracy(model, x, y))
    assert f"{right} of {N} right" in page.inner_text(".learned figcaption")


@pytest.mark.slow
def test_training_goes_on_from_a_changed_leaf(trained):
    w, loss = small()
    result = loss()
    page = trained(ag.explore(result, train=[w], names={"L": result}))
    before = says(page)
    page.fill("#input-0", "1")
    w.data[...] = page.evaluate(PARAMETERS)["w"]
    assert says(page) == (0, pytest.approx(loss().item(), rel=1e-3)) != before
    page.click("#train-step")
    loss().backward()
    w.data -= page.evaluate("inside.sgd.rate") * w.grad
    assert says(page) == (1, pytest.approx(loss().item(), rel=1e-3))
    page.click("#train-reset")
    assert says(page) == before


@pytest.mark.slow
def test_cells_of_parameters_can_be_changed(trained):
    page = trained(page_of(regression)[0])
    before, first = page.evaluate(PARAMETERS), says(page)
    cell = page.locator("#numbers .editable").first
    name = cell.get_attribute("title").removeprefix("Change ").split("[")[0]
    cell.click()
    page.keyboard.type("1.5")
    page.keyboard.press("Enter")
    now = page.evaluate(PARAMETERS)
    changed = {key for key in now if now[key] != before[key]}
    assert changed == {name}
    assert 1.5 in now[name]
    assert says(page)[0] == 0
    assert says(page) != first


def recording():
    w, loss = small()
    recorder = ag.Recorder()
    optimizer = optim.SGD([w], lr=0.25)
    for _ in range(4):
        result = loss()
        recorder.add(result)
        optimizer.zero_grad()
        result.backward()
        optimizer.step()
    return ag.explore(frames=recorder)


@pytest.mark.slow
def test_film_plays_over_its_frames(trained):
    page = trained(recording(), clock=True)
    assert page.locator("#rate").count() == 0
    page.keyboard.press("End")
    assert [block.tolist() for block in card(page, "w")] == [[4, -2], [6, -6], [2.5, -0.5]]
    page.keyboard.press("r")
    page.clock.run_for(5_000)
    assert page.input_value("#recording") == "3"
    assert page.get_attribute("#train-run", "aria-pressed") == "false"
    old, gradient, new = card(page, "w")
    assert (old.tolist(), gradient.tolist(), new) == ([1.375, 0.625], [0.75, -0.75], None)
    page.click("#train-reset")
    assert page.input_value("#recording") == "0"


@pytest.mark.slow
def test_film_draws_what_each_frame_has_learned(trained):
    model, loss = moons()
    recorder, optimizer, right = ag.Recorder(), optim.SGD(model.parameters(), lr=0.5), []
    for _ in range(5):
        result = loss()
        recorder.add(result)
        right.append(round(N * nn.accuracy(model, *labels())))
        optimizer.zero_grad()
        result.backward()
        optimizer.step()
    assert len(set(right)) > 1
    page = trained(ag.explore(frames=recorder))
    for at, expected in enumerate(right):
        page.fill("#recording", str(at))
        page.wait_for_function(
            "at => document.querySelector('#train-state').innerText.includes(` ${at}:`)", arg=at
        )
        assert f"{expected} of {N} right" in page.inner_text(".learned figcaption")
