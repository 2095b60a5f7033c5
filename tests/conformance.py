"""Every operation on arrays of another library: the runs behind a test and a page of the site."""

import re
from functools import partial
from typing import NamedTuple

import numpy as np

import autograd_mini as ag
from autograd_mini.core.fused import FUSED
from autograd_mini.core.registry import PRIMITIVES, is_primitive, name_of
from tests.cases import CASES, FUSED_CASES, LARGEST, TAPE, Dialect
from tests.core.numpy_calls import FIRST, NAMES, NAN_ROWS, ROWS
from tests.device_array import DeviceArray, asdevice

#: The dialect of the cases, whose own constants are on the device.
DEVICE = Dialect(
    **TAPE.__dict__,
    array=lambda *args: asdevice(np.array(*args)),
    ones=lambda *args: asdevice(np.ones(*args)),
    arange=lambda *args: asdevice(np.arange(*args)),
)
_NUMBERS = r"\[(?:True|False|-?\d)[-\d., TrueFals]*\]"
_CONSTANT = re.compile(rf"(?<![\w\])])(?:{_NUMBERS}|\[{_NUMBERS}(?:, {_NUMBERS})*\])")

#: the name of a primitive -> the NumPy function that it runs
_NUMPYS = {
    run.name: f"np.{name_of(f)}"
    for f, run in reversed(PRIMITIVES.items())
    if is_primitive(run) and not isinstance(f, str)
}


class Row(NamedTuple):
    """A function of arrays, on tensors of NumPy arrays and on tensors of device arrays."""

    name: str
    text: str
    on_host: object
    on_device: object
    inputs: list


def with_arrays(text):
    """Return an expression whose constant lists are arrays on the device."""
    return _CONSTANT.sub(r"D(\g<0>)", text)


def case_rows(cases=CASES):
    for case in cases:
        yield Row(
            _NUMPYS.get(case.op, case.op),
            str(case),
            lambda *xs, case=case: case.f(TAPE, *xs),
            _either(
                lambda *xs, case=case: case.f(DEVICE, *xs),
                partial(
                    eval(f"lambda n, a, b=None: {with_arrays(case.text)}", {"D": asdevice}), DEVICE
                ),
            ),
            case.inputs,
        )


def numpy_rows(texts=(*ROWS, *NAN_ROWS)):
    """Return the rows of NumPy's functions. Their constant lists become device arrays if needed."""
    for text in texts:
        names = sorted(set(re.findall(r"(?<![.\"\w])[A-Z]+0?\b", text)) & NAMES.keys())
        head = f"lambda {', '.join(names)}: "
        yield Row(
            text.split("(")[0],
            text,
            eval(head + text, dict(NAMES)),
            _either(
                eval(head + text, dict(NAMES)),
                eval(head + with_arrays(text), {**NAMES, "D": asdevice}),
            ),
            [NAMES[name] for name in names],
        )


def _either(as_written, otherwise):
    """Return the first function, or the second where lists meet device arrays."""

    def run(*xs):
        try:
            return as_written(*xs)
        except TypeError:
            return otherwise(*xs)

    return run


def fused_rows(count=None):
    for node in FUSED:
        for args, kwargs in FUSED_CASES[node.name][:count]:
            on_device = {
                key: asdevice(x) if isinstance(x, np.ndarray) else x for key, x in kwargs.items()
            }
            yield Row(
                node.name,
                f"{node.name} {[x.shape for x in args]} {kwargs.keys()}",
                lambda *xs, node=node, kwargs=kwargs: node(*xs, **kwargs),
                lambda *xs, node=node, kwargs=on_device: node(*xs, **kwargs),
                list(args),
            )


def all_rows():
    return [*case_rows(), *numpy_rows(), *fused_rows()]


def some_rows():
    """Return one row of each function."""
    rows = [*case_rows(LARGEST), *numpy_rows(sorted(FIRST)), *fused_rows(1)]
    return list({row.name: row for row in rows}.values())


def derivatives(f, inputs, convert):
    """Return the value, the gradients, what backward stores, and the second derivatives."""
    args = [convert(x.copy()) for x in inputs]
    args = [ag.tensor(x, requires_grad=True) if x.dtype.kind == "f" else x for x in args]
    active = [x for x in args if isinstance(x, ag.Tensor)]
    y = f(*args)
    if not isinstance(y, ag.Tensor) or not y.requires_grad:
        return [y]
    weights = np.cos(np.arange(y.size)).reshape(y.shape).astype(y.dtype)
    loss = (y * convert(weights)).sum()
    loss.backward()
    first = ag.gradients(loss, active)
    second = ag.gradients(sum((g * g).sum() for g in first), active)
    return [y, *first, *(x.grad for x in active if x.grad is not None), *second]


def compare(row):
    """Compare both runs of a row; return the number of transfers that the library asked for."""
    with np.errstate(all="ignore"):
        expected = derivatives(row.on_host, row.inputs, np.asarray)
        before = DeviceArray.transfers
        found = derivatives(row.on_device, row.inputs, asdevice)
    assert len(found) == len(expected)
    for a, b in zip(expected, found):
        a, b = (x.data if isinstance(x, ag.Tensor) else x for x in (a, b))
        assert isinstance(b, DeviceArray), f"{type(b)} instead of a device array"
        assert (b.shape, b.dtype) == (a.shape, a.dtype)
        np.testing.assert_allclose(b._host, a, rtol=1e-9, atol=1e-11)
    return DeviceArray.transfers - before


def outcome(row):
    """Return how an operation handles device arrays, in the words of the page."""
    try:
        transfers = compare(row)
    except TypeError as error:
        return f"refused: {error}"
    return "works, and copies a number to the host" if transfers else "works"
