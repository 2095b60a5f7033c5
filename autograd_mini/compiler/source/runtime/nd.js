// @ts-check
// NumPy's functions on arrays of numbers, under its names: what the programs of the tapes call.
// A page has those functions that its programs call, and those that they use (bundle.py).
import {newArray, numbersOf} from "./nd_arrays.js";
import * as axes from "./nd_axes.js";
import * as elements from "./nd_elementwise.js";
import * as entries from "./nd_entries.js";
import * as linalg from "./nd_linalg.js";
/** @typedef {import("./nd_arrays.js").NdArray} NdArray */

/** An array of these numbers, row by row. @param {ArrayLike<number>} numbers @param {number[]} shape */
export const array = (numbers, shape, dtype = "float64") => newArray(shape, dtype, numbers);

/** @param {number[]} shape */
export function full(shape, /** @type {number} */ value, dtype = "float64") {
  const z = newArray(shape, dtype);
  numbersOf(z).fill(value);
  return z;
}

/** @param {number} n */
export const arange = (n, dtype = "int64") => newArray([n], dtype, [...Array(n).keys()]);

export const numbers = numbersOf;

export const nd = {...elements, ...axes, ...entries, ...linalg, array, full, arange, numbers};
