"""Functions of arrays with nan or inf among their entries give NumPy's values."""

import numpy as np
import pytest

import autograd_mini as ag
from tests.budget import each

QUANTILES = [
    f"np.{f}(x, {q}{axis})"
    for f, qs in (("quantile", ("0.0", "0.3", "1.0", "[0.1, 0.5]")), ("percentile", ("0", "25")))
    for q in qs
    for axis in ("", ", axis=0", ", axis=1, keepdims=True")
] + ["np.median(x)", "np.median(x, axis=0)"]
NAMES = (
    "max min ptp mean average std var sum prod cumsum cumprod sort diff nansum nanprod nanmax "
    "nanmin nanmean nanstd nanvar nancumsum"
)
REDUCTIONS = [f"np.{f}(x, axis={axis})" for f in NAMES.split() for axis in (0, 1)]
OTHERS = [
    "np.clip(x, -1, 1)", "np.maximum(x, 0)", "np.fmax(x, 0)", "np.fmin(x, 0)",
    "np.nan_to_num(x)", "np.nan_to_num(x, nan=2.0, posinf=9.0)", "np.where(x > 0, x, 0)",
    "np.partition(x, 1)", "np.linalg.norm(x)", "np.linalg.norm(x, axis=0)",
    "np.trace(x)", "np.unwrap(x)", "np.sinc(x)", "np.var(x, ddof=16)", "np.std(x, 0, ddof=5)",
    "np.nanmax(x, axis=1, initial=0.5)", "np.nanmin(x, axis=0, initial=0.5)",
    *(f"np.{f}(x, axis=1, where=np.tri(4, dtype=bool)[::-1])"
      for f in ("nanmean", "nanvar", "nanstd", "nansum", "nanprod")),
    "np.nanmax(x, axis=0, initial=-9.0, where=np.tri(4, dtype=bool))",
    "np.linalg.vector_norm(x, axis=1)" if hasattr(np.linalg, "vector_norm") else "np.abs(x)",
]  # fmt: skip
#: whether NumPy's own quantile returns nan next to an infinite entry
OLD_QUANTILE = np.lib.NumpyVersion(np.__version__) < "2.4.0"
PLACES = [(0, 0), (1, 2), (3, 3), (2, slice(None)), (slice(None), 1)]


def check(text, special):
    f = eval(f"lambda x: {text}", {"np": np})
    for place in PLACES:
        x = np.random.default_rng(0).normal(size=(4, 4))
        x[place] = special
        found = f(ag.tensor(x, requires_grad=True))
        np.testing.assert_allclose(found.data, f(x), rtol=1e-12, atol=1e-13, err_msg=str(place))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@each([*QUANTILES, *REDUCTIONS, *OTHERS])
def test_value_with_nan_is_numpys(text):
    check(text, np.nan)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@each([*QUANTILES, *REDUCTIONS, *OTHERS])
def test_value_with_inf_is_numpys(text):
    check(text, np.inf)
    check(text, -np.inf)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("method", ["linear", "midpoint", "nearest", "lower", "higher"])
@pytest.mark.parametrize("x", [[-np.inf, -np.inf, 1, 2], [1, 2, np.inf, np.inf], [-np.inf, np.inf]])
def test_quantile_between_infinite_entries_is_numpys(x, method):
    x = np.array(x, float)
    for q in (0, 0.2, 0.4, 0.5, 0.6, 0.8, 1):
        found = np.quantile(ag.tensor(x), q, method=method)
        expected = np.quantile(x, q, method=method)
        if np.isnan(expected) and (OLD_QUANTILE or (method == "midpoint" and q in (0, 1))):
            continue
        np.testing.assert_array_equal(found.data, expected, err_msg=f"{q}")
    np.testing.assert_array_equal(np.median(ag.tensor(x)).data, np.median(x))


@pytest.mark.parametrize("x", [[-np.inf, 0, np.inf], [-np.inf, 1], [1, np.inf], [np.inf]])
def test_median_with_infinite_entries_is_numpys(x):
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(np.median(ag.tensor(np.array(x, float))).data, np.median(x))


@pytest.mark.parametrize("edge_order", [1, 2])
@pytest.mark.parametrize("spacing", [2.0, [0.0, 1, 2, 3, 4, 5, 6], [0.0, 1, 2, 3.5, 5, 6, 7]])
def test_gradient_next_to_a_nan_is_numpys(spacing, edge_order):
    for place in range(7):
        x = np.arange(7.0) ** 2
        x[place] = np.nan
        found = np.gradient(ag.tensor(x), spacing, edge_order=edge_order)
        expected = np.gradient(x, spacing, edge_order=edge_order)
        np.testing.assert_allclose(found.data, expected, rtol=1e-13, err_msg=f"{place}")


def test_gradient_on_an_even_grid_depends_on_each_coordinate():
    f = np.array([1.0, 3.0, 2.0, 5.0])
    assert ag.gradcheck(lambda f, x: np.gradient(f, x), f, np.arange(4.0))
