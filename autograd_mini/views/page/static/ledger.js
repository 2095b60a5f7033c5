// @ts-check
// The ledger of a gradient: its contributions so far, and their sum. Also the values saved for it.
import {arrived} from "./state.js";
import {el, scrolling, titleCell} from "./dom.js";
import {origin, tapeCells} from "./entries.js";
import {formulaLines, nameOf} from "./formulas.js";
import {named} from "./names.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").Step} Step */
/** @typedef {import("./dom.js").Part} Part */

const MOST_LINES = 5;

/** @param {Tape} tape @param {number} node */
export function ledger(tape, node) {
  const {nodes, steps, symbol} = tape;
  const {name} = nodes[node];
  const sums = arrived(tape, node);
  const earlier = Math.max(0, sums.length - MOST_LINES);
  const lines = sums.slice(earlier).map(({step, contribution}, nth) => {
    if (!contribution) return null;
    const {argument, value} = contribution;
    const of = origin(tape, "part", node, step, argument);
    const title = el("span", "from ", el("b", nodes[steps[step].node].op));
    const sign = nth || earlier ? "+" : "";
    return ledgerLine("tr", sign, title, tapeCells(tape, value, {of}));
  });
  if (earlier) lines.unshift(ledgerLine("tr", "", `${earlier} earlier contributions`));
  const last = sums.at(-1);
  if (last) {
    const how = {of: origin(tape, "gradient", node), mark: ".lit.back"};
    const sum = tapeCells(tape, last.total, how);
    lines.push(ledgerLine("tr.total", "=", named(`∂${symbol}/∂${name}`), sum));
  }
  const {open = 0, why = ""} = last?.contribution ?? {};
  return scrolling(
    "div.ledger",
    `gradient of ${name}`,
    el("table", lines),
    el(open ? "p.open" : "p", named(why))
  );
}

/** @param {string} kind @param {string} sign @param {Part|Part[]} title @param {Part} [numbers] */
const ledgerLine = (kind, sign, title, numbers) =>
  el(kind, el("td", sign), titleCell("row", title), el("td", numbers));

/** The values that the rules of a forward step use later. @param {Step} step @returns {Part[]} */
export function saved({locals, saved: names}) {
  if (!locals) return [el("p", "No gradient flows through this node.")];
  return [
    names ? el("p", "Values: ", nameOf(names)) : el("p", "No values: the rule needs only shapes."),
    el("p", "Used in the backward pass:"),
    ...locals.map(formulaLines)
  ];
}
