"""Primitive: a function of arrays and one VJP rule per differentiable argument.

    exp = primitive(np.exp, lambda g, y, x: g * y)

A rule is a line of NumPy, ``rule(g, y, *args, **kwargs)``: `g` is the cotangent of the output,
`y` the output, then come the arguments as the function got them. It returns what this use of the
argument adds to the argument's adjoint. Where the argument was broadcast, the rule need not care:
the sweep sums. Given arrays a rule computes; given Tensors it records, and so derivatives have
derivatives.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from itertools import count
from math import inf
from typing import Any

import numpy as np
from numpy.exceptions import AxisError
from numpy.linalg import LinAlgError

from .lessons import lesson
from .tensor import NO_KWARGS, PRIMITIVES, UFUNCS, Tensor, as_array, describe, raw, record

Rule = Callable[..., Any]

#: NumPy functions that are refused on tensors: why, and what to do instead.
WHY_NOT: dict[Any, str] = {}

#: Every fused primitive, for the test that compares each with its unfused definition.
FUSED: list[Primitive] = []


class Primitive:
    """An operation that has rules; called like the function it wraps. See `primitive`.

    Attributes
    ----------
    name : str
        What tables and pictures call it.
    forward : callable
        The function, on arrays.
    vjps : tuple of callable or None
        A rule for each argument; or an `EveryArgument`.
    unfused : callable or None
        For a fused node, the same function written in primitives.

    Raises
    ------
    TypeError, ValueError, IndexError
        When called, as the function does, with the operation and the tensors named.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> op = np.exp(ag.tensor(0.0, requires_grad=True)).op
    >>> op, op.vjps[0](1.0, 2.0, None)
    (<primitive exp>, 2.0)
    """

    def __init__(
        self,
        forward: Callable[..., Any],
        vjps: tuple[Rule | None, ...] | EveryArgument,
        name: str,
        saves: bool = False,
    ) -> None:
        self.__doc__ = forward.__doc__
        self.forward = forward
        self.vjps = vjps
        self.name = name
        self.saves = saves
        #: for a fused node, the same function written in primitives
        self.unfused: Callable[..., Any] | None = None
        #: for a fused node, the same as a textbook defines it, where that says more than its name
        self.definition: Callable[..., Any] | None = None
        #: for a fused node, its rules as formulas write them; None for one that says it itself
        self.textbook: Sequence[Rule | None] = ()
        #: how many leading arguments are covered by rules; those beyond are parameters
        self.arity: float = inf if isinstance(vjps, EveryArgument) else len(vjps)
        #: the number of arguments of a call in which each has a rule, for a quick test in `record`
        self.all_ruled = -1 if isinstance(vjps, EveryArgument) or None in vjps else len(vjps)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run on arrays; on Tensors also record."""
        return record(self, args, self._keywords(kwargs) if kwargs else NO_KWARGS)

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"

    def __reduce__(self) -> str | tuple[Any, ...]:
        # A copy is the primitive itself, and a pickle says where to find it, as for a function.
        for module in [*sys.modules.values()]:
            if getattr(module, "__dict__", {}).get(self.name) is self:
                return _found, (module.__name__, self.name)
        return self.name

    def _keywords(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Keyword arguments as arrays; a derivative that would get lost in one is refused."""
        for key, value in kwargs.items():
            if type(value) is Tensor:
                if value.requires_grad:
                    raise TypeError(
                        f"{self.name}: {describe(value)} was passed as the keyword {key!r}, where "
                        "no derivative is recorded. Pass it by position, or pass .detach()."
                    )
                kwargs = {**kwargs, key: raw(value)}
        return kwargs

    def differentiates(self, args: tuple[Any, ...], y: Any) -> bool:
        """Whether a derivative flows from an active argument to the result `y`.

        No when the rules of all active arguments are declared None: their derivative is zero.

        Raises
        ------
        TypeError
            When an active argument has no rule, or the result is not real floating.
        """
        rules = dict(zip(range(len(args)), self.vjps))
        active = [i for i, a in enumerate(args) if isinstance(a, Tensor) and a.requires_grad]
        for i in active:
            if i not in rules:
                raise TypeError(
                    f"{self.name}: argument {i}, {describe(args[i])}, requires a gradient, but "
                    f"{self.name} has no rule for it. Pass .detach(), or give the primitive a rule."
                    + lesson("no rule")
                )
        if all(rules[i] is None for i in active):
            return False
        if y.dtype.kind not in "fO":
            raise TypeError(
                f"{self.name}({', '.join(map(describe, args))}) is {y.dtype}, through which no "
                "derivative flows. Compute with real floating dtypes, or on .detach()."
            )
        return True

    def of_objects(self, arrays: list[Any], kwargs: Any) -> Any:
        """The value on arrays that NumPy itself cannot compute, or NotImplemented."""
        for x in (x for a in arrays for x in (a if isinstance(a, tuple) else (a,))):
            if hasattr(x, "__primitive__"):  # an array that knows what to do with us: a traced one
                return x.__primitive__(self, arrays, kwargs)
        if self.unfused is None or not any(map(_holds_objects, arrays)):
            return _of_objects(self.forward, arrays, kwargs)
        # A fused node, whose graph is of primitives that know what to do with objects. Its rules
        # then run on Tensors, as all do over objects, and need nothing saved.
        try:
            args = (Tensor(a) if _holds_objects(a) else a for a in arrays)
            y = raw(self.unfused(*args, **kwargs))
        except TypeError:  # these objects have no such function: what the node says itself is clear
            return NotImplemented
        return (y, None) if self.saves else y

    def explained(self, error: Exception, args: tuple[Any, ...]) -> Exception:
        """`error`, raised by the function, with the operation, the tensors and the remedy."""
        return _explained(self.name, error, args)


def _found(module: str, name: str) -> Any:
    """What unpickling calls."""
    return getattr(import_module(module), name)


def _explained(name: str, error: Exception, args: Sequence[Any]) -> Exception:
    text = str(error).replace("<lambda>", name)
    if "broadcast" in text:
        text += ". From the right, lengths must be equal, or one of them 1: reshape to fit"
        text += lesson("shapes")
    elif "core dimension" in text or "not aligned" in text:
        text += ". The last axis of the left must be as long as the second last of the right"
        text += lesson("shapes")
    kinds = (LinAlgError, AxisError, ValueError, IndexError, TypeError)
    kind = next(k for k in kinds if isinstance(error, k))
    return kind(f"{name} of {' and '.join(map(describe, args))}: {text}")


#: how SymPy and mpmath spell some of NumPy's functions
_SPELLED = {"absolute": "Abs", "maximum": "Max", "minimum": "Min"}


def _holds_objects(x: Any) -> bool:
    return getattr(x, "dtype", None) == "O"


def _of_objects(function: Any, arrays: Sequence[Any], kwargs: Any) -> Any:
    """A ufunc on arrays of objects, by a function of the package that the objects come from.

    NumPy asks each object for a method, ``x.exp()``. SymPy and mpmath have a function instead,
    mostly of the same name.
    """
    objects = [a for a in arrays if _holds_objects(a)]
    if not objects or kwargs or not isinstance(function, np.ufunc):
        return NotImplemented
    name = function.__name__
    homes = {type(x).__module__.partition(".")[0] for a in objects for x in a.flat}
    for home in sorted(homes - {"builtins"}):
        for spelled in (_SPELLED.get(name, name), name.replace("arc", "a")):
            if hasattr(sys.modules[home], spelled):
                f = getattr(sys.modules[home], spelled)
                return np.frompyfunc(f, function.nin, 1)(*arrays)
    return NotImplemented


class EveryArgument:
    """The rules of a primitive that takes any number of arguments: ``rule_for(i)`` is the i-th.

    Parameters
    ----------
    rule_for : callable
        From the number of an argument to its rule.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> total = ag.primitive(
    ...     lambda *xs: sum(xs), ag.EveryArgument(lambda i: lambda g, y, *xs: g), name="total"
    ... )
    >>> a, b, c = (ag.tensor(x, requires_grad=True) for x in (1.0, 2.0, 3.0))
    >>> [g.item() for g in ag.gradients(total(a, b, c), [a, b, c])]
    [1.0, 1.0, 1.0]
    """

    __slots__ = ("rule_for",)

    def __init__(self, rule_for: Callable[..., Any]) -> None:
        self.rule_for = rule_for

    def __iter__(self) -> Iterator[Rule]:
        return map(self.rule_for, count())


class Together(EveryArgument):
    """One rule for all arguments: it gives their cotangents at once, as a sequence.

    The sweep asks for them one by one, so the first call of a visit computes for the others.
    """

    __slots__ = ()

    def __iter__(self) -> Iterator[Rule]:
        found: list[Any] = []

        def nth(i: int) -> Rule:
            def rule(*args: Any, **kwargs: Any) -> Any:
                if not found:
                    found.extend(self.rule_for(*args, **kwargs))
                return found[i]

            return rule

        return map(nth, count())


def primitive(
    forward: Callable[..., Any],
    *vjps: Rule | EveryArgument | None,
    name: str | None = None,
    of: Any = None,
    saves: bool = False,
) -> Primitive:
    """An operation on tensors, from a function of arrays and its derivative rules.

    Parameters
    ----------
    forward : callable
        The function, on arrays.
    *vjps : callable or None
        A rule per leading argument, ``rule(g, y, *args, **kwargs)``; None declares that argument
        not differentiable. Arguments beyond are parameters, which never are. A single
        ``EveryArgument(rule_for)`` stands for any number of arguments.
    name : str, optional
        What tables and pictures call it; `forward`'s own name when not given.
    of : NumPy function or tuple of them, optional
        What NumPy's dispatch shall run it for, when that is not `forward` itself.
    saves : bool
        `forward` returns ``(y, saved)``, and rules get ``saved=`` when they run on arrays, so
        that nothing is computed twice. On Tensors they must do without.

    Returns
    -------
    Primitive

    Raises
    ------
    TypeError
        When there is no rule at all, or one that cannot be called.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> cube = ag.primitive(lambda x: x**3, lambda g, y, x: g * 3 * x**2, name="cube")
    >>> t = ag.tensor(2.0, requires_grad=True)
    >>> cube(t).backward()
    >>> t.grad
    array(12.)
    """
    name = name or forward.__name__
    if not vjps:
        raise TypeError(
            f"{name}: a primitive needs a rule per differentiable argument, rule(g, y, *args), or "
            "None for an argument that is not differentiable"
        )
    rules: Any = vjps[0] if isinstance(vjps[0], EveryArgument) else vjps
    if rules is vjps and not all(rule is None or callable(rule) for rule in vjps):
        raise TypeError(f"{name}: a rule is a function rule(g, y, *args), or None; got {vjps}")
    made = Primitive(forward, rules, name, saves)
    if of is None and _is_numpy(forward):
        of = forward
    if of is not None:
        implements(*(of if isinstance(of, tuple) else (of,)))(made)
    return made


def fused(
    forward: Callable[..., Any],
    *vjps: Rule | EveryArgument | None,
    unfused: Callable[..., Any],
    definition: Callable[..., Any] | None = None,
    textbook: Sequence[Rule | None] = (),
    name: str | None = None,
    of: Any = None,
    saves: bool = False,
) -> Primitive:
    """One node in place of a graph: a primitive that knows the function it replaces.

    Parameters
    ----------
    forward, *vjps, name, of, saves
        As for `primitive`.
    unfused : callable
        The same function of the same arguments, written in primitives: what the node is held to,
        by ``ag.check_fused(node, *inputs)``.
    definition : callable, optional
        The same function once more, as one reads it in a book, where that is shorter than the
        graph. It may use other fused nodes.
    textbook : sequence of callable or None, optional
        Rules that say the same as those of the node, as one reads them in a book, where the node's
        are written so as to be fast or to lose no digits. Like `definition` they never compute
        anything: views run them on symbols, and write what they find.

    Returns
    -------
    Primitive

    Examples
    --------
    A hinge, where the graph would be three records:

    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> hinge = ag.fused(
    ...     lambda x: np.maximum(1 - x, 0),
    ...     lambda g, y, x: np.where(y > 0, -g, 0),
    ...     unfused=lambda x: ag.relu(1 - x),
    ...     name="hinge",
    ... )
    >>> t = ag.tensor([0.25, 2.0], requires_grad=True)
    >>> hinge(t).backward(np.ones(2))
    >>> t.grad
    array([-1.,  0.])
    """
    made = primitive(forward, *vjps, name=name, of=of, saves=saves)
    made.unfused, made.definition, made.textbook = unfused, definition, textbook
    FUSED.append(made)
    return made


def named(x: Any, name: str) -> Tensor:
    """`x` under a name by which formulas write it: for what a textbook has."""
    t = x if isinstance(x, Tensor) else Tensor(x, requires_grad=x.dtype.kind == "f")
    t.name = name
    return t


def _is_numpy(function: Any) -> bool:
    """Whether NumPy's dispatch will ever ask for `function`."""
    return isinstance(function, np.ufunc) or str(function.__module__).split(".")[0] == "numpy"


def arrayed(x: Any) -> Any:
    """`x`, if need be as an array: numbers and lists have no shape of their own."""
    return x if isinstance(x, Tensor) else as_array(x)


def implements(*functions: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register what runs these NumPy functions on tensors: a primitive, or a composition."""

    def register(f: Callable[..., Any]) -> Callable[..., Any]:
        PRIMITIVES.update(dict.fromkeys(functions, f))
        if isinstance(f, Primitive):
            UFUNCS.update((ufunc, f) for ufunc in functions if isinstance(ufunc, np.ufunc))
        return f

    return register


def not_differentiable(*functions: Callable[..., Any]) -> None:
    """Register NumPy functions whose derivative is zero or undefined: they give plain arrays."""
    for function in functions:
        PRIMITIVES[function] = OnArrays(function)


def refuse(why: str, *functions: Any) -> None:
    """Register why these NumPy functions have no derivative here, for the error message."""
    WHY_NOT.update(dict.fromkeys(functions, why))


class OnArrays:
    """A function without a derivative: on tensors it runs on their values, and gives arrays."""

    __slots__ = ("function",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        arrays, kwargs = [_plain(x) for x in args], {k: _plain(v) for k, v in kwargs.items()}
        try:
            return self.function(*arrays, **kwargs)
        except (ValueError, TypeError, IndexError) as error:
            y = _of_objects(self.function, arrays, {})
            if y is NotImplemented:
                raise _explained(self.function.__name__, error, args) from error
            return y


def _plain(x: Any) -> Any:
    """`x` with the arrays behind its tensors, also those in a list: ``np.lexsort([s, t])``."""
    return type(x)(map(_plain, x)) if type(x) in (list, tuple) else raw(x)
