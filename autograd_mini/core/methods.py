"""The attributes and methods that a tensor shares with NumPy's arrays: ``t.shape``, ``t.sum()``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from . import messages
from .answers import Answering, Missing, explain_method, explains_keywords, names_elsewhere
from .elementwise_methods import ElementwiseMethods
from .foreign import to_host
from .registry import PRIMITIVES
from .tape import Tape

if TYPE_CHECKING:
    from .tensor import Tensor


def _numpy(function: Any, call: str, gives: str) -> Callable[..., Any]:
    """Return the method for a NumPy function; its documentation shows one `call` and its result."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return self.__array_function__(function, (), (self, *args), kwargs)
        except (TypeError, ValueError) as error:
            explain_method(function.__name__, error, args, kwargs)
            raise

    method.__qualname__ = f"Tensor.{function.__name__}"
    method.__doc__ = f"""Return ``np.{function.__name__}`` of this tensor, with NumPy's arguments.

    The result has the same shape and dtype as in NumPy. If the function has a derivative, gradients
    flow through the result. Error messages name the operation and the tensors.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> t = ag.tensor([[4.0, 1.0], [0.0, 9.0]])
    >>> {call}
    {gives}
    """
    return method


def _plain(function: Any) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return the two methods of an operator without a derivative, which return plain arrays."""

    def forward(self: Any, other: Any) -> Any:
        return PRIMITIVES[function](self, other)

    def reflected(self: Any, other: Any) -> Any:
        return PRIMITIVES[function](other, self)

    return forward, reflected


class Size(int):
    """The number of entries of a tensor. Calling it, as in PyTorch, raises an error."""

    def __call__(self, dim: int | None = None) -> None:
        """Raise TypeError, with what to write for ``x.size(dim)``."""
        instead = "x.shape" if dim is None else f"x.shape[{dim!r}]"
        call = "x.size()" if dim is None else f"x.size({dim!r})"
        raise TypeError(
            f"x.size is the number of entries of x, not a method. For `{call}`, write `{instead}`."
        )


class ArrayMethods(ElementwiseMethods, metaclass=Answering):
    """The attributes and methods that a `Tensor` shares with a NumPy array."""

    __slots__ = ()

    if TYPE_CHECKING:

        def __array_function__(self, f: Any, types: Any, args: Any, kwargs: Any) -> Tensor: ...
        def __getitem__(self, index: Any) -> Tensor: ...

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes, as in ``ag.tensor([[1.0, 2.0, 3.0]]).shape == (1, 3)``."""
        return self._array.shape

    @property
    def ndim(self) -> int:
        """The number of axes, as in ``ag.tensor([[1.0, 2.0, 3.0]]).ndim == 2``."""
        return self._array.ndim

    @property
    def size(self) -> int:
        """The number of entries, as in ``ag.tensor([[1.0, 2.0, 3.0]]).size == 3``."""
        n = self._array.size
        return Size(n) if isinstance(n, int) else n  # Dask's may be unknown, nan

    @property
    def dtype(self) -> np.dtype[Any]:
        """The NumPy dtype of the entries, as in ``ag.tensor([1.0]).dtype == np.float64``."""
        return self._array.dtype

    @property
    def itemsize(self) -> int:
        """The number of bytes of one entry, as in ``ag.tensor([1.0]).itemsize == 8``."""
        return self._array.itemsize

    @property
    def nbytes(self) -> int:
        """The number of bytes of all entries, as in ``ag.tensor([1.0, 2.0]).nbytes == 16``."""
        return self._array.nbytes

    @property
    def real(self) -> Tensor:
        """The real part, which is the tensor itself, because a tensor is real."""
        return self.__array_function__(np.real, (), (self,), {})

    @property
    def imag(self) -> Any:
        """The imaginary part: an array of zeros, because a tensor is real."""
        return self.__array_function__(np.imag, (), (self,), {})

    @property
    def T(self) -> Tensor:
        """The tensor with its axes reversed: ``ag.tensor([[1.0, 2.0]]).T.shape == (2, 1)``."""
        return self.transpose()

    @property
    def mT(self) -> Tensor:
        """This tensor with its last two axes exchanged: each matrix of a stack is transposed."""
        return self.transpose(*range(self.ndim - 2), -1, -2)

    def __len__(self) -> int:
        if self.ndim == 0:
            raise TypeError(messages.no_axis_to_iterate(self))
        return len(self._array)

    def __iter__(self) -> Iterator[Tensor]:
        if self.ndim == 0:
            raise TypeError(messages.no_axis_to_iterate(self))
        return (self[i] for i in range(len(self)))

    def __index__(self) -> int:
        if self.ndim or self.dtype.kind in "fO":
            what = messages.describe(self)
            raise TypeError(f"{what} is not an integer, so it cannot be an index or a length.")
        return self._array.__index__()

    def __bool__(self) -> bool:
        return bool(self._array)

    def item(self) -> Any:
        """Return the only entry as a Python number, through which no gradient flows.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> ag.tensor([[3.0]]).item()
        3.0
        """
        x = self._array
        if x.size > 1:
            raise ValueError(messages.not_a_single_number(self))
        return x.item() if type(x) is np.ndarray else to_host(x, "item")

    def tolist(self) -> Any:
        """Return the entries as nested lists of Python numbers.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> ag.tensor([[1.0, 2.0]]).tolist()
        [[1.0, 2.0]]
        """
        return to_host(self._array, "tolist")

    @explains_keywords
    def numpy(self) -> NDArray[Any]:
        """Return a copy of the values as a plain array.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> ag.tensor([1.0, 2.0], requires_grad=True).numpy()
        array([1., 2.])
        """
        return np.array(self._array)

    sum = _numpy(np.sum, "t.sum(axis=0).tolist()", "[4.0, 10.0]")
    mean = _numpy(np.mean, "t.mean().tolist()", "3.5")
    prod = _numpy(np.prod, "t.prod(axis=1).tolist()", "[4.0, 0.0]")
    max = _numpy(np.max, "t.max(axis=1).tolist()", "[4.0, 9.0]")
    min = _numpy(np.min, "t.min().tolist()", "0.0")
    var = _numpy(np.var, "t.var().tolist()", "12.25")
    std = _numpy(np.std, "t.std().tolist()", "3.5")
    cumsum = _numpy(np.cumsum, "t.cumsum().tolist()", "[4.0, 5.0, 5.0, 14.0]")
    cumprod = _numpy(np.cumprod, "t.cumprod(axis=1).tolist()", "[[4.0, 4.0], [0.0, 0.0]]")
    any = _numpy(np.any, "t.any(axis=1).tolist()", "[True, True]")
    all = _numpy(np.all, "t.all(axis=1).tolist()", "[True, False]")
    argmax = _numpy(np.argmax, "t.argmax(axis=0).tolist()", "[0, 1]")
    argmin = _numpy(np.argmin, "t.argmin(axis=1).tolist()", "[1, 0]")
    argsort = _numpy(np.argsort, "t.argsort().tolist()", "[[1, 0], [0, 1]]")
    nonzero = _numpy(np.nonzero, "[i.tolist() for i in t.nonzero()]", "[[0, 0, 1], [0, 1, 1]]")
    round = _numpy(np.round, "(t / 3).round(2).tolist()", "[[1.33, 0.33], [0.0, 3.0]]")
    clip = _numpy(np.clip, "t.clip(1, 5).tolist()", "[[4.0, 1.0], [1.0, 5.0]]")
    dot = _numpy(np.dot, "t.dot([1.0, 2.0]).tolist()", "[6.0, 18.0]")
    trace = _numpy(np.trace, "t.trace().tolist()", "13.0")
    diagonal = _numpy(np.diagonal, "t.diagonal().tolist()", "[4.0, 9.0]")
    take = _numpy(np.take, "t.take([0, 3]).tolist()", "[4.0, 9.0]")
    repeat = _numpy(np.repeat, "t.repeat(2).tolist()", "[4.0, 4.0, 1.0, 1.0, 0.0, 0.0, 9.0, 9.0]")
    swapaxes = _numpy(np.swapaxes, "t.swapaxes(0, 1).tolist()", "[[4.0, 0.0], [1.0, 9.0]]")
    copy = _numpy(np.copy, "t.copy().tolist()", "[[4.0, 1.0], [0.0, 9.0]]")
    squeeze = _numpy(np.squeeze, "t[:1].squeeze().tolist()", "[4.0, 1.0]")

    argpartition = _numpy(np.argpartition, "t[0].argpartition(0).tolist()", "[1, 0]")
    searchsorted = _numpy(np.searchsorted, "t[1].searchsorted(5.0).tolist()", "1")
    choose = _numpy(np.choose, "ag.tensor([1, 0]).choose(t).tolist()", "[0.0, 1.0]")

    def compress(self, condition: Any, axis: int | None = None) -> Tensor:
        """Return the entries for which `condition` is True, or with `axis` the slices.

        Parameters
        ----------
        condition : sequence of bool
            A vector. If it is too short, it is extended with False.
        axis : int, optional
            The axis to select from. By default, this tensor is flattened first.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> ag.tensor([[4.0, 1.0], [0.0, 9.0]]).compress([False, True], axis=0).tolist()
        [[0.0, 9.0]]
        """
        return self.__array_function__(np.compress, (), (condition, self, axis), {})

    @explains_keywords
    def logsumexp(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        """Return ln Σ exp(t), with the sum over the entries t along `axis`, without overflow.

        Parameters
        ----------
        axis : int or tuple of int, optional
            The axes to sum over. By default, these are all axes.
        keepdims : bool
            Whether to keep the summed axes, with length one.

        References
        ----------
        See `autograd_mini.logsumexp`.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> ag.tensor([1000.0, 1000.0]).logsumexp().item()
        1000.6931471805599
        """
        return self.__array_function__(
            "logsumexp", (), (self,), {"axis": axis, "keepdims": keepdims}
        )

    def reshape(self, *shape: Any, order: Any = "C") -> Tensor:
        """Return the same entries in a new shape: ``t.reshape(2, 3)`` or ``t.reshape((2, -1))``.

        Parameters
        ----------
        *shape : int, or one tuple of int
            The lengths of the axes. One of them may be -1.
        order : {"C", "F"}
            Whether entries are read and written row by row ("C") or column by column ("F").

        Examples
        --------
        >>> import autograd_mini as ag
        >>> ag.tensor([1.0, 2.0, 3.0, 4.0]).reshape(2, -1).tolist()
        [[1.0, 2.0], [3.0, 4.0]]
        """
        return self.__array_function__(np.reshape, (), (self, _unpacked(shape)), {"order": order})

    @explains_keywords
    def flatten(self, order: Any = "C") -> Tensor:
        """Return all entries as a vector.

        Parameters
        ----------
        order : {"C", "F"}
            Whether entries are read row by row ("C") or column by column ("F").

        Examples
        --------
        >>> import autograd_mini as ag
        >>> ag.tensor([[1.0, 2.0], [3.0, 4.0]]).flatten().tolist()
        [1.0, 2.0, 3.0, 4.0]
        """
        if not isinstance(order, str):
            explain_method("flatten", TypeError(f"order must be 'C' or 'F', got {order!r}"))
        return self.reshape(-1, order=order)

    ravel = flatten

    def transpose(self, *axes: Any) -> Tensor:
        """Return the tensor with its axes in the order `axes`. The default reverses the order.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> ag.tensor([[1.0, 2.0, 3.0]]).transpose(1, 0).shape
        (3, 1)
        """
        order = (_unpacked(axes),) if axes else ()
        try:
            return self.__array_function__(np.transpose, (), (self, *order), {})
        except (TypeError, ValueError) as error:
            explain_method("transpose", error)
            raise

    @explains_keywords
    def astype(self, dtype: DTypeLike, *, copy: bool = True) -> Tensor:
        """Return the values in a new dtype. The gradient of this tensor keeps the old dtype.

        Parameters
        ----------
        dtype : dtype
            The new dtype. It must be a float type if this tensor requires a gradient.
        copy : bool
            Has no effect: the result is always a new tensor. NumPy's method has this parameter.

        Raises
        ------
        TypeError
            If this tensor requires a gradient and `dtype` is not a float type.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> ag.tensor([1.0, 2.0]).astype("float32").dtype
        dtype('float32')
        """
        return self.__array_function__("astype", (), (self,), {"dtype": np.dtype(dtype)})

    def __dir__(self) -> list[str]:
        return dir(type(self))

    def _repr_html_(self) -> str:
        """Return the values as a table, which notebooks display."""
        return str(Tape.shown("tensor_html")(self))

    __floordiv__, __rfloordiv__ = _plain(np.floor_divide)
    __lt__, __gt__ = _plain(np.less)
    __le__, __ge__ = _plain(np.less_equal)
    __eq__, __ne__ = _plain(np.equal)[0], _plain(np.not_equal)[0]

    def __pos__(self) -> Any:
        return self

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec and self.size == 1 else str(self)

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> Any:
        return other // self, other % self

    def __round__(self, decimals: int = 0) -> Any:
        return self.round(decimals)


for _name in names_elsewhere() - {*dir(ArrayMethods)}:
    setattr(ArrayMethods, _name, Missing("Tensor", _name))


def _unpacked(args: tuple[Any, ...]) -> Any:
    """Return the arguments of ``f(2, 3)`` or ``f((2, 3))``."""
    return args[0] if len(args) == 1 else args
