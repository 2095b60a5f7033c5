"""The package runs with the files, consoles and interpreters of other systems, without a network.

Other systems are simulated: the letters of a console, a Python without POSIX and without
processes. WebAssembly itself is tested (`tests/test_wasm.py`). Ruff checks that files of
text are opened in a stated encoding, and that no module of POSIX is imported.
"""

import ast
import io
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import autograd_mini as ag

ROOT = Path(__file__).parent.parent
PACKAGE = Path(ag.__file__).parent
OURS = sorted(p for folder in (PACKAGE, ROOT / "examples") for p in folder.rglob("*.py"))
POSIX = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"}


def run(program, *options, folder, **environment):
    """Run a program as a process; return what it prints, and its warnings and errors."""
    done = subprocess.run(
        [sys.executable, "-W", "error", *options, "-c", program], cwd=folder, timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout, done.stderr


# ---- files --------------------------------------------------------------------------------------


def test_no_path_of_one_system_in_the_package():
    local = re.compile(r"/(tmp|dev|home|usr|var|etc|proc)/|[A-Z]:\\")
    found = set()
    for path in OURS:
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if local.search(text) else ():
            if isinstance(node, ast.Constant) and local.match(str(node.value)):
                found.add(node.value)
    # the memory in use, and the processor: only Linux has these, and other systems do without
    assert found <= {"/proc/self/statm", "/proc/cpuinfo"}


def test_file_names_are_valid_on_windows_and_macos():
    """[Microsoft: Naming files, paths, and namespaces.] Their file systems ignore case."""
    folders = ("autograd_mini", "examples", "tests")
    files = [p.relative_to(ROOT) for f in folders for p in (ROOT / f).rglob("*")]
    files = [p for p in files if not {"node_modules", "__pycache__"} & set(p.parts)]
    assert len(files) > 100
    ports = {f"{device}{i}" for device in ("com", "lpt") for i in range(1, 10)}
    reserved = {"con", "prn", "aux", "nul"} | ports
    for path in files:
        assert not re.search(r'[<>:"|?*\\\x00-\x1f]|[. ]$', path.name), path
        assert path.name.split(".")[0].lower() not in reserved, path
        assert len(str(path)) < 120
    folded = [p.as_posix().casefold() for p in files]
    assert len(set(folded)) == len(folded)


def test_show_opens_a_valid_address_on_windows(monkeypatch, capsys, tmp_path):
    from autograd_mini.views import document

    opened = []
    monkeypatch.setattr(document.tempfile, "mkdtemp", lambda prefix: str(tmp_path))
    windows = SimpleNamespace(platform="win32", modules=sys.modules)
    monkeypatch.setattr(document, "sys", windows)
    monkeypatch.setattr(document.webbrowser, "open", lambda uri: opened.append(uri) or True)
    ag.draw(ag.tensor(2.0, requires_grad=True) * 2).show()
    assert opened == [(tmp_path / "graph.html").as_uri()]
    assert capsys.readouterr().out == ""


# ---- consoles -----------------------------------------------------------------------------------

CONSOLE = r"""
import sys
import numpy as np
import autograd_mini as ag
from autograd_mini.__main__ import main

for arguments in (
    [], ["-o", "x.svg"], ["compare"], ["functions", "linalg"],
    ["draw", "-log(x*y)", "--let", "x=2", "--let", "y=3"], ["explore", "x*x", "--let", "x=3"],
):
    assert main(arguments) == 0, arguments
try:
    main(["draw", "\u0177*x", "--let", "\u0177=1"])
except SystemExit as refused:
    assert refused.code == 2
y = ag.tensor(2.0, requires_grad=True, name="\u0177")
loss = np.log(y) * y
for shown in loss.tape(), loss.tape().table(adjoints=True), ag.explain(loss), ag.source(loss):
    print(shown)
print(ag.latex(loss).text, ag.latex(loss), ag.draw(loss), sep="\\n")
"""
ENCODINGS = [
    "ascii",
    *(pytest.param(name, marks=pytest.mark.slow) for name in ("utf-8", "cp437", "cp1252", "cp932")),
]


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_output_fits_the_encoding_of_the_console(encoding, tmp_path):
    """The console is narrow and plain, and text files would be opened in its encoding."""
    out, err = run(
        CONSOLE, "-X", "warn_default_encoding", folder=tmp_path, PYTHONIOENCODING=encoding,
        PYTHONUTF8="0", LC_ALL="C", TERM="dumb", COLUMNS="40",
    )  # fmt: skip
    text, complaint = out.decode(encoding), err.decode(encoding)
    assert not re.search(r"\\[xuU][0-9a-f]{2}|\?|\x1b", text)
    assert re.fullmatch(r"autograd-mini: error: .*\n", complaint)
    assert "Traceback" not in complaint
    derivative = "∂" if "∂".encode(encoding, "ignore") else "d"
    assert f"{derivative}L/{derivative}" in text
    assert ("d_ŷ = " if encoding == "utf-8" else "d_y_hat = ") in text


def test_program_in_a_file_keeps_its_letters(tmp_path, monkeypatch):
    x = ag.tensor(2.0, requires_grad=True, name="ŷ")
    program = ag.source(x * x)
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), "ascii"))
    (tmp_path / "x.py").write_text(program, encoding="utf-8")
    assert "program(ŷ)" in (tmp_path / "x.py").read_text(encoding="utf-8")
    assert "program(y_hat)" in str(program)


