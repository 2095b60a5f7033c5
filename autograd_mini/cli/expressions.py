"""Evaluate expressions of the command line, such as ``-sum(y * log(exp(z) / sum(exp(z))))``.

An expression is parsed, every node of its syntax tree is checked against a whitelist, and then
Python evaluates the tree in a namespace that holds NumPy's functions of tensors and this library's.
`limits` bounds the time and the memory. NumPy releases the interpreter lock, and Python's long
integers do not. So powers of whole numbers are computed as floats, and objects are refused.
"""

from __future__ import annotations

import ast
import concurrent.futures
import difflib
import math
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from keyword import iskeyword
from types import SimpleNamespace
from typing import Any

import numpy as np

import autograd_mini as ag

from ..core.registry import PRIMITIVES
from ..core.tensor import Tensor
from ..text.format import one_line, truncate
from .limits import limited_memory, run_within

MAX_SECONDS = 10
MAX_BYTES = 2**31
MAX_ENTRIES = 10**7  # of one array; a view made by broadcast_to can have more without using memory

_NODES = (
    *(ast.Expression, ast.Name, ast.Constant, ast.Attribute, ast.Call, ast.keyword, ast.Subscript),
    *(ast.Slice, ast.Tuple, ast.List, ast.UnaryOp, ast.BinOp, ast.Compare, ast.Load),
    *(ast.USub, ast.UAdd, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow),
    *(ast.MatMult, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq),
)
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
    """Return leaves from texts: ``2,1,0.1`` is a vector, ``1,2;3,4`` a matrix, ``2`` a number.

    Parameters
    ----------
    assignments : mapping of str to str
        Name -> numbers.

    Raises
    ------
    ExpressionError
        If a name is not an identifier, a text is not numbers, or rows have different lengths.

    Examples
    --------
    >>> tensors({"z": "2,1,0.1"})["z"]
    Tensor([2. , 1. , 0.1], dtype=float64, name='z', requires_grad=True)
    """
    # Python's parser normalizes names in the same way: ℓ is l
    return {unicodedata.normalize("NFKC", n): _tensor(n, text) for n, text in assignments.items()}


def _tensor(name: str, text: str) -> Tensor:
    if not name.isidentifier() or iskeyword(name):
        raise ExpressionError(f"{name!r} is not a name for a tensor: write --let z=2,1,0.1")
    try:
        rows = [[float(x) for x in row.split(",")] for row in text.split(";")]
    except ValueError:
        raise ExpressionError(
            f"{name}={text!r} are not numbers: write --let {name}=2,1,0.1 or {name}=1,2;3,4"
        ) from None
    if len({len(row) for row in rows}) > 1:
        raise ExpressionError(f"the rows of {name}={text!r} have different lengths")
    data = np.array(rows if ";" in text else rows[0] if "," in text else rows[0][0])
    return Tensor(data, requires_grad=True, name=name)


def evaluate(text: str, names: Mapping[str, Any]) -> Any:
    """Return the value of an expression.

    Parameters
    ----------
    text : str
        Python's syntax, with NumPy's functions that take tensors (with or without ``np.``), this
        library's functions, ``pi`` and ``e``.
    names : mapping of str to anything
        More names. They take precedence over functions of the same name.

    Raises
    ------
    ExpressionError
        If the expression has another syntax, an unknown name, or an error in one of its calls, or
        if it needs too much time or memory.

    Examples
    --------
    >>> evaluate("-sum(y * log(exp(z) / sum(exp(z))))", tensors({"z": "2,1,0.1", "y": "0,1,0"}))
    Tensor(1.41703002, dtype=float64, op=neg)
    """
    try:
        tree = _checked(ast.parse(text.strip(), mode="eval"), {*_FUNCTIONS, *names})
        code = compile(tree, "<expression>", "eval")
        with np.errstate(all="ignore"), limited_memory(MAX_BYTES):
            value = run_within(MAX_SECONDS, lambda: eval(code, {**_FUNCTIONS, **names}))
        return _bounded(value)
    except concurrent.futures.TimeoutError:
        reason = f"the expression takes more than {MAX_SECONDS} seconds"
    except MemoryError:
        reason = "the arrays of the expression are too large"
    except RecursionError:
        reason = "the expression is nested too deeply"
    except SyntaxError as error:
        reason = f"{error.msg}: {text.strip():.60}"
    except ExpressionError:
        raise
    except Exception as error:  # NumPy raises errors of many kinds for bad arguments
        reason = first_line(error)
    raise ExpressionError(truncate(one_line(reason).rstrip("."), 200))


def first_line(error: Exception) -> str:
    """Return the message of an error without the lines that follow, such as references."""
    reason = error.args[-1] if isinstance(error, OverflowError) else error
    return truncate(one_line(str(reason).partition("\n")[0]), 200)


