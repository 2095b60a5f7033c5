// @ts-check
// A card: one operation, its value, and the gradient so far.
import {array, arrived, outline, stepOf} from "./state.js";
import {cells, spoken} from "./arrays.js";
import {chipsOf, doingInside, insideOf} from "./chips.js";
import {el} from "./dom.js";
import {origin, tapeCells} from "./entries.js";
import {named} from "./names.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").Place} Place */
/** @typedef {ReturnType<typeof cardState>} CardState */

/** Whether a card shows a node, or contains it. @param {Place} place @param {number} node */
export const holds = (place, node) =>
  place.node === node ||
  Boolean(place.runs?.some(([first, last]) => first <= node && node <= last));

/** The state of a card at this step. @param {Tape} tape @param {Place} place */
export function cardState(tape, place) {
  const step = stepOf(tape);
  const {phase, node, gives, leaves = [node], updates = leaves} = tape.steps[step];
  const sums = arrived(tape, place.node);
  const receives = Boolean(gives?.some(({to}) => holds(place, to)));
  const isOver = phase === "update" || phase === "end";
  const isTarget = Boolean(gives?.some(({to}) => to === place.node));
  return {
    known: tape.made[place.node] <= step,
    sum: sums.at(-1)?.total ?? -1, // the gradient so far; -1 if none has arrived
    now: !place.outside && updates.some(updated => holds(place, updated)),
    receives,
    isNode: !place.outside && node === place.node, // rather than another tensor inside
    isTarget,
    adds: isTarget && sums.length > 1,
    chips: chipsOf(tape, place),
    doing: place.runs ? doingInside(tape, inside => holds(place, inside)) : "",
    phase,
    next: isOver && tape.nodes[place.node].trained ? tape.updated?.(tape, place.node) : null
  };
}

/**
 * @param {Tape} tape @param {Place} place @param {CardState} at
 * @param {number} [most] rows and columns of the largest matrix that is shown as numbers
 */
export function cardBody(tape, place, at, most = Infinity) {
  const {op, name, head, shape, value, gradient, trained} = tape.nodes[place.node];
  const header = el(
    "div.head",
    el("b.op", place.title ? `► ${place.title}` : op),
    el("i.name", named(name)),
    el("small", (place.count ?? 1) > 1 ? `${place.count} tensors` : shape)
  );
  const {isNode, known, next, phase, sum} = at;
  const isLit = at.isTarget || (isNode && phase === "seed");
  /** @param {"value"|"gradient"} kind @param {number} id @param {boolean} hidden @param {string} lit */
  const numbers = (kind, id, hidden, lit) =>
    tapeCells(tape, id, {of: origin(tape, kind, place.node), hidden, mark: lit, most});
  const lit = isNode && phase === "forward" ? ".lit" : "";
  const litBack = isLit ? ".lit.back" : "";
  const wide = (outline(tape, value).tint[0] ?? "").length > 2;
  return [
    header,
    place.runs && insideOf(tape, place, at.chips, at.doing),
    el(
      wide ? "div.blocks" : "div.blocks.across",
      block("value", ["value"], numbers("value", value, !known, lit)),
      gradient !== undefined &&
        block(
          "gradient",
          [...named(head ?? `∂${tape.symbol}/∂${name}`), at.adds && el("span.plus", "+=")],
          numbers("gradient", sum < 0 ? gradient : sum, sum < 0, litBack)
        ),
      trained &&
        block(
          "update",
          ["new"],
          cells(next ?? array(tape, value), {
            hidden: !next,
            mark: phase === "update" && next ? ".lit" : "",
            most
          })
        )
    )
  ].filter(part => part instanceof Node);
}

/** @param {string} kind @param {import("./dom.js").Part[]} title @param {Node} numbers */
const block = (kind, title, numbers) => el(`div.block.${kind}`, el("div.title", title), numbers);

/**
 * A card in words, for a screen reader.
 * @param {Tape} tape @param {Place} place @param {CardState} at
 */
export function cardLabel(tape, place, at) {
  const {op, name, shape, value, gradient} = tape.nodes[place.node];
  const {title, count} = place;
  const reached = at.sum < 0 ? "no gradient yet" : `gradient ${spoken(array(tape, at.sum))}`;
  const words = [
    title
      ? `${title}, ${(count ?? 1) > 1 ? `${count} tensors` : op}, ${name}`
      : `${name}, ${op}, shape ${shape}`,
    at.known ? `value ${spoken(array(tape, value))}` : "not computed yet",
    ...(gradient === undefined ? [] : [reached]),
    ...at.chips.map(({node, norm}) => `${tape.nodes[node].name} gradient norm ${norm}`)
  ];
  return words.join("; ");
}
