"""Convolution in PyTorch's own functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...ops.convolution import _conv, _conv_input, _conv_weight
from ..ir import Step
from .operation import Operation
from .portable_windows import inside, wide_shape


def _options(stride: Any, padding: Any, dilation: Any, groups: int) -> dict[str, Any]:
    """Return the options that are not at their defaults. Padding is the same at both ends."""
    given = {"stride": stride, "padding": tuple(p for p, _ in padding), "dilation": dilation}
    defaults = {"stride": 1, "padding": 0, "dilation": 1}
    chosen = {key: x for key, x in given.items() if any(n != defaults[key] for n in x)}
    return chosen if groups == 1 else {**chosen, "groups": groups}


def _is_even(padding: Any) -> bool:
    return all(before == after for before, after in padding)


def _padded(x: Any, padding: Any) -> tuple[Any, Any]:
    """Return images and the padding that is left for a convolution, which pads both ends alike."""
    if _is_even(padding):
        return x, padding
    widths = [n for pair in reversed(padding) for n in pair]  # the last axis is first
    return Operation("nn.functional.pad", [x, widths]), ((0, 0),) * len(padding)


def _convolution(step: Step) -> Operation:
    x, w, stride, padding, dilation, groups, *bias = step.args
    x, padding = _padded(x, padding)
    bias = [b for b in bias if b is not None]
    options = _options(stride, padding, dilation, groups)
    return Operation(f"nn.functional.conv{len(padding)}d", [x, w, *bias], options)


def _gradient_of_weight(step: Step) -> Operation:
    x, g, _, stride, padding, dilation, groups = step.args
    x, padding = _padded(x, padding)
    options = _options(stride, padding, dilation, groups)
    args = [x, tuple(step.outs[0].shape), g]
    return Operation(f"nn.grad.conv{len(padding)}d_weight", args, options)


def _gradient_of_input(step: Step) -> Operation:
    g, w, _, stride, padding, dilation, groups = step.args
    shape, n = step.outs[0].shape, len(padding)
    even = padding if _is_even(padding) else ((0, 0),) * n
    options = _options(stride, even, dilation, groups)
    whole = shape if even is padding else wide_shape(shape, padding)
    gradient = Operation(f"nn.grad.conv{n}d_input", [tuple(whole), w, g], options)
    return gradient if even is padding else Operation("getitem", [gradient, inside(shape, padding)])


#: function -> what returns its operation
SPECIAL: dict[Any, Callable[[Step], Operation]] = {
    _conv: _convolution, _conv_weight: _gradient_of_weight, _conv_input: _gradient_of_input,
}  # fmt: skip
