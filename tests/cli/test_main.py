"""The command line: its output, its files, and the one line that reports an error."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.cli.main import main

Z, Y = np.array([2.0, 1.0, 0.1]), np.array([0.0, 1.0, 0.0])
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(ag.__file__).parents[1])}
P = np.exp(Z) / np.exp(Z).sum()


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Run each test in an empty folder that the command may write to."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments, env, **kwargs):
    command = [sys.executable, "-W", "error", "-m", "autograd_mini", *arguments]
    return subprocess.run(command, capture_output=True, env=ENVIRONMENT | env, **kwargs)


def refused(capsys, *arguments):
    """Return the one line that reports a bad argument."""
    with pytest.raises(SystemExit) as info:
        main(arguments)
    assert info.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("autograd-mini: error: ")
    assert err.count("\n") == 1
    return err


# ---- the story ----------------------------------------------------------------------------------


def test_story_fits_one_screen_and_shows_numpys_numbers(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")  # one screen, however wide this one is
    assert main(["-o", "graph.dot"]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert err == ""
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 80
    for i, line in enumerate(line for line in lines if re.match(r"[012] +\d\.\d{4} ", line)):
        shown = np.array(line.split()[1:], float)
        expected = [P[i], Y[i], P[i] - Y[i], P[i] - Y[i], P[i] - Y[i]]
        np.testing.assert_allclose(shown, expected, atol=5.1e-5)
    assert i == 2
    (loss,) = (line for line in lines if line.startswith("8 L "))
    assert loss.split()[-2:] == [f"{-np.log(P[1]):.4f}".rstrip("0"), "1"]


def test_story_shows_the_tape_with_its_adjoints(capsys):
    assert main(["-o", "graph.dot"]) == 0
    out = capsys.readouterr().out
    ops = re.findall(r"^\d (\S+) +(\w+) ", out, flags=re.M)
    assert ops[:9] == [
        ("z", "leaf"),
        ("y", "const"),
        ("e", "exp"),
        ("s", "sum"),
        ("ŷ", "div"),
        ("ℓ", "log"),
        ("p", "mul"),
        ("S", "sum"),
        ("L", "neg"),
    ]
    assert "[0.659 -0.7576 0.0986]" in out
    assert "∂L/∂" in out


def test_story_differences_are_rounding_errors(capsys):
    assert main(["-o", "graph.dot"]) == 0
    named = re.findall(r"(?:- y:|loss|gradient) (\d\S*?),?(?= |$)", capsys.readouterr().out, re.M)
    assert len(named) == 3
    assert max(map(float, named)) < 1e-15


def test_story_writes_the_page_and_names_it_last(capsys, folder):
    assert main([]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert len(last) <= 80
    assert last.endswith(" softmax_cross_entropy.html")
    assert os.listdir(folder) == ["softmax_cross_entropy.html"]
    page = (folder / "softmax_cross_entropy.html").read_text(encoding="utf-8")
    assert "<title>Softmax cross-entropy</title>" in page
    assert len(page.encode()) < 400_000


def test_story_draws_the_graph(capsys, folder):
    assert main(["-o", "story.svg"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "The graph is drawn in story.svg"
    assert "∂L/∂ŷ" in (folder / "story.svg").read_text(encoding="utf-8")


def test_output_option_sets_the_path(capsys, folder):
    path = folder / "elsewhere.gv"
    assert main(["--output", str(path)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"The graph is drawn in {path}"
    assert path.read_text(encoding="utf-8").startswith("digraph")


def test_unwritable_file_exits_1_with_one_line(capsys, folder, monkeypatch):
    (folder / "taken.dot").mkdir()
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    for path, why in [
        ("missing/x.dot", "folder 'missing' does not exist"),
        ("taken.dot", "'taken.dot': "),
        ("x.png", "pip install"),
    ]:
        assert main(["-o", path]) == 1
        err = capsys.readouterr().err
        assert err.startswith("autograd-mini: error: ")
        assert err.count("\n") == 1
        assert why in err
    assert os.listdir(folder) == ["taken.dot"]
    assert os.listdir("taken.dot") == []


def test_python_m_on_an_ascii_console_spells_in_ascii():
    done = run("-o", "x.dot", env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"?" not in done.stdout
    assert b"6 mul  dL/dl      =   dL/dp * y               [0 -1 0]" in done.stdout
    assert b"The gradient is y_hat - y." in done.stdout
    assert done.stdout.splitlines()[-1] == b"The graph is drawn in x.dot"


def test_error_on_an_ascii_console_escapes_letters():
    done = run("draw", "速*ŷ", "--let", "ŷ=1", env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 2
    assert done.stderr.startswith(b"autograd-mini: error: unknown name '\\u901f' (column 1)")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes break otherwise there")
def test_broken_pipe_prints_no_traceback():
    command = [sys.executable, "-m", "autograd_mini", "-o", "x.dot"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT
    )
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 1


@pytest.mark.skipif(sys.platform == "win32", reason="the shell's way to close it")
def test_closed_stdout_still_writes_the_file(folder):
    command = f'exec "{sys.executable}" -m autograd_mini -o x.dot >&-'
    done = subprocess.run(command, shell=True, stderr=subprocess.PIPE, env=ENVIRONMENT)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (folder / "x.dot").exists()


# ---- drawing ------------------------------------------------------------------------------------


def test_draw_of_an_expression(capsys, folder):
    text = "-sum(y*log(exp(z)/sum(exp(z))))"
    assert main(["draw", text, "--let", "z=2,1,0.1", "--let=y=0,1,0", "-o", "out.svg"]) == 0
    assert capsys.readouterr().out == "The graph is drawn in out.svg\n"
    drawn = (folder / "out.svg").read_text(encoding="utf-8")
    for word in (">exp<", ">z<", ">y<", "-0.7576"):
        assert word in drawn


@pytest.mark.parametrize("text", ["-x", "-ones(2)*x", "--x*x", "-o*x", "-h*x"])
def test_expression_may_begin_with_a_minus(text, capsys, folder):
    lets = [part for name in "xoh" for part in ("--let", f"{name}=2")]
    assert main(["draw", *lets, text]) == 0
    assert os.listdir(folder) == ["graph.svg"]


SCRIPT = """
import sys
import numpy as np
import autograd_mini as ag
import neighbour

