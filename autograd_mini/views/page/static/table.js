// @ts-check
// The tape as a table.
import { array, arrived, mainTape, state } from "./state.js";
import { spoken } from "./arrays.js";
import { byId, el, mark, titleCell, titledTable } from "./dom.js";
import { named } from "./names.js";
/** @typedef {import("./types.js").Tape} Tape */

const MOST_ROWS = 500;

export function updateTable() {
  const home = byId("table");
  home.hidden = !state.table;
  mark(byId("graph"), { "as-table": state.table });
  if (state.table) home.replaceChildren(...tableOf(mainTape()));
}

/** The rows around the current step, below a caption. @param {Tape} tape */
function tableOf(tape) {
  const { nodes, steps, symbol } = tape;
  const now = steps[state.step].node;
  const latest = Math.max(0, nodes.length - MOST_ROWS);
  const first = Math.min(Math.max(0, now - MOST_ROWS / 2), latest);
  const shown = nodes.slice(first, first + MOST_ROWS);
  const rows = shown.map((_, i) => rowOf(tape, first + i, first + i === now));
  const some = `Tensors ${first} to ${first + rows.length - 1} of ${nodes.length}`;
  const titles = "#,name,operation,formula,shape,value".split(",");
  return [
    el("p.faint", latest ? some : "The tape"),
    titledTable("table", [...titles, `∂${symbol}/∂`], rows),
  ];
}

/** @param {Tape} tape @param {number} i @param {boolean} isNow */
function rowOf(tape, i, isNow) {
  const { name, op, formula = "", shape, value, gradient } = tape.nodes[i];
  const sum = arrived(tape, i).at(-1);
  const known = tape.made[i] <= state.step;
  const values = known ? spoken(array(tape, value)) : "·";
  const reached = sum ? spoken(array(tape, sum.total)) : "·";
  const texts = [op, formula, shape, values, gradient === undefined ? "" : reached];
  return el(
    isNow ? "tr.now" : "tr",
    { "aria-current": isNow },
    el("td", String(i)),
    titleCell("row", named(name)),
    texts.map((text) => el("td", named(text))),
  );
}
