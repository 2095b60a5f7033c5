// @ts-check
// The tape as a table, for those who read rather than look.
import { array, main, state } from "./state.js";
import { byId, el } from "./dom.js";
import { arrived, past } from "./history.js";

const MOST = 500; // rows

export function update() {
  const home = byId("table");
  home.hidden = !state.table;
  byId("graph").classList.toggle("as-table", state.table);
  if (!state.table) return;
  const tape = main(), { made } = past(tape), now = tape.steps[state.step].node;
  const first = Math.max(0, Math.min(now - MOST / 2, tape.nodes.length - MOST));
  /** @param {number} id */
  const text = (id) => {
    const a = array(tape, id);
    return a.text ? a.text.map((row) => row.join(" ")).join("; ") : (a.notes ?? []).join(" · ");
  };
  const rows = tape.nodes.slice(first, first + MOST).map((node, k) => {
    const i = first + k, sum = arrived(tape, i, state.step).at(-1);
    return el("tr", i === now ? { class: "now", "aria-current": "true" } : {},
      el("td", {}, String(i)), el("th", { scope: "row" }, node.name), el("td", {}, node.op), el("td", {}, node.formula ?? ""), el("td", {}, node.shape),
      el("td", {}, made[i] <= state.step ? text(node.value) : "·"),
      el("td", {}, node.gradient === undefined ? "" : sum ? text(sum[1]) : "·"));
  });
  const heads = ["#", "name", "operation", "formula", "shape", "value", `∂${tape.symbol}/∂`];
  home.replaceChildren(el("table", {}, el("caption", {}, rows.length < tape.nodes.length ? `Tensors ${first} to ${first + rows.length - 1} of ${tape.nodes.length}` : "The tape"),
    el("thead", {}, el("tr", {}, ...heads.map((h) => el("th", { scope: "col" }, h)))), el("tbody", {}, ...rows)));
}
