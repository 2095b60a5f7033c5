"""Rewriting: a program made shorter, by rules that each have a name.

`x` stands for a value of the program, `c` for a constant. `EXACT` rules change no bit of any
result. Two more things are always done: a call that was made before is not made again (common
subexpressions), and a step that no result depends on is dropped (dead steps).
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .tracing import Step, Trace, Value, astype, example_of, leaves_of, mapped, values_in


class Program:
    """Straight-line NumPy: what it takes, its steps in order, and a tree of what it gives."""

    def __init__(self, trace: Trace, results: Any) -> None:
        self.arguments = trace.arguments
        self.steps = trace.steps
        self.results = results  # a tree of values, and constants as they are
        #: what was done to it: how often, by the name of the rule
        self.done: Counter[str] = Counter()

    def run_examples(self) -> None:
        """Make the examples anew: after a rewrite, a view may look at the memory of the old one.

        What NumPy returns as a bare number becomes an array, as it is in planned memory.
        """
        with np.errstate(all="ignore"):
            for step in self.steps:
                y = step.function(*mapped(example_of, step.args), **mapped(example_of, step.kwargs))
                parts = [y] if len(step.outs) == 1 else leaves_of(y)
                for value, example in zip(step.outs, parts):
                    value.example = np.asarray(example)

    def drop_dead(self) -> None:
        """Keep the steps that a result depends on."""
        before = len(self.steps)
        self.steps = _alive(self.steps, values_in(self.results))
        self.done["dead"] += before - len(self.steps)

    def uses(self) -> Counter[Value]:
        """How often each value is an argument of a step, or a result."""
        found = Counter(v for step in self.steps for v in step.inputs)
        found.update(values_in(self.results))
        return found


#: a step -> what stands for its result: a value, a constant, or another `Call`; None if neither
Rule = Callable[[Step], Any]


class Call:
    """What a rule puts in place of a call; among its arguments there may be further ones."""

    def __init__(self, function: Any, *args: Any, **kwargs: Any) -> None:
        self.function, self.args, self.kwargs = function, args, kwargs


def simplify(program: Program, rules: Sequence[tuple[str, Rule]]) -> Program:
    """Apply the rules, share what is computed twice and drop what is not needed; in place."""
    stands_for: dict[Value, Any] = {}
    known: dict[Any, Step] = {}
    kept = []

    def current(x: Any) -> Any:
        return stands_for.get(x, x) if isinstance(x, Value) else x

    todo = list(reversed(program.steps))
    while todo:
        step = todo.pop()
        step.args, step.kwargs = mapped(current, step.args), mapped(current, step.kwargs)
        new: list[Step] = []
        found = _rewritten(step, rules, program.done, new)
        if new:  # what the rule calls first is simplified first
            todo += [step, *reversed(new)]
            continue
        if found is not None:
            stands_for[step.outs[0]] = _introduced(found, step.outs[0])
            continue
        before = known.setdefault(_key(step), step)
        if before is step:
            kept.append(step)
            continue
        for out, same in zip(step.outs, before.outs):
            stands_for[out] = _introduced(same, out)
        program.done["shared"] += 1
    program.results = mapped(current, program.results)
    program.steps = kept
    program.drop_dead()
    return program


def _introduced(value: Any, instead_of: Value) -> Any:
    """What stands for another value; if it has no name, under that one's."""
    made = value.step if isinstance(value, Value) else None
    if made and instead_of.step and made.part == instead_of.step.part:
        value.name = value.name or instead_of.name
        value.of = value.of or instead_of.of
    return value


def _rewritten(
    step: Step, rules: Sequence[tuple[str, Rule]], done: Counter[str], new: list[Step]
) -> Any:
    """What stands for the result of a step, or None; a rule may also change the step itself."""
    again = len(step.outs) == 1 and not step.name
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
    """Put another call in place of a step's, if what it gives lies in memory in the same way.

    Calls within the call become steps of their own, `new` ones.
    """
    (out,) = step.outs
    inner: list[Step] = []

    def value_of(x: Any) -> Any:
        if not isinstance(x, Call):
            return x
        made = Step(x.function, mapped(value_of, x.args), x.kwargs, None, step.part)
        with np.errstate(all="ignore"):
            y = x.function(*mapped(example_of, made.args), **mapped(example_of, x.kwargs))
        made.outs = (Value(y, made),)
        inner.append(made)
        return made.outs[0]

    call.args = mapped(value_of, call.args)
    with np.errstate(all="ignore"):
        y = call.function(*mapped(example_of, call.args), **mapped(example_of, call.kwargs))
    if _layout(y) != _layout(out.example):
        return False
    step.function, step.args, step.kwargs, out.example = call.function, call.args, call.kwargs, y
    new += inner
    return True


