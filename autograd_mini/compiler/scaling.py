"""Scaling: a factor moved back through linear steps, to where it costs least.

A gradient is linear in the cotangent that it starts from. So a learning rate by which every
gradient is multiplied may as well multiply that cotangent, once: with ``dw = h.T @ dz``, the step
``w - lr * dw`` for each w becomes one ``lr * dz``, and often that is joined with a 1/N there.
"""

from __future__ import annotations

import operator
from collections import defaultdict
from typing import Any

import numpy as np

from .ir import Program, Step, Value, example_of, mapped, values_in
from .passes.rewrite import number

#: functions that are linear in any one of these arguments
_LINEAR: dict[Any, tuple[int, ...]] = {
    np.matmul: (0, 1), np.multiply: (0, 1), np.divide: (0,), np.negative: (0,),
    np.transpose: (0,), np.reshape: (0,), np.broadcast_to: (0,), operator.getitem: (0,),
    np.sum: (0,), np.add.reduce: (0,), np.copy: (0,),
}  # fmt: skip
_SUMS = {np.add, np.subtract}  # linear in both arguments together


def move_factors(program: Program) -> None:
    """Where all that depends on a value is multiplied by one number, multiply the value instead."""
    for c in _factors(program):
        products = {s.outs[0]: _factor_of(s)[0] for s in program.steps if _is_by(s, c)}
        inner = _scaled(program, products)  # a product whose own uses are scaled is one of those
        products = {p: u for p, u in products.items() if p not in inner}
        scaled = _scaled(program, products)
        starts = _starts(program, products, scaled)
        moved = [u for u in products.values() if u in scaled]
        if starts is not None and len(starts) < len(moved):
            _move(program, c, {p: u for p, u in products.items() if u in scaled}, starts)
            program.done["factors moved"] += 1


def _factor_of(step: Step) -> Any:
    """x, c of a product x c with a number; (None, None) for other steps."""
    if step.function is np.multiply and not step.kwargs:
        for x, c in (step.args, step.args[::-1]):
            plain = isinstance(x, Value) and not isinstance(c, Value) and not np.ndim(c)
            if plain and number(c) is not None and x.dtype == step.outs[0].dtype:
                return x, float(c)
    return None, None


def _is_by(step: Step, c: float) -> bool:
    return bool(_factor_of(step)[1] == c)


def _factors(program: Program) -> list[float]:
    """The numbers by which more than one value is multiplied."""
    found: dict[float, int] = defaultdict(int)
    for step in program.steps:
        c = _factor_of(step)[1]
        if c is not None:
            found[c] += 1
    return [c for c, n in found.items() if n > 1]


def _scaled(program: Program, products: dict[Value, Value]) -> set[Value]:
    """The values of which every use is linear, and ends in one of the products.

    All are taken to be so at first; what turns out not to be is taken out until nothing changes.
    From the last step to the first, since that is how it spreads: from a value to what made it.
    """
    backward = [(step, step.inputs) for step in reversed(program.steps)]
    scaled = {v for _, inputs in backward for v in inputs if v.dtype.kind == "f" and v.step}
    scaled -= set(values_in(program.results))
    before = None
    while before != len(scaled):
        before = len(scaled)
        for step, inputs in backward:
            if step.outs[0] not in products:
                scaled -= {v for v in inputs if v in scaled and not _passes_on(step, v, scaled)}
        scaled -= {p for p in products if p in scaled and products[p] not in scaled}
    return scaled


def _passes_on(step: Step, v: Value, scaled: set[Value]) -> bool:
    """Whether a step is linear in `v`, and what it gives is scaled, as is what it adds to it."""
    if step.name or step.outs[0] not in scaled:
        return False
    if step.function in _SUMS and not step.kwargs:
        return all(isinstance(a, Value) and a in scaled for a in step.args)
    places = _LINEAR.get(step.function, ())
    return [i for i, a in enumerate(step.args) if a is v] in [[i] for i in places] and (
        step.inputs.count(v) == 1
    )


def _starts(program: Program, products: dict[Value, Value], scaled: set[Value]) -> Any:
    """Where the factor has to be put: values to which no step passes it on. None if it cannot be.

    A product of two such values passes it on to the one that was there first, which is the
    cotangent: rules make the other, a transpose say, when they need it.
    """
    needed = {u for u in products.values() if u in scaled}
    made = {v: i for i, step in enumerate(program.steps) for v in step.outs}
    passed: dict[Step, list[Value]] = {}
    starts = []
    for step in reversed(program.steps):
        out = step.outs[0]
        if out not in needed or out in products:
            continue
        ways = [v for v in step.inputs if v in scaled and _passes_on(step, v, scaled)]
        if _factor_of(step)[0] is not None:
            ways = []  # here the two numbers are joined
        elif step.function not in _SUMS:
            ways = sorted(ways, key=made.__getitem__)[:1]
        passed[step] = ways
        needed.update(ways)
        if not ways:
            starts.append(out)
    for step in program.steps:
        by = products.get(step.outs[0])
        for v in step.inputs:
            if v in needed and v is not by and v not in passed.get(step, ()):
                return None  # somebody needs it as it is
    return starts


def _move(program: Program, c: float, products: dict[Value, Value], starts: list[Value]) -> None:
    """Multiply where the factor starts; the products are then what they were products of."""
    stands_for: dict[Value, Value] = dict(products)
    steps = []
    for step in program.steps:
        if step.outs[0] in products:
            continue
        step.args = _replaced(step.args, stands_for)
        step.kwargs = _replaced(step.kwargs, stands_for)
        steps.append(step)
        out = step.outs[0]
        if out in starts:
            args = (out, np.asarray(c, out.dtype))
            made = Step(np.multiply, args, {}, None, step.part)
            made.outs = (Value(np.multiply(*map(example_of, args)), made),)
            stands_for[out] = made.outs[0]
            stands_for.update((p, made.outs[0]) for p, u in products.items() if u is out)
            steps.append(made)
    program.steps = steps
    program.results = _replaced(program.results, stands_for)


def _replaced(tree: Any, stands_for: dict[Value, Value]) -> Any:
    return mapped(lambda x: stands_for.get(x, x) if isinstance(x, Value) else x, tree)
