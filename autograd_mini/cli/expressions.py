"""Evaluate expressions of the command line, such as ``-sum(y * log(exp(z) / sum(exp(z))))``.

An expression is parsed. It may contain only the kinds of syntax that are on a whitelist. It is
computed with NumPy's functions and those of this library. `limits` bounds the time and the memory.
NumPy releases the interpreter lock, and Python's long integers do not. So long whole numbers become
floats, and arrays of objects are refused.
"""

from __future__ import annotations

import ast
import concurrent.futures
import difflib
import math
import operator
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Mapping
from keyword import iskeyword
from types import SimpleNamespace
from typing import Any

import numpy as np

import autograd_mini as ag

from ..core.messages import one_line
from ..core.registry import PRIMITIVES
from ..core.tensor import Tensor
from ..text.format import truncate
from .limits import limited_memory, run_within

MAX_SECONDS = 10
MAX_BYTES = 2**31
MAX_ENTRIES = 10**7  # of one array; a view made by broadcast_to can have more without using memory

_REMEDIES: dict[type[ast.AST], str] = {
    ast.IfExp: ": write where(condition, a, b)",
    ast.Compare: ": write one comparison at a time",
    ast.BoolOp: ": write logical_and(a, b) or logical_or(a, b)",
}
_METHODS = """T abs astype clip cos cumprod cumsum diagonal dot exp flatten log logsumexp mT max
    mean min ndim prod ravel relu repeat reshape sigmoid sin size sqrt square squeeze std sum
    swapaxes take tanh trace transpose var"""


class ExpressionError(ValueError):
    """An expression that cannot be computed; the message says why in one line."""


def tensors(assignments: Mapping[str, str]) -> dict[str, Tensor]:
    """Return leaves from texts: ``2,1,0.1`` is a vector, ``1,2;3,4`` a matrix, ``2`` a number."""
    # Python's parser normalizes names in the same way: ℓ is l
    return {unicodedata.normalize("NFKC", n): _tensor(n, text) for n, text in assignments.items()}


def _tensor(name: str, text: str) -> Tensor:
    if not name.isidentifier() or iskeyword(name):
        raise ExpressionError(f"{name!r} cannot be the name of a tensor. Write --let z=2,1,0.1")
    try:
        rows = [[float(x) for x in row.split(",")] for row in text.split(";")]
    except ValueError:
        raise ExpressionError(
            f"{name}={text!r}: expected numbers. Write --let {name}=2,1,0.1 or {name}=1,2;3,4"
        ) from None
    if len({len(row) for row in rows}) > 1:
        raise ExpressionError(f"the rows of {name}={text!r} have different lengths")
    data = np.array(rows if ";" in text else rows[0] if "," in text else rows[0][0])
    return Tensor(data, requires_grad=True, name=name)


def evaluate(
    text: str, names: Mapping[str, Any], use: Callable[[Any], Any] = lambda value: value
) -> Any:
    """Return what `use` makes of the value of an expression, the value itself by default.

    A name in `names` goes before a function of that name. Time and memory are limited in `use` too,
    because the gradients for a picture can take longer than the value.
    """
    if not text.strip():
        raise ExpressionError("the expression is empty")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        known = {**_FUNCTIONS, **names}
        with np.errstate(all="ignore"), limited_memory(MAX_BYTES):
            value = _within(MAX_SECONDS, lambda: _bounded(_value(tree, known)))
            return _within(2 * MAX_SECONDS, lambda: use(value))
    except MemoryError:
        reason = "the arrays of the expression are too large"
    except RecursionError:
        reason = "the expression is nested too deeply"
    except SyntaxError as error:
        reason = f"{error.msg}: {text.strip():.60}"
    except ExpressionError as error:
        reason = str(error)
    except Exception as error:  # NumPy raises errors of many kinds for bad arguments
        reason = first_line(error)
    raise ExpressionError(short(reason).rstrip("."))


def _within(seconds: float, compute: Callable[[], Any]) -> Any:
    try:
        return run_within(seconds, compute)
    except concurrent.futures.TimeoutError:
        raise ExpressionError(f"the expression takes more than {seconds} seconds") from None


def first_line(error: Exception) -> str:
    """Return the message of an error without the lines that follow, such as references."""
    reason = error.args[-1] if isinstance(error, OverflowError) else error
    return short(str(reason).partition("\n")[0])


def short(message: str, columns: int = 400) -> str:
    """Return a message in one line. It may quote an argument of any length, which is cut."""
    words = one_line(message).split(" ")
    longest = columns // 4
    return truncate(" ".join(w if len(w) <= longest else f"{w[:longest]}…" for w in words), columns)


