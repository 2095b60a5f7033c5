"""Evaluate expressions of the command line, such as ``-sum(y * log(exp(z) / sum(exp(z))))``.

Python parses an expression, and `_value` evaluates its syntax tree. That function lists every kind
of node that is allowed, and names are looked up in `_KNOWN` only, so nothing else can be reached.
(Python's `eval` of a checked tree would not do: `9**9**9` and `(1, 2) * 10**10` have to be caught
when their operands are known.) `limits` bounds the time and the memory. The time limit needs the
interpreter lock, and Python's long integers never release it. So a whole number that does not fit
into 64 bits becomes a float, and arrays of objects are refused.
"""

from __future__ import annotations

import ast
import concurrent.futures
import difflib
import math
import operator
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from keyword import iskeyword
from types import EllipsisType
from typing import Any

import numpy as np

import autograd_mini as ag

from ..core.registry import PRIMITIVES
from ..core.tensor import Tensor
from ..text.format import one_line, shortened
from .limits import limited_memory, run_within

MAX_SECONDS = 10
MAX_BYTES = 2**31
MAX_ENTRIES = 10**7  # of one array; a view made by broadcast_to can have more without using memory
_MAX_BITS = 63  # of a whole number that an array can hold too
_MAX_REASON = 200  # characters of an error message of NumPy

_FUNCTIONS = """cross_entropy gelu layer_norm linear log_softmax logsumexp mse_loss nll_loss relu
    sigmoid sigmoid_binary_cross_entropy softmax softmax_cross_entropy softplus stop_gradient"""
_CONSTRUCTORS = "arange array eye full ones zeros"
_METHODS = """T abs astype clip cos cumprod cumsum diagonal dot exp flatten log logsumexp mT max
    mean min ndim prod ravel relu repeat reshape shape sigmoid sin size sqrt square squeeze std sum
    swapaxes take tanh trace transpose var"""
_REMEDIES: dict[type[ast.AST], str] = {
    ast.IfExp: ": write where(condition, a, b)",
    ast.Compare: ": write one comparison at a time",
    ast.BoolOp: ": write logical_and(a, b) or logical_or(a, b)",
}


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
    tree = _parse(text)

    def compute() -> Any:
        with np.errstate(all="ignore"):
            return _value(tree, {**_KNOWN, **names})

    try:
        with limited_memory(MAX_BYTES):
            return run_within(MAX_SECONDS, compute)
    except concurrent.futures.TimeoutError:
        raise ExpressionError(f"the expression takes more than {MAX_SECONDS} seconds") from None
    except MemoryError:
        raise ExpressionError("the arrays of the expression are too large") from None
    except RecursionError:
        raise ExpressionError("the expression is nested too deeply") from None


def _parse(text: str) -> ast.expr:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        column = f" (column {error.offset})" if error.offset else ""
        raise ExpressionError(f"{error.msg}{column}: {one_line(text.strip()):.60}") from None
    except ValueError as error:  # a character that Python source cannot contain
        raise ExpressionError(f"{error}: {one_line(text):.60}") from None
    except (RecursionError, MemoryError):  # of Python's parser
        raise ExpressionError("the expression is nested too deeply") from None


def _value(node: ast.AST, known: Mapping[str, Any]) -> Any:
    """Return the value of a node of the syntax tree."""
    match node:
        case ast.Constant(value=int() as whole) if whole.bit_length() > _MAX_BITS:
            return _apply(node, float, whole)
        case ast.Constant(value=str() as text) if re.search("O|object", text):
            raise ExpressionError(f"{text!r}: arrays of objects are not allowed{_place(node)}")
        case ast.Constant(value=bool() | int() | float() | str() | EllipsisType() | None as value):
            return value
        case ast.Name(id=name):
            if name not in known:
                raise _unknown(name, known, node)
            return known[name]
        case ast.Attribute():
            return _attribute(node, known)
        case ast.Call(func=called, args=args, keywords=keywords) if all(k.arg for k in keywords):
            function = _value(called, known)
            if not callable(function):
                raise ExpressionError(f"{_text(called)} is not a function{_place(node)}")
            kwargs = {str(k.arg): _value(k.value, known) for k in keywords}
            return _apply(node, function, *(_value(x, known) for x in args), **kwargs)
        case ast.BinOp():
            chain = [node]  # a long sum is nested to the left, too deeply for a recursion
            while isinstance(chain[-1].left, ast.BinOp):
                chain.append(chain[-1].left)
            value = _value(chain[-1].left, known)
            for step in reversed(chain):
                value = _operate(step, step.op, value, _value(step.right, known))
            return value
        case ast.UnaryOp(op=op, operand=x):
            return _operate(node, op, _value(x, known))
        case ast.Compare(left=a, ops=[op], comparators=[b]):
            return _operate(node, op, _value(a, known), _value(b, known))
        case ast.Subscript(value=array, slice=index):
            return _apply(node, operator.getitem, _value(array, known), _value(index, known))
        case ast.Slice(lower=start, upper=stop, step=step):
            return slice(*(end and _value(end, known) for end in (start, stop, step)))
        case ast.Tuple(elts=entries):
            return tuple(_value(x, known) for x in entries)
        case ast.List(elts=entries):
            return [_value(x, known) for x in entries]
    raise _not_allowed(node)


