"""The structure of the package: imports, the length of files, documentation."""

import ast
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS
from importlinter.cli import lint_imports as run_import_linter

import autograd_mini as ag
from tests.budget import each, few

PACKAGE = Path(ag.__file__).parent
ROOT = PACKAGE.parent
MODULES = sorted(
    m.name
    for m in pkgutil.walk_packages([str(PACKAGE)], "autograd_mini.")
    if "__main__" not in m.name
)


def test_imports_keep_the_contracts(capsys):
    """The contracts are in pyproject.toml, ``[tool.importlinter]``."""
    status = run_import_linter(config_filename=str(ROOT / "pyproject.toml"), cache_dir=None)
    assert status == EXIT_STATUS_SUCCESS, capsys.readouterr().out


@each(MODULES)
def test_import_as_binds_the_module(name):
    names = {}
    exec(f"import {name} as m", names)
    assert inspect.ismodule(names["m"])
    assert names["m"].__name__ == name


@pytest.mark.parametrize(
    "name",
    few(["notation.latex", "compiler", "core.tape"], 3),
)
def test_module_can_be_imported_first(name):
    subprocess.run([sys.executable, "-c", f"import autograd_mini.{name}"], check=True)


BUDGET = {"core/backward.py": 160, "core/tensor.py": 550, "core/primitive.py": 300}


@each(sorted(PACKAGE.rglob("*.py")))
def test_file_is_within_its_line_budget(path):
    lines = len(path.read_text("utf-8").splitlines())
    assert lines <= BUDGET.get(path.relative_to(PACKAGE).as_posix(), 400)


def test_import_loads_numpy_and_the_core_only():
    program = (
        "import sys, numpy; before = set(sys.modules); import autograd_mini; "
        "print(*sorted(set(sys.modules) - before))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = {name.split(".")[0] for name in run.stdout.split()}
    assert not loaded & {"graphviz", "sklearn", "matplotlib", "subprocess", "scipy", "pytest"}
    ours = {name.split(".")[1] for name in run.stdout.split() if name.startswith("autograd_mini.")}
    assert ours == {"core", "functional", "ops"}


@each(ag.__all__)
def test_every_public_name_is_documented(name):
    thing = getattr(ag, name)
    documentation = inspect.getdoc(thing)
    assert documentation
    if isinstance(thing, ag.Primitive):
        assert documentation != inspect.getdoc(ag.Primitive)
    if inspect.isfunction(thing) or thing in (ag.Tensor, ag.Tape, ag.relu, ag.logsumexp):
        assert ">>> import autograd_mini as ag" in documentation


def test_public_names_exist_and_are_sorted():
    assert list(ag.__all__) == sorted(ag.__all__)
    assert all(hasattr(ag, name) for name in ag.__all__)


def test_lazy_names_have_their_modules():
    for name, module in ag._LAZY_IMPORTS.items():
        assert importlib.import_module(module, "autograd_mini")
        assert getattr(ag, name) is not None


def test_types_are_shipped():
    assert (PACKAGE / "py.typed").exists()


def test_type_ignore_has_a_reason():
    """On the same line or on the line above; ruff checks that there is a code."""
    for path in sorted(PACKAGE.rglob("*.py")):
        lines = path.read_text(encoding="utf-8").splitlines()
        for before, line in zip(["", *lines], lines):
            if "# type: ignore" in line:
                reason = line.partition("# type: ignore")[2]
                assert "# " in reason or before.lstrip()[:1] == "#", f"{path}: {line}"


def test_no_test_file_imports_another():
    """What several of them use is in a module without tests, such as tests/cases.py."""
    for path in sorted((ROOT / "tests").rglob("*.py")):
        imports = re.findall(r"^from [\w.]*\btest_\w+ import", path.read_text("utf-8"), re.M)
        assert imports == [], path


PEERS = {"torch", "jax", "mygrad", "tinygrad"}


def needs_a_peer(test):
    """Return True if a function calls ``pytest.importorskip`` with the name of a peer."""
    calls = [n for n in ast.walk(test) if isinstance(n, ast.Call)]
    skipping = [c for c in calls if ast.unparse(c.func) == "pytest.importorskip"]
    return not PEERS.isdisjoint(ast.unparse(c.args[0]).strip("'") for c in skipping)


def test_tests_that_need_a_peer_are_marked():
    """CI would skip an unmarked test, because only ``pytest -m peers`` runs with the peers."""
    unmarked = []
    for path in sorted(ROOT.glob("tests/**/test_*.py")):
        text = path.read_text("utf-8")
        likely = "importorskip" in text and any(peer in text for peer in PEERS)
        body = ast.parse(text).body if likely else []
        functions = [node for node in body if isinstance(node, ast.FunctionDef)]
        skipping = {f.name for f in functions if needs_a_peer(f)}
        for f in functions:
            marked = "pytest.mark.peers" in map(ast.unparse, f.decorator_list)
            needs = f.name in skipping or skipping & {a.arg for a in f.args.args}  # its fixtures
            if f.name.startswith("test_") and needs and not marked:
                unmarked.append(f"{path.name}::{f.name}")
    assert unmarked == []


def test_import_of_a_lazy_module_makes_no_error_message():
    """Check that `ag.nn` is found without asking for the missing name `nn.nn`: that takes 40 ms."""
    code = "import autograd_mini.core.answers as a, autograd_mini as ag; ag.nn, ag.optim, ag.data"
    code += "; print(a._answer.cache_info().misses)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "0"
