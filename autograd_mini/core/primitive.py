"""Primitive: a function of arrays and one VJP rule per differentiable argument.

    exp = primitive(np.exp, lambda g, y, x: g * y)

A rule is a line of NumPy, ``rule(g, y, *args, **kwargs)``: `g` is the cotangent of the output,
`y` the output, then come the arguments as the function got them. It returns what this use of the
argument adds to the argument's adjoint. Where the argument was broadcast, the rule need not care:
the sweep sums. Given arrays a rule computes; given Tensors it records, and so derivatives have
derivatives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from itertools import count
from math import inf
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from . import messages
from .arrays import NO_KWARGS, Rule, unwrap
from .foreign import forward_on_objects, holds_objects
from .messages import describe, lesson
from .registry import PRIMITIVES, UFUNCS, is_numpy
from .tensor import Tensor, record


class Primitive:
    """An operation that has rules; called like the function it wraps. See `primitive`.

    Attributes
    ----------
    name : str
        What tables and pictures call it.
    forward : callable
        The function, on arrays.
    vjps : tuple of callable or None
        A rule for each argument; or an `VariadicRule`.
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
        vjps: tuple[Rule | None, ...] | VariadicRule,
        name: str,
        residuals: bool = False,
    ) -> None:
        self.__doc__ = forward.__doc__
        self.forward = forward
        self.vjps = vjps
        self.name = name
        self.residuals = residuals
        #: for a fused node, the same function written in primitives
        self.unfused: Callable[..., Any] | None = None
        #: for a fused node, the same as a textbook defines it, where that says more than its name
        self.display_graph: Callable[..., Any] | None = None
        #: for a fused node, its rules as formulas write them; None for one that says it itself
        self.display_rules: Sequence[Rule | None] = ()
        #: how many leading arguments are covered by rules; those beyond are parameters
        self.arity: float = inf if isinstance(vjps, VariadicRule) else len(vjps)
        #: the number of arguments of a call in which each has a rule, for a quick test in `record`
        self.all_ruled = -1 if isinstance(vjps, VariadicRule) or None in vjps else len(vjps)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run on arrays; on Tensors also record."""
        return record(self, args, self._keywords(kwargs) if kwargs else NO_KWARGS)

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"

    def __reduce__(self) -> str | tuple[Any, ...]:
        # A copy is the primitive itself. A pickle holds its name, and the module of its function.
        key = _key(self.forward, self.name)
        return (_unpickle, key) if _NAMED.get(key) is self else self.name

    def _keywords(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Keyword arguments as arrays; a derivative that would get lost in one is refused."""
        for key, value in kwargs.items():
            if type(value) is Tensor:
                if value.requires_grad:
                    raise TypeError(
                        f"{self.name}: {describe(value)} was passed as the keyword {key!r}, where "
                        "no derivative is recorded. Pass it by position, or pass .detach()."
                    )
                kwargs = {**kwargs, key: unwrap(value)}
        return kwargs

    def is_active_for(self, args: tuple[Any, ...], y: Any) -> bool:
        """Whether a derivative flows from an active argument to the result `y`.

        No when the rules of all active arguments are declared None: their derivative is zero.

        Raises
        ------
        TypeError
            When an active argument has no rule, or the result is not real floating.
        """
        rules = dict(zip(range(len(args)), self.vjps))
        active = [i for i, a in enumerate(args) if isinstance(a, Tensor) and a._active]
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

    def forward_on_objects(self, arrays: list[Any], kwargs: Any) -> Any:
        """The value on arrays that NumPy itself cannot compute, or NotImplemented."""
        for x in (x for a in arrays for x in (a if isinstance(a, tuple) else (a,))):
            if hasattr(x, "__primitive__"):  # an array that knows what to do with us: a traced one
                return x.__primitive__(self, arrays, kwargs)
        if self.unfused is None or not any(map(holds_objects, arrays)):
            return forward_on_objects(self.forward, arrays, kwargs)
        # A fused node, whose graph is of primitives that know what to do with objects. Its rules
        # then run on Tensors, as all do over objects, and need nothing saved.
        try:
            args = (Tensor(a) if holds_objects(a) else a for a in arrays)
            y = unwrap(self.unfused(*args, **kwargs))
        except TypeError:  # these objects have no such function: what the node says itself is clear
            return NotImplemented
        return (y, None) if self.residuals else y

    def add_context(self, error: Exception, args: tuple[Any, ...]) -> Exception:
        """`error`, raised by the function, with the operation, the tensors and the remedy."""
        return messages.add_context(self.name, error, args)


#: (module of the function, name) -> the primitive, for pickles
_NAMED: WeakValueDictionary[tuple[str, str], Primitive] = WeakValueDictionary()


def _key(forward: Callable[..., Any], name: str) -> tuple[str, str]:
    return str(getattr(forward, "__module__", None) or "numpy"), name


def _unpickle(module: str, name: str) -> Primitive:
    import_module(module)  # which makes the primitive, unless it exists already
    return _NAMED[module, name]


class VariadicRule:
    """The rules of a primitive that takes any number of arguments: ``rule_for(i)`` is the i-th.

    Parameters
    ----------
    rule_for : callable
        From the number of an argument to its rule.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> total = ag.primitive(
    ...     lambda *xs: sum(xs), ag.VariadicRule(lambda i: lambda g, y, *xs: g), name="total"
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


class JointRule(VariadicRule):
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
    *vjps: Rule | VariadicRule | None,
    name: str | None = None,
    implements: Any = None,
    residuals: bool = False,
) -> Primitive:
    """An operation on tensors, from a function of arrays and its derivative rules.

    Parameters
    ----------
    forward : callable
        The function, on arrays.
    *vjps : callable or None
        A rule per leading argument, ``rule(g, y, *args, **kwargs)``; None declares that argument
        not differentiable. Arguments beyond are parameters, which never are. A single
        ``VariadicRule(rule_for)`` stands for any number of arguments.
    name : str, optional
        What tables and pictures call it; `forward`'s own name when not given.
    implements : NumPy function or tuple of them, optional
        The NumPy functions that this primitive runs on tensors; `forward` itself by default, if
        it is one.
    residuals : bool
        `forward` returns ``(y, residuals)``, and rules on arrays get ``residuals=``, so that
        nothing is computed twice. On Tensors they must do without.

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
    rules: Any = vjps[0] if isinstance(vjps[0], VariadicRule) else vjps
    if rules is vjps and not all(rule is None or callable(rule) for rule in vjps):
        raise TypeError(f"{name}: a rule is a function rule(g, y, *args), or None; got {vjps}")
    made = _NAMED[_key(forward, name)] = Primitive(forward, rules, name, residuals)
    if implements is None and is_numpy(forward):
        implements = forward
    for function in implements if isinstance(implements, tuple) else (implements,):
        if function is not None:
            PRIMITIVES[function] = made
        if isinstance(function, np.ufunc):
            UFUNCS[function] = made
    return made
