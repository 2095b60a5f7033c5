"""Train LeNet or a residual network to read 1,797 handwritten digits of 8 by 8 pixels.

Run it with ``python examples/read_digits.py resnet`` (``pip install ".[examples]"``). It takes less
than a minute. The recipe is the usual one of today: shifted images, smoothed labels, AdamW, and a
learning rate that falls along a cosine.
"""

import argparse

import numpy as np

import autograd_mini as ag
from autograd_mini import data, nn, optim

BATCH = 64


def lenet(rng):
    """Return two convolutions and three layers [LeCun et al. 1998], for 8 by 8 pixels."""
    options = {"rng": rng, "dtype": np.float32}
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1, **options), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1, **options), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(32 * 2 * 2, 120, **options), nn.ReLU(),
        nn.Linear(120, 84, **options), nn.ReLU(),
        nn.Linear(84, 10, **options),
    )  # fmt: skip


class Block(nn.Module):
    """Two convolutions, whose result is added to their input [He et al. 2015]."""

    def __init__(self, channels, **options):
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False, **options)
        self.norm1 = nn.BatchNorm2d(channels, dtype=options["dtype"])
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False, **options)
        self.norm2 = nn.BatchNorm2d(channels, dtype=options["dtype"])

    def forward(self, x):
        h = ag.relu(self.norm1(self.conv1(x)))
        return ag.relu(x + self.norm2(self.conv2(h)))


def resnet(rng):
    """Return a network of two residual blocks."""
    options = {"rng": rng, "dtype": np.float32}
    return nn.Sequential(
        nn.Conv2d(1, 24, 3, padding=1, bias=False, **options),
        nn.BatchNorm2d(24, dtype=np.float32), nn.ReLU(),
        Block(24, **options), nn.MaxPool2d(2),
        Block(24, **options), nn.Flatten(),
        nn.Linear(24 * 4 * 4, 10, **options),
    )  # fmt: skip


MODELS = {"lenet": (lenet, 80), "resnet": (resnet, 40)}  # and the number of epochs


def shifted(x, rng):
    """Return the images, each moved by up to one pixel along both axes."""
    wide = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(wide, (8, 8), axis=(2, 3))
    rows, columns = rng.integers(3, size=(2, len(x)))
    return windows[np.arange(len(x)), :, rows, columns]


def train(name, seed, epochs):
    """Return a trained model and its accuracy on the held-out digits."""
    images, labels = data.digits(images=True)
    x, t, *held_out = data.split(images.astype(np.float32), labels, rng=seed)
    rng = np.random.default_rng(seed)
    model = MODELS[name][0](rng)
    optimizer = optim.AdamW(model.parameters(), weight_decay=0.05)
    batches = data.batches(x, t, BATCH, rng)
    schedule = optim.cosine(lr=0.004, steps=epochs * len(batches), warmup=len(batches))

    def step(x, t):
        optimizer.zero_grad()
        loss = ag.softmax_cross_entropy(model(x), t, label_smoothing=0.1)
        loss.backward()
        optimizer.step()
        return loss

    step = ag.compile(step, state=(model, optimizer))
    done = 0
    for epoch in range(1, epochs + 1):
        for batch, targets in batches:
            optimizer.lr = schedule(done)
            loss = step(shifted(batch, rng), targets)
            done += 1
        if epoch % 10 == 0:
            print(f"epoch {epoch:3} of {epochs}   loss {loss.item():.4f}")
    model.eval()
    return model, nn.accuracy(model, *held_out)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("--seed", type=int, default=0, help="for split and weights (default: 0)")
    parser.add_argument("--epochs", type=int, help="(default: 80 for lenet, 40 for resnet)")
    arguments = parser.parse_args()
    epochs = arguments.epochs or MODELS[arguments.model][1]
    _, accuracy = train(arguments.model, arguments.seed, epochs)
    print(f"held-out accuracy {accuracy:.4f}")


if __name__ == "__main__":
    main()
