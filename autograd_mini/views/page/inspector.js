// @ts-check
// The three cards below the graph: what happens, the numbers of it, and where they are added up.
import { array, line, main, state, way } from "./state.js";
import { cells } from "./arrays.js";
import { byId, el } from "./dom.js";
import { arrived } from "./history.js";
import { formula } from "./math.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").Step} Step */
/** @typedef {import("./types.js").Gift} Gift */
/** @typedef {import("./dom.js").Child} Child */

const MOST = 5; // lines of a ledger

/** @param {Tape} tape @param {number} id @param {Child} over @param {string} mark @param {string} said */
function labelled(tape, id, over, mark = "", said = "") {
  return el("figure", {}, el("figcaption", {}, over), cells(array(tape, id), { mark, label: said }));
}

/** @param {string} text */
const sign = (text) => el("span", { class: "sign" }, text);

/** @param {Tape} tape @param {number} node */
function derivative(tape, node) {
  /** @param {number} i */
  const tex = (i) => tape.nodes[i].tex ?? tape.nodes[i].name;
  return formula(`\\frac{\\partial ${tex(tape.nodes.length - 1)}}{\\partial ${tex(node)}}`);
}

/** @param {Tape} tape @param {Step} step @returns {Child[]} */
function what(tape, step) {
  const node = tape.nodes[step.node], back = step.phase !== "forward";
  const entries = step.gives ? step.gives.map((gift) => gift.entry) : [step.entry];
  return [
    el("p", { class: "doing" }, el("strong", {}, step.phase === "seed" ? "seed" : node.op),
      el("span", { class: back ? "badge back" : "badge" }, `${back ? "backward" : "forward"} · ${way(tape, step)}`)),
    el("p", {}, step.say),
    ...(step.gives?.map((gift) => gift.tex) ?? [step.tex ?? ""]).map((tex) => el("div", { class: "math", tabindex: "0", role: "group", "aria-label": "formula" }, formula(tex))),
    ...entries.map((id) => (id === undefined ? "" : line(tape, id))).filter(Boolean).map((text) => el("p", { class: "entry" }, text)),
  ];
}

/** @param {Tape} tape @param {Step} step @returns {Child[]} */
function forwardNumbers(tape, step) {
  const { op, inputs = [] } = tape.nodes[step.node];
  const parts = (step.operands ?? inputs.map((i, nth) => ({ sign: nth ? "," : op, node: i, array: undefined }))).flatMap((operand) => {
    const node = operand.node === undefined ? null : tape.nodes[operand.node];
    const id = node?.value ?? operand.array ?? 0;
    return [operand.sign && sign(operand.sign), labelled(tape, id, el("i", {}, node?.name ?? "constant"), "", node?.name ?? "constant")];
  });
  const node = tape.nodes[step.node];
  return [el("div", { class: "sum" }, ...parts, sign("="), labelled(tape, node.value, el("i", {}, node.name), "lit", node.name))];
}

/** @param {Tape} tape @param {Step} step @param {Gift} gift */
function product(tape, step, gift) {
  const from = tape.nodes[step.node], to = tape.nodes[gift.to];
  const upstream = labelled(tape, from.gradient ?? 0, derivative(tape, step.node), "", "upstream");
  const slope = gift.slope === undefined
    ? el("figure", {}, el("figcaption", {}, "rule"), el("div", { class: "rule" }, formula(gift.local ?? "\\text{rule}")))
    : labelled(tape, gift.slope, formula(gift.local ?? ""), "", "local");
  const spread = gift.spread === undefined ? [] : [labelled(tape, gift.spread, "product", "", "product"), sign("Σ")];
  return el("div", { class: "gift" },
    el("div", { class: "sum" }, upstream, sign(gift.slope === undefined ? "→" : "×"), slope, sign(gift.slope === undefined ? "→" : "="),
      ...spread, labelled(tape, gift.value, el("span", {}, "to ", el("i", {}, to.name)), "lit back", `to ${to.name}`)),
    gift.summed && el("p", { class: "note" }, `${to.name} had been repeated, so its uses add: ${gift.summed}`));
}

/** @param {Tape} tape @param {number} node @returns {HTMLElement} */
function ledger(tape, node) {
  const rows = arrived(tape, node, state.step), { name } = tape.nodes[node];
  const last = rows.at(-1)?.[2];
  const lines = rows.slice(-MOST).flatMap(([i, , gift], nth) => gift ? [el("tr", {},
    el("td", {}, nth || rows.length > MOST ? "+" : ""),
    el("th", { scope: "row" }, "from ", el("b", {}, tape.nodes[tape.steps[i].node].op)),
    el("td", {}, cells(array(tape, gift.value), { notes: false, flat: true })))] : []);
  const open = last?.open ?? 0;
  const total = rows.length ? el("tr", { class: "total" }, el("td", {}, "="), el("th", { scope: "row" }, `∂${tape.symbol}/∂${name}`),
    el("td", {}, cells(array(tape, rows[rows.length - 1][1]), { mark: "lit back", flat: true }))) : "";
  return el("div", { class: "ledger", tabindex: "0", role: "group", "aria-label": `gradient of ${name}` },
    el("table", {}, el("tbody", {}, rows.length > MOST && el("tr", {}, el("td"), el("th", { colspan: "2", scope: "row" }, `${rows.length - MOST} contributions before`)), ...lines, total)),
    el("p", { class: open ? "open" : "" }, open ? `${open === 1 ? "One path is" : `${open} paths are`} still open: ${name} waits, and passes nothing on yet.` : last?.why ?? ""));
}

/** @param {Tape} tape @param {Step} step @returns {Child[]} */
function saved(tape, step) {
  const inputs = [...new Set((tape.nodes[step.node].inputs ?? []).map((i) => tape.nodes[i].name))];
  if (!step.locals) return [el("p", {}, "No derivative flows through this.")];
  return [el("p", {}, "Kept for the way back: ", el("i", {}, [...inputs, tape.nodes[step.node].name].join(", "))),
    el("p", {}, "The local derivative that the way back will use:"),
    ...step.locals.map((tex) => el("div", { class: "math", tabindex: "0", role: "group", "aria-label": "local derivative" }, formula(tex)))];
}

/** @param {string} id @param {string} title @param {Child[]} children */
export function fill(id, title, children) {
  byId(id).replaceChildren(el("h2", {}, title), .../** @type {Node[]} */ (children.filter(Boolean)));
}

export function update() {
  const tape = main(), step = tape.steps[state.step];
  fill("what", "What happens", what(tape, step));
  if (step.phase === "forward") {
    fill("numbers", "With the numbers", forwardNumbers(tape, step));
    fill("ledger", "Saved for backward", saved(tape, step));
    return;
  }
  if (step.phase === "seed") {
    fill("numbers", "Where it starts", [el("div", { class: "sum" }, labelled(tape, tape.nodes[step.node].gradient ?? 0, derivative(tape, step.node), "lit back", "seed"))]);
    fill("ledger", "The chain rule", [el("p", {}, "From here each step multiplies the gradient that has arrived by one local derivative, and hands the product to the operation before it.")]);
    return;
  }
  const gifts = step.gives ?? [], targets = [...new Set(gifts.map((gift) => gift.to))];
  fill("numbers", "The chain rule with the numbers: upstream × local", gifts.map((gift) => product(tape, step, gift)));
  fill("ledger", targets.length > 1 ? "Gradient ledgers" : `Gradient ledger of ${tape.nodes[targets[0]]?.name ?? ""}`, targets.map((node) => ledger(tape, node)));
}
