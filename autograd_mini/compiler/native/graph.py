"""Steps of a program as nodes of a few kinds, which C computes entry by entry.

A node is a `map` (one entry of each argument), a `reduce` (a sum or an extremum along axes), a
`contract` (a sum of products), a `scatter` or a `concatenate`. A `view` only maps an index to an
index of its argument.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...core.registry import is_numpy, name_of
from ..ir import Step, Value, check_branch, example_of
from ..memory.lowering import CHECKS
from ..passes.rewrite import number
from ..source.operation import Language, Operation, UnknownOperation
from ..source.portable import DTYPES, portable
from .index import Index, affine, reshaped, total
from .node import Node, Unknown, cast, in_order, known, map_of, root_of, spread
from .products import contract
from .scalars import is_known, is_long


@dataclass
class Guard:
    """A check of indices, which comes before all else: all are at least `low` and below `high`."""

    node: Node
    low: int
    high: int
    step: Step


_LANGUAGE = Language("C", DTYPES, lambda step: None)
_REDUCTIONS = ("sum", "prod", "max", "min", "any", "all", "argmax", "argmin")
_LONGEST_TABLE = 32  # entries of a constant array that is written into the text
_WEAK = {bool: bool, int: int, float: float}


class Graph:
    """The nodes of some steps, one after the other.

    `checks` are the steps of the program that check an argument of it, which these steps may read
    as an index.
    """

    def __init__(self, checks: Mapping[Value, Step]) -> None:
        self._checks = checks
        self.nodes: dict[Value, Node] = {}
        self.guards: list[Guard] = []
        self.calls = 0  # of long functions, which C inlines
        self._ranges: dict[Node, tuple[int, int]] = {}  # of indices that are checked
        self._constants: dict[int, Node] = {}
        self._bases: dict[Node, Node] = {}  # of reshapes

    def add(self, step: Step) -> None:
        """Add a step, or raise `Unknown`."""
        if step.function in CHECKS:
            self.nodes[step.outs[0]] = self._checked(step)
            return
        if step.several or len(step.outs) != 1:
            raise Unknown("it returns several arrays")
        (out,) = step.outs
        if 0 in out.shape or any(0 in v.shape for v in step.inputs):
            raise Unknown("an array is empty")
        try:
            made = self.node(portable(step, _LANGUAGE))
        except UnknownOperation:
            name = step.name or "np." * is_numpy(step.function) + name_of(step.function)
            raise Unknown(f"C code cannot compute {name}") from None
        if made.shape != out.shape:
            raise Unknown("its shape is not known")
        if made.dtype != out.dtype:
            made = cast(made, known(out.dtype))
        if made.value is not None or made.op in ("input", "constant"):
            made = Node("view", (made,), made.shape, made.dtype, lambda at, text: at)
        made.value, made.step = out, step
        if made.op == "view" and made.args[0].op in ("reduce", "contract"):
            made.args[0].step = made.args[0].step or step  # for its comment
        self.nodes[out] = made

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
        kind = node.dtype.kind
        dtype = node.dtype
        if name in ("any", "all"):
            dtype = np.dtype(bool)
        elif name.startswith("arg") or (name in ("sum", "prod") and kind in "bi"):
            dtype = np.dtype(np.int64)
        elif kind == "u":
            raise Unknown("it returns unsigned integers")
        kept = tuple(m for a, m in enumerate(node.shape) if a not in axes)
        made = Node("reduce", (node,), kept, dtype, (name, axes))
        if not axes:
            made = cast(node, dtype)
        if keepdims:
            made = self._reshape(
                made, tuple(1 if a in axes else m for a, m in enumerate(node.shape))
            )
        return made

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

    # ---- views -----------------------------------------------------------------------------------

    def _reshape(self, x: Any, shape: Any) -> Node:
        node, shape = self.node(x), tuple(shape)
        if node.op == "constant":
            return self._constant(node.data[0].reshape(shape))
        base = self._bases.get(node, node)
        pull, splits = reshaped(base.shape, shape)
        if not splits:
            base = in_order(base)
        made = Node("view", (base,), shape, node.dtype, pull)
        self._bases[made] = base
        return made

    def _broadcast_to(self, x: Any, shape: Any) -> Node:
        node, shape = self.node(x), tuple(shape)
        return Node("view", (node,), shape, node.dtype, lambda at, text: spread(at, node.shape))

    def _transpose(self, x: Any, axes: Sequence[int]) -> Node:
        node = self.node(x)
        back = [*map(int, np.argsort(axes))]
        shape = tuple(node.shape[a] for a in axes)
        return Node("view", (node,), shape, node.dtype, lambda at, text: [at[a] for a in back])

    def _take(self, x: Any, places: Any) -> Node:
        """Return the entries of an array at places of its flattened memory."""
        node, found = self.node(x), affine(places)
        base = in_order(self._bases.get(node, node))
        if found:
            first, steps = found
            return Node("view", (base,), places.shape, node.dtype,
                        lambda at, text: [total(at, steps) + first])  # fmt: skip
        table = self._constant(places)
        return Node("view", (base, table), places.shape, node.dtype,
                    lambda at, text: [Index({text(table, at): 1})])  # fmt: skip

    def _getitem(self, x: Any, parts: Sequence[Any]) -> Node:
        node = self.node(x)
        shape, pull, nodes = self._indexed(node.shape, parts)
        return Node("view", (node, *nodes), shape, node.dtype, pull)

    def _take_along_axis(self, x: Any, index: Any, axis: int) -> Node:
        node, places = self.node(x), self.node(index)
        axis %= len(node.shape)
        is_positive = self._within(places, node.shape[axis])

        def pull(at: Sequence[Index], text: Any) -> list[Index]:
            found = spread(at, node.shape)
            entry = text(places, spread(at, places.shape))
            found[axis] = _wrapped(entry, node.shape[axis], is_positive)
            return found

        whole = [max(m, k) for m, k in zip(node.shape, places.shape)]
        whole[axis] = places.shape[axis]
        return Node("view", (node, places), tuple(whole), node.dtype, pull)

    def _indexed(self, shape: Sequence[int], parts: Sequence[Any]) -> Any:
        """Return the shape of an indexed array, the index that it reads, and the index arrays."""
        arrays = [np.asarray(p) if isinstance(p, list) else p for p in parts]
        arrays = [self.node(p) if np.ndim(example_of(p)) or isinstance(p, Value) else p
                  for p in arrays]  # fmt: skip
        nodes = [p for p in arrays if isinstance(p, Node)]
        joint = np.broadcast_shapes(*(p.shape for p in nodes))
        places = [k for k, p in enumerate(arrays) if isinstance(p, Node) or type(p) is int]
        apart = bool(nodes) and places[-1] - places[0] >= len(places)
        made: list[int] = [*joint] if apart else []
        axes: list[Any] = []  # for each axis of the argument, what reads it
        is_positive: dict[Node, bool] = {}
        start = 0 if apart else -1  # the first axis of those that the arrays share, once known
        for p in [*arrays, *[slice(None)] * (len(shape) - sum(q is not None for q in arrays))]:
            n = shape[len(axes)] if p is not None else 1
            if p is None:
                made.append(1)
            elif isinstance(p, slice):
                first, _, step = p.indices(n)
                axes.append((len(made), first, step))
                made.append(len(range(*p.indices(n))))
            else:
                if start < 0 and nodes:
                    start = len(made)
                    made += joint
                axes.append(p)
                if isinstance(p, Node):
                    is_positive[p] = self._within(p, n)

        def pull(at: Sequence[Index], text: Any) -> list[Index]:
            found = []
            for p, n in zip(axes, shape):
                if isinstance(p, tuple):
                    axis, first, step = p
                    found.append(at[axis] * step + first)
                elif isinstance(p, Node):
                    own = at[start : start + len(joint)]
                    found.append(_wrapped(text(p, spread(own, p.shape)), n, is_positive[p]))
                else:
                    found.append(Index(number=int(p) % n))
            return found

        return tuple(made), pull, nodes

    # ---- entries that are put somewhere ----------------------------------------------------------

    def _scatter(self, x: Any, parts: Sequence[Any], shape: Sequence[int]) -> Node:
        node = self.node(x)
        wide, pull, nodes = self._indexed(tuple(shape), parts)
        if node.shape != wide:
            node = self._broadcast_to(node, wide)
        return Node("scatter", (node, *nodes), tuple(shape), node.dtype, pull)

    def _concatenate(self, parts: Sequence[Any], axis: int = 0) -> Node:
        nodes = [self.node(p) for p in parts]
        if not isinstance(axis, int) or not nodes[0].shape:
            raise Unknown("it joins flattened arrays")
        axis %= len(nodes[0].shape)
        dtype = np.result_type(*(node.dtype for node in nodes))
        shape = [*nodes[0].shape]
        shape[axis] = sum(node.shape[axis] for node in nodes)
        made = tuple(cast(node, dtype) for node in nodes)
        return Node("concatenate", made, tuple(shape), dtype, axis)

    def _stack(self, parts: Sequence[Any], axis: int = 0) -> Node:
        nodes = [self.node(p) for p in parts]
        axis %= len(nodes[0].shape) + 1
        longer = [self._reshape(x, (*x.shape[:axis], 1, *x.shape[axis:])) for x in nodes]
        return self._concatenate(longer, axis)

    # ---- checks ----------------------------------------------------------------------------------

    def _checked(self, step: Step) -> Node:
        if step.function is check_branch:
            raise Unknown("the program branches on it")
        node, n = self.node(step.args[0]), int(step.args[1])
        low = -n if step.function.__name__ == "check_bounds" else 0
        self._guard(node, low, n, step)
        return node

    def _guard(self, node: Node, low: int, high: int, step: Step) -> None:
        if root_of(node).op not in ("input", "constant") or node.dtype.kind not in "iu":
            raise Unknown("it checks indices that are computed")
        self.guards.append(Guard(node, low, high, step))
        self._ranges[node] = low, high

    def _within(self, node: Node, n: int) -> bool:
        """Return whether no index counts from the end.

        Raise unless all are known to lie within an axis of `n` entries.
        """
        if node.dtype.kind not in "iu":
            raise Unknown("it is indexed with a mask")
        root = root_of(node)
        check = self._checks.get(root.value) if root.value and root.op == "input" else None
        if check and root not in self._ranges:
            self._checked(check)
        low, high = self._ranges.get(node, self._ranges.get(root, (-n, n + 1)))
        if root.op == "constant" or (root.op == "input" and root.value is None):
            low, high = int(root.data[0].min()), int(root.data[0].max()) + 1
        elif root.op == "reduce" and root.data[0].startswith("arg"):
            low, high = 0, root.args[0].shape[root.data[1][0]]
        if low < -n or high > n:
            raise Unknown("its indices are not checked before")
        return low >= 0


def _wrapped(text: str, n: int, is_positive: bool) -> Index:
    """Return an index that may count from the end."""
    return Index({text if is_positive else f"({text} < 0 ? {text} + {n} : {text})": 1})


def _holds(dtype: Any, x: Any) -> bool:
    """Return whether a number of Python's fits into the dtype that NumPy converts it to."""
    if type(x) is not int or dtype.kind not in "iu":
        return True
    return bool(np.iinfo(dtype).min <= x <= np.iinfo(dtype).max)


def _kind(x: Any, node: Node) -> Any:
    """Return a dtype, or the type of a Python number, which has none [NEP 50]."""
    bare = example_of(x) if isinstance(x, Value) else x
    return _WEAK.get(type(bare), node.dtype)
