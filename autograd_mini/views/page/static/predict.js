// @ts-check
// Run the forward part of the tape's program on other points than the examples.
import {inRows} from "./format.js";
import {nd} from "../../../compiler/source/runtime/nd.js";
import {programs} from "./programs.js";
import {leavesNow} from "./train.js";
/** @typedef {import("./types.js").Picture} Picture */

/** The numbers of an argument of the program. @param {number} argument */
export const source = argument => Array.from(nd.numbers(leavesNow()[argument]));

/**
 * Predict for points, in batches of as many as the tape has examples: its program may only hold for
 * that many. The last batch is filled up with zeros.
 * @param {Picture} picture @param {number[][]} points
 * @returns {number[][]} for each point the probability of each class, or the value of the curve
 */
export function predict({x, inputs, program}, points) {
  const leaves = leavesNow();
  const {shape, dtype} = leaves[x];
  /** @type {number[][]} */
  const found = [];
  for (let first = 0; first < points.length; first += shape[0]) {
    const batch = points.slice(first, first + shape[0]);
    const filled = nd.full(shape, 0, dtype);
    nd.numbers(filled).set(batch.flat());
    const args = inputs.map(i => (i === x ? filled : leaves[i]));
    const values = Array.from(nd.numbers(programs[program](args)[0]));
    const rows = inRows(values, values.length / shape[0]);
    found.push(...rows.slice(0, batch.length));
  }
  return found;
}
