"""Train a small network to separate two interlocking half circles, and draw the results.

Run it with ``python examples/train_moons.py --output moons.png`` (``pip install ".[examples]"``).
"""

import argparse

import matplotlib
import numpy as np
from matplotlib.colors import LinearSegmentedColormap

import autograd_mini as ag
from autograd_mini import data, nn, optim

matplotlib.use("Agg")  # draws to files, without a screen
import matplotlib.pyplot as plt

EPOCHS = 60
PURPLE, GREEN, BLUE = "#7b2d9e", "#17803d", "#0b63c5"


def train(seed):
    """Return a trained model, the loss of each epoch, and the held-out points."""
    x, labels, *held_out = data.split(*data.moons(1000, noise=0.1, rng=seed), rng=seed)
    model = nn.MLP([2, 16, 16, 2], activation=np.tanh, rng=seed)
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    print(f"{model}, trained on {len(x)} points")

    losses = []
    for epoch, loss in nn.training_epochs(
        model, x, labels, optimizer, epochs=EPOCHS, batch_size=50, rng=seed
    ):
        losses.append(loss)
        if epoch == 1 or epoch % 10 == 0:
            print(f"epoch {epoch:3} of {EPOCHS}   loss {loss:.4f}")
    return model, losses, held_out


def draw_boundary(axes, model, x, labels):
    """Draw the probability of the second moon as a colour, and the line where it is one half."""
    horizontal, vertical = np.meshgrid(np.linspace(-1.6, 2.6, 300), np.linspace(-1.2, 1.9, 220))
    with ag.no_grad():
        grid = np.stack([horizontal, vertical], axis=-1)
        p = ag.softmax(model(grid)).data[..., 1]

    colours = LinearSegmentedColormap.from_list("moons", [PURPLE, "white", GREEN])
    axes.imshow(
        p, cmap=colours, vmin=0, vmax=1, alpha=0.4, origin="lower", interpolation="bilinear",
        extent=(-1.6, 2.6, -1.2, 1.9),
    )  # fmt: skip
    axes.contour(horizontal, vertical, p, levels=[0.5], colors="black", linewidths=2)
    for label, colour, marker in (0, PURPLE, "o"), (1, GREEN, "^"):
        points = x[labels == label]
        axes.scatter(
            *points.T, s=46, c=colour, marker=marker, edgecolors="white", linewidths=0.8,
            label=f"class {label}",
        )  # fmt: skip
    axes.legend(loc="upper left", title="held-out points", framealpha=0.9)
    axes.set(xlabel="$x_1$", ylabel="$x_2$")


def draw_losses(axes, losses):
    axes.plot(range(1, len(losses) + 1), losses, color=BLUE, linewidth=2.5)
    axes.set(xlabel="epoch", ylabel="mean cross-entropy", yscale="log", title="Training loss")
    axes.grid(which="major", color="0.88")
    axes.spines[["top", "right"]].set_visible(False)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", default="moons.png", help="the file (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="for data and weights (default: 0)")
    arguments = parser.parse_args()

    model, losses, (x, labels) = train(arguments.seed)
    accuracy = nn.accuracy(model, x, labels)
    print(f"held-out accuracy {accuracy:.4f} on {len(x)} points")

    plt.rcParams.update({"font.size": 13, "axes.titlesize": 15, "axes.titlepad": 12})
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(13, 5.2), width_ratios=[1.5, 1], layout="constrained"
    )
    figure.get_layout_engine().set(w_pad=0.15, h_pad=0.15)
    draw_boundary(left, model, x, labels)
    left.set_title(f"Decision boundary: {accuracy:.1%} of {len(x)} points on the right side")
    draw_losses(right, losses)
    figure.savefig(arguments.output, dpi=150)
    print(f"wrote {arguments.output}")


if __name__ == "__main__":
    main()
