"""The models of a course, each as a function ``loss(f, p, *data)``; see `frameworks`."""

from itertools import pairwise

import numpy as np

from .frameworks import Problem

RNG = np.random.default_rng(0)
LETTERS = 27
BATCH = 32


def normal(*shape):
    return RNG.normal(size=shape)


def weight(n, m):
    return normal(n, m) / n**0.5


def letters(*shape):
    return RNG.integers(LETTERS, size=shape)


def layers(name, *sizes):
    """Return weights and biases of affine layers: name_w1, name_b1, ..."""
    return {
        key: x
        for i, (n, m) in enumerate(pairwise(sizes), 1)
        for key, x in ((f"{name}w{i}", weight(n, m)), (f"{name}b{i}", np.zeros(m)))
    }


# ---- names ---------------------------------------------------------------------------------------


def bigram(f, p, x, t):
    """Predict a letter from the one before it."""
    return f.cross_entropy(f.embedding(x, p["table"]), t)


def makemore(f, p, x, t):
    """Predict a letter from three letters [Bengio et al. 2003]."""
    h = f.embedding(x, p["table"]).reshape(len(x), -1)
    h = f.tanh(f.linear(h, p["w1"], p["b1"]))
    return f.cross_entropy(f.linear(h, p["w2"], p["b2"]), t)


def batch_norm_net(f, p, x, t):
    """Predict a letter, with batch normalisation before each tanh."""
    h = f.embedding(x, p["table"]).reshape(len(x), -1)
    for i in (1, 2):
        h = f.tanh(f.batch_norm(h @ p[f"w{i}"], p[f"scale{i}"], p[f"b{i}"]))
    return f.cross_entropy(f.linear(h, p["w3"], p["b3"]), t)


