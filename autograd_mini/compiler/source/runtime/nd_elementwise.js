// @ts-check
// Functions of NumPy that compute each entry from those at its place.
import {asArray, elementwise, floating, loop1, loop2, promoted} from "./nd_arrays.js";
/** @typedef {import("./nd_arrays.js").Loop} Loop */
/** @typedef {import("./nd_arrays.js").Numeric} Numeric */
/** @typedef {import("./nd_arrays.js").OfDtype} OfDtype */

// These loops are written out: a call for each entry would take longer than what they do.

/** @type {Loop} */
export const ADD = (n, [k, i, j], [r, s, t], [z, x, y]) => {
  for (; n--; k += r, i += s, j += t) z[k] = x[i] + y[j];
};

/** @type {Loop} */
const SUBTRACT = (n, [k, i, j], [r, s, t], [z, x, y]) => {
  for (; n--; k += r, i += s, j += t) z[k] = x[i] - y[j];
};

/** @type {Loop} */
export const MULTIPLY = (n, [k, i, j], [r, s, t], [z, x, y]) => {
  for (; n--; k += r, i += s, j += t) z[k] = x[i] * y[j];
};

/** @type {Loop} */
const DIVIDE = (n, [k, i, j], [r, s, t], [z, x, y]) => {
  for (; n--; k += r, i += s, j += t) z[k] = x[i] / y[j];
};

/** @type {Loop} */
const GREATER = (n, [k, i, j], [r, s, t], [z, x, y]) => {
  for (; n--; k += r, i += s, j += t) z[k] = Number(x[i] > y[j]);
};

/** @type {Loop} */
const NOT_EQUAL = (n, [k, i, j], [r, s, t], [z, x, y]) => {
  for (; n--; k += r, i += s, j += t) z[k] = Number(x[i] !== y[j]);
};

/** @type {Loop} */
const EQUAL = (n, [k, i, j], [r, s, t], [z, x, y]) => {
  for (; n--; k += r, i += s, j += t) z[k] = Number(x[i] === y[j]);
};

/** @type {Loop} */
const BITWISE_OR = (n, [k, i, j], [r, s, t], [z, x, y]) => {
  for (; n--; k += r, i += s, j += t) z[k] = x[i] | y[j];
};

/** @type {Loop} */
export const MAXIMUM = (n, [k, i, j], [r, s, t], [z, x, y]) => {
  for (; n--; k += r, i += s, j += t) {
    const [a, b] = [x[i], y[j]];
    z[k] = a >= b || Number.isNaN(a) ? a : b;
  }
};

/** @type {Loop} */
const CHOOSE = (n, [k, h, i, j], [r, q, s, t], [z, c, x, y]) => {
  for (; n--; k += r, h += q, i += s, j += t) z[k] = c[h] ? x[i] : y[j];
};

/** @type {OfDtype} */
export const SAME = dtype => dtype;
/** @type {OfDtype} */
export const BOOL = () => "bool";

/** A function of one array. @param {(x: number) => any} f */
function unary(f, result = floating) {
  const loop = loop1(f);
  return (/** @type {Numeric} */ x) => {
    const array = asArray(x);
    return elementwise(loop, result(array.dtype), array);
  };
}

/** A function of two arrays that broadcast. @param {Loop} loop */
const binary =
  (loop, result = SAME) =>
  (/** @type {Numeric} */ x, /** @type {Numeric} */ y) =>
    elementwise(loop, result(promoted(x, y)), asArray(x), asArray(y));

/** The remainder, with the sign of the divisor. @param {number} x @param {number} y */
function modulo(x, y) {
  const rest = x % y;
  return rest && rest < 0 !== y < 0 ? rest + y : rest;
}

/** @param {number} x */
const isNegative = x => x < 0 || Object.is(x, -0);

/** log(e^(a x) + e^(a y)) / a. @param {number} a */
const logSum = a => (/** @type {number} */ x, /** @type {number} */ y) =>
  x === y // infinities too
    ? x + Math.LN2 / a
    : Math.max(x, y) + Math.log1p(Math.exp(-Math.abs(x - y) * a)) / a;

export const MINIMUM = loop2((x, y) => (x <= y || Number.isNaN(x) ? x : y));

