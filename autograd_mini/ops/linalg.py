"""Linear algebra.

`a`, `b` arguments, `y` result, `g` its cotangent.
"""

from typing import Any

import numpy as np

from ..primitive import primitive


def _matmul_left(g: Any, y: Any, a: Any, b: Any) -> Any:
    """∂/∂A of A B is g Bᵀ [Giles 2008, section 2.2.1], over stacks of matrices and for vectors."""
    if b.ndim == 1:
        return g[..., None] * b
    if a.ndim == 1:
        return (g[..., None, :] @ b.mT)[..., 0, :]
    return g @ b.mT


def _matmul_right(g: Any, y: Any, a: Any, b: Any) -> Any:
    """∂/∂B of A B is Aᵀ g."""
    if a.ndim == 1:
        return a[:, None] * g[..., None, :] if b.ndim > 1 else a * g
    if b.ndim == 1:
        return (a.mT @ g[..., None])[..., 0]
    return a.mT @ g


matmul = primitive(np.matmul, _matmul_left, _matmul_right)
