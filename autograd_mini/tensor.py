"""Tensor: an array and its place on the tape.

A computation leaves a tape, and the tape is made of the tensors themselves: each one that a
primitive made (a *record*) keeps the primitive (`op`), the arguments it was given (`inputs`,
`kwargs`) and a creation number (`order`). `record` is the one place where that happens.

This file imports nothing of ours but `methods`, which imports nothing. Operators and NumPy
functions find their primitive in the table `PRIMITIVES`, which the files in `ops/` fill; `backward`
finds the sweep in `tape.py`, and NumPy's protocols their meaning in `dispatch.py`, which put
themselves into `Tensor`.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ContextDecorator
from contextvars import ContextVar
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, final

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from .methods import Methods

if TYPE_CHECKING:
    from .primitive import Primitive
    from .scoping import scope
    from .tape import Tape

#: NumPy function -> the primitive (or composition of primitives) that runs it on tensors.
#: An operation that NumPy lacks stands under its name.
PRIMITIVES: dict[Any, Any] = {}

#: Those of NumPy's ufuncs that a primitive runs: a quick way past `PRIMITIVES`.
UFUNCS: dict[Any, Primitive] = {}

NO_KWARGS: Mapping[str, Any] = MappingProxyType({})
NOT_KEPT: Any = object()  # stands in `_grad` for a gradient that nobody asked to keep
_CONSTANTS = {np.ndarray, float, int, bool}  # arguments that a primitive takes as they are
_ndarray, _generic, _asarray = np.ndarray, np.generic, np.asarray
_next_order = itertools.count().__next__  # one step in C, so threads never share a number


class DetachedWarning(UserWarning):
    """A number was taken out of a tensor that requires a gradient; the gradient stays behind.

    Examples
    --------
    >>> import warnings
    >>> import autograd_mini as ag
    >>> x = ag.tensor(2.0, requires_grad=True)
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     number = float(x)
    >>> caught[0].category.__name__
    'DetachedWarning'
    >>> x.item()  # says that it is meant
    2.0
    """


#: The open `ag.scope` blocks, outer ones first; None where nothing is recorded. Of this thread or
#: asyncio task alone. (Every record asks, and a threading.local takes twice as long to answer.)
SCOPES: ContextVar[tuple[scope, ...] | None] = ContextVar("scopes", default=())


class recording(ContextDecorator):
    """Record inside the block, or do not, in this thread or task only; then all is as before."""

    def __init__(self, on: bool) -> None:
        self.on = on
        self.before: list[tuple[scope, ...] | None] = []

    def __enter__(self) -> None:
        if self.before:
            raise RuntimeError("this very block is open already: make a new one, no_grad()")
        self.before.append(SCOPES.get())
        SCOPES.set((self.before[0] or ()) if self.on else None)

    def __exit__(self, *error: object) -> None:
        SCOPES.set(self.before.pop())

    def __call__(self, f: Any) -> Any:
        """The function `f`, each call of which is inside of such a block."""
        if iscoroutinefunction(f) or isgeneratorfunction(f) or isasyncgenfunction(f):
            raise TypeError(
                f"a call of {f.__name__} only prepares it to run, and the block would end before "
                "it runs. Write the block inside of it, around no yield."
            )
        return super().__call__(f)

    def _recreate_cm(self) -> recording:  # what ContextDecorator asks for at each call
        return recording(self.on)


def no_grad() -> recording:
    """Record nothing inside the block, in this thread or asyncio task only.

    What is computed inside is a leaf that requires no gradient. Blocks nest, and end cleanly when
    an exception leaves them; ``@no_grad()`` decorates a function. A generator or a coroutine, which
    runs after the call, it refuses: write the block inside.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> w = ag.tensor(3.0, requires_grad=True)
    >>> with ag.no_grad():
    ...     y = w * w
    >>> y.requires_grad
    False

    A leaf that requires a gradient is changed in place by ``-=`` and its like, as
    ``w.data -= 0.1 * w.grad`` does anywhere:

    >>> with ag.no_grad():
    ...     w -= 0.5
    >>> w
    Tensor(2.5, dtype=float64, requires_grad=True)
    """
    return recording(False)


def record(op: Primitive, args: tuple[Any, ...], kwargs: Mapping[str, Any] = NO_KWARGS) -> Any:
    """Run `op` on the arrays behind `args`, and put the result on the tape.

    With no Tensor among `args` this is a call of a NumPy function like any other, and an array
    comes back: so a rule may use our primitives on whatever it is given. The body is plain and
    flat because every operation of every user passes through it.
    """
    arrays = []
    found = active = converted = False
    for a in args:
        if type(a) is Tensor:
            found = True
            if a._active:
                active = True
            arrays.append(a._array)
        elif type(a) in _CONSTANTS or len(arrays) >= op.arity:
            arrays.append(a)
        else:
            arrays.append(as_array(a))
            converted = True
    try:
        y = op.forward(*arrays, **kwargs) if kwargs else op.forward(*arrays)
    except (ValueError, TypeError, IndexError) as error:
        y = op.of_objects(arrays, kwargs)
        if y is NotImplemented:
            raise op.explained(error, args) from error
    saved = None
    if op.saves:
        y, saved = y
    if not found:
        return y

    out = _new(Tensor)
    if type(y) is not _ndarray:  # NumPy returns numbers bare
        y = _asarray(y) if isinstance(y, _generic) else _boxed(y, op, args, arrays)
    out._array = y
    out.name = None
    if (
        active
        and (scopes := SCOPES.get()) is not None
        and ((len(args) == op.all_ruled and y.dtype.kind == "f") or op.differentiates(args, y))
    ):
        if converted:
            args = tuple(a if type(a) is Tensor else b for a, b in zip(args, arrays))
        out._active = True
        out._grad = NOT_KEPT
        out.op = op
        out.inputs = args
        out.kwargs = kwargs
        out.saved = saved
        out.scope = scopes
    else:
        if y.dtype.kind == "c":
            why = f"{y.dtype} is not real. Make the real and the imaginary part a tensor each"
            raise op.explained(TypeError(why), args)
        if type(y) is _ndarray and (y.base is not None or any(y is a for a in arrays)):
            out._array = np.array(y)  # a leaf now, whose memory is nobody else's
        out._active = False
        out._grad = out.op = out.saved = None
        out.inputs = out.scope = ()
        out.kwargs = NO_KWARGS
    out.order = _next_order()
    return out


def as_array(x: Any) -> Any:
    """`x` as an array; what already dispatches like one (a Dask array, say) is left as it is."""
    if type(x) is _ndarray:
        return x
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError("a masked array: its mask would be lost. Use np.where, or .filled() first")
    if hasattr(x, "__array_function__") and not isinstance(x, (Tensor, np.ndarray)):
        return x
    return np.asarray(x)


def _boxed(y: Any, op: Primitive, args: tuple[Any, ...], arrays: list[Any]) -> Any:
    """A result as an array: objects, which NumPy returns bare, in an array of objects."""
    if any(getattr(a, "dtype", None) == "O" for a in arrays):
        y = np.asarray(y, object)
    y = as_array(y)
    if not holds_numbers(y) and y.dtype.kind != "c":
        raise op.explained(TypeError(f"its function returned {y!s:.60}, not real numbers"), args)
    return y


def raw(x: Any) -> Any:
    """The array behind a Tensor; anything else as it is."""
    return x._array if type(x) is Tensor else x


def describe(x: Any) -> str:
    """How an error message calls an argument: by its name if it has one, with shape and dtype."""
    if isinstance(x, Tensor):
        return f"{repr(x.name) if x.name else 'a tensor'} {x.shape} {x.dtype}"
    if isinstance(x, np.ndarray):
        return f"an array {x.shape} {x.dtype}"
    return f"{x!r:.60}"


def _binary(function: Any) -> tuple[Callable[..., Tensor], Callable[..., Tensor]]:
    """The two methods of a binary operator: ``t + x`` and ``x + t``."""

    def forward(self: Tensor, other: Any) -> Any:
        return record(PRIMITIVES[function], (self, other))

    def reflected(self: Tensor, other: Any) -> Any:
        return record(PRIMITIVES[function], (other, self))

    return forward, reflected


def _in_place(function: Any) -> Callable[[Tensor, Any], Any]:
    """The method of ``t -= x``: inside of `no_grad`, it gives a leaf that is trained new data.

    Everywhere else it is left to Python, to which ``t -= x`` is ``t = t - x``, a new tensor. There
    that would lose the parameter without a sign: what is bound anew is a local name.
    """

    def method(self: Tensor, other: Any) -> Any:
        if SCOPES.get() is not None or self.op is not None or not self._active:
            return NotImplemented
        self.data = function(self._array, raw(other))
        return self

    return method


def _unary(function: Any, call: str, gives: float) -> Callable[[Tensor], Tensor]:
    """The method of an elementwise function of one argument; a `call` of it gives that number."""

    def method(self: Tensor) -> Any:
        return record(PRIMITIVES[function], (self,))

    name = function if isinstance(function, str) else function.__name__
    method.__doc__ = f"""Elementwise ``{name}`` of this tensor, of the same shape and dtype.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> {call}.item()
    {gives}
    """
    return method


def _plain(function: Any) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The methods of an operator that has no derivative: the answer is a plain array."""

    def forward(self: Tensor, other: Any) -> Any:
        return PRIMITIVES[function](self, other)

    def reflected(self: Tensor, other: Any) -> Any:
        return PRIMITIVES[function](other, self)

    return forward, reflected


