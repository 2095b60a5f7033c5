"""Print a program for PyTorch."""

from __future__ import annotations

import keyword
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from ...core.registry import parameters_of
from ...notation.expression import Call, Name
from ...notation.torch import Torch
from ..ir import Step, Value, dtype_of, example_of
from ..traced_functions import positional
from . import torch_windows
from .calls import without_defaults
from .library import LibraryWriter, part_of_index
from .operation import Language, Operation, numbers_of, put
from .portable import DTYPES
from .printer import Source

_SCATTER = '''\
def scatter(x, index, shape):
    """Return zeros to which the entries of x are added at an index."""
    y = torch.zeros(shape, dtype=x.dtype)
    places = torch.arange(y.numel()).reshape(shape)[index]
    return y.flatten().index_add_(0, places.flatten(), x.flatten()).reshape(shape)'''

# ---- functions that PyTorch has too --------------------------------------------------------------

#: function -> PyTorch's name, and its arguments: by position, or by name as NumPy's=PyTorch's
_OWN: dict[Any, str] = {
    np.roll: "roll a shift axis=dims", np.tril: "tril m k=diagonal",
    np.triu: "triu m k=diagonal", np.swapaxes: "swapaxes a axis1 axis2",
    np.moveaxis: "moveaxis a source destination",
    np.diagonal: "diagonal a offset=offset axis1=dim1 axis2=dim2",
    np.rot90: "rot90 m k=k axes=dims", np.fft.fftshift: "fft.fftshift x axes=dim",
    np.fft.ifftshift: "fft.ifftshift x axes=dim",
    np.nan_to_num: "nan_to_num x nan=nan posinf=posinf neginf=neginf",
    np.linalg.det: "linalg.det a", np.linalg.slogdet: "linalg.slogdet a",
    np.linalg.inv: "linalg.inv a", np.linalg.solve: "linalg.solve a b",
    np.linalg.cholesky: "linalg.cholesky a", np.linalg.eigh: "linalg.eigh a UPLO",
    np.linalg.eigvalsh: "linalg.eigvalsh a UPLO", np.linalg.pinv: "linalg.pinv a rcond=rtol",
    np.linalg.qr: "linalg.qr a mode",
    np.linalg.svd: "linalg.svd a full_matrices=full_matrices",
}  # fmt: skip


def _own(step: Step) -> Operation | None:
    """Return the call of a function of the table, if it knows all arguments."""
    f = step.function
    if windows := torch_windows.SPECIAL.get(f):
        return windows(step)
    given = without_defaults(f, {**dict(zip(positional(f), step.args)), **step.kwargs})
    if special := _SPECIAL.get(f):
        return special(**given) if given.keys() <= parameters_of(special).keys() else None
    if f not in _OWN:
        return None
    name, *known = _OWN[f].split()
    args = [given.pop(key) for key in known if "=" not in key and key in given]
    renamed = dict(key.split("=") for key in known if "=" in key)
    if given.keys() - renamed.keys():
        return None
    return Operation(name, args, {renamed[key]: x for key, x in given.items()})


def _flipped(m: Any, axis: Any = None) -> Operation:
    axes = range(np.ndim(example_of(m))) if axis is None else np.atleast_1d(axis)
    return Operation("flip", [m, [int(k) for k in axes]])


def _singular(a: Any, full_matrices: bool = True, compute_uv: bool = True) -> Operation:
    if not compute_uv:
        return Operation("linalg.svdvals", [a])
    return Operation("linalg.svd", [a], {"full_matrices": full_matrices})


def _least_squares(a: Any, b: Any, rcond: Any = None) -> Operation:
    return Operation("linalg.lstsq", [a, b], {"rcond": rcond, "driver": "gelsd"})  # as NumPy's


def _trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Operation:
    diagonal = Operation("diagonal", [a, offset, axis1, axis2])
    return Operation("sum", [diagonal], {"axis": -1})


def _taken_along(arr: Any, indices: Any, axis: Any = -1) -> Operation:
    given = {} if axis is None else {"axis": axis}
    return Operation("take_along_axis", [arr, indices], given)


def _tiled(A: Any, reps: Any) -> Operation:  # NumPy's name
    return Operation("tile", [A, tuple(np.atleast_1d(reps).tolist())])


_SPECIAL: dict[Any, Callable[..., Operation]] = {
    np.flip: _flipped, np.linalg.svd: _singular, np.linalg.lstsq: _least_squares,
    np.trace: _trace, np.take_along_axis: _taken_along, np.tile: _tiled,
}  # fmt: skip

# ---- the few functions that all languages share --------------------------------------------------


