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
  strided,
} from "./nd_arrays.js";
import { axesOf, ravel, reshape } from "./nd_axes.js";
import { CHOOSE } from "./nd_elementwise.js";
/** @typedef {import("./nd_arrays.js").Loop} Loop */
/** @typedef {import("./nd_arrays.js").NdArray} NdArray */
/** @typedef {import("./nd_arrays.js").Numeric} Numeric */
/** @typedef {number | string | null | NdArray} Part of an index: 1, "0:2", a new axis, or an array */

/** @type {Loop} */
const GATHER = (n, at, by, [z, x, places]) => {
  let [k, i, j] = at;
  for (const [r, s, t] = by; n--; k += r, i += s, j += t)
    z[k] = x[i + places[j]];
};

/** @type {Loop} */
const SCATTER = (n, at, by, [z, x, places]) => {
  let [k, i, j] = at;
  for (const [r, s, t] = by; n--; k += r, i += s, j += t)
    z[k + places[j]] += x[i];
};

/** The loops of casts that are more than a copy. @type {Record<string, Loop>} */
const CASTS = { bool: loop1((x) => x !== 0), int64: loop1(Math.trunc) };

/** Read a slice, such as 1:3 or ::-1, of an axis. @param {string} text @param {number} length */
function spanOf(text, length) {
  const [start, stop, step = 1] = text
    .split(":")
    .map((end) => (end ? Number(end) : undefined));
  const [low, high] = step < 0 ? [-1, length - 1] : [0, length];
  /** @param {number | undefined} end @param {number} otherwise */
  const clip = (end, otherwise) =>
    end === undefined
      ? otherwise
      : Math.min(Math.max(end < 0 ? end + length : end, low), high);
  const from = clip(start, step < 0 ? high : low);
  const to = clip(stop, step < 0 ? low : high);
  return { from, step, count: Math.max(Math.ceil((to - from) / step), 0) };
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
  let { offset } = x;
  let axis = 0;
  let front = -1;
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
      const found = spanOf(part, n);
      offset += found.count && found.from * step;
      shape.push(found.count);
      strides.push(found.step * step);
      return;
    }
    const add = loop2((sum, k) => sum + (k < 0 ? k + n : k) * step);
    places = elementwise(add, "int64", places, asArray(part));
    if (front < 0) front = shape.length;
    else if (before !== i - 1) front = 0;
    before = i;
  });
  shape.push(...x.shape.slice(axis));
  strides.push(...x.strides.slice(axis));
  const at = Math.max(front, 0);
  shape.splice(at, 0, ...places.shape);
  strides.splice(at, 0, ...places.shape.map(() => 0));
  const steps = shape.map(() => 0);
  steps.splice(at, places.shape.length, ...places.strides);
  return { entries: strided(x, shape, strides, offset), places, steps };
}

/** @param {NdArray} x @param {Part[]} index */
function getitem(x, index) {
  const { entries, places, steps } = locateEntries(x, index);
  const { shape, strides, offset } = entries;
  if (!index.some((part) => typeof part === "object" && part))
    return strided(x, shape, strides, offset + places.data[0]);
  const z = newArray(shape, x.dtype);
  runLoop(GATHER, shape, [z, entries, places], [z.strides, strides, steps]);
  return z;
}

/** Zeros with x at an index. Where the index names an entry twice, they are added. @param {NdArray} x @param {Part[]} index @param {number[]} shape */
function scatter(x, index, shape) {
  const z = newArray(shape, x.dtype);
  const { entries, places, steps } = locateEntries(z, index);
  const strides = repeated(x, entries.shape);
  runLoop(
    SCATTER,
    entries.shape,
    [entries, x, places],
    [entries.strides, strides, steps],
  );
  return z;
}

/** @param {Numeric[]} parts @param {{axis?: number | null}} over */
function concatenate(parts, { axis = 0 } = {}) {
  let arrays = parts.map(asArray);
  if (axis === null) arrays = arrays.map(ravel);
  const [at] = axesOf(arrays[0], axis ?? 0);
  const shape = [...arrays[0].shape];
  shape[at] = arrays.reduce((length, x) => length + x.shape[at], 0);
  const dtype = arrays.reduce(
    (d, x) => promoted(newArray([], d), x),
    arrays[0].dtype,
  );
  const z = newArray(shape, dtype);
  let { offset } = z;
  for (const x of arrays) {
    runLoop(
      COPY,
      x.shape,
      [strided(z, x.shape, z.strides, offset), x],
      [z.strides, x.strides],
    );
    offset += x.shape[at] * z.strides[at];
  }
  return z;
}

/** @param {Numeric[]} parts @param {{axis?: number}} over */
function stack(parts, { axis = 0 } = {}) {
  const at = axis < 0 ? axis + asArray(parts[0]).shape.length + 1 : axis;
  const arrays = parts.map((part) => {
    const x = asArray(part);
    return reshape(x, x.shape.toSpliced(at, 0, 1));
  });
  return concatenate(arrays, { axis: at });
}

/** The functions by their names in NumPy, or in this library. */
export const ENTRIES = {
  getitem,
  scatter,
  concatenate,
  stack,
  /** @param {NdArray} x @param {NdArray} places in the flattened array */
  take: (x, places) => getitem(ravel(x), [places]),
  /** @param {NdArray} x @param {NdArray} indices @param {{axis: number}} over */
  take_along_axis(x, indices, { axis }) {
    const [at] = axesOf(x, axis);
    const index = x.shape.map((n, i) => {
      const shape = x.shape.map((_, k) => (k === i ? n : 1));
      return i === at
        ? indices
        : newArray(shape, "int64", [...Array(n).keys()]);
    });
    return getitem(x, index);
  },
  /** @param {NdArray} condition @param {Numeric} x @param {Numeric} y */
  where: (condition, x, y) =>
    elementwise(
      CHOOSE,
      promoted(x, y),
      asArray(condition),
      asArray(x),
      asArray(y),
    ),
  /** @param {NdArray} x @param {number[]} shape */
  broadcast_to: (x, shape) =>
    strided(asArray(x), shape, repeated(asArray(x), shape)),
  /** @param {NdArray} x @param {string} dtype */
  astype: (x, dtype) => elementwise(CASTS[dtype] ?? COPY, dtype, asArray(x)),
};
