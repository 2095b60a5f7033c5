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
export function predict({x, inputs, program, scale}, points) {
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
    batch.forEach((_, i) => found.push(scaled(rows[i], scale)));
  }
  return found;
}

/** A prediction as probabilities, or as it is. @param {number[]} z @param {Picture["scale"]} scale */
function scaled(z, scale) {
  if (scale === "softmax") {
    const most = Math.max(...z);
    const powers = z.map(value => Math.exp(value - most));
    const sum = powers.reduce((a, b) => a + b);
    return powers.map(power => power / sum);
  }
  if (scale === "sigmoid") return both(1 / (1 + Math.exp(-z[0])));
  if (!scale || z.length > 1) return z;
  const [low, high] = scale;
  return both(Math.min(1, Math.max(0, (z[0] - low) / (high - low))));
}

/** The probabilities of class 0 and class 1. @param {number} p */
const both = p => [1 - p, p];
