"""Prove derivative rules: compare each with the exact derivative of its function.

Every rule is checked by the identity ⟨g, J v⟩ = ⟨rule(g), v⟩, where g and v are random. If two
polynomials differ, they are equal at a random point with a chance of degree / 10⁶ at most [Schwartz
1980, Zippel 1979].

- If the function is rational on the numbers of a case, all numbers are fractions. J v is the slope
  of a dual number a + b ε, and the two sides must be *equal*.
- Otherwise all numbers have 160 digits. J v is a central difference with a step of 1e-50, whose
  error is near 1e-100, and the two sides must agree to 50 digits.

No derivative is known here except those of +, -, * and /. The functions and rules are those of
every node that the cases of `tests/cases.py` record, with all options of that call.

    python -m tests.ops.proofs

prints how each rule is proved, and the share of proved rules.
"""

import importlib
import itertools
import math
import operator
import pkgutil
import random
from fractions import Fraction
from unittest import mock

import mpmath
import numpy as np

import autograd_mini as ag
from autograd_mini import functional, ops
from autograd_mini.core import arrays
from autograd_mini.core import primitive as registry
from autograd_mini.core.fused import FUSED
from autograd_mini.functional import softmax
from autograd_mini.ops import elementwise
from tests.cases import CASES, FUSED_CASES, TAPE, Case, leaf, matrix, real

MP = mpmath.MPContext()
MP.dps = 160
STEP = MP.mpf(10) ** -50
TOLERANCE = MP.mpf(10) ** -50

#: rules that are only sampled, by central differences of float64 -> why
SAMPLED = {
    "gelu": "products of its constants are rounded to float64",
    "sinc": "its derivative is a power series in float64",
    "sinc_derivative": "a power series in float64",
}


class IrrationalError(Exception):
    """A function is not rational, so it needs the numbers of 160 digits."""


# ---- the numbers ---------------------------------------------------------------------------------


