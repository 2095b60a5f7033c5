"""compile: a function as the straight-line NumPy program that it runs, over memory that is planned.

The first call with arguments of new shapes *traces* the function: it runs on arrays that write down
what NumPy does to them (`tracing`), derivatives, optimiser step and all. What was written down is
made shorter by named rules (`rewriting`), gets its memory (`planning`, `lowering`), and is run from
then on. That is also how ``jax.jit`` and ``torch.compile`` work.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import update_wrapper
from threading import Lock
from types import MethodType
from typing import Any

import numpy as np

from ..tensor import SCOPES, Tensor, describe, recording
from ..views import program as writing
from . import straight as _straight  # noqa: F401  how the fused loss is written
from .arguments import (
    Layout,
    entry,
    flat_results,
    flatten,
    refuse_shared,
    surely_apart,
    traced_argument,
)
from .fusing import FUSING
from .lowering import by_position
from .planning import Plan
from .rewriting import Program, simplify
from .rules import EXACT, WITHIN_ROUNDING
from .scaling import move_factors
from .steps import Value, leaves_of, mapped
from .tracing import Trace, Traced


def compile(
    f: Callable[..., Any], *, donate: int | tuple[int, ...] = (), fuse: bool = False
) -> Compiled:
    """`f` as a NumPy program without an engine: traced once, then run.

    Parameters
    ----------
    f : callable
        From trees (nested dicts, lists, tuples) of arrays, Tensors and numbers to such a tree. It
        must do the same for all numbers: what depends on their values, such as an ``if``, is
        refused. May call transforms: ``ag.compile(ag.value_and_grad(loss))``.
    donate : int or tuple of int
        Positional arguments whose arrays may be overwritten: the result that is a tree of the same
        shapes is written into them, and they are what is returned. For parameters that a step
        updates.
    fuse : bool
        Replace softmax and cross-entropy that were written out by their stable, fused form.

    Returns
    -------
    Compiled
        Takes the arguments of `f`. ``.source`` is its program, ``.report()`` what became of it.

    Raises
    ------
    TypeError
        When `f` is first called: a decision that depends on numbers, with its line.
    RuntimeError
        Then too: a Tensor that requires a gradient and is no argument, such as a model's parameter.
    ValueError
        When `donate` does not say which result is meant, or a donated array is read-only or shares
        its memory with another argument. Nothing has been written then.

    Notes
    -----
    Arrays and floats may differ from call to call; other arguments (ints, strings, None) are part
    of the program, and new ones are traced anew, as are new shapes and dtypes. What `f` finds
    elsewhere than in its arguments is a constant, as are random numbers; so that nothing trained
    becomes one, parameters must be arguments. Results are new
    arrays, but for donated ones; of these nothing is known after a call that raised on its way.
    Several threads may call at a time. Programs for the latest 64 shapes are kept.

    A Tensor that requires a gradient, as inside of ``ag.grad``, or an array of another function
    that is being compiled, is passed on to `f` itself: what follows it sees all of
    `f`. That is right, but not compiled: compile the derivative, ``ag.compile(ag.grad(f))``.

    References
    ----------
    Frostig, Johnson, Leary: Compiling machine learning programs via high-level tracing, SysML 2018.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> def loss(w, x, y):
    ...     return np.mean((x @ w - y) ** 2)
    >>> def step(w, x, y, lr):
    ...     value, gradient = ag.value_and_grad(loss)(w, x, y)
    ...     return value, w - lr * gradient
    >>> step = ag.compile(step, donate=0)
    >>> w, x, y = np.zeros(2), np.array([[1.0, 0.0], [1.0, 1.0]]), np.array([1.0, 3.0])
    >>> for _ in range(200):
    ...     value, w = step(w, x, y, 0.5)
    >>> w.round(4)
    array([1., 2.])
    """
    if not callable(f):
        raise TypeError(f"compile takes a function, not {type(f).__name__}")
    chosen = donate if isinstance(donate, (tuple, list)) else (donate,)
    if not all(type(i) is int and i >= 0 for i in chosen) or len(set(chosen)) < len(chosen):
        raise TypeError(
            f"donate takes positions of arguments, each once: 0 or (0, 2), not {donate!r}"
        )
    return Compiled(f, tuple(chosen), fuse)


#: for arguments of how many shapes a function keeps its programs, and their memory
MOST_PROGRAMS = 64


class Compiled:
    """A function that was compiled; see `compile`."""

    def __init__(self, f: Callable[..., Any], donate: tuple[int, ...], fuse: bool) -> None:
        update_wrapper(self, f, updated=())
        self._f, self._donate, self._fuse = f, donate, fuse
        self._programs: dict[Any, _Running] = {}
        self._latest: _Running | None = None
        self._lock = Lock()

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        latest = self._latest
        if latest is not None and not kwargs and latest.enter is not None:
            found = latest.enter(args)
            if found is not None:
                return latest(found)
        if any(_is_followed(x) for x in leaves_of((args, kwargs))):
            _refuse_to_overwrite([args[i] for i in self._donate if i < len(args)])
            return self._f(*args, **kwargs)  # as a part of the tape or program that follows it
        leaves: list[Any] = []
        key = flatten((args, kwargs) if kwargs else args, leaves)
        with self._lock:
            running = self._programs.pop(key, None)
            if running is not None:
                self._programs[key] = running  # the last of them again
        if running is None:
            running = _Running(self._f, args, kwargs, self._donate, self._fuse)
            with self._lock:
                self._programs[key] = running
                while len(self._programs) > MOST_PROGRAMS:
                    del self._programs[next(iter(self._programs))]
        self._latest = running
        return running(leaves)

    @property
    def source(self) -> writing.Source:
        """The program of the latest call, as a person writes it: without its memory."""
        return self._running.source

    @property
    def plan(self) -> str:
        """The program of the latest call as it runs, writing into planned memory."""
        return self._running.plan.text

    def report(self) -> str:
        """Of the latest call's program: its steps, what was shared, dropped, rewritten and fused,
        its buffers and their bytes, and what is allocated in each call.
        """
        return self._running.report()

    @property
    def _running(self) -> _Running:
        if self._latest is None:
            raise RuntimeError(
                "this function has not been called yet: there is no program before its arguments "
                "have shapes. Call it once."
            )
        return self._latest


def _is_followed(x: Any) -> bool:
    """Whether an argument is on somebody's tape, or in a program that is being written."""
    if isinstance(x, Tensor):
        return isinstance(x._array, Traced) or (x._active and SCOPES.get() is not None)
    return isinstance(x, Traced)