def _checked(tree: ast.Expression, known: set[str]) -> ast.Expression:
    """Return the tree if its nodes and names are allowed, with ``_power(a, b)`` for ``a ** b``."""
    nodes = list(ast.walk(tree))
    for node in nodes:
        _check(node, known)
    for node in reversed(nodes):  # so that a power inside a power is replaced first
        for field, child in ast.iter_fields(node):
            if isinstance(child, list):
                child[:] = map(_replace_power, child)
            else:
                setattr(node, field, _replace_power(child))
    return ast.fix_missing_locations(tree)


def _check(node: ast.AST, known: set[str]) -> None:
    operators = getattr(node, "ops", None) or [getattr(node, "op", ast.Add())]
    if len(operators) > 1 or not all(isinstance(x, _NODES) for x in (node, *operators)):
        remedy = _REMEDIES.get(type(node), "")
        raise _error(node, f"an expression cannot contain {ast.unparse(node):.40}", remedy)
    if isinstance(node, ast.keyword) and node.arg is None:
        raise _error(node.value, f"an expression cannot contain **{ast.unparse(node.value):.40}")
    if isinstance(node, ast.Name) and node.id not in known:
        remedy = _nearest(node.id, known) or f" If it is a tensor, write --let {node.id}=2,1,0.1"
        raise _error(node, f"there is no {node.id!r}", f".{remedy}")
    if isinstance(node, ast.Attribute):
        _check_attribute(node)
    if isinstance(node, ast.Constant):
        _check_constant(node)
    if isinstance(node, ast.BinOp) and any(_is_sequence(x) for x in (node.left, node.right)):
        raise _error(node, "an operator takes only numbers and arrays")


def _check_attribute(node: ast.Attribute) -> None:
    owner = ast.unparse(node.value)
    allowed = vars(_MODULES[owner]) if owner in _MODULES else _METHODS.split()
    if node.attr not in allowed:
        raise _error(node, f"there is no {node.attr!r}", f".{_nearest(node.attr, allowed)}")


def _check_constant(node: ast.Constant) -> None:
    if isinstance(node.value, (complex, bytes)):
        raise _error(node, f"an expression cannot contain {node.value!r}")
    if isinstance(node.value, str) and node.value.strip("|<>= ") in ("O", "object", "object_"):
        raise _error(node, "arrays of objects are not allowed")


def _is_sequence(node: ast.AST) -> bool:
    return isinstance(node, (ast.List, ast.Tuple)) or isinstance(getattr(node, "value", None), str)


def _replace_power(node: Any) -> Any:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        return ast.Call(ast.Name("_power", ast.Load()), [node.left, node.right], [])
    return node


def _power(a: Any, b: Any) -> Any:
    """Compute ``a ** b``, as a float if whole numbers get long: 9**9**9 would take hours."""
    if isinstance(a, int) and isinstance(b, int) and a.bit_length() * b > 63:
        a = float(a)
    return _bounded(a**b)


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


def _bounds_result(function: Callable[..., Any]) -> Callable[..., Any]:
    return wraps(function)(lambda *args, **kwargs: _bounded(function(*args, **kwargs)))


def _functions_of(module: Any) -> dict[str, Any]:
    """Return the functions of a NumPy module that take tensors."""
    public = {name: f for name, f in vars(module).items() if name[0] != "_" and callable(f)}
    return {name: _bounds_result(f) for name, f in public.items() if f in PRIMITIVES}


_OURS = """cross_entropy gelu layer_norm linear log_softmax logsumexp mse_loss nll_loss relu sigmoid
    sigmoid_binary_cross_entropy softmax softmax_cross_entropy softplus stop_gradient"""
_AG = SimpleNamespace(**{name: _bounds_result(getattr(ag, name)) for name in _OURS.split()})
_NP = SimpleNamespace(**_functions_of(np), pi=math.pi, e=math.e, inf=math.inf, newaxis=None)
for _name in ["arange", "array", "eye", "full", "ones", "zeros"]:
    setattr(_NP, _name, _bounds_result(getattr(np, _name)))
_NP.linalg = SimpleNamespace(**_functions_of(np.linalg))
_NP.fft = SimpleNamespace(**_functions_of(np.fft))
#: The modules that an expression can name -> what they hold.
_MODULES = {"np": _NP, "numpy": _NP, "ag": _AG, "linalg": _NP.linalg, "fft": _NP.fft}
_MODULES |= {f"{np}.{name}": _MODULES[name] for np in ("np", "numpy") for name in ("linalg", "fft")}
_FUNCTIONS = {
    **vars(_NP), **vars(_AG), "np": _NP, "numpy": _NP, "ag": _AG, "_power": _power,
    "__builtins__": {},
}  # fmt: skip