def wavenet(f, p, x, t):
    """Join pairs of letters three times [van den Oord et al. 2016]."""
    h = f.embedding(x, p["table"])
    for i in (1, 2, 3):
        h = h.reshape(len(x), h.shape[1] // 2, -1) @ p[f"w{i}"]
        off = h - h.mean((0, 1))
        h = f.tanh(off / ((off * off).mean((0, 1)) + 1e-5) ** 0.5)
    return f.cross_entropy(h.reshape(len(x), -1) @ p["w4"], t)


# ---- sequences -----------------------------------------------------------------------------------


def unrolled(cell):
    """Return the loss of a network that reads letter by letter. Tokens have shape (T, N)."""

    def loss(f, p, x, t):
        h = c = p["start"]
        hidden = []
        for row in f.embedding(x, p["table"]):
            h, c = cell(f, p, row, h, c)
            hidden.append(h)
        z = f.stack(hidden).reshape(-1, h.shape[1])
        return f.cross_entropy(f.linear(z, p["w"], p["b"]), t.reshape(-1))

    return loss


def rnn(f, p, x, h, c):
    return f.tanh(f.linear(x, p["wx"], p["bx"]) + h @ p["wh"]), c


def lstm(f, p, x, h, c):
    """Return the new state [Hochreiter, Schmidhuber 1997]."""
    return f.lstm(x, h, c, p["wx"], p["wh"], p["bx"])


def gru(f, p, x, h, c):
    """Return the new state [Cho et al. 2014, in the form of PyTorch]."""
    return f.gru(x, h, p["wx"], p["wh"], p["bx"]), c


def sequence(cell, gates, steps, width=64):
    weights = {
        "table": normal(LETTERS, width), "start": np.zeros((BATCH, width)),
        "wx": weight(width, gates * width), "bx": np.zeros(gates * width),
        "wh": weight(width, gates * width), "w": weight(width, LETTERS), "b": np.zeros(LETTERS),
    }  # fmt: skip
    return unrolled(cell), weights, (letters(steps, BATCH), letters(steps, BATCH))


# ---- models that generate ------------------------------------------------------------------------


def vae(f, p, x, noise):
    """Return the loss of a variational autoencoder [Kingma, Welling 2014]."""
    h = f.relu(f.linear(x, p["w1"], p["b1"]))
    mean, log_var = f.linear(h, p["wm"], p["bm"]), f.linear(h, p["wv"], p["bv"])
    z = mean + f.exp(0.5 * log_var) * noise
    h = f.relu(f.linear(z, p["w2"], p["b2"]))
    divergence = f.mean(mean * mean + f.exp(log_var) - log_var - 1)
    return f.binary(f.linear(h, p["w3"], p["b3"]), x) + 0.1 * divergence


def _generated(f, p, noise):
    return f.linear(f.relu(f.linear(noise, p["gw1"], p["gb1"])), p["gw2"], p["gb2"])


def _judged(f, p, x):
    return f.linear(f.relu(f.linear(x, p["dw1"], p["db1"])), p["dw2"], p["db2"])


def discriminator(f, p, x, noise, ones, zeros):
    """Return the loss of the network that tells points from generated ones [Goodfellow 2014]."""
    fake = f.detach(_generated(f, p, noise))
    return f.binary(_judged(f, p, x), ones) + f.binary(_judged(f, p, fake), zeros)


def generator(f, p, x, noise, ones, zeros):
    return f.binary(_judged(f, p, _generated(f, p, noise)), ones)


# ---- images --------------------------------------------------------------------------------------


def lenet(size, padding):
    """Return the loss of two convolutions and three layers [LeCun et al. 1998], and weights.

    The first convolution keeps the size of the images.
    """

    def loss(f, p, x, t):
        h = f.pool(f.relu(f.conv(x, p["c1"], p["d1"], padding=size // 2)))
        h = f.pool(f.relu(f.conv(h, p["c2"], p["d2"], padding=padding))).reshape(len(x), -1)
        for i in (1, 2):
            h = f.relu(f.linear(h, p[f"w{i}"], p[f"b{i}"]))
        return f.cross_entropy(f.linear(h, p["w3"], p["b3"]), t)

    flat = 16 * (2 if size == 3 else 5) ** 2
    filters = {"c1": kernel(6, 1, size), "d1": np.zeros(6), "c2": kernel(16, 6, size)}
    return {"": loss}, filters | {"d2": np.zeros(16)} | layers("", flat, 120, 84, 10)


def residual_block(f, p, x, t):
    """Return the loss of a block of two convolutions, with a third one around it [He 2015]."""
    h = f.conv(f.relu(f.conv(x, p["c1"], p["d1"], padding=1)), p["c2"], p["d2"], padding=1)
    h = f.relu(h + f.conv(x, p["c3"], p["d3"])).reshape(len(x), -1)
    return f.cross_entropy(f.linear(h, p["w1"], p["b1"]), t)


def kernel(outputs, channels, size):
    return normal(outputs, channels, size, size) / (channels * size**2) ** 0.5


def images(channels, pixels):
    return normal(64, channels, pixels, pixels), RNG.integers(10, size=64)


# ---- transformers --------------------------------------------------------------------------------

HEADS = 4


def _heads(f, x):
    return f.swap(x.reshape(*x.shape[:2], HEADS, -1))


def gpt(f, p, x, t):
    """Return the loss of a GPT [Radford et al. 2019]."""
    n, width = x.shape[1], p["token"].shape[1]
    h = f.embedding(x, p["token"]) + p["place"]
    for i in range(sum(name.startswith("qkv") for name in p)):
        z = f.layer_norm(h, p[f"n{i}w"], p[f"n{i}b"])
        z = f.linear(z, p[f"qkv{i}"], p[f"bqkv{i}"])
        q, k, v = (_heads(f, z[..., j * width : (j + 1) * width]) for j in range(3))
        y = f.swap(f.attention(q, k, v)).reshape(len(x), n, width)
        h = h + f.linear(y, p[f"out{i}"], p[f"bout{i}"])
        z = f.layer_norm(h, p[f"m{i}w"], p[f"m{i}b"])
        z = f.gelu(f.linear(z, p[f"up{i}"], p[f"bup{i}"]))
        h = h + f.linear(z, p[f"down{i}"], p[f"bdown{i}"])
    z = f.linear(f.layer_norm(h, p["nw"], p["nb"]), p["head"], p["bhead"])
    return f.cross_entropy(z.reshape(-1, LETTERS), t.reshape(-1))


def gpt_weights(width, steps, blocks):
    def affine(name, n, m):
        return {name: weight(n, m), f"b{name}": np.zeros(m)}

    def norm(name):
        return {f"{name}w": np.ones(width), f"{name}b": np.zeros(width)}

    p = {"token": 0.1 * normal(LETTERS, width), "place": 0.1 * normal(steps, width), **norm("n")}
    for i in range(blocks):
        p |= norm(f"n{i}") | affine(f"qkv{i}", width, 3 * width) | affine(f"out{i}", width, width)
        p |= norm(f"m{i}") | affine(f"up{i}", width, 4 * width)
        p |= affine(f"down{i}", 4 * width, width)
    return p | affine("head", width, LETTERS)


def microgpt(f, p, x, t):
    """Return the loss of the GPT of examples/microgpt.py for one name, or for a batch of them."""
    n, width = x.shape[-1], p["token"].shape[1]
    h = f.embedding(x, p["token"]) + p["place"][:n]
    z = f.rms_norm(h)
    q, k, v = (
        (z @ p[name]).reshape(-1, n, HEADS, width // HEADS) for name in ("query", "key", "value")
    )
    y = f.swap(f.attention(f.swap(q), f.swap(k), f.swap(v))).reshape(h.shape)
    h = h + y @ p["out"]
    h = h + f.relu(f.rms_norm(h) @ p["up"]) @ p["down"]
    z = f.rms_norm(h) @ p["head"]
    return f.cross_entropy(z.reshape(-1, LETTERS), t.reshape(-1))


def microgpt_weights(width=16, steps=16):
    sizes = {"query": width, "key": width, "value": width, "out": width, "up": 4 * width}
    return {
        "token": 0.1 * normal(LETTERS, width), "place": 0.1 * normal(steps, width),
        **{name: weight(width, m) for name, m in sizes.items()},
        "down": weight(4 * width, width), "head": weight(width, LETTERS),
    }  # fmt: skip


# ---- the table -----------------------------------------------------------------------------------

TABLE = {"table": normal(LETTERS, 10)}
NAMES = letters(BATCH, 3), letters(BATCH)
PAIRS = letters(2, 70_000)  # about as many as 10,000 names have
SMALL = 0.9, 0.5, 1.0  # eager / PyTorch, compiled / PyTorch, compiled / jax.jit


def _with(start, weights):
    return {**start, **weights}


PROBLEMS = {
    "makemore MLP": Problem(
        {"": makemore}, TABLE | layers("", 30, 200, LETTERS), NAMES, "SGD", SMALL
    ),
    "BatchNorm net": Problem(
        {"": batch_norm_net},
        TABLE | layers("", 30, 100, 100, LETTERS) | {f"scale{i}": np.ones(100) for i in (1, 2)},
        NAMES, "SGD", SMALL,
    ),
    "RNN, T 16": Problem({"": (made := sequence(rnn, 1, 16))[0]}, *made[1:], "Adam", SMALL),
    "VAE": Problem(
        {"": vae},
        {**layers("", 64, 128), "wm": weight(128, 8), "bm": np.zeros(8), "wv": weight(128, 8),
         "bv": np.zeros(8), "w2": weight(8, 128), "b2": np.zeros(128), "w3": weight(128, 64),
         "b3": np.zeros(64)},
        (RNG.random((64, 64)), normal(64, 8)), "Adam", SMALL,
    ),
    "GAN": Problem(
        {"d": discriminator, "g": generator}, layers("g", 16, 64, 2) | layers("d", 2, 64, 1),
        (normal(64, 2), normal(64, 16), np.ones((64, 1)), np.zeros((64, 1))), "Adam", SMALL,
    ),
    "bigram, 10,000 names": Problem(
        {"": bigram}, {"table": normal(LETTERS, LETTERS)}, (PAIRS[0], PAIRS[1]), "SGD",
        (1.2, 1.2, 1.2),
    ),
    "WaveNet-like": Problem(
        {"": wavenet},
        {"table": normal(LETTERS, 24), "w1": weight(48, 128), "w2": weight(256, 128),
         "w3": weight(256, 128), "w4": weight(128, LETTERS)},
        (letters(BATCH, 8), letters(BATCH)), "SGD", (1.0, 0.5, 1.0),
    ),
    "LSTM, T 20": Problem(
        {"": (made := sequence(lstm, 4, 20))[0]}, *made[1:], "Adam", (0.8, 0.6, 1.0)
    ),
    "GRU, T 20": Problem(
        {"": (made := sequence(gru, 3, 20))[0]}, *made[1:], "Adam", (0.8, 0.6, 1.0)
    ),
    "LeNet 8x8": Problem(*lenet(3, 1), images(1, 8), "SGD", (1.0, 0.7, 1.0)),
    "LeNet 28x28": Problem(*lenet(5, 0), images(1, 28), "SGD", (1.5, 1.2, 1.0)),
    "ResNet block": Problem(
        {"": residual_block},
        {"c1": kernel(32, 16, 3), "c2": kernel(32, 32, 3), "c3": kernel(32, 16, 1),
         **{f"d{i}": np.zeros(32) for i in (1, 2, 3)}, **layers("", 2048, 10)},
        images(16, 8), "SGD", (1.5, 1.1, 1.2),
    ),
    "GPT d 32, T 16": Problem(
        {"": gpt}, gpt_weights(32, 16, 1), (letters(16, 16), letters(16, 16)), "Adam",
        (0.8, 0.5, 0.8),
    ),
    "GPT d 64, T 32": Problem(
        {"": gpt}, gpt_weights(64, 32, 2), (letters(16, 32), letters(16, 32)), "Adam",
        (1.0, 0.8, 1.0),
    ),
    "microgpt, float64": Problem(
        {"": microgpt}, microgpt_weights(), (letters(8), letters(8)), "Adam", (0.6, 0.2, 0.8)
    ),
}  # fmt: skip