def _layout(x: Any) -> Any:
    x = np.asarray(x)
    return x.dtype, x.shape, [s for s, n in zip(x.strides, x.shape) if n != 1] if x.size else 0


def _alive(steps: Sequence[Step], results: Sequence[Value]) -> list[Step]:
    """The steps that a result depends on."""
    needed, kept = set(results), []
    for step in reversed(steps):
        if not needed.isdisjoint(step.outs):
            needed.update(step.inputs)
            kept.append(step)
    return kept[::-1]


def _key(step: Step) -> Any:
    """Equal for two calls that must give the same."""
    return step.function, _frozen(step.args), _frozen(step.kwargs)


def _frozen(x: Any) -> Any:
    """Hashable, and equal for what is the same constant: -0.0 and 0, or 1 and 1.0, are not."""
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
    """Whether the step is a ufunc of numbers, such as np.add; np.matmul is one of matrices."""
    return isinstance(step.function, np.ufunc) and step.function.signature is None


def number(x: Any) -> Any:
    """The one number that a constant consists of, a constant itself; else None."""
    if isinstance(x, (bool, int, float, np.generic)):
        return x
    if not isinstance(x, np.ndarray) or not x.size or x.dtype.kind not in "biuf":
        return None
    first = x[(0,) * x.ndim]
    same = all(s == 0 or n == 1 for s, n in zip(x.strides, x.shape)) or (x == first).all()
    return first if same else None


def made_by(x: Any, function: Any) -> Any:
    """The arguments of the call of `function` that made a value, or None."""
    if isinstance(x, Value) and x.step is not None and x.step.function is function:
        return x.step.args
    return None


def _alike(x: Any, y: Value) -> bool:
    """Whether `x` is a value that can stand for `y`."""
    if not isinstance(x, Value) or not isinstance(x.example, (np.ndarray, np.generic)):
        return False  # a bare Python number widens no float32, and one of NumPy's does
    return bool(_layout(x.example) == _layout(y.example))


# ---- exact rules ---------------------------------------------------------------------------------


def repeated(step: Step) -> Any:
    """x + (c repeated to the shape of x) → x + c: NumPy repeats it anyway."""
    if not is_elementwise(step) or step.kwargs or len(step.args) < 2:
        return None
    for i, a in enumerate(step.args):
        if np.ndim(example_of(a)) == 0:
            continue
        inner = made_by(a, np.broadcast_to)
        less = inner[0] if inner else None
        if isinstance(a, np.ndarray):
            less = number(a)
        others = (*step.args[:i], *step.args[i + 1 :])
        shape = np.broadcast_shapes(*(np.shape(example_of(x)) for x in (*others, less)))
        if less is not None and shape == step.outs[0].shape:
            return Call(step.function, *step.args[:i], less, *step.args[i + 1 :])
    return None


_NEUTRAL: dict[Any, int] = {
    np.multiply: 1,
    np.divide: 1,
    np.power: 1,
    operator.pow: 1,
    np.subtract: 0,
}


def neutral(step: Step) -> Any:
    """x * 1, x / 1, x - 0, x ** 1 → x."""
    (out,) = step.outs
    if step.kwargs or len(step.args) != 2:
        return None
    a, b = step.args
    one = _NEUTRAL.get(step.function)
    if one is not None and _equals(b, one) and _alike(a, out):
        return a
    return b if step.function is np.multiply and _equals(a, 1) and _alike(b, out) else None


def _equals(x: Any, n: float) -> bool:
    found = number(x)
    return found is not None and bool(found == n)


def negated(step: Step) -> Any:
    """x * -1 → -x;  -(-x) → x;  a + (-b) → a - b;  a - (-b) → a + b."""
    (out,) = step.outs
    if step.kwargs or step.function not in (np.multiply, np.negative, np.add, np.subtract):
        return None
    inner = made_by(step.args[-1], np.negative)
    if step.function is np.negative:
        return inner[0] if inner and _alike(inner[0], out) else None
    if step.function is np.multiply:
        for a, b in (step.args, step.args[::-1]):
            if _equals(b, -1) and _alike(a, out):
                return Call(np.negative, a)
        return None
    other = np.subtract if step.function is np.add else np.add
    return Call(other, step.args[0], inner[0]) if inner else None