class TorchWriter(LibraryWriter):
    """Writes a program that imports only torch."""

    notation: ClassVar = Torch()
    reserved: ClassVar = frozenset(["torch", "program", "scatter", *keyword.kwlist])
    language: ClassVar = Language("PyTorch", DTYPES | {"float16"}, _own)
    imports = "import torch"

    def text(self, by: Sequence[Value]) -> Source:
        """Return the program; its arguments are in C's order, as torch.tensor wants them."""
        source = super().text(by)
        source.arguments = {k: np.asarray(x, order="C") for k, x in source.arguments.items()}
        return source

    def _write_reduction(self, x: Operation) -> Any:
        """Write a reduction, which without an axis keeps none in PyTorch."""
        (operand,), axis = x.args, x.options.get("axis")
        given = {"keepdims": True} if x.options.get("keepdims") else {}
        if axis == ():
            return operand
        if axis is None:
            whole = Operation(x.name, [operand])
            return Operation("reshape", [whole, self.step.outs[0].shape]) if given else whole
        if x.name == "prod" and isinstance(axis, tuple):  # which takes one axis
            for k in sorted(axis, key=lambda k: -(k % np.ndim(example_of(x.args[0])))):
                operand = Operation("prod", [operand], {"axis": k, **given})
            return operand
        return Operation(x.name, [operand], {"axis": axis, **given})

    _write_sum = _write_mean = _write_prod = _write_max = _write_min = _write_reduction
    _write_any = _write_all = _write_reduction

    def _write_argmax(self, x: Operation) -> Any:
        (operand,) = x.args
        if dtype_of(example_of(operand)).kind == "b":  # which PyTorch does not order
            x = x._replace(args=[Operation("astype", [operand, np.int64])])
        return self._write_reduction(x)

    _write_argmin = _write_argmax

    def _write_along(self, x: Operation) -> Operation:
        """Write a function along one axis; without an axis, of all entries."""
        (operand,), axis = x.args, x.options.get("axis", -1)
        if axis is None or (x.name.startswith("cum") and not x.options):
            operand, axis = Operation("reshape", [operand, (-1,)]), 0
        stable = {"stable": True} if x.name == "argsort" else {}
        return Operation(x.name, [operand], {"axis": axis, **stable})

    _write_sort = _write_argsort = _write_cumsum = _write_cumprod = _write_along

    def _write_concatenate(self, x: Operation) -> Operation:
        if x.options.get("axis", 0) is not None:
            return x
        flat = [Operation("reshape", [part, (-1,)]) for part in x.args[0]]
        return Operation("concatenate", [flat])

    def _write_maximum(self, x: Operation) -> Operation:
        """Write a bound that is a number as `clamp`."""
        numbers = [a for a in x.args if _is_number(a)]
        if not numbers:
            return x
        (operand,) = (a for a in x.args if not _is_number(a))
        bound = "min" if x.name == "maximum" else "max"
        return Operation("clamp", [operand], {bound: numbers[0]})

    _write_minimum = _write_maximum

    def _write_of_tensors(self, x: Operation) -> Operation:
        """Write a function that takes no Python numbers."""
        dtype = self.step.outs[0].dtype
        return x._replace(args=[np.asarray(a, dtype) if _is_number(a) else a for a in x.args])

    _write_fmax = _write_fmin = _write_hypot = _write_arctan2 = _write_of_tensors
    _write_logaddexp = _write_logaddexp2 = _write_heaviside = _write_of_tensors

    def _write_cbrt(self, x: Operation) -> Operation:
        power = Operation("power", [Operation("absolute", x.args), 1 / 3])
        return Operation("multiply", [Operation("sign", x.args), power])

    def _write_transpose(self, x: Operation) -> Any:
        operand, axes = x.args
        if [*axes] == [1, 0]:
            return Operation("transpose", [operand])
        is_same = [*axes] == [*range(len(axes))]
        return operand if is_same else Operation("permute", [operand, tuple(axes)])

    # ---- indices ---------------------------------------------------------------------------------

    def _write_getitem(self, x: Operation) -> Any:
        """Write an index. A slice that goes backwards is one of the flipped array."""
        operand, index = x.args
        axes = np.cumsum([0, *(i is not None for i in index)]).tolist()
        backwards = [k for k, i in enumerate(index) if _goes_back(i)]
        parts = [*_with_apart(index)]
        for k in backwards:
            parts[k] = _mirrored(index[k], np.shape(example_of(operand))[axes[k]])
        if backwards:
            operand = Operation("flip", [operand, [axes[k] for k in backwards]])
        while parts and isinstance(parts[-1], slice) and parts[-1] == slice(None):
            parts.pop()
        return Operation("getitem", [operand, *map(_part, parts)]) if parts else operand

    def _write_scatter(self, x: Operation) -> Any:
        operand, index, shape = x.args
        if any(map(_goes_back, index)):
            return put(operand, numbers_of(np.empty(shape))[tuple(index)], shape)
        self.helpers["scatter"] = _SCATTER
        parts = tuple(map(_part, _with_apart(index)))
        args = [operand, parts[0] if len(parts) == 1 else parts, tuple(shape)]
        return Call("call", [Name("scatter"), *map(self._expression, args)])

    def _write_take(self, x: Operation) -> Operation:
        return Operation("take", [*map(_part, x.args)])


def _is_number(x: Any) -> bool:
    return isinstance(x, (bool, int, float))


def _part(i: Any) -> Any:
    """Return a part of an index; some functions take int64 only."""
    if isinstance(i, Value) and i.dtype.kind in "iu" and i.dtype != np.int64:
        return Operation("astype", [i, np.int64])
    return part_of_index(i)


def _goes_back(i: Any) -> bool:
    return isinstance(i, slice) and (i.step or 1) < 0


def _mirrored(i: slice, n: int) -> slice:
    """Return the slice that takes the same entries from the flipped axis."""
    places = range(n)[i]
    start, stop = (n - 1 - places[0], n - places[-1]) if places else (0, 0)
    step = -i.step
    return slice(start or None, None if stop == n else stop, None if step == 1 else step)


def _with_apart(index: Sequence[Any]) -> Sequence[Any]:
    """Return an index whose numbers are arrays if slices separate them from arrays.

    NumPy then counts them as arrays, which come first in the result. PyTorch does not.
    """
    is_array = [isinstance(i, (Value, np.ndarray)) for i in index]
    at = [k for k, i in enumerate(index) if is_array[k] or isinstance(i, (int, np.integer))]
    if not any(is_array) or at == [*range(at[0], at[-1] + 1)]:
        return index
    return [np.array([i]) if isinstance(i, (int, np.integer)) else i for i in index]
