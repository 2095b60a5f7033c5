// @ts-check
// Arrays as NumPy has them: a shape, and for each axis the step from an entry to the next in a
// typed array. A loop runs over the entries of several arrays, each with its own steps.
/** @typedef {Float64Array | Float32Array | Int32Array | Int16Array | Int8Array | Uint8Array} Numbers */
/** @typedef {{shape: number[], strides: number[], offset: number, data: Numbers, dtype: string}} NdArray */
/** @typedef {NdArray | number} Numeric an array or a plain number */
/** @typedef {(dtype: string) => string} OfDtype */

/** Typed arrays by dtype, in the order of promotion. int64 is exact up to 2^53. @type {Record<string, any>} */
const STORES = {
  bool: Float64Array,
  uint8: Uint8Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: Float64Array,
  float32: Float32Array,
  float64: Float64Array
};
const ORDER = Object.keys(STORES);

/** @param {string} dtype */
export const isFloat = dtype => dtype.startsWith("float");

/** The dtype of functions such as exp. @type {OfDtype} */
export const floating = dtype => (isFloat(dtype) ? dtype : "float64");

/** @param {number[]} shape */
export function sizeOf(shape) {
  let n = 1;
  for (const length of shape) n *= length;
  return n;
}

/** The steps of an array whose entries lie next to each other. @param {number[]} shape */
export function stridesOf(shape) {
  const strides = Array(shape.length);
  for (let i = shape.length - 1, step = 1; i >= 0; step *= shape[i--]) strides[i] = step;
  return strides;
}

const BLOCK = 1 << 15; // numbers
let block = new Float64Array(0);
let used = 0; // of its numbers

/**
 * An array of zeros, or of these numbers. Small arrays are parts of a block, because to allocate each
 * of them would take long.
 * @param {number[]} shape @param {string} dtype @param {ArrayLike<number>} [numbers] @returns {NdArray}
 */
export function newArray(shape, dtype, numbers) {
  const strides = stridesOf(shape);
  const n = sizeOf(shape);
  const Store = STORES[dtype];
  if (numbers || Store !== Float64Array || n > BLOCK >> 4)
    return {shape, strides, offset: 0, data: new Store(numbers ?? n), dtype};
  if (used + n > block.length) [block, used] = [new Float64Array(BLOCK), 0];
  const offset = used;
  used += n;
  return {shape, strides, offset, data: block, dtype};
}

/** Another look at the same numbers. @param {NdArray} x @param {number[]} shape @param {number[]} strides @returns {NdArray} */
export const strided = (x, shape, strides, offset = x.offset) => ({
  shape,
  strides,
  offset,
  data: x.data,
  dtype: x.dtype
});

/** @param {Numeric} x @returns {NdArray} */
export const asArray = x => (typeof x === "number" ? newArray([], "float64", [x]) : x);

/** The dtype of a result. A plain number adapts to an array. @param {Numeric} x @param {Numeric} y @returns {string} */
export function promoted(x, y) {
  if (typeof x === "number") return typeof y === "number" ? "float64" : promoted(y, x);
  if (typeof y === "number") {
    if (isFloat(x.dtype)) return x.dtype;
    if (!Number.isInteger(y)) return "float64";
    return x.dtype === "bool" ? "int64" : x.dtype;
  }
  if (x.dtype === y.dtype) return x.dtype;
  if (ORDER.indexOf(x.dtype) > ORDER.indexOf(y.dtype)) return promoted(y, x);
  const precise = x.dtype === "int32" || x.dtype === "int64";
  if (y.dtype === "float32" && precise) return "float64"; // it can hold all of these integers
  return x.dtype === "uint8" && y.dtype === "int8" ? "int16" : y.dtype;
}

/** The shape that two shapes broadcast to. @param {number[]} a @param {number[]} b @returns {number[]} */
export function commonShape(a, b) {
  if (a === b || (a.length === b.length && a.every((n, i) => n === b[i]))) return a;
  if (a.length < b.length) return commonShape(b, a);
  const more = a.length - b.length;
  return a.map((n, i) => (n === 1 && i >= more ? b[i - more] : n));
}

/** The steps of an array that is repeated to a shape: 0 along an axis that repeats. @param {NdArray} x @param {number[]} shape */
export function repeated(x, shape) {
  const more = shape.length - x.shape.length;
  return shape.map((n, i) => (x.shape[i - more] === n ? x.strides[i - more] : 0));
}