def _attribute(node: ast.Attribute, known: Mapping[str, Any]) -> Any:
    """Return a function such as ``np.linalg.norm``, or an attribute or a method of an array."""
    dotted = ast.unparse(node)
    plain = re.sub(r"^(np|numpy|ag)\.", "", dotted)
    if plain in _KNOWN:
        return _KNOWN[plain]
    if plain != dotted:
        raise _unknown(dotted, _KNOWN, node)
    value = _value(node.value, known)
    if not isinstance(value, (Tensor, np.ndarray)) or node.attr not in _METHODS.split():
        raise _unknown(node.attr, _METHODS.split(), node)
    return _apply(node, getattr, value, node.attr)


def _operate(node: ast.AST, op: ast.AST, *operands: Any) -> Any:
    """Apply an operator to numbers and arrays. On a text or a list, ``*`` would repeat it."""
    if type(op) not in _OPERATORS:
        raise _not_allowed(node)
    if not all(isinstance(x, _OPERANDS) for x in operands):
        raise ExpressionError(f"an operator takes only numbers and arrays{_place(node)}")
    return _apply(node, _OPERATORS[type(op)], *operands)


def _apply(node: ast.AST, function: Any, *args: Any, **kwargs: Any) -> Any:
    """Call a function, and require that it returns real numbers, and not too many of them."""
    try:
        result = function(*args, **kwargs)
    except (MemoryError, RecursionError):
        raise
    except Exception as error:  # NumPy raises errors of many kinds for wrong arguments
        raise ExpressionError(f"{first_line(error).rstrip('.')}{_place(node)}") from error
    for part in result if isinstance(result, (tuple, list)) else [result]:
        dtype = getattr(part, "dtype", None)
        if isinstance(part, complex) or (dtype is not None and dtype.kind not in "biuf"):
            raise ExpressionError(f"{_text(node)} does not return real numbers{_place(node)}")
        if getattr(part, "size", 1) > MAX_ENTRIES:
            raise ExpressionError(
                f"{_text(node)} has more than {MAX_ENTRIES:,} entries{_place(node)}"
            )
    is_long = isinstance(result, int) and result.bit_length() > _MAX_BITS
    return float(result) if is_long else result


def _power(a: Any, b: Any) -> Any:
    """Return ``a ** b``, as a float if a whole number would be long: 9**9**9 would never end."""
    if isinstance(a, int) and isinstance(b, int) and a.bit_length() * b > _MAX_BITS:
        a = float(a)
    return a**b


_OPERANDS = (bool, int, float, np.ndarray, np.generic, Tensor)
_OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: _power,
    ast.MatMult: operator.matmul,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


def _not_allowed(node: ast.AST) -> ExpressionError:
    remedy = _REMEDIES.get(type(node), "")
    return ExpressionError(f"an expression cannot contain {_text(node)}{_place(node)}{remedy}")


def _unknown(name: str, known: Iterable[str], node: ast.AST) -> ExpressionError:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    hint = f" Did you mean {near[0]}?" if near else ""
    if not near and isinstance(node, ast.Name):
        hint = f" If it is a tensor, give its numbers: --let {name}=2,1,0.1"
    return ExpressionError(f"there is no {name!r}{_place(node)}.{hint}")


def first_line(error: Exception) -> str:
    """Return the message of an error without the lines that follow, such as references."""
    reason = error.args[-1] if isinstance(error, OverflowError) else error
    return shortened(one_line(str(reason).partition("\n")[0]), _MAX_REASON)


def _text(node: ast.AST) -> str:
    return shortened(one_line(ast.unparse(node)), 60)


def _place(node: ast.AST) -> str:
    column = getattr(node, "col_offset", None)
    return "" if column is None else f" (column {column + 1})"


def _namespace() -> dict[str, Any]:
    """Return what an expression may name: constants, and functions that take tensors."""
    known: dict[str, Any] = {"pi": math.pi, "e": math.e, "inf": math.inf, "newaxis": None}
    known.update({name: getattr(np, name) for name in _CONSTRUCTORS.split()})
    for module, prefix in ((np, ""), (np.linalg, "linalg."), (np.fft, "fft.")):
        for name, function in vars(module).items():
            public = callable(function) and not isinstance(function, type) and name[0] != "_"
            if public and function in PRIMITIVES:
                known[prefix + name] = function
    return {**known, **{name: getattr(ag, name) for name in _FUNCTIONS.split()}}


_KNOWN = _namespace()
