// @ts-check
// The tape as a table.
import { array, arrived, mainTape, state } from "./state.js";
import { spoken } from "./arrays.js";
import { byId, el, mark } from "./dom.js";
import { named } from "./names.js";
/** @typedef {import("./types.js").Tape} Tape */

const MOST_ROWS = 500;

export function updateTable() {
  const home = byId("table");
  home.hidden = !state.table;
  mark(byId("graph"), { "as-table": state.table });
  if (state.table) home.replaceChildren(table(mainTape()));
}

/** A table of the rows around the current step. @param {Tape} tape */
function table(tape) {
  const { nodes, steps, symbol } = tape;
  const now = steps[state.step].node;
  const first = Math.max(
    0,
    Math.min(now - MOST_ROWS / 2, nodes.length - MOST_ROWS),
  );
  const rows = nodes
    .slice(first, first + MOST_ROWS)
    .map((_, k) => row(tape, first + k, now));
  const all = rows.length === nodes.length;
  const some = `Tensors ${first} to ${first + rows.length - 1} of ${nodes.length}`;
  const titles = [
    "#",
    "name",
    "operation",
    "formula",
    "shape",
    "value",
    `∂${symbol}/∂`,
  ];
  return el(
    "table",
    el("caption", all ? "The tape" : some),
    el(
      "thead",
      el(
        "tr",
        titles.map((title) => el("th", { scope: "col" }, title)),
      ),
    ),
    el("tbody", rows),
  );
}

/** @param {Tape} tape @param {number} i @param {number} now */
function row(tape, i, now) {
  const { name, op, formula = "", shape, value, gradient } = tape.nodes[i];
  const sum = arrived(tape, i).at(-1);
  const known = tape.made[i] <= state.step;
  const values = known ? spoken(array(tape, value)) : "·";
  const gradients = sum ? spoken(array(tape, sum.total)) : "·";
  const texts = [
    op,
    formula,
    shape,
    values,
    gradient === undefined ? "" : gradients,
  ];
  return el(
    i === now ? "tr.now" : "tr",
    { "aria-current": i === now },
    el("td", String(i)),
    el("th", { scope: "row" }, named(name)),
    texts.map((text) => el("td", named(text))),
  );
}
