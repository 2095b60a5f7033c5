// @ts-check
// Linear algebra, on the matrices in the last two axes.
import {
  commonShape,
  floating,
  newArray,
  numbersOf,
  repeated,
  sizeOf,
  strided
} from "./nd_arrays.js";
/** @typedef {import("./nd_arrays.js").NdArray} NdArray */

/**
 * Eliminate the columns of an n × n matrix, with the largest pivots, and do the same to the rows of
 * b, which becomes the solution of a z = b. Return the pivots, with the sign of the exchanges.
 * @param {number[][]} a @param {number[][]} b
 */
function eliminate(a, b) {
  const pivots = [];
  for (let i = 0; i < a.length; i++) {
    let best = i;
    for (let j = i + 1; j < a.length; j++) if (Math.abs(a[j][i]) > Math.abs(a[best][i])) best = j;
    [a[i], a[best]] = [a[best], a[i]];
    [b[i], b[best]] = [b[best], b[i]];
    const pivot = a[i][i];
    pivots.push(best === i ? pivot : -pivot);
    if (pivot === 0) continue;
    for (let j = i + 1; j < a.length; j++) {
      const times = a[j][i] / pivot;
      a[j] = a[j].map((x, k) => x - times * a[i][k]);
      b[j] = b[j].map((x, k) => x - times * b[i][k]);
    }
  }
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = i + 1; j < a.length; j++) b[i] = b[i].map((x, k) => x - a[i][j] * b[j][k]);
    b[i] = b[i].map(x => x / a[i][i]);
  }
  return pivots;
}

/** The matrices of an array, as lists of rows, repeated to the shape of a batch. @param {NdArray} x @param {number[]} batch @returns {number[][][]} */
function matrices(x, batch = x.shape.slice(0, -2)) {
  const [m, n] = x.shape.slice(-2);
  const shape = [...batch, m, n];
  const numbers = numbersOf(strided(x, shape, repeated(x, shape)));
  /** @param {number} start */
  const row = start => Array.from(numbers.subarray(start, start + n));
  return Array.from({length: sizeOf(batch)}, (_, k) =>
    Array.from({length: m}, (__, i) => row((k * m + i) * n))
  );
}

/** @param {number} n */
const identity = n =>
  Array.from({length: n}, (_, i) => Array.from({length: n}, (__, j) => Number(i === j)));

/** @param {number[][]} l the lower triangle of a matrix, which becomes its Cholesky factor */
function factor(l) {
  l.forEach((row, i) => {
    for (let j = 0; j <= i; j++) {
      let rest = row[j];
      for (let k = 0; k < j; k++) rest -= row[k] * l[j][k];
      row[j] = i === j ? Math.sqrt(rest) : rest / l[j][j];
    }
    row.fill(0, i + 1);
  });
  return l;
}

/** An array of numbers, one for each matrix. @param {(pivots: number[]) => number} f */
const ofPivots = f => (/** @type {NdArray} */ x) =>
  newArray(
    x.shape.slice(0, -2),
    floating(x.dtype),
    matrices(x).map(a =>
      f(
        eliminate(
          a,
          a.map(() => [])
        )
      )
    )
  );

export const det = ofPivots(pivots => pivots.reduce((product, pivot) => product * pivot, 1));
const signOf = ofPivots(pivots => pivots.reduce((product, pivot) => product * Math.sign(pivot), 1));
const logabsdet = ofPivots(pivots =>
  pivots.reduce((sum, pivot) => sum + Math.log(Math.abs(pivot)), 0)
);

// ---- the functions by their names in NumPy ----

/** @param {NdArray} x */
export const slogdet = x => [signOf(x), logabsdet(x)];

/** @param {NdArray} x */
export const inv = x =>
  newArray(
    x.shape,
    floating(x.dtype),
    matrices(x)
      .map(a => {
        const b = identity(a.length);
        eliminate(a, b);
        return b;
      })
      .flat(2)
  );

/** @param {NdArray} a @param {NdArray} b matrices, or one vector */
export function solve(a, b) {
  const columns = b.shape.length === 1 ? strided(b, [...b.shape, 1], [...b.strides, 0]) : b;
  const batch = commonShape(a.shape.slice(0, -2), columns.shape.slice(0, -2));
  const right = matrices(columns, batch);
  matrices(a, batch).forEach((matrix, i) => eliminate(matrix, right[i]));
  const shape = [...batch, ...(b === columns ? columns.shape.slice(-2) : b.shape)];
  return newArray(shape, floating(a.dtype), right.flat(2));
}

/** @param {NdArray} x */
export const cholesky = x => newArray(x.shape, floating(x.dtype), matrices(x).map(factor).flat(2));