_MAY_DO_NOTHING = {
    np.reshape, np.broadcast_to, np.transpose, np.squeeze, np.copy, np.positive, astype,
    np.moveaxis, np.swapaxes, np.ravel, np.expand_dims,
}  # fmt: skip


def nothing_done(step: Step) -> Any:
    """A reshape to the shape that x has, a cast to its dtype, a copy that nobody changes → x."""
    x = step.args[0]
    return x if step.function in _MAY_DO_NOTHING and _alike(x, step.outs[0]) else None


def turned_twice(step: Step) -> Any:
    """x.T.T → x;  x.reshape(s).reshape(r) → x.reshape(r)."""
    if step.kwargs or step.function not in (np.transpose, np.reshape):
        return None
    inner = made_by(step.args[0], step.function)
    if not inner:
        return None
    if step.function is np.reshape:
        return Call(np.reshape, inner[0], step.args[1])
    return inner[0] if len(step.args) == len(inner) == 1 else None


EXACT: list[tuple[str, Rule]] = [
    ("repeated numbers", repeated),
    ("neutral numbers", neutral),
    ("signs", negated),
    ("nothing done", nothing_done),
    ("turned twice", turned_twice),
]


# ---- rules that keep results within rounding -----------------------------------------------------


def cheaper_power(step: Step) -> Any:
    """x ** 2 → x * x;  x ** 3 → x * x * x;  x ** 0.5 → √x;  x ** -1 → 1 / x."""
    if step.function not in (np.power, operator.pow) or step.kwargs:
        return None
    x, n = step.args[0], number(step.args[1])
    if n is None or not isinstance(x, Value) or x.dtype.kind != "f" or np.ndim(step.args[1]):
        return None
    functions: dict[Any, Any] = {2: np.square, 0.5: np.sqrt, -1: np.reciprocal}
    return Call(functions[n], x) if n in functions else None


_JOINED: dict[Any, Any] = {
    (np.multiply, np.multiply): np.multiply,
    (np.add, np.add): np.add,
    (np.add, np.subtract): np.subtract,  # x + c - d is x - (d - c)
    (np.subtract, np.subtract): np.add,
    (np.subtract, np.add): np.subtract,
}


def joined_numbers(step: Step) -> Any:
    """(x * c) * d → x * (c d);  (x + c) - d → x - (d - c), and the like."""
    (out,) = step.outs
    if step.kwargs or step.function not in _JOINED.values() or out.dtype.kind != "f":
        return None
    x, d = _value_and_number(step.args, step.function)
    inner = x.step if isinstance(x, Value) else None
    if inner is None or inner.kwargs or x.dtype != out.dtype:
        return None
    join = _JOINED.get((inner.function, step.function))
    if join is None:  # also where the inner step is nothing like arithmetic
        return None
    y, c = _value_and_number(inner.args, inner.function)
    if y is None or y.dtype != out.dtype:
        return None
    return Call(step.function, y, np.asarray(join(float(d), float(c)), out.dtype))


def _value_and_number(args: Any, function: Any) -> Any:
    """The operands x, c of x * c or c * x, of x - c; (None, None) for others."""
    for x, c in (args, args[::-1]) if function in (np.multiply, np.add) else (args,):
        if isinstance(x, Value) and not np.ndim(c) and not isinstance(c, Value):
            return x, c
    return None, None


def by_a_number(step: Step) -> Any:
    """x / c → x * (1/c): a product takes a fraction of the time of a quotient."""
    if step.function is not np.divide or step.kwargs:
        return None
    x, c = step.args
    (out,) = step.outs
    if not isinstance(x, Value) or isinstance(c, Value) or np.ndim(c) or not out.shape:
        return None
    if x.dtype != out.dtype or out.dtype.kind != "f" or not c:
        return None
    return Call(np.multiply, x, np.asarray(1 / float(c), out.dtype))


WITHIN_ROUNDING: list[tuple[str, Rule]] = [
    ("cheaper powers", cheaper_power),
    ("joined numbers", joined_numbers),
    ("quotients by a number", by_a_number),
]
