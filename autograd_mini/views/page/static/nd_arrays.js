// @ts-check
// Arrays as NumPy has them: a shape, and for each axis the step from an entry to the next in a
// typed array. A loop runs over the entries of several arrays, each with its own steps.
/** @typedef {Float64Array | Float32Array | Int32Array | Int16Array | Int8Array | Uint8Array} Numbers */
/** @typedef {{shape: number[], strides: number[], offset: number, data: Numbers, dtype: string}} NdArray */
/** @typedef {NdArray | number} Numeric an array or a plain number */

/** Typed arrays by dtype, in the order of promotion. int64 is exact up to 2^53. @type {Record<string, any>} */
const STORES = {
  bool: Uint8Array,
  uint8: Uint8Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: Float64Array,
  float32: Float32Array,
  float64: Float64Array,
};
const ORDER = Object.keys(STORES);

/** @param {string} dtype */
export const isFloat = (dtype) => dtype.startsWith("float");

/** The dtype of functions such as exp. @param {string} dtype */
export const floating = (dtype) => (isFloat(dtype) ? dtype : "float64");

/** @param {number[]} shape */
export const sizeOf = (shape) => shape.reduce((n, length) => n * length, 1);

/** The steps of an array whose entries lie next to each other. @param {number[]} shape */
export function stridesOf(shape) {
  const strides = Array(shape.length);
  for (let i = shape.length - 1, step = 1; i >= 0; step *= shape[i--])
    strides[i] = step;
  return strides;
}

/** An array of zeros, or of these numbers. @param {number[]} shape @param {string} dtype @param {ArrayLike<number>} [numbers] @returns {NdArray} */
export const newArray = (shape, dtype, numbers) => ({
  shape,
  strides: stridesOf(shape),
  offset: 0,
  data: new STORES[dtype](numbers ?? sizeOf(shape)),
  dtype,
});

/** Another look at the same numbers. @param {NdArray} x @param {number[]} shape @param {number[]} strides @returns {NdArray} */
export const strided = (x, shape, strides, offset = x.offset) => ({
  shape,
  strides,
  offset,
  data: x.data,
  dtype: x.dtype,
});

/** The dtype of a result. A plain number adapts to an array. @param {Numeric} x @param {Numeric} y @returns {string} */
export function promoted(x, y) {
  if (typeof x === "number")
    return typeof y === "number" ? "float64" : promoted(y, x);
  if (typeof y === "number") {
    if (isFloat(x.dtype)) return x.dtype;
    if (!Number.isInteger(y)) return "float64";
    return x.dtype === "bool" ? "int64" : x.dtype;
  }
  if (x.dtype === y.dtype) return x.dtype;
  const [low, high] = [x.dtype, y.dtype].sort(
    (a, b) => ORDER.indexOf(a) - ORDER.indexOf(b),
  );
  const precise = low === "int32" || low === "int64";
  if (high === "float32" && precise) return "float64"; // it can hold all of these integers
  return low === "uint8" && high === "int8" ? "int16" : high;
}

/** @param {Numeric} x @returns {NdArray} */
export const asArray = (x) =>
  typeof x === "number" ? newArray([], "float64", [x]) : x;

/** The shape that arrays of these shapes broadcast to. @param {number[][]} shapes */
export function commonShape(...shapes) {
  const axes = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: axes }, (_, i) => {
    const lengths = shapes.map((shape) => shape[i - axes + shape.length] ?? 1);
    return lengths.find((length) => length !== 1) ?? 1;
  });
}

/** The steps of an array that is repeated to a shape: 0 along an axis that repeats. @param {NdArray} x @param {number[]} shape */
export const repeated = (x, shape) =>
  shape.map((length, i) => {
    const axis = i - shape.length + x.shape.length;
    return x.shape[axis] === length ? x.strides[axis] : 0;
  });

/**
 * A loop over one axis: `n` times, entry `at[k]` of array k, which then moves by `by[k]`. The first
 * array is written. Only such loops run for each entry.
 * @typedef {(n: number, at: number[], by: number[], data: Numbers[]) => void} Loop
 */

/** Run a loop over all axes of a shape. @param {Loop} loop @param {number[]} shape @param {NdArray[]} arrays @param {number[][]} strides of each array */
export function runLoop(loop, shape, arrays, strides) {
  if (shape.includes(0)) return;
  const axes = merged(shape, strides);
  const inner = axes.pop() ?? { length: 1, by: strides.map(() => 0) };
  const at = arrays.map((x) => x.offset);
  const data = arrays.map((x) => x.data);
  const index = axes.map(() => 0);
  for (;;) {
    loop(inner.length, at, inner.by, data);
    let i = axes.length - 1;
    for (; i >= 0 && ++index[i] === axes[i].length; i--) {
      index[i] = 0;
      for (let k = 0; k < at.length; k++)
        at[k] -= axes[i].by[k] * (axes[i].length - 1);
    }
    if (i < 0) return;
    for (let k = 0; k < at.length; k++) at[k] += axes[i].by[k];
  }
}

/** The axes of a shape with their steps; axes that lie in memory like one are one. @param {number[]} shape @param {number[][]} strides */
function merged(shape, strides) {
  /** @type {{length: number, by: number[]}[]} */
  const axes = [];
  shape.forEach((length, i) => {
    if (length === 1) return;
    const by = strides.map((steps) => steps[i]);
    const last = axes.at(-1);
    if (last?.by.every((step, k) => step === by[k] * length)) {
      last.length *= length;
      last.by = by;
    } else axes.push({ length, by });
  });
  return axes;
}

/** Run a loop over arrays that broadcast, into a new array. @param {Loop} loop @param {string} dtype @param {NdArray[]} operands */
export function elementwise(loop, dtype, ...operands) {
  const shape = commonShape(...operands.map((x) => x.shape));
  const z = newArray(shape, dtype);
  const strides = operands.map((x) => repeated(x, shape));
  runLoop(loop, shape, [z, ...operands], [z.strides, ...strides]);
  return z;
}

/** A loop that calls a function for each entry. @param {(x: number) => any} f @returns {Loop} */
export const loop1 =
  (f) =>
  (n, at, by, [z, x]) => {
    let [k, i] = at;
    for (const [r, s] = by; n--; k += r, i += s) z[k] = f(x[i]);
  };

/** @param {(x: number, y: number) => any} f @returns {Loop} */
export const loop2 =
  (f) =>
  (n, at, by, [z, x, y]) => {
    let [k, i, j] = at;
    for (const [r, s, t] = by; n--; k += r, i += s, j += t)
      z[k] = f(x[i], y[j]);
  };

export const COPY = loop1((x) => x);

/** A new array with the entries next to each other. @param {NdArray} x */
export const copied = (x, dtype = x.dtype) => elementwise(COPY, dtype, x);

/** The array itself if its entries lie next to each other, or a copy. @param {NdArray} x */
export const contiguous = (x) =>
  x.offset === 0 &&
  x.data.length === sizeOf(x.shape) &&
  merged(x.shape, [x.strides]).every(
    ({ by }, _, { length }) => length === 1 && by[0] === 1,
  )
    ? x
    : copied(x);
