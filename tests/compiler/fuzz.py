"""Random programs, compiled and compared with the eager call, bit for bit.

``python -m tests.compiler.fuzz --programs 20000 --seed 0`` runs that many programs, each in three
calls. A seed that fails is printed, and ``--only SEED`` runs it alone.
"""

from __future__ import annotations

import argparse
import collections
import sys
import time
import traceback
import warnings

import numpy as np

import autograd_mini as ag
from autograd_mini.core.pytree import tree_leaves, tree_map

Pair = collections.namedtuple("Pair", "left right")

# ---- moves: functions of two arrays that were computed before, and a generator -------------------


def axis(x, r):
    return int(r.integers(-x.ndim, x.ndim))


def axes(x, r):
    """Draw one axis, two, or all."""
    return [None, axis(x, r), tuple({axis(x, r) % x.ndim, axis(x, r) % x.ndim})][r.integers(3)]


def keep(r):
    """Draw a value of ``keepdims``."""
    return [True, False, 1, 0, 2][r.integers(5)]


def in_place(x, y, r):
    z = x * 1
    z += x
    if z.ndim:
        z.sort()
    z *= 2
    return z


ELEMENTWISE = [
    lambda x, y, r: np.sin(x),
    lambda x, y, r: x * y,
    lambda x, y, r: x + y,
    lambda x, y, r: x - y,
    lambda x, y, r: -(x * -1),
    lambda x, y, r: x * 1 + 0,
    lambda x, y, r: 3 * x / 7,
    lambda x, y, r: 2.5 - x,
    lambda x, y, r: np.exp(-x * x),
    lambda x, y, r: x / (1 + y * y),
    lambda x, y, r: x ** [2, 3, 0.5, -1, 1, 0][r.integers(6)],
    lambda x, y, r: np.where(x > 0, x, y),
    lambda x, y, r: np.where(np.less_equal(x, y) & (y > 0), x * 2, 0),
    lambda x, y, r: np.maximum(x, y),
    lambda x, y, r: np.minimum(x, 0.25),
    lambda x, y, r: np.clip(x, -0.5, 0.5),
    lambda x, y, r: np.arctan2(x, y),
    lambda x, y, r: np.logaddexp(x, y),
    lambda x, y, r: np.abs(x) + np.sign(y),
    lambda x, y, r: np.sqrt(np.abs(x)) * np.floor(y),
    lambda x, y, r: x % (np.abs(y) + 1),
    lambda x, y, r: ag.softplus(x),
    lambda x, y, r: ag.sigmoid(x) - y,
    lambda x, y, r: ag.relu(x),
    lambda x, y, r: ag.gelu(x),
    lambda x, y, r: ag.stop_gradient(x) * y,
    lambda x, y, r: x.astype("efd"[r.integers(3)]),
    lambda x, y, r: np.copy(x),
    lambda x, y, r: np.nan_to_num(x),
]
OF_AXES = [
    lambda x, y, r: np.transpose(x, r.permutation(x.ndim).tolist()),
    lambda x, y, r: np.moveaxis(x, 0, -1),
    lambda x, y, r: np.swapaxes(x, 0, -1),
    lambda x, y, r: x.reshape(-1),
    lambda x, y, r: x.reshape(x.shape[::-1]),
    lambda x, y, r: np.expand_dims(x, 0),
    lambda x, y, r: np.squeeze(x),
    lambda x, y, r: x[::-1],
    lambda x, y, r: x[..., ::2],
    lambda x, y, r: x[0],
    lambda x, y, r: x[..., None],
    lambda x, y, r: x[np.array([0, -1, 0])],
    lambda x, y, r: np.take(x, [0, -1], axis=axis(x, r)),
    lambda x, y, r: np.broadcast_to(x, (2, *x.shape)),
    lambda x, y, r: np.pad(x, 1),
    lambda x, y, r: x @ np.swapaxes(x, -1, -2) if x.ndim > 1 else x @ x,
    lambda x, y, r: np.dot(x, x.T) if x.ndim < 3 else x,
    lambda x, y, r: np.einsum("...i,...i->...", x, x),
    lambda x, y, r: np.tensordot(x, x, x.ndim),
    lambda x, y, r: np.outer(x, y),
    lambda x, y, r: np.take_along_axis(x, np.argsort(x, axis=0), 0),
    lambda x, y, r: np.take_along_axis(x, np.expand_dims(np.argmax(x, -1), -1), -1),
    lambda x, y, r: x * np.argmin(x, axis=axis(x, r), keepdims=True),
    lambda x, y, r: x.sum(axis=axes(x, r), keepdims=keep(r)),
    lambda x, y, r: x.mean(axis=axes(x, r), keepdims=keep(r)),
    lambda x, y, r: x.max(axis=axes(x, r), keepdims=keep(r)),
    lambda x, y, r: np.min(x, axes(x, r)),
    lambda x, y, r: np.var(x, axis=axes(x, r)),
    lambda x, y, r: np.std(x, axis=axes(x, r), keepdims=keep(r)),
    lambda x, y, r: np.linalg.norm(x, axis=axis(x, r)),
    lambda x, y, r: np.prod(x, axis=axis(x, r)),
    lambda x, y, r: np.median(x, axis=axis(x, r)),
    lambda x, y, r: np.sort(x, axis=axis(x, r)),
    lambda x, y, r: np.cumsum(x, axis=axis(x, r)),
    lambda x, y, r: np.diff(x, axis=axis(x, r)),
    lambda x, y, r: np.flip(x, axis(x, r)),
    lambda x, y, r: np.roll(x, 1, axis(x, r)),
    lambda x, y, r: np.tril(x),
    lambda x, y, r: np.stack([x, x * 2], axis=axis(x, r)),
    lambda x, y, r: np.concatenate([x, x], axis=axis(x, r)),
    lambda x, y, r: np.split(x, 1, axis=axis(x, r))[0],
    lambda x, y, r: np.average(x, axis=axis(x, r), weights=np.abs(x) + 1),
    lambda x, y, r: ag.softmax(x, axis=axis(x, r)),
    lambda x, y, r: ag.log_softmax(x, axis=axis(x, r)),
    lambda x, y, r: ag.logsumexp(x, axis=axis(x, r), keepdims=keep(r)),
    lambda x, y, r: ag.softmax_cross_entropy(x, np.zeros(x.shape[:-1], int), reduction="none"),
    lambda x, y, r: ag.mse_loss(x, ag.stop_gradient(x) * 0.5),
    lambda x, y, r: np.linalg.det(of_squares(x)),
    lambda x, y, r: np.linalg.inv(of_squares(x)),
    lambda x, y, r: np.linalg.solve(of_squares(x), x),
    lambda x, y, r: np.interp(x, np.arange(3.0), np.array([0.0, 1.0, -1.0])),
]


