"""The first page: each public name with what it does, by what one wants to do."""

import inspect

import autograd_mini as ag

INTRO = """Reverse-mode automatic differentiation on NumPy: a tape, its rules, and views of both.

- [The package](autograd_mini.html): all names, with shapes, errors, examples and sources
- [The formula sheet](autograd_mini/formula_sheet.html): the rules of NumPy's elementwise functions
- [NumPy's functions](autograd_mini/numpy_functions.html): what becomes of a tensor in each
- [Measured](autograd_mini/measured.html): speed, memory and accuracy, beside others
- The rooms to learn from: [tensor](autograd_mini/tensor.html), [tape](autograd_mini/tape.html),
  [primitive](autograd_mini/primitive.html), [ops](autograd_mini/ops.html),
  [cross_entropy](autograd_mini/cross_entropy.html)
"""

GROUPS = {
    "Record": "tensor no_grad stop_gradient DetachedWarning scope",
    "Differentiate": "grad value_and_grad elementwise_grad vjp jvp jacobian hessian hvp gradients "
    "Tape checkpoint",
    "Look at a tape": "draw explore Recorder explain latex source summary",
    "Compile": "compile",
    "Softmax, losses, activations": "softmax log_softmax logsumexp softmax_cross_entropy "
    "cross_entropy SoftmaxCrossEntropy nll_loss mse_loss sigmoid_binary_cross_entropy relu sigmoid "
    "softplus gelu linear layer_norm",
    "Write operations, and check": "primitive fused Primitive VariadicRule gradcheck "
    "GradcheckError check_fused debug",
    "Train, and learn": "nn optim data exercises",
}


def page() -> str:
    """The page, as Markdown."""
    lines = [INTRO]
    for title, names in GROUPS.items():
        lines += [f"\n## {title}\n", "| name | what it does |", "| --- | --- |"]
        lines += [f"| [`{name}`]({_place(name)}) | {_first(name)} |" for name in names.split()]
    return "\n".join(lines) + "\n"


def _place(name: str) -> str:
    """Where a name is described: a room on a page of its own; `tensor` is the class, too."""
    if inspect.ismodule(getattr(ag, name)):
        return f"autograd_mini/{name}.html"
    return f"autograd_mini.html#{'Tensor' if name == 'tensor' else name}"


def _first(name: str) -> str:
    """The first sentence of a name's documentation."""
    first = inspect.getdoc(getattr(ag, name)).partition("\n\n")[0]
    return " ".join(first.split()).replace("|", "\\|")
