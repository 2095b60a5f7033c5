// @ts-check
// Functions of NumPy that compute each entry from those at its place.
import {
  asArray,
  elementwise,
  floating,
  loop1,
  loop2,
  promoted,
} from "./nd_arrays.js";
/** @typedef {import("./nd_arrays.js").Loop} Loop */
/** @typedef {import("./nd_arrays.js").Numeric} Numeric */

// The four operations, the choice and the product are written out: a call for each entry costs more than they do.

/** @type {Loop} */
export const ADD = (n, at, by, [z, x, y]) => {
  let [k, i, j] = at;
  for (const [r, s, t] = by; n--; k += r, i += s, j += t) z[k] = x[i] + y[j];
};

/** @type {Loop} */
const SUBTRACT = (n, at, by, [z, x, y]) => {
  let [k, i, j] = at;
  for (const [r, s, t] = by; n--; k += r, i += s, j += t) z[k] = x[i] - y[j];
};

/** @type {Loop} */
export const MULTIPLY = (n, at, by, [z, x, y]) => {
  let [k, i, j] = at;
  for (const [r, s, t] = by; n--; k += r, i += s, j += t) z[k] = x[i] * y[j];
};

/** @type {Loop} */
const DIVIDE = (n, at, by, [z, x, y]) => {
  let [k, i, j] = at;
  for (const [r, s, t] = by; n--; k += r, i += s, j += t) z[k] = x[i] / y[j];
};

/** @type {Loop} */
export const ADD_PRODUCT = (n, at, by, [z, x, y]) => {
  let [k, i, j] = at;
  for (const [r, s, t] = by; n--; k += r, i += s, j += t) z[k] += x[i] * y[j];
};

/** @type {Loop} */
export const CHOOSE = (n, at, by, [z, c, x, y]) => {
  let [k, h, i, j] = at;
  for (const [r, q, s, t] = by; n--; k += r, h += q, i += s, j += t)
    z[k] = c[h] ? x[i] : y[j];
};

/** A function of one array. @param {(x: number) => any} f @param {(dtype: string) => string} result */
function unary(f, result = floating) {
  const loop = loop1(f);
  return (/** @type {Numeric} */ x) => {
    const array = asArray(x);
    return elementwise(loop, result(array.dtype), array);
  };
}

/** A function of two arrays. @param {Loop} loop @param {(dtype: string) => string} result */
const binary =
  (loop, result = (dtype) => dtype) =>
  (/** @type {Numeric} */ x, /** @type {Numeric} */ y) =>
    elementwise(loop, result(promoted(x, y)), asArray(x), asArray(y));

/** @param {(x: number, y: number) => any} f */
const comparison = (f) => binary(loop2(f), () => "bool");

/** @param {(x: number) => any} f */
const question = (f) => unary(f, () => "bool");

/** @param {(x: number) => any} f */
const like = (f) => unary(f, (dtype) => dtype);

/** @param {(x: number, y: number) => any} f */
const floats = (f) => binary(loop2(f), floating);

/** The remainder, with the sign of the divisor. @param {number} x @param {number} y */
function modulo(x, y) {
  const rest = x % y;
  return rest && rest < 0 !== y < 0 ? rest + y : rest;
}

/** @param {number} x */
const isNegative = (x) => x < 0 || Object.is(x, -0);

/** log(base^x + base^y), for the logarithm of this base's powers. @param {number} x @param {number} y @param {number} log */
function logSum(x, y, log) {
  if (x === y) return x + Math.LN2 / log; // infinities too
  return Math.max(x, y) + Math.log1p(Math.exp(-Math.abs(x - y) * log)) / log;
}

export const MAXIMUM = loop2(Math.max);
export const MINIMUM = loop2(Math.min);

/** The functions by their names in NumPy. */
export const ELEMENTWISE = {
  add: binary(ADD),
  subtract: binary(SUBTRACT),
  multiply: binary(MULTIPLY),
  divide: binary(DIVIDE, floating),
  power: binary(loop2((x, y) => (x === 1 ? 1 : x ** y))),
  floor_divide: binary(
    loop2((x, y) => (y ? Math.round((x - modulo(x, y)) / y) : x / y)),
  ),
  remainder: binary(loop2(modulo)),
  fmod: binary(loop2((x, y) => x % y)),
  maximum: binary(MAXIMUM),
  minimum: binary(MINIMUM),
  fmax: binary(loop2((x, y) => (x >= y || Number.isNaN(y) ? x : y))),
  fmin: binary(loop2((x, y) => (x <= y || Number.isNaN(y) ? x : y))),
  hypot: floats(Math.hypot),
  arctan2: floats(Math.atan2),
  logaddexp: floats((x, y) => logSum(x, y, 1)),
  logaddexp2: floats((x, y) => logSum(x, y, Math.LN2)),
  copysign: floats((x, y) => (isNegative(x) === isNegative(y) ? x : -x)),
  heaviside: floats((x, y) => (x === 0 ? y : x < 0 ? 0 : x > 0 ? 1 : x)),
  bitwise_and: binary(loop2((x, y) => x & y)),
  bitwise_or: binary(loop2((x, y) => x | y)),
  logical_or: comparison((x, y) => x || y),
  logical_and: comparison((x, y) => x && y),
  equal: comparison((x, y) => x === y),
  not_equal: comparison((x, y) => x !== y),
  less: comparison((x, y) => x < y),
  less_equal: comparison((x, y) => x <= y),
  greater: comparison((x, y) => x > y),
  greater_equal: comparison((x, y) => x >= y),
  logical_not: question((x) => !x),
  isfinite: question(Number.isFinite),
  isnan: question(Number.isNaN),
  isinf: question((x) => Math.abs(x) === Infinity),
  signbit: question(isNegative),
  negative: like((x) => -x),
  absolute: like(Math.abs),
  fabs: unary(Math.abs),
  square: like((x) => x * x),
  sign: like(Math.sign),
  trunc: like(Math.trunc),
  floor: like(Math.floor),
  ceil: like(Math.ceil),
  reciprocal: like((x) => 1 / x),
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
  sinc: unary((x) => (x ? Math.sin(Math.PI * x) / (Math.PI * x) : 1)),
};
