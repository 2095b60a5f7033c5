// @ts-check
// The three cards below the graph: what happens, the numbers of it, and where they are added up.
import { array, arrived, line, brief, stepOf, told, way } from "./state.js";
import { cells } from "./arrays.js";
import { byId, el, scrolling } from "./dom.js";
import { formula } from "./math.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").Step} Step */
/** @typedef {import("./types.js").Gift} Gift */
/** @typedef {import("./dom.js").Part} Part */

const LINES = 5; // of a ledger
const GIFTS = 6; // of a step that are told one by one

/** @param {Tape} tape @param {number} id @param {Part} over @param {string} said @param {string} mark */
const figure = (tape, id, over, said, mark = "") =>
  el("figure", el("figcaption", over), cells(array(tape, id), { mark, label: said }));

/** @param {string} text */
const sign = (text) => el("span.sign", text);

/** A formula, and below it what the names in it stand for. @param {string} tex */
export const mathLine = (tex) => scrolling("div.math", "formula", ...tex.split("\\\\").map(formula));

/** @param {Tape} tape @param {number} node */
function derivative({ nodes }, node) {
  const [top, bottom] = [nodes[nodes.length - 1], nodes[node]].map(({ tex, name }) => tex ?? name);
  return formula(`\\frac{\\partial ${top}}{\\partial ${bottom}}`);
}

/** @param {Tape} tape @param {Step} step @returns {Part[]} */
function what(tape, step) {
  const { phase, node, say } = step, back = phase !== "forward", gives = step.gives?.slice(0, GIFTS) ?? [step];
  const entries = gives.map(({ entry }) => line(tape, entry)).filter(Boolean);
  return [
    el("p.doing", el("strong", phase === "seed" ? phase : tape.nodes[node].op),
      el(back ? "span.badge.back" : "span.badge", `${back ? "backward" : "forward"} · ${way(tape, step)}`)),
    el("p", say), ...gives.map(({ tex = "" }) => mathLine(tex)), ...entries.map((entry) => el("p.entry", entry))];
}

/** @param {Tape} tape @param {Step} step */
function forwardNumbers(tape, step) {
  const { op, name, value, inputs = [] } = tape.nodes[step.node];
  const operands = step.operands ?? inputs.map((node, nth) => ({ sign: nth ? "," : op, node, array: 0, name: "" }));
  return el("div.sum", operands.map((operand) => {
    const node = operand.node === undefined ? null : tape.nodes[operand.node], said = node?.name ?? operand.name ?? "constant";
    return [operand.sign && sign(operand.sign), figure(tape, node?.value ?? operand.array ?? 0, el("i", said), said)];
  }).flat(), sign("="), figure(tape, value, el("i", name), name, ".lit"));
}

/** @param {Tape} tape @param {Step} step @param {Gift} gift */
function product(tape, { node }, { to, local = "", slope, spread, value, summed }) {
  const { name } = tape.nodes[to], gets = figure(tape, value, el("span", "to ", el("i", name)), `to ${name}`, ".lit.back");
  const rule = slope === undefined
    ? [sign("→"), el("figure", el("figcaption", "rule"), el("div.rule", formula(local))), sign("→")]
    : [sign("×"), figure(tape, slope, formula(local), "local"), sign("=")];
  return el("div.gift",
    el("div.sum", figure(tape, tape.nodes[node].gradient ?? 0, derivative(tape, node), "upstream"), rule,
      spread === undefined ? [] : [figure(tape, spread, "product", "product"), sign("Σ")], gets),
    summed && el("p.note", `${name} had been repeated, so its uses add: ${summed}`));
}

/** @param {Tape} tape @param {number} node */
function ledger(tape, node) {
  const rows = arrived(tape, node), before = rows.length - LINES, last = rows[rows.length - 1], { name } = tape.nodes[node];
  const { open, why = "" } = last?.gift ?? {};
  return scrolling("div.ledger", `gradient of ${name}`,
    el("table", el("tbody", before > 0 && el("tr", el("td"), el("th", { colspan: 2, scope: "row" }, `${before} contributions before`)),
      rows.slice(-LINES).map(({ step, gift }, nth) => gift && el("tr", el("td", nth || before > 0 ? "+" : ""),
        el("th", { scope: "row" }, "from ", el("b", tape.nodes[tape.steps[step].node].op)), el("td", cells(array(tape, gift.value))))),
      last && el("tr.total", el("td", "="), el("th", { scope: "row" }, `∂${tape.symbol}/∂${name}`), el("td", cells(array(tape, last.total), { mark: ".lit.back" }))))),
    el(open ? "p.open" : "p", why));
}

/** @param {Tape} tape @param {Step} step @returns {Part[]} */
function saved({ nodes }, { node, locals }) {
  if (!locals) return [el("p", "No derivative flows through this.")];
  const kept = brief([...(nodes[node].inputs ?? []), node].map((i) => nodes[i].name));
  return [el("p", "Kept for the way back: ", el("i", kept)), el("p", "The local derivative that the way back will use:"), ...locals.map(mathLine)];
}

/** Fill a card; what is too wide for it is written smaller, up to a point.
 * @param {string} id @param {Part|Part[]} title @param {...Part} children */
export function fill(id, title, ...children) {
  byId(id).replaceChildren(el("h2", title), ...el("div", children).childNodes);
  for (const wide of byId(id).querySelectorAll(".math, .rule, .ledger")) /** @type {HTMLElement} */ (wide).style.zoom = `${Math.max(0.7, wide.clientWidth / wide.scrollWidth)}`;
}

export function updateInspector() {
  const tape = told(), step = tape.steps[stepOf(tape)], { phase, node, why = "", gives = [] } = step, few = gives.slice(0, GIFTS);
  fill("what", "What happens", ...what(tape, step));
  if (phase === "forward") {
    fill("numbers", "With the numbers", forwardNumbers(tape, step));
    fill("ledger", "Saved for backward", ...saved(tape, step));
  } else if (phase === "seed") {
    fill("numbers", "Where it starts", el("div.sum", figure(tape, tape.nodes[node].gradient ?? 0, derivative(tape, node), "seed", ".lit.back")));
    fill("ledger", "The chain rule", el("p", why));
  } else {
    const targets = [...new Set(few.map(({ to }) => to))];
    fill("numbers", `The chain rule with the numbers${few.some(({ slope }) => slope !== undefined) ? ": upstream × local" : ""}`, ...few.map((gift) => product(tape, step, gift)),
      gives[GIFTS] && el("p", `and ${gives.length - GIFTS} more`));
    fill("ledger", targets[1] === undefined ? ["Gradient ledger of ", el("i", tape.nodes[targets[0]]?.name ?? "")] : "Gradient ledgers", ...targets.map((target) => ledger(tape, target)));
  }
}
