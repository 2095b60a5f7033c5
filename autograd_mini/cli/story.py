"""TODO: autograd_mini.cli.story."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import autograd_mini as ag

from ..text.format import number, values
from ..views.graph.draw import draw
from ..views.page.explore import ENDINGS as PAGES
from ..views.page.explore import explore
from ..views.table import printed

#: data set -> sizes of the layers, learning rate, epochs
_TASKS = {"moons": ([2, 16, 16, 2], 0.01, 60), "digits": ([64, 64, 10], 0.005, 40)}


_BATCH = 50


_PROGRESS_LINES = 6


def _story(output: str | None) -> None:
    """Softmax cross-entropy of three logits: the tape, the gradient, the fused node, the graph."""
    z, y, p, loss = _unfused()
    tape = loss.tape()
    fused_z = ag.tensor(z.data, requires_grad=True, name="z")
    fused = ag.softmax_cross_entropy(fused_z, y)
    gradient = tape.adjoints()[z]
    fused_gradient = fused.tape().adjoints()[fused_z]

    print("Softmax cross-entropy of z = (2, 1, 0.1), where class 2 is the true one.\n")
    print("The tape: values were computed downwards, derivatives upwards.\n")
    print(printed(tape, adjoints=True, width=80))
    print("\nThe gradient is ŷ - y. The fused node SoftmaxCrossEntropy knows that formula;")
    print("the graph of seven operations gets there by the chain rule alone.\n")
    print("class       ŷ       y     ŷ - y     ∂L/∂z: graph     fused")
    difference = p.data - y.data
    for i, row in enumerate(zip(p.data, y.data, difference, gradient, fused_gradient), start=1):
        print("{:<5}{:9.4f}{:8.4f}{:10.4f}{:17.4f}{:10.4f}".format(i, *row))
    print(
        f"\nlargest difference of the graph's gradient from ŷ - y: {_apart(gradient, difference)}"
    )
    print(
        f"largest difference of fused and graph: loss {_apart(fused.data, loss.data)}, "
        f"gradient {_apart(fused_gradient, gradient)}\n"
    )
    if output and not output.lower().endswith(PAGES):
        print(f"The graph is drawn in {draw(loss).save(output)}")
        return
    fused.name = "L"
    page = explore(fused, compare=loss, title="Softmax cross-entropy")
    path = page.save(output or "softmax_cross_entropy.html")
    print(f"Step through it, forward and backward, in a browser: {path}")


def _apart(a: Any, b: Any) -> str:
    return number(np.abs(a - b).max(), digits=2)


def _unfused() -> tuple[ag.Tensor, ag.Tensor, ag.Tensor, ag.Tensor]:
    """z, y, ŷ and L, written out in NumPy."""
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


_LOGITS = {
    "Typical logits": [2.0, 1.0, 0.1],
    "Hard logits: e^1000 overflows, ŷ underflows": [1000.0, 0.0, -1000.0],
}


def _compare() -> None:
    """The report of `check_fused` where the graph is accurate, and where it breaks."""
    y = np.array([0.0, 1.0, 0.0])
    for title, logits in _LOGITS.items():
        z = np.array(logits)
        print(f"{title}: z = {values(z)}, class 2 is the true one.\n")
        print(_by_hand_and_fused(z, y))
        print(f"\n{ag.check_fused(ag.SoftmaxCrossEntropy, z, y)}\n")
    print("The graph that the node is held to shifts its logits by the largest, and yet ln ŷ of an")
    print(
        "underflown ŷ is -inf. Largest differences; an ULP is a unit in the last place, errors are"
    )
    print("with the same graph in extended precision.")


def _by_hand_and_fused(z: Any, y: Any) -> str:
    """Loss and gradient of the seven operations of the story, and of the node."""
    lines = [f"{'':8}{'loss':>10}   ∂L/∂z"]
    for name in ("by hand", "fused"):
        t = ag.tensor(z, requires_grad=True)
        with np.errstate(all="ignore"):
            if name == "fused":
                loss = ag.softmax_cross_entropy(t, y)
            else:
                loss = -np.sum(y * np.log(np.exp(t) / np.sum(np.exp(t))))
            loss.backward()
        lines.append(f"{name:8}{number(loss.item()):>10}   {values(t.grad)}")
    return "\n".join(lines)


def _train(dataset: str, epochs: int | None, seed: int) -> None:
    """Train with the fused node; the accuracy on held-out examples is the last line."""
    from .. import data, nn, optim

    x, labels = data.moons(1000, noise=0.1, rng=seed) if dataset == "moons" else data.digits()
    x, labels, x_test, labels_test = data.split(x, labels, rng=seed)
    sizes, rate, default = _TASKS[dataset]
    epochs = epochs or default
    model = nn.MLP(sizes, rng=seed)
    optimizer = optim.Adam(model.parameters(), lr=rate)
    print(f"{dataset}: {len(x)} examples to train on, {len(x_test)} held out\n{model}", flush=True)
    steps = nn.train(model, x, labels, optimizer, epochs=epochs, batch_size=_BATCH, rng=seed)
    for epoch, loss in _some(steps, epochs):
        print(f"epoch {epoch:>{len(str(epochs))}} of {epochs}   loss {loss:.4f}", flush=True)
    print(f"held-out accuracy {nn.accuracy(model, x_test, labels_test):.4f}")


def _some(steps: Iterator[tuple[int, float]], total: int) -> Iterator[tuple[int, float]]:
    """The first, the last, and a few of the epochs between them."""
    every = -(-total // (_PROGRESS_LINES - 1))
    return (step for step in steps if step[0] in (1, total) or step[0] % every == 0)
