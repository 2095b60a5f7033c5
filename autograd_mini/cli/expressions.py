"""Expressions of a command line: ``-sum(y * log(exp(z) / sum(exp(z))))``, computed on tensors.

An expression is read as a syntax tree, and only what is listed here is known: arithmetic, indices,
NumPy's functions of arrays, the library's, and the tensors given. Nothing is ever executed as code.
"""

from __future__ import annotations

import ast
import contextlib
import difflib
import math
import operator
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from keyword import iskeyword
from pathlib import Path
from typing import Any

import numpy as np

import autograd_mini as ag

from ..core.registry import PRIMITIVES
from ..core.tensor import Tensor
from ..text.format import one_line, shortened

_BITS = 63  # of a whole number that arrays can hold too


def _power(a: Any, b: Any) -> Any:
    """``a ** b``; whole numbers stay whole while that is short: 9**9**9 would never end."""
    if isinstance(a, int) and isinstance(b, int) and a.bit_length() * b > _BITS:
        a = float(a)
    return a**b


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
#: what is often tried, and how it is written for arrays
_INSTEAD = {
    "IfExp": ": write where(condition, a, b)",
    "BoolOp": ": write logical_and(a, b) or logical_or(a, b)",
}
_OPERANDS = (bool, int, float, np.ndarray, np.generic, Tensor)

_OURS = """cross_entropy gelu layer_norm linear log_softmax logsumexp mse_loss nll_loss relu sigmoid
    sigmoid_binary_cross_entropy softmax softmax_cross_entropy softplus stop_gradient"""
_LONGEST = 200  # characters of what NumPy says
_MOST_ENTRIES = 10**7  # of an array; a view such as broadcast_to makes may pretend to have more
_MOST_MEMORY = 2**32  # bytes beside what the process has, where the system keeps count
_ARRAYS = "arange array eye full ones zeros"  # of NumPy's functions, those that make arrays
_METHODS = """T abs astype clip cos cumprod cumsum diagonal dot exp flatten log logsumexp mT max
    mean min ndim prod ravel relu repeat reshape shape sigmoid sin size sqrt square squeeze std sum
    swapaxes take tanh trace transpose var"""


class ExpressionError(ValueError):
    """An expression that cannot be computed; the message says what is wrong in one line."""


def tensors(assignments: Mapping[str, str]) -> dict[str, Tensor]:
    """Leaves from texts: ``2,1,0.1`` is a vector, ``1,2;3,4`` a matrix, ``2`` a number.

    Parameters
    ----------
    assignments : mapping of str to str
        Name -> numbers.

    Raises
    ------
    ExpressionError
        For a name that is none, for what is not a number, for rows of different lengths.

    Examples
    --------
    >>> tensors({"z": "2,1,0.1"})["z"]
    Tensor([2. , 1. , 0.1], dtype=float64, name='z', requires_grad=True)
    """
    return {_spelling(name): _tensor(name, text) for name, text in assignments.items()}


def _spelling(name: str) -> str:
    """A name as Python reads it in an expression, where ℓ is l."""
    return unicodedata.normalize("NFKC", name)


def _tensor(name: str, text: str) -> Tensor:
    if not name.isidentifier() or iskeyword(name):
        raise ExpressionError(f"{name!r} is no name for a tensor: write --let z=2,1,0.1")
    try:
        rows = [[float(x) for x in row.split(",")] for row in text.split(";")]
    except ValueError:
        raise ExpressionError(
            f"{name}={text!r} are no numbers: write --let {name}=2,1,0.1 or {name}=1,2;3,4"
        ) from None
    if len({len(row) for row in rows}) > 1:
        raise ExpressionError(f"the rows of {name}={text!r} have different lengths")
    data: Any = rows if len(rows) > 1 else rows[0]
    return Tensor(data if "," in text or ";" in text else data[0], requires_grad=True, name=name)


