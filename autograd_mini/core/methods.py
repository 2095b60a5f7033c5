"""NumPy's functions as methods of a tensor: ``t.sum(axis=0)`` is ``np.sum(t, axis=0)``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .arrays import TensorBase
from .registry import PRIMITIVES

if TYPE_CHECKING:
    from .tensor import Tensor


def _numpy(function: Any, call: str, gives: str) -> Callable[..., Any]:
    """The method that is a function of NumPy's, with the tensor as its first argument.

    Its documentation shows what a `call` of it gives, as lists.
    """

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return self.__array_function__(function, (), (self, *args), kwargs)

    method.__doc__ = f"""``np.{function.__name__}`` of this tensor, with NumPy's arguments.

    It is of the shape and dtype that NumPy gives, and on the tape where there is a derivative.
    Errors are NumPy's, with the operation and the tensors named.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> t = ag.tensor([[4.0, 1.0], [0.0, 9.0]])
    >>> {call}
    {gives}
    """
    return method


def elementwise(function: Any, call: str, gives: float) -> Callable[[Any], Any]:
    """Return the method for an elementwise function; its documentation shows one `call`."""

    def method(self: Any) -> Any:
        return PRIMITIVES[function](self)

    name = function if isinstance(function, str) else function.__name__
    method.__doc__ = f"""Elementwise ``{name}`` of this tensor, of the same shape and dtype.

    Examples
    --------
    >>> import autograd_mini as ag
    >>> {call}.item()
    {gives}
    """
    return method


class ArrayMethods(TensorBase):
    """What a `Tensor` has in common with a NumPy array: attributes, and functions as methods."""

    __slots__ = ()

    if TYPE_CHECKING:

        def __array_function__(self, f: Any, types: Any, args: Any, kwargs: Any) -> Tensor: ...

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
        return self._array.size

    @property
    def dtype(self) -> np.dtype[Any]:
        """The NumPy dtype of the entries, as in ``ag.tensor([1.0]).dtype == np.float64``."""
        return self._array.dtype

    @property
    def T(self) -> Tensor:
        """The tensor with its axes reversed: ``ag.tensor([[1.0, 2.0]]).T.shape == (2, 1)``."""
        return self.transpose()

    @property
    def mT(self) -> Tensor:
        """This tensor with its last two axes exchanged: a stack of matrices, each transposed."""
        return self.transpose(*range(self.ndim - 2), -1, -2)

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

    exp = elementwise(np.exp, "ag.tensor(0.0).exp()", 1.0)
    log = elementwise(np.log, "ag.tensor(1.0).log()", 0.0)
    sqrt = elementwise(np.sqrt, "ag.tensor(9.0).sqrt()", 3.0)
    square = elementwise(np.square, "ag.tensor(3.0).square()", 9.0)
    sin = elementwise(np.sin, "ag.tensor(0.0).sin()", 0.0)
    cos = elementwise(np.cos, "ag.tensor(0.0).cos()", 1.0)
    tanh = elementwise(np.tanh, "ag.tensor(0.0).tanh()", 0.0)
    abs = elementwise(np.absolute, "ag.tensor(-2.0).abs()", 2.0)
    sigmoid = elementwise("sigmoid", "ag.tensor(0.0).sigmoid()", 0.5)
    relu = elementwise("relu", "ag.tensor(-2.0).relu()", 0.0)

    def logsumexp(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        """ln Σ e^t over `axis`, without overflow: all axes when None, else an int or a tuple.

        Parameters
        ----------
        axis : int or tuple of int, optional
            What to sum over; all axes when not given.
        keepdims : bool
            Keep the axes that were summed over, at length one.

        References
        ----------
        As for `autograd_mini.logsumexp`.

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
        """The same entries in another shape: ``t.reshape(2, 3)`` or ``t.reshape((2, -1))``.

        Parameters
        ----------
        *shape : int, or one tuple of int
            The lengths of the axes, of which one may be -1.
        order : {"C", "F"}
            In which order the entries are read and written.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> ag.tensor([1.0, 2.0, 3.0, 4.0]).reshape(2, -1).tolist()
        [[1.0, 2.0], [3.0, 4.0]]
        """
        return self.__array_function__(np.reshape, (), (self, _unpacked(shape)), {"order": order})

    def flatten(self, order: Any = "C") -> Tensor:
        """All entries along one axis.

        Parameters
        ----------
        order : {"C", "F"}
            In which order the entries are read.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> ag.tensor([[1.0, 2.0], [3.0, 4.0]]).flatten().tolist()
        [1.0, 2.0, 3.0, 4.0]
        """
        return self.reshape(-1, order=order)

    ravel = flatten

    def transpose(self, *axes: Any) -> Tensor:
        """The axes in the given order, or reversed when none is given.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> ag.tensor([[1.0, 2.0, 3.0]]).transpose(1, 0).shape
        (3, 1)
        """
        order = (_unpacked(axes),) if axes else ()
        return self.__array_function__(np.transpose, (), (self, *order), {})

    def astype(self, dtype: DTypeLike, *, copy: bool = True) -> Tensor:
        """The values in another floating dtype; the cotangent comes back in this one's.

        Parameters
        ----------
        dtype : dtype
            Real floating, where a derivative shall flow.
        copy : bool
            Taken for NumPy's sake: what comes back is a record of its own.

        Raises
        ------
        TypeError
            When a derivative would get lost in a dtype that is not floating.

        Examples
        --------
        >>> import autograd_mini as ag
        >>> ag.tensor([1.0, 2.0]).astype("float32").dtype
        dtype('float32')
        """
        return self.__array_function__("astype", (), (self,), {"dtype": np.dtype(dtype)})


def _unpacked(args: tuple[Any, ...]) -> Any:
    """``f(2, 3)`` and ``f((2, 3))`` are the same call."""
    return args[0] if len(args) == 1 else args