def _value(node: ast.AST, names: Mapping[str, Any]) -> Any:
    """Compute a node of the syntax tree. Raise ExpressionError if it is not on the whitelist."""
    match node:
        case ast.Constant(value=value) if not isinstance(value, (complex, bytes)):
            if isinstance(value, str) and _names_objects(value):
                raise _error(node, "arrays of objects are not allowed")
            return _short(value)
        case ast.Name(id=name):
            if name not in names and name in vars(_NP.linalg):
                raise _error(node, f"unknown name {name!r}", f". Write linalg.{name}")
            if name not in names:
                remedy = _nearest(name, names) or f" If it is a tensor, write --let {name}=2,1,0.1"
                raise _error(node, f"unknown name {name!r}", f".{remedy}")
            return names[name]
        case ast.Attribute(value=owner, attr=name):
            x = _value(owner, names)
            allowed = vars(x) if isinstance(x, SimpleNamespace) else _METHODS.split()
            if name not in allowed:
                raise _error(node, f"unknown name {name!r}", f".{_nearest(name, allowed)}")
            return getattr(x, name)
        case ast.Call(func=f, args=args, keywords=keywords) if all(k.arg for k in keywords):
            options = {str(k.arg): _value(k.value, names) for k in keywords}
            function = _value(f, names)
            if isinstance(function, SimpleNamespace):
                some = ", ".join(list(vars(function))[:3])
                name = ast.unparse(f)
                raise _error(f, f"{name} is a module, not a function", f". It contains {some}")
            return _bounded(function(*[_value(a, names) for a in args], **options))
        case ast.Subscript(value=x, slice=index):
            return _value(x, names)[_value(index, names)]
        case ast.Slice(lower=start, upper=stop, step=step):
            return slice(*(end and _value(end, names) for end in (start, stop, step)))
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            kind = tuple if isinstance(node, ast.Tuple) else list
            return kind([_value(part, names) for part in parts])
        case ast.UnaryOp(op=op, operand=x) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_value(x, names))
        case ast.BinOp(left=a, op=op, right=b) | ast.Compare(left=a, ops=[op], comparators=[b]) if (
            type(op) in _OPERATORS
        ):
            operands = _value(a, names), _value(b, names)
            if any(isinstance(x, (list, tuple, str)) for x in operands):
                raise _error(node, "an operator takes only numbers and arrays")
            return _short(_OPERATORS[type(op)](*operands))
    remedy = _REMEDIES.get(type(node), "")
    raise _error(node, f"an expression cannot contain {ast.unparse(node):.40}", remedy)


def _names_objects(text: str) -> bool:
    """Return whether NumPy takes a text as a dtype of objects, such as ``"O8"`` or ``"i4,O"``."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about "a", an old name of a dtype
            return np.dtype(text).hasobject
    except (TypeError, ValueError, SyntaxError):  # not a dtype
        return False


def _short(value: Any) -> Any:
    """Return a whole number of more than 63 bits as a float. NumPy would make an object of it."""
    is_long = isinstance(value, int) and value.bit_length() > 63
    return float(value) if is_long else value


def _power(a: Any, b: Any) -> Any:
    """Compute ``a ** b``, as a float if whole numbers get long: 9**9**9 would take hours."""
    if isinstance(a, int) and isinstance(b, int) and a.bit_length() * b > 63:
        a = float(a)
    return a**b


def _error(node: ast.AST, problem: str, remedy: str = "") -> ExpressionError:
    return ExpressionError(f"{problem} (column {getattr(node, 'col_offset', 0) + 1}){remedy}")


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" Did you mean {near[0]}?" if near else ""


def _bounded(value: Any) -> Any:
    """Return a value if it consists of real numbers, and of at most `MAX_ENTRIES` of them."""
    if isinstance(value, (list, tuple)):
        return type(value)(map(_bounded, value)) if type(value) in (list, tuple) else value
    kind = value.dtype.kind if hasattr(value, "dtype") else np.asarray(value).dtype.kind
    if kind not in "biuf" and not callable(value):
        raise ValueError("the expression does not return real numbers")
    if getattr(value, "size", 1) > MAX_ENTRIES:
        raise ValueError(f"an array has more than {MAX_ENTRIES:,} entries")
    return value


def _functions_of(module: Any) -> dict[str, Any]:
    """Return the functions of a NumPy module that take tensors."""
    public = {name: f for name, f in vars(module).items() if name[0] != "_" and callable(f)}
    return {name: f for name, f in public.items() if f in PRIMITIVES}


_OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Add: operator.add, ast.Sub: operator.sub,
    ast.Mult: operator.mul, ast.Div: operator.truediv, ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod, ast.Pow: _power, ast.MatMult: operator.matmul, ast.Lt: operator.lt,
    ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}  # fmt: skip
_OURS = """batch_norm cross_entropy gelu gru_cell layer_norm linear log_softmax logsumexp lstm_cell
    lstm_output mse_loss nll_loss relu rms_norm sigmoid sigmoid_binary_cross_entropy softmax
    softmax_cross_entropy softplus stop_gradient"""
_CREATE = ["arange", "array", "eye", "full", "ones", "zeros"]
_AG = SimpleNamespace(**{name: getattr(ag, name) for name in _OURS.split()})
_NP = SimpleNamespace(
    **_functions_of(np),
    **{name: getattr(np, name) for name in _CREATE},
    **{"pi": math.pi, "e": math.e, "inf": math.inf, "newaxis": None},
    linalg=SimpleNamespace(**_functions_of(np.linalg)),
    fft=SimpleNamespace(**_functions_of(np.fft)),
)
_FUNCTIONS = {**vars(_NP), **vars(_AG), "np": _NP, "numpy": _NP, "ag": _AG}
