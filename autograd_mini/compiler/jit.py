"""``ag.compile``: run a function as an equivalent NumPy program without branches.

The first call with arguments of new shapes *traces* the function: it runs on arrays that record
what NumPy does to them (`tracer`), including derivatives and the optimiser step. The recorded
program is made shorter by named rules (`passes`), gets its memory (`memory`), and is run from then
on. ``jax.jit`` and ``torch.compile`` work in the same way.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable
from functools import update_wrapper
from threading import RLock
from types import MethodType
from typing import Any

from ..core.answers import explains_keywords
from ..core.context import ALL_OBSERVERS, SCOPES, observers
from ..core.messages import describe
from ..core.pytree import tree_leaves
from ..core.tensor import Tensor
from .executable import Executable, listed, report_line
from .ir import OtherBranch
from .memory.donation import check_no_aliasing, refuse_recorded
from .native.native import is_available
from .signature import flatten
from .source.printer import Source
from .state import PureStep, State, StateChanged
from .traced_array import TracedArray


@explains_keywords
def compile(
    f: Callable[..., Any],
    *,
    donate: int | tuple[int, ...] = (),
    fuse: bool = False,
    state: Any = None,
    target: str = "numpy",
) -> Compiled:
    """Turn `f` into a program of NumPy or C, and return a function that runs the program.

    The first call runs `f` once, and records its steps. This is called *tracing*. Later calls run
    the program.

    Parameters
    ----------
    f : callable
        Takes and returns arrays, Tensors and numbers, also in nested dicts, lists and tuples. It
        must run the same steps for all values, so an ``if`` that looks at the values in an array
        raises an error. It may call transforms: ``ag.compile(ag.value_and_grad(loss))``.
    donate : int or tuple of int
        The positions of arguments whose arrays may be overwritten. The program writes the result
        with the same shapes as the argument into these arrays, and returns them. Use `donate` for
        parameters that a step updates. If the parameters require a gradient, as in a model, call
        the step inside ``with ag.no_grad():``.
    fuse : bool
        Whether to replace a softmax or cross-entropy that is written in primitives with the fused
        operation. This can change results, because the fused operation does not overflow.
    state : object or tuple of objects
        Models, optimisers, arrays and generators of random numbers that a training step `f`
        changes. The compiled step changes them in the same way, to the last bit: parameters and
        their gradients, buffers, moments, and the state of the generators. You may change
        ``optimizer.lr`` between calls. Other numbers, such as ``model.count``, are constants of the
        program. A step that changes one of them raises an error.
    target : str
        "numpy", "c", or "auto", which is "c" if there is a C compiler. For "c", the first call
        builds loops of C. Results agree up to rounding, without NumPy's warnings such as "divide by
        zero". ``.report()`` lists the steps that remain NumPy calls.

    Returns
    -------
    Compiled
        Takes the arguments of `f`, and returns the same results. They are equal to the last bit,
        except for target "c". If no argument is a Tensor, the results are arrays, even if `f`
        returns Tensors. ``.source`` is the program. ``.report()`` describes how it was made.

    Raises
    ------
    TypeError
        In the first call, if `f` makes a decision that depends on the values in an array. The
        message shows the line.
    RuntimeError
        The first call raises it in five cases:

        - `target` is "c", and a C compiler is missing.
        - `f` reads a Tensor that requires a gradient, such as a parameter of a model, and the
          Tensor is neither an argument nor in `state`.
        - `f` draws random numbers from a generator that is neither an argument nor in `state`.
          (Only `dropout` is allowed to do so.)
        - `f` stores a computed array outside of `f`: in an attribute, a variable or a list.
        - `f` changes the entries of a dict or list that is an argument.
    ValueError
        If `target` is another word. If it is not clear which result to write into a donated array.
        If a donated array is read-only, or shares its memory with another argument. After this
        error, all arrays are unchanged.

    Notes
    -----
    Arrays and floats may have new values in each call. Other arguments (ints, strings, None,
    objects) are part of the program. `f` is traced again if such an argument changes, or if the
    shape, strides or dtype of an array changes.

    *Captured state* is everything that `f` reads and that is not one of its arguments. Captured
    arrays (globals, closure variables, attributes) are inputs of the program. If you change such an
    array in place, or assign a new array of the same shape to its name, the program uses the new
    values. Other captured state is compared in each call. Numbers and strings are compared by
    value, functions by their code, and lists, dicts, sets and deques by their entries. Other
    objects are compared by identity. If something has changed, `f` is traced again, which is slow.
    If `f` computes something only from captured arrays (``w * 2`` in ``x * (w * 2)``), each call
    also compares all entries of these arrays. Pass such arrays as arguments.

    Some changes are *not noticed*, because the code of `f` does not name the thing that changes.
    Examples are attributes with a computed name (``getattr(self, f"w{i}")``), names in
    ``globals()`` or ``sys.modules``, the class of an object, clocks, files, random generators
    without a seed, and the state of other libraries. If `f` uses a captured array `w` and also
    converts it to a Python number (``x * w * w.sum().item()``), `w` is not compared, and the
    program keeps the old number. If `f` also computes a second array from `w`
    (``x * w + (w > 100)``), and its entries are all 0 or all 1 while `f` is traced, the program
    keeps this second array. Prints and other effects of `f` happen only while `f` is traced.

    Results are new arrays, unless they are written into donated arrays. If a call raises an error,
    the contents of donated arrays are undefined. Several threads may call the function at the same
    time. The programs for the latest 64 shapes are kept.

    Two kinds of call run the original `f`, because their caller records all steps of `f`. The first
    kind has a Tensor that requires a gradient as an argument, as inside ``ag.grad``. The second
    kind is a call from a function that is being compiled. ``.report()`` counts them. To run the
    program instead, compile the derivative, ``ag.compile(ag.grad(f))``, or pass ``w.detach()``.

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

    A step that changes a model and an optimiser:

    >>> from autograd_mini import nn, optim
    >>> model = nn.Linear(2, 1)
    >>> optimizer = optim.SGD(model.parameters(), lr=0.1)
    >>> def train(x, y):
    ...     optimizer.zero_grad()
    ...     loss = ag.mse_loss(model(x)[:, 0], y)
    ...     loss.backward()
    ...     optimizer.step()
    ...     return loss
    >>> train = ag.compile(train, state=(model, optimizer))
    >>> for _ in range(200):
    ...     loss = train(x, y)
    >>> loss.item() < 1e-4
    True
    """
    if not callable(f):
        raise TypeError(f"compile needs a function, got {describe(f)}. Write ag.compile(f)(x).")
    chosen = donate if isinstance(donate, (tuple, list)) else (donate,)
    if not all(type(i) is int and i >= 0 for i in chosen) or len(set(chosen)) < len(chosen):
        raise TypeError(
            "compile: donate must be the position of an argument, such as 0, or a tuple of "
            f"different positions, such as (0, 2). Got {donate!r}."
        )
    if target not in ("numpy", "c", "auto"):
        raise ValueError(f"compile: target must be 'numpy', 'c' or 'auto', got {target!r}.")
    if state is None:
        return Compiled(f, tuple(chosen), fuse, target)
    if chosen:
        raise TypeError("compile: leave donate= out. The arrays in state= are always donated.")
    return CompiledStep(f, state if isinstance(state, tuple) else (state,), fuse, target)


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
                    return latest(leaves, inputs)
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
        check_no_aliasing(leaves, found.taken)
        try:
            results = found(leaves, inputs)
        except OtherBranch:
            self._changed["numbers on which a NumPy function branches"] += 1
            self._latest, inputs = self._trace(key, args, kwargs)
            results = self._latest(leaves, inputs)
        for observer in observers() if ALL_OBSERVERS else ():
            observer.compiled_ran(self, results)
        return results

    def _trace(self, key: Any, args: Any, kwargs: Any) -> tuple[Executable, list[Any]]:
        """Return a new program for these arguments, and its captured arrays."""
        native = self._target == "c" or (self._target == "auto" and is_available())
        found = Executable(self._f, args, kwargs, self._donate, self._fuse, native)
        with self._lock:
            self._programs[key] = found
            while len(self._programs) > MAX_PROGRAMS:
                del self._programs[next(iter(self._programs))]
        return found, found.guards.read() or []

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
        """The program of the latest call exactly as it runs. It reuses a few buffers, ``m0``, ...

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

        More lines list captured arrays that are compared in each call, and calls that were not
        compiled. They also list captured state that has changed, so that `f` was traced again.

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
        if any(_is_recorded(x) for x in tree_leaves((args, kwargs))):
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
