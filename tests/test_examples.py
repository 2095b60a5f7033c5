"""The example programs run as a reader runs them."""

import importlib
import os
import re
import runpy
import struct
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import optim

ROOT = Path(__file__).parent.parent
REACHES = {"train_moons": 0.97, "train_digits": 0.965}


def run(name, *arguments, folder):
    """Return the output of the example. It must not print a warning on stderr."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    finished = subprocess.run(
        [sys.executable, str(ROOT / "examples" / f"{name}.py"), *arguments],
        cwd=folder, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True,
        timeout=300,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    assert "Warning" not in finished.stderr
    return finished.stdout


def png_size(path):
    """Return width and height from the header [PNG specification, 11.2.2]."""
    header = path.read_bytes()[:24]
    assert header[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", header[16:24])


@pytest.mark.slow  # both data sets are learned in tests/cli/test_main.py as well
@pytest.mark.parametrize("name", REACHES)
def test_example_trains_and_draws(name, tmp_path):
    pytest.importorskip("matplotlib")
    pytest.importorskip("sklearn")
    out = run(name, "--output", "learned.png", "--seed", "1", folder=tmp_path)

    losses = [float(loss) for loss in re.findall(r"epoch +\d+ of 60   loss (\S+)", out)]
    assert len(losses) == 7
    assert losses[-1] < losses[0] / 2
    accuracy = float(re.search(r"held-out accuracy (\S+)", out).group(1))
    assert REACHES[name] <= accuracy <= 1

    assert "wrote learned.png" in out
    width, height = png_size(tmp_path / "learned.png")
    assert 1200 <= width <= 4000
    assert 500 <= height <= 2000
    assert 20_000 < (tmp_path / "learned.png").stat().st_size < 2_000_000


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "epochs", "seed", "least"), [("lenet", 80, 0, 0.985), ("resnet", 25, 1, 0.99)]
)
def test_networks_learn_to_read_digits(tmp_path, monkeypatch, model, epochs, seed, least):
    pytest.importorskip("sklearn")
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")  # its threads are slow on a busy machine
    options = ("--epochs", str(epochs), "--seed", str(seed))
    out = run("read_digits", model, *options, folder=tmp_path)
    assert float(re.search(r"held-out accuracy (\S+)", out).group(1)) >= least


@pytest.mark.slow
def test_the_page_of_two_moons_is_written(tmp_path):
    out = run("moons_page", "--points", "20", folder=tmp_path)
    assert out == "wrote moons.html\n"
    page = (tmp_path / "moons.html").read_text("utf-8")
    assert "lossCurve" in page  # of the Train panel
    assert "function program" in page


@pytest.mark.slow
@pytest.mark.parametrize("options", [[], ["--eager"]])
def test_the_compiled_example_trains(options, tmp_path):
    pytest.importorskip("sklearn")
    out = run("train_compiled", "--seed", "1", *options, folder=tmp_path)
    assert re.search(r"1438 digits, 60 epochs in \d+\.\d\d seconds", out)
    losses = [float(loss) for loss in re.findall(r"epoch +\d+ of 60   loss (\S+)", out)]
    assert len(losses) == 7
    assert losses[-1] < losses[0] / 2
    assert 0.965 <= float(re.search(r"held-out accuracy (\S+)", out).group(1)) <= 1


def test_a_compiled_training_learns_what_the_same_steps_learn_uncompiled(capsys):
    example = SimpleNamespace(**runpy.run_path(str(ROOT / "examples" / "train_compiled.py")))
    rng = np.random.default_rng(1)
    x, targets = rng.normal(size=(400, 64)), np.eye(10)[rng.integers(10, size=400)]
    learned = [
        example.train(
            step, example.start(np.random.default_rng(1)), x, targets, np.random.default_rng(2), 11
        )
        for step in (example.step, ag.compile(example.step, donate=(0, 1)))
    ]
    for eager, compiled in zip(*learned):
        for found, expected in zip(compiled, eager):
            np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11)
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 4
    assert printed[:2] == printed[2:]


@pytest.mark.slow  # tests/core/test_dask_and_symbols.py derives it as well
def test_symbols_give_the_equation(tmp_path):
    pytest.importorskip("sympy")
    out = run("symbols", "--classes", "3", folder=tmp_path)
    assert re.findall(r"difference:  (.*)", out) == ["0", "0", "0"]


@pytest.mark.slow
def test_data_in_chunks_are_learned(tmp_path):
    pytest.importorskip("dask")
    out = run("larger_than_memory", "--rows", "60000", "--steps", "10", folder=tmp_path)
    losses = [float(loss) for loss in re.findall(r"loss (\S+)", out)]
    assert "60,000 rows in 2 chunks" in out
    assert losses[0] == 1.3863
    assert losses[-1] < 0.3
    assert float(re.search(r"accuracy (\S+)", out).group(1)) > 0.95


@pytest.mark.slow
@pytest.mark.parametrize("name", REACHES)
def test_example_explains_itself(name, tmp_path):
    pytest.importorskip("matplotlib")
    help_text = run(name, "--help", folder=tmp_path)
    assert f"default: {name.removeprefix('train_')}.png" in help_text


def gpt_losses(steps):
    """Return the losses of a small GPT on scalars, on arrays, and compiled."""
    arrays, scalars = map(importlib.import_module, ("microgpt", "microgpt_scalars"))
    # Each length has its program, and each entry of a name has its nodes.
    names = [name for name in arrays.NAMES if len(name) in (3, 4)] * 4
    losses = {}
    for form in ("scalars", "arrays", "compiled"):
        model = arrays.GPT(width=4, heads=2, rng=1)
        optimizer = optim.Adam(model.parameters(), lr=0.01, betas=(0.85, 0.99))
        step = arrays.make_step(model, optimizer)
        if form == "compiled":
            step = ag.compile(step, state=(model, optimizer))
        if form == "scalars":
            model = scalars.from_arrays(model)
            step = scalars.make_step(model, scalars.Adam(scalars.leaves(model)))
        losses[form] = [step(arrays.encode(name)).item() for name in names[:steps]]
    return losses


@pytest.mark.parametrize("steps", [3, pytest.param(40, marks=pytest.mark.slow)])
def test_gpt_has_equal_losses_in_all_forms(steps, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "examples")
    losses = gpt_losses(steps)
    assert len(losses["arrays"]) == steps
    assert losses["compiled"] == losses["arrays"]
    np.testing.assert_allclose(losses["scalars"], losses["arrays"], rtol=0, atol=1e-9)


def test_gpt_learns_and_samples(monkeypatch, capsys):
    monkeypatch.syspath_prepend(ROOT / "examples")
    microgpt = importlib.import_module("microgpt")
    monkeypatch.setattr("sys.argv", ["microgpt.py", "--steps", "200", "--eager"])
    microgpt.main()
    out = capsys.readouterr().out
    assert "4192 parameters" in out
    (first,) = (float(loss) for loss in re.findall(r"step +100 +loss (\S+)", out))
    assert first < np.log(27)
    assert len(out.rpartition("new names: ")[2].split(" ")) == 12