@final
class Tensor(Methods):
    """An array that remembers how it was computed, so that derivatives can flow back through it.

    ``ag.tensor(data)`` makes a leaf; every operation on tensors makes a record. A Tensor speaks
    NumPy: operators, methods and NumPy's own functions (``np.exp(t)``, ``np.sum(t, axis=0)``,
    ``array @ t``) all record.

    Parameters
    ----------
    data : array_like
        Numbers, copied. Real floating, integer or bool.
    requires_grad : bool
        Whether ``backward`` shall fill ``.grad``; needs a floating dtype.
    dtype : dtype, optional
        As ``numpy.array`` chooses when not given (float64 for Python floats).
    name : str, optional
        What tables, pictures and error messages call the tensor.

    Attributes
    ----------
    op : Primitive or None
        What made this tensor; None for a leaf.
    inputs : tuple
        The arguments `op` was given: tensors, and constants as they were.
    kwargs : mapping
        The keyword arguments of that call.
    order : int
        The creation number. A record's inputs have smaller numbers than the record itself.
    scope : tuple of scope
        The blocks that a record was made in, outer ones first; none for a leaf.

    Raises
    ------
    TypeError
        For complex or non-numeric data, and for a gradient of integers.

    Notes
    -----
    A leaf copies what it is given. Arrays used as constants beside tensors (``x * w``) are taken
    by reference: do not change them before the backward pass. The data of a record is read-only.
    Giving a leaf new data (``w.data -= 0.1 * w.grad``) makes what was recorded with the old data
    unusable for a later ``backward``, which says so.

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

    # `_array` has no shorter name because np.ma takes a `_data` for its own, mask, tape and all.
    # `saved` is what forward computed and a rule on arrays may use again.
    # fmt: off
    __slots__ = ("__weakref__", "_active", "_array", "_grad",
                 "inputs", "kwargs", "name", "op", "order", "saved", "scope")
    # fmt: on
    # Modules that put themselves here, since this file imports none of ours.
    _engine: ClassVar[Any]  # `tape`
    _dispatch: ClassVar[Any]  # `dispatch`
    __hash__ = object.__hash__  # by identity, though == compares entries

    def __init__(
        self,
        data: ArrayLike,
        *,
        requires_grad: bool = False,
        dtype: DTypeLike | None = None,
        name: str | None = None,
    ) -> None:
        self._array: NDArray[Any] = _leaf_array(data, dtype)
        self._grad: NDArray[Any] | None = None
        self.name = name
        self.op: Primitive | None = None
        self.inputs: tuple[Any, ...] = ()
        self.kwargs = NO_KWARGS
        self.saved: Any = None
        self.scope: tuple[scope, ...] = ()
        self.order = _next_order()
        self.requires_grad = requires_grad

    def __init_subclass__(cls) -> None:
        # `record` and `sweep` ask for this very type, which is 5% of a small training step faster.
        raise TypeError(
            "Tensor is not made to be subclassed: keep a Tensor as an attribute instead"
        )

    # ---- what it holds -------------------------------------------------------------------------

    @property
    def data(self) -> NDArray[Any]:
        """The array of values: a leaf's own, a read-only view for a record.

        Assigning to a leaf's data (also ``w.data -= step``) keeps its shape and dtype. Records
        made with the former data then refuse to be differentiated.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> w = ag.tensor([1.0, 2.0], requires_grad=True)
        >>> w.data -= 0.5
        >>> w.data
        array([0.5, 1.5])
        """
        return self._array if self.op is None else _read_only(self._array)

    @data.setter
    def data(self, value: ArrayLike) -> None:
        if self.op is not None:
            raise TypeError(
                f"{describe(self)} was computed by {self.op.name}: its data cannot be replaced. "
                "Change the leaves it was computed from, or take .detach() first."
            )
        if value is not self._array:
            value = np.array(raw(value), dtype=self.dtype)
            if value.shape != self.shape:
                raise ValueError(
                    f"new data of shape {value.shape} for {describe(self)}: the shape of a tensor "
                    "is fixed. Make a new one with ag.tensor(...)."
                )
            self._array = value
        self.order = _next_order()  # a new version: younger than every record of the old one

    @property
    def grad(self) -> NDArray[Any] | None:
        """What ``backward`` has added up here: a plain array of this tensor's shape and dtype.

        None before the first ``backward``. It is an array of its own, never shared with another
        tensor. A record keeps none unless ``retain_grad()`` was called before ``backward``.

        Raises
        ------
        RuntimeError
            For a record whose gradient was not kept.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> x = ag.tensor(3.0, requires_grad=True)
        >>> (x * x).backward()
        >>> (x * x).backward()
        >>> x.grad
        array(12.)
        """
        if self._grad is NOT_KEPT:
            assert self.op is not None
            raise RuntimeError(
                f"the gradient of {describe(self)}, made by {self.op.name}, was not kept. Call "
                ".retain_grad() on it before backward(), or read loss.tape().adjoints()."
            )
        return self._grad

    @grad.setter
    def grad(self, value: ArrayLike | None) -> None:
        if value is not None:
            value = np.array(raw(value), dtype=self.dtype)
            if value.shape != self.shape:
                raise ValueError(f"a gradient of shape {value.shape} for {describe(self)}")
        self._grad = value

    @property
    def requires_grad(self) -> bool:
        """Whether a derivative flows through this tensor (it is *active*).

        Examples
        --------
        >>> import autograd_mini as ag
        >>> x = ag.tensor(3.0, requires_grad=True)
        >>> (2 * x).requires_grad, (2 * x.detach()).requires_grad
        (True, False)
        """
        return self._active

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        if self.op is not None:
            raise TypeError(
                f"{describe(self)} was computed by {self.op.name}: requires_grad is set on leaves. "
                "Take .detach() for a copy that requires none."
            )
        if value and self.dtype.kind not in "fO":
            raise TypeError(
                f"{describe(self)} cannot require a gradient: only real floating dtypes have "
                "derivatives. Write 3.0 for 3, or pass dtype=float."
            )
        self._active = bool(value)

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> ag.tensor([[1.0, 2.0, 3.0]]).shape
        (1, 3)
        """
        return self._array.shape

    @property
    def ndim(self) -> int:
        """The number of axes.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> ag.tensor([[1.0, 2.0, 3.0]]).ndim
        2
        """
        return self._array.ndim

    @property
    def size(self) -> int:
        """The number of entries.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> ag.tensor([[1.0, 2.0, 3.0]]).size
        3
        """
        return self._array.size

    @property
    def dtype(self) -> np.dtype[Any]:
        """The NumPy dtype of the entries.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> ag.tensor([1.0, 2.0], dtype="float32").dtype
        dtype('float32')
        """
        return self._array.dtype

    @property
    def is_leaf(self) -> bool:
        """Whether no primitive made this tensor.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> x = ag.tensor(3.0, requires_grad=True)
        >>> x.is_leaf, (2 * x).is_leaf
        (True, False)
        """
        return self.op is None

    @property
    def T(self) -> Tensor:
        """All axes in reverse order.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> ag.tensor([[1.0, 2.0, 3.0]]).T.shape
        (3, 1)
        """
        return self.transpose()

    @property
    def mT(self) -> Tensor:
        """The last two axes exchanged: the transposes of a stack of matrices.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> ag.tensor([[[1.0, 2.0, 3.0]]]).mT.shape
        (1, 3, 1)
        """
        return self.transpose(*range(self.ndim - 2), -1, -2)

    # ---- the way out ---------------------------------------------------------------------------

    def item(self) -> Any:
        """The one entry as a Python number. The derivative stays behind, as the call says.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> ag.tensor([[3.0]]).item()
        3.0
        """
        return np.asarray(self._array).item()

    def tolist(self) -> Any:
        """The entries as nested lists of Python numbers.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> ag.tensor([[1.0, 2.0]]).tolist()
        [[1.0, 2.0]]
        """
        return np.asarray(self._array).tolist()

    def numpy(self) -> NDArray[Any]:
        """A copy of the values as a plain array, to be changed at will.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> ag.tensor([1.0, 2.0], requires_grad=True).numpy()
        array([1., 2.])
        """
        return np.array(self._array)

    def detach(self) -> Tensor:
        """A leaf with a copy of the values, through which no derivative flows.

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
            raise TypeError(
                f"an array of {describe(self)} would leave its derivative behind. Say so with "
                ".numpy() or .detach(), or build with np.stack and np.where, which record."
            )
        if copy or (dtype is not None and dtype != self.dtype):
            return np.array(self._array, dtype=dtype)
        return _read_only(np.asarray(self._array))

    def _warn_if_active(self, call: str) -> Tensor:
        if self._active:
            warnings.warn(
                f"{call} of {describe(self)} leaves its derivative behind. If that is meant, "
                "say .item(); to keep the derivative, use NumPy's functions on the tensor itself.",
                DetachedWarning,
                stacklevel=3,
            )
        return self

    def __float__(self) -> float:
        return float(self._warn_if_active("float()").item())

    def __int__(self) -> int:
        return int(self._warn_if_active("int()").item())

    def __index__(self) -> int:
        return self._array.__index__()

    def __bool__(self) -> bool:
        return bool(self._array)

    def __len__(self) -> int:
        return len(self._array)

    def __iter__(self) -> Iterator[Tensor]:
        if self.ndim == 0:
            raise TypeError(f"{describe(self)} has no axis to iterate over")
        return (self[i] for i in range(len(self)))

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec and self.size == 1 else str(self)

    def __repr__(self) -> str:
        if isinstance(self._array, np.ndarray):
            values = np.array2string(self._array, separator=", ", prefix="Tensor(")
        else:  # a lazy array is not computed to be shown
            values = repr(self._array)
        facts = [values, f"dtype={self.dtype}"]
        if self.name is not None:
            facts.append(f"name={self.name!r}")
        if self.op is not None:
            facts.append(f"op={self.op.name}")
        elif self._active:
            facts.append("requires_grad=True")
        return f"Tensor({', '.join(facts)})"

    def __reduce__(self) -> tuple[Any, ...]:
        # Creation numbers belong to one process: what is copied or pickled arrives as a leaf.
        grad = None if self._grad is NOT_KEPT else self._grad
        return _rebuilt, (self._array, self._active, self.name, grad)

    # ---- derivatives ---------------------------------------------------------------------------

    def tape(self) -> Tape:
        """The tensors this one was computed from, in the order of computation: a Wengert list.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> x = ag.tensor(3.0, requires_grad=True, name="x")
        >>> (x * x).tape()
        <Tape of 2 tensors, ending in Tensor(9., dtype=float64, op=mul)>
        """
        tape: Tape = self._engine.Tape(self)
        return tape

    def backward(self, gradient: ArrayLike | None = None) -> None:
        """Add the derivative of this tensor to the ``.grad`` of every leaf that requires one.

        Parameters
        ----------
        gradient : array_like, optional
            The cotangent to start from, of this tensor's shape. One when not given, which only
            a tensor of a single entry can do without.

        Raises
        ------
        RuntimeError
            When this tensor was not recorded, or a leaf got new data since.
        ValueError
            When `gradient` is missing or its shape is wrong. No ``.grad`` has changed then.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> x = ag.tensor(2.0, requires_grad=True)
        >>> (x ** 3).backward()
        >>> x.grad
        array(12.)
        """
        self._engine.backward(self, gradient)

    def retain_grad(self) -> Tensor:
        """Have ``backward`` keep this record's gradient in ``.grad`` too; returns the tensor.

        Raises
        ------
        RuntimeError
            For a tensor that requires no gradient.

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
            raise RuntimeError(f"{describe(self)} requires no gradient, so none can be kept")
        if self._grad is NOT_KEPT:
            self._grad = None
        return self

    def zero_grad(self) -> None:
        """Forget the gradient: ``.grad`` is None again.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> x = ag.tensor(3.0, requires_grad=True)
        >>> x.backward()
        >>> x.zero_grad()
        >>> x.grad is None
        True
        """
        if self._grad is not NOT_KEPT:
            self._grad = None

    # ---- NumPy's protocols (NEP 13 and NEP 18) -------------------------------------------------

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        if not kwargs and method == "__call__":
            try:  # one lookup, not two: a tenth of what dispatch costs
                op = UFUNCS[ufunc]
            except KeyError:
                pass
            else:
                return record(op, args)
        return self._dispatch.ufunc(ufunc, method, args, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if 0 < len(args) < 3 and "out" not in kwargs and function in PRIMITIVES:
            return PRIMITIVES[function](*args, **kwargs)  # out= comes third at the earliest
        return self._dispatch.function(function, args, kwargs)

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
    __floordiv__, __rfloordiv__ = _plain(np.floor_divide)
    __lt__, __gt__ = _plain(np.less)
    __le__, __ge__ = _plain(np.less_equal)
    __eq__, __ne__ = _plain(np.equal)[0], _plain(np.not_equal)[0]

    def __pos__(self) -> Tensor:
        return self

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> Any:
        return other // self, other % self

    def __round__(self, decimals: int = 0) -> Any:
        return self.round(decimals)

    def __getitem__(self, index: Any) -> Tensor:
        if isinstance(index, tuple):
            index = tuple(raw(i) for i in index)
        entries: Tensor = PRIMITIVES["getitem"](self, raw(index))
        return entries

    def __setitem__(self, index: Any, value: Any) -> None:
        from .lessons import lesson

        raise TypeError(
            f"{describe(self)} cannot be changed in place: a backward pass may still need its "
            "values. Use np.where(mask, new, t) or np.concatenate; or assign to a leaf's .data."
            + lesson("changed")
        )

    # ---- elementwise functions as methods; the others are in `Methods` ---------------------------

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


#: ``ag.tensor(data, ...)``, PyTorch's spelling for making a leaf.
tensor = Tensor
_new = Tensor.__new__


def _leaf_array(data: Any, dtype: DTypeLike | None) -> Any:
    """A copy of `data` as an array of numbers; a lazy array, which dispatches, is kept as it is."""
    array = as_array(data)
    if isinstance(array, np.ndarray):
        array = np.array(array, dtype=dtype)
    if array.dtype.kind == "c":
        raise TypeError("a tensor cannot be complex: pass .real and .imag as two tensors")
    if not holds_numbers(array):
        raise TypeError(f"a tensor holds real numbers, not {data!s:.60}")
    return array


def holds_numbers(array: Any) -> bool:
    """Whether the entries are real numbers; objects are, like symbols, if they calculate."""
    if array.dtype.kind != "O":
        return array.dtype.kind in "biuf"
    if not isinstance(array, np.ndarray):
        return True
    return all(hasattr(type(x), "__sub__") and hasattr(type(x), "__mul__") for x in array.flat)


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    """A view that cannot be written to; an array that is not NumPy's is left as it is."""
    if isinstance(array, np.ndarray):
        array = array.view()
        array.flags.writeable = False
    return array


def _rebuilt(data: Any, requires_grad: bool, name: str | None, grad: Any) -> Tensor:
    """A leaf with these contents: what unpickling and copying call."""
    leaf = Tensor(data, requires_grad=requires_grad, name=name)
    leaf.grad = grad
    return leaf