def _refuse_to_overwrite(donated: Any) -> None:
    """A parameter that requires a gradient is recorded, and cannot be updated in place."""
    for x in leaves_of(donated):
        if isinstance(x, Tensor) and x.is_leaf and x.requires_grad:
            raise TypeError(
                f"compile: {describe(x)} is donated, but requires a gradient: what is recorded is "
                "not overwritten. Pass .detach() or arrays; transforms need no requires_grad."
            )


class _Running:
    """The program for arguments of certain shapes, and the memory that it runs in."""

    def __init__(self, f: Any, args: Any, kwargs: Any, donate: tuple[int, ...], fuse: bool) -> None:
        trace = Trace()
        entered = _entered(trace, _names(f, len(args)), args, kwargs)
        with recording(True):
            y = f(*entered[0], **entered[1])
        for x in leaves_of(y):
            trace.refuse_foreign(x)
        results, layout = flat_results(y)
        program = Program(trace, results)
        self._fuse = fuse
        traced = list(program.steps)
        self.traced = len(traced)
        simplify(program, [*EXACT, *FUSING] if fuse else EXACT)
        simplify(program, [*EXACT, *WITHIN_ROUNDING])
        if WITHIN_ROUNDING:
            move_factors(program)
            simplify(program, [*EXACT, *WITHIN_ROUNDING])
        self.source, self.done, self.steps = (
            writing.written(program),
            program.done,
            len(program.steps),
        )
        by_position(program)
        program.run_examples()
        given = len(program.arguments)  # of the text's arguments only its constants are kept
        self.source.arguments = dict(list(self.source.arguments.items())[given:])
        donated = _pairs(layout, program.results, entered[0], donate)
        tensors = {_value(x) for x in leaves_of(entered) if isinstance(x, Tensor)}
        whole = layout.leave_out({r for r, a in donated.items() if a in tensors}, program.results)
        self.plan = Plan(program, layout.written, donated, tensors, whole)
        places = {v: i for i, v in enumerate(program.arguments)}
        self._taken = [places[v] for v in donated.values()]
        given_leaves: list[Any] = []
        flatten((args, kwargs) if kwargs else args, given_leaves)
        self._apart = surely_apart(given_leaves, self._taken) if donated else None
        self._idle = [self.plan.set_up()]
        self.enter = entry(args) if not kwargs else None
        made = [v for step in [*traced, *program.steps] for v in step.outs]
        for value in [*program.arguments, *made]:
            value.example = None  # all of them together may be large, and live in cycles

    def __call__(self, leaves: Sequence[Any]) -> Any:
        """Run in memory that no other thread is using now."""
        if self._apart is not None and not self._apart(leaves):
            refuse_shared(leaves, self._taken)
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
        shared, dead = done.pop("shared", 0), done.pop("dead", 0)
        fused = {name: done.pop(name, 0) for name, _ in FUSING}
        nothing = "nothing was found to fuse" if self._fuse else "nothing: fuse=True asks for it"
        plan = self.plan
        size = sum(slab.size for slab in plan.slabs)
        lines = {
            "steps": f"{self.steps} of {self.traced} traced",
            "shared": f"{shared} repeated",
            "dropped": f"{dead} unused",
            "rewritten": _counted(done) or "nothing",
            "fused": _counted(fused) or nothing,
            "buffers": f"{len(plan.slabs)} of {size:,} bytes, for {len(plan.slab_of)} values",
            "allocated": f"{len(plan.allocated)} values a call, besides the results",
        }
        return "\n".join(f"{key + ':':11}{text}" for key, text in lines.items())


