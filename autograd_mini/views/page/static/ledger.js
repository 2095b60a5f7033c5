// @ts-check
// The ledger of a gradient: its contributions so far, and their sum. Also the values saved for it.
import { arrived } from "./state.js";
import { el, scrolling } from "./dom.js";
import { origin, tapeCells } from "./entries.js";
import { formulaLines, nameOf } from "./formulas.js";
import { named } from "./names.js";
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
    .map((sum, nth) => ledgerLine(tape, node, sum, nth > 0 || earlier > 0));
  const body = el(
    "tbody",
    earlier > 0 && earlierLine(earlier),
    lines,
    last && totalLine(tape, node, last.total),
  );
  const { open = 0, why = "" } = last?.contribution ?? {};
  return scrolling(
    "div.ledger",
    `gradient of ${name}`,
    el("table", body),
    el(open ? "p.open" : "p", named(why)),
  );
}

/** @param {number} count */
const earlierLine = (count) =>
  el(
    "tr",
    el("td"),
    el("th", { colspan: 2, scope: "row" }, `${count} earlier contributions`),
  );

/** @param {Tape} tape @param {number} node @param {Sum} sum @param {boolean} adds @returns {Part} */
function ledgerLine(tape, node, { step, contribution }, adds) {
  if (!contribution) return null;
  const { op } = tape.nodes[tape.steps[step].node];
  return el(
    "tr",
    el("td", adds ? "+" : ""),
    el("th", { scope: "row" }, "from ", el("b", op)),
    el(
      "td",
      tapeCells(tape, contribution.value, {
        of: origin(tape, "part", node, step, contribution.argument),
      }),
    ),
  );
}

/** @param {Tape} tape @param {number} node @param {number} total */
const totalLine = (tape, node, total) =>
  el(
    "tr.total",
    el("td", "="),
    el(
      "th",
      { scope: "row" },
      named(`∂${tape.symbol}/∂${tape.nodes[node].name}`),
    ),
    el(
      "td",
      tapeCells(tape, total, {
        of: origin(tape, "gradient", node),
        mark: ".lit.back",
      }),
    ),
  );

/** The values that the rules of a forward step use later. @param {Step} step @returns {Part[]} */
export function saved({ locals, saved: names }) {
  if (!locals) return [el("p", "No gradient flows through this node.")];
  return [
    names
      ? el("p", "Values: ", nameOf(names))
      : el("p", "No values: the rule needs only shapes."),
    el("p", "Used in the backward pass:"),
    ...locals.map(formulaLines),
  ];
}
