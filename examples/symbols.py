"""Let the engine derive the gradient of softmax cross-entropy as a formula, with SymPy's symbols.

A Tensor of symbols records and differentiates like any other, so its gradient is an expression.
Run it with ``python examples/symbols.py --classes 3`` (``pip install sympy``).
"""

import argparse

import numpy as np
import sympy

import autograd_mini as ag


def gradients(classes):
    """Return the gradient from the tape, and the gradient from the textbook's formula."""
    z = np.array(sympy.symbols(f"z1:{classes + 1}", real=True), dtype=object)
    y = np.array(sympy.symbols(f"y1:{classes + 1}", real=True), dtype=object)
    logits = ag.tensor(z, requires_grad=True, name="z")
    p = np.exp(logits) / np.sum(np.exp(logits))
    loss = -np.sum(y * np.log(p))
    loss.backward()
    return logits.grad, p.data * sum(y) - y


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--classes", type=int, default=3, help="number of classes (default: 3)")
    for i, (gradient, expected) in enumerate(zip(*gradients(parser.parse_args().classes)), start=1):
        print(f"∂L/∂z{i} of the tape:  {gradient}")
        print(f"        ŷ{i} Σy - y{i}:  {expected}")
        print(f"        difference:  {sympy.simplify(gradient - expected)}\n")


if __name__ == "__main__":
    main()
