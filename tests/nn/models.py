"""Small models of all kinds of layers, with examples and classes, for the tests of layers."""

import numpy as np

import autograd_mini as ag
from autograd_mini import nn

RNG = np.random.default_rng(7)
CLASSES = 3


class GPT(nn.Module):
    """Words, positions, a block, and the logits of the next word."""

    def __init__(self, dropout=0.0, dtype=float):
        rng = np.random.default_rng(0)
        self.wte = nn.Embedding(5, 8, rng=rng, dtype=dtype)
        self.wpe = nn.Embedding(6, 8, rng=rng, dtype=dtype)
        self.block = nn.TransformerBlock(8, 2, dropout, is_causal=True, rng=rng, dtype=dtype)
        self.norm = nn.RMSNorm(8, dtype=dtype)
        self.head = nn.Linear(8, CLASSES, rng=rng, dtype=dtype)

    def forward(self, i):
        x = self.wte(i) + self.wpe(np.arange(i.shape[-1]))
        return self.head(self.norm(self.block(x))[..., -1, :])


def lenet(dropout=0.0, dtype=float):
    rng = np.random.default_rng(1)
    return nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1, rng=rng, dtype=dtype),
        nn.BatchNorm2d(4, dtype=dtype),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 6, (2, 3), stride=(1, 2), padding=1, groups=2, rng=rng, dtype=dtype),
        nn.Tanh(),
        nn.AvgPool2d((2, 1), stride=1),
        nn.Flatten(),
        nn.Dropout(dropout, rng=rng),
        nn.Linear(36, CLASSES, rng=rng, dtype=dtype),
    )


def sequence_net(dropout=0.0, dtype=float):
    rng = np.random.default_rng(2)
    return nn.Sequential(
        nn.Conv1d(2, 4, 3, padding="same", dilation=2, rng=rng, dtype=dtype),
        nn.BatchNorm1d(4, momentum=0.3, dtype=dtype),
        nn.GELU(),
        nn.LayerNorm((4, 7), dtype=dtype),
        nn.Dropout(dropout, rng=rng),
        nn.Flatten(),
        nn.Linear(28, CLASSES, rng=rng, dtype=dtype),
    )


def batch_norm_net(dropout=0.0, dtype=float):
    rng = np.random.default_rng(3)
    return nn.Sequential(
        nn.Linear(5, 8, rng=rng, dtype=dtype),
        nn.BatchNorm1d(8, dtype=dtype),
        nn.Sigmoid(),
        nn.Dropout(dropout, rng=rng),
        nn.Linear(8, CLASSES, rng=rng, dtype=dtype),
    )


MODELS = {"lenet": lenet, "sequence": sequence_net, "batch_norm": batch_norm_net, "gpt": GPT}
EXAMPLES = {
    "lenet": RNG.normal(size=(9, 2, 6, 8)),
    "sequence": RNG.normal(size=(9, 2, 7)),
    "batch_norm": RNG.normal(size=(9, 5)),
    "gpt": RNG.integers(0, 5, (9, 6)),
}
LABELS = RNG.integers(0, CLASSES, 9)


def train_step(model, optimizer):
    """Return a training step of examples and labels, as students write it."""

    def step(x, y):
        optimizer.zero_grad()
        loss = ag.softmax_cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step
