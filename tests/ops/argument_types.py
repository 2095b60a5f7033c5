"""Random calls of every function, with arguments of every type that NumPy takes.

    python -m tests.ops.argument_types --programs 60000 --seed 1

Each call is made twice: with a Tensor among its arguments, and with arrays for Tensors, by NumPy.
Both must raise, or both return the same values, shapes and dtypes. The gradient must be the slope
of NumPy's function along a random direction. The command prints every call for which they differ.
"""

import argparse
import ast
import warnings
from collections import Counter
from functools import cache

import numpy as np

import autograd_mini as ag
from autograd_mini.core.arrays import unwrap_nested
from tests.ops.argument_calls import (
    BINARY,
    INTEGER,
    MASKS,
    OTHER_LEFT,
    OTHER_RIGHT,
    OWN,
    REAL,
    ROWS,
    UNARY,
)

#: What the library refuses on purpose, or NumPy before it asks the library: a part of the message
REFUSED = [
    "would lose its gradient",  # NumPy makes an array of a list of tensors before it dispatches
    "loses its gradient",
    "setting an array element with a sequence",  # np.sum(array, initial=tensor)
    "out of bounds for",
    "Only results of a float dtype have a gradient",
    "keyword is not recorded",
    "keyword arguments are not recorded",
    "has no rule for argument 2 ",  # pos_weight
    "q has no derivative",
    "Logits must have a float dtype",
    "The order of the arguments is",
    "got a list of tensors",
    "lass indices",  # booleans as class indices
    "class index (an integer)",  # a boolean as a class index
    "np.copyto has no derivative rule",  # np.full_like(array, tensor) does not dispatch
    "Write np.clip.",  # nor does array.clip(tensor)
    "has no attribute 'logsumexp'",  # of an array
    "A mask must be boolean or float",  # integers as a mask
    "ufunc 'positive' did not contain a loop",  # np.conjugate of booleans
    "numpy boolean negative",
    "Singular matrix",
    "a row of shape (0,) has no mean",
    "normalized_shape is (3,), but",  # a row without entries again
    "is not iterable",  # an axis that is a float
    "iteration over a 0-d array",
    "expected an integer, got",
    "unsupported iterator index",  # np.diagflat(array, tensor)
    "an integer is required",  # axes that are booleans
    "StrDType",  # np.linalg.norm(array, tensor)
]
#: Functions whose result for empty arrays has another dtype than for others in NumPy
OTHER_DTYPE_IF_EMPTY = ("np.bincount", "np.cov")
FLOATS = ["f8", "f8", "f4", "f2", ">f8", ">f4"]
INTEGERS = ["i8", "i4", "i2", "i1", "u1", "u2", "u4", "u8", ">i8", ">u2"]
SCALARS = {"f": float, "i": int, "u": int, "b": bool}


# ---- one argument in all its forms ---------------------------------------------------------------


def laid_out(rng, x):
    """Return the array with other strides, or read-only, or as a memmap."""
    kind = rng.integers(8)
    if kind == 0:
        return x.copy("F")
    if kind == 1:
        return np.stack([x, x], axis=-1)[..., 0]
    if kind == 2 and x.ndim:
        return np.ascontiguousarray(x[::-1])[::-1]
    if kind == 3:
        x = x.copy()
        x.flags.writeable = False
    if kind == 4:
        return x.view(np.memmap)
    return x


def nested(x, make):
    return make(nested(y, make) for y in x) if np.ndim(x) else x


def without_axes(x, length):
    """Return the array without entries along the axes of this length."""
    return x[tuple(slice(0, 0) if n == length else slice(None) for n in x.shape)]


def in_some_form(rng, x, dtype):
    """Return an array, a NumPy or Python number, or a list or tuple of either."""
    x = np.asarray(x).astype(dtype)
    kind = rng.integers(10)
    if kind > 5 or not x.size:  # NumPy gives a list without entries a dtype of its choice
        return laid_out(rng, x)
    if x.ndim == 0:
        return SCALARS[x.dtype.kind](x) if kind < 4 else x[()]
    if kind == 0:
        return nested(x.tolist(), list)
    if kind == 1:
        return nested(x.tolist(), tuple)
    if kind == 2:
        return nested(x, list)
    if kind == 3:
        return list(x)
    return laid_out(rng, x)


