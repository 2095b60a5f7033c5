// @ts-check
// A card: one operation and its output, value and gradient as far as they are known.
import { array } from "./state.js";
import { cells } from "./arrays.js";
import { el } from "./dom.js";
import { past } from "./history.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").Place} Place */

/** @param {Place} place @param {number} node */
export const holds = (place, node) =>
  place.node === node || Boolean(place.runs?.some(([first, last]) => first <= node && node <= last));

/** How a card stands at a step.
 * @param {Tape} tape @param {Place} place @param {number} step */
export function standing(tape, place, step) {
  const { made, sums } = past(tape), doing = tape.steps[step];
  const sum = sums[place.node].filter(([i]) => i <= step).at(-1);
  const receives = Boolean(doing.gives?.some((gift) => holds(place, gift.to)));
  return {
    known: made[place.node] <= step,
    sum: sum?.[1] ?? -1,
    now: !place.outside && holds(place, doing.node),
    receives,
    adds: receives && sums[place.node].filter(([i]) => i <= step).length > 1,
    phase: doing.phase,
  };
}

/** @param {Tape} tape @param {Place} place @param {ReturnType<typeof standing>} at @returns {HTMLElement[]} */
export function body(tape, place, at) {
  const node = tape.nodes[place.node];
  const folded = Boolean(place.title);
  const head = el("div", { class: "head" },
    el("b", { class: "op" }, folded ? `► ${place.title}` : node.op),
    el("i", { class: "name" }, node.name),
    el("small", {}, folded ? `${place.count} tensors` : node.shape));
  const value = block("value", "value", array(tape, node.value), !at.known, at.now && at.phase === "forward" ? "lit" : "");
  if (node.gradient === undefined) return [head, el("div", { class: "blocks" }, value)];
  const final = array(tape, node.gradient);
  const sum = at.sum < 0 ? final : array(tape, at.sum);
  const lit = at.receives || (at.now && at.phase === "seed") ? "lit back" : "";
  const gradient = block("gradient", `∂${tape.symbol}/∂${node.name}`, sum, at.sum < 0, lit);
  if (at.adds) gradient.firstElementChild?.append(el("span", { class: "plus" }, "+="));
  const beside = (final.tint[0] ?? "").length <= 2;
  return [head, el("div", { class: beside ? "blocks beside" : "blocks" }, value, gradient)];
}

/** @param {string} kind @param {string} title @param {import("./types.js").Written} a @param {boolean} hidden @param {string} mark */
function block(kind, title, a, hidden, mark) {
  return el("div", { class: `block ${kind}` }, el("div", { class: "title" }, title), cells(a, { hidden, mark }));
}

/** What a screen reader says of a card.
 * @param {Tape} tape @param {Place} place @param {ReturnType<typeof standing>} at */
export function label(tape, place, at) {
  const node = tape.nodes[place.node];
  /** @param {number} id */
  const said = (id) => {
    const a = array(tape, id);
    return a.text ? a.text.flat().join(", ") : (a.notes ?? []).join(", ");
  };
  const parts = [place.title ? `${place.title}, ${place.count} tensors, ${node.name}` : `${node.name}, ${node.op}, shape ${node.shape}`];
  parts.push(at.known ? `value ${said(node.value)}` : "not computed yet");
  if (node.gradient !== undefined) parts.push(at.sum < 0 ? "no gradient yet" : `gradient ${said(at.sum)}`);
  return parts.join("; ");
}
