"""Rewriting: make a program shorter by rules that each have a name (`algebra`).

Two more things are always done: a call that was made before is not made again (common
subexpressions), and a step that no result depends on is dropped (dead steps).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...core.pytree import tree_map
from ..ir import EFFECTS, Program, Step, Value, example_of, memory_of

#: a step -> what replaces its result: a value, a constant, or another `Call`; None if neither
Rule = Callable[[Step], Any]


class Call:
    """A call with which a rule replaces another; its arguments may be calls too."""

    name: str | None = None  # of one of our own functions, taken whole

    def __init__(self, function: Any, *args: Any, **kwargs: Any) -> None:
        self.function, self.args, self.kwargs = function, args, kwargs


def simplify(program: Program, rules: Sequence[tuple[str, Rule]]) -> Program:
    """Apply the rules, share what is computed twice and drop dead steps, in place."""
    replaced: dict[Value, Any] = {}
    views = _views(program)
    known: dict[Any, Step] = {}
    kept = []

    def current(x: Any) -> Any:
        return replaced.get(x, x) if isinstance(x, Value) else x

    def owner(x: Any) -> Any:
        while isinstance(x := current(x), Value) and x in views:
            x = views[x]
        return x

    todo = list(reversed(program.steps))
    while todo:
        step = todo.pop()
        apart = step.function in _PRODUCTS and not _share_memory(*step.args[:2])
        step.args, step.kwargs = tree_map(current, step.args), tree_map(current, step.kwargs)
        if apart and owner(step.args[0]) is owner(step.args[1]):
            kept.append(_copy_second(step))
        new: list[Step] = []
        found = _rewritten(step, rules, program.done, new)
        if new:  # what the rule calls first is simplified first
            todo += [step, *reversed(new)]
            continue
        if found is not None:
            replaced[step.outs[0]] = _introduced(found, step.outs[0])
            continue
        before = known.setdefault(_key(step), step)
        if before is step:
            kept.append(step)
            continue
        for out, same in zip(step.outs, before.outs):
            replaced[out] = _introduced(same, out)
        program.done["common subexpressions"] += 1
    program.results = tree_map(current, program.results)
    program.steps = kept
    program.drop_dead()
    return program


#: BLAS multiplies a matrix by its own transpose in another way, which rounds differently
_PRODUCTS = {np.matmul, np.dot, np.inner}


def _views(program: Program) -> dict[Value, Value]:
    """Return value -> the value whose memory it is a view of."""
    return {
        y: x
        for step in program.steps
        for y in step.outs
        for x in step.inputs
        if _share_memory(x, y)
    }


def _share_memory(a: Any, b: Any) -> bool:
    return memory_of(example_of(a)) is memory_of(example_of(b))


def _copy_second(step: Step) -> Step:
    """Let a product use a copy of its second argument; return the step that makes the copy."""
    a, b, *others = step.args
    made = Step(np.copy, (b,), {}, None, step.part)
    made.outs = (Value(np.copy(example_of(b)), made),)
    step.args = (a, *made.outs, *others)
    return made


def _introduced(value: Any, instead_of: Value) -> Any:
    """Return the value that replaces another; if it has no name, it takes that of the other."""
    made = value.step if isinstance(value, Value) else None
    if made and instead_of.step and made.part == instead_of.step.part:
        value.name = value.name or instead_of.name
        value.of = value.of or instead_of.of
        value.label = value.label or instead_of.label
    return value


def _rewritten(
    step: Step, rules: Sequence[tuple[str, Rule]], done: Counter[str], new: list[Step]
) -> Any:
    """Return what replaces the result of a step, or None; a rule may also change the step."""
    again = not (step.several or step.name)
    while again:
        again = False
        for name, rule in rules:
            found = rule(step)
            if isinstance(found, Call):
                if not _changed(step, found, new):
                    continue
                done[name] += 1
                again = not new
                break
            if found is not None:
                done[name] += 1
                return found
    return None


def _changed(step: Step, call: Call, new: list[Step]) -> bool:
    """Replace the call of a step, if the layout of its result stays the same.

    Calls within the call are added to `new` as steps.
    """
    (out,) = step.outs
    inner: list[Step] = []

    def value_of(x: Any) -> Any:
        if not isinstance(x, Call):
            return x
        made = Step(x.function, tree_map(value_of, x.args), x.kwargs, x.name, step.part)
        with np.errstate(all="ignore"):
            y = x.function(*tree_map(example_of, made.args), **tree_map(example_of, x.kwargs))
        made.outs = (Value(y, made),)
        inner.append(made)
        return made.outs[0]

    call.args = tree_map(value_of, call.args)
    with np.errstate(all="ignore"):
        y = call.function(*tree_map(example_of, call.args), **tree_map(example_of, call.kwargs))
    if _layout(y) != _layout(out.example):
        return False
    step.function, step.args, step.kwargs, out.example = call.function, call.args, call.kwargs, y
    new += inner
    return True


def _layout(x: Any) -> Any:
    x = np.asarray(x)
    return x.dtype, x.shape, [s for s, n in zip(x.strides, x.shape) if n != 1] if x.size else 0


def _key(step: Step) -> Any:
    """Return a key that is equal for two calls with the same result."""
    if step.function in EFFECTS:
        return id(step)
    return step.function, _frozen(step.args), _frozen(step.kwargs)


def _frozen(x: Any) -> Any:
    """Return a key of a constant that tells -0.0 from 0, and 1 from 1.0."""
    if isinstance(x, (list, tuple)):
        return type(x), *map(_frozen, x)
    if isinstance(x, dict):
        return tuple((key, _frozen(value)) for key, value in sorted(x.items()))
    if isinstance(x, np.ndarray) and x.size <= 64 and x.dtype != object:
        return x.dtype.str, x.shape, x.tobytes()
    if isinstance(x, (Value, np.ndarray)) or callable(x):
        return id(x)
    return type(x), repr(x)


# ---- what rules look for -------------------------------------------------------------------------


def is_elementwise(step: Step) -> bool:
    """Return whether the step is a ufunc of numbers, such as np.add, not of matrices."""
    return isinstance(step.function, np.ufunc) and step.function.signature is None


def number(x: Any) -> Any:
    """Return the one number that a constant consists of, or None."""
    if isinstance(x, (bool, int, float, np.generic)):
        return x
    if not isinstance(x, np.ndarray) or not x.size or x.dtype.kind not in "biuf":
        return None
    first = x[(0,) * x.ndim]
    if all(s == 0 or n == 1 for s, n in zip(x.strides, x.shape)):
        return first
    same = (x == first).all() and (np.signbit(x) == np.signbit(first)).all()  # 0.0 == -0.0
    return first if same else None


def made_by(x: Any, function: Any) -> Any:
    """Return the arguments of the call of `function` that computed a value, or None."""
    if isinstance(x, Value) and x.step is not None and x.step.function is function:
        return x.step.args
    return None


def alike(x: Any, y: Value) -> bool:
    """Return whether `x` is a value that can replace `y`."""
    if not isinstance(x, Value) or not isinstance(x.example, (np.ndarray, np.generic)):
        return False  # a bare Python number widens no float32, and one of NumPy's does
    return bool(_layout(x.example) == _layout(y.example))


def equals(x: Any, n: float) -> bool:
    found = number(x)
    return found is not None and bool(found == n)