def real_argument(rng, name, tensor, cut):
    """Return an argument for a slot of real numbers, as a Tensor if `tensor`."""
    active = tensor and rng.random() < 0.75
    dtype = rng.choice(
        FLOATS if active or rng.random() < 0.4 else [*FLOATS, *INTEGERS, *"?"[name in ("G", "p") :]]
    )
    kind = np.dtype(dtype).kind
    x = without_axes(np.asarray(REAL[name](rng, kind != "f")), cut)
    x = np.abs(x) if kind == "u" else rng.integers(0, 2, x.shape) if kind == "b" else x
    if not tensor:
        return in_some_form(rng, x, dtype)
    return ag.tensor(laid_out(rng, np.asarray(x).astype(dtype)), requires_grad=active)


def integer_argument(rng, name, tensor, cut):
    x = without_axes(np.asarray(INTEGER[name](rng, True)), cut)
    likely = 1 if name in MASKS else 0 if name.startswith("a") else 0.2
    flags = bool(((x == 0) | (x == 1)).all()) and rng.random() < likely
    several = [d for d in INTEGERS if np.dtype(d).kind == "i" or (x >= 0).all()]
    dtype = "?" if flags and rng.random() < 0.5 else rng.choice(several)
    if not tensor:
        return in_some_form(rng, x, "f8" if rng.random() < 0.02 else dtype)
    if x.ndim == 1 and rng.random() < 0.2:
        return [ag.tensor(n) for n in x.astype(dtype)]
    return ag.tensor(x.astype(dtype))


def slots_of(text):
    names = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    return sorted(names & (REAL.keys() | INTEGER.keys()))


def some_arguments(rng, slots):
    """Draw a Tensor for at least one of the slots."""
    real = [name for name in slots if name in REAL]
    chosen = {str(rng.choice(real if real and rng.random() < 0.85 else slots))}
    chosen |= {name for name in slots if rng.random() < (0.3 if name in REAL else 0.1)}
    cut = rng.choice([2, 3]) if rng.random() < 0.08 else None
    return {
        name: (real_argument if name in REAL else integer_argument)(rng, name, name in chosen, cut)
        for name in slots
    }


# ---- the calls ----------------------------------------------------------------------------------


def _rows():
    for left, functions in UNARY.items():
        for f in functions.split():
            for x in OTHER_LEFT[left]:
                yield f"np.{f}({x})", None
    for slots, functions in BINARY.items():
        left, right = slots.split()
        for f in functions.split():
            yield f"np.{f}({left}, {right})", None
            yield from ((f"np.{f}({x}, {right})", None) for x in OTHER_LEFT[left])
            yield from ((f"np.{f}({left}, {x})", None) for x in OTHER_RIGHT[right])
    yield from ((row.strip(), None) for line in ROWS.split("\n") for row in line.split(";"))
    for text, reference in OWN.items():
        yield text, reference or text


#: (the call, NumPy's spelling of a function that NumPy lacks, its slots)
CALLS = [(text, reference, slots_of(text)) for text, reference in dict.fromkeys(_rows()) if text]


@cache
def compiled(text):
    return compile(text, text, "eval")


def softmax(z, axis):
    z = np.asarray(z) * 1.0
    e = np.exp(z - np.max(z, axis, keepdims=True))
    return e / np.sum(e, axis, keepdims=True)


def mean(x):
    return np.mean(x) if np.size(x) else np.sum(x)


def gelu(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def bce(x, t, w=1):
    x, t, w = (np.asarray(a) * 1.0 for a in (x, t, w))
    return mean(w * t * np.logaddexp(0, -x) + (1 - t) * np.logaddexp(0, x))


def ce(z, y):
    return -mean(np.sum(np.asarray(y) * np.log(softmax(z, -1)), axis=-1))


def onehot(t, classes=3):
    return np.eye(classes)[np.asarray(t)]


def layer_norm(x, gain, bias):
    x = np.asarray(x) * 1.0
    s = np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5)
    return (x - x.mean(axis=-1, keepdims=True)) / s * np.asarray(gain) + np.asarray(bias)


def attention(q, k, v, mask):
    q, k, v, mask = map(np.asarray, (q, k, v, mask))
    s = q @ (k.T / np.sqrt(q.shape[-1]))
    return softmax(np.where(mask, s, -np.inf) if mask.dtype == bool else s + mask, -1) @ v


NAMES = {f.__name__: f for f in (mean, softmax, gelu, bce, ce, onehot, layer_norm, attention)} | {
    "np": np,
    "ag": ag,
}


def evaluate(text, arguments):
    return eval(compiled(text), NAMES, arguments)