def evaluate(text: str, names: Mapping[str, Any]) -> Any:
    """The value of an expression.

    Parameters
    ----------
    text : str
        In Python's syntax, over NumPy's functions that take tensors, with or without ``np.``, the
        library's, and ``pi`` and ``e``.
    names : mapping of str to anything
        What else is known. These go before functions of the same name.

    Raises
    ------
    ExpressionError
        For anything else, a name that is unknown, or what its functions refuse.

    Examples
    --------
    >>> evaluate("-sum(y * log(exp(z) / sum(exp(z))))", tensors({"z": "2,1,0.1", "y": "0,1,0"}))
    Tensor(1.41703002, dtype=float64, op=neg)
    """
    try:
        tree = ast.parse(text.strip(), mode="eval")
        with np.errstate(all="ignore"), _limited_memory():
            return _Evaluator(names).value(tree.body)
    except ExpressionError:
        raise
    except SyntaxError as error:
        where = f" (column {error.offset})" if error.offset else ""
        raise ExpressionError(f"{error.msg}{where}: {one_line(text.strip()):.60}") from None
    except ValueError as error:  # a character that no source holds
        raise ExpressionError(f"{error}: {one_line(text):.60}") from None
    except (RecursionError, MemoryError):
        raise ExpressionError("the expression is nested too deeply, or too large") from None


