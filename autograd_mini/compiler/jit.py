"""compile: a function as the straight-line NumPy program that it runs, over memory that is planned.

The first call with arguments of new shapes *traces* the function: it runs on arrays that write down
what NumPy does to them (`tracing`), derivatives, optimiser step and all. What was written down is
made shorter by named rules (`rewriting`), gets its memory (`planning`, `lowering`), and is run from
then on. That is also how ``jax.jit`` and ``torch.compile`` work.
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

from ..core.context import ALL_OBSERVERS, SCOPES, grad_mode, observers
from ..core.tensor import Tensor
from . import straight as _straight  # noqa: F401  how the fused loss is written
from . import traced_methods as _methods  # noqa: F401  what arrays in a program answer to
from .errors import Untraceable
from .guards import Surroundings
from .ir import Program, leaves_of
from .memory.donation import each_its_own, pairs, refuse_followed, refuse_shared
from .memory.plan import Plan
from .passes.algebra import EXACT, WITHIN_ROUNDING
from .passes.rewrite import simplify
from .passes.stable_softmax import FUSING
from .positions import by_position
from .scaling import move_factors
from .signature import entry, flat_results, flatten, traced_argument
from .source import printer as writing
from .tracer import Trace, Traced


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
        updates; those of a model, which require a gradient, inside of `no_grad`.
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
        Then too: a Tensor that requires a gradient and is no argument, such as a model's parameter;
        or random numbers, which would be the same in each call.
    ValueError
        When `donate` does not say which result is meant, or a donated array is read-only or shares
        its memory with another argument. Nothing has been written then.

    Notes
    -----
    Arrays and floats may differ from call to call; other arguments (ints, strings, None, objects)
    are part of the program, and new ones are traced anew, as are new shapes and dtypes. What `f`
    finds elsewhere is a constant: variables, attributes, default arguments. In each call those that
    its code names are compared with what they were, and where one is another, `f` is traced anew.
    (That takes long: what changes often should be an argument; and so should large arrays, which
    are read through to be compared.) A clock, a file, or what only another library knows, is not
    seen. Prints and other effects of `f` happen while it is traced only.

    Results are new arrays, but for donated ones; of these nothing is known after a call that raised
    on its way. Several threads may call at a time. Programs for the latest 64 shapes are kept. An
    array with gaps or steps in its memory may give other last bits than one without.

    A call with a Tensor that requires a gradient, as inside of ``ag.grad``, or with an array of
    another function that is being compiled, goes to `f` itself: what follows it sees all of `f`.
    That is right, but not compiled, and ``.report()`` counts such calls. Compile the derivative,
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


#: after so many changes of a variable, the user is told what they cost
MOST_CHANGES = 8
#: bytes around a function that are read in no time
LITTLE = 1 << 14
#: for arguments of how many shapes a function keeps its programs, and their memory
MOST_PROGRAMS = 64


class Compiled:
    """A function that was compiled; see `compile`.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> f = ag.compile(lambda x: np.sin(x) * np.sin(x))
    >>> f(np.array([0.0]))
    array([0.])
    """

    __name__: str  # as the function's, with the rest that says what it is

    def __init__(self, f: Callable[..., Any], donate: tuple[int, ...], fuse: bool) -> None:
        update_wrapper(self, f, updated=())
        self._f, self._donate, self._fuse = f, donate, fuse
        self._programs: dict[Any, _Running] = {}
        self._latest: _Running | None = None
        self._changed: Counter[str] = Counter()  # what made a function be traced anew
        self._followed = 0  # calls that went to the function itself
        self._lock = Lock()

    def __reduce__(self) -> Any:
        return Compiled, (self._f, self._donate, self._fuse)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        latest = self._latest
        if latest is not None and not kwargs and latest.enter is not None and not ALL_OBSERVERS:
            found = latest.enter(args)
            if found is not None and latest.around.unchanged():
                return latest(found)
        if any(_is_followed(x) for x in leaves_of((args, kwargs))):
            refuse_followed([args[i] for i in self._donate if i < len(args)])
            self._followed += 1
            return self._f(*args, **kwargs)  # as a part of the tape or program that follows it
        leaves: list[Any] = []
        key = flatten(args, leaves), flatten(kwargs, leaves)
        with self._lock:
            running = self._programs.pop(key, None)
            if running is not None:
                self._programs[key] = running  # the last of them again
        if running is None or self._has_changed(running.around):
            running = _Running(self._f, args, kwargs, self._donate, self._fuse)
            with self._lock:
                self._programs[key] = running
                while len(self._programs) > MOST_PROGRAMS:
                    del self._programs[next(iter(self._programs))]
        self._latest = running
        refuse_shared(leaves, running.taken)
        results = running(leaves)
        for observer in observers() if ALL_OBSERVERS else ():
            observer.compiled_ran(self, results)
        return results

    def _has_changed(self, around: Surroundings) -> bool:
        """Whether the function would now find something else than when it was traced."""
        if around.unchanged():
            return False
        found = around.changed()
        self._changed.update(found)
        for place in found:
            if self._changed[place] == MOST_CHANGES:
                warnings.warn(
                    f"compile: {place}, which is no argument of {self.__name__}, was another in "
                    f"{MOST_CHANGES} calls, and each of these traced the function anew. Pass it as "
                    "an argument.",
                    stacklevel=3,
                )
        return bool(found)

    @property
    def source(self) -> writing.Source:
        """The program of the latest call, as a person writes it: without its memory.

        Raises
        ------
        TypeError
            When it calls a function that cannot be written out; it runs all the same.

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
        found = self._running.source
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
        return self._running.plan.text

    def report(self) -> str:
        """Of the latest program: its steps, what was shared, dropped, rewritten and fused, its
        buffers and their bytes, and what is allocated in each call. Then, where there were any, the
        large arrays that it found around it, the variables for which it was traced anew, and the
        calls that went to the function itself.

        Examples
        --------
        >>> import numpy as np
        >>> import autograd_mini as ag
        >>> f = ag.compile(lambda x: np.sin(x) * np.sin(x))
        >>> f(np.array([0.0]))
        array([0.])
        >>> print(f.report().splitlines()[0])
        steps:     2 of 3 traced
        """
        lines = [self._running.report()] if self._latest or not self._followed else []
        read = self._latest.around.read if self._latest else {}
        if sum(read.values()) >= LITTLE:
            names = ", ".join(sorted(read, key=read.__getitem__, reverse=True))
            lines.append(
                f"read:      {sum(read.values())} bytes in each call, to see whether they are the "
                f"same: {names}. Pass them as arguments"
            )
        if self._changed:
            n, names = self._changed.total(), ", ".join(self._changed)
            lines.append(f"anew:      traced {n} times more, for changes of {names}")
        if self._followed:
            lines.append(
                f"followed:  {self._followed} calls, by a tape or another program: run as written"
            )
        return "\n".join(lines)

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


