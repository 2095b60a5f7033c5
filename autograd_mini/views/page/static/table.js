// @ts-check
// The tape as a table, for those who read rather than look.
import { array, arrived, main, state } from "./state.js";
import { spoken } from "./arrays.js";
import { byId, el, mark } from "./dom.js";

const ROWS = 500; // at once

export function updateTable() {
  const home = byId("table"), tape = main(), { nodes, steps } = tape, now = steps[state.step].node;
  home.hidden = !state.table;
  mark(byId("graph"), { "as-table": state.table });
  if (!state.table) return;
  const first = Math.max(0, Math.min(now - ROWS / 2, nodes.length - ROWS));
  const rows = nodes.slice(first, first + ROWS).map(({ name, op, formula = "", shape, value, gradient }, k) => {
    const i = first + k, sum = arrived(tape, i).at(-1);
    return el(i === now ? "tr.now" : "tr", { "aria-current": i === now },
      el("td", String(i)), el("th", { scope: "row" }, name), [
        op, formula, shape, tape.made[i] <= state.step ? spoken(array(tape, value)) : "·",
        gradient === undefined ? "" : sum ? spoken(array(tape, sum.total)) : "·",
      ].map((text) => el("td", text)));
  });
  const caption = rows.length < nodes.length ? `Tensors ${first} to ${first + rows.length - 1} of ${nodes.length}` : "The tape";
  home.replaceChildren(el("table", el("caption", caption), el("thead", el("tr",
    ["#", "name", "operation", "formula", "shape", "value", `∂${tape.symbol}/∂`].map((title) => el("th", { scope: "col" }, title)))), el("tbody", rows)));
}
