// @ts-check
// The programs of the tapes. Python writes them here (views/page/bundle.py).
/** @typedef {import("../../../compiler/source/runtime/nd_arrays.js").NdArray} NdArray */

/** Those of the tapes yield two lists of arrays, others return one. @type {((leaves: NdArray[]) => any)[]} */
export const programs = [];
