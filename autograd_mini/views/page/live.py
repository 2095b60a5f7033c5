"""Give the page the tape's own program, so that it can compute all numbers from other leaves.

The tape runs again on traced arrays, forward and backward, as for ``ag.source``. So the program
computes all that a page shows: values, gradients, contributions, sums and local derivatives. For
each position of a pool, the page knows which result of the program it shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from typing import Any, TypeAlias

import numpy as np

from ...compiler.errors import TracingError
from ...compiler.ir import Program, Value
from ...compiler.passes.algebra import EXACT
from ...compiler.passes.rewrite import simplify
from ...compiler.source.javascript import javascript_generator
from ...compiler.traced_array import TracedArray
from ...compiler.tracer import Tracer
from ...core.arrays import Array, unwrap
from ...core.backward import sweep, unbroadcast
from ...core.context import Contribution, Observer, observing, unobserved
from ...core.primitive import Primitive
from ...core.tape import Tape, contributions
from ...core.tape import replay as replay_tape
from ...core.tensor import Tensor, record
from ...notation.symbolic import parameters
from ...text.format import Place, variable
from ..trace import Trace
from .arrays import Computed, Entry, Line, Pool
from .sliders import leaves_with_sliders

Data: TypeAlias = dict[str, Any]

#: ``call(t, args)`` computes a node again
Call: TypeAlias = Callable[[Tensor, list[Any]], Tensor]
_MOST_TENSORS = 1_200  # on the longest tape that a page computes
_MOST_ENTRIES = 400_000  # of all values of that tape
_DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float32", "float64"]
_SEED = "seed"  # the name of the cotangent on the tape of a derivative


class NotLive(Exception):
    """The page cannot compute a tape. The message says why, in one sentence."""


def name_constants(trace: Trace) -> Trace:
    """Return the trace with a name for each constant array that is a parameter of a fused node.

    Formulas use the name instead of the numbers, which may change.
    """
    names, taken = dict(trace.names), set(trace.names.values())
    for t in trace.tape:
        for name, a in zip(parameters(t.op) if t.op else (), t.inputs):
            if isinstance(a, np.ndarray) and a.ndim and not variable(a, names):
                names[Place.of(a)] = _unique(name, taken)
    return replace(trace, names=names)


def _unique(name: str, taken: set[str]) -> str:
    n, found = 1, name
    while found in taken:
        n += 1
        found = f"{name}_{n}"
    taken.add(found)
    return found


def _require_plain(trace: Trace) -> None:
    """Raise `NotLive` unless a tape is small, and holds plain numbers of NumPy only."""
    arrays = [t.data for t in trace.tape]
    others = {type(x).__name__ for x in arrays if not isinstance(x, np.ndarray)}
    others |= {x.dtype.name for x in arrays if isinstance(x, np.ndarray)} - set(_DTYPES)
    if others:
        raise NotLive(f"the page cannot compute with {min(others)}")
    if len(arrays) > _MOST_TENSORS or sum(x.size for x in arrays) > _MOST_ENTRIES:
        raise NotLive("the tape is too large to compute in the page")


class LiveTape:
    """A tape as a program: what it computes for each array of the trace.

    If the trace is a graph that replaced fused nodes, `source` is the tape of these nodes, and
    `call` replaces them again.
    """

    def __init__(self, trace: Trace, source: Trace | None = None, call: Call | None = None) -> None:
        _require_plain(trace)
        self.trace = trace
        self.tracer = Tracer(concrete=True)
        self.arguments: list[tuple[Tensor | Array, Value]] = []
        #: array of the trace -> its traced value; by `id`, which the array keeps alive
        self.values: dict[int, tuple[Any, Any]] = {}
        with unobserved(), np.errstate(all="ignore"):
            tape = self._forward(source or trace, call)
            self._backward(tape)

    def add(self, x: Any, value: Any) -> None:
        """Let the program also compute an array."""
        self.values[id(x)] = x, value._value if isinstance(value, TracedArray) else value

    def traced(self, x: Any) -> Any:
        """Return an array of the trace as a traced one."""
        _, value = self.values.get(id(x), (x, x))
        return TracedArray(self.tracer, value) if isinstance(value, Value) else value

    # ---- the two passes --------------------------------------------------------------------------

    def _forward(self, source: Trace, call: Call | None) -> list[Tensor]:
        """Run the tape on traced leaves, and return it."""

        def leaf(t: Tensor) -> Tensor:
            array = self._argument(t, t._array, source.names[t.order])
            return Tensor(array, requires_grad=t.requires_grad, name=t.name)

        def again(t: Tensor, args: list[Any]) -> Tensor:
            assert t.op is not None
            args = [self._constant(t.op, i, a, source) for i, a in enumerate(args)]
            return call(t, args) if call else record(t.op, tuple(args), t.kwargs)

        replaced = replay_tape(source.tape, leaf, again)
        tape = list(Tape(replaced[source.result]))
        if [(t.op, t.shape) for t in tape] != [(t.op, t.shape) for t in self.trace.tape]:
            raise NotLive("the graph depends on the numbers")
        leaves: dict[Any, Tensor] = {}
        for t, new in zip(self.trace.tape, tape):
            self.add(t._array, new._array)
            for a, b in zip(t.inputs, new.inputs):
                if isinstance(a, np.ndarray):
                    self.add(a, b)
            _, value = self.values[id(t._array)]
            if t.op is None:
                leaves[value] = t
            elif isinstance(value, Value) and value.step is not None:
                value.name = self.trace.names[t.order]
        # A constant of a fused node is a leaf of its graph.
        self.arguments = [(leaves.get(value, of), value) for of, value in self.arguments]
        return tape

    def _argument(self, of: Any, array: Any, name: str) -> Any:
        """Return an array as an argument of the program."""
        if id(array) in self.values:
            return self.traced(array)
        traced = self.tracer.argument(array, name)
        self.arguments.append((of, traced._value))
        self.add(array, traced)
        return traced

    def _constant(self, op: Primitive, i: int, a: Any, source: Trace) -> Any:
        """Return an argument of a node; a constant array becomes an argument of the program."""
        if not isinstance(a, np.ndarray) or not a.ndim or i >= op.arity:
            return a
        return self._argument(a, a, variable(a, source.names) or "c")

    def _backward(self, tape: Sequence[Tensor]) -> None:
        """Run the backward pass, and keep what each step of the trace shows."""
        self.tracer.part = "backward"
        collector = _Collector(tape)
        seed = np.ones(tape[-1].shape, tape[-1].dtype)
        with observing(collector, alone=True):
            adjoints = sweep(tape, seed, keep=set(tape))
        new = dict(zip(self.trace.tape, tape))
        for t, g in self.trace.adjoints.items():
            self.add(g, adjoints.get(new[t], g))
            self._name_gradient(new[t], g)
        for step in self.trace.backward:
            node = new[step.tensor]
            for c in step.contributions:
                found = collector.found.get((node, c.argument))
                if found:
                    self.add(c.total, found.total)
                    self.add(c.spread, found.value)
                    self.add(c.value, unbroadcast(found.value, node, new[c.target]))
            if step.slopes:
                ones = np.ones(node.shape, node.dtype)
                slopes = {c.argument: c.value for c in contributions(node, ones)}
                for i, slope in step.slopes.items():
                    self.add(slope, slopes.get(i, slope))

    def _name_gradient(self, t: Tensor, gradient: Array) -> None:
        _, g = self.values[id(gradient)]
        if isinstance(g, Value) and g.step is not None and g.of is None:
            g.of = t._array._value if isinstance(t._array, TracedArray) else None

    # ---- the program -----------------------------------------------------------------------------

    def written(self, pool: Pool, shared: Shared) -> tuple[Data, str]:
        """Return the data of the tape, and the text of its program."""
        results = _Results(self)
        for x in self._shown_on_cards():
            results.index(x)
        numbered = [*enumerate(pool.sources)]
        items = {i: results.item(x) for i, x in numbered if isinstance(x, Computed)}
        first = len(results.values)
        items |= {i: results.item(x) for i, x in numbered if i not in items}
        gradients = [results.index(self._gradient(of)) for of, _ in self.arguments]
        self._check()
        data: Data = {
            "arguments": self._described(pool, shared),
            "gradients": [-1 if i is None else i for i in gradients],
            "items": [items[i] for i, _ in numbered],
        }
        program = simplify(Program(self.tracer, list(results.values)), EXACT)
        return data, javascript_generator(program, first)

    def _shown_on_cards(self) -> Iterator[Any]:
        """Yield the values, the gradients and the sums. Each other number is shown at one step."""
        yield self.trace.result._array  # the first one, of which the others are gradients
        yield from (t._array for t in self.trace.tape)
        yield from self.trace.adjoints.values()
        for c in chain.from_iterable(step.contributions for step in self.trace.backward):
            yield from (c.total, c.value)

    def _gradient(self, of: Tensor | Array) -> Any:
        return self.trace.adjoints.get(of) if isinstance(of, Tensor) else None

    def _described(self, pool: Pool, shared: Shared) -> list[Data]:
        """Return the arguments as data: their leaves, and the numbers that the page starts with."""
        index = {t.order: i for i, t in enumerate(self.trace.tape)}
        taken: set[str] = set()
        found = []
        for of, value in self.arguments:
            x = value.example
            node = index.get(getattr(of, "order", -1), -1)
            label = str(value.name)
            is_given = label not in (f"v{node}", f"#{node}", "c")
            is_parameter = isinstance(of, Tensor) and of.requires_grad
            is_named = is_given if isinstance(of, Tensor) else variable(x, self.trace.names)
            is_input = is_parameter or is_named  # the graph of a fused node has other constants
            is_fixed = x.dtype.kind != "f" or not x.size or label == _SEED or not is_input
            found.append(
                {
                    "name": shared.name(of, x, label, is_given, taken),
                    "node": node,
                    "item": pool.position(unwrap(of)),
                    "shape": list(x.shape),
                    "dtype": x.dtype.name,
                    "parameter": is_parameter,
                    "fixed": is_fixed,
                    "data": [_number(n) for n in x.ravel().tolist()],
                }
            )
        return found

    def _check(self) -> None:
        """Raise `NotLive` unless the program gives the numbers of the trace."""
        pairs = [(v.example, x) for x, v in self.values.values() if isinstance(v, Value)]
        largest = max((_largest(x) for _, x in pairs), default=0)
        for found, x in pairs:
            if not _is_close(found, x, largest):
                raise NotLive("the computation returns different numbers each time")


class _Collector(Observer):
    """Collects the contributions to tensors of one tape, by the node and its argument."""

    def __init__(self, tape: Iterable[Tensor]) -> None:
        self.tape = set(tape)
        self.found: dict[tuple[Tensor, int], Contribution] = {}

    def contributed(self, contribution: Contribution) -> None:
        if contribution.node in self.tape:  # not on a tape inside of a rule
            self.found[contribution.node, contribution.argument] = contribution


class _Results:
    """The results of a program, each once, and how the page refers to them."""

    UNKNOWN = -1  #: an item that the program does not compute

    def __init__(self, tape: LiveTape) -> None:
        self.tape = tape
        self.values: list[Value] = []
        self._positions: dict[Value, int] = {}

    def index(self, x: Any) -> int | None:
        """Return the position of the result that an array shows; None if it never changes."""
        _, value = self.tape.values.get(id(x), (x, None))
        if not isinstance(value, Value):
            return None
        if value not in self._positions:
            self._positions[value] = len(self.values)
            self.values.append(value)
        return self._positions[value]

    def item(self, source: Any) -> Any:
        """Return how the page computes an item of a pool from the results of the program.

        None is an item that never changes.
        """
        if source is None:
            return None
        if isinstance(source, Computed):
            source = self._computed(source)
        if not isinstance(source, Line):
            return self.index(source) if self._is_known(source) else self.UNKNOWN
        if not all(self._is_known(x.array) for x in source.parts if isinstance(x, Entry)):
            return self.UNKNOWN
        parts: list[Any] = []
        for part in map(self._part, source.parts):
            if isinstance(part, str) and parts and isinstance(parts[-1], str):
                parts[-1] += part
            else:
                parts.append(part)
        product = {"product": [*map(self._part, source.product)]} if source.product else {}
        return {"parts": parts, **product} if len(parts) > 1 else None

    def _computed(self, x: Computed) -> Any:
        """Return an array that the program can compute now, if it knows the arguments."""
        if all(map(self._is_known, x.arguments)):
            with suppress(TypeError, ValueError), unobserved(), np.errstate(all="ignore"):
                self.tape.add(x.array, x.function(*map(self.tape.traced, x.arguments)))
        return x.array

    def _is_known(self, x: Any) -> bool:
        return id(x) in self.tape.values or (not isinstance(x, (str, Line)) and not np.ndim(x))

    def _part(self, part: str | Entry) -> Any:
        if isinstance(part, str):
            return part
        result = self.index(part.array)
        return str(part) if result is None else [result, part.at, int(part.signed)]


def _largest(x: Any) -> float:
    return float(np.abs(np.where(np.isfinite(x), x, 0)).max(initial=0))


def _is_close(x: Any, y: Any, largest: float) -> bool:
    """Return whether two arrays are equal up to rounding. `largest` is that of all arrays.

    A gradient that is 0, such as that of the bias of keys, is computed as a sum of rounding errors.
    """
    is_single = np.asarray(y).dtype == np.float32
    rtol, eps = (1e-3, 1e-6) if is_single else (1e-6, 1e-15)
    return np.allclose(x, y, rtol, max(rtol * _largest(y), eps * largest), equal_nan=True)


def _number(x: Any) -> Any:
    """Return a number as JSON; one that is not finite as JavaScript's word for it."""
    if isinstance(x, (bool, int)):
        return int(x)
    return x if np.isfinite(x) else {np.inf: "Infinity", -np.inf: "-Infinity"}.get(x, "NaN")


