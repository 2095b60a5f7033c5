// @ts-check
// Functions of NumPy that choose, place and join entries.
import {
  asArray,
  COPY,
  elementwise,
  loop1,
  loop2,
  newArray,
  promoted,
  repeated,
  runLoop,
  strided
} from "./nd_arrays.js";
import {axesOf, ravel, reshape} from "./nd_axes.js";
/** @typedef {import("./nd_arrays.js").Loop} Loop */
/** @typedef {import("./nd_arrays.js").NdArray} NdArray */
/** @typedef {import("./nd_arrays.js").Numeric} Numeric */
/** @typedef {number | string | null | NdArray} Part of an index: 1, "0:2", a new axis, or an array */

/** @type {Loop} */
const GATHER = (n, at, by, data) => {
  const [z, x, places] = data;
  const [k, i, j] = at;
  const [r, s, t] = by;
  for (let m = 0; m < n; m++) z[k + m * r] = x[i + m * s + places[j + m * t]];
};

/** @type {Loop} */
const SCATTER = (n, at, by, data) => {
  const [z, x, places] = data;
  const [k, i, j] = at;
  const [r, s, t] = by;
  for (let m = 0; m < n; m++) z[k + m * r + places[j + m * t]] += x[i + m * s];
};

/** Read a slice, such as 1:3 or ::-1, of an axis. @param {string} text @param {number} n */
function spanOf(text, n) {
  const [start, stop, step = "1"] = text.split(":");
  const by = Number(step);
  const [low, high] = by < 0 ? [-1, n - 1] : [0, n];
  /** @param {string} end @param {number} otherwise */
  function clipped(end, otherwise) {
    if (end === "") return otherwise;
    const i = Number(end);
    return Math.min(Math.max(i < 0 ? i + n : i, low), high);
  }
  const from = clipped(start, by < 0 ? high : low);
  const to = clipped(stop, by < 0 ? low : high);
  return {from, by, count: Math.max(Math.ceil((to - from) / by), 0)};
}

/**
 * Find the entries that an index names: a view, and the distance of each entry from it that arrays
 * add. The axes of the arrays are where the arrays are, or in front if they are apart.
 * @param {NdArray} x @param {Part[]} index
 */
function locateEntries(x, index) {
  /** @type {number[]} */
  const shape = [];
  /** @type {number[]} */
  const strides = [];
  let places = asArray(0);
  let {offset} = x;
  let axis = 0;
  let front = 0;
  let before = -1; // the part of the index that was the last array
  index.forEach((part, i) => {
    if (part === null) {
      shape.push(1);
      strides.push(0);
      return;
    }
    const n = x.shape[axis];
    const step = x.strides[axis++];
    if (typeof part === "string") {
      const {from, by, count} = spanOf(part, n);
      offset += count && from * step;
      shape.push(count);
      strides.push(by * step);
      return;
    }
    const add = loop2((sum, k) => sum + (k < 0 ? k + n : k) * step);
    places = elementwise(add, "int64", places, asArray(part));
    if (before < 0) front = shape.length;
    else if (before !== i - 1) front = 0;
    before = i;
  });
  shape.push(...x.shape.slice(axis));
  strides.push(...x.strides.slice(axis));
  const steps = shape.map(() => 0);
  shape.splice(front, 0, ...places.shape);
  strides.splice(front, 0, ...places.shape.map(() => 0));
  steps.splice(front, 0, ...places.strides);
  return {entries: strided(x, shape, strides, offset), places, steps};
}

/** @param {NdArray} x @param {Part[]} index */
export function getitem(x, index) {
  const {entries, places, steps} = locateEntries(x, index);
  const {shape, strides, offset} = entries;
  if (!index.some(part => typeof part === "object" && part))
    return strided(x, shape, strides, offset + places.data[places.offset]);
  const z = newArray(shape, x.dtype);
  runLoop(GATHER, shape, [z, entries, places], [z.strides, strides, steps]);
  return z;
}

/** Zeros with x at an index. Where the index names an entry twice, they are added. @param {NdArray} x @param {Part[]} index @param {number[]} shape */
export function scatter(x, index, shape) {
  const z = newArray(shape, x.dtype);
  const {entries, places, steps} = locateEntries(z, index);
  const strides = [entries.strides, repeated(x, entries.shape), steps];
  runLoop(SCATTER, entries.shape, [entries, x, places], strides);
  return z;
}

/** @param {Numeric[]} parts @param {{axis?: number | null}} over */
export function concatenate(parts, {axis = 0} = {}) {
  const arrays = parts.map(asArray).map(x => (axis === null ? ravel(x) : x));
  const [at] = axesOf(arrays[0], axis ?? 0);
  const total = arrays.reduce((n, x) => n + x.shape[at], 0);
  const {dtype} = arrays.reduce((x, y) => newArray([0], promoted(x, y)));
  const z = newArray(arrays[0].shape.with(at, total), dtype);
  let {offset} = z;
  for (const x of arrays) {
    const part = strided(z, x.shape, z.strides, offset);
    runLoop(COPY, x.shape, [part, x], [z.strides, x.strides]);
    offset += x.shape[at] * z.strides[at];
  }
  return z;
}

/** The loops of casts that are more than a copy. @type {Record<string, Loop>} */
const CASTS = {bool: loop1(x => x !== 0), int64: loop1(Math.trunc)};

// ---- the functions by their names in NumPy ----

/** @param {Numeric[]} parts @param {{axis?: number}} over */
export function stack(parts, {axis = 0} = {}) {
  const arrays = parts.map(asArray);
  const at = axis < 0 ? axis + arrays[0].shape.length + 1 : axis;
  return concatenate(
    arrays.map(x => reshape(x, x.shape.toSpliced(at, 0, 1))),
    {axis: at}
  );
}

/** @param {NdArray} x @param {NdArray} places in the flattened array */
export const take = (x, places) => getitem(ravel(x), [places]);

/** @param {NdArray} x @param {NdArray} indices @param {{axis: number}} over */
export function take_along_axis(x, indices, {axis}) {
  const [at] = axesOf(x, axis);
  const index = x.shape.map((n, i) => {
    const shape = x.shape.map((_, k) => (k === i ? n : 1));
    return i === at ? indices : newArray(shape, "int64", [...Array(n).keys()]);
  });
  return getitem(x, index);
}

/** @param {NdArray} x @param {number[]} shape */
export const broadcast_to = (x, shape) => strided(asArray(x), shape, repeated(asArray(x), shape));

/** @param {NdArray} x @param {string} dtype */
export const astype = (x, dtype) => elementwise(CASTS[dtype] ?? COPY, dtype, asArray(x));
