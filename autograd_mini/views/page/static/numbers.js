// @ts-check
// The numbers of a step: an operation with its operands, and the chain rule with its factors.
import { el } from "./dom.js";
import { origin } from "./entries.js";
import {
  figure,
  gradientFigure,
  operandFigure,
  partFigure,
  valueFigure,
} from "./formulas.js";
import { formula } from "./math.js";
import { named } from "./names.js";
import { backwardProduct, forwardProduct } from "./product.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").Step} Step */
/** @typedef {import("./types.js").Operand} Operand */
/** @typedef {import("./types.js").Contribution} Contribution */

/** @param {string} text */
export const sign = (text) => el("span.sign", text);

/** Operands, operators and the result. @param {Tape} tape @param {Step} step */
export function operation(tape, step) {
  const { node } = step;
  const operands = step.operands ?? inputsOf(tape, node);
  const product = forwardProduct(tape, node, operands);
  if (product) return product;
  const left = operands.flatMap((operand) => [
    operand.sign && sign(operand.sign),
    operandFigure(tape, node, operand),
  ]);
  return el(
    "div.sum",
    left,
    sign("="),
    valueFigure(tape, node, { mark: ".lit" }),
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

/** The gradient that backward starts with. @param {Tape} tape @param {number} node */
export const seed = (tape, node) =>
  el("div.sum", gradientFigure(tape, node, "seed", { mark: ".lit.back" }));

/**
 * A contribution: upstream times local, or else the result of the rule.
 * @param {Tape} tape @param {number} at the step @param {Contribution} contribution
 */
export function chainRule(tape, at, contribution) {
  const product = backwardProduct(tape, at, contribution);
  if (product) return el("div.gift", product);
  const { to, argument, local, slope, spread, summed } = contribution;
  const { node } = tape.steps[at];
  const { name } = tape.nodes[to];
  const how = { of: origin(tape, "local", node, at, argument) };
  // a long tape comes without formulas of local derivatives
  const factor = local ? formula(local) : `${tape.nodes[node].op}′`;
  const rule = el(
    "figure",
    el("figcaption", local ? "rule, g is upstream" : "rule"),
    el("div.rule", factor),
  );
  const parts = [
    gradientFigure(tape, node, "upstream"),
    ...(slope === undefined
      ? [sign("→"), rule, sign("→")]
      : [sign("×"), figure(tape, slope, factor, "local", how), sign("=")]),
    ...(spread === undefined
      ? []
      : [figure(tape, spread, "product", "product", how), sign("Σ")]),
    partFigure(tape, at, contribution),
  ];
  const note =
    summed &&
    el(
      "p.note",
      named(`${name} had been repeated, so its uses add: ${summed}`),
    );
  return el("div.gift", el("div.sum", parts), note);
}
