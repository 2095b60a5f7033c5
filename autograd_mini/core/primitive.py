"""Primitive: a function of arrays and one VJP rule per differentiable argument.

    exp = primitive(np.exp, lambda g, y, x: g * y)

A rule is a line of NumPy, ``rule(g, y, *args, **kwargs)``: `g` is the cotangent of the output,
`y` the output, then come the arguments of the call. It returns what this use of the argument
contributes to the argument's adjoint. A rule may ignore broadcasting, which the backward pass
undoes. On arrays, a rule computes. On Tensors, it records, so that it can be differentiated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib import import_module
from itertools import count
from pickle import UnpicklingError
from sys import maxsize
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from . import messages, registry
from .answers import unexpected_keyword, wrong_keyword
from .arguments import arranged
from .arrays import NO_KWARGS, Rule, unwrap
from .foreign import forward_on_objects, holds_objects, numbers_for_foreign
from .messages import describe, heading, lesson, shown
from .registry import (
    PRIMITIVES,
    UFUNCS,
    SignatureOfForward,
    is_numpy,
    parameters_of,
    require_rules,
)
from .tensor import Tensor, record


class Primitive:
    """An operation with derivative rules, made by `primitive`. You can call it like a function.

    Attributes
    ----------
    name : str
        The name in tables, pictures and messages.
    forward : callable
        Computes the result from arrays.
    vjps : tuple of callable or None
        The derivative rules, one for each argument. If there can be any number: a `VariadicRule`.
    unfused : callable or None
        If `fused` made this operation: the same function, written with simpler operations.

    Raises
    ------
    TypeError, ValueError, IndexError
        If `forward` raises such an error. The message then names the operation and its arguments.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_mini as ag
    >>> op = np.exp(ag.tensor(0.0, requires_grad=True)).op
    >>> op, op.vjps[0](1.0, 2.0, None)  # the rule is g * y, here with g = 1 and y = 2
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
        self.name = self.__name__ = name
        self.residuals = residuals
        #: of a fused node: the same function, written in primitives
        self.unfused: Callable[..., Any] | None = None
        #: of a fused node that chooses its steps by the numbers: a graph that never overflows
        self.stable_graph: Callable[..., Any] | None = None
        #: of a fused node: the function as a textbook defines it, if shorter than the graph
        self.display_graph: Callable[..., Any] | None = None
        #: of a fused node: its rules as a textbook writes them; None if a rule is already like that
        self.display_rules: Sequence[Rule | None] = ()
        #: the number of leading arguments that have rules; the others are parameters
        self.arity = vjps.arguments if isinstance(vjps, VariadicRule) else len(vjps)
        #: the number of arguments if all of them have rules, else -1: for a fast test in `record`
        self.all_ruled = self.arity if isinstance(vjps, VariadicRule) or None not in vjps else -1

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the result. If an argument is a Tensor, record the operation for `backward`."""
        return record(self, *arranged(self, args, kwargs)) if kwargs else record(self, args)

    __signature__ = SignatureOfForward()  # what help() shows

    def __get__(self, instance: Any, owner: Any = None) -> Primitive:
        return self  # objects with this method are functions for help(), which shows the signature

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"

    def __reduce__(self) -> str | tuple[Any, ...]:
        # A copy is the primitive itself. A pickle holds its name, and the module of its function.
        key = _key(self.forward, self.name)
        return (_unpickle, key) if _NAMED.get(key) is self else self.name

    def is_active_for(self, args: tuple[Any, ...], y: Any) -> bool:
        """Return whether a gradient flows from the result `y` to at least one argument.

        No gradient flows to an argument whose rule is None.

        Raises
        ------
        TypeError
            If an argument that requires a gradient has no rule. If `y` is not of a float dtype.
        """
        rules = dict(zip(range(len(args)), self.vjps))
        active = [i for i, a in enumerate(args) if isinstance(a, Tensor) and a._active]
        for i in active:
            if i not in rules:
                raise TypeError(
                    f"{self.name} has no rule for argument {i} (counted from 0). This argument, "
                    f"{describe(args[i])}, requires a gradient. Add a rule to the primitive, or "
                    "call .detach() on the argument." + lesson("no rule")
                )
        if all(rules[i] is None for i in active):
            return False
        if y.dtype.kind not in "fO":
            raise TypeError(
                f"{heading(self.name, args)} returned {y.dtype}. Only results of a float dtype "
                "have a gradient. Compute with floats, or detach the tensor: x.detach()."
            )
        return True

    def forward_on_objects(self, arrays: list[Any], kwargs: Any) -> Any:
        """Compute the result from other libraries' arrays. If this fails, return NotImplemented."""
        if numbers_for_foreign(arrays):
            return self.forward(*arrays, **kwargs)
        for x in (x for a in arrays for x in (a if isinstance(a, tuple) else (a,))):
            if hasattr(x, "__primitive__"):  # a traced array, which records the call itself
                return x.__primitive__(self, arrays, kwargs)
        if self.unfused is None or not any(map(holds_objects, arrays)):
            return forward_on_objects(self.forward, arrays, kwargs)
        # The graph of a fused node consists of primitives that can compute with objects. Then the
        # rules run on Tensors, and need no residuals.
        try:
            args = (Tensor(a) if holds_objects(a) else a for a in arrays)
            y = unwrap(self.unfused(*args, **kwargs))
        except TypeError:  # the objects lack a function: the node's own error is clearer
            return NotImplemented
        return (y, None) if self.residuals else y

    def add_context(self, error: Exception, args: Any, kwargs: Any = NO_KWARGS) -> Exception:
        """Return `error` with a message that names the operation and its arguments, and a fix."""
        if key := unexpected_keyword(error):
            return TypeError(wrong_keyword(self.name, key, known=parameters_of(self)))
        names = list(parameters_of(self))[self.arity :]
        options = dict(zip(names, args[self.arity :]))
        return messages.add_context(self.name, error, args[: self.arity], kwargs, options)


