// @ts-check
// The inside of a folded card: what a step does there, and parameters with gradient norms.
import {array, arrived, parseNumber, stepOf} from "./state.js";
import {el} from "./dom.js";
import {named} from "./names.js";
import {short} from "./plot.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").Place} Place */
/** @typedef {ReturnType<typeof chipsOf>} Chips */

/** The norm of an array, from its numbers, its texts or its notes. @param {Tape} tape @param {number} id */
function normOf(tape, id) {
  const numbers = tape.numbers?.(tape, id) ?? parsed(array(tape, id));
  if (typeof numbers === "string") return numbers;
  const norm = [...numbers].reduce((a, b) => Math.hypot(a, b), 0);
  return short(norm).replace("Infinity", "inf");
}

/** The numbers of an array, or the norm in its notes. @param {import("./types.js").ArrayData} a */
const parsed = ({text, notes}) =>
  text && text[0][0] !== "…"
    ? text.flat().map(parseNumber)
    : (`${notes}`.match(/norm ([^,\s]+)/)?.[1] ?? "…");

/** Parameters inside a folded card at this step. @param {Tape} tape @param {Place} place */
export function chipsOf(tape, {chips = []}) {
  const {gives = []} = tape.steps[stepOf(tape)];
  return chips.map(node => {
    const sums = arrived(tape, node);
    const last = sums.at(-1);
    const receives = gives.some(({to}) => to === node);
    const norm = last ? normOf(tape, last.total) : "·";
    return {node, norm, receives, adds: receives && sums.length > 1};
  });
}

/** What the step does to a tensor inside. @param {Tape} tape @param {(node: number) => boolean} isInside */
export function doingInside(tape, isInside) {
  const {phase, node, gives = []} = tape.steps[stepOf(tape)];
  const {nodes, symbol} = tape;
  if (phase === "forward") return isInside(node) ? `${nodes[node].op} · ${nodes[node].name}` : "";
  const to = gives.find(given => isInside(given.to))?.to;
  if (to === undefined) return "";
  return `∂${symbol}/∂${nodes[to].name}${arrived(tape, to).length > 1 ? " +=" : ""}`;
}

/** @param {Tape} tape @param {Place} place @param {Chips} chips @param {string} doing */
export const insideOf = (tape, {more = 0}, chips, doing) =>
  el(
    "div.inside",
    el("div.doing-inside", named(doing)),
    chips.map(({node, norm, receives, adds}) =>
      el(
        receives ? "span.chip.lit.back" : "span.chip",
        el("i", named(tape.nodes[node].name)),
        adds ? " += " : " ",
        norm
      )
    ),
    more > 0 && el("span", `and ${more} more`)
  );