def f(x):
    return np.tanh(x) * neighbour.TWO

if __name__ == "__main__":
    weights = ag.tensor([2.0, 1.0], requires_grad=True)
    loss = f(weights).sum()
    assert sys.argv == ["made/script.py"]
"""


def test_draw_of_a_variable_of_a_script(capsys, folder):
    (folder / "made").mkdir()
    (folder / "made" / "script.py").write_text(SCRIPT, encoding="utf-8")
    (folder / "made" / "neighbour.py").write_text("TWO = 2.0", encoding="utf-8")
    before = sys.argv[:], sys.path[:]
    assert main(["draw", "made/script.py:loss"]) == 0
    drawn = (folder / "graph.svg").read_text(encoding="utf-8")
    assert ">weights<" in drawn
    assert ">loss<" in drawn
    assert (sys.argv, sys.path) == before


def status_of(*arguments):
    try:
        return main(arguments)
    except SystemExit as ended:
        return ended.code


@pytest.mark.parametrize(
    ("script", "status", "why"),
    [
        ("lss = 3", 2, "s.py has no variable 'loss'. Did you mean lss?"),
        ("loss = 3", 2, "expected a Tensor, got 3"),
        ("1/0", 1, "s.py raised ZeroDivisionError: division by zero"),
        ("open('nowhere')", 1, "s.py raised FileNotFoundError"),
        ("import sys; sys.exit(3)", 1, "s.py ended with exit(3)"),
        ("x = (", 1, "s.py raised SyntaxError"),
        (None, 1, "file not found: 's.py'"),
    ],
)
def test_draw_of_a_bad_script_prints_one_line(script, status, why, capsys, folder):
    if script is not None:
        (folder / "s.py").write_text(script, encoding="utf-8")
    before = set(os.listdir(folder))
    assert status_of("draw", "s.py:loss") == status
    err = capsys.readouterr().err
    assert err.startswith("autograd-mini: error: ")
    assert err.count("\n") == 1
    assert why in err
    assert set(os.listdir(folder)) == before


# ---- exploring ----------------------------------------------------------------------------------


def test_explore_writes_the_page_of_an_expression(capsys, folder):
    text = "-sum(y*log(exp(z)/sum(exp(z))))"
    assert main(["explore", text, "--let", "z=2,1,0.1", "--let=y=0,1,0"]) == 0
    assert capsys.readouterr().out == "Step through it in a browser: backprop.html\n"
    assert os.listdir(folder) == ["backprop.html"]
    assert main(["explore", "-x * 2", "--let", "x=3", "-o", "other.html"]) == 0
    assert "<title>-x * 2</title>" in (folder / "other.html").read_text(encoding="utf-8")


# ---- training -----------------------------------------------------------------------------------


def accuracy(out):
    last = out.splitlines()[-1]
    assert last.startswith("held-out accuracy ")
    return float(last.split()[-1])


@pytest.mark.parametrize(
    ("dataset", "least"), [("moons", 0.97), pytest.param("digits", 0.965, marks=pytest.mark.slow)]
)
def test_train_reaches_the_accuracy_and_shows_progress(dataset, least, capsys):
    if dataset == "digits":
        pytest.importorskip("sklearn")
    assert main(["train", dataset]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert accuracy(out) >= least
    losses = [float(x) for x in re.findall(r"^epoch +\d+ of \d+   loss (\S+)$", out, re.M)]
    assert 4 <= len(losses) <= 8
    assert losses[-1] < 0.1 * losses[0]
    assert max(map(len, out.splitlines())) <= 80


def test_train_depends_only_on_seed_and_epochs(capsys):
    outputs = []
    for seed in ("1", "1", "2"):
        assert main(["train", "moons", "--epochs", "2", "--seed", seed]) == 0
        outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[1] != outputs[2]
    assert "epoch 1 of 2" in outputs[0]
    assert "epoch 2 of 2" in outputs[0]


def test_train_digits_without_scikit_learn_exits_1(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)  # as if it were not installed
    assert main(["train", "digits"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert 'pip install "autograd_mini[examples]"' in err


def test_keyboard_interrupt_prints_no_traceback(capsys, monkeypatch):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("autograd_mini.nn.training_epochs", interrupted)
    assert main(["train", "moons"]) == 130
    assert capsys.readouterr().err == ""


# ---- arguments ----------------------------------------------------------------------------------


def test_help_shows_examples_and_version_the_version(capsys):
    for arguments, found in [
        (["--help"], "autograd-mini train digits --epochs 5"),
        (["train", "--help"], "--seed N"),
        (["--version"], f"autograd-mini {ag.__version__}"),
    ]:
        with pytest.raises(SystemExit) as info:
            main(arguments)
        assert info.value.code == 0
        assert found in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["trian"], "unknown argument 'trian'. Did you mean: train?"),
        (["moons"], "unknown argument 'moons'. Did you mean: train moons?"),
        (["train", "mons"], "unknown argument 'mons'. Did you mean: train moons?"),
        (["train", "digit"], "Did you mean: train digits?"),
        (["train", "mnist"], "unknown argument 'mnist'. Choose from: "),
        (["train"], "required: dataset"),
        (["train", "moons", "--epochs", "0"], "--epochs: '0' is not a whole number"),
        (["train", "moons", "--epochs", "1.5"], "--epochs: '1.5' is not a whole number"),
        (["train", "moons", "--seed", "-1"], "--seed"),
        (["--frobnicate"], "--frobnicate"),
        (["-o"], "-o/--output: expected one argument"),
        (["-o", "x.jpg"], "'x.jpg' must end in .svg, .html, .png, .pdf, .tex, .dot, .gv"),
        (["a\nb"], "a\\nb"),
        (["draw"], "required: EXPR"),
        (["draw", "sim(x)", "--let", "x=2"], "unknown name 'sim' (column 1). Did you mean sum?"),
        (["draw", "x +"], "invalid syntax"),
        (["draw", "made/train.py"], "which variable of made/train.py? Write made/train.py:loss"),
        (["draw", "x", "--let", "x=2"], "nothing was recorded for 'x'"),
        (["draw", "x*2", "--let", "x=a"], "x='a': expected numbers. Write --let"),
        (["draw", "x*2", "--let", "x"], "--let: 'x' is not a name with numbers"),
        (["draw", "x*2", "-o", "x.jpg"], "'x.jpg' must end in"),
        (["explore"], "required: EXPR"),
        (
            ["explore", "x*2", "--let", "x=1,2"],
            "has 2 entries",
        ),
        (["explore", "x", "--let", "x=2"], "nothing was recorded for 'x'"),
        (["explore", "x*2", "-o", "x.svg"], "'x.svg' must end in .html"),
        (["draw", "s.py:loss", "--let", "x=2"], "--let only sets"),
    ],
)
def test_bad_argument_exits_2_with_one_line(arguments, found, capsys, folder):
    assert found in refused(capsys, *arguments)
    assert os.listdir(folder) == []


# ---- comparing -----------------------------------------------------------------------------------


def test_compare_shows_that_only_the_graph_overflows(capsys, folder):
    assert main(["compare"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert max(map(len, out.splitlines())) <= 100
    typical, hard = out.split("Hard logits")
    assert re.search(r"by hand +1\.417 .*\nfused +1\.417 ", typical)
    assert re.search(r"by hand +nan +\[nan nan nan\]\nfused +1000 +\[1 -1 0\]", hard)
    assert re.search(r"^value +inf .* node$", hard, re.M)
    assert "WRONG" not in out
    assert os.listdir(folder) == []


def test_output_option_before_a_command_is_refused(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["-o", "out.svg", "train", "moons"])
    assert stopped.value.code == 2
    assert "-o is not allowed before train" in capsys.readouterr().err


def test_functions_are_listed(capsys):
    assert main(["functions", "linalg.e"]) == 0
    out = capsys.readouterr().out
    assert "np.linalg.eigh " in out
    assert re.search(r"np\.linalg\.eig +refused\. .*np\.linalg\.eigh", out)
    assert "of these 4 functions have derivatives." in out
    assert main(["functions", "no such"]) == 1
    assert "no NumPy function" in capsys.readouterr().err