/**
 * A loop over one axis: `n` times, from entry `at[k]` of array k in steps of `by[k]`. The first
 * array is written. Only such loops run for each entry.
 * @typedef {(n: number, at: number[], by: number[], data: Numbers[]) => void} Loop
 */

/** Run a loop over all axes of a shape. Axes that lie in memory like one are one. @param {Loop} loop @param {number[]} shape @param {NdArray[]} arrays @param {number[][]} strides of each array */
export function runLoop(loop, shape, arrays, strides) {
  /** @type {number[]} */
  const lengths = [];
  /** @type {number[][]} */
  const steps = [];
  for (let i = 0; i < shape.length; i++) {
    const n = shape[i];
    if (n === 0) return;
    if (n === 1) continue;
    const by = strides.map(of => of[i]);
    const last = lengths.length - 1;
    if (last >= 0 && steps[last].every((step, k) => step === by[k] * n)) {
      lengths[last] *= n;
      steps[last] = by;
    } else {
      lengths.push(n);
      steps.push(by);
    }
  }
  const at = arrays.map(x => x.offset);
  const data = arrays.map(x => x.data);
  const n = lengths.pop() ?? 1;
  const by = steps.pop() ?? at;
  const index = lengths.map(() => 0);
  for (;;) {
    loop(n, at, by, data);
    let i = lengths.length - 1;
    for (; i >= 0 && ++index[i] === lengths[i]; i--) {
      index[i] = 0;
      for (let k = 0; k < at.length; k++) at[k] -= steps[i][k] * (lengths[i] - 1);
    }
    if (i < 0) return;
    for (let k = 0; k < at.length; k++) at[k] += steps[i][k];
  }
}

/** Run a loop over arrays that broadcast, into a new array. @param {Loop} loop @param {string} dtype @param {NdArray[]} operands */
export function elementwise(loop, dtype, ...operands) {
  let {shape} = operands[0];
  for (const x of operands) shape = commonShape(shape, x.shape);
  const z = newArray(shape, dtype);
  const n = sizeOf(shape);
  const [offsets, steps, data] = [[z.offset], [1], [z.data]];
  for (const x of operands) {
    offsets.push(x.offset);
    steps.push(singleStep(x, n));
    data.push(x.data);
  }
  if (!steps.includes(-1)) {
    loop(n, offsets, steps, data);
  } else {
    const arrays = [z, ...operands];
    const strides = arrays.map(x => repeated(x, shape));
    runLoop(loop, shape, arrays, strides);
  }
  return z;
}

/** The step of an array of n entries if one step leads through all of them, or else -1. @param {NdArray} x @param {number} n */
function singleStep({shape, strides}, n) {
  let size = 1;
  let inOrder = true;
  for (let i = shape.length - 1; i >= 0; size *= shape[i--])
    inOrder &&= strides[i] === size || shape[i] === 1;
  if (size === 1) return 0;
  return inOrder && size === n ? 1 : -1;
}

/** A loop that calls a function for each entry. @param {(x: number) => any} f @returns {Loop} */
export const loop1 =
  f =>
  (n, [k, i], [r, s], [z, x]) => {
    for (; n--; k += r, i += s) z[k] = f(x[i]);
  };

/** @param {(x: number, y: number) => any} f @returns {Loop} */
export const loop2 =
  f =>
  (n, [k, i, j], [r, s, t], [z, x, y]) => {
    for (; n--; k += r, i += s, j += t) z[k] = f(x[i], y[j]);
  };

/** @type {Loop} */
export const COPY = (n, [k, i], [r, s], [z, x]) => {
  for (; n--; k += r, i += s) z[k] = x[i];
};

/** The numbers in a new array, whose entries lie next to each other. @param {NdArray} x */
export const copied = (x, dtype = x.dtype) => elementwise(COPY, dtype, x);

/** The array itself if its entries lie next to each other, or a copy. @param {NdArray} x */
export const contiguous = x => (singleStep(x, sizeOf(x.shape)) < 0 ? copied(x) : x);

/** The numbers of an array, row by row. @param {NdArray} x */
export function numbersOf(x) {
  const {data, offset, shape} = contiguous(x);
  return data.subarray(offset, offset + sizeOf(shape));
}