class Dual:
    """A number a + b ε of two fractions, with ε² = 0. Every finite float is a fraction."""

    __slots__ = ("slope", "value")

    def __init__(self, value, slope=0):
        self.value, self.slope = Fraction(value), Fraction(slope)

    @staticmethod
    def lift(x):
        return x if isinstance(x, Dual) else Dual(int(x) if isinstance(x, np.bool) else x)

    def __add__(self, other):
        other = Dual.lift(other)
        return Dual(self.value + other.value, self.slope + other.slope)

    def __mul__(self, other):
        other = Dual.lift(other)
        return Dual(self.value * other.value, self.value * other.slope + self.slope * other.value)

    def __truediv__(self, other):
        other = Dual.lift(other)
        y = self.value / other.value
        return Dual(y, (self.slope - y * other.slope) / other.value)

    def __pow__(self, n):
        if isinstance(n, Dual) and n.slope == 0:
            n = n.value
        if isinstance(n, Dual) or n != int(n):
            raise IrrationalError
        return math.prod([self] * int(n), start=Dual(1)) if n >= 0 else 1 / self**-n

    def __floordiv__(self, other):
        return Dual(self.value // Dual.lift(other).value)

    def __mod__(self, other):
        return self - other * (self // other)

    def __neg__(self):
        return Dual(-self.value, -self.slope)

    def __pos__(self):
        return self

    def __abs__(self):
        return -self if self.value < 0 else self

    def __trunc__(self):
        return math.trunc(self.value)

    def __sub__(self, other):
        return self + -Dual.lift(other)

    def __rsub__(self, other):
        return Dual.lift(other) - self

    def __rtruediv__(self, other):
        return Dual.lift(other) / self

    def __rmod__(self, other):
        return Dual.lift(other) % self

    def __rfloordiv__(self, other):
        return Dual.lift(other) // self

    def __rpow__(self, other):
        return Dual.lift(other) ** self

    __radd__, __rmul__ = __add__, __mul__
    __hash__ = None

    def conjugate(self):
        return self

    def __repr__(self):
        return f"{float(self.value)} + {float(self.slope)} ε"


def _compare(relation):
    def compare(self, other):
        return relation(self.value, other.value if isinstance(other, Dual) else other)

    return compare


for relation in ("eq", "ne", "lt", "le", "gt", "ge"):
    setattr(Dual, f"__{relation}__", _compare(getattr(operator, relation)))


# ---- arrays of them ------------------------------------------------------------------------------


class Exact(np.ndarray):
    """An array of duals or of numbers of 160 digits, also where NumPy knows only floats.

    A result with one entry is an array too, as it is in a rule.
    """

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        inputs = [x.view(np.ndarray) if isinstance(x, Exact) else x for x in inputs]
        out = options.get("out", ())
        options.update({"out": tuple(x.view(np.ndarray) for x in out)} if out else {})
        if method == "__call__" and ufunc in ENTRYWISE:
            ufunc = np.frompyfunc(ENTRYWISE[ufunc], ufunc.nin, 1)
        return exact(getattr(ufunc, method)(*inputs, **options))

    def __array_function__(self, function, types, args, kwargs):
        if function in FUNCTIONS:
            return exact(FUNCTIONS[function](*args, **kwargs))
        return exact(super().__array_function__(function, types, args, kwargs))

    def __getitem__(self, index):
        return exact(super().__getitem__(index))


def exact(y):
    """Return an array of objects, or one object, as an `Exact`; other results as they are."""
    if isinstance(y, (Dual, MP.mpf)):
        box = np.empty((), object)
        box[()] = y
        return box.view(Exact)
    return y.view(Exact) if isinstance(y, np.ndarray) and y.dtype == object else y


def mapped(f, x):
    """Return f(entry) for all entries of `x`."""
    return exact(np.frompyfunc(f, 1, 1)(np.asarray(x, object)))


def _digits(f):
    """Return `f` of numbers of 160 digits; a dual has no value of it."""

    def entrywise(*xs):
        if any(isinstance(x, Dual) for x in xs):
            raise IrrationalError
        return f(*map(MP.mpf, map(_plain, xs)))

    return entrywise


def _plain(x):
    return float(x) if isinstance(x, (np.number, np.bool, bool)) else x


def _log_of_sum(x, y, scale=1):
    return MP.log(MP.exp(scale * x) + MP.exp(scale * y)) / scale


# The doubles that the rules have for ln 2 and the like are the constants of the functions too.
# `test_constants_are_right_to_the_last_bit` compares these with numbers of 160 digits.
LN2, LN10, DEGREE = elementwise.LN2, elementwise.LN10, Fraction(elementwise.DEGREE)

CIRCULAR = ("sin", "cos", "tan", "sinh", "cosh", "tanh")
ENTRYWISE = {
    **{getattr(np, name): _digits(getattr(MP, name))
       for name in ("exp", "expm1", "log", "log1p", "sqrt", "cbrt", "hypot", *CIRCULAR)},
    **{getattr(np, f"arc{name}"): _digits(getattr(MP, f"a{name}"))
       for name in (*CIRCULAR, "tan2")},
    np.exp2: _digits(lambda x: MP.exp(x * LN2)),
    np.log2: _digits(lambda x: MP.log(x) / LN2),
    np.log10: _digits(lambda x: MP.log(x) / LN10),
    np.logaddexp: _digits(_log_of_sum),
    np.logaddexp2: _digits(lambda x, y: _log_of_sum(x, y, LN2)),
    np.deg2rad: lambda x: x * DEGREE,
    np.rad2deg: lambda x: x / DEGREE,
    np.fabs: abs,
    np.signbit: lambda x: x < 0,
    np.copysign: lambda x, y: abs(x) if y >= 0 else -abs(x),
    np.heaviside: lambda x, y: y if x == 0 else Dual(int(x > 0)),
    np.trunc: math.trunc,
    np.fmod: lambda x, y: x - y * math.trunc(x / y),
    np.isnan: lambda x: x != x,
    np.isfinite: lambda x: abs(x) < math.inf,
}  # fmt: skip

for _ufunc, _f in ENTRYWISE.items():  # NumPy calls these methods for plain arrays of objects
    setattr(Dual, _ufunc.__name__, _f)
    setattr(MP.mpf, _ufunc.__name__, _f)


# ---- linear algebra: definitions for matrices of at most a few rows ------------------------------


def _sign(order):
    return (-1) ** sum(i > j for i, j in itertools.combinations(order, 2))


def _det(a):
    """Return Σ sign(σ) Π a_{i, σ(i)} over all permutations σ."""
    n = len(a)
    return sum(
        math.prod((a[i, j] for i, j in enumerate(order)), start=_sign(order))
        for order in itertools.permutations(range(n))
    )


def _inv(a):
    """Return the cofactors, transposed, divided by the determinant."""
    n, y = len(a), np.empty_like(a)
    for i, j in np.ndindex(n, n):
        minor = np.delete(np.delete(a, j, 0), i, 1)
        y[i, j] = (-1) ** (i + j) * _det(minor) / _det(a)
    return y


def _pinv(a):
    """Return the pseudo-inverse of a matrix of full rank."""
    return _inv(a.T @ a) @ a.T if len(a) >= a.shape[1] else a.T @ _inv(a @ a.T)


def _cholesky(a):
    low = np.zeros_like(a)
    for i in range(len(a)):
        for j in range(i + 1):
            rest = a[i, j] - low[i, :j] @ low[j, :j]
            low[i, j] = _SQRT(rest) if i == j else rest / low[j, j]
    return low


def _qr(a):
    """Return Q and R below each other by the method of Gram and Schmidt."""
    q = a.copy()
    for j in range(a.shape[1]):
        q[:, j] = a[:, j] - q[:, :j] @ (q[:, :j].T @ a[:, j])
        q[:, j] = q[:, j] / _SQRT(q[:, j] @ q[:, j])
    return q, np.triu(q.T @ a)


def _eigh(a):
    _require_digits(a)
    values, vectors = MP.eigsy(MP.matrix(a.tolist()))
    return _plain_array(values)[:, 0], _plain_array(vectors)


def _svd(a):
    _require_digits(a)
    u, s, vh = MP.svd_r(MP.matrix(a.tolist()), full_matrices=False)
    return _plain_array(u), _plain_array(s)[:, 0], _plain_array(vh)


def _require_digits(a):
    if any(isinstance(x, Dual) for x in a.flat):
        raise IrrationalError


def _plain_array(matrix):
    rows = matrix.tolist()
    y = np.empty((matrix.rows, matrix.cols), object)
    for i, j in np.ndindex(y.shape):
        y[i, j] = rows[i][j]
    return y


_SQRT = ENTRYWISE[np.sqrt]


def _each(f):
    """Return `f` for a stack of matrices; it may return a tuple."""

    def stacked(a):
        a = np.asarray(a, object)
        found = [f(a[i]) for i in np.ndindex(a.shape[:-2])]
        several = isinstance(found[0], tuple) if found else False
        parts = [_stack(part, a.shape[:-2]) for part in (zip(*found) if several else [found])]
        return tuple(parts) if several else parts[0]

    return stacked


def _stack(parts, shape):
    parts = [np.asarray(part, object) for part in parts]
    return exact(np.stack(parts).reshape(shape + parts[0].shape))


def _symmetric(a, uplo):
    a = np.asarray(a, object)
    a = a if uplo.upper() == "L" else np.swapaxes(a, -1, -2)
    strict = np.tri(a.shape[-1], k=-1, dtype=bool)
    return np.where(np.tri(a.shape[-1], dtype=bool), a, 0) + np.swapaxes(
        np.where(strict, a, 0), -1, -2
    )


def _norm(x, ord=None, axis=None, keepdims=False):
    if ord is None:
        return np.sqrt(np.sum(x * x, axis=axis, keepdims=keepdims))
    return np.sum(_power(abs(x), ord), axis=axis, keepdims=keepdims) ** (1 / MP.mpf(ord))


def _power(x, p):
    _require_digits(x)
    return x ** MP.mpf(p)


def _inverse(a):
    return _each(_inv)(a) if np.size(a) else a


FUNCTIONS = {
    np.linalg.det: _each(_det),
    np.linalg.inv: _inverse,
    np.linalg.solve: lambda a, b: _inverse(a) @ b,
    np.linalg.pinv: lambda a, rcond=None, hermitian=False: _each(_pinv)(
        _symmetric(a, "L") if hermitian else a
    ),
    np.linalg.lstsq: lambda a, b, rcond: (_each(_pinv)(a) @ b,),
    np.linalg.slogdet: lambda a: (None, np.log(abs(_each(_det)(a)))),
    np.linalg.cholesky: lambda a, upper=False: (
        np.swapaxes(_each(_cholesky)(np.swapaxes(a, -1, -2)), -1, -2)
        if upper
        else _each(_cholesky)(a)
    ),
    np.linalg.qr: lambda a: _each(_qr)(a),
    np.linalg.eigh: lambda a, UPLO="L": _each(_eigh)(_symmetric(a, UPLO)),
    np.linalg.eigvalsh: lambda a, UPLO="L": _each(_eigh)(_symmetric(a, UPLO))[0],
    np.linalg.svd: lambda a, full_matrices=False, compute_uv=True: (
        _each(_svd)(a) if compute_uv else _each(_svd)(a)[1]
    ),
    np.linalg.norm: _norm,
}


# ---- the proof of one rule -----------------------------------------------------------------------


class Fractions:
    """Duals of fractions; J v is the slope of the result."""

    label = "exactly"

    @staticmethod
    def number(x):
        return Dual(x)

    @staticmethod
    def derivative(f, x, v):
        y = f(exact(np.frompyfunc(lambda a, b: Dual(a.value, b.value), 2, 1)(x, v)))
        return mapped(lambda entry: Dual(Dual.lift(entry).slope), y)

    @staticmethod
    def agree(a, b):
        return a == b


class Digits:
    """Numbers of 160 digits; J v is a central difference."""

    label = "to 50 digits"

    @staticmethod
    def number(x):
        return MP.mpf(_plain(x))

    @staticmethod
    def derivative(f, x, v):
        return (f(x + STEP * v) - f(x - STEP * v)) / (2 * STEP)

    @staticmethod
    def agree(a, b):
        return abs(a - b) <= TOLERANCE * (1 + abs(a))


def prove(node, position):
    """Prove the rule of one argument at one node of a tape. Return how it was proved."""
    try:
        return _prove(node, position, Fractions)
    except IrrationalError:
        return _prove(node, position, Digits)


def _prove(node, position, numbers):
    op, kwargs = node.op, node.kwargs
    args = [_argument(x, numbers) for x in node.inputs]
    draw = random.Random(f"{op.name} {position}")
    v = _random(np.shape(args[position]), draw, numbers)
    forward = function_of(op)

    def along(x):
        y = forward(*args[:position], x, *args[position + 1 :], **kwargs)
        return exact(np.asarray(y, object))

    y = mapped(lambda entry: numbers.number(getattr(entry, "value", entry)), along(args[position]))
    g = _random(y.shape, draw, numbers)
    expected = _inner(g, numbers.derivative(along, args[position], v), numbers)
    rule = next(itertools.islice(op.vjps, position, None))
    for residuals in _residuals(op, args, kwargs):
        c = rule(g, y, *args, **kwargs, **residuals)
        found = _inner(c, np.broadcast_to(v, np.shape(c)), numbers)
        if not numbers.agree(expected, found):
            call = f"{op.name} of {[np.shape(x) for x in args]} {kwargs}"
            raise AssertionError(f"{call}: ⟨g, Jv⟩ = {expected}, but ⟨rule(g), v⟩ = {found}")
    return numbers.label


def function_of(op):
    """Return the function of a primitive: for a fused node, the graph that it replaces."""
    if op.name in FORWARD:
        return FORWARD[op.name]
    return op.unfused or op.forward


def _pow(a, b):
    """Return a ** b. A plain number a has the logarithm of its rule, a double."""
    return np.exp(b * float(np.log(a))) if isinstance(a, (int, float)) else a**b


#: name of a primitive -> its function, where that of the package would round
FORWARD = {"astype": lambda x, dtype: x, "pow": _pow}


def _residuals(op, args, kwargs):
    """Return the keywords of the rule: without residuals, and with those of forward."""
    if not op.residuals or op.name == "SoftmaxCrossEntropy":  # whose rows are computed in floats
        return [{}]
    residuals = op.forward(*args, **kwargs)[1]
    return [{}] if residuals is None else [{}, {"residuals": residuals}]


def _argument(x, numbers):
    """Return a tensor's array in these numbers; an option as it is."""
    if not isinstance(x, ag.Tensor) and not (isinstance(x, np.ndarray) and x.dtype.kind == "f"):
        return x
    data = x.numpy() if isinstance(x, ag.Tensor) else x
    return mapped(lambda entry: numbers.number(float(entry)), data)


def _random(shape, draw, numbers):
    y = np.empty(shape, object)
    for i in np.ndindex(*shape):
        y[i] = numbers.number(draw.choice([-1, 1]) * draw.randint(1, 10**6))
    return y.view(Exact)


def _inner(a, b, numbers):
    total = numbers.number(0)
    for x, y in zip(np.ravel(a).tolist(), np.ravel(b).tolist()):
        total = total + x * y
    return total


# ---- all rules -----------------------------------------------------------------------------------

#: options of primitives that no case of `tests/cases.py` has
OPTIONS = [
    *(Case(text.split("(")[0].split(".")[-1], f"n.{text}", matrix(*shape))
      for shape in [(3, 3), (2, 2, 2)]
      for text in ("linalg.cholesky(a, upper=True)", "linalg.pinv(a, hermitian=True)")),
    *(Case(text.split("(")[0].split(".")[-1], f"n.{text}", real(3, 2, 4)) for text in (
        "take(a, [-1, 4, 2], 0, mode='wrap')", "take(a, [-1, 9], -1, mode='clip')",
        "take(a, [0, 9, -3], mode='wrap')", "take(a, 1, axis=1)", "take(a, [[1], [0]], axis=-2)",
        "sort(a, axis=1, kind='stable')", "partition(a, [0, 2], axis=-1)",
        "unwrap(a, discont=0.5, axis=1)", "nan_to_num(a, nan=1.0, posinf=2.0)",
        "roll(a, (1, 2), axis=(0, 0))", "roll(a, -7)", "roll(a, 1, -1)", "rot90(a, -1, (2, 0))",
        "flip(a, (0, -1))", "moveaxis(a, (0, 1), (-1, 0))", "rollaxis(a, 2, 1)",
        "diagonal(a, 1, 2, 0)", "diagonal(a, -1, axis1=0, axis2=2)", "repeat(a, 2, axis=-1)",
        "delete(a, slice(0, 2), axis=-1)", "delete(a, [True, False, True], 0)", "delete(a, -1)",
        "tile(a, (2, 1, 1, 3))", "fft.fftshift(a, (0, 2))", "fft.ifftshift(a, axes=-1)",
        "cumsum(a, axis=-2)", "cumprod(a, axis=-3)", "transpose(a, (2, -3, 1))",
        "take_along_axis(a, n.array([1, 5, 1]), axis=None)", "squeeze(a[:, :1], axis=1)",
        "expand_dims(a, (0, -1, 2))", "norm(a, axis=(0, -1))", "norm(a, axis=1, keepdims=True)",
        "power_norm(a, 1.5, axis=-1)", "prod(a, axis=(2, 0))", "max(a, axis=(0, 1))",
        "logsumexp(a, axis=(0, -1))", "concatenate([a, a * 2], axis=-2)", "where(a > 1, a, 0)",
        "scatter(a, (slice(None), [1, 1]), (3, 5, 4))", "stack([a, a * 2], axis=-2)",
    )),
    Case("getitem", "a[:, [0, 1], None, 1:]", real(3, 2, 4)),
    Case("getitem", "a[1, :, [0, 1, 1]]", real(3, 2, 4)),
    Case("getitem", "a[..., None, [[1], [0]], :]", real(3, 2, 4)),
    Case("einsum", "n.einsum('ij,jk,k->i', a, b, b[0], optimize=True)", real(2, 3), real(3, 3)),
    Case("einsum", "n.einsum('ij->j', a)", real(2, 3)),
    Case("einsum", "n.einsum('iij,j->i', a, b)", real(2, 2, 3), real(3)),
    Case("einsum", "n.einsum('...ij,kj->...k', a, b)", real(2, 2, 3), real(4, 3)),
    Case("solve", "n.linalg.solve(a, b)", matrix(2, 2), real(3, 2, 2)),
    Case("solve", "n.linalg.solve(a, b)", matrix(3, 2, 2), real(1, 2, 1)),
    Case("lstsq", "n.linalg.lstsq(a, b)[0]", matrix(3, 3), real(3, 2)),
    Case("det", "n.linalg.det(n.stack([a, a * n.array([1.0, 0.0])]))", matrix(2, 2)),
    Case("pow", "a ** -3.0", real(3)), Case("pow", "a ** n.int64(3)", real(3)),
    Case("pow", "a ** n.array([[0], [-1]])", real(3)), Case("pow", "3 ** a", real(3)),
    Case("pow", "n.array([2.0, 0.5, 3.0]) ** a", real(3)),
    Case("fmod", "n.fmod(a, 0.3)", real(3)), Case("mod", "a % -0.3", real(3)),
    Case("heaviside", "n.heaviside(n.array([[0.0], [1.0]]), a)", real(3)),
    Case("copysign", "n.copysign(a, -1.0)", real(3)),
]  # fmt: skip


def ruled_arguments(op):
    if isinstance(op.vjps, ag.VariadicRule):
        return [0]
    return [i for i, rule in enumerate(op.vjps) if rule is not None]


for _package in (functional, ops):
    for _module in pkgutil.iter_modules(_package.__path__, f"{_package.__name__}."):
        importlib.import_module(_module.name)


def is_of_the_package(op):
    """Return whether the first rule is defined in the package: tests make primitives too."""
    variadic = isinstance(op.vjps, ag.VariadicRule)
    rules = [op.vjps.rule_for] if variadic else [rule for rule in op.vjps if rule]
    return any(rule.__module__.startswith("autograd_mini.") for rule in rules[:1])


#: (name, argument) of every rule in the package. Rules for any number of arguments count as one.
ALL_RULES = {
    (op.name, i)
    for op in registry._NAMED.values()
    if is_of_the_package(op)
    for i in ruled_arguments(op)
}


def nodes(cases, calls_of_fused):
    """Yield every node that the cases record, and one for each call of a fused node."""
    for case in (*cases, *OPTIONS):
        y = case.f(TAPE, *map(leaf, case.inputs))
        yield from (t for t in y.tape() if t.op is not None)
    fused = {op.name: op for op in FUSED}
    for name, calls in calls_of_fused.items():
        for args, kwargs in calls:
            yield fused[name](*(leaf(x) if x.dtype.kind == "f" else x for x in args), **kwargs)
    yield elementwise.alias(leaf())  # only transforms record it
    yield elementwise.sign(leaf([0.5, -2.0]))  # only the rule of abs records it


def _masked_by_digits(z, where):
    """Do what `mask_logits` does. The -∞ of objects has a method `exp`, which a float lacks."""
    nothing = MP.mpf("-inf") if z.dtype == object else -np.inf
    return z if where is None else np.where(where, z, nothing)


@mock.patch.object(softmax, "mask_logits", _masked_by_digits)
@mock.patch.object(arrays, "_ARITHMETIC", ())  # else a primitive in a rule refuses an `Exact`
def prove_all(nodes):
    """Prove the rules of all arguments of the nodes. Return (name, argument) -> how."""
    proved = {}
    for node in nodes:
        several = isinstance(node.op.vjps, ag.VariadicRule)
        for i in range(len(node.inputs)) if several else ruled_arguments(node.op):
            if i >= len(node.inputs):  # an optional argument, such as a bias
                continue
            if node.op.name not in SAMPLED and getattr(node.inputs[i], "requires_grad", False):
                rule = node.op.name, 0 if several else i
                label = prove(node, i)
                proved[rule] = label if proved.get(rule) != Digits.label else Digits.label
    return proved


def summary(proved):
    """Return the share of proved rules, and the others with the reason, as one line."""
    how = [proved[rule] for rule in ALL_RULES if rule in proved]
    kinds = ", ".join(f"{how.count(k.label)} {k.label}" for k in (Fractions, Digits))
    sampled = "; ".join(f"{name} ({why})" for name, why in SAMPLED.items())
    share = f"{len(how)} of {len(ALL_RULES)} rules ({len(how) / len(ALL_RULES):.0%})"
    return f"{share} are proved: {kinds}. Only sampled: {sampled}."


def main():
    proved = prove_all(nodes(CASES, FUSED_CASES))
    for name, i in sorted(ALL_RULES):
        print(f"{name:30} argument {i}  {proved.get((name, i)) or SAMPLED.get(name, 'no case')}")
    print(summary(proved))


if __name__ == "__main__":
    main()
