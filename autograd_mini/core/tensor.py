"""Tensor: an array and its place on the tape. Only `record` puts it there.

The tape of a computation consists of its tensors. A tensor that a primitive computed (a *node*)
keeps the primitive (`op`), the arguments of the call (`inputs`, `kwargs`) and a creation number
(`order`). All other tensors are *leaves*.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from . import dispatch, messages
from .answers import explains_keywords
from .arrays import (
    NO_KWARGS,
    NOT_RETAINED,
    Array,
    as_array,
    leaf_array,
    read_only,
    unwrap,
    unwrap_constant,
)
from .backward import backward
from .context import ALL_OBSERVERS, get_scopes, observers
from .elementwise_methods import document_elementwise
from .foreign import ensure_array, numbers_as_arrays, unshared
from .messages import DetachedWarning
from .methods import ArrayMethods
from .registry import PRIMITIVES, UFUNCS
from .tape import Tape

if TYPE_CHECKING:
    from .primitive import Primitive

_CONSTANTS = {np.ndarray, float, int, bool, type(None)}  # arguments taken without conversion
_ndarray, _generic, _asarray = np.ndarray, np.generic, np.asarray
_next_order = itertools.count().__next__  # one step in C, so threads never share a number


def record(op: Primitive, args: tuple[Any, ...], kwargs: Mapping[str, Any] = NO_KWARGS) -> Any:
    """Run `op` on the arrays inside `args`, and put the result on the tape.

    If no argument is a Tensor, the result is an array, as from any NumPy function. So a rule can
    use primitives on arrays and on tensors. This function calls few others, because its speed
    affects every operation.
    """
    arrays = []
    active, converted = None, False  # no Tensor found yet
    for a in args:
        if type(a) is Tensor:
            active = active or a._active
            arrays.append(a._array)
        elif type(a) in _CONSTANTS:
            arrays.append(a)
        elif len(arrays) >= op.arity:
            arrays.append(unwrap_constant(a) if hasattr(a, "__dlpack__") else a)
        else:
            arrays.append(as_array(a))
            converted = True
    try:
        y = op.forward(*arrays, **kwargs) if kwargs else op.forward(*arrays)
    except (ValueError, TypeError, IndexError) as error:
        y = op.forward_on_objects(arrays, kwargs)
        if y is NotImplemented:
            raise op.add_context(error, args, kwargs) from error
        converted = True
    except AttributeError as error:
        return record(op, numbers_as_arrays(op, args, error), kwargs)
    residuals = None
    if op.residuals:
        y, residuals = y
    if active is None:
        return y

    out = _new(Tensor)
    if type(y) is not _ndarray:  # NumPy returns a bare number for one entry
        y = _asarray(y) if isinstance(y, _generic) else ensure_array(y, op, args, arrays)
    out._array = y
    out.name = None
    if (
        active
        and (scopes := get_scopes()) is not None
        and ((len(args) == op.all_ruled and y.dtype.kind == "f") or op.is_active_for(args, y))
    ):
        if converted:
            args = tuple(a if type(a) is Tensor else b for a, b in zip(args, arrays))
        out._active = True
        out._grad = NOT_RETAINED
        out.op = op
        out.inputs = args
        out.kwargs = kwargs
        out.residuals = residuals
        out.scope = scopes
    else:
        if y.dtype.kind == "c":
            raise op.add_context(TypeError(messages.complex_result(y)), args)
        if type(y) is not _ndarray:  # a leaf, which must not share memory
            out._array = unshared(y, arrays)
        elif y.base is not None or any(y is a for a in arrays):
            out._array = np.array(y)
        out._active = False
        out._grad = out.op = out.residuals = None
        out.inputs = out.scope = ()
        out.kwargs = NO_KWARGS
    out.order = _next_order()
    if ALL_OBSERVERS:
        for observer in observers():
            observer.recorded(op, args, out)
    return out


def _binary(function: Any) -> tuple[Callable[..., Tensor], Callable[..., Tensor]]:
    """Return the two methods of a binary operator: ``t + x`` and ``x + t``."""

    def forward(self: Tensor, other: Any) -> Any:
        return record(PRIMITIVES[function], (self, other))

    def reflected(self: Tensor, other: Any) -> Any:
        return record(PRIMITIVES[function], (other, self))

    return forward, reflected


def _in_place(function: Any) -> Callable[[Tensor, Any], Any]:
    """Return the method of ``t -= x``, which changes the data of a parameter under `no_grad`.

    Otherwise Python computes ``t = t - x``, a new tensor. Under `no_grad`, that would give a new
    value to a local variable, and would not change the parameter.
    """

    def method(self: Tensor, other: Any) -> Any:
        if get_scopes() is not None or self.op is not None or not self._active:
            return NotImplemented
        self.data = function(self._array, unwrap(other))
        return self

    return method


def _unary(function: Any, call: str, result: float) -> Callable[[Tensor], Tensor]:
    """Return the method of an elementwise function, documented by a `call` and its result."""

    def method(self: Tensor) -> Any:
        return record(PRIMITIVES[function], (self,))

    return document_elementwise(method, function, call, result)


@final
class Tensor(ArrayMethods):
    """An array that remembers how it was computed, so that `backward` can compute gradients.

    Make a Tensor with `tensor`. Such a Tensor is called a *leaf*. Use it like a NumPy array.
    Results such as ``2 * t`` and ``np.exp(t)`` are Tensors, too. They are called *nodes*.

    Attributes
    ----------
    op : Primitive or None
        The operation that computed this tensor. It is None for a leaf.
    inputs : tuple
        The arguments of that operation: tensors and constants.
    kwargs : mapping
        The keyword arguments of that operation.
    order : int
        The number of this Tensor, in the order in which Tensors are created.
    scope : tuple of scope
        The ``with ag.scope(...)`` blocks in which a node was computed, the outermost first.
    name : str or None
        The name of the tensor in tables, pictures and error messages.

    Notes
    -----
    If `x` is a Tensor and `a` is an array, ``x * a`` does not copy `a`. So do not change `a` before
    the backward pass. If you change a leaf (``w.data -= 0.1``), ``backward`` raises an error for
    nodes that were computed from the old data.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> x = ag.tensor([1.0, 2.0], requires_grad=True, name="x")
    >>> y = (x * x).sum()
    >>> y.backward()
    >>> x.grad
    array([2., 4.])
    >>> y
    Tensor(5., dtype=float64, op=sum)
    """

    __slots__ = ()
    __hash__ = object.__hash__  # by identity, although == compares entries
    __array_priority__ = 1000  # in ``array @ t``, CuPy lets the larger number compute

    def __init__(
        self,
        data: ArrayLike,
        *,
        requires_grad: bool = False,
        dtype: DTypeLike | None = None,
        name: str | None = None,
    ) -> None:
        self._array = leaf_array(data, dtype)
        self._grad = None
        self.name = name
        self.op = None
        self.inputs = ()
        self.kwargs = NO_KWARGS
        self.residuals = None
        self.scope = ()
        self.order = _next_order()
        self.requires_grad = requires_grad

    def __init_subclass__(cls) -> None:
        # `record` and `sweep` test for exactly this type, which saves 5% of a small step.
        raise TypeError("Tensor cannot be subclassed. Keep a Tensor as an attribute instead.")

    @property
    def data(self) -> NDArray[Any]:
        """The values, as an array. The array is read-only if this tensor is not a leaf.

        You can assign new data of the same shape to a leaf, as in ``w.data -= step``. After that,
        ``backward`` raises an error for nodes that were computed from the old data.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> w = ag.tensor([1.0, 2.0], requires_grad=True)
        >>> w.data -= 0.5
        >>> w.data
        array([0.5, 1.5])
        """
        return self._array if self.op is None else read_only(self._array)

    @data.setter
    def data(self, value: ArrayLike) -> None:
        if self.op is not None:
            raise TypeError(messages.data_of_a_node(self))
        array = self._array
        if value is not array:
            array = leaf_array(unwrap(value), self.dtype)
            if array.shape != self.shape:
                raise ValueError(messages.data_of_another_shape(self, array))
        self._advance(array)

    def _advance(self, array: Array) -> None:
        """Replace the data of a leaf. Its new creation number marks all older nodes as outdated."""
        self.order = _next_order()
        self._array = array

    @property
    def grad(self) -> NDArray[Any] | None:
        """The sum of the gradients from all ``backward`` calls: a plain array, or None.

        It has this tensor's shape and dtype, and shares no memory with other arrays. The result of
        an operation has a ``.grad`` only if you called ``retain_grad()`` before ``backward()``.

        Raises
        ------
        RuntimeError
            If this is the result of an operation, and you did not call ``retain_grad()``.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> x = ag.tensor(3.0, requires_grad=True)
        >>> (x * x).backward()
        >>> (x * x).backward()
        >>> x.grad
        array(12.)
        """
        if self._grad is NOT_RETAINED:
            raise RuntimeError(messages.gradient_not_retained(self))
        return self._grad

    @grad.setter
    def grad(self, value: ArrayLike | None) -> None:
        if self._grad is NOT_RETAINED:
            raise RuntimeError(messages.gradient_not_retained(self))
        array = None if value is None else leaf_array(unwrap(value), self.dtype)
        if array is not None and array.shape != self.shape:
            raise ValueError(messages.gradient_of_another_shape(self, array))
        self._grad = array

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow to this tensor. You can set this on leaves only."""
        return self._active

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        if self.op is not None:
            raise TypeError(messages.requires_grad_of_a_node(self))
        if value and self.dtype.kind not in "fO":
            raise TypeError(messages.no_gradient_of_integers(self))
        self._active = bool(value)

    @property
    def is_leaf(self) -> bool:
        """Whether this tensor is a leaf: `tensor` made it, or it does not require a gradient."""
        return self.op is None

    # ---- leaving the tape ----------------------------------------------------------------------

    def detach(self) -> Tensor:
        """Return a copy that is a constant. No gradient flows through the copy.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> x = ag.tensor(3.0, requires_grad=True)
        >>> (x * x.detach()).backward()
        >>> x.grad
        array(3.)
        """
        return Tensor(self._array, name=self.name)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if self._active:
            raise TypeError(messages.array_would_lose_gradient(self))
        if copy or (dtype is not None and dtype != self.dtype):
            return np.array(self._array, dtype=dtype)
        view: NDArray[Any] = read_only(np.asarray(self._array))
        return view

    def _number(self) -> Any:
        if self._active and not self.size > 1:  # else item() raises; a lazy size may be nan
            warnings.warn(messages.number_loses_gradient(self), DetachedWarning, stacklevel=3)
        return self.item()

    def __float__(self) -> float:
        return float(self._number())

    def __int__(self) -> int:
        return int(self._number())

    def __repr__(self) -> str:
        if isinstance(self._array, np.ndarray):
            values = np.array2string(self._array, separator=", ", prefix="Tensor(")
        else:  # do not compute a lazy array only to show it
            values = repr(self._array)
        facts = [values, f"dtype={self.dtype}"]
        if self.name is not None:
            facts.append(f"name={messages.quoted(self.name)}")
        if self.op is not None:
            facts.append(f"op={self.op.name}")
        elif self._active:
            facts.append("requires_grad=True")
        return f"Tensor({', '.join(facts)})"

    def __copy__(self) -> Tensor:
        if self.op is not None and self._active:
            copy: Tensor = self.copy()  # recorded, so that gradients flow through it
            return copy
        return _unpickle(*self.__reduce__()[1])

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        return self.__copy__()

    def __reduce__(self) -> tuple[Any, ...]:
        # Creation numbers belong to one process, so a tape cannot be pickled.
        if self.op is not None and self._active:
            raise TypeError(messages.pickle_of_a_node(self))
        return _unpickle, (self._array, self._active, self.name, self._grad)

    # ---- derivatives ---------------------------------------------------------------------------

    def tape(self) -> Tape:
        """Return this tensor and all that it was computed from, in the order of computation.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> x = ag.tensor(3.0, requires_grad=True, name="x")
        >>> (x * x).tape()
        <Tape of 2 tensors, ending in Tensor(9., dtype=float64, op=mul)>
        """
        return Tape(self)

    @explains_keywords
    def backward(self, gradient: ArrayLike | None = None) -> None:
        """Compute the gradient of each leaf that requires one, and add it to the leaf's ``.grad``.

        Parameters
        ----------
        gradient : array_like, optional
            The gradient that the backward pass starts with: an array with the shape of this tensor.
            If this tensor has a single entry, the default is 1.

        Raises
        ------
        RuntimeError
            If this tensor does not require a gradient. If a leaf got new data after it was used.
        ValueError
            If `gradient` is missing or has the wrong shape. Neither this error nor the RuntimeError
            changes a ``.grad``.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> x = ag.tensor(2.0, requires_grad=True)
        >>> (x ** 3).backward()
        >>> x.grad
        array(12.)
        """
        backward(self, gradient)

    def retain_grad(self) -> Tensor:
        """Let ``backward`` store the gradient of this tensor in its ``.grad``. Return this tensor.

        Raises
        ------
        RuntimeError
            If this tensor does not require a gradient.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> x = ag.tensor(3.0, requires_grad=True)
        >>> y = (x * x).retain_grad()
        >>> (2 * y).backward()
        >>> y.grad
        array(2.)
        """
        if not self._active:
            raise RuntimeError(messages.nothing_to_retain(self))
        if self._grad is NOT_RETAINED:
            self._grad = None
        return self

    @explains_keywords
    def zero_grad(self) -> None:
        """Set ``.grad`` back to None.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> x = ag.tensor(3.0, requires_grad=True)
        >>> x.backward()
        >>> x.zero_grad()
        >>> x.grad is None
        True
        """
        if self._grad is not NOT_RETAINED:
            self._grad = None

    # ---- NumPy's protocols (NEP 13 and NEP 18) -------------------------------------------------

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        if not kwargs and method == "__call__":
            try:  # one lookup instead of two saves 10% of the dispatch
                op = UFUNCS[ufunc]
            except KeyError:
                pass
            else:
                return record(op, args)
        return dispatch.ufunc(ufunc, method, args, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if 0 < len(args) < 3 and "out" not in kwargs and function in PRIMITIVES:
            return PRIMITIVES[function](*args, **kwargs)  # out= is never among the first two
        return dispatch.function(function, args, kwargs)

    # ---- operators -----------------------------------------------------------------------------

    __add__, __radd__ = _binary(np.add)
    __sub__, __rsub__ = _binary(np.subtract)
    __mul__, __rmul__ = _binary(np.multiply)
    __truediv__, __rtruediv__ = _binary(np.divide)
    __pow__, __rpow__ = _binary(np.power)
    __mod__, __rmod__ = _binary(np.remainder)
    __matmul__, __rmatmul__ = _binary(np.matmul)
    __iadd__, __isub__ = _in_place(np.add), _in_place(np.subtract)
    __imul__, __itruediv__ = _in_place(np.multiply), _in_place(np.divide)
    __neg__ = _unary(np.negative, "(-ag.tensor(3.0))", -3.0)
    __abs__ = _unary(np.absolute, "abs(ag.tensor(-2.0))", 2.0)

    exp = _unary(np.exp, "ag.tensor(0.0).exp()", 1.0)
    log = _unary(np.log, "ag.tensor(1.0).log()", 0.0)
    sqrt = _unary(np.sqrt, "ag.tensor(9.0).sqrt()", 3.0)
    square = _unary(np.square, "ag.tensor(3.0).square()", 9.0)
    sin = _unary(np.sin, "ag.tensor(0.0).sin()", 0.0)
    cos = _unary(np.cos, "ag.tensor(0.0).cos()", 1.0)
    tanh = _unary(np.tanh, "ag.tensor(0.0).tanh()", 0.0)
    abs = __abs__
    sigmoid = _unary("sigmoid", "ag.tensor(0.0).sigmoid()", 0.5)
    relu = _unary("relu", "ag.tensor(-2.0).relu()", 0.0)

    def __getitem__(self, index: Any) -> Tensor:
        index = tuple(map(unwrap_constant, index)) if isinstance(index, tuple) else unwrap(index)
        entries: Tensor = record(PRIMITIVES["getitem"], (self, index))
        return entries

    def __setitem__(self, index: Any, value: Any) -> None:
        raise TypeError(messages.changed_in_place(self))


_new = Tensor.__new__


@explains_keywords
def tensor(
    data: ArrayLike,
    *,
    requires_grad: bool = False,
    dtype: DTypeLike | None = None,
    name: str | None = None,
) -> Tensor:
    """Make a tensor from numbers. It is a leaf, because no operation computed it.

    Parameters
    ----------
    data : array_like
        Numbers of a float, integer or bool dtype. They are copied.
    requires_grad : bool
        Whether ``backward`` stores a gradient in ``.grad``. This needs a float dtype.
    dtype : dtype, optional
        The default is the dtype that ``numpy.array`` chooses: float64 for Python floats.
    name : str, optional
        The name of the tensor in tables, pictures and error messages.

    Returns
    -------
    Tensor
        It has the shape of `data`.

    Raises
    ------
    TypeError
        If `data` is complex or not numeric. If `requires_grad` is set and the dtype is not float.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> w = ag.tensor([1.0, 2.0], requires_grad=True, name="w")
    >>> w
    Tensor([1., 2.], dtype=float64, name='w', requires_grad=True)
    """
    return Tensor(data, requires_grad=requires_grad, dtype=dtype, name=name)


def _unpickle(data: Any, requires_grad: bool, name: str | None, grad: Any) -> Tensor:
    leaf = Tensor(data, requires_grad=requires_grad, name=name)
    leaf.grad = grad
    return leaf
