"""Trace a function, and keep its program and the memory that it runs in."""

from __future__ import annotations

import gc
import types
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..core.arrays import unwrap
from ..core.context import ALL_OBSERVERS, grad_mode, observing
from ..core.pytree import tree_leaves, tree_map
from ..core.registry import parameters_of
from ..core.tensor import Tensor
from .captures import captures
from .errors import EscapedTracerError, TracingError, random_numbers
from .guards import Guards
from .ir import Program, Value, memory_of, values_in
from .memory.donation import check_no_aliasing, copy_duplicate_results, match_donations
from .memory.plan import Plan
from .native.native import WHOLE_NODES, Native
from .native.plan import NativePlan
from .passes.algebra import EXACT
from .passes.rewrite import number, simplify
from .passes.slices import join_slices
from .passes.stable_softmax import FUSING
from .signature import ResultTree, again, argument_fast_path, flat_results, traced_argument
from .source.printer import Source, written
from .state import PARTS, PureStep
from .traced_array import TracedArray
from .tracer import Tracer


class Executable:
    """The program for arguments of certain shapes, and the memory that it runs in."""

    def __init__(
        self, f: Any, args: Any, kwargs: Any, donate: tuple[int, ...], fuse: bool, native: bool
    ) -> None:
        tracer = Tracer(unfuse=native, whole=WHOLE_NODES)
        given = _traced_arguments(tracer, f, args, kwargs)
        self.guards, program, tree = _recorded(tracer, given, f, args, kwargs, fuse)
        self._fuse = fuse
        self.done, self.steps, self.traced = program.done, len(program.steps), len(tracer.steps)
        self._call = (f, args, kwargs) if tracer.has_fused_calls else None
        self._source = None if tracer.has_fused_calls else _text(program, tracer)
        if not native:
            join_slices(program)
        program.run_examples()
        if donate:
            copy_duplicate_results(program)
        self._native = Native(program) if native else None
        new = tree.tree[0][0] if isinstance(f, PureStep) else tree.tree  # gradients look the same
        donated = match_donations(new, program.results, given[0], donate)
        tensors = {unwrap(x)._value for x in tree_leaves(given) if isinstance(x, Tensor)}
        taken = {r for r, a in donated.items() if a in tensors}
        if not tensors:
            tree.as_arrays()
        whole = tree.leave_out(taken, donated, program.results)
        advance = f.state.advance if isinstance(f, PureStep) else None
        if self._native:
            self._native.analyse()
        make_plan = NativePlan if native else Plan
        self.plan = make_plan(program, tree.written, donated, tensors, whole, advance)
        if self._native and isinstance(self.plan, NativePlan):
            self._native.build(self.plan)
        places = {v: i for i, v in enumerate(program.arguments)}
        # an array that is returned unchanged is not written to
        self.taken = [places[v] for result, v in donated.items() if result is not v]
        #: of the arrays of the state, which come first, for messages
        self.names = list(f.state.read()[0]) if isinstance(f, PureStep) else []
        self._idle = [self.plan.set_up()]
        are_alike = self._native.are_alike if self._native else None
        unread = {places[v] for v in _unread_grads(program, f, given[0])}
        self.enter = None
        if not kwargs:
            self.enter = argument_fast_path(args, self.taken, unread, are_alike)
        made = [v for step in [*tracer.steps, *program.steps] for v in step.outs]
        for value in [*program.arguments, *made]:
            value.example = None  # all of them together may be large, and live in cycles

    @property
    def source(self) -> Source | TypeError:
        """The program as text. A fused node that depends on numbers is printed as its graph.

        The function is traced again for that, with the arguments of its first call.
        """
        if self._native:
            return self._native.source
        if self._source is None and self._call is not None:
            f, args, kwargs = self._call
            tracer = Tracer(unfuse=True)
            given = _traced_arguments(tracer, f, args, kwargs)
            _, program, _ = _recorded(tracer, given, f, args, kwargs, self._fuse)
            self._source = _text(program, tracer)
        assert self._source is not None
        return self._source

    def run(self, leaves: Sequence[Any], inputs: Sequence[Any]) -> Any:
        """Run in memory that no other thread is using now."""
        if inputs:
            leaves = [*leaves, *inputs]
            if self.taken:
                check_no_aliasing(leaves, self.taken, self.names)
        try:
            run = self._idle.pop()
        except IndexError:
            run = self.plan.set_up()
        try:
            return run(*leaves)
        finally:
            self._idle.append(run)

    def report(self) -> str:
        done = dict(self.done)
        repeated, dead = done.pop("common subexpressions", 0), done.pop("dead code", 0)
        fused = {name: done.pop(name, 0) for name, _ in FUSING}
        nothing = "nothing was found to fuse" if self._fuse else "nothing, because fuse=False"
        plan = self.plan
        size, kept = sum(buffer.size for buffer in plan.buffers), len(plan.buffer_of)
        lines = {
            "steps": f"{self.steps} of {self.traced} traced",
            "common subexpressions": f"{repeated}",
            "dead code": f"{dead} steps",
            "rewritten": _counted(done) or "nothing",
            "fused": _counted(fused) or nothing,
            "buffers": f"{len(plan.buffers)}, together {size:,} bytes, used for {_values(kept)}",
            "allocated": f"{_values(len(plan.allocated))} in each call, in addition to the results",
        }
        if self._native:
            lines |= self._native.report()
        return "\n".join(report_line(label, text) for label, text in lines.items())