@contextlib.contextmanager
def _limited_memory() -> Iterator[None]:
    """Too large an array is a MemoryError, not the end of the process or of what runs beside it."""
    try:
        import resource

        used = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
        before = resource.getrlimit(resource.RLIMIT_AS)
    except (ImportError, OSError):  # a system that keeps no such count
        yield
        return
    most = used + _MOST_MEMORY
    most = min([most, *(limit for limit in before if limit != resource.RLIM_INFINITY)])
    resource.setrlimit(resource.RLIMIT_AS, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


class _Evaluator:
    """Computes a syntax tree: a method for each kind of node that is known."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self.names = names

    def value(self, node: ast.AST) -> Any:
        kind = type(node).__name__
        method = getattr(self, f"_{kind.lower()}", None)
        if method is None:
            instead = _INSTEAD.get(kind, "")
            raise ExpressionError(f"an expression holds no {kind} here{_place(node)}{instead}")
        return method(node)

    def computed(self, node: ast.AST, function: Any, *args: Any, **kwargs: Any) -> Any:
        """A call, whose error becomes one of the expression.

        What it gives are real numbers: on an array of objects, ``*`` would be something else.
        """
        try:
            found = function(*args, **kwargs)
        except (MemoryError, RecursionError):
            raise
        except Exception as error:  # NumPy's are of many kinds where it is given what it never is
            said = error.args[-1] if isinstance(error, OverflowError) else error
            said = shortened(one_line(str(said)).rstrip("."), _LONGEST)
            raise ExpressionError(f"{said}{_place(node)}") from error
        if isinstance(found, complex) or _kind(found) not in "biuf":
            raise ExpressionError(f"{ast.unparse(node):.60} gives no real numbers{_place(node)}")
        if getattr(found, "size", 1) > _MOST_ENTRIES:
            raise ExpressionError(
                f"{ast.unparse(node):.60} has more than {_MOST_ENTRIES:,} entries{_place(node)}"
            )
        return found

    def operated(self, node: ast.AST, kind: ast.AST, *operands: Any) -> Any:
        """An operator on numbers and arrays: on text or a list, ``*`` would be something else."""
        function = _OPERATORS.get(type(kind))
        if function is None or not all(isinstance(x, _OPERANDS) for x in operands):
            raise ExpressionError(f"no operator {type(kind).__name__} for these{_place(node)}")
        return self.computed(node, function, *operands)

    def _constant(self, node: ast.Constant) -> Any:
        if isinstance(node.value, (complex, bytes)):
            raise ExpressionError(f"{node.value!r} is no real number{_place(node)}")
        return node.value

    def _name(self, node: ast.Name) -> Any:
        if node.id in self.names:
            return self.names[node.id]
        if node.id in _KNOWN:
            return _KNOWN[node.id]
        raise _unknown(node.id, [*self.names, *_KNOWN], node)

    def _attribute(self, node: ast.Attribute) -> Any:
        dotted = ast.unparse(node)
        for prefix in ("np.", "numpy.", "ag.", ""):
            if dotted.startswith(prefix) and dotted.removeprefix(prefix) in _KNOWN:
                return _KNOWN[dotted.removeprefix(prefix)]
        if dotted.startswith(("np.", "numpy.", "ag.")):
            raise _unknown(dotted, _KNOWN, node)
        value = self.value(node.value)
        if not isinstance(value, (Tensor, np.ndarray)) or node.attr not in _METHODS.split():
            raise _unknown(node.attr, _METHODS.split(), node)
        return self.computed(node, getattr, value, node.attr)

    def _call(self, node: ast.Call) -> Any:
        function = self.value(node.func)
        if not callable(function):
            raise ExpressionError(f"{ast.unparse(node.func):.60} is no function{_place(node)}")
        kwargs = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                raise ExpressionError(f"an expression holds no **{_place(node)}")
            kwargs[keyword.arg] = self.value(keyword.value)
        return self.computed(node, function, *map(self.value, node.args), **kwargs)

    def _binop(self, node: ast.BinOp) -> Any:
        """Also of a very long sum, which is nested to the left: in a loop."""
        chain = [node]
        while isinstance(chain[-1].left, ast.BinOp):
            chain.append(chain[-1].left)
        value = self.value(chain[-1].left)
        for inner in reversed(chain):
            value = self.operated(inner, inner.op, value, self.value(inner.right))
        return value

    def _unaryop(self, node: ast.UnaryOp) -> Any:
        return self.operated(node, node.op, self.value(node.operand))

    def _compare(self, node: ast.Compare) -> Any:
        if len(node.ops) > 1:
            raise ExpressionError(f"one comparison at a time{_place(node)}")
        return self.operated(
            node, node.ops[0], self.value(node.left), self.value(node.comparators[0])
        )

    def _subscript(self, node: ast.Subscript) -> Any:
        return self.computed(node, operator.getitem, self.value(node.value), self.value(node.slice))

    def _slice(self, node: ast.Slice) -> slice:
        ends = (node.lower, node.upper, node.step)
        return slice(*(end and self.value(end) for end in ends))

    def _tuple(self, node: ast.Tuple) -> tuple[Any, ...]:
        return tuple(map(self.value, node.elts))

    def _list(self, node: ast.List) -> list[Any]:
        return list(map(self.value, node.elts))


def _known() -> dict[str, Any]:
    """What an expression may name: functions of NumPy that take tensors, and the library's."""
    found: dict[str, Any] = {"pi": math.pi, "e": math.e, "inf": math.inf, "newaxis": None}
    found.update({name: getattr(np, name) for name in _ARRAYS.split()})
    for module, prefix in ((np, ""), (np.linalg, "linalg."), (np.fft, "fft.")):
        for name in dir(module):
            if not name.startswith("_") and _takes_tensors(getattr(module, name)):
                found[prefix + name] = getattr(module, name)
    return {**found, **{name: getattr(ag, name) for name in _OURS.split()}}


def _kind(thing: Any) -> str:
    """The kind of an array's numbers; what has none is as good as one of floats."""
    return str(thing.dtype.kind) if isinstance(thing, (np.ndarray, np.generic, Tensor)) else "f"


def _takes_tensors(thing: Any) -> bool:
    return callable(thing) and not isinstance(thing, type) and thing in PRIMITIVES


_KNOWN = _known()


def _unknown(name: str, known: Any, node: ast.AST) -> ExpressionError:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    hint = f" Did you mean {near[0]}?" if near else ""
    if not near and isinstance(node, ast.Name):
        hint = f" If it is a tensor, give its numbers: --let {name}=2,1,0.1"
    return ExpressionError(f"there is no {name!r}{_place(node)}.{hint}")


def _place(node: ast.AST) -> str:
    column = getattr(node, "col_offset", None)
    return "" if column is None else f" (column {column + 1})"