def of_squares(x):
    """Return regular matrices of a dtype that LAPACK has."""
    x = x.astype("d") if x.dtype == np.float16 else x
    return np.tanh(x @ np.swapaxes(x, -1, -2)) + 2 * x.shape[-2] * np.eye(x.shape[-2]).astype(
        x.dtype
    )


#: moves that NumPy's arrays have, and Tensors have not
OF_ARRAYS = [
    in_place,
    lambda x, y, r: x // 2 + x % 3,
    lambda x, y, r: np.floor_divide(x, np.abs(y) + 1),
    lambda x, y, r: (x > 0).sum(axis=axis(x, r)) if x.ndim else x > 0,
    lambda x, y, r: np.cumsum(x, axis=axis(x, r), out=x * 1.0) if x.ndim else x,
    lambda x, y, r: np.sum(a=x, axis=None),
    lambda x, y, r: np.any(x > y, axis=None),
]


# ---- programs ------------------------------------------------------------------------------------


class Argument:
    """Numbers, and how they lie in memory: the order of the axes, and whether there are gaps."""

    def __init__(self, shape, dtype, r):
        self.numbers = np.asarray(r.normal(size=shape)).astype(dtype)
        self.order = r.permutation(self.numbers.ndim)
        self.gaps = r.random() < 0.1

    def array(self, scale=1):
        x = np.asarray(self.numbers * self.numbers.dtype.type(scale))
        y = x.transpose(self.order).copy().transpose(np.argsort(self.order))
        return np.stack([y, y], -1)[..., 0] if self.gaps else y


