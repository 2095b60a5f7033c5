"""Layers that normalise: batch normalisation over channels, layer and RMS normalisation of rows."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike

from ..core.answers import explains_keywords
from ..core.arrays import as_array_or_tensor
from ..core.messages import describe
from ..core.tensor import Tensor
from ..functional.batch_normalisation import batch_norm
from ..functional.normalisation import layer_norm, rms_norm
from ..functional.normalisation_checks import check_number
from .module import Module
from .sizes import positive


def _parameter(value: float, shape: Any, dtype: DTypeLike) -> Tensor:
    return Tensor(np.full(shape, value), requires_grad=True, dtype=dtype)


class BatchNorm1d(Module):
    """Normalise each feature: subtract the mean of the batch, and divide by the standard deviation.

    In training, the layer uses the mean and the variance of the batch, and updates estimates of
    both, the *running statistics*. After ``model.eval()``, it uses the running statistics instead.
    In inputs of shape (N, C, L), the features are the C channels.

    Parameters
    ----------
    num_features : int
        C, the number of features or channels, in axis 1.
    eps : float
        The number that is added to the variance. It prevents a division by 0.
    momentum : float
        The weight of a new batch in the running statistics: running = (1 - momentum) running +
        momentum batch.
    affine : bool
        Whether the layer has a weight and a bias.
    dtype : dtype
        The dtype of the parameters and of the running statistics, a float type.

    Attributes
    ----------
    weight, bias : Tensor, shape (C,), or None
        γ and β, initially 1 and 0. The output is γ x̂ + β, where x̂ is the normalised input.
    running_mean, running_var : array, shape (C,)
        The running statistics, initially 0 and 1. They are in `state_dict`, but they are not
        parameters.

    Raises
    ------
    TypeError
        If `num_features` is not an int.
    ValueError
        If `num_features` is below 1.

    References
    ----------
    Ioffe, Szegedy: Batch normalization, 2015, section 3.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_mini import nn
    >>> layer = nn.BatchNorm1d(2)
    >>> layer(np.array([[1.0, 5.0], [3.0, 9.0]])).data.round(3)
    array([[-1., -1.],
           [ 1.,  1.]])
    >>> layer.running_mean
    array([0.2, 0.7])
    """

    _shapes: ClassVar = {2: "(N, C)", 3: "(N, C, L)"}  # number of axes -> the shape of an input

    @explains_keywords
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = True,
        *,
        dtype: DTypeLike = float,
    ) -> None:
        (self.num_features,) = positive(type(self).__name__, num_features=num_features)
        self.eps, self.momentum = _numbers(type(self).__name__, eps=eps, momentum=momentum)
        self.weight = _parameter(1, num_features, dtype) if affine else None
        self.bias = _parameter(0, num_features, dtype) if affine else None
        self.running_mean = np.zeros(num_features, dtype)
        self.running_var = np.ones(num_features, dtype)

    def forward(self, x: Any) -> Any:
        """Return the normalised `x`, of the same shape, as one operation.

        Raises
        ------
        ValueError
            If `x` has the wrong number of axes or channels, or is a single example in training.

        Examples
        --------
        >>> import numpy as np
        >>> from autograd_mini import nn
        >>> nn.BatchNorm1d(2).eval()(np.ones((1, 2))).data.round(3)
        array([[1., 1.]])
        """
        x = as_array_or_tensor(x)
        if x.ndim not in self._shapes or x.shape[1] != self.num_features:
            raise ValueError(
                f"{type(self).__name__} of {describe(x)}: expected the shape "
                f"{' or '.join(self._shapes.values())} with C = {self.num_features}."
            )
        if self.training and len(x) == 1:
            raise ValueError(
                f"{type(self).__name__} of {describe(x)}: training needs at least two examples, "
                "because it computes a mean and a variance over the batch. Pass a larger batch. To "
                "use the trained model, call model.eval()."
            )
        return batch_norm(
            x,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            training=self.training,
            momentum=self.momentum,
            eps=self.eps,
        )


class BatchNorm2d(BatchNorm1d):
    """Normalise each channel of images over the batch, the rows and the columns.

    The layer takes inputs of shape (N, C, H, W). Its parameters and attributes are those of
    `BatchNorm1d`.

    References
    ----------
    Ioffe, Szegedy: Batch normalization, 2015, section 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_mini import nn
    >>> nn.BatchNorm2d(3)(np.ones((2, 3, 4, 4))).shape
    (2, 3, 4, 4)
    """

    _shapes: ClassVar = {4: "(N, C, H, W)"}


class LayerNorm(Module):
    """Normalise each row: subtract its mean, and divide by its standard deviation.

    Parameters
    ----------
    normalized_shape : int or tuple of int
        The shape of a row. The shape of the input must end with it.
    eps : float
        The number that is added to the variance. It prevents a division by 0.
    elementwise_affine : bool
        Whether the layer has a weight and a bias.
    bias : bool
        Whether the layer has a bias. With ``elementwise_affine=False``, the layer has no bias
        either.
    dtype : dtype
        The dtype of the parameters, a float type.

    Attributes
    ----------
    weight, bias : Tensor, shape `normalized_shape`, or None
        γ and β, initially 1 and 0. The output is γ x̂ + β, where x̂ is the normalised input.

    Raises
    ------
    TypeError
        If `normalized_shape` does not consist of ints.
    ValueError
        If a size is below 1.

    References
    ----------
    Ba, Kiros, Hinton: Layer normalization, 2016, equation 4.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_mini import nn
    >>> nn.LayerNorm(3)(np.array([1.0, 2.0, 3.0])).data.round(4)
    array([-1.2247,  0.    ,  1.2247])
    """

    @explains_keywords
    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        *,
        dtype: DTypeLike = float,
    ) -> None:
        self.normalized_shape = _row_shape("LayerNorm", normalized_shape)
        (self.eps,) = _numbers("LayerNorm", eps=eps)
        self.weight = _parameter(1, normalized_shape, dtype) if elementwise_affine else None
        self.bias = _parameter(0, normalized_shape, dtype) if elementwise_affine and bias else None

    def forward(self, x: Any) -> Any:
        """Return the normalised `x`, of the same shape, as one operation.

        Examples
        --------
        >>> import numpy as np
        >>> from autograd_mini import nn
        >>> nn.LayerNorm(3)(np.ones((2, 3))).shape
        (2, 3)
        """
        return layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)


class RMSNorm(Module):
    """Divide each row by the root of the mean of its squares.

    Parameters
    ----------
    normalized_shape : int
        The size of the last axis of the input. PyTorch's layer also takes several axes.
    eps : float, optional
        The number that is added to the mean of the squares. It prevents a division by 0. The
        default depends on the dtype of the input; see `rms_norm`.
    elementwise_affine : bool
        Whether the layer has a weight.
    dtype : dtype
        The dtype of the weight, a float type.

    Attributes
    ----------
    weight : Tensor, shape (normalized_shape,), or None
        γ, initially 1. It is multiplied with each row after the division.

    Raises
    ------
    TypeError
        If `normalized_shape` is not an int.
    ValueError
        If `normalized_shape` is below 1.

    References
    ----------
    Zhang, Sennrich: Root mean square layer normalization, 2019, equation 4.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_mini import nn
    >>> nn.RMSNorm(2)(np.array([3.0, 4.0])).data.round(4)
    array([0.8485, 1.1314])
    """

    @explains_keywords
    def __init__(
        self,
        normalized_shape: int,
        eps: float | None = None,
        elementwise_affine: bool = True,
        *,
        dtype: DTypeLike = float,
    ) -> None:
        shape = _row_shape("RMSNorm", normalized_shape)
        if len(shape) > 1:
            raise ValueError(f"RMSNorm: normalized_shape must be one int, got {normalized_shape}.")
        (self.normalized_shape,) = shape
        self.eps = None if eps is None else _numbers("RMSNorm", eps=eps)[0]
        self.weight = _parameter(1, shape, dtype) if elementwise_affine else None

    def forward(self, x: Any) -> Any:
        """Return the normalised `x`, of the same shape, as one operation.

        Raises
        ------
        ValueError
            If the last axis of `x` has another size.

        Examples
        --------
        >>> import numpy as np
        >>> from autograd_mini import nn
        >>> nn.RMSNorm(3)(np.ones((2, 3))).shape
        (2, 3)
        """
        x = as_array_or_tensor(x)
        if x.shape[-1:] != (self.normalized_shape,):
            raise ValueError(
                f"RMSNorm of {describe(x)}: expected rows of {self.normalized_shape} entries."
            )
        return rms_norm(x, self.weight, self.eps)


def _numbers(owner: str, **options: Any) -> list[float]:
    for name, x in options.items():
        check_number(owner, name, x)
    return list(options.values())


def _row_shape(owner: str, shape: Any) -> tuple[int, ...]:
    sizes = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    if not sizes:
        raise ValueError(f"{owner}: normalized_shape is (), but a row needs at least one axis.")
    return tuple(n for size in sizes for n in positive(owner, normalized_shape=size))
