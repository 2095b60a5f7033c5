// @ts-check
// The ledger of a gradient: its contributions so far, and their sum. Also the values saved for it.
import { array, arrived } from "./state.js";
import { cells } from "./arrays.js";
import { el, scrolling } from "./dom.js";
import { formulaLines } from "./formulas.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").Step} Step */
/** @typedef {import("./types.js").Sum} Sum */
/** @typedef {import("./dom.js").Part} Part */

const MOST_LINES = 5;

/** @param {Tape} tape @param {number} node */
export function ledger(tape, node) {
  const { name } = tape.nodes[node];
  const sums = arrived(tape, node);
  const earlier = Math.max(0, sums.length - MOST_LINES);
  const last = sums.at(-1);
  const lines = sums
    .slice(-MOST_LINES)
    .map((sum, nth) => ledgerLine(tape, sum, nth > 0 || earlier > 0));
  const body = el(
    "tbody",
    earlier > 0 && earlierLine(earlier),
    lines,
    last && totalLine(tape, name, last.total),
  );
  const { open = 0, why = "" } = last?.contribution ?? {};
  return scrolling(
    "div.ledger",
    `gradient of ${name}`,
    el("table", body),
    el(open ? "p.open" : "p", why),
  );
}

/** @param {number} count */
const earlierLine = (count) =>
  el(
    "tr",
    el("td"),
    el("th", { colspan: 2, scope: "row" }, `${count} earlier contributions`),
  );

/** @param {Tape} tape @param {Sum} sum @param {boolean} adds @returns {Part} */
function ledgerLine(tape, { step, contribution }, adds) {
  if (!contribution) return null;
  const { op } = tape.nodes[tape.steps[step].node];
  return el(
    "tr",
    el("td", adds ? "+" : ""),
    el("th", { scope: "row" }, "from ", el("b", op)),
    el("td", cells(array(tape, contribution.value))),
  );
}

/** @param {Tape} tape @param {string} name @param {number} total */
const totalLine = (tape, name, total) =>
  el(
    "tr.total",
    el("td", "="),
    el("th", { scope: "row" }, `∂${tape.symbol}/∂${name}`),
    el("td", cells(array(tape, total), { mark: ".lit.back" })),
  );

/** The values that the rules of a forward step use later. @param {Step} step @returns {Part[]} */
export function saved({ locals, saved: names }) {
  if (!locals) return [el("p", "No gradient flows through this node.")];
  return [
    names
      ? el("p", "Values: ", el("i", names))
      : el("p", "No values: the rule needs only shapes."),
    el("p", "Used in the backward pass:"),
    ...locals.map(formulaLines),
  ];
}