// ---- the functions by their names in NumPy ----

export const add = binary(ADD);
export const subtract = binary(SUBTRACT);
export const multiply = binary(MULTIPLY);
export const divide = binary(DIVIDE, floating);
export const power = binary(loop2((x, y) => (x === 1 ? 1 : x ** y)));
export const floor_divide = binary(
  loop2((x, y) => (y ? Math.round((x - modulo(x, y)) / y) : x / y))
);
export const remainder = binary(loop2(modulo));
export const fmod = binary(loop2((x, y) => x % y));
export const maximum = binary(MAXIMUM);
export const minimum = binary(MINIMUM);
export const fmax = binary(loop2((x, y) => (x >= y || Number.isNaN(y) ? x : y)));
export const fmin = binary(loop2((x, y) => (x <= y || Number.isNaN(y) ? x : y)));
export const hypot = binary(loop2(Math.hypot), floating);
export const arctan2 = binary(loop2(Math.atan2), floating);
export const logaddexp = binary(loop2(logSum(1)), floating);
export const logaddexp2 = binary(loop2(logSum(Math.LN2)), floating);

export const copysign = binary(
  loop2((x, y) => (isNegative(x) === isNegative(y) ? x : -x)),
  floating
);

export const heaviside = binary(
  loop2((x, y) => (x === 0 ? y : x < 0 ? 0 : x > 0 ? 1 : x)),
  floating
);
export const bitwise_and = binary(loop2((x, y) => x & y));
export const bitwise_or = binary(BITWISE_OR);

export const logical_or = binary(
  loop2((x, y) => x || y),
  BOOL
);

export const logical_and = binary(
  loop2((x, y) => x && y),
  BOOL
);

export const equal = binary(EQUAL, BOOL);
export const not_equal = binary(NOT_EQUAL, BOOL);

export const less = binary(
  loop2((x, y) => x < y),
  BOOL
);

export const less_equal = binary(
  loop2((x, y) => x <= y),
  BOOL
);
export const greater = binary(GREATER, BOOL);

export const greater_equal = binary(
  loop2((x, y) => x >= y),
  BOOL
);
export const logical_not = unary(x => !x, BOOL);
export const isfinite = unary(Number.isFinite, BOOL);
export const isnan = unary(Number.isNaN, BOOL);
export const signbit = unary(isNegative, BOOL);
export const negative = unary(x => -x, SAME);
export const absolute = unary(Math.abs, SAME);
export const square = unary(x => x * x, SAME);
export const sign = unary(Math.sign, SAME);
export const reciprocal = unary(x => 1 / x, SAME);
export const fabs = unary(Math.abs);
export const floor = unary(Math.floor, SAME);
export const ceil = unary(Math.ceil, SAME);
export const trunc = unary(Math.trunc, SAME);
export const exp = unary(Math.exp);
export const exp2 = unary(x => 2 ** x);
export const expm1 = unary(Math.expm1);
export const log = unary(Math.log);
export const log2 = unary(Math.log2);
export const log10 = unary(Math.log10);
export const log1p = unary(Math.log1p);
export const sqrt = unary(Math.sqrt);
export const cbrt = unary(Math.cbrt);
export const sin = unary(Math.sin);
export const cos = unary(Math.cos);
export const tan = unary(Math.tan);
export const arcsin = unary(Math.asin);
export const arccos = unary(Math.acos);
export const arctan = unary(Math.atan);
export const sinh = unary(Math.sinh);
export const cosh = unary(Math.cosh);
export const tanh = unary(Math.tanh);
export const arcsinh = unary(Math.asinh);
export const arccosh = unary(Math.acosh);
export const arctanh = unary(Math.atanh);
export const deg2rad = unary(x => (x * Math.PI) / 180);
export const rad2deg = unary(x => (x * 180) / Math.PI);

/** @param {Numeric} c @param {Numeric} x @param {Numeric} y */
export const where = (c, x, y) =>
  elementwise(CHOOSE, promoted(x, y), asArray(c), asArray(x), asArray(y));
export const sinc = unary(x => (x ? Math.sin(Math.PI * x) / (Math.PI * x) : 1));
