"""The functions of mathematics.c, compared with 40 digits of mpmath."""

import ctypes
import time

import mpmath
import numpy as np
import pytest

from autograd_mini.compiler.native.mathematics import definitions
from autograd_mini.compiler.native.toolchain import build

FUNCTIONS = ("exp", "expm1", "log", "log1p", "tanh", "sigmoid", "erf")
OF_ARRAYS = ("sin", "cos")  # functions that C calls for all entries of an array at once
DTYPES = {"float64": ("double", ""), "float32": ("float", "f")}
WITHOUT_FMA = "#undef __FMA__\n#undef __ARM_FEATURE_FMA\n#undef __FP_FAST_FMA\n"
TINY = {"float64": 5e-324, "float32": 1e-45}
#: where a function overflows, underflows, becomes constant or uses another formula
EDGES = {
    "exp": [709.782712893384, -708.3964, -745.1332191, 88.72284, -87.33655, -103.97208, 0.34657359],
    "expm1": [709.782712893384, 709.43613931, 36.9, 37.43, 16.8, 0.34657359, 88.72284, 88.37],
    "log1p": [-0.29289321, 0.41421356, 1.0, -1 + 2**-24, -1 + 2**-53, 2**53, 2**24],
    "log": [2**-0.5, 2**0.5, 1.0, 2.2250738585072014e-308, 1.1754943508222875e-38],
    "tanh": [0.34657359, 0.69314718, 1.0397208, 0.25, 19.06154, 20.0, 9.010913, 10.0],
    "sigmoid": [709.782712893384, 745.1332191, 36.7368, 17.32868, 103.97208, 88.72284, 0.34657359],
    "erf": [5.92, 6.0, 3.92, 4.0, 0.3, 0.27, 1.0],
    # multiples of pi / 2, and where other formulas begin
    "sin": [np.pi, 1e5 * np.pi, 333_772.0 * np.pi, 2.0**20, 2.0**-27, 2.0**-13, 1e22, 1.6e38],
    "cos": [np.pi / 2, np.pi / 4, 667_543.0 * np.pi / 2, 2.0**20, 1e22, 1.6e38],
}
SPECIAL = {
    "exp": ([np.inf, -np.inf, 0.0, -0.0], [np.inf, 0.0, 1.0, 1.0]),
    "expm1": ([np.inf, -np.inf, 0.0, -0.0], [np.inf, -1.0, 0.0, -0.0]),
    "log1p": (
        [np.inf, -np.inf, 0.0, -0.0, -1.0, -2.0],
        [np.inf, np.nan, 0.0, -0.0, -np.inf, np.nan],
    ),
    "log": ([np.inf, -np.inf, 0.0, -0.0, -1.0, 1.0], [np.inf, np.nan, -np.inf, -np.inf, np.nan, 0]),
    "tanh": ([np.inf, -np.inf, 0.0, -0.0], [1.0, -1.0, 0.0, -0.0]),
    "sigmoid": ([np.inf, -np.inf, 0.0, -0.0], [1.0, 0.0, 0.5, 0.5]),
    "erf": ([np.inf, -np.inf, 0.0, -0.0], [1.0, -1.0, 0.0, -0.0]),
    "sin": ([np.inf, -np.inf, 0.0, -0.0], [np.nan, np.nan, 0.0, -0.0]),
    "cos": ([np.inf, -np.inf, 0.0, -0.0], [np.nan, np.nan, 1.0, 1.0]),
}


def loops(prefix="", barrier=""):
    """Return a library with a loop over each function, and with this statement in each loop."""
    ends = [suffix for _, suffix in DTYPES.values()]
    names = [f"am_{name}{suffix}" for name in FUNCTIONS for suffix in ends]
    names += [f"am_{name}{suffix}_all" for name in OF_ARRAYS for suffix in ends]
    text = prefix + definitions(names)
    for dtype, (kind, suffix) in DTYPES.items():
        lines = {
            name: f"for (long i = 0; i < n; i++) {{ y[i] = am_{name}{suffix}(x[i]); {barrier} }}"
            for name in FUNCTIONS
        }
        lines |= {name: f"am_{name}{suffix}_all(n, x, y);" for name in OF_ARRAYS}
        for name, line in lines.items():
            arguments = f"const {kind} *restrict x, {kind} *restrict y, long n"
            text += f"void {name}_{dtype}({arguments}) {{ {line} }}\n"
    return build(text)


def call(library, name, x):
    """Return the function of each entry."""
    x, y = np.ascontiguousarray(x), np.empty_like(x)
    loop = library[f"{name}_{x.dtype}"]
    loop(ctypes.c_void_p(x.ctypes.data), ctypes.c_void_p(y.ctypes.data), ctypes.c_long(x.size))
    return y


