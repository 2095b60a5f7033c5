"""Write a page that trains a small network for two interlocking half circles, as you watch.

Run it with ``python examples/moons_page.py``, then open ``moons.html`` and press R. The page takes
the steps itself: it needs neither Python nor a network connection.
"""

import argparse

import autograd_mini as ag
from autograd_mini import data, nn


def page(points=100, seed=1):
    """Return the page of a network that is not trained yet."""
    x, labels = data.moons(points, rng=0)
    model = nn.MLP([2, 16, 16, 2], rng=seed)
    loss = ag.softmax_cross_entropy(model(x), labels)
    names = {"x": x, "y": labels, "L": loss}
    return ag.explore(loss, names=names, title="Train a network for two moons")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", default="moons.html", help="the file (default: %(default)s)")
    parser.add_argument("--points", type=int, default=100, help="examples (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the weights (default: %(default)s)")
    arguments = parser.parse_args()
    print(f"wrote {page(arguments.points, arguments.seed).save(arguments.output)}")


if __name__ == "__main__":
    main()
