// @ts-check
// Functions of NumPy that combine entries along axes: reductions, products, sorts.
import {
  contiguous,
  copied,
  isFloat,
  loop2,
  newArray,
  promoted,
  repeated,
  runLoop,
  sizeOf,
  stridesOf,
  strided,
} from "./nd_arrays.js";
import {
  ADD,
  ADD_PRODUCT,
  ELEMENTWISE,
  MAXIMUM,
  MINIMUM,
  MULTIPLY,
} from "./nd_elementwise.js";
/** @typedef {import("./nd_arrays.js").Loop} Loop */
/** @typedef {import("./nd_arrays.js").NdArray} NdArray */
/** @typedef {import("./nd_arrays.js").Numbers} Numbers */
/** @typedef {{axis?: number | number[] | null, keepdims?: boolean}} Over */

/** Axes as numbers from 0; all of them if none is named. @param {NdArray} x @param {Over["axis"]} axis */
export const axesOf = (x, axis) =>
  axis === undefined || axis === null
    ? x.shape.map((_, i) => i)
    : [axis].flat().map((i) => (i < 0 ? i + x.shape.length : i));

/** @param {NdArray} x @param {number[]} shape */
export const reshape = (x, shape) =>
  strided(contiguous(x), shape, stridesOf(shape));

/** @param {NdArray} x */
export const ravel = (x) => reshape(x, [sizeOf(x.shape)]);

/** @param {NdArray} x @param {number[]} axes */
export const transpose = (x, axes = x.shape.map((_, i) => i).reverse()) =>
  strided(
    x,
    axes.map((i) => x.shape[i]),
    axes.map((i) => x.strides[i]),
  );

/**
 * Combine the entries along axes, from `start`, or else from the first of them. Sums of every
 * dtype add up in float64.
 * @param {Loop} loop @param {(dtype: string) => string} result @param {number} [start]
 */
const reduction =
  (loop, result, start) =>
  (/** @type {NdArray} */ x, /** @type {Over} */ { axis, keepdims } = {}) => {
    const axes = axesOf(x, axis);
    const shape = x.shape.map((length, i) => (axes.includes(i) ? 1 : length));
    const kept = x.shape.filter((_, i) => !axes.includes(i));
    const z =
      start === undefined
        ? copied(strided(x, shape, x.strides))
        : newArray(shape, "float64");
    if (start) z.data.fill(start);
    const strides = repeated(z, x.shape);
    runLoop(loop, x.shape, [z, z, x], [strides, strides, x.strides]);
    const y = inDtype(z, result(x.dtype));
    return keepdims ? y : strided(y, kept, stridesOf(kept));
  };

/** @param {NdArray} x @param {string} dtype */
const inDtype = (x, dtype) => (x.dtype === dtype ? x : copied(x, dtype));

/** The dtype of a sum. @param {string} dtype */
const summed = (dtype) => (isFloat(dtype) ? dtype : "int64");

const sumOf = reduction(ADD, summed, 0);

/** @param {NdArray} x @param {Over} over */
function meanOf(x, over) {
  const total = sumOf(x, over);
  return ELEMENTWISE.divide(total, sizeOf(x.shape) / sizeOf(total.shape));
}

/** Combine each entry with all before it along an axis. @param {Loop} loop */
const accumulation =
  (loop) =>
  (
    /** @type {NdArray} */ x,
    /** @type {{axis?: number | null}} */ { axis = null } = {},
  ) => {
    if (axis === null) [x, axis] = [ravel(x), 0];
    const [i] = axesOf(x, axis);
    const z = copied(x, summed(x.dtype));
    const shape = x.shape.map((length, k) =>
      Math.max(length - Number(k === i), 0),
    );
    const next = strided(z, shape, z.strides, z.strides[i]);
    const entry = strided(x, shape, x.strides, x.offset + x.strides[i]);
    runLoop(loop, shape, [next, z, entry], [z.strides, z.strides, x.strides]);
    return z;
  };

/**
 * Sum the products of two arrays, whose axes have letters, over the letters that `output` lacks.
 * @param {string} output @param {string} first @param {NdArray} x @param {string} second @param {NdArray} y
 */
function contract(output, first, x, second, y) {
  /** @type {Record<string, number>} */
  const lengths = {};
  const terms = /** @type {[string, NdArray][]} */ ([
    [first, x],
    [second, y],
  ]);
  for (const [letters, { shape }] of terms)
    shape.forEach((length, i) => {
      if (length !== 1 || !(letters[i] in lengths))
        lengths[letters[i]] = length;
    });
  const dtype = promoted(x, y);
  const z = newArray(
    [...output].map((letter) => lengths[letter]),
    "float64",
  );
  const all = [
    ...output.slice(0, -1),
    ...Object.keys(lengths).filter((c) => !output.includes(c)),
  ];
  // The longest loop is the innermost one.
  const last = output.at(-1);
  if (last && lengths[last] >= (lengths[all.at(-1) ?? ""] ?? 0)) all.push(last);
  else if (last) all.splice(output.length - 1, 0, last);
  /** @param {string} letters @param {NdArray} array */
  const strides = (letters, array) =>
    all.map((letter) =>
      array.shape.reduce(
        (step, length, i) =>
          step +
          (letters[i] === letter && length === lengths[letter]
            ? array.strides[i]
            : 0),
        0,
      ),
    );
  runLoop(
    ADD_PRODUCT,
    all.map((letter) => lengths[letter]),
    [z, x, y],
    [strides(output, z), strides(first, x), strides(second, y)],
  );
  return inDtype(z, dtype);
}

