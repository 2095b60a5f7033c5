// @ts-check
// Functions of NumPy that compute each entry from those at its place.
import { asArray, elementwise, floating, loop1, loop2, promoted } from "./nd_arrays.js";
/** @typedef {import("./nd_arrays.js").Loop} Loop */
/** @typedef {import("./nd_arrays.js").Numeric} Numeric */
/** @typedef {import("./nd_arrays.js").OfDtype} OfDtype */

// These loops are written out: a call for each entry would take longer than what they do.

/** @type {Loop} */
export const ADD = (n, [k, i, j], [r, s, t], [z, x, y]) => {
  for (let m = 0; m < n; m++) z[k + m * r] = x[i + m * s] + y[j + m * t];
};

/** @type {Loop} */
const SUBTRACT = (n, [k, i, j], [r, s, t], [z, x, y]) => {
  for (let m = 0; m < n; m++) z[k + m * r] = x[i + m * s] - y[j + m * t];
};

/** @type {Loop} */
export const MULTIPLY = (n, [k, i, j], [r, s, t], [z, x, y]) => {
  for (let m = 0; m < n; m++) z[k + m * r] = x[i + m * s] * y[j + m * t];
};

/** @type {Loop} */
const DIVIDE = (n, [k, i, j], [r, s, t], [z, x, y]) => {
  for (let m = 0; m < n; m++) z[k + m * r] = x[i + m * s] / y[j + m * t];
};

/** @type {Loop} */
const GREATER = (n, [k, i, j], [r, s, t], [z, x, y]) => {
  for (let m = 0; m < n; m++) z[k + m * r] = Number(x[i + m * s] > y[j + m * t]);
};

/** @type {Loop} */
const NOT_EQUAL = (n, [k, i, j], [r, s, t], [z, x, y]) => {
  for (let m = 0; m < n; m++) z[k + m * r] = Number(x[i + m * s] !== y[j + m * t]);
};

/** @type {Loop} */
export const MAXIMUM = (n, [k, i, j], [r, s, t], [z, x, y]) => {
  for (let m = 0; m < n; m++) {
    const [a, b] = [x[i + m * s], y[j + m * t]];
    z[k + m * r] = a >= b || Number.isNaN(a) ? a : b;
  }
};

/** @type {Loop} */
const CHOOSE = (n, [k, h, i, j], [r, q, s, t], [z, c, x, y]) => {
  for (let m = 0; m < n; m++) z[k + m * r] = c[h + m * q] ? x[i + m * s] : y[j + m * t];
};

/** @type {OfDtype} */
export const SAME = (dtype) => dtype;
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
const isNegative = (x) => x < 0 || Object.is(x, -0);

/** log(e^(a x) + e^(a y)) / a. @param {number} a */
const logSum = (a) => (/** @type {number} */ x, /** @type {number} */ y) =>
  x === y // infinities too
    ? x + Math.LN2 / a
    : Math.max(x, y) + Math.log1p(Math.exp(-Math.abs(x - y) * a)) / a;

export const MINIMUM = loop2((x, y) => (x <= y || Number.isNaN(x) ? x : y));

/** The functions by their names in NumPy. */
export const ELEMENTWISE = {
  add: binary(ADD),
  subtract: binary(SUBTRACT),
  multiply: binary(MULTIPLY),
  divide: binary(DIVIDE, floating),
  power: binary(loop2((x, y) => (x === 1 ? 1 : x ** y))),
  floor_divide: binary(loop2((x, y) => (y ? Math.round((x - modulo(x, y)) / y) : x / y))),
  remainder: binary(loop2(modulo)),
  fmod: binary(loop2((x, y) => x % y)),
  maximum: binary(MAXIMUM),
  minimum: binary(MINIMUM),
  fmax: binary(loop2((x, y) => (x >= y || Number.isNaN(y) ? x : y))),
  fmin: binary(loop2((x, y) => (x <= y || Number.isNaN(y) ? x : y))),
  hypot: binary(loop2(Math.hypot), floating),
  arctan2: binary(loop2(Math.atan2), floating),
  logaddexp: binary(loop2(logSum(1)), floating),
  logaddexp2: binary(loop2(logSum(Math.LN2)), floating),
  copysign: binary(
    loop2((x, y) => (isNegative(x) === isNegative(y) ? x : -x)),
    floating,
  ),
  heaviside: binary(
    loop2((x, y) => (x === 0 ? y : x < 0 ? 0 : x > 0 ? 1 : x)),
    floating,
  ),
  bitwise_and: binary(loop2((x, y) => x & y)),
  bitwise_or: binary(loop2((x, y) => x | y)),
  logical_or: binary(
    loop2((x, y) => x || y),
    BOOL,
  ),
  logical_and: binary(
    loop2((x, y) => x && y),
    BOOL,
  ),
  equal: binary(
    loop2((x, y) => x === y),
    BOOL,
  ),
  not_equal: binary(NOT_EQUAL, BOOL),
  less: binary(
    loop2((x, y) => x < y),
    BOOL,
  ),
  less_equal: binary(
    loop2((x, y) => x <= y),
    BOOL,
  ),
  greater: binary(GREATER, BOOL),
  greater_equal: binary(
    loop2((x, y) => x >= y),
    BOOL,
  ),
  logical_not: unary((x) => !x, BOOL),
  isfinite: unary(Number.isFinite, BOOL),
  isnan: unary(Number.isNaN, BOOL),
  signbit: unary(isNegative, BOOL),
  negative: unary((x) => -x, SAME),
  absolute: unary(Math.abs, SAME),
  square: unary((x) => x * x, SAME),
  sign: unary(Math.sign, SAME),
  reciprocal: unary((x) => 1 / x, SAME),
  fabs: unary(Math.abs),
  floor: unary(Math.floor, SAME),
  ceil: unary(Math.ceil, SAME),
  trunc: unary(Math.trunc, SAME),
  exp: unary(Math.exp),
  exp2: unary((x) => 2 ** x),
  expm1: unary(Math.expm1),
  log: unary(Math.log),
  log2: unary(Math.log2),
  log10: unary(Math.log10),
  log1p: unary(Math.log1p),
  sqrt: unary(Math.sqrt),
  cbrt: unary(Math.cbrt),
  sin: unary(Math.sin),
  cos: unary(Math.cos),
  tan: unary(Math.tan),
  arcsin: unary(Math.asin),
  arccos: unary(Math.acos),
  arctan: unary(Math.atan),
  sinh: unary(Math.sinh),
  cosh: unary(Math.cosh),
  tanh: unary(Math.tanh),
  arcsinh: unary(Math.asinh),
  arccosh: unary(Math.acosh),
  arctanh: unary(Math.atanh),
  deg2rad: unary((x) => (x * Math.PI) / 180),
  rad2deg: unary((x) => (x * 180) / Math.PI),
  /** @param {Numeric} c @param {Numeric} x @param {Numeric} y */
  where: (c, x, y) => elementwise(CHOOSE, promoted(x, y), asArray(c), asArray(x), asArray(y)),
  sinc: unary((x) => (x ? Math.sin(Math.PI * x) / (Math.PI * x) : 1)),
};
