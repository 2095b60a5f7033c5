"""The formula sheet: one short file per family of derivative rules.

Letters mean the same everywhere: `x`, `a` and `b` are arguments, `y` is the result, and `g` is the
gradient of the result (its *cotangent*).

A rule is the derivative of the textbooks. At a kink or a pole, the textbooks have none, so this
table fixes a convention. A test checks each row:

====================  ==========================  =================================================
where                 derivative                  why
====================  ==========================  =================================================
relu at 0             0                           the subgradient that all frameworks choose
abs at 0              0                           the midpoint of [-1, 1]; ``np.sign(0)``
sqrt at 0             inf                         the limit; with cotangent 0 the product is nan
x**0 at x = 0         0                           x**0 is the constant 1
0**y, y > 0           0                           0**y is the constant 0 there; also taken at y = 0
maximum(a, a)         1/2 to each                 the midpoint; also minimum
max of tied entries   equal shares                the midpoint; also min
max_pool2d, ties      all to the first one        one winner, as in PyTorch; also the first nan
std of equal entries  nan                         the tip of a cone, written with a sqrt at 0
arctan2(0, 0)         nan                         the angle of no direction
logaddexp, equal inf  1/2 to each                 the midpoint, as for any two that are equal
sort of tied entries  in their given order        also median, quantile, partition
norm at 0, hypot      0                           the subgradient of least norm, at a cone's tip
second, norm at 0     nan                         the slope jumps at the tip; also abs, hypot, std
second, relu at 0     0                           the slope counts as constant; also maximum, max
clip, on a bound      1                           the bound is not crossed: not clipped
prod at 0             the product of the others   no division; also cumprod, det of a singular A
equal eigenvalues     of the values only          how the vectors turn is not defined: inf or nan
cholesky, eigh        in the triangle it reads    the other one does not enter; eigvalsh too
softmax of no class   nan                          no probabilities over nothing; also attention
where, dead branch    0                           its entries did not enter the result
====================  ==========================  =================================================

The last row holds for `where` only. The rules of the dead branch still run, and 0 times an infinite
derivative is nan, as in ``np.where(x > 0, np.sqrt(x), 0)`` at 0. So make the argument harmless,
too: ``np.where(x > 0, np.sqrt(np.where(x > 0, x, 1)), 0)``. The same happens if `relu`, `maximum`
or `minimum` is flat and the derivative of the next operation is infinite: the derivative of
``np.sqrt(ag.relu(x))`` at -1 is nan, not 0.
"""

from . import (
    arithmetic,
    convolution,
    einsum,
    elementwise,
    indexing,
    linalg,
    norms,
    padding,
    products,
    reductions,
    shaping,
    signal,
    statistics,
    unsupported,
    windows,
)

__all__ = [
    "arithmetic",
    "convolution",
    "einsum",
    "elementwise",
    "indexing",
    "linalg",
    "norms",
    "padding",
    "products",
    "reductions",
    "shaping",
    "signal",
    "statistics",
    "unsupported",
    "windows",
]