def _unread_grads(program: Program, f: Any, given: Any) -> set[Value]:
    """Return the old gradients that a step deletes, as most steps do, before it computes new ones.

    They have the shapes and dtypes of their parameters.
    """
    if not isinstance(f, PureStep):
        return set()
    grads = {x._value for x in given[PARTS.index("grads")].values()}
    read = {v for step in program.steps for v in step.inputs}
    return grads - read - set(values_in(program.results))


def _values(n: int) -> str:
    return f"{n} value{'s' * (n != 1)}"


def report_line(label: str, text: str) -> str:
    """Return a line of a report."""
    return f"{label + ':':23} {text}"


def _counted(done: Mapping[str, int]) -> str:
    """Return how often each rule was applied, by its name."""
    return ", ".join(f"{name} {n}" for name, n in sorted(done.items()) if n)


def listed(names: list[str]) -> str:
    """Return a few of the names, and the number of the others."""
    rest = f" and {len(names) - 3} more" if len(names) > 4 else ""
    return ", ".join(names[:3] if rest else names) + rest


# ---- tracing -------------------------------------------------------------------------------------


def traced(f: Any, args: Any, kwargs: Any, fuse: bool = False) -> Program:
    """Return the program for these arguments before its memory is planned, with its examples."""
    tracer = Tracer()
    given = _traced_arguments(tracer, f, args, kwargs)
    _, program, _ = _recorded(tracer, given, f, args, kwargs, fuse)
    join_slices(program)
    program.run_examples()
    return program


def _recorded(
    tracer: Tracer, given: Any, f: Any, args: Any, kwargs: Any, fuse: bool
) -> tuple[Guards, Program, ResultTree]:
    """Trace the function. Return its captured state, its program, and the tree of its results."""
    # Unlike settings, these differ from call to call.
    data = (np.ndarray, Tensor, float, np.generic, np.random.Generator)
    settings = [x for x in tree_leaves((args, kwargs)) if not isinstance(x, data)]
    if isinstance(f, PureStep):
        guards = Guards((f.f, *settings), f.state.lifted)
        guards.generators += [slot.seen for slot in f.state.generators]
    else:
        guards = Guards((f, *settings))
    tracer.captured = {id(memory_of(unwrap(place.seen))) for place in guards.arrays}
    tracer.captured.update(map(id, guards.generators))
    drawn = guards.states()
    seen = tree_map(again, given)  # nothing else refers to these after the call
    before = list(map(id, tree_leaves(seen)))
    y = _traced(tracer, f, seen)
    name = _name(f)
    if guards.states() != drawn:
        raise random_numbers(name)
    if list(map(id, tree_leaves(seen))) != before:
        raise EscapedTracerError(
            f"compile: {name} changes a dict or list that is an argument. The compiled program "
            "would not change it. Return a new dict or list."
        )
    results, tree = flat_results(tracer, y)
    del y, seen
    _refuse_escaped(tracer, f, settings, given)
    guards.leave_out(guards.changed())  # such as a list of what was traced
    program = Program(tracer, results)
    derived = _has_unknown_constants(program)
    if fuse:
        simplify(program, [*EXACT, *FUSING])
    simplify(program, EXACT)
    arrays = [array for array, _ in tracer.inputs]
    names = guards.watch(arrays, tracer.baked, derived)
    for (_, value), known in zip(tracer.inputs, names):
        value.name = known or None
    program.arguments = [*tracer.arguments, *(value for _, value in tracer.inputs)]
    return guards, program, tree


