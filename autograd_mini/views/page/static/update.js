// @ts-check
// The update of a training step: each parameter, its gradient, and the parameter afterwards.
import { data, state } from "./state.js";
import { cells } from "./arrays.js";
import { el } from "./dom.js";
import { gradientFigure, nameOf, valueFigure } from "./formulas.js";
import { formatArray } from "./format.js";
import { nd } from "./nd.js";
import { sign } from "./numbers.js";
import { sgd, updated } from "./sgd.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").ArrayData} ArrayData */

const MOST_UPDATES = 4; // parameters with their numbers

/**
 * A parameter after the update: in a recorded run, that of the next frame. Null if it is unknown.
 * @param {Tape} tape @param {number} node @returns {ArrayData|null}
 */
export function afterUpdate(tape, node) {
  const { shape, value } = tape.nodes[node];
  if (data.training?.why) return null;
  if (data.training?.losses) {
    const [first, next] = [tape.pools[0], tape.pools[state.variant + 1]];
    return next && /** @type {any} */ (next[value] ?? first[value]);
  }
  const next = updated(node);
  return { shape, ...formatArray(nd.numbers(next), next.shape, next.dtype) };
}

/** The update with its numbers, for the first parameters. @param {Tape} tape @param {number[]} nodes */
export const updateNumbers = (tape, nodes) =>
  nodes.slice(0, MOST_UPDATES).map((node) => updateOf(tape, node));

/** The old value, the gradient and the new value. @param {Tape} tape @param {number} node */
function updateOf(tape, node) {
  const { name } = tape.nodes[node];
  const next = afterUpdate(tape, node);
  const { losses, rate } = data.training ?? {};
  const factor = losses ? rate : sgd.rate;
  return el(
    "div.sum.gift",
    valueFigure(tape, node, {}, "old "),
    sign(factor ? `− ${factor} ×` : ","),
    gradientFigure(tape, node, "gradient", { mark: ".back" }),
    sign(factor ? "=" : "→"),
    next &&
      el(
        "figure.update",
        el("figcaption", "new ", nameOf(name)),
        cells(next, { label: `new ${name}`, mark: ".lit" }),
      ),
  );
}