# ---- the comparison ------------------------------------------------------------------------------


class Finding(Exception):
    pass


def flat(y):
    if isinstance(y, (tuple, list)):
        return [leaf for part in y for leaf in flat(part)]
    return [y]


def in_float64(x):
    if isinstance(x, (list, tuple)):
        return type(x)(map(in_float64, x))
    return x.astype(float) if getattr(x, "dtype", np.dtype(int)).kind == "f" else x


def precision(*dtypes):
    return max([np.finfo(d).eps for d in dtypes if np.dtype(d).kind == "f"], default=2e-16)


def compare_values(found, expected, same_dtype=True, least=0.0):
    found, expected = flat(found), flat(expected)
    if len(found) != len(expected):
        raise Finding(f"{len(found)} results, NumPy returns {len(expected)}")
    for a, b in zip(found, expected):
        if isinstance(b, (str, np.dtype, type)):
            if a != b:
                raise Finding(f"{a}, NumPy returns {b}")
            continue
        a, b = np.asarray(unwrap_nested(a)), np.asarray(b)
        native = a.dtype.newbyteorder("="), b.dtype.newbyteorder("=")
        if a.shape != b.shape or (same_dtype and native[0] != native[1]):
            raise Finding(f"{a.shape} {a.dtype}, NumPy returns {b.shape} {b.dtype}")
        if b.dtype.kind != "f":
            close = np.array_equal(a, b)
        else:
            scale = np.max(np.abs(b), initial=10.0, where=np.isfinite(b)).astype(float)
            eps = max(least, precision(a.dtype, b.dtype))
            close = np.allclose(a.astype(float), b.astype(float), 0, 40 * eps * scale, True)
        if not close:
            raise Finding(f"{a.tolist()}, NumPy returns {b.tolist()}")


def weighted_sum(y, weights):
    """Return Σ w y over all floating results. The weights are made when they are first needed."""
    total = 0.0
    for i, part in enumerate(flat(y)):
        if isinstance(part, (np.ndarray, np.floating, ag.Tensor)) and part.dtype.kind == "f":
            if i not in weights:
                draw = np.random.default_rng(i)
                weights[i] = draw.uniform(0.5, 1.5, np.shape(part))
            total = total + (part.astype(float) * weights[i]).sum()
    return total


def compare_gradients(rng, text, arguments, y, arrays):
    """Compare all gradients with slopes; return whether any of them could be."""
    leaves = {k: t for k, t in arguments.items() if isinstance(t, ag.Tensor) and t.requires_grad}
    weights = {}
    total = weighted_sum(y, weights)
    if not leaves or not weights:
        return False
    if isinstance(total, ag.Tensor) and total.requires_grad:
        total.backward()
        if rng.random() < 0.3:
            compare_recorded(total, leaves, arrays)
    text = text.replace("'f4'", "'f8'").replace("np.float32", "np.float64")
    exact = {name: in_float64(x) for name, x in arrays.items()}
    eps = precision(*(np.asarray(unwrap_nested(x)).dtype for x in [*flat(y), *arrays.values()]))
    compared = False
    for name, leaf in leaves.items():
        v = rng.uniform(0.5, 1.5, leaf.shape) * rng.choice([-1, 1], leaf.shape)

        def along(h, name=name, v=v):
            return weighted_sum(evaluate(text, {**exact, name: exact[name] + h * v}), weights)

        try:
            compared |= compare_slope(name, leaf, v, along, float(unwrap_nested(total)), eps)
        except TypeError:  # a list times a Python number, which now is one of NumPy
            continue
    return compared


def compare_slope(name, leaf, v, along, value, eps, step=1e-5):
    """Compare the gradient of a leaf with the slope of NumPy's function along the direction v."""
    grad = np.zeros(leaf.shape, leaf.dtype) if leaf.grad is None else leaf.grad
    if (grad.shape, grad.dtype) != (leaf.shape, leaf.dtype):
        raise Finding(f"∂/∂{name}: {grad.shape} {grad.dtype}")
    slope = (along(step) - along(-step)) / (2 * step)
    terms = grad.astype(float) * v
    scale = 1 + np.abs(terms).sum() + abs(slope)
    bound = scale * (1e-6 if eps < 1e-12 else 300 * eps if eps < 1e-5 else 100 * eps)
    if not np.isfinite(bound):
        return False
    if abs(terms.sum() - slope) <= bound:
        return True
    here, low, high = along(0), along(-step), along(step)
    finer = (along(step / 10) - along(-step / 10)) / (step / 5)
    if abs(high - 2 * here + low) > 1e-3 * step * scale or abs(finer - slope) > 1e-3 * scale:
        return False  # a kink or a jump
    if eps > 1e-4 and not abs(value - here) <= 100 * eps * abs(here):
        return False  # a float16 is out of range
    raise Finding(f"∂/∂{name} {grad.tolist()}: {terms.sum():.6} along {v.tolist()}, not {slope:.6}")