def _traced(tracer: Tracer, f: Any, given: Any) -> Any:
    """Return the result of the function on traced arguments."""
    try:
        with grad_mode(True), observing(tracer):
            y = f(*given[0], **given[1])
            for x in tree_leaves(y):
                tracer.refuse_parameter(x)
            return y
    except ValueError as error:
        if isinstance(error.__cause__, TracingError):  # NumPy's error, of c[i] = x, hides it
            raise error.__cause__ from None
        raise
    finally:
        tracer.closed = True


def _refuse_escaped(tracer: Tracer, f: Any, settings: list[Any], given: Any) -> None:
    """Raise if a traced array, except those of `given`, is still referred to."""
    known = set(map(id, map(unwrap, tree_leaves(given))))
    if not tracer.alive(known):
        return
    places = [x.name for x in captures((f, *settings)) if isinstance(unwrap(x.seen), TracedArray)]
    if not places and not ALL_OBSERVERS:  # an observer may keep the tensors that it saw
        gc.collect()  # a recursive function of the user's is a cycle
        alive = tracer.alive(known)
        places = [f"a {_holder(alive.pop())}"] if alive else []
    if places:
        raise EscapedTracerError(
            f"compile: {_name(f)} stores a computed array in {places[0]}. Later calls would not "
            "update it. Return the new value, and assign it outside of the function."
        )


def _name(f: Any) -> str:
    return getattr(f, "__name__", None) or type(f).__name__


def _holder(x: Any) -> str:
    """Return the type of an object that refers to `x`, or to the Tensor that holds it."""
    for found in gc.get_referrers(x):
        if not isinstance(found, types.FrameType):
            return _holder(found) if isinstance(found, Tensor) else type(found).__name__
    return "variable"


def _has_unknown_constants(program: Program) -> bool:
    """Return whether constants of the program may have been computed from captured arrays."""
    constants = tree_leaves([(step.args, step.kwargs) for step in program.steps] + program.results)
    return any(isinstance(x, (np.ndarray, np.floating)) and not _is_plain(x) for x in constants)


def _is_plain(x: Any) -> bool:
    """Return whether an array holds only 0, only 1, or 0, 1, 2, ..., as the rules make them."""
    n = number(x)
    if n is not None:
        return bool(n in (0, 1) or (x.ndim and not any(x.strides)))
    return x.dtype.kind == "i" and bool(np.array_equal(x.reshape(-1), np.arange(x.size)))


def _text(program: Program, tracer: Tracer) -> Source | TypeError:
    """Return the program as text. Of its arguments, only captured and constant arrays are kept."""
    try:
        found = written(program)
    except TypeError as error:
        return error
    found.arguments = dict(list(found.arguments.items())[len(tracer.arguments) :])
    return found


def _traced_arguments(tracer: Tracer, f: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """Return the arguments for tracing, under the names of the function's parameters."""

    def enter(tree: Any, name: str) -> Any:
        if isinstance(tree, dict):
            return {key: enter(part, str(key)) for key, part in tree.items()}
        if isinstance(tree, (list, tuple)):
            fields = getattr(tree, "_fields", [f"{name}_{i}" for i in range(len(tree))])
            parts = map(enter, tree, fields)
            return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
        own = tree.name if isinstance(tree, Tensor) and tree.name else name
        return traced_argument(tracer, tree, own)

    given = tuple(map(enter, args, _names(f, len(args))))
    return given, {name: enter(tree, name) for name, tree in kwargs.items()}


def _names(f: Any, n: int) -> list[str]:
    """Return the names of the first n parameters of `f`."""
    found = parameters_of(f).values()
    plain = [p.name for p in found if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)][:n]
    others = [p.name for p in found if p.kind is p.VAR_POSITIONAL] or ["x"]
    return plain + others * (n - len(plain))
