"""Every public name has a complete docstring: parameters, errors, an example and its source.

Doctest runs the examples. numpydoc checks the form of each docstring (pyproject.toml,
``[tool.numpydoc_validation]``). This module checks the rest:

- each parameter is mentioned by its name, in a section or in a sentence;
- a function that raises an error, and every primitive, names the error;
- a docstring with a formula names its source.
"""

import ast
import inspect
import pydoc
import re
import textwrap
from functools import cached_property
from pathlib import Path

import pytest
from numpydoc.docscrape import get_doc_object
from numpydoc.hooks.validate_docstrings import parse_config
from numpydoc.validate import validate

import autograd_mini as ag
from autograd_mini import data, nn, optim
from autograd_mini.compiler.compiled import Compiled
from autograd_mini.compiler.source import printer as program
from autograd_mini.core.answers import Missing
from autograd_mini.debugging import provenance
from autograd_mini.nn import summary
from autograd_mini.testing import fused as equivalence
from autograd_mini.views import derivation, document
from autograd_mini.views.graph import draw as drawing
from autograd_mini.views.page import explore as page
from autograd_mini.views.page import recorder as film

#: names that only the engine uses
OF_THE_ENGINE = {
    "ag.Primitive.is_active_for",
    "ag.Primitive.add_context",
    "ag.Primitive.forward_on_objects",
    "ag.Tape.shown",
}

#: classes of results that are not in `ag`
RESULTS = [
    Compiled,
    equivalence.Comparison,
    equivalence.FusedReport,
    drawing.Drawing,
    film.Recorder,
    derivation.Derivation,
    document.Document,
    page.Exploration,
    program.Source,
    provenance.SourceLine,
    summary.Row,
    summary.Summary,
]


def public():
    """Return all public objects by their qualified names."""
    found = {f"ag.{name}": getattr(ag, name) for name in ag.__all__ if name != "tensor"}
    found |= {thing.__name__: thing for thing in RESULTS}
    for module in (nn, nn.init, optim, data):
        found |= {
            f"{module.__name__.partition('.')[2]}.{name}": thing
            for name, thing in vars(module).items()
            if not name.startswith("_")
            and getattr(thing, "__module__", "").startswith(module.__name__)
        }
    for name, thing in list(found.items()):
        if inspect.isclass(thing):
            for own, part in vars(thing).items():
                is_part = inspect.isroutine(part) or isinstance(part, (property, cached_property))
                if is_part and not own.startswith("_") and not isinstance(part, Missing):
                    found[f"{name}.{own}"] = part
    return {name: thing for name, thing in found.items() if name not in OF_THE_ENGINE}


PUBLIC = public()
CHECKS = parse_config(Path(__file__).parent.parent)["checks"]
FORMULA = re.compile(r"[∂Σ√σε∇]|\bln |\be\^|\\frac")


def doc(name):
    return inspect.getdoc(PUBLIC[name]) or ""


def has(name, section):
    return re.search(rf"^{section}\n-+$", doc(name), re.M) is not None


def function_of(thing):
    """Return the function of a public object, or None."""
    if isinstance(thing, ag.Primitive):
        return thing.forward
    if isinstance(thing, property):
        return thing.fget
    if inspect.isclass(thing):
        thing = vars(thing).get("__init__")
    thing = getattr(thing, "func", thing)  # of a cached property
    written = inspect.isfunction(thing) and thing.__code__.co_filename.endswith(".py")
    return thing if written else None


def parameters(name):
    """Return the names of the parameters. Users do not create results and primitives."""
    if PUBLIC[name] in (*RESULTS, ag.Primitive):
        return []
    f = function_of(PUBLIC[name])
    names = list(inspect.signature(f).parameters) if f else []
    return [n for n in names if n not in ("self", "cls")]


def raises_itself(name):
    f = function_of(PUBLIC[name])
    if f is None:
        return False
    tree = ast.parse(textwrap.dedent(inspect.getsource(f)))
    return any(isinstance(node, ast.Raise) for node in ast.walk(tree))


def faults_of(name):
    """Return the checks of numpydoc that a docstring fails."""
    thing = PUBLIC[name]
    found = validate(get_doc_object(thing.forward if isinstance(thing, ag.Primitive) else thing))
    failed = {code: text for code, text in found["errors"] if code in CHECKS}
    if isinstance(thing, property):
        failed.pop("EX01", None)  # one line is enough
    return failed


@pytest.mark.parametrize("name", [n for n, thing in PUBLIC.items() if not inspect.ismodule(thing)])
def test_docstring_passes_numpydoc(name):
    assert faults_of(name) == {}


def test_numpydoc_rejects_a_bad_docstring():
    def add(a, b):
        """adds two numbers"""

    failed = {code for code, _ in validate(get_doc_object(add))["errors"]}
    assert {"SS03", "EX01"} <= failed & CHECKS


@pytest.mark.parametrize("name", [name for name in PUBLIC if parameters(name)])
def test_each_parameter_is_mentioned(name):
    if re.search(r"Parameters, result and errors are those of|with NumPy's arguments", doc(name)):
        return  # documented there
    for parameter in parameters(name):
        assert re.search(rf"\b{parameter}\b", doc(name)), parameter


@pytest.mark.parametrize(
    "name",
    [name for name in PUBLIC if raises_itself(name) or isinstance(PUBLIC[name], ag.Primitive)],
)
def test_errors_are_named(name):
    assert has(name, "Raises") or re.search(r"\b[Ee]rrors?\b|\w+Error\b", doc(name))


@pytest.mark.parametrize("name", [name for name in PUBLIC if FORMULA.search(doc(name))])
def test_formula_names_its_source(name):
    of_class = name.rpartition(".")[0]
    assert has(name, "References") or (of_class in PUBLIC and has(of_class, "References"))


PRIMITIVES = [thing for thing in PUBLIC.values() if isinstance(thing, ag.Primitive)]


@pytest.mark.parametrize("op", PRIMITIVES, ids=lambda op: op.name)
def test_help_of_a_primitive_shows_its_signature(op):
    text = pydoc.render_doc(op, renderer=pydoc.plaintext)
    signature = text[text.index(f"\n{op.name}(") : text.index("->")]  # on several lines in 3.14
    assert all(name in signature for name in inspect.signature(op).parameters)
    assert (op.__doc__ or "").partition("\n")[0] in text