#: (module of the function, name) -> the primitive, so that a pickle can find it
_NAMED: WeakValueDictionary[tuple[str, str], Primitive] = WeakValueDictionary()


def _key(forward: Callable[..., Any], name: str) -> tuple[str, str]:
    return str(getattr(forward, "__module__", None) or "numpy"), name


def _unpickle(module: str, name: str) -> Primitive:
    import_module(module)  # this creates the primitive, if it does not exist yet
    if (module, name) not in _NAMED:
        raise UnpicklingError(f"{module} has no primitive {name!r}. Define it there first.")
    return _NAMED[module, name]


class VariadicRule:
    """The derivative rules of a `primitive` with any number of arguments.

    Parameters
    ----------
    rule_for : callable
        ``rule_for(i)`` returns the rule of argument i, counted from 0. `primitive` explains rules.

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
    arguments: int = maxsize  #: that have a rule

    def __init__(self, rule_for: Callable[..., Any]) -> None:
        self.rule_for = rule_for

    def __iter__(self) -> Iterator[Rule]:
        return map(self.rule_for, count())


class JointRule(VariadicRule):
    """One rule that returns the contributions to all arguments. The first call computes them."""

    __slots__ = ("arguments", "joint")

    def __init__(self, joint: Rule, arguments: int = maxsize) -> None:
        super().__init__(lambda i: lambda *args, **kwargs: joint(*args, **kwargs)[i])
        self.joint, self.arguments = joint, arguments

    def __iter__(self) -> Iterator[Rule]:
        found: list[Any] = []

        def nth(i: int, *args: Any, **kwargs: Any) -> Any:
            found.extend(() if found else self.joint(*args, **kwargs))
            return found[i]

        return (partial(nth, i) for i in range(self.arguments))


def primitive(
    forward: Callable[..., Any],
    *vjps: Rule | VariadicRule | None,
    name: str | None = None,
    implements: Any = None,
    residuals: bool = False,
) -> Primitive:
    """Make an operation on tensors from a function of arrays and the rules for its derivatives.

    Parameters
    ----------
    forward : callable
        Computes the result from arrays.
    *vjps : callable or None
        A rule ``rule(g, y, *args, **kwargs)`` for each argument. `g` is the gradient of the result,
        `y` is the result, and `args` are the arguments. The rule returns the gradient of its
        argument as a new array, or `g` itself. It must not change `g` or another array, because
        other rules may get the same one. Pass None if `forward` cannot be differentiated with
        respect to the argument. If there are fewer rules than arguments, the last arguments are
        options without a rule, such as ``axis``. If `forward` takes any number of arguments, pass
        one `VariadicRule`.
    name : str, optional
        The name in tables and pictures. The default is the name of `forward`.
    implements : NumPy function or tuple of NumPy functions, optional
        NumPy functions that call this operation if an argument is a Tensor. The default is
        `forward`, if `forward` is a NumPy function.
    residuals : bool
        If True, `forward` returns ``(y, residuals)``. The residuals are intermediate results that
        the rules need, too. A rule gets them as the keyword argument ``residuals``. For second
        derivatives, rules are called without residuals. So write
        ``def rule(g, y, x, residuals=None)``.

    Returns
    -------
    Primitive

    Raises
    ------
    TypeError
        If no rule is given, or if a rule is neither None nor callable as ``rule(g, y, *args)``.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> cube = ag.primitive(lambda x: x**3, lambda g, y, x: g * 3 * x**2, name="cube")
    >>> t = ag.tensor(2.0, requires_grad=True)
    >>> cube(t).backward()
    >>> t.grad
    array(12.)
    """
    name = shown(name or registry.name_of_function(forward))
    if not vjps:
        fix = "Pass a function rule(g, y, *args), or None if the argument has no derivative."
        raise TypeError(f"{name}: a primitive needs a rule for each argument. {fix}")
    rules: Any = vjps[0] if isinstance(vjps[0], VariadicRule) else vjps
    if rules is vjps:
        require_rules(name, vjps)
    made = _NAMED[_key(forward, name)] = Primitive(forward, rules, name, residuals)
    if implements is None and is_numpy(forward):
        implements = forward
    for function in implements if isinstance(implements, tuple) else (implements,):
        if function is not None:
            PRIMITIVES[function] = made
        if isinstance(function, np.ufunc):
            UFUNCS[function] = made
    return made
