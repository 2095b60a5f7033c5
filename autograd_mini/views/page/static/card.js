// @ts-check
// A card: one operation, its value, and the gradient so far.
import { array, arrived, state, stepOf } from "./state.js";
import { cells, spoken } from "./arrays.js";
import { editor } from "./edit.js";
import { el } from "./dom.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").Place} Place */
/** @typedef {import("./types.js").ArrayData} ArrayData */
/** @typedef {ReturnType<typeof cardState>} CardState */

const USUAL = 7; // characters of a number for which each card has room

/** Whether a card shows a node, or contains it. @param {Place} place @param {number} node */
export const holds = (place, node) =>
  place.node === node ||
  Boolean(place.runs?.some(([first, last]) => first <= node && node <= last));

/** The state of a card at this step. @param {Tape} tape @param {Place} place */
export function cardState(tape, place) {
  const step = stepOf(tape);
  const { phase, node, gives } = tape.steps[step];
  const sums = arrived(tape, place.node, step);
  const receives = Boolean(gives?.some(({ to }) => holds(place, to)));
  return {
    known: tape.made[place.node] <= step,
    sum: sums.at(-1)?.total ?? -1, // the gradient so far; -1 if none has arrived
    now: !place.outside && holds(place, node),
    receives,
    adds: receives && sums.length > 1,
    phase,
  };
}

/** @param {Tape} tape @param {Place} place @param {CardState} at */
export function cardBody(tape, place, at) {
  const { op, name, shape, value, gradient } = tape.nodes[place.node];
  const head = el(
    "div.head",
    el("b.op", place.title ? `► ${place.title}` : op),
    el("i.name", name),
    el("small", place.count ? `${place.count} tensors` : shape),
  );
  const values = array(tape, value);
  const lit = at.now && at.phase === "forward" ? ".lit" : "";
  const each = editor(tape, value, { focus: false }); // in the card below, keys reach the cells
  const blocks = [block("value", "value", values, !at.known, lit, each)];
  if (gradient !== undefined)
    blocks.push(gradientBlock(tape, name, gradient, at));
  const wide = (values.tint[0] ?? "").length > 2;
  return [head, el(wide ? "div.blocks" : "div.blocks.across", blocks)];
}

/** @param {Tape} tape @param {string} name @param {number} gradient @param {CardState} at */
function gradientBlock(tape, name, gradient, at) {
  const reached = at.sum >= 0;
  const lit = at.receives || (at.now && at.phase === "seed") ? ".lit.back" : "";
  const numbers = array(tape, reached ? at.sum : gradient);
  const made = block(
    "gradient",
    `∂${tape.symbol}/∂${name}`,
    numbers,
    !reached,
    lit,
  );
  if (at.adds) made.firstElementChild?.append(el("span.plus", "+="));
  return made;
}

/** Whether Python may have left too little room for the numbers. @param {ArrayData} a */
const isLong = ({ text }) =>
  state.runs > 1 && text?.flat().some(({ length }) => length > USUAL);

/**
 * @param {string} kind @param {string} title @param {ArrayData} a @param {boolean} hidden
 * @param {string} mark @param {ReturnType<typeof editor>} [each]
 */
const block = (kind, title, a, hidden, mark, each) =>
  el(
    `div.block.${kind}`,
    el("div.title", title),
    cells(a, { hidden, mark: `${mark}${isLong(a) ? ".long" : ""}`, each }),
  );

/**
 * A card in words, for a screen reader.
 * @param {Tape} tape @param {Place} place @param {CardState} at
 */
export function cardLabel(tape, place, at) {
  const { op, name, shape, value, gradient } = tape.nodes[place.node];
  const { title, count } = place;
  const words = [
    title
      ? `${title}, ${count} tensors, ${name}`
      : `${name}, ${op}, shape ${shape}`,
  ];
  words.push(
    at.known ? `value ${spoken(array(tape, value))}` : "not computed yet",
  );
  if (gradient !== undefined) {
    words.push(
      at.sum < 0
        ? "no gradient yet"
        : `gradient ${spoken(array(tape, at.sum))}`,
    );
  }
  return words.join("; ");
}
