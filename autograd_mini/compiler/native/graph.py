"""Steps of a program as nodes of a few kinds, which C computes entry by entry.

A node is a `map` (one entry of each argument), a `reduce` (a sum or an extremum along axes), a
`contract` (a sum of products), a `scatter` or a `concatenate`. A `view` only maps an index to an
index of its argument.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ...core.pytree import tree_leaves
from ..ir import Step, Value, example_of
from ..memory.lowering import CHECKS
from ..passes.rewrite import number
from ..source.operation import Language, Operation, UnknownOperation, name_in_errors
from ..source.portable import DTYPES, portable
from .images import Images, operation_on_images
from .index import affine
from .joins import Joins, Pieces
from .node import Node, Unknown, cast, has_batch_last, known, map_of
from .products import contract
from .scalars import is_known, is_long
from .views import Views

_LANGUAGE = Language("C", DTYPES, operation_on_images)
_REDUCTIONS = ("sum", "prod", "max", "min", "any", "all", "argmax", "argmin")
_LONGEST_TABLE = 32  # entries of a constant array that is written into the text
_WEAK = {bool: bool, int: int, float: float}


class Graph(Views, Joins, Images):
    """The nodes of some steps, one after the other.

    `checks` are the steps of the program that check an argument of it, which these steps may read
    as an index.
    """

    def __init__(self, checks: Mapping[Value, Step]) -> None:
        super().__init__(checks)
        self.nodes: dict[Value, Node] = {}
        self.calls = 0  # of long functions, which C inlines
        self._constants: dict[int, Node] = {}
        self._placed: dict[Any, Node] = {}  # images with their padding
        self._pieces: dict[Node, Pieces] = {}  # of arrays that are joined

    def add(self, step: Step) -> None:
        """Add a step, or raise `Unknown`."""
        if step.function in CHECKS:
            self.nodes[step.outs[0]] = self._checked(step)
            return
        if any(0 in v.shape for v in (*step.inputs, *step.outs)):
            raise Unknown("an array is empty")
        for out, node in zip(step.outs, self._results(step)):
            self._keep(out, node, step)

    def _results(self, step: Step) -> list[Node]:
        """Return the node of each result of a step."""
        for x in map(example_of, tree_leaves((step.args, step.kwargs, step.outs))):
            if isinstance(x, (np.ndarray, np.generic)):
                known(x.dtype)
        if step.name == "max_pool2d":
            return self._largest(step)
        if step.several:
            raise Unknown("it returns several arrays")
        try:
            return [self.node(portable(step, _LANGUAGE))]
        except UnknownOperation:
            raise Unknown(f"C code cannot compute {name_in_errors(step)}") from None

    def _keep(self, out: Value, made: Node, step: Step) -> None:
        """Let a node be a result of a step, in its dtype."""
        if made.shape != out.shape:
            raise Unknown("its shape is not known")
        if made.dtype != out.dtype:
            made = cast(made, known(out.dtype))
        if made.value is not None or made.op in ("input", "constant"):
            made = Node("view", (made,), made.shape, made.dtype, lambda at, text: at)
        made.value, made.step = out, step if out is step.outs[0] else None
        self.nodes[out] = made
        while made.args and made.args[0].value is None and not made.args[0].step:
            is_view, made = made.op == "view", made.args[0]
            if made.op == "contract" or (is_view and made.op in ("map", "reduce")):
                made.step = None if made.comment else step

    def node(self, x: Any) -> Node:
        """Return the node of a value, a constant, or an operation on these."""
        if isinstance(x, Node):
            return x
        if isinstance(x, Operation):
            return self._operation(x)
        if isinstance(x, Value):
            if x not in self.nodes:
                self.nodes[x] = Node("input", (), x.shape, known(x.dtype), value=x)
            return self.nodes[x]
        return self._constant(x)

    def _constant(self, x: Any) -> Node:
        array = np.asarray(x)
        if id(x) not in self._constants or not isinstance(x, np.ndarray):
            brief = number(array) is not None or array.size <= _LONGEST_TABLE or affine(array)
            op = "constant" if brief or not array.size else "input"
            array = array if op == "constant" else np.ascontiguousarray(array)
            node = Node(op, (), array.shape, known(array.dtype), (array, x))
            self._constants[id(x)] = node
        return self._constants[id(x)]

    def _operation(self, x: Operation) -> Node:
        method: Callable[..., Node] | None = getattr(self, f"_{x.name}", None)
        if method:
            return method(*x.args, **x.options)
        if x.name in _REDUCTIONS:
            return self.reduce(x.name, x.args[0], **x.options)
        ufunc = getattr(np, x.name, None)
        if not isinstance(ufunc, np.ufunc) or ufunc.signature:
            raise Unknown(f"C code cannot compute np.{x.name}")
        return self.map(x.name, *x.args)

    # ---- entry by entry --------------------------------------------------------------------------

    def map(self, name: str, *args: Any) -> Node:
        """Apply a ufunc; its arguments are first cast as NumPy casts them."""
        nodes = [self.node(a) for a in args]
        if name == "add" and (joined := self.joined(*nodes)):
            return joined
        types = [_kind(a, node) for a, node in zip(args, nodes)]
        try:
            *taken, made = getattr(np, name).resolve_dtypes((*types, None))
        except TypeError:
            raise Unknown(f"C code cannot compute np.{name} of these dtypes") from None
        if name == "power" and made.kind != "f":
            raise Unknown("a power of integers may raise an error")
        if not is_known(name, taken[0]):
            raise Unknown(f"C code cannot compute np.{name} of {taken[0]}")
        if not all(map(_holds, taken, args)):
            raise Unknown("it has a number that does not fit into the dtype of the array")
        self.calls += is_long(name, taken[0])
        return map_of(name, nodes, taken, made)

    def _where(self, mask: Any, a: Any, b: Any) -> Node:
        nodes = [self.node(x) for x in (mask, a, b)]
        weak = [x if type(x) in _WEAK else node.dtype for x, node in zip((a, b), nodes[1:])]
        dtype = np.result_type(*weak)
        return map_of("where", nodes, [np.dtype(bool), dtype, dtype], dtype)

    def _astype(self, x: Any, dtype: str) -> Node:
        return cast(self.node(x), known(np.dtype(dtype)))

    # ---- sums ------------------------------------------------------------------------------------

    def reduce(self, name: str, x: Any, axis: Any = None, keepdims: bool = False) -> Node:
        node = self.node(x)
        n = len(node.shape)
        given = range(n) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        axes = tuple(sorted(a % n for a in given)) if n else ()
        if name.startswith("arg") and axis is None:
            node, axes = self._reshape(node, (int(np.prod(node.shape)),)), (0,)
        wide = tuple(1 if a in axes else m for a, m in enumerate(node.shape))
        if not name.startswith("arg"):
            node, axes = self._before_reshape(node, axes)
        kind = node.dtype.kind
        dtype = node.dtype
        if name in ("any", "all"):
            dtype = np.dtype(bool)
        elif name.startswith("arg") or (name in ("sum", "prod") and kind in "bi"):
            dtype = np.dtype(np.int64)
        elif kind == "u":
            raise Unknown("it returns unsigned integers")
        kept = tuple(m for a, m in enumerate(node.shape) if a not in axes)
        last = 0 if 0 not in axes and has_batch_last(node, node.shape) else -1
        made = Node("reduce", (node,), kept, dtype, (name, axes), last=last)
        if not axes:
            made = cast(node, dtype)
        if keepdims:
            made = self._reshape(made, wide)
        return made

    def _before_reshape(self, node: Node, axes: tuple[int, ...]) -> tuple[Node, tuple[int, ...]]:
        """Return the array before a reshape, and its axes, for a sum over all joined axes."""
        base, n = self._bases.get(node, node), len(node.shape)
        kept = n - len(axes)
        if axes == (*range(kept, n),) and base.shape[:kept] == node.shape[:kept]:
            return base, (*range(kept, len(base.shape)),)
        return node, axes

    def _mean(self, x: Any, axis: Any = None, keepdims: bool = False) -> Node:
        node = self.node(x)
        if node.dtype.kind != "f":
            node = cast(node, np.dtype(float))
        s = self.reduce("sum", node, axis, keepdims)
        n = int(np.prod(node.shape)) // max(int(np.prod(s.shape)), 1)
        return self.map("divide", s, np.asarray(n, node.dtype))

    def _matmul(self, a: Any, b: Any) -> Node:
        x, y = self.node(a), self.node(b)
        if (total := self._sum_by_ones(x, y)) is not None:
            return total
        m, n = len(x.shape), len(y.shape)
        batch = [f"b{i}" for i in range(max(m, n) - 2)]
        left = ["k"] if m == 1 else [*batch[len(batch) - (m - 2) :], "i", "k"]
        right = ["k"] if n == 1 else [*batch[len(batch) - (n - 2) :], "k", "j"]
        out = [*batch, *["i"] * (m > 1), *["j"] * (n > 1)]
        return contract([x, y], [left, right], out)

    def _sum_by_ones(self, x: Node, y: Node) -> Node | None:
        """Return a product with a vector of equal numbers as a sum, before a reshape if possible.

        NumPy adds up faster with BLAS. In C, a sum along the axes that arrays have shares their
        loops.
        """
        vector, matrix = (x, y) if len(x.shape) == 1 else (y, x)
        if vector.op != "constant" or len(vector.shape) != 1 or len(matrix.shape) != 2:
            return None
        number = vector.data[0].flat[0]
        base = self._bases.get(matrix, matrix)
        if (vector.data[0] != number).any() or base.shape[-1:] != matrix.shape[-1:]:
            return None
        last = len(base.shape) - 1
        total = self.reduce("sum", base, tuple(range(last)) if vector is x else last)
        total = total if number == 1 else self.map("multiply", total, np.asarray(number))
        return self._reshape(total, matrix.shape[1:] if vector is x else matrix.shape[:1])

    def _einsum(self, subscripts: str, *operands: Any) -> Node:
        inputs, _, out = subscripts.partition("->")
        nodes = [self.node(x) for x in operands]
        return contract(nodes, [list(term) for term in inputs.split(",")], list(out))


def _holds(dtype: Any, x: Any) -> bool:
    """Return whether a number of Python's fits into the dtype that NumPy converts it to."""
    if type(x) is not int or dtype.kind not in "iu":
        return True
    return bool(np.iinfo(dtype).min <= x <= np.iinfo(dtype).max)


def _kind(x: Any, node: Node) -> Any:
    """Return a dtype, or the type of a Python number, which has none [NEP 50]."""
    bare = example_of(x) if isinstance(x, Value) else x
    return _WEAK.get(type(bare), node.dtype)
