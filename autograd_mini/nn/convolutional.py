"""Layers for sequences and images: convolution, pooling and flattening.

Convolutional weights have PyTorch's layout, (outputs, channels / groups, ...kernel).
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from ..core.answers import explains_keywords
from ..core.arrays import as_array_or_tensor
from ..core.messages import describe
from ..core.tensor import Tensor
from ..data import Seed
from ..functional.convolution import conv1d, conv2d
from ..functional.pooling import avg_pool2d, max_pool2d, pool_windows
from ..functional.windows import Windows, per_axis, windows_of
from .init import xavier_uniform_
from .module import Module
from .sizes import positive, require_divisor

Size = int | tuple[int, ...]  #: an option of windows: one number, or one for each axis


def _checked(owner: str, check: Callable[..., Any], *options: Any) -> Any:
    """Return ``check(*options)``. If it raises, add the name of the layer to the message."""
    try:
        return check(*options)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{owner}: {error}") from None


def _conv_windows(axes: int, kernel_size: Any, *options: Any) -> Windows:
    return windows_of(per_axis("kernel_size", kernel_size, axes, 1), *options)


class Conv1d(Module):
    """Slide filters over sequences of shape (N, C, L).

    Parameters
    ----------
    in_channels, out_channels : int
        The number of channels of the input and of the output.
    kernel_size : int
        The number of entries that a filter sees at once.
    stride : int
        The step from one window to the next.
    padding : int, "valid" or "same"
        How many zeros are added at each end. "same" keeps the length.
    dilation : int
        The distance between neighbouring entries that a filter sees. 1 leaves no gaps.
    groups : int
        Input and output channels are divided into this many groups. The outputs of a group read
        only the inputs of the same group.
    bias : bool
        Whether a number is added to each channel of the output.
    rng : int or numpy.random.Generator
        The seed or generator that draws the initial weights.
    dtype : dtype
        The dtype of the parameters, a float type.

    Attributes
    ----------
    weight : Tensor, shape (out_channels, in_channels / groups, kernel_size)
        The filters. `init.xavier_uniform_` draws their initial values. PyTorch's initial values are
        smaller.
    bias : Tensor, shape (out_channels,), or None
        Initially zero.

    Raises
    ------
    TypeError
        If a size is not an int.
    ValueError
        If a size is below 1, or if `groups` does not divide both numbers of channels.

    References
    ----------
    Goodfellow, Bengio, Courville: Deep Learning, 2016, chapter 9.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_mini import nn
    >>> nn.Conv1d(3, 8, kernel_size=5, padding=2)(np.ones((2, 3, 20))).shape
    (2, 8, 20)
    """

    _axes = 1

    @explains_keywords
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size | str = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
        *,
        rng: Seed = 0,
        dtype: DTypeLike = float,
    ) -> None:
        owner = type(self).__name__
        positive(owner, in_channels=in_channels, out_channels=out_channels, groups=groups)
        require_divisor(owner, "in_channels", in_channels, "groups", groups)
        require_divisor(owner, "out_channels", out_channels, "groups", groups)
        options = (kernel_size, stride, padding, dilation)
        kernel = _checked(owner, _conv_windows, self._axes, *options).kernel
        self.in_channels, self.out_channels, self.kernel_size = in_channels, out_channels, kernel
        self.stride, self.padding, self.dilation, self.groups = stride, padding, dilation, groups
        shape = (out_channels, in_channels // groups, *kernel)
        self.weight = Tensor(np.zeros(shape), requires_grad=True, dtype=dtype)
        xavier_uniform_(self.weight, rng=rng)
        self.bias = None
        if bias:
            self.bias = Tensor(np.zeros(out_channels), requires_grad=True, dtype=dtype)

    def forward(self, x: Any) -> Any:
        """Return the convolved `x`, with `out_channels` channels, as one operation.

        Raises
        ------
        ValueError
            If `x` has the wrong number of axes or channels, or if it is smaller than a filter.

        Examples
        --------
        >>> import numpy as np
        >>> from autograd_mini import nn
        >>> nn.Conv1d(1, 1, 3).forward(np.ones((2, 1, 5))).shape
        (2, 1, 3)
        """
        convolve = conv1d if self._axes == 1 else conv2d
        return convolve(
            x,
            self.weight,
            self.bias,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            groups=self.groups,
        )

    def __repr__(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}"
        for name, default in (("stride", 1), ("padding", 0), ("dilation", 1), ("groups", 1)):
            if (value := getattr(self, name)) != default:
                text += f", {name}={value!r}"
        return f"{type(self).__name__}({text})"


class Conv2d(Conv1d):
    """Slide filters over images of shape (N, C, H, W).

    The parameters are those of `Conv1d`. Each of `kernel_size`, `stride`, `padding` and `dilation`
    is one int for both axes, or a pair of ints. The weight has the shape (out_channels, in_channels
    / groups, height, width).

    References
    ----------
    LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition, 1998.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_mini import nn
    >>> layer = nn.Conv2d(1, 6, kernel_size=5, padding=2)
    >>> layer
    Conv2d(1, 6, kernel_size=(5, 5), padding=2)
    >>> layer(np.ones((10, 1, 28, 28))).shape
    (10, 6, 28, 28)
    """

    _axes = 2


class MaxPool2d(Module):
    """Take the largest entry of each window of an image.

    Parameters
    ----------
    kernel_size : int or pair of int
        The height and width of a window.
    stride : int or pair of int, optional
        The step from one window to the next. The default is `kernel_size`, so windows do not
        overlap.
    padding : int or pair of int
        How many entries of -inf are added on each side of an image. It may be at most half of
        `kernel_size`.
    dilation : int or pair of int
        The distance between neighbouring entries of a window. 1 leaves no gaps.

    Raises
    ------
    TypeError
        If an option is not an int.
    ValueError
        If an option is too small, or if `padding` is more than half of `kernel_size`.

    References
    ----------
    Goodfellow, Bengio, Courville: Deep Learning, 2016, section 9.3.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_mini import nn
    >>> nn.MaxPool2d(2)(np.arange(16.0).reshape(1, 1, 4, 4)).tolist()
    [[[[5.0, 7.0], [13.0, 15.0]]]]
    """

    @explains_keywords
    def __init__(
        self, kernel_size: Size, stride: Size | None = None, padding: Size = 0, dilation: Size = 1
    ) -> None:
        _checked("MaxPool2d", pool_windows, kernel_size, stride, padding, dilation)
        self.kernel_size, self.stride = kernel_size, stride
        self.padding, self.dilation = padding, dilation

    def forward(self, x: Any) -> Any:
        """Return the largest entries of the windows of `x`, as one operation.

        Examples
        --------
        >>> import numpy as np
        >>> from autograd_mini import nn
        >>> nn.MaxPool2d(2).forward(np.ones((5, 3, 8, 8))).shape
        (5, 3, 4, 4)
        """
        return max_pool2d(
            x,
            kernel_size=self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
        )


class AvgPool2d(Module):
    """Take the mean of each window of an image.

    Parameters
    ----------
    kernel_size : int or pair of int
        The height and width of a window.
    stride : int or pair of int, optional
        The step from one window to the next. The default is `kernel_size`, so windows do not
        overlap.
    padding : int or pair of int
        How many zeros are added on each side of an image. It may be at most half of
        `kernel_size`.
    count_include_pad : bool
        If True, the sum of a window is divided by the number of its entries. If False, the added
        zeros are not counted as entries.

    Raises
    ------
    TypeError
        If an option is not an int.
    ValueError
        If an option is too small, or if `padding` is more than half of `kernel_size`.

    References
    ----------
    LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition, 1998.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_mini import nn
    >>> nn.AvgPool2d(2)(np.arange(16.0).reshape(1, 1, 4, 4)).tolist()
    [[[[2.5, 4.5], [10.5, 12.5]]]]
    """

    @explains_keywords
    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        *,
        count_include_pad: bool = True,
    ) -> None:
        _checked("AvgPool2d", pool_windows, kernel_size, stride, padding)
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding
        self.count_include_pad = count_include_pad

    def forward(self, x: Any) -> Any:
        """Return the means of the windows of `x`, as one operation.

        Examples
        --------
        >>> import numpy as np
        >>> from autograd_mini import nn
        >>> nn.AvgPool2d(2).forward(np.ones((5, 3, 8, 8))).shape
        (5, 3, 4, 4)
        """
        return avg_pool2d(
            x,
            kernel_size=self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            count_include_pad=self.count_include_pad,
        )


class Flatten(Module):
    """Join the axes from `start_dim` on: (N, C, H, W) becomes (N, C·H·W).

    Parameters
    ----------
    start_dim : int
        The first axis to join. The axes before it are kept.

    Raises
    ------
    TypeError
        If `start_dim` is not an int.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_mini import nn
    >>> nn.Flatten()(np.ones((10, 3, 4, 4))).shape
    (10, 48)
    """

    @explains_keywords
    def __init__(self, start_dim: int = 1) -> None:
        (self.start_dim,) = _checked("Flatten", per_axis, "start_dim", start_dim, 1, 0)

    def forward(self, x: Any) -> Any:
        """Return `x` with the axes from `start_dim` on joined into one axis.

        Raises
        ------
        ValueError
            If `x` has too few axes.

        Examples
        --------
        >>> import numpy as np
        >>> from autograd_mini import nn
        >>> nn.Flatten().forward(np.ones((10, 3, 4))).shape
        (10, 12)
        """
        x = as_array_or_tensor(x)
        if x.ndim <= self.start_dim:
            raise ValueError(
                f"Flatten of {describe(x)}: expected more than {self.start_dim} axes. Add an axis "
                "for the batch, x[None], or pass a smaller start_dim."
            )
        kept = x.shape[: self.start_dim]
        return x.reshape(*kept, prod(x.shape[self.start_dim :]))
