// @ts-check
// A card: one operation and its output, value and gradient as far as they are known.
import { array, arrived, stepOf } from "./state.js";
import { cells, spoken } from "./arrays.js";
import { el } from "./dom.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").Place} Place */

/** @param {Place} place @param {number} node */
export const holds = (place, node) =>
  place.node === node || Boolean(place.runs?.some(([first, last]) => first <= node && node <= last));

/** How a card stands at this step. @param {Tape} tape @param {Place} place */
export function standing(tape, place) {
  const now = stepOf(tape), { phase, node, gives } = tape.steps[now];
  const sums = arrived(tape, place.node, now), receives = Boolean(gives?.some(({ to }) => holds(place, to)));
  return {
    known: tape.made[place.node] <= now,
    sum: sums.at(-1)?.total ?? -1,
    now: !place.outside && holds(place, node),
    receives,
    adds: receives && sums.length > 1,
    phase,
  };
}

/** @param {Tape} tape @param {Place} place @param {ReturnType<typeof standing>} at */
export function body(tape, place, at) {
  const { op, name, shape, value, gradient } = tape.nodes[place.node];
  const head = el("div.head", el("b.op", place.title ? `► ${place.title}` : op), el("i.name", name),
    el("small", place.count ? `${place.count} tensors` : shape));
  const blocks = [block("value", "value", array(tape, value), !at.known, at.now && at.phase === "forward" ? ".lit" : "")];
  if (gradient !== undefined) {
    const lit = at.receives || (at.now && at.phase === "seed") ? ".lit.back" : "";
    blocks.push(block("gradient", `∂${tape.symbol}/∂${name}`, array(tape, at.sum < 0 ? gradient : at.sum), at.sum < 0, lit));
    if (at.adds) blocks[1].firstElementChild?.append(el("span.plus", "+="));
  }
  return [head, el((array(tape, value).tint[0] ?? "").length > 2 ? "div.blocks" : "div.blocks.beside", blocks)];
}

/** @param {string} kind @param {string} title @param {import("./types.js").Written} a @param {boolean} hidden @param {string} mark */
const block = (kind, title, a, hidden, mark) => el(`div.block.${kind}`, el("div.title", title), cells(a, { hidden, mark }));

/** What a screen reader says of a card. @param {Tape} tape @param {Place} place @param {ReturnType<typeof standing>} at */
export function label(tape, place, at) {
  const { op, name, shape, value, gradient } = tape.nodes[place.node];
  return [
    place.title ? `${place.title}, ${place.count} tensors, ${name}` : `${name}, ${op}, shape ${shape}`,
    at.known ? `value ${spoken(array(tape, value))}` : "not computed yet",
    gradient === undefined ? [] : at.sum < 0 ? "no gradient yet" : `gradient ${spoken(array(tape, at.sum))}`,
  ].flat().join("; ");
}
