"""The commands on softmax cross-entropy: the example, the comparison, and training."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_mini as ag

from .. import data, nn, optim
from ..text.format import format_array, format_number
from ..views.graph.draw import draw
from ..views.page.explore import ENDINGS as PAGES
from ..views.page.explore import explore
from ..views.table import printed

#: data set -> sizes of the layers, learning rate, epochs
TASKS = {"moons": ([2, 16, 16, 2], 0.01, 60), "digits": ([64, 64, 10], 0.005, 40)}

_BATCH_SIZE = 50
_PROGRESS_LINES = 6
_LOGITS = {
    "Typical logits": [2.0, 1.0, 0.1],
    "Hard logits: e^1000 overflows, and a ŷ is rounded to 0": [1000.0, 0.0, -1000.0],
}


def story(output: str | None) -> None:
    """Print the tape and the gradient of three logits, and write the page or the graph."""
    z, y, p, loss = _unfused()
    tape = loss.tape()
    fused_z = ag.tensor(z.data, requires_grad=True, name="z")
    fused = ag.softmax_cross_entropy(fused_z, y)
    gradient = tape.adjoints()[z]
    fused_gradient = fused.tape().adjoints()[fused_z]
    difference = p.data - y.data

    print("Softmax cross-entropy of z = (2, 1, 0.1). Class 1 (of 0 to 2) is true.\n")
    print("The tape: read the values downwards, and the derivatives upwards.\n")
    print(printed(tape, adjoints=True, width=80))
    print("\nThe gradient is ŷ - y. The graph of seven operations needs the chain rule.")
    print("The fused node SoftmaxCrossEntropy uses the formula ŷ - y.\n")
    print("class       ŷ       y     ŷ - y     ∂L/∂z: graph     fused")
    for i, row in enumerate(zip(p.data, y.data, difference, gradient, fused_gradient)):
        print("{:<5}{:9.4f}{:8.4f}{:10.4f}{:17.4f}{:10.4f}".format(i, *row))
    print("\nLargest differences:")
    print(f"gradient of the graph and ŷ - y: {_difference(gradient, difference)}")
    print(
        f"fused and graph: loss {_difference(fused.data, loss.data)}, "
        f"gradient {_difference(fused_gradient, gradient)}\n"
    )
    if output and not output.lower().endswith(PAGES):
        print(f"The graph is drawn in {draw(loss).save(output)}")
        return
    fused.name = "L"
    page = explore(fused, compare=loss, title="Softmax cross-entropy")
    path = page.save(output or "softmax_cross_entropy.html")
    print(f"This page steps through both passes: {path}")


def _unfused() -> tuple[ag.Tensor, ag.Tensor, ag.Tensor, ag.Tensor]:
    """Return z, y, ŷ and L, written with NumPy's functions."""
    z = ag.tensor([2.0, 1.0, 0.1], requires_grad=True, name="z")
    y = ag.tensor([0.0, 1.0, 0.0], name="y")
    with ag.scope("softmax"):
        e: Any = np.exp(z)
        s = e.sum()
        y_hat = e / s
    with ag.scope("cross-entropy"):
        log_y_hat = np.log(y_hat)
        p = y * log_y_hat
        total = p.sum()
        loss = -total
    for name, t in zip("esŷℓpSL", (e, s, y_hat, log_y_hat, p, total, loss)):
        t.name = name
    return z, y, y_hat, loss


def _difference(a: Any, b: Any) -> str:
    return format_number(np.abs(a - b).max(), digits=2)


def compare() -> None:
    """Print the report of `check_fused` where the graph is accurate, and where it breaks."""
    y = np.array([0.0, 1.0, 0.0])
    for title, logits in _LOGITS.items():
        z = np.array(logits)
        print(f"{title}: z = {format_array(z)}, class 1 is the true one.\n")
        print(_by_hand_and_fused(z, y))
        print(f"\n{ag.check_fused(ag.SoftmaxCrossEntropy, z, y)}\n")
    print("The graph subtracts the largest logit. But ln ŷ is -inf if ŷ is rounded to 0.")
    print("The table shows the largest difference of all entries. Errors are relative to")
    print("the graph in extended precision, in ULP (units in the last place).")


def _by_hand_and_fused(z: Any, y: Any) -> str:
    """Return a table of the loss and the gradient of the formula as written, and of the node."""
    losses = {
        "by hand": lambda t: -np.sum(y * np.log(np.exp(t) / np.sum(np.exp(t)))),
        "fused": lambda t: ag.softmax_cross_entropy(t, y),
    }
    lines = [f"{'':8}{'loss':>10}   ∂L/∂z"]
    for name, f in losses.items():
        with np.errstate(all="ignore"):
            loss, gradient = ag.value_and_grad(f)(z)
        lines.append(f"{name:8}{format_number(loss.item()):>10}   {format_array(gradient.numpy())}")
    return "\n".join(lines)


def train(dataset: str, epochs: int | None, seed: int) -> None:
    """Train a network with the fused node, and print its accuracy on held-out examples."""
    x, labels = data.moons(1000, noise=0.1, rng=seed) if dataset == "moons" else data.digits()
    x, labels, x_test, labels_test = data.split(x, labels, rng=seed)
    sizes, rate, default = TASKS[dataset]
    epochs = epochs or default
    model = nn.MLP(sizes, rng=seed)
    optimizer = optim.Adam(model.parameters(), lr=rate)
    print(f"{dataset}: {len(x)} examples to train on, {len(x_test)} held out\n{model}", flush=True)
    steps = nn.training_epochs(
        model, x, labels, optimizer, epochs=epochs, batch_size=_BATCH_SIZE, rng=seed
    )
    every = -(-epochs // (_PROGRESS_LINES - 1))
    for epoch, loss in steps:
        if epoch in (1, epochs) or epoch % every == 0:
            print(f"epoch {epoch:>{len(str(epochs))}} of {epochs}   loss {loss:.4f}", flush=True)
    print(f"held-out accuracy {nn.accuracy(model, x_test, labels_test):.4f}")
