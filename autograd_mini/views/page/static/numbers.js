// @ts-check
// The numbers of a step: an operation with its operands, and the chain rule with its factors.
import { el } from "./dom.js";
import { derivative, figure } from "./formulas.js";
import { formula } from "./math.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").Step} Step */
/** @typedef {import("./types.js").Operand} Operand */
/** @typedef {import("./types.js").Contribution} Contribution */

/** @param {string} text */
export const sign = (text) => el("span.sign", text);

/** Operands, operators and the result. @param {Tape} tape @param {Step} step */
export function operation(tape, step) {
  const { name, value } = tape.nodes[step.node];
  const operands = step.operands ?? inputsOf(tape, step.node);
  const left = operands.flatMap((operand) => [
    operand.sign && sign(operand.sign),
    operandFigure(tape, operand),
  ]);
  return el(
    "div.sum",
    left,
    sign("="),
    figure(tape, value, el("i", name), name, ".lit"),
  );
}

/**
 * The operands of a node, if Python left them out.
 * @param {Tape} tape @param {number} node @returns {Operand[]}
 */
function inputsOf({ nodes }, node) {
  const { op, inputs = [] } = nodes[node];
  return inputs.map((input, nth) => ({ sign: nth ? "," : op, node: input }));
}

/** @param {Tape} tape @param {Operand} operand */
function operandFigure(tape, { node, array: constant = 0, name = "constant" }) {
  if (node === undefined) return figure(tape, constant, el("i", name), name);
  const operand = tape.nodes[node];
  return figure(tape, operand.value, el("i", operand.name), operand.name);
}

/** The gradient that backward starts with. @param {Tape} tape @param {number} node */
export const seed = (tape, node) =>
  el("div.sum", gradient(tape, node, "seed", ".lit.back"));

/** @param {Tape} tape @param {number} node @param {string} label @param {string} [mark] */
const gradient = (tape, node, label, mark) =>
  figure(
    tape,
    tape.nodes[node].gradient ?? 0,
    derivative(tape, node),
    label,
    mark,
  );

/**
 * A contribution: upstream times local, or else the result of the rule.
 * @param {Tape} tape @param {number} node @param {Contribution} contribution
 */
export function chainRule(tape, node, contribution) {
  const { to, local = "", slope, spread, value, summed } = contribution;
  const { name } = tape.nodes[to];
  const rule = el(
    "figure",
    el("figcaption", "rule"),
    el("div.rule", formula(local)),
  );
  const parts = [
    gradient(tape, node, "upstream"),
    ...(slope === undefined
      ? [sign("→"), rule, sign("→")]
      : [sign("×"), figure(tape, slope, formula(local), "local"), sign("=")]),
    ...(spread === undefined
      ? []
      : [figure(tape, spread, "product", "product"), sign("Σ")]),
    figure(
      tape,
      value,
      el("span", "to ", el("i", name)),
      `to ${name}`,
      ".lit.back",
    ),
  ];
  const note =
    summed &&
    el("p.note", `${name} had been repeated, so its uses add: ${summed}`);
  return el("div.gift", el("div.sum", parts), note);
}