class Program:
    """A random function, its arguments, the state that it captures, and how it is called."""

    def __init__(self, seed):
        r = np.random.default_rng(seed)
        self.seed = seed
        shape = tuple(r.integers(1, 5, size=r.integers(0, 4)).tolist())
        thin = tuple(1 if r.random() < 0.3 else n for n in shape)
        dtype = r.choice(["d", "f", "e"], p=[0.4, 0.35, 0.25])
        self.inputs = [Argument(s, dtype if r.random() < 0.8 else "d", r) for s in (shape, thin)]
        self.integers = np.asarray(r.integers(-3, 4, size=shape)).astype("bhil"[r.integers(4)])
        self.captured = np.asarray(r.normal(size=thin)).astype(dtype)
        self.scale = 2.0
        kinds = ["value", "value", "gradient", "value and gradient", "jvp", "vjp", "hvp", "step"]
        self.kind = str(r.choice(kinds))
        self.as_tensors = self.kind != "step" and bool(r.random() < 0.2)
        self.moves = []
        self.shape_of_tree = int(r.integers(4))
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._draw(r, r.integers(1, 12))

    def _draw(self, r, n):
        """Choose moves that work on arrays."""
        moves = ELEMENTWISE + (OF_ARRAYS if self.kind == "value" and not self.as_tensors else [])
        made = self._made(*(x.array() for x in self.inputs), self.integers)
        for _ in range(n):
            i, j = (int(r.integers(1, min(len(made), 6) + 1)) for _ in "xy")
            chosen = moves + OF_AXES if made[-i].ndim else moves
            move, seed = chosen[r.integers(len(chosen))], int(r.integers(2**31))
            try:
                z = np.asarray(move(made[-i], made[-j], np.random.default_rng(seed)))
            except (ValueError, TypeError, ArithmeticError, LookupError):
                continue  # shapes that do not fit, or dtypes
            if z.size <= 500 and z.dtype.kind in "fiu":
                made.append(z)
                self.moves.append((move, i, j, seed))

    def _made(self, x, y, integers):
        """Return the arguments, the captured arrays, and the result of each move."""
        made = [integers * self.scale, x * self.captured, x, y]
        for move, i, j, seed in self.moves:
            made.append(move(made[-i], made[-j], np.random.default_rng(seed)))
        return made

    def results(self, x, y, integers):
        """Return a tree of results."""
        a, b, c = self._made(x, y, integers)[-3:]
        return [
            c,
            (a, [b, None], {"c": c}),
            {"a": a, "pair": Pair(b, c * self.scale), "three": 3},
            [np.sum(c), (c, c.T)],
        ][self.shape_of_tree]

    def loss(self, x, y, integers):
        """Return one number: a sum of the latest results with weights."""
        total = 0.0
        for part in self._made(x, y, integers)[-3:]:
            weights = np.cos(np.arange(part.size)).reshape(part.shape)
            total = total + np.sum(
                part * weights.astype(part.dtype if part.dtype.kind == "f" else "d")
            )
        return total + np.sum(x) * 0

    def step(self, parameters, integers):
        value, grads = ag.value_and_grad(lambda p: self.loss(p["x"], p["y"], integers))(parameters)
        return value, {key: parameters[key] - 0.125 * grads[key] for key in parameters}

    def function(self):
        """Return the function to compile."""
        loss = self.loss
        return {
            "value": self.results,
            "gradient": ag.grad(loss, argnums=(0, 1)),
            "value and gradient": ag.value_and_grad(loss),
            "jvp": lambda x, y, n: ag.jvp(lambda x, y: loss(x, y, n), (x, y), (x, y)),
            "vjp": self._pulled,
            "hvp": lambda x, y, n: ag.hvp(lambda x: loss(x, y, n), x, x),
            "step": self.step,
        }[self.kind]

    def _pulled(self, x, y, n):
        value, pull = ag.vjp(lambda x, y: self.loss(x, y, n), x, y)
        return value, pull(np.ones((), value.dtype))

    def arguments(self, scale):
        """Return new arguments in the same layout."""
        x, y = (x.array(scale) for x in self.inputs)
        if self.kind == "step":
            return {"x": x, "y": y}, self.integers.copy()
        if self.as_tensors:
            x, y = ag.tensor(x), ag.tensor(y)
        return x, y, self.integers.copy()


