// @ts-check
// Functions of NumPy that combine entries along axes: reductions, products, sorts.
import {
  contiguous,
  copied,
  isFloat,
  loop2,
  newArray,
  numbersOf,
  promoted,
  repeated,
  runLoop,
  sizeOf,
  strided,
  stridesOf
} from "./nd_arrays.js";
import {
  ADD,
  BOOL,
  MAXIMUM,
  MINIMUM,
  MULTIPLY,
  SAME,
  divide,
  equal,
  isnan,
  logical_or,
  where
} from "./nd_elementwise.js";
/** @typedef {import("./nd_arrays.js").Loop} Loop */
/** @typedef {import("./nd_arrays.js").NdArray} NdArray */
/** @typedef {import("./nd_arrays.js").Numbers} Numbers */
/** @typedef {import("./nd_arrays.js").OfDtype} OfDtype */
/** @typedef {{axis?: number | number[] | null, keepdims?: boolean}} Over */
/** @typedef {{axis?: number | null}} OneAxis */

/** Axes as numbers from 0; all of them if none is named. @param {NdArray} x @param {Over["axis"]} axis */
export const axesOf = (x, axis) =>
  axis === undefined || axis === null
    ? [...x.shape.keys()]
    : [axis].flat().map(i => (i < 0 ? i + x.shape.length : i));

/** @param {NdArray} x @param {number[]} shape */
export const reshape = (x, shape) => strided(contiguous(x), shape, stridesOf(shape));

/** @param {NdArray} x */
export const ravel = x => reshape(x, [sizeOf(x.shape)]);

/** @param {NdArray} x @param {number[]} axes */
export const transpose = (x, axes) =>
  strided(
    x,
    axes.map(i => x.shape[i]),
    axes.map(i => x.strides[i])
  );

/** @param {NdArray} x @param {string} dtype */
const inDtype = (x, dtype) => (x.dtype === dtype ? x : copied(x, dtype));

/**
 * Combine the entries along axes, from `start`, or else from the first of them. Sums of every
 * dtype add up in float64.
 * @param {Loop} loop @param {OfDtype} result @param {number} [start]
 */
const reduction =
  (loop, result, start) =>
  (/** @type {NdArray} */ x, /** @type {Over} */ {axis, keepdims} = {}) => {
    const axes = axesOf(x, axis);
    const shape = x.shape.map((n, i) => (axes.includes(i) ? 1 : n));
    const z =
      start === undefined ? copied(strided(x, shape, x.strides)) : newArray(shape, "float64");
    if (start) numbersOf(z).fill(start);
    const strides = repeated(z, x.shape);
    runLoop(loop, x.shape, [z, z, x], [strides, strides, x.strides]);
    const y = inDtype(z, result(x.dtype));
    return keepdims
      ? y
      : reshape(
          y,
          shape.filter((_, i) => !axes.includes(i))
        );
  };

/** @type {OfDtype} */
const summed = dtype => (isFloat(dtype) ? dtype : "int64");

export const sum = reduction(ADD, summed, 0);

/** Combine each entry along an axis with all before it. @param {Loop} loop */
const accumulation =
  loop =>
  (/** @type {NdArray} */ array, /** @type {OneAxis} */ {axis = null} = {}) => {
    const x = axis === null || !array.shape.length ? ravel(array) : array;
    const [i] = axesOf(x, axis);
    const z = copied(x, summed(x.dtype));
    const shape = x.shape.with(i, Math.max(x.shape[i] - 1, 0));
    const next = strided(z, shape, z.strides, z.offset + z.strides[i]);
    const entry = strided(x, shape, x.strides, x.offset + x.strides[i]);
    runLoop(loop, shape, [next, z, entry], [z.strides, z.strides, x.strides]);
    return z;
  };

/**
 * A loop that adds products up over two more axes, with steps of z, x and y along each of them.
 * @param {number[]} lengths @param {number[]} down @param {number[]} along @returns {Loop}
 */