def compare_recorded(total, leaves, arrays):
    recorded = ag.gradients(total, list(leaves.values()))
    for (name, leaf), g in zip(leaves.items(), recorded):
        grad = np.zeros(leaf.shape) if leaf.grad is None else leaf.grad
        scale = np.max(np.abs(grad), initial=1e-3).astype(float)
        eps = precision(*(np.asarray(a).dtype for a in arrays.values()))
        near = np.allclose(g.data.astype(float), grad.astype(float), 0, 100 * eps * scale, True)
        if g.dtype != leaf.dtype or not near:
            raise Finding(
                f"recorded ∂/∂{name}: {g.data.tolist()} {g.dtype}, not {grad.tolist()} {leaf.dtype}"
            )


def is_refused(error):
    while error is not None:
        if isinstance(error, ag.DetachedWarning) or any(words in str(error) for words in REFUSED):
            return True
        error = error.__context__
    return False


def check(seed, number, calls):
    """Make call `number`; return its expression, and what was compared or why nothing was."""
    rng = np.random.default_rng([seed, number])
    text, reference, slots = calls[int(rng.integers(len(calls)))]
    arguments = some_arguments(rng, slots)
    arrays = {name: unwrap_nested(x) for name, x in arguments.items()}
    try:
        expected = evaluate(reference or text, arrays)
    except Exception as error:
        expected = error
    try:
        try:
            y = evaluate(text, arguments)
        except Exception as error:
            if isinstance(expected, Exception) and not isinstance(error, RecursionError):
                return text, "raises"
            if is_refused(error):
                return text, "refused"
            raise Finding(f"raises {type(error).__name__}: {error}") from error
        if isinstance(expected, Exception):
            return text, "only here"
        dtypes = [np.asarray(a).dtype for a in arrays.values()]
        if reference:  # np.exp of an int8 is a float16
            dtypes = [np.exp(np.zeros(1, dtype)).dtype for dtype in dtypes]
        if text.startswith(OTHER_DTYPE_IF_EMPTY) and 0 in map(np.size, arrays.values()):
            return text, "value"
        compare_values(y, expected, reference is None, precision(*dtypes))
        try:
            same = compare_gradients(rng, reference or text, arguments, y, arrays)
        except (TypeError, ValueError, IndexError, RuntimeError) as error:
            raise Finding(f"gradient raises {type(error).__name__}: {error}") from error
        return text, "gradient" if same else "value"
    except Finding as finding:
        given = "".join(f"\n    {name} = {shown(x)}" for name, x in arguments.items())
        finding.args = (f"{text}  (seed {seed}, call {number}): {finding}{given}",)
        finding.text = text
        raise


def shown(x):
    kind = f" {type(x).__name__} {x.strides}" if isinstance(x, np.ndarray) else ""
    return f"{x!r}{kind}".replace("\n", "")


def run(seed, count, calls=CALLS):
    """Make `count` calls; return the findings, and how often each call had which outcome."""
    counts, findings = Counter(), []
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", ag.DetachedWarning)
        for number in range(count):
            try:
                counts[check(seed, number, calls)] += 1
            except Finding as finding:
                findings.append(finding)
    return findings, counts


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", type=int, default=60_000, help="number of calls")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="a part of the expressions to call")
    options = parser.parse_args()
    calls = [call for call in CALLS if options.only in call[0]]
    findings, counts = run(options.seed, options.programs, calls)
    first = {}
    for finding in findings:
        first.setdefault(finding.text, finding)
    print(*first.values(), sep="\n")
    outcomes = Counter()
    for (_, outcome), n in counts.items():
        outcomes[outcome] += n
    print(f"seed {options.seed}: {options.programs} calls of {len(calls)} expressions")
    print(*(f"{n} {outcome}" for outcome, n in outcomes.most_common()), sep=", ", end="; ")
    print(f"{len(findings)} differ from NumPy")
    raise SystemExit(bool(findings))


if __name__ == "__main__":
    main()
