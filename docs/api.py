"""The API pages: each public name by purpose, described by its docstring."""

import inspect
import re
from collections.abc import Callable
from typing import Any

import autograd_mini as ag

GROUPS = {
    "Tensors": "tensor Tensor no_grad stop_gradient scope DetachedWarning",
    "Derivatives": "grad value_and_grad elementwise_grad vjp jvp jacobian hessian hvp gradients "
    "Tape checkpoint",
    "Views of a tape": "draw explore Recorder explain latex source summary",
    "Compilation": "compile cost",
    "Softmax, losses and activations": "softmax log_softmax logsumexp softmax_cross_entropy "
    "cross_entropy SoftmaxCrossEntropy nll_loss mse_loss sigmoid_binary_cross_entropy relu sigmoid "
    "softplus gelu linear layer_norm rms_norm batch_norm",
    "Attention, embedding and dropout": "scaled_dot_product_attention embedding dropout",
    "Convolution and pooling": "conv1d conv2d max_pool2d avg_pool2d",
    "Recurrent cells": "lstm_cell lstm_output gru_cell",
    "Your own operations, and checks": "primitive fused Primitive VariadicRule gradcheck "
    "GradcheckError check_fused debug",
    "Layers, optimisers, data and exercises": "nn optim data exercises",
}

#: Objects that are used as blocks and as decorators.
BLOCKS = {"debug", "no_grad"}

INTRO = """# API

This page lists all public names of `autograd_mini`, grouped by purpose. It does not list NumPy's
functions, which you can call on tensors. [NumPy's functions](../reference/numpy_functions.md) lists
which of them have derivatives.
"""


def groups() -> dict[str, list[str]]:
    """Return the public names by purpose; those that no group names come last."""
    found = {title: names.split() for title, names in GROUPS.items()}
    rest = sorted({*ag.__all__} - {name for names in found.values() for name in names})
    return found | ({"More": rest} if rest else {})


def pages() -> dict[str, str]:
    """Return the pages of the API: path -> text."""
    found = {"api/index.md": index()}
    for title, names in groups().items():
        functions = [name for name in names if not is_module(name) and name != "Tensor"]
        if functions:
            found[f"api/{slug(title)}.rst"] = heading(title) + "".join(map(entry, functions))
        for name in names:
            if is_module(name):
                found[f"api/{name}.rst"] = module(name)
    found["api/tensor_class.rst"] = heading("The class Tensor") + entry("Tensor")
    return found


def index() -> str:
    """Return the page of all names with their first sentences, as Markdown."""
    lines, toctree = [INTRO], []
    for title, names in groups().items():
        lines += [f"\n## {title}\n", "{.stacked}", "| name | purpose |", "| --- | --- |"]
        lines += [f"| {link(name)} | {first_sentence(getattr(ag, name))} |" for name in names]
        toctree += [slug(title)] if not all(map(is_module, names)) else []
        toctree += ["tensor_class"] if "Tensor" in names else []
        toctree += [name for name in names if is_module(name)]
    lines += ["\n```{toctree}\n:hidden:\n", *toctree, "```"]
    return "\n".join(lines) + "\n"


def is_module(name: str) -> bool:
    return inspect.ismodule(getattr(ag, name))


def slug(title: str) -> str:
    return re.sub(r"\W+", "_", title.lower()).strip("_")


def heading(title: str) -> str:
    return f"{title}\n{'=' * len(title)}\n\n"


def link(name: str) -> str:
    kind = "mod" if is_module(name) else "obj"
    return f"{{py:{kind}}}`{name} <autograd_mini.{name}>`"


def entry(name: str) -> str:
    """Return the directives that describe a public name and the class of what it returns."""
    thing = getattr(ag, name)
    kind = "class" if inspect.isclass(thing) else "data" if name in BLOCKS else "function"
    text = directive(kind, f"autograd_mini.{name}")
    result = class_of_result(thing)
    if result is not None:
        text += directive("class", f"autograd_mini.{result.__name__}")
    return text


def directive(kind: str, name: str) -> str:
    options = "   :members:\n" if kind == "class" else ""
    if name.rpartition(".")[2] in ("Tensor", "Drawing", "Exploration"):
        options += "   :inherited-members:\n"
    return f".. auto{kind}:: {name}\n{options}\n"


def class_of_result(f: Callable[..., Any]) -> type | None:
    """Return the class of what `f` returns, if it is ours and not a public name itself."""
    if not inspect.isfunction(f):
        return None
    f = inspect.unwrap(f)
    found = f.__globals__.get(str(f.__annotations__.get("return")))
    if not inspect.isclass(found) or found.__name__ in ag.__all__:
        return None
    return found if found.__module__.startswith("autograd_mini.") else None


def module(name: str) -> str:
    """Return the page of a public module."""
    title = heading(f"autograd_mini.{name}")
    if name != "exercises":
        described = (name, "nn.init") if name == "nn" else (name,)
        lines = (f".. automodule:: autograd_mini.{each}\n   :members:\n" for each in described)
        return title + "\n".join(lines)
    classes = ("Exercise", "WrongAnswer")
    return (
        f"{title}.. py:module:: autograd_mini.exercises\n\n"
        ":doc:`The page of exercises <../exercises>` lists all tasks.\n\n"
        + "".join(directive("class", f"autograd_mini.exercises.{c}") for c in classes)
    )


def first_sentence(thing: object) -> str:
    """Return the first paragraph of a docstring, for a cell of a table."""
    first = (inspect.getdoc(thing) or "").partition("\n\n")[0]
    return " ".join(first.split()).replace("|", "\\|")
