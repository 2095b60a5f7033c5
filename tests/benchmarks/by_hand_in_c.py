"""Build the training steps of ``mlp_steps.c``, and call them as the other forms are called."""

import ctypes
import subprocess
import tempfile
from functools import cache
from itertools import chain
from pathlib import Path

import numpy as np

from .mlp import LR

#: The compiler may fuse a product and a sum. It may not reorder sums, or assume that all is finite.
FLAGS = (
    "-O3", "-march=native", "-fno-math-errno", "-fno-trapping-math", "-fopenmp-simd",
    "-fPIC", "-shared",
)  # fmt: skip


#: sizes of the layers -> the name of the step; the batches are of 100 and of 64
NETWORKS = {(2, 16, 16, 2): "moons", (64, 32, 10): "digits"}


@cache
def library(dtype: np.dtype) -> ctypes.CDLL:
    """Return the steps for float or double, with the exp, log and tanh of compiled functions."""
    from autograd_mini.compiler.native.mathematics import definitions

    suffix = "f" if dtype == np.float32 else ""
    names = {name: f"am_{name.lower()}{suffix}" for name in ("EXP", "LOG", "TANH")}
    names["REAL"] = "float" if suffix else "double"
    lines = [definitions(set(names.values()) - {names["REAL"]})]
    lines += [f"#define {name} {meaning}" for name, meaning in names.items()]
    lines += [Path(__file__).with_name("mlp_steps.c").read_text(encoding="utf-8")]
    with tempfile.TemporaryDirectory() as folder:
        source, built = Path(folder, "steps.c"), Path(folder, "steps.so")
        source.write_text("\n".join(lines), encoding="utf-8")
        subprocess.run(["cc", *FLAGS, str(source), "-o", str(built)], check=True)
        return ctypes.CDLL(str(built))


def step(x, labels, weights, biases):
    """Return the step for these layers. It writes into the weights and biases."""
    run = library(x.dtype)[NETWORKS[(x.shape[1], *map(len, biases))]]
    run.restype = real = ctypes.c_float if x.dtype == np.float32 else ctypes.c_double
    arrays = [x, labels.astype(ctypes.c_long), *chain(*zip(weights, biases))]
    pointers = [ctypes.c_void_p(a.ctypes.data) for a in arrays]

    def call(arrays=arrays):  # which keeps them alive
        return run(real(LR), *pointers)

    return call