const addProducts =
  (lengths, down, along) =>
  (n, at, by, [z, x, y]) => {
    const [rows, columns] = lengths; // variables of the loop itself are fast
    const [u, v, w] = down;
    const [r, s, t] = along;
    // Four rows that add to the same row of z are added at once, in the same order.
    const isOneRow = !u && !s && r === 1 && t === 1;
    const fours = isOneRow ? rows - (rows % 4) : 0;
    for (let m = 0; m < n; m++) {
      const [k, i, j] = at.map((start, a) => start + m * by[a]);
      for (let row = 0; row < fours; row += 4) {
        const [p, f] = [i + row * v, j + row * w];
        const [a, b, c, d] = [x[p], x[p + v], x[p + 2 * v], x[p + 3 * v]];
        for (let q = 0; q < columns; q++)
          z[k + q] =
            z[k + q] +
            a * y[f + q] +
            b * y[f + q + w] +
            c * y[f + q + 2 * w] +
            d * y[f + q + 3 * w];
      }
      for (let row = fours; row < rows; row++) {
        const [e, p, f] = [k + row * u, i + row * v, j + row * w];
        let total = 0; // of this row, if it has one entry of z
        if (r) for (let q = 0; q < columns; q++) z[e + q * r] += x[p + q * s] * y[f + q * t];
        else for (let q = 0; q < columns; q++) total += x[p + q * s] * y[f + q * t];
        z[e] += total;
      }
    }
  };

/**
 * Sum the products of two arrays, whose axes have letters, over the letters that `output` lacks.
 * @param {string} output @param {string} first @param {NdArray} x @param {string} second @param {NdArray} y
 */
function contract(output, first, x, second, y) {
  /** @type {Record<string, number>} */
  const lengths = {"": 1, " ": 1}; // with two axes more, there are always two
  [...first, ...second].forEach((letter, i) => {
    const n = i < first.length ? x.shape[i] : y.shape[i - first.length];
    if (n !== 1 || !(letter in lengths)) lengths[letter] = n;
  });
  const shape = Array.from(output, letter => lengths[letter]);
  const z = newArray(shape, "float64");
  const axes = Object.entries(lengths).map(([letter, n]) => {
    const steps = [
      strideOf(letter, n, output, z),
      strideOf(letter, n, first, x),
      strideOf(letter, n, second, y)
    ];
    // A loop takes time to begin, and to walk through memory in long steps.
    return {n, steps, cost: 20 / n + Math.min(steps[0] + steps[1] + steps[2], 8)};
  });
  axes.sort((a, b) => b.cost - a.cost);
  const inner = axes.splice(-2);
  runLoop(
    addProducts([inner[0].n, inner[1].n], inner[0].steps, inner[1].steps),
    axes.map(({n}) => n),
    [z, x, y],
    [0, 1, 2].map(k => axes.map(({steps}) => steps[k]))
  );
  return inDtype(z, promoted(x, y));
}

/** The step of an array along the axes with a letter, which may occur twice. @param {string} letter @param {number} n @param {string} letters @param {NdArray} x */
function strideOf(letter, n, letters, {shape, strides}) {
  let step = 0;
  for (let i = 0; i < shape.length; i++)
    if (letters[i] === letter && shape[i] === n) step += strides[i];
  return step;
}

/** @param {string} subscripts with a letter for each axis, as in ij,jk->ik @param {NdArray[]} operands */
export function einsum(subscripts, ...operands) {
  const [inputs, output] = subscripts.split("->");
  const [first, ...others] = inputs.split(",");
  if (!others.length)
    return contract(output, first, operands[0], "", newArray([], operands[0].dtype, [1]));
  let letters = first;
  return operands.reduce((x, y, i) => {
    const before = letters;
    letters = i < others.length ? [...new Set(before + others[i - 1])].join("") : output;
    return contract(letters, before, x, others[i - 1], y);
  });
}

/**
 * A product of two matrices, in squares of two rows and two columns, whose four sums stay in
 * variables. A row or a column without another one is taken twice.
 * @param {NdArray} x @param {NdArray} y
 */
function matrixProduct(x, y) {
  const [rows, inner] = x.shape;
  const columns = y.shape[1];
  const z = newArray([rows, columns], "float64");
  const [down, along] = x.strides;
  const [next, right] = y.strides;
  const [a, b, c] = [x.data, y.data, z.data];
  for (let i = 0; i < rows; i += 2) {
    const below = Number(i + 1 < rows);
    for (let j = 0; j < columns; j += 2) {
      const after = Number(j + 1 < columns);
      let p = x.offset + i * down;
      let q = y.offset + j * right;
      let s = 0;
      let t = 0;
      let u = 0;
      let v = 0;
      for (let m = inner; m--; p += along, q += next) {
        const e = a[p];
        const f = a[p + below * down];
        const g = b[q];
        const h = b[q + after * right];
        s += e * g;
        t += e * h;
        u += f * g;
        v += f * h;
      }
      const k = z.offset + i * columns + j;
      c[k] = s;
      c[k + after] = t;
      c[k + below * columns] = u;
      c[k + below * columns + after] = v;
    }
  }
  return inDtype(z, promoted(x, y));
}