# ---- interpreters without POSIX, processes or a network -----------------------------------------

JOBS = """
import sys
import numpy as np
import autograd_mini as ag
from autograd_mini.__main__ import main

assert main([]) == 0
assert main(["draw", "sum(exp(x))", "--let", "x=1,2", "-o", "x.svg"]) == 0
assert main(["explore", "x*x", "--let", "x=3"]) == 0
assert main(["train", "moons", "--epochs", "2"]) == 0
step = ag.compile(ag.value_and_grad(lambda z: ag.softmax_cross_entropy(z, 1)))
assert step(np.array([2.0, 1.0, 0.1]))[0].item() > 1.4
"""
WITHOUT_POSIX = f"""
import subprocess, sys, webbrowser, tempfile, numpy
sys.modules.update(dict.fromkeys({sorted(POSIX - {"posix"})}, None))  # importing one is an error

def no_processes(*args, **kwargs):
    raise OSError(138, "this system has no processes")

subprocess.Popen.__init__ = no_processes
del subprocess.Popen.__del__
"""
WITHOUT_A_NETWORK = """
import sys

def guarded(event, args):
    if event.startswith(("socket.", "urllib.", "http.", "ftplib.", "smtplib.")):
        raise RuntimeError(f"{event} {args}")

sys.addaudithook(guarded)
try:
    __import__("socket").socket()
except RuntimeError:
    print("guarded")
"""


@pytest.mark.slow
def test_jobs_need_no_posix_processes_or_network(tmp_path):
    out, _ = run(WITHOUT_A_NETWORK + WITHOUT_POSIX + JOBS, folder=tmp_path, PATH="")
    assert out.startswith(b"guarded")  # or this test could not fail
    assert b"held-out accuracy" in out
    written = sorted(tmp_path.iterdir())
    assert [path.suffix for path in written] == [".html", ".html", ".svg"]
    for path in written:
        text = path.read_text(encoding="utf-8")
        asked = re.findall(r"""(?:src|href)\s*=\s*["']?([^"'\s>]+)|url\(([^)]*)\)|@import""", text)
        for address in ("".join(pair) for pair in asked):
            assert address.startswith(("data:", "#", '"data:')), address
        assert not re.search(r"\b(fetch|XMLHttpRequest|WebSocket|EventSource|sendBeacon)\(", text)
