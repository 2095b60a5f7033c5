"""Train a GPT that invents names: the whole model, its training and its use in one file.

Run it with ``python examples/microgpt.py``. The parts are those of a large language model [Radford
et al. 2019]. Only the sizes differ. ``microgpt_scalars.py`` is the same model without arrays.
"""

import argparse

import numpy as np

import autograd_mini as ag
from autograd_mini import data, nn, optim

NAMES = data.names()
LETTERS = ".abcdefghijklmnopqrstuvwxyz"  # the dot begins and ends a name
MOST = 16  # letters that the model can look back at


def encode(name):
    """Return the tokens of a name, which are the places of its letters: ".eva." is 0 5 22 1 0."""
    return np.array([LETTERS.index(letter) for letter in f".{name}."])


# ---- the model -----------------------------------------------------------------------------------


def norm(x):
    """Scale each row to a mean square of 1: x / √(mean(x²) + ε) [Zhang, Sennrich 2019]."""
    return ag.rms_norm(x, eps=1e-5)


class Attention(nn.Module):
    """Let each letter collect what it needs from the letters before it [Vaswani et al. 2017]."""

    def __init__(self, width, heads, rng):
        self.heads = heads
        self.query, self.key, self.value, self.out = (
            nn.Linear(width, width, bias=False, rng=rng) for _ in range(4)
        )

    def forward(self, x):
        q, k, v = (self.split(layer(x)) for layer in (self.query, self.key, self.value))
        # softmax(q kᵀ / √d) v. Causal: no letter sees a later one, which it is to predict.
        y = ag.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(np.swapaxes(y, -3, -2).reshape(x.shape))

    def split(self, x):
        """Give each head a part of every row: (T, width) becomes (heads, T, width / heads)."""
        return np.swapaxes(x.reshape(*x.shape[:-1], self.heads, -1), -3, -2)


class Block(nn.Module):
    """Attention, then a small network for each letter. Both add to x: the residual stream."""

    def __init__(self, width, heads, rng):
        self.attention = Attention(width, heads, rng)
        self.up = nn.Linear(width, 4 * width, bias=False, rng=rng)
        self.down = nn.Linear(4 * width, width, bias=False, rng=rng)

    def forward(self, x):
        x = x + self.attention(norm(x))
        return x + self.down(ag.relu(self.up(norm(x))))


class GPT(nn.Module):
    """Map tokens, (..., T), to the logits of the tokens that follow them, (..., T, letters)."""

    def __init__(self, width=16, heads=4, blocks=1, rng=0):
        rng = np.random.default_rng(rng)
        self.letter = ag.tensor(0.1 * rng.normal(size=(len(LETTERS), width)), requires_grad=True)
        self.place = ag.tensor(0.1 * rng.normal(size=(MOST, width)), requires_grad=True)
        self.blocks = [Block(width, heads, rng) for _ in range(blocks)]
        self.head = nn.Linear(width, len(LETTERS), bias=False, rng=rng)

    def forward(self, tokens):
        x = ag.embedding(tokens, self.letter) + self.place[: tokens.shape[-1]]
        for block in self.blocks:
            x = block(x)
        return self.head(norm(x))


# ---- training and use ----------------------------------------------------------------------------


def make_step(model, optimizer):
    """Return a function that takes a step of training on the tokens of one name."""

    def step(tokens):
        optimizer.zero_grad()
        loss = ag.softmax_cross_entropy(model(tokens[:-1]), tokens[1:])
        loss.backward()
        optimizer.step()
        return loss

    return step


def sample(model, rng, temperature=0.7):
    """Return a new name. A high temperature makes all letters more equally likely."""
    tokens = [0]
    while len(tokens) <= MOST:
        with ag.no_grad():
            p = ag.softmax(model(np.array(tokens))[-1] / temperature)
        tokens.append(int(rng.choice(len(LETTERS), p=p.data)))
        if tokens[-1] == 0:
            break
    return "".join(LETTERS[i] for i in tokens).strip(".")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=3000, help="of training (default: 3000)")
    parser.add_argument("--eager", action="store_true", help="do not compile the step")
    parser.add_argument("--seed", type=int, default=0, help="for all random numbers (default: 0)")
    arguments = parser.parse_args()

    rng = np.random.default_rng(arguments.seed)
    model = GPT(rng=rng)
    optimizer = optim.Adam(model.parameters(), betas=(0.85, 0.99))
    step = make_step(model, optimizer)
    if not arguments.eager:
        step = ag.compile(step, state=(model, optimizer))  # one program for each length of a name
    print(f"{len(NAMES)} names, {sum(p.size for p in model.parameters())} parameters")
    losses = []
    for i in range(arguments.steps):
        optimizer.lr = 0.01 * (1 - i / arguments.steps)
        losses.append(step(encode(rng.choice(NAMES))).item())
        if i == 99 or (i + 1) % 500 == 0:
            print(f"step {i + 1:5}   loss {np.mean(losses[-100:]):.4f}")
    print("new names:", " ".join(sample(model, rng) for _ in range(12)))


if __name__ == "__main__":
    main()