/** @param {string} subscripts with a letter for each axis, as in ij,jk->ik @param {NdArray[]} operands */
function einsum(subscripts, ...operands) {
  const [inputs, output] = subscripts.split("->");
  const [first, ...others] = inputs.split(",");
  const [, ...ys] = operands;
  let letters = first;
  let [x] = operands;
  if (!ys.length)
    return contract(output, letters, x, "", newArray([], x.dtype, [1]));
  ys.forEach((y, i) => {
    const all = [...new Set(letters + others[i])].join("");
    const kept = i === ys.length - 1 ? output : all;
    x = contract(kept, letters, x, others[i], y);
    letters = kept;
  });
  return x;
}

const BATCH = "ABCDEFGHIJKLMNOP";

/** @param {NdArray} x @param {NdArray} y */
function matmul(x, y) {
  const [row, column] = [
    x.shape.length > 1 ? "j" : "",
    y.shape.length > 1 ? "l" : "",
  ];
  const [xs, ys] = [x, y].map(({ shape }) =>
    BATCH.slice(0, Math.max(shape.length - 2, 0)),
  );
  /** @param {string} batch */
  const aligned = (batch) =>
    BATCH.slice(
      Math.max(xs.length, ys.length) - batch.length,
      Math.max(xs.length, ys.length),
    );
  const all = aligned(xs.length > ys.length ? xs : ys);
  return contract(
    `${all}${row}${column}`,
    `${aligned(xs)}${row}k`,
    x,
    `${aligned(ys)}k${column}`,
    y,
  );
}

/** Apply a function of a list to each list along an axis. @param {NdArray} x @param {number | null | undefined} axis @param {string} dtype @param {number} length of the new lists @param {(list: Numbers) => ArrayLike<number>} f */
function alongAxis(x, axis, dtype, length, f) {
  if (axis === null || axis === undefined) [x, axis] = [ravel(x), 0];
  const [at] = axesOf(x, axis);
  const order = [...x.shape.keys()].filter((i) => i !== at).concat(at);
  const lists = copied(transpose(x, order));
  const n = x.shape[at];
  const z = newArray([...lists.shape.slice(0, -1), length || n], dtype);
  const count = n ? lists.data.length / n : 0;
  for (let i = 0; i < count; i++)
    z.data.set(f(lists.data.subarray(i * n, (i + 1) * n)), i * (length || n));
  return transpose(
    z,
    order.map((_, i) => order.indexOf(i)),
  );
}

/** The order of numbers; those that are not a number are last. @param {number} x @param {number} y */
const ascending = (x, y) =>
  x - y || Number(Number.isNaN(x)) - Number(Number.isNaN(y));

/** The position of the first entry that no other is better than. @param {(x: number, y: number) => boolean} better */
const positionOf =
  (better) =>
  (
    /** @type {NdArray} */ x,
    /** @type {{axis?: number | null, keepdims?: boolean}} */ {
      axis = null,
      keepdims,
    } = {},
  ) => {
    const z = alongAxis(x, axis, "int64", 1, (list) => {
      let best = 0;
      for (let i = 1; i < list.length && !Number.isNaN(list[best]); i++)
        if (better(list[i], list[best]) || Number.isNaN(list[i])) best = i;
      return [best];
    });
    const [at] = axis === null ? [] : axesOf(x, axis);
    const shape = x.shape.map((length, i) =>
      at === undefined || i === at ? 1 : length,
    );
    return reshape(
      z,
      keepdims ? shape : shape.filter((_, i) => at !== undefined && i !== at),
    );
  };

/** The functions by their names in NumPy. */
export const AXES = {
  reshape,
  transpose,
  sum: sumOf,
  mean: meanOf,
  prod: reduction(MULTIPLY, summed, 1),
  max: reduction(MAXIMUM, (dtype) => dtype),
  min: reduction(MINIMUM, (dtype) => dtype),
  any: reduction(
    loop2((x, y) => x || y !== 0),
    () => "bool",
    0,
  ),
  all: reduction(
    loop2((x, y) => x && y !== 0),
    () => "bool",
    1,
  ),
  cumsum: accumulation(ADD),
  cumprod: accumulation(MULTIPLY),
  argmax: positionOf((x, y) => x > y),
  argmin: positionOf((x, y) => x < y),
  /** @param {NdArray} x @param {{axis?: number | null}} over */
  sort: (x, { axis = -1 } = {}) =>
    alongAxis(x, axis, x.dtype, 0, (list) => list.sort(ascending)),
  /** @param {NdArray} x @param {{axis?: number | null}} over */
  argsort: (x, { axis = -1 } = {}) =>
    alongAxis(x, axis, "int64", 0, (list) =>
      [...list.keys()].sort((i, j) => ascending(list[i], list[j])),
    ),
  matmul,
  einsum,
};