class Shared:
    """The names of arguments. Tapes of one page share an argument if they share its name."""

    def __init__(self) -> None:
        self._names: dict[Any, str] = {}

    def name(
        self, of: Tensor | Array, x: Array, label: str, is_given: bool, taken: set[str]
    ) -> str:
        """Return the name of an argument on a tape whose other arguments have the `taken` names.

        The same leaf or array has the same name on all tapes, and so do those of one given name.
        """
        keys: list[Any] = [Place.of(x), *([of.order] if isinstance(of, Tensor) else [])]
        keys += [(label, x.shape, x.dtype)] if is_given else []
        known = [self._names[key] for key in keys if key in self._names]
        name = next((n for n in known if n not in taken), None)
        name = name or _unique(label, {*self._names.values(), *taken})
        taken.add(name)
        self._names |= dict.fromkeys(keys, name)
        return name


def add_live(
    data: Data,
    tapes: Sequence[Callable[[], LiveTape]],
    pools: Sequence[Pool],
) -> list[LiveTape]:
    """Add the programs of the tapes to the data of a page, or the reason why there are none."""
    shared = Shared()
    try:
        lives = [make() for make in tapes]
        pairs = [live.written(pool, shared) for live, pool in zip(lives, pools)]
    except (NotLive, TypeError) as error:  # also TracingError and UnknownOperation
        data["live"] = [{"why": _reason(error)}] * len(pools)
        return []
    data["live"] = [{**live, "program": i} for i, (live, _) in enumerate(pairs)]
    data["programs"] = [program for _, program in pairs]
    if names := leaves_with_sliders(data["live"]):
        data["moving"] = names
    return lives


def _reason(error: Exception) -> str:
    """Return why a page has no sliders, in one sentence."""
    if isinstance(error, TracingError):
        return "No sliders: an operation has other steps for other numbers."
    return f"No sliders: {error}."
