"""``ag.compile``: run a function as the straight-line NumPy program that it amounts to.

The first call with arguments of new shapes *traces* the function: it runs on arrays that record
what NumPy does to them (`tracer`), derivatives, optimiser step and all. The recorded program is
made shorter by named rules (`passes`), gets its memory (`memory`), and is run from then on.
``jax.jit`` and ``torch.compile`` work in the same way.
"""

from __future__ import annotations

import inspect
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import update_wrapper
from threading import Lock
from types import MethodType
from typing import Any

import numpy as np

from ..core.arrays import unwrap
from ..core.context import SCOPES, grad_mode, observing
from ..core.pytree import leaves_of
from ..core.tensor import Tensor
from .errors import EscapedTracerError, TracingError
from .guards import Guards
from .ir import Program, memory_of
from .memory.donation import (
    check_no_aliasing,
    copy_duplicate_results,
    match_donations,
    refuse_recorded,
)
from .memory.plan import Plan
from .passes.algebra import EXACT
from .passes.rewrite import number, simplify
from .passes.stable_softmax import FUSING
from .signature import argument_fast_path, flat_results, flatten, traced_argument
from .source.printer import Source, written
from .tracer import TracedArray, Tracer


def compile(
    f: Callable[..., Any], *, donate: int | tuple[int, ...] = (), fuse: bool = False
) -> Compiled:
    """Return `f` as a NumPy program without an engine: traced once, then run.

    Parameters
    ----------
    f : callable
        From trees (nested dicts, lists, tuples) of arrays, Tensors and numbers to such a tree. It
        must do the same for all numbers: what depends on their values, such as an ``if``, is
        refused. It may call transforms: ``ag.compile(ag.value_and_grad(loss))``.
    donate : int or tuple of int
        Positional arguments whose arrays may be overwritten: the result that is a tree of the same
        shapes is written into them, and they are returned. For parameters that a step updates;
        those of a model, which require a gradient, inside of `no_grad`.
    fuse : bool
        Replace softmax and cross-entropy that were written out by their stable, fused form. Only
        this option changes results: where the written form overflows, the fused one does not.

    Returns
    -------
    Compiled
        Takes the arguments of `f`, and returns the bits that `f` returns. ``.source`` is its
        program, ``.report()`` describes it.

    Raises
    ------
    TypeError
        When `f` is first called: a decision that depends on numbers, with its line.
    RuntimeError
        Then too: a captured Tensor that requires a gradient, such as a model's parameter; random
        numbers, which would be the same in each call; or a traced array that `f` leaves in an
        attribute, a variable or a list.
    ValueError
        If `donate` does not say which result is meant, or a donated array is read-only or shares
        its memory with another argument. Nothing has been written then.

    Notes
    -----
    Arrays and floats may differ from call to call. Other arguments (ints, strings, None, objects)
    are part of the program: `f` is traced again for new ones, and for new shapes, strides and
    dtypes.

    *Captured state* is what `f` reads elsewhere. Captured arrays (globals, closure variables,
    attributes) are inputs of the program, so that a change in place is seen, as is another array
    of the same shape. Numbers and strings are compared by value in each call, functions by their
    code, lists and dicts by their entries, other objects by identity; if one has changed, `f` is
    traced again, which takes long. A captured array from which `f` computes with NumPy alone
    (``x * (w * 2)`` with `w` captured) is compared too, entry by entry: pass such arrays as
    arguments.

    Some captured state is *not seen*, because no code names it: attributes by a computed name
    (``getattr(self, f"w{i}")``), attributes that did not exist yet, entries of sets and deques,
    clocks, files, generators that are made without a seed, and the inside of other libraries.
    Prints and other effects of `f` happen only while it is traced.

    Results are new arrays, except donated ones. If a call raises, the contents of donated arrays
    are undefined. Several threads may call at the same time. Programs for the latest 64 shapes are
    kept.

    A call with a Tensor that requires a gradient, as inside of ``ag.grad``, or with an array of
    another function that is being compiled, calls `f` itself, so that all of `f` is recorded. Such
    calls are not compiled, and ``.report()`` counts them. Compile the derivative,
    ``ag.compile(ag.grad(f))``, or pass ``w.detach()``.

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


#: number of changes of a captured object after which the user is told their cost
MAX_RETRACE_WARNINGS = 8
#: captured arrays below this size are compared without a word in the report
FREE_COMPARE_BYTES = 1 << 14
#: number of programs, one for the shapes of each call, that a function keeps
MAX_PROGRAMS = 64


class Compiled:
    """A compiled function; see `compile`.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> f = ag.compile(lambda x: np.sin(x) * np.sin(x))
    >>> f(np.array([0.0]))
    array([0.])
    """

    __name__: str  # that of the function

    def __init__(self, f: Callable[..., Any], donate: tuple[int, ...], fuse: bool) -> None:
        update_wrapper(self, f, updated=())
        self._f, self._donate, self._fuse = f, donate, fuse
        self._programs: dict[Any, Executable] = {}
        self._latest: Executable | None = None
        self._changed: Counter[str] = Counter()  # captured state, by how often it has changed
        self._uncompiled = 0  # calls of the function itself
        self._lock = Lock()

    def __reduce__(self) -> Any:
        return Compiled, (self._f, self._donate, self._fuse)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        latest = self._latest
        if latest is not None and not kwargs and latest.enter is not None:
            leaves = latest.enter(args)
            if leaves is not None and (inputs := latest.guards.read()) is not None:
                return latest(leaves, inputs)
        if any(_is_recorded(x) for x in leaves_of((args, kwargs))):
            refuse_recorded([args[i] for i in self._donate if i < len(args)])
            self._uncompiled += 1
            return self._f(*args, **kwargs)  # as a part of the tape or program that records it
        leaves = []
        key = flatten(args, leaves), flatten(kwargs, leaves)
        with self._lock:
            found = self._programs.pop(key, None)
            if found is not None:
                self._programs[key] = found  # the most recent one comes last
        inputs = found.guards.read() if found else None
        if found is None or inputs is None:
            if found:
                self._note_changes(found.guards.changed())
            found = Executable(self._f, args, kwargs, self._donate, self._fuse)
            inputs = found.guards.read() or []
            with self._lock:
                self._programs[key] = found
                while len(self._programs) > MAX_PROGRAMS:
                    del self._programs[next(iter(self._programs))]
        self._latest = found
        check_no_aliasing(leaves, found.taken)
        return found(leaves, inputs)

    def _note_changes(self, names: list[str]) -> None:
        self._changed.update(names)
        for name in names:
            if self._changed[name] == MAX_RETRACE_WARNINGS:
                warnings.warn(
                    f"compile: {name}, which is not an argument of {self.__name__}, has changed in "
                    f"{MAX_RETRACE_WARNINGS} calls, and each of these traced the function again. "
                    "Pass it as an argument.",
                    stacklevel=3,
                )

    @property
    def source(self) -> Source:
        """The program of the latest call, as a person would write it, without its memory.

        Raises
        ------
        TypeError
            If it calls a function whose text cannot be printed; it runs all the same.

        Examples
        --------
        >>> import numpy as np
        >>> import autograd_mini as ag
        >>> f = ag.compile(lambda x: np.sin(x) * np.sin(x))
        >>> f(np.array([0.0]))
        array([0.])
        >>> print(f.source.splitlines()[6].strip())
        v1 = np.sin(x)  # (1,)
        """
        found = self._executable.source
        if isinstance(found, TypeError):
            raise TypeError(str(found))
        return found

    @property
    def plan(self) -> str:
        """The program of the latest call as it runs, writing into planned memory.

        Examples
        --------
        >>> import numpy as np
        >>> import autograd_mini as ag
        >>> f = ag.compile(lambda x: np.sin(x) * np.sin(x))
        >>> f(np.array([0.0]))
        array([0.])
        >>> print(f.plan.splitlines()[1].strip())
        sin(x0, m0)
        """
        return self._executable.plan.text

    def report(self) -> str:
        """Describe the latest program: its steps, rewrites, buffers and allocations.

        Further lines list captured arrays that are compared in each call, captured state whose
        changes made the function be traced again, and calls that were not compiled.

        Examples
        --------
        >>> import numpy as np
        >>> import autograd_mini as ag
        >>> f = ag.compile(lambda x: np.sin(x) * np.sin(x))
        >>> f(np.array([0.0]))
        array([0.])
        >>> print(f.report().splitlines()[0])
        steps:                  2 of 3 traced
        """
        lines = [self._latest.report()] if self._latest else []
        if not lines and not self._uncompiled:
            return self._executable.report()  # raises
        compared = self._latest.guards.compared if self._latest else []
        size = sum(len(seen) for _, seen in compared)
        if size >= FREE_COMPARE_BYTES:
            names = ", ".join(p.name for p, _ in sorted(compared, key=lambda pair: -len(pair[1])))
            said = f"{size:,} bytes compared in each call: {names}. Pass them as arguments"
            lines.append(_line("captured arrays", said))
        if self._changed:
            n, names = self._changed.total(), ", ".join(self._changed)
            lines.append(_line("retraces", f"{n}, after changes of {names}"))
        if self._uncompiled:
            said = f"{self._uncompiled}, recorded on a tape or in another program"
            lines.append(_line("uncompiled calls", said))
        return "\n".join(lines)

    @property
    def _executable(self) -> Executable:
        if self._latest is None:
            raise RuntimeError(
                "this function has not been called yet, and its program depends on the shapes of its "
                "arguments. Call it once."
            )
        return self._latest


def _line(label: str, text: str) -> str:
    return f"{label + ':':23} {text}"


def _is_recorded(x: Any) -> bool:
    """Return whether an argument is on a tape, or in a program that is being recorded."""
    if isinstance(x, Tensor):
        return isinstance(x._array, TracedArray) or (x._active and SCOPES.get() is not None)
    return isinstance(x, TracedArray)


class Executable:
    """The program for arguments of certain shapes, and the memory that it runs in."""

    def __init__(self, f: Any, args: Any, kwargs: Any, donate: tuple[int, ...], fuse: bool) -> None:
        tracer = Tracer()
        entered = _traced_arguments(tracer, _names(f, len(args)), args, kwargs)
        own = len(tracer.arguments)
        self.guards, y = _traced(tracer, f, args, kwargs, entered)
        results, tree = flat_results(tracer, y)
        tracer.arguments += [value for _, value in tracer.inputs]
        program = Program(tracer, results)
        self._fuse = fuse
        traced = list(program.steps)
        self.traced = len(traced)
        if fuse:
            simplify(program, [*EXACT, *FUSING])
        simplify(program, EXACT)
        inputs = [array for array, _ in tracer.inputs]
        names = self.guards.watch(inputs, tracer.baked, _has_unknown_constants(program))
        for (_, value), name in zip(tracer.inputs, names):
            value.name = name or None
        self.source, self.done, self.steps = _text(program, own), program.done, len(program.steps)
        program.run_examples()
        if donate:
            copy_duplicate_results(program)
        donated = match_donations(tree, program.results, entered[0], donate)
        tensors = {x._array._value for x in leaves_of(entered) if isinstance(x, Tensor)}
        taken = {r for r, a in donated.items() if a in tensors}
        whole = tree.leave_out(taken, donated, program.results)
        self.plan = Plan(program, tree.written, donated, tensors, whole)
        places = {v: i for i, v in enumerate(program.arguments)}
        self.taken = [places[v] for v in donated.values()]
        self._idle = [self.plan.set_up()]
        self.enter = argument_fast_path(args, self.taken) if not kwargs else None
        made = [v for step in [*traced, *program.steps] for v in step.outs]
        for value in [*program.arguments, *made]:
            value.example = None  # all of them together may be large, and live in cycles

    def __call__(self, leaves: Sequence[Any], inputs: Sequence[Any]) -> Any:
        """Run in memory that no other thread is using now."""
        if self.taken and inputs:
            check_no_aliasing([*leaves, *inputs], self.taken)
        try:
            run = self._idle.pop()
        except IndexError:
            run = self.plan.set_up()
        try:
            return run(*leaves, *inputs)
        finally:
            self._idle.append(run)

    def report(self) -> str:
        done = dict(self.done)
        repeated, dead = done.pop("common subexpressions", 0), done.pop("dead code", 0)
        fused = {name: done.pop(name, 0) for name, _ in FUSING}
        nothing = "nothing was found to fuse" if self._fuse else "nothing: fuse=True asks for it"
        plan = self.plan
        size = sum(buffer.size for buffer in plan.buffers)
        lines = {
            "steps": f"{self.steps} of {self.traced} traced",
            "common subexpressions": f"{repeated}",
            "dead code": f"{dead} steps",
            "rewritten": _counted(done) or "nothing",
            "fused": _counted(fused) or nothing,
            "buffers": f"{len(plan.buffers)} of {size:,} bytes, for {len(plan.buffer_of)} values",
            "allocated": f"{len(plan.allocated)} values a call, besides the results",
        }
        return "\n".join(_line(label, text) for label, text in lines.items())


def _text(program: Program, own: int) -> Source | TypeError:
    """Return the program as text. Of its arguments, only captured and constant arrays are kept."""
    try:
        found = written(program)
    except TypeError as error:
        return error
    found.arguments = dict(list(found.arguments.items())[own:])
    return found


def _traced(tracer: Tracer, f: Any, args: Any, kwargs: Any, entered: Any) -> tuple[Guards, Any]:
    """Trace the function. Return its captured state, and its result."""
    settings = [x for x in leaves_of((args, kwargs)) if not isinstance(x, _NO_SETTINGS)]
    guards = Guards((f, *settings))
    tracer.captured = {id(memory_of(unwrap(place.seen))) for place in guards.arrays}
    drawn = guards.states()
    try:
        with grad_mode(True), observing(tracer):
            y = f(*entered[0], **entered[1])
            for x in leaves_of(y):
                tracer.refuse_parameter(x)
    except ValueError as error:
        if isinstance(error.__cause__, TracingError):  # NumPy's error, of c[i] = x, hides it
            raise error.__cause__ from None
        raise
    finally:
        tracer.closed = True
    if guards.states() != drawn:
        raise RuntimeError(
            f"compile: {getattr(f, '__name__', 'the function')} draws random numbers. A program "
            "would have the same ones in every call. Draw them outside, and pass them as arguments."
        )
    now = Guards((f, *settings))
    for place in [*now.places, *now.arrays]:
        if isinstance(unwrap(place.seen), TracedArray):
            raise EscapedTracerError(
                f"compile: {getattr(f, '__name__', 'the function')} leaves a traced array in "
                f"{place.name}. It would never be updated again. Return the new value, and assign "
                "it outside."
            )
    guards.leave_out(guards.changed())  # such as a list of what was traced
    return guards, y


_NO_SETTINGS = (np.ndarray, Tensor, float, np.generic)


def _has_unknown_constants(program: Program) -> bool:
    """Return whether constants of the program may have been computed from captured arrays."""
    constants = leaves_of([(step.args, step.kwargs) for step in program.steps] + program.results)
    return any(
        isinstance(x, np.ndarray) and number(x) is None and not _counts_up(x) for x in constants
    )


def _counts_up(x: Any) -> bool:
    return x.dtype.kind == "i" and np.array_equal(x.reshape(-1), np.arange(x.size))


def _counted(done: Mapping[str, int]) -> str:
    """Return how often each rule was applied, by its name."""
    return ", ".join(f"{name} {n}" for name, n in sorted(done.items()) if n)


def _traced_arguments(tracer: Tracer, names: list[str], args: Any, kwargs: Any) -> tuple[Any, Any]:
    """Return the arguments for tracing, under the names of the function's parameters."""

    def enter(tree: Any, name: str) -> Any:
        if isinstance(tree, dict):
            return {key: enter(part, str(key)) for key, part in tree.items()}
        if isinstance(tree, (list, tuple)):
            fields = getattr(tree, "_fields", [f"{name}_{i}" for i in range(len(tree))])
            parts = [enter(part, own) for part, own in zip(tree, fields, strict=True)]
            return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
        own = tree.name if isinstance(tree, Tensor) and tree.name else name
        return traced_argument(tracer, tree, own)

    given = tuple(enter(tree, name) for tree, name in zip(args, names, strict=True))
    return given, {name: enter(tree, name) for name, tree in kwargs.items()}


def _names(f: Any, n: int) -> list[str]:
    """Return the names of the first n parameters of `f`."""
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):  # some of NumPy's functions have no signature
        parameters = []
    plain = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)][
        :n
    ]
    others = [p.name for p in parameters if p.kind is p.VAR_POSITIONAL] or ["x"]
    return plain + others * (n - len(plain))
