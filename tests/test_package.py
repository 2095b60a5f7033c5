"""Promises about the package itself: who imports whom, what an import costs, what is documented."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import autograd_mini as ag

PACKAGE = Path(ag.__file__).parent
CORE = {"tensor", "primitive", "tape", "softmax", "checking", "equivalence", "ops"}


def imports(path: Path, anywhere: bool = False) -> set[str]:
    """The rooms of ours that a file imports: at its top, or `anywhere` in it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    guarded = {
        node
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    nodes = ast.walk(tree) if anywhere else tree.body
    found = set()
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.level and node not in guarded:
            names = [node.module] if node.module else [alias.name for alias in node.names]
            found |= {name.split(".")[0] for name in names}
    return found


def test_tensor_imports_nothing_of_ours_but_its_methods():
    assert imports(PACKAGE / "tensor.py") == {"methods"}
    assert imports(PACKAGE / "methods.py", anywhere=True) == set()


@pytest.mark.parametrize("room", ["primitive", "tape"])
def test_primitive_and_tape_import_tensor_only(room):
    assert imports(PACKAGE / f"{room}.py") - {"lessons"} == {"tensor"}  # which is text, no more


def test_lessons_import_nothing():
    tree = ast.parse((PACKAGE / "lessons.py").read_text(encoding="utf-8"))
    assert not [n for n in ast.walk(tree) if isinstance(n, (ast.Import, ast.ImportFrom))]


RULES = sorted(p for p in (PACKAGE / "ops").glob("*.py") if p.name != "__init__.py")


@pytest.mark.parametrize("path", RULES, ids=lambda p: p.name)
def test_rules_import_primitive_and_numpy_only_and_never_mention_tensor(path):
    assert imports(path, anywhere=True) <= {"primitive", *(rules.stem for rules in RULES)}
    tree = ast.parse(path.read_text(encoding="utf-8"))
    outside = {
        (node.module if isinstance(node, ast.ImportFrom) else alias.name).split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom)) and not getattr(node, "level", 0)
        for alias in node.names
    }
    assert outside <= {"numpy", "typing", "collections", "functools", "string"}
    assert not any(isinstance(n, ast.Name) and n.id == "Tensor" for n in ast.walk(tree))


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.py")), ids=lambda p: p.name)
def test_nothing_in_the_core_imports_a_view_at_its_top(path):
    if path.stem in CORE:
        assert "views" not in imports(path)


@pytest.mark.parametrize("room", ["views.program", "views.source", "views.derivation", "compiling"])
def test_a_room_may_be_the_first_that_is_imported(room):
    subprocess.run([sys.executable, "-c", f"import autograd_mini.{room}"], check=True)


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
    assert "autograd_mini.views.table" not in run.stdout.split()


@pytest.mark.parametrize("name", ag.__all__)
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


def test_types_are_shipped():
    assert (PACKAGE / "py.typed").exists()


def test_what_the_type_checker_shall_pass_over_has_a_reason():
    """A code, and a word of why beside it or in the line above."""
    found = 0
    for path in sorted(PACKAGE.rglob("*.py")):
        lines = path.read_text(encoding="utf-8").splitlines()
        for before, line in zip(["", *lines], lines):
            if "# type: ignore" in line:
                found += 1
                assert re.search(r"# type: ignore\[[\w-]+(, [\w-]+)*\]", line), f"{path}: {line}"
                assert "# " in line.partition("# type: ignore")[2] or before.lstrip()[:1] == "#"
    assert found
