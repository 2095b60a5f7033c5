"""The savings of each fused node: nodes, time, memory and accuracy, compared with its graph.

Forward and backward on (256, 100) float32 entries. Time and memory (the peak without the arguments)
are the node's over the graph's; errors are the largest of the gradients to the first argument, in
units of the last place, against the graph in extended precision; `hard` is whether that gradient is
finite for entries up to 1,000, node and graph.
"""

import tracemalloc

import numpy as np

import autograd_mini as ag
from autograd_mini.core.fused import FUSED

SHAPE = (256, 100)


def inputs(dtype=np.float32):
    """Return the arguments of each node."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=SHAPE).astype(dtype)
    p = rng.uniform(size=SHAPE).astype(dtype)
    row = rng.normal(size=SHAPE[1]).astype(dtype)
    labels = rng.integers(SHAPE[1], size=SHAPE[0])
    columns = {n: rng.normal(size=(SHAPE[0], n * 25)).astype(dtype) for n in (1, 3)}
    heads = [rng.normal(size=(16, 4, 16, 8)).astype(dtype) for _ in "qkv"]
    return {
        "attention": heads,
        "dropout": (x, p > 0.5),
        "embedding": (labels, x),
        "SoftmaxCrossEntropy": (x, labels),
        "softmax": (x,),
        "log_softmax": (x,),
        "logsumexp": (x,),
        "nll_loss": (np.log(p), labels),
        "mse_loss": (x, p),
        "sigmoid_binary_cross_entropy": (x, p),
        "softplus": (x,),
        "gelu": (x,),
        **dict.fromkeys(("layer_norm", "batch_norm"), (x, row, row)),
        "rms_norm": (x, row),
        "conv1d": (x.reshape(16, 16, 100), rng.normal(size=(32, 16, 3)).astype(dtype)),
        "conv2d": (x.reshape(16, 16, 10, 10), rng.normal(size=(32, 16, 3, 3)).astype(dtype)),
        "max_pool2d": (x.reshape(16, 16, 10, 10), 2),
        "avg_pool2d": (x.reshape(16, 16, 10, 10), 2),
        **dict.fromkeys(("lstm_cell", "lstm_output"), (x, columns[1])),
        "gru_cell": (columns[3], x[:, :75], columns[1]),
        "linear": (x, rng.normal(size=(SHAPE[1], 50)).astype(dtype), row[:50]),
    }


def once(f, arguments):
    """Return the gradient of the first argument that has one."""
    is_real = [getattr(a, "dtype", np.dtype(int)).kind == "f" for a in arguments]
    leaves = [ag.tensor(a, requires_grad=r) if r else a for a, r in zip(arguments, is_real)]
    y = f(*leaves)
    y.backward(np.ones(y.shape, y.dtype))
    return next(x.grad for x in leaves if isinstance(x, ag.Tensor))


def peak(f, arguments):
    """Return the peak bytes of a forward and backward pass."""
    tracemalloc.start()
    try:
        once(f, arguments)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def finite_when_hard(f, arguments):
    hard = list(arguments)
    i = next(i for i, x in enumerate(hard) if x.dtype.kind == "f")
    hard[i] = np.where(hard[i] > 0, 1000, -1000).astype(hard[i].dtype)
    with np.errstate(all="ignore"):
        return bool(np.isfinite(once(f, hard)).all())


def rows(rounds: int = 31) -> list[str]:
    known = inputs()
    head = f"{'node':30}{'records':>12}{'time':>7}{'memory':>8}  {'error, ULP':>18}   hard"
    table = ["", head]
    for node in FUSED:
        arguments = known[node.name]
        report = ag.check_fused(node, *arguments)
        gradient = report.rows[1]
        records = f"{report.records} of {report.graph_records}"
        memory = peak(node, arguments) / peak(node.unfused, arguments)
        errors = f"{gradient.node_error:.2g} of {gradient.graph_error:.2g}"
        hard = [finite_when_hard(f, arguments) for f in (node, node.unfused)]
        holds = {(True, False): "node only", (True, True): "both"}.get(tuple(hard), "neither")
        table.append(
            f"{node.name:30}{records:>12}{report.time:7.2f}{memory:8.2f}  {errors:>18}   {holds}"
        )
    return table
