// @ts-check
// The numbers of a step: an operation with its operands, and the chain rule with its factors.
import {el} from "./dom.js";
import {origin} from "./entries.js";
import {
  captioned,
  figure,
  gradientFigure,
  operandFigure,
  partFigure,
  valueFigure
} from "./formulas.js";
import {formula} from "./math.js";
import {named} from "./names.js";
import {backwardProduct, forwardProduct} from "./product.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").Step} Step */
/** @typedef {import("./types.js").Operand} Operand */
/** @typedef {import("./types.js").Contribution} Contribution */

/** @param {string} text */
export const sign = text => el("span.sign", text);

/** Operands, operators and the result. @param {Tape} tape @param {Step} step */
export function operation(tape, step) {
  const {node} = step;
  const operands = step.operands ?? inputsOf(tape, node);
  const product = forwardProduct(tape, node, operands);
  if (product) return product;
  const left = operands.flatMap(operand => [
    operand.sign && sign(operand.sign),
    operandFigure(tape, node, operand)
  ]);
  const result = valueFigure(tape, node, {mark: ".lit"});
  return el("div.row", left, sign("="), result);
}

/**
 * The operands of a node, if Python left them out.
 * @param {Tape} tape @param {number} node @returns {Operand[]}
 */
function inputsOf({nodes}, node) {
  const {op, inputs = []} = nodes[node];
  return inputs.map((input, nth) => ({sign: nth ? "," : op, node: input}));
}

/**
 * A contribution: upstream times local, or else the result of the rule.
 * @param {Tape} tape @param {number} at the step @param {Contribution} contribution
 */
export function chainRule(tape, at, contribution) {
  const product = backwardProduct(tape, at, contribution);
  if (product) return el("div.gift", product);
  const {argument, local, slope, spread, summed} = contribution;
  const {node} = tape.steps[at];
  const how = {of: origin(tape, "local", node, at, argument)};
  // a long tape comes without formulas of local derivatives
  const factor = local ? formula(local) : `${tape.nodes[node].op}′`;
  const parts =
    slope === undefined
      ? [
          sign("→"),
          captioned(local ? `rule, ${tape.cotangent} is upstream` : "rule", el("div.rule", factor)),
          sign("→")
        ]
      : [sign("×"), figure(tape, slope, factor, "local", how), sign("=")];
  if (spread !== undefined) parts.push(figure(tape, spread, "product", "product", how), sign("Σ"));
  return el(
    "div.gift",
    el(
      "div.row",
      gradientFigure(tape, node, "upstream"),
      ...parts,
      partFigure(tape, at, contribution)
    ),
    summed && el("p.note", named(summed))
  );
}
