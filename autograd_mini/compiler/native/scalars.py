"""NumPy's elementwise functions for single numbers of C."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...notation.c import TYPES
from ...notation.expression import Call, Constant, Expression, Name

#: functions that C has an operator or a template for
_OPERATORS = {
    "add": "add", "subtract": "sub", "multiply": "mul", "divide": "div", "negative": "neg",
    "logical_not": "not", "where": "where", "logical_and": "logical_and",
    "logical_or": "logical_or", "bitwise_and": "bits_and", "bitwise_or": "bits_or",
    **{name: name for name in ("equal", "not_equal", "less", "less_equal", "greater",
                               "greater_equal")},
}  # fmt: skip
#: functions that NumPy and math.h give the same name
_SHARED = """
    exp2 expm1 log2 log10 sqrt cbrt sin cos tan sinh cosh trunc floor ceil hypot copysign fmod
    fmax fmin fabs
"""
#: functions of math.h, or of ours, that end in f for float
_FUNCTIONS = {
    **{name: name for name in _SHARED.split()},
    **{f"arc{name}": f"a{name}" for name in ["sin", "cos", "tan", "sinh", "cosh", "tanh", "tan2"]},
    "exp": "am_exp", "log": "am_log", "tanh": "am_tanh", "power": "pow", "absolute": "fabs",
}  # fmt: skip
#: functions that `mathematics.c` has for all entries of an array; others are those of math.h
OF_ARRAYS = ("sin", "cos")
#: functions of math.h that only our functions call
_MORE = ("exp", "log", "fma")
_CLASSES = {"isfinite", "isnan", "isinf", "signbit"}
#: functions that C lacks; T is the type, F the ending of the names of math.h's functions
_HELPERS = {
    "maximum": "T maximum(T a, T b) { return a > b || a != a ? a : b; }",
    "minimum": "T minimum(T a, T b) { return a < b || a != a ? a : b; }",
    "absolute": "T absolute(T x) { return x < 0 ? -x : x; }",
    "square": "T square(T x) { return x * x; }",
    "sign": "T sign(T x) { return x > 0 ? 1 : x < 0 ? -1 : x == 0 ? 0 : x; }",
    "heaviside": "T heaviside(T x, T h) { return x != x ? x : x > 0 ? 1 : x < 0 ? 0 : h; }",
    # W. Kahan's formula: the error of log(u) is that of x / (u - 1)
    "log1p": """T log_1p(T x) {
  T u = 1 + x, d = u - 1;
  return u == 1 ? x : d == x ? am_logF(u) : am_logF(u) * (x / d);
}""",
    "logaddexp": """T logaddexp(T a, T b) {
  return a == b ? a + logF(2) : a > b ? a + log1pF(expF(b - a)) : b + log1pF(expF(a - b));
}""",
    "logaddexp2": """T logaddexp2(T a, T b) {
  T small = log1pF(exp2F(a > b ? b - a : a - b));
  return a == b ? a + 1 : (a > b ? a : b) + (T)1.4426950408889634 * small;
}""",
    "remainder": """T remainder_(T a, T b) {
  T r = fmodF(a, b);
  return r == 0 ? copysignF(0, b) : (r < 0) != (b < 0) ? r + b : r;
}""",
    "floor_divide": """T floor_divide(T a, T b) {
  if (b == 0) return a / b;
  T r = fmodF(a, b), q = (a - r) / b - (r != 0 && (r < 0) != (b < 0));
  if (q == 0) return copysignF(0, a / b);
  return floorF(q) + (q - floorF(q) > (T)0.5);
}""",
}
_INTEGER_HELPERS = {
    **{name: _HELPERS[name] for name in ("absolute", "square", "sign")},
    "maximum": "T maximum(T a, T b) { return a > b ? a : b; }",
    "minimum": "T minimum(T a, T b) { return a < b ? a : b; }",
    "remainder": """T remainder_(T a, T b) {
  T r = b == 0 || b == -1 ? 0 : a % b;
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}""",
    "floor_divide": """T floor_divide(T a, T b) {
  if (b == 0 || b == -1) return b == 0 ? 0 : -a;
  return a / b - (a % b != 0 && (a < 0) != (b < 0));
}""",
}
#: names of functions that a `map` of floats, or of integers, may have
_OF_FLOATS = {
    *_OPERATORS, *_FUNCTIONS, *_CLASSES, *_HELPERS, "reciprocal", "deg2rad", "rad2deg",
}  # fmt: skip
_OF_INTEGERS = {*_OPERATORS, *_INTEGER_HELPERS, "trunc", "floor", "ceil"}


def is_long(name: str, dtype: Any) -> bool:
    """Return whether C inlines a long function, of `mathematics.c`."""
    return dtype.kind == "f" and _FUNCTIONS.get(name, "").startswith("am_")


def is_known(name: str, dtype: Any) -> bool:
    """Return whether C has a function for numbers of a dtype."""
    return name in (_OF_FLOATS if dtype.kind == "f" else _OF_INTEGERS)


def scalar(name: str, taken: Sequence[Any], dtype: Any, parts: Sequence[Expression]) -> Expression:
    """Return a function of numbers, which are of the dtypes `taken`, as an expression of C."""
    kind = taken[0]
    end = ending(kind)
    if name in ("copy", "pack"):
        return parts[0]
    if name == "cast":
        return Call("cast", [parts[0], Name(TYPES[dtype.name])])
    if name in _CLASSES:
        return Call("not_equal", [Call(name, parts), Constant(np.int64(0))])
    if name == "reciprocal":
        return Call("div", [Constant(kind.type(1)), *parts])
    if name in ("deg2rad", "rad2deg"):
        factor = kind.type(np.pi) / kind.type(180)
        factor = factor if name == "deg2rad" else kind.type(180) / kind.type(np.pi)
        return Call("mul", [*parts, Constant(factor)])
    if name == "power" and (simple := _power(parts, end)):
        return simple
    if name == "square" and isinstance(parts[0], Name):
        return scalar("multiply", [kind, kind], dtype, [*parts, *parts])
    if name in ("trunc", "floor", "ceil") and kind.kind != "f":
        return parts[0]
    if kind.kind == "b" and name.startswith("bitwise"):
        return Call(name.replace("bitwise", "logical"), parts)
    if name in _OPERATORS:
        made = Call(_OPERATORS[name], parts)
        narrow = dtype.itemsize < 4 and name in ("add", "subtract", "multiply", "negative")
        return Call("cast", [made, Name(TYPES[dtype.name])]) if narrow else made
    if name in _FUNCTIONS and kind.kind == "f":
        return Call(_FUNCTIONS[name] + end, parts)
    return Call(helper_name(name, kind), parts)


#: functions of ours that have the name of another one in math.h
_RENAMED = {"remainder": "remainder_", "log1p": "log_1p"}


def ending(dtype: Any) -> str:
    """Return the end of the names of functions for numbers of a dtype; it is empty for double."""
    return {"float64": "", "float32": "f"}.get(dtype.name, f"_{dtype.name}")


def helper_name(name: str, dtype: Any) -> str:
    """Return the name of one of our functions for numbers of a dtype."""
    return _RENAMED.get(name, name) + ending(dtype)


def function_names() -> set[str]:
    """Return the names of all functions that an expression may call."""
    helpers = {helper_name(name, np.dtype(dtype)) for name in _HELPERS for dtype in TYPES}
    of_math = {name + end for name in (*_FUNCTIONS.values(), *_MORE) for end in ("", "f")}
    return helpers | of_math | _CLASSES


def _power(parts: Sequence[Expression], end: str) -> Expression | None:
    """Write powers that need no call of pow: x x, x x x, and the root."""
    x, n = parts
    if not isinstance(n, Constant) or np.ndim(n.value):
        return None
    if n.value == 2:
        return Call("mul", [x, x]) if isinstance(x, Name) else Call("square" + end, [x])
    if n.value == 3 and isinstance(x, Name):
        return Call("mul", [Call("mul", [x, x]), x])
    return Call("sqrt" + end, [x]) if n.value == 0.5 else None


def definitions(text: str) -> str:
    """Return the definitions of our functions that a text calls."""
    found = []
    words = set(re.findall(r"\w+", re.sub("//.*", "", text)))
    for dtype, ctype in TYPES.items():
        kind = np.dtype(dtype)
        for name, body in (_HELPERS if kind.kind == "f" else _INTEGER_HELPERS).items():
            own = helper_name(name, kind)
            if own in words:
                body = re.sub(rf"\b{_RENAMED.get(name, name)}\b", own, body)
                body = re.sub(r"(?<=[a-z0-9])F\b", "f" if kind == np.float32 else "", body)
                found.append("static inline " + re.sub(r"\bT\b", ctype, body) + "\n")
    return "".join(found)