/** @param {NdArray} x @param {NdArray} y */
export function matmul(x, y) {
  if (x.shape.length === 2 && y.shape.length === 2) return matrixProduct(x, y);
  const [m, n] = [x.shape.length - 2, y.shape.length - 2];
  const batch = "abcdefghij".slice(0, Math.max(m, n, 0));
  /** @param {number} axes */
  const aligned = axes => batch.slice(batch.length - Math.max(axes, 0));
  const row = m < 0 ? "" : "r";
  const column = n < 0 ? "" : "t";
  return contract(batch + row + column, `${aligned(m) + row}s`, x, `${aligned(n)}s${column}`, y);
}

/** Apply a function to each list of numbers along an axis. @param {NdArray} array @param {number | null} axis @param {string} dtype @param {(list: Numbers) => ArrayLike<number>} f */
function alongAxis(array, axis, dtype, f) {
  const x = axis === null ? ravel(array) : array;
  const [at] = axesOf(x, axis);
  const order = [...x.shape.keys()].filter(i => i !== at).concat(at);
  const lists = copied(transpose(x, order));
  const n = x.shape[at];
  const z = newArray(lists.shape, dtype);
  const [from, to] = [numbersOf(lists), numbersOf(z)];
  for (let i = 0; i < to.length; i += n) to.set(f(from.subarray(i, i + n)), i);
  return transpose(
    z,
    order.map((_, i) => order.indexOf(i))
  );
}

/** The order of numbers. Those that are not a number are last. @param {number} x @param {number} y */
const ascending = (x, y) => x - y || Number(Number.isNaN(x)) - Number(Number.isNaN(y));

/** The position of the first entry that is the extreme one, or not a number. @param {(x: NdArray, over: Over) => NdArray} extreme */
const position =
  extreme =>
  (/** @type {NdArray} */ x, /** @type {Over} */ {axis = null, keepdims} = {}) => {
    const y = axis === null ? ravel(x) : x;
    const [at] = axesOf(y, axis ?? 0);
    const over = {axis: at, keepdims: true};
    const isBest = logical_or(equal(y, extreme(y, over)), isnan(y));
    const shape = y.shape.map((n, i) => (i === at ? n : 1));
    const places = newArray(shape, "int64", [...Array(y.shape[at]).keys()]);
    const z = copied(min(where(isBest, places, Infinity), over), "int64");
    const kept = x.shape.map((n, i) => (axis === null || i === at ? 1 : n));
    return reshape(z, keepdims ? kept : axis === null ? [] : kept.toSpliced(at, 1));
  };

export const min = reduction(MINIMUM, SAME);
export const max = reduction(MAXIMUM, SAME);

// ---- the functions by their names in NumPy ----

/** @param {NdArray} x @param {Over} over */
export function mean(x, over) {
  const total = sum(x, over);
  return divide(total, sizeOf(x.shape) / sizeOf(total.shape));
}
export const prod = reduction(MULTIPLY, summed, 1);

export const any = reduction(
  loop2((x, y) => x || y !== 0),
  BOOL,
  0
);

export const all = reduction(
  loop2((x, y) => x && y !== 0),
  BOOL,
  1
);
export const cumsum = accumulation(ADD);
export const cumprod = accumulation(MULTIPLY);
export const argmax = position(max);
export const argmin = position(min);

/** @param {NdArray} x @param {OneAxis} over */
export const sort = (x, {axis = -1} = {}) =>
  alongAxis(x, axis, x.dtype, list => list.sort(ascending));

/** @param {NdArray} x @param {OneAxis} over */
export const argsort = (x, {axis = -1} = {}) =>
  alongAxis(x, axis, "int64", list => [...list.keys()].sort((i, j) => ascending(list[i], list[j])));
