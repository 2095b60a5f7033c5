"""The site: which pages there are, and how pdoc is made to write our mathematics into them."""

import functools
import importlib
import inspect
import pkgutil
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pdoc
import pdoc.docstrings
import pdoc.render
from jinja2 import pass_context
from latex2mathml.converter import convert
from pdoc.render_helpers import linkify

import autograd_mini as ag

from . import functions, measured, sheet, start

ROOT = Path(__file__).parent.parent.parent
GALLERY = ROOT / "examples" / "gallery"

#: what is shown below the first paragraph of a name's documentation
PICTURES = {
    "the package": "softmax_chain.svg",
    "draw": "residual_block.svg",
    "softmax_cross_entropy": "softmax_fused.svg",
    "cross_entropy": "softmax_opened.svg",
    "scope": "moons.svg",
}


#: what views and compiled functions are, as users get them
SHOWN = {
    "autograd_mini.compiler",
    "autograd_mini.compiler.jit",
    "autograd_mini.views",
    *(f"autograd_mini.views.{room}" for room in ("drawing", "film", "latex", "page", "program")),
    *(f"autograd_mini.views.{room}" for room in ("source", "summary", "table", "explain")),
}

#: by name, before a room of the name of a function that is in it (softmax) takes its place
PUBLIC = {name: getattr(ag, name) for name in ag.__all__}


def build(folder: Path) -> list[Path]:
    """Write the site into a folder; the pages that it has."""
    with warnings.catch_warnings():  # annotations that are there for type checkers only
        warnings.filterwarnings("ignore", "Error parsing type annotation", UserWarning)
        return _written(folder)


def _written(folder: Path) -> list[Path]:
    for name, picture in PICTURES.items():
        _show(name, picture)
    pages = {module.modulename: module for module in modules()}
    pdoc.render.configure(
        docformat="numpy",
        template_directory=Path(__file__).parent,
        footer_text=f"autograd_mini {ag.__version__}",
    )
    pdoc.docstrings.convert = _with_mathematics
    pdoc.render.env.filters["linkify"] = _linked
    written = []
    for name, module in pages.items():
        path = folder / f"{name.replace('.', '/')}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(pdoc.render.html_module(module, pages), encoding="utf-8")
        written.append(path)
    (folder / "search.js").write_text(pdoc.render.search_index(pages), encoding="utf-8")
    return written


def modules() -> Iterator[pdoc.doc.Module]:
    """The package, its rooms, and the pages that are generated; the first of all is `index`."""
    rooms = [importlib.import_module(name) for name in room_names()]
    for name in ag.__all__:  # also what is imported when it is first asked for
        setattr(ag, name, PUBLIC[name])
    generated = [
        _page("autograd_mini.formula_sheet", sheet.page()),
        _page("autograd_mini.numpy_functions", functions.page()),
        _page("autograd_mini.measured", measured.page()),
    ]
    for module in (ag, *rooms, *generated, _page("index", start.page())):
        _primitives_as_functions(module)
        documented = pdoc.doc.Module(module)
        inside = [m for m in (*rooms, *generated) if _parent(m) == module.__name__]
        documented.__dict__["submodules"] = [pdoc.doc.Module(m) for m in inside]
        yield documented


def room_names() -> list[str]:
    """All rooms but those that only draw and compile: of these, what users get from them."""
    every = [m.name for m in pkgutil.walk_packages(ag.__path__, "autograd_mini.")]
    return sorted(
        name
        for name in every
        if "._" not in name
        and (name in SHOWN or not name.startswith(("autograd_mini.views", "autograd_mini.compil")))
    )


def _parent(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[0]


def _page(name: str, text: str) -> ModuleType:
    module = ModuleType(name, text)
    module.__file__ = None
    return module


def _primitives_as_functions(module: ModuleType) -> None:
    """Have our own primitives documented by the function that each of them wraps."""
    for name, thing in list(vars(module).items()):
        forward = getattr(thing, "forward", None)
        if inspect.isfunction(forward) and forward.__name__ != "<lambda>":
            shown = functools.wraps(forward)(lambda *args, **kwargs: None)
            shown.__name__ = shown.__qualname__ = name
            shown.__module__ = module.__name__
            setattr(module, name, shown)


_convert = pdoc.docstrings.convert
_FORMULA = re.compile(r"(\${1,2})(?=\S|\n)(.+?)(?<=\S|\n)\1", re.S)


def _with_mathematics(docstring: str, docformat: str, source_file: Path | None) -> str:
    """What pdoc makes of a docstring, with the formulas between dollars as MathML."""
    kept: list[str] = []

    def hide(found: Any) -> str:
        block = found[1] == "$$"
        kept.append(_mathml(found[2], "block" if block else "inline"))
        return f"FORMULA{len(kept) - 1}ALUMROF"

    text = _FORMULA.sub(hide, docstring) if "$" in docstring else docstring
    text = _convert(text, docformat, source_file)
    return re.sub(r"FORMULA(\d+)ALUMROF", lambda found: kept[int(found[1])], text)


_ATTRIBUTE = re.compile(r"""(?<!\w)(?:\.(?=[A-Za-z_])|</span><span class="o">\.(?=</span>))""")


@pass_context
def _linked(context: Any, code: str, *args: Any, **kwargs: Any) -> str:
    """What pdoc links, but for attributes: it takes that of ``(x * x).tape()`` for a room."""
    hidden = _ATTRIBUTE.sub(lambda found: found[0].replace(".", "\0"), code)
    return linkify(context, hidden, *args, **kwargs).replace("\0", ".")


def _mathml(formula: str, display: str) -> str:
    """A formula that a browser shows by itself; names such as deg2rad upright, hats as narrow."""
    upright = re.sub(r"\\operatorname\{(\w*\d\w*)\}", r"\\text{\1}", " ".join(formula.split()))
    return convert(upright, display=display).replace(
        "<mo>&#x0005E;", '<mo stretchy="false">&#x0005E;'
    )


def _show(name: str, picture: str) -> None:
    """Put a picture below the first paragraph of what is said of a name."""
    thing = getattr(ag, name, ag)
    first, _, rest = inspect.getdoc(thing).partition("\n\n")
    thing.__doc__ = f"{first}\n\n![{first}]({GALLERY / picture})\n\n{rest}"
