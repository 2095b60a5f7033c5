// @ts-check
// NumPy's functions on arrays of numbers, under its names: what the programs of the tapes call.
import { contiguous, newArray } from "./nd_arrays.js";
import { AXES } from "./nd_axes.js";
import { ELEMENTWISE } from "./nd_elementwise.js";
import { ENTRIES } from "./nd_entries.js";
import { LINALG } from "./nd_linalg.js";
/** @typedef {import("./nd_arrays.js").NdArray} NdArray */

export const nd = {
  ...ELEMENTWISE,
  ...AXES,
  ...ENTRIES,
  ...LINALG,
  /** An array of these numbers, row by row. @param {ArrayLike<number>} numbers @param {number[]} shape */
  array: (numbers, shape, dtype = "float64") => newArray(shape, dtype, numbers),
  /** @param {number[]} shape */
  full(shape, /** @type {number} */ value, dtype = "float64") {
    const z = newArray(shape, dtype);
    z.data.fill(value);
    return z;
  },
  /** @param {number} n */
  arange: (n, dtype = "int64") => newArray([n], dtype, [...Array(n).keys()]),
  /** The numbers of an array, row by row. @param {NdArray} x */
  numbers: (x) => contiguous(x).data,
};