def exact(name, x):
    """Return the function of one number with 40 digits."""
    with mpmath.workdps(40):
        if name == "sigmoid":
            return 1 / (1 + mpmath.exp(-mpmath.mpf(x)))
        return getattr(mpmath, name)(mpmath.mpf(x))


def error_in_ulp(name, x, y):
    """Return the distance of each y from the exact result, in units of the last place there."""
    with np.errstate(over="ignore"):
        exacts = [exact(name, float(value)) for value in x]
        rounded = np.array([float(value) for value in exacts]).astype(x.dtype)
    finite = np.isfinite(rounded)
    np.testing.assert_array_equal(y[~finite], rounded[~finite])
    units = np.spacing(np.abs(rounded))
    with mpmath.workdps(40):
        return np.array([
            float(abs(mpmath.mpf(float(got)) - true) / float(unit))
            for got, true, unit in zip(y[finite], np.array(exacts)[finite], units[finite])
        ])  # fmt: skip


def points(name, dtype, count):
    """Return numbers of all exponents, numbers of the usual range, and the edges' neighbours."""
    rng = np.random.default_rng(1)
    bits = rng.integers(0, 2**64, count, np.uint64).astype(f"u{np.dtype(dtype).itemsize}")
    usual = rng.uniform(-6, 6, count).astype(dtype)
    small = (rng.uniform(-1, 1, count) * 2.0 ** rng.integers(-30, 10, count)).astype(dtype)
    edges = np.array(EDGES[name], dtype)
    near = [edges, -edges, np.nextafter(edges, dtype(np.inf)), np.nextafter(edges, dtype(-np.inf))]
    tiny = np.array([1, 2, 3, 1000], dtype) * dtype(TINY[np.dtype(dtype).name])
    x = np.concatenate([bits.view(dtype), usual, small, *near, tiny, -tiny])
    x = x[np.isfinite(x)]
    domain = {"log": 0, "log1p": -1}
    return x[x > domain.get(name, -np.inf)]


@pytest.fixture(scope="module", params=["", WITHOUT_FMA], ids=["fused", "not fused"])
def library(request):
    # `math.h` first: what it defines may depend on the same macros
    return loops("#include <math.h>\n" + request.param)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", FUNCTIONS + OF_ARRAYS)
def test_function_is_within_2_ulp(library, name, dtype):
    x = points(name, dtype, 150)
    assert np.max(error_in_ulp(name, x, call(library, name, x))) < 2


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", FUNCTIONS + OF_ARRAYS)
def test_function_of_many_points_is_within_2_ulp(library, name, dtype):
    x = points(name, dtype, 1_500)
    assert np.max(error_in_ulp(name, x, call(library, name, x))) < 1.9


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", FUNCTIONS + OF_ARRAYS)
def test_function_of_special_values_follows_c99(library, name, dtype):
    x, y = np.array(SPECIAL[name], dtype)
    result = call(library, name, x)
    np.testing.assert_array_equal(result, y)
    np.testing.assert_array_equal(np.signbit(result[y == 0]), np.signbit(y[y == 0]))
    assert np.isnan(call(library, name, np.array([np.nan, -np.nan], dtype))).all()


@pytest.mark.parametrize("name", ["tanh", "erf"])
def test_function_is_odd_to_the_last_bit(library, name):
    x = points(name, np.float64, 100)
    np.testing.assert_array_equal(call(library, name, -x), -call(library, name, x))


@pytest.fixture(scope="module")
def scalar():
    """Return loops that a compiler cannot vectorise, because each iteration has a barrier."""
    return loops(barrier='__asm__ volatile("");')


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_loop_over_a_function_is_vectorised(scalar, name, dtype):
    x = np.linspace(0.1, 3, 1 << 15, dtype=dtype)
    seconds = {loops(): [], scalar: []}
    for _ in range(20):
        for library, times in seconds.items():
            start = time.perf_counter()
            call(library, name, x)
            times.append(time.perf_counter() - start)
    vectors, numbers = map(min, seconds.values())
    assert vectors < numbers / 1.3


def test_definitions_contain_only_what_is_used():
    text = definitions(["am_expm1f"])
    assert "float am_expm1f(" in text
    assert "float am_exp_restf(" in text
    assert "double" not in text
    assert "am_logf" not in text
    assert definitions([]) == ""


def test_definitions_are_in_the_order_of_the_file():
    text = definitions(["am_tanh", "am_exp"])
    assert text.index(" am_exp(") < text.index(" am_tanh(")
    assert text == definitions(["am_exp", "am_tanh"])


def test_definitions_of_an_unknown_name_raises():
    with pytest.raises(KeyError, match="am_sinh"):
        definitions(["am_sinh"])
