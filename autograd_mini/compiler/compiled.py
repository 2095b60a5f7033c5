"""The functions that `compile` returns: they choose the program of a call, or trace a new one."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable
from functools import update_wrapper
from threading import RLock
from types import MethodType
from typing import Any

import numpy as np

from ..core.context import ALL_OBSERVERS, SCOPES, observers
from ..core.pytree import tree_leaves
from ..core.tensor import Tensor
from .executable import Executable, listed, report_line
from .ir import OtherBranch
from .memory.donation import check_no_aliasing, refuse_recorded
from .native.toolchain import BuildError, NoCompiler
from .signature import flatten
from .source.printer import Source
from .state import PureStep, State, StateChanged, undone_on_error
from .traced_array import TracedArray

#: number of changes of a captured object after which a warning states their cost
MAX_RETRACE_WARNINGS = 8
#: captured arrays below this size are compared without a word in the report
FREE_COMPARE_BYTES = 1 << 14
#: number of programs, one for the shapes of each call, that a function keeps
MAX_PROGRAMS = 64


class Compiled:
    """A compiled function, which `compile` returns.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> f = ag.compile(lambda x: np.sin(x) * np.sin(x))
    >>> f(np.array([0.0]))
    array([0.])
    """

    __name__: str  # the name of the function

    def __init__(
        self, f: Callable[..., Any], donate: tuple[int, ...], fuse: bool, target: str
    ) -> None:
        update_wrapper(self, f, updated=())
        self.__name__ = getattr(f, "__name__", type(f).__name__)
        self._f, self._donate, self._fuse, self._target = f, donate, fuse, target
        self._programs: dict[Any, Executable] = {}
        self._latest: Executable | None = None
        self._changed: Counter[str] = Counter()  # captured state, by how often it has changed
        self._uncompiled = 0  # calls of the function itself
        self._lock = RLock()  # which an interrupted call may enter again

    def __reduce__(self) -> Any:
        return Compiled, (self._f, self._donate, self._fuse, self._target)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        latest = self._latest
        if latest is not None and not kwargs and latest.enter is not None and not ALL_OBSERVERS:
            leaves = latest.enter(args)
            if leaves is not None and (inputs := latest.guards.read()) is not None:
                try:
                    return latest.run(leaves, inputs)
                except OtherBranch:
                    pass  # the slow path traces it again
        if any(_is_recorded(x) for x in tree_leaves((args, kwargs))):
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
        if found is not None and inputs is None:
            self._note_changes(found.guards.changed())
        if found is None or inputs is None:
            found, inputs = self._trace(key, args, kwargs)
        self._latest = found
        check_no_aliasing(leaves, found.taken, found.names)
        try:
            results = found.run(leaves, inputs)
        except OtherBranch:
            self._changed["numbers on which a NumPy function branches"] += 1
            self._latest, inputs = self._trace(key, args, kwargs)
            results = self._latest.run(leaves, inputs)
        for observer in observers() if ALL_OBSERVERS else ():
            observer.compiled_ran(self, results)
        return results

    def _trace(self, key: Any, args: Any, kwargs: Any) -> tuple[Executable, list[Any]]:
        """Return a new program for these arguments, and its captured arrays."""
        with undone_on_error(self._f):
            found = self._traced(args, kwargs)
        with self._lock:
            self._programs[key] = found
            while len(self._programs) > MAX_PROGRAMS:
                del self._programs[next(iter(self._programs))]
        return found, found.guards.read() or []

    def _traced(self, args: Any, kwargs: Any) -> Executable:
        """Return a new program, in C or in NumPy. For "auto", NumPy serves if C cannot be built."""
        options = (self._f, args, kwargs, self._donate, self._fuse)
        if self._target == "numpy":
            return Executable(*options, native=False)
        try:
            return Executable(*options, native=True)
        except (NoCompiler, BuildError):
            if self._target == "c":
                raise
            return Executable(*options, native=False)

    def _note_changes(self, names: list[str]) -> None:
        """Count changes of captured state. Warn if some has changed too often."""
        self._changed.update(names)
        often = [name for name in names if self._changed[name] == MAX_RETRACE_WARNINGS]
        if often:
            warnings.warn(
                f"compile: {self.__name__} uses {listed(often)}, which changed before "
                f"{MAX_RETRACE_WARNINGS} calls. Each of these calls traced the function again, "
                "which is slow. Pass these values as arguments.",
                stacklevel=3,
            )

    @property
    def source(self) -> Source:
        """The program of the latest call as readable text. It does not show how memory is reused.

        Raises
        ------
        TypeError
            If the program calls a function whose source cannot be printed. The program still runs.

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
        """The program of the latest call exactly as it runs. It reuses a few arrays, ``m0``, ...

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
        """Describe the latest program, and how it was made.

        The first lines show how many operations the program has, and how much memory it uses. Other
        lines count the calls that ran the original function, and say why it was traced again.

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
        compared = self._latest.guards.compared if self._latest else {}
        size = sum(compared.values())
        if size >= FREE_COMPARE_BYTES:
            names = listed(sorted(compared, key=lambda name: -compared[name]))
            said = f"{size:,} bytes compared in each call: {names}. Pass them as arguments"
            lines.append(report_line("captured arrays", said))
        if self._changed:
            n, names = self._changed.total(), listed(list(self._changed))
            lines.append(report_line("retraces", f"{n}, after changes of {names}"))
        if self._uncompiled:
            said = f"{self._uncompiled}, recorded on a tape or in another program"
            lines.append(report_line("uncompiled calls", said))
        return "\n".join(lines)

    @property
    def _executable(self) -> Executable:
        if self._latest is None:
            raise RuntimeError(
                "this function has not been called yet. Its program depends on the shapes of the "
                "arguments, so call the function once."
            )
        return self._latest


def _is_recorded(x: Any) -> bool:
    """Return whether an argument is on a tape, or in a program that is being recorded."""
    if isinstance(x, Tensor):
        return isinstance(x._array, TracedArray) or (x._active and SCOPES.get() is not None)
    return isinstance(x, TracedArray)


class CompiledStep(Compiled):
    """A compiled training step, which changes a model and an optimiser; see `compile`."""

    def __init__(
        self, f: Callable[..., Any], roots: tuple[Any, ...], fuse: bool, target: str
    ) -> None:
        self._state = State(list(roots))
        super().__init__(PureStep(f, self._state), (0,), fuse, target)
        self._step = f
        update_wrapper(self, f, updated=())

    def __reduce__(self) -> Any:
        return CompiledStep, (self._step, self._state.roots, self._fuse, self._target)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        others = [x for x in args if type(x) is not np.ndarray]  # usually none
        if (others or kwargs) and any(map(_is_recorded, tree_leaves((others, kwargs)))):
            self._uncompiled += 1
            return self._step(*args, **kwargs)
        with self._lock:
            try:
                (_, *changed), y = super().__call__(*self._state.read(), *args, **kwargs)
            except StateChanged:
                self._state.find()
                (_, *changed), y = super().__call__(*self._state.read(), *args, **kwargs)
            self._state.write(*changed)
        return y