class _Running:
    """The program for arguments of certain shapes, and the memory that it runs in."""

    def __init__(self, f: Any, args: Any, kwargs: Any, donate: tuple[int, ...], fuse: bool) -> None:
        trace = Trace()
        entered = _entered(trace, _names(f, len(args)), args, kwargs)
        self.around, y = _traced(f, args, kwargs, entered)
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
        self.source, self.done, self.steps = _text(program), program.done, len(program.steps)
        by_position(program)
        program.run_examples()
        if donate:
            each_its_own(program)
        donated = pairs(layout, program.results, entered[0], donate)
        tensors = {_value(x) for x in leaves_of(entered) if isinstance(x, Tensor)}
        taken = {r for r, a in donated.items() if a in tensors}
        whole = layout.leave_out(taken, donated, program.results)
        self.plan = Plan(program, layout.written, donated, tensors, whole)
        places = {v: i for i, v in enumerate(program.arguments)}
        self.taken = [places[v] for v in donated.values()]
        self._idle = [self.plan.set_up()]
        self.enter = entry(args, self.taken) if not kwargs else None
        made = [v for step in [*traced, *program.steps] for v in step.outs]
        for value in [*program.arguments, *made]:
            value.example = None  # all of them together may be large, and live in cycles

    def __call__(self, leaves: Sequence[Any]) -> Any:
        """Run in memory that no other thread is using now."""
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


def _text(program: Program) -> writing.Source | TypeError:
    """The program as text; of what it takes, only its constants are kept."""
    try:
        found = writing.written(program)
    except TypeError as error:
        return error
    found.arguments = dict(list(found.arguments.items())[len(program.arguments) :])
    return found


def _traced(f: Any, args: Any, kwargs: Any, entered: Any) -> tuple[Surroundings, Any]:
    """What the function gives while it is traced, and what it found around it."""
    settings = [x for x in leaves_of((args, kwargs)) if not isinstance(x, _NO_SETTINGS)]
    around = Surroundings((f, *settings))
    drawn = around.states()
    try:
        with grad_mode(True), around.asked() as asked:
            y = f(*entered[0], **entered[1])
    except ValueError as error:
        if isinstance(error.__cause__, Untraceable):  # NumPy's error, of c[i] = x, hides it
            raise error.__cause__ from None
        raise
    if asked or around.states() != drawn:
        raise RuntimeError(
            f"compile: {getattr(f, '__name__', 'the function')} draws random numbers. A program "
            "would have the same ones in every call. Draw them outside, and pass them as arguments."
        )
    around.leave_out(around.changed())  # what it changes itself, such as a list of what was traced
    return around, y


_NO_SETTINGS = (np.ndarray, Tensor, float, np.generic)


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


def _value(t: Any) -> Any:
    return t._array._value
