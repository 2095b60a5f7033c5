// @ts-check
// A matrix product as rows that meet columns: the left operand at the left, the right one on top,
// the result in the corner. In the backward pass these are g Wᵀ and xᵀ g.
import {array, state} from "./state.js";
import {el, scrolling} from "./dom.js";
import {lengths} from "./entries.js";
import {gradientFigure, operandFigure, partFigure, valueFigure} from "./formulas.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").Operand} Operand */
/** @typedef {import("./types.js").Contribution} Contribution */

/**
 * The operands of a product of matrices or vectors; the left one is a row if it is a vector.
 * @param {Tape} tape @param {number} node @param {Operand[]} operands
 */
function factors(tape, node, operands) {
  const [left, right, bias] = operands;
  if (!/^(matmul|linear)$/.test(tape.nodes[node].op)) return null;
  const ranks = [left, right].map(({node: input = 0, array: id}) => {
    const {shape} = array(tape, id ?? tape.nodes[input].value);
    return lengths(shape).length;
  });
  const isDrawn = ranks.every(rank => rank === 1 || rank === 2);
  return isDrawn ? {left, right, bias, isRow: ranks[0] === 1} : null;
}

/** @param {Tape} tape @param {number} node @param {Operand[]} operands */
export function forwardProduct(tape, node, operands) {
  const found = factors(tape, node, operands);
  if (!found) return null;
  const {left, right, bias, isRow} = found;
  return layOut(
    operandFigure(tape, node, left, {flip: isRow}),
    operandFigure(tape, node, right),
    valueFigure(tape, node, {flip: isRow, mark: ".lit"}),
    bias && operandFigure(tape, node, bias, {flip: true}, "+ ")
  );
}

/**
 * g Rᵀ for the left operand, Lᵀ g for the right one.
 * @param {Tape} tape @param {number} at the step @param {Contribution} contribution
 */
export function backwardProduct(tape, at, contribution) {
  const {argument, summed} = contribution;
  const {node} = tape.steps[at];
  const {operands = []} = tape.steps[tape.made[node]];
  const found = factors(tape, node, operands);
  const other = operands[1 - argument]?.node;
  const addsExamples = argument && state.example >= 0; // more than the chosen one
  if (!found || other === undefined || summed || addsExamples) return null;
  const {isRow} = found;
  const flip = !argument || !isRow;
  const turned = valueFigure(tape, other, {flip}, "", "ᵀ");
  const upstream = gradientFigure(tape, node, "upstream", {flip: isRow});
  const how = {flip: isRow && !argument};
  const result = partFigure(tape, at, contribution, how);
  return argument ? layOut(turned, upstream, result) : layOut(upstream, turned, result);
}

/** @param {HTMLElement} left @param {HTMLElement} top @param {HTMLElement} result @param {HTMLElement} [bias] */
const layOut = (left, top, result, bias) =>
  scrolling(
    "div.product",
    "matrix product",
    el("div.of-left", left),
    el("div.of-top", top, bias),
    el("div.of-corner", result),
    el("p.note", "Each square is a number. Point at one to see its sum.")
  );
