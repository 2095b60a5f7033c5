"""The formula sheet: one short file per family of derivative rules.

Letters mean the same everywhere: `x`, `a` and `b` are arguments, `y` is the result, and `g` is the
gradient of the result (its *cotangent*).

A rule is the derivative that you find in textbooks. At a kink (where the slope jumps) or a pole,
this derivative is not defined. For such points, the table says what the library returns, and why.
"Second" means the second derivative. A test checks each row:

====================  ==========================  =================================================
where                 derivative                  why
====================  ==========================  =================================================
relu at 0             0                           the subgradient that other libraries choose
abs at 0              0                           the midpoint of [-1, 1], as ``np.sign(0)``
sqrt at 0             inf                         the limit; if it is multiplied by 0, it gives nan
x**0 at x = 0         0                           x**0 is the constant 1
0**y, y > 0           0                           0**y is the constant 0; the same at y = 0
maximum(a, a)         1/2 for each                the midpoint; the same for minimum
max of tied entries   equal shares                the midpoint; the same for min
max_pool2d, ties      all to the first entry      as in PyTorch; the same for several nan
std of equal entries  nan                         a sqrt at 0, the tip of a cone
arctan2(0, 0)         nan                         the zero vector has no angle
logaddexp, equal inf  1/2 for each                the midpoint, as for any two equal numbers
sort of tied entries  in their given order        the same for median, quantile and partition
norm at 0, hypot      0                           the smallest subgradient at the tip of a cone
second, norm at 0     nan                         the slope jumps; the same for abs, hypot, std
second, relu at 0     0                           the slope counts as constant; also maximum, max
clip, on a bound      1                           a value on a bound is not clipped
prod at 0             the product of the others   no division; also cumprod, det of a singular A
equal eigenvalues     only for the eigenvalues    eigenvectors are not unique: they get inf or nan
cholesky, eigh        in the triangle it reads    the other triangle is not used; also eigvalsh
softmax of no class   nan                         ``where`` excludes every class; also attention
where, dead branch    0                           its entries are not in the result
====================  ==========================  =================================================

The dead branch of `where` is the branch that is not selected. The rule of `where` gives its entries
the gradient 0. But the rules of the operations inside this branch still run, and 0 times an
infinite derivative is nan. An example is ``np.where(x > 0, np.sqrt(x), 0)`` at 0. So replace the
argument, too: ``np.where(x > 0, np.sqrt(np.where(x > 0, x, 1)), 0)``.

The same happens if the slope of `relu`, `maximum` or `minimum` is 0, and the derivative of the next
operation is infinite. For example, the derivative of ``np.sqrt(ag.relu(x))`` at -1 is nan, not 0.
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