# ---- the comparison ------------------------------------------------------------------------------


def same_bits(found, wanted):
    """Return whether two arrays agree in shape, dtype and every bit, except the sign of a nan."""
    a, b = (np.asarray(getattr(x, "_array", x)) for x in (found, wanted))
    if (a.shape, a.dtype) != (b.shape, b.dtype):
        return False
    if a.dtype.kind != "f":
        return np.array_equal(a, b)
    number = ~np.isnan(b)
    return np.array_equal(a, b, equal_nan=True) and np.array_equal(
        np.signbit(a)[number], np.signbit(b)[number]
    )


def compare(found, wanted, of_tensors):
    """Raise if two trees of results differ."""
    assert tree_map(lambda x: None, found) == tree_map(lambda x: None, wanted), "trees"
    for x, y in zip(tree_leaves(found), tree_leaves(wanted)):
        if isinstance(y, ag.Tensor):
            assert type(x) is (ag.Tensor if of_tensors else np.ndarray), type(x)
        else:
            assert type(x) is type(y), (type(x), type(y))
        assert same_bits(x, y), f"{x!r} is not {y!r}"


def run(seed):
    """Compile the program of a seed, and compare three calls. Return the number of its moves."""
    program = Program(seed)
    f = program.function()
    compiled = ag.compile(f, donate=0 if program.kind == "step" else ())
    before = []
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for scale in (1, 1.5, -0.5):
            try:
                wanted = f(*program.arguments(scale))
            except np.linalg.LinAlgError:
                break
            args = program.arguments(scale)
            found = compiled(*args)
            compare(found, wanted, program.as_tensors)
            if program.kind == "step":
                assert all(found[1][key] is args[0][key] for key in args[0]), "donated"
            else:
                for x, y in zip(args, program.arguments(scale)):
                    assert same_bits(x, y), "an argument was written to"
            for x, copy in before:
                assert same_bits(x, copy), "an earlier result was written to"
            if program.kind != "step":
                before += [(x, np.copy(getattr(x, "_array", x))) for x in tree_leaves(found)]
            program.captured += program.captured.dtype.type(0.25)
            if scale == 1.5:
                program.scale = 3.0
    return len(program.moves)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0, help="the seed of the first program")
    parser.add_argument("--only", type=int, help="run the program of this seed alone")
    options = parser.parse_args(argv)
    if options.only is not None:
        print(run(options.only), "moves")
        return 0
    began, moves, failed = time.perf_counter(), 0, []
    for seed in range(options.seed, options.seed + options.programs):
        try:
            moves += run(seed)
        except Exception as error:
            failed.append(seed)
            where = traceback.extract_tb(error.__traceback__)[-1]
            what = str(error).replace("\n", " ")[:200]
            print(f"seed {seed}: {type(error).__name__} in {where.name}: {what}", flush=True)
    seconds = time.perf_counter() - began
    print(f"{options.programs} programs, {moves} moves, {len(failed)} failed, {seconds:.0f} s")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
