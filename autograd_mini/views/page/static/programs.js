// @ts-check
// The programs of the tapes. Python writes them here (views/page/bundle.py).
/** @typedef {import("../../../compiler/source/runtime/nd_arrays.js").NdArray} NdArray */

/** @type {((leaves: NdArray[]) => NdArray[])[]} */
export const programs = [];