def _counted(done: Mapping[str, int]) -> str:
    """How often each rule was applied, by its name."""
    return ", ".join(f"{name} {n}" for name, n in sorted(done.items()) if n)


def _entered(trace: Trace, names: list[str], args: Any, kwargs: Any) -> tuple[Any, Any]:
    """The arguments while the function is traced, under the names of its parameters."""

    def enter(tree: Any, name: str) -> Any:
        if isinstance(tree, dict):
            return {key: enter(part, str(key)) for key, part in tree.items()}
        if isinstance(tree, (list, tuple)):
            fields = getattr(tree, "_fields", [f"{name}_{i}" for i in range(len(tree))])
            parts = [enter(part, own) for part, own in zip(tree, fields, strict=True)]
            return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
        own = tree.name if isinstance(tree, Tensor) and tree.name else name
        return traced_argument(trace, tree, own)

    given = tuple(enter(tree, name) for tree, name in zip(args, names, strict=True))
    return given, {name: enter(tree, name) for name, tree in kwargs.items()}


def _names(f: Any, n: int) -> list[str]:
    """What `f` calls its first n arguments."""
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):  # some of NumPy's functions do not tell
        parameters = []
    plain = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)][
        :n
    ]
    others = [p.name for p in parameters if p.kind is p.VAR_POSITIONAL] or ["x"]
    return plain + others * (n - len(plain))


# ---- donated arguments ---------------------------------------------------------------------------


def _pairs(layout: Layout, results: list[Any], args: Any, donate: Any) -> dict[Value, Value]:
    """Which result is to be written into which donated argument."""
    found: dict[Value, Value] = {}
    if donate and max(donate) >= len(args):
        raise ValueError(
            f"donate={max(donate)}: the function was given {len(args)} positional arguments, which "
            "are counted from 0; donated arguments cannot be passed by keyword."
        )
    chosen = [mapped(_donated_value, args[i]) for i in donate]
    for i, tree in zip(donate, chosen):
        shapes = mapped(_kind, tree)
        same = [other for other in chosen if mapped(_kind, other) == shapes]
        fitting = _parts(mapped(lambda n: results[n], layout.tree), shapes)
        if len(fitting) != len(same):
            raise ValueError(
                f"donate={i}: {len(fitting)} results are trees of the shapes of that argument, "
                f"for {len(same)} donated arguments of these shapes. There must be one for each, "
                "in the same order."
            )
        of = next(k for k, other in enumerate(same) if other is tree)
        for value, target in _side_by_side(fitting[of], tree):
            found[value] = target
    return found


def _side_by_side(tree: Any, other: Any) -> Iterator[tuple[Any, Any]]:
    """The leaves of two trees of one shape; in dicts, by their keys."""
    if isinstance(tree, dict):
        for key, part in tree.items():
            yield from _side_by_side(part, other[key])
    elif isinstance(tree, (list, tuple)):
        for part, its in zip(tree, other, strict=True):
            yield from _side_by_side(part, its)
    else:
        yield tree, other


def _value(t: Any) -> Any:
    return t._array._value


def _donated_value(x: Any) -> Value:
    x = x._array if isinstance(x, Tensor) else x
    if not isinstance(x, Traced) or not isinstance(x._value.example, np.ndarray):
        kind = type(x._value.example if isinstance(x, Traced) else x).__name__
        raise TypeError(f"donate: the argument consists of arrays, not {kind}")
    return x._value


def _kind(x: Any) -> Any:
    return (x.shape, x.dtype) if isinstance(x, Value) else None


def _parts(tree: Any, shapes: Any) -> list[Any]:
    """The parts of a tree that are trees of these shapes, from left to right."""
    if mapped(_kind, tree) == shapes:
        return [tree]
    if isinstance(tree, dict):
        tree = list(tree.values())
    return [x for part in tree for x in _parts(part, shapes)] if type(tree) in (list, tuple) else []
