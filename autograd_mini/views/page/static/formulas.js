// @ts-check
// Formulas and captioned arrays for the cards below the graph.
import {el, scrolling} from "./dom.js";
import {origin, tapeCells} from "./entries.js";
import {formula} from "./math.js";
import {named} from "./names.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").Operand} Operand */
/** @typedef {import("./types.js").Contribution} Contribution */
/** @typedef {import("./types.js").How} How */
/** @typedef {import("./dom.js").Part} Part */

/** A formula, and a line below it for each name that it defines. @param {string} tex */
export const formulaLines = tex =>
  scrolling("div.math", "formula", ...tex.split("\\\\").map(formula));

/** The name of a node, in italics. @param {string} name */
export const nameOf = name => el("i", named(name));

/**
 * An array below a caption.
 * @param {Tape} tape @param {number} id @param {Part} caption @param {string} label @param {How} how
 */
export const figure = (tape, id, caption, label, how) =>
  captioned(caption, tapeCells(tape, id, {label, ...how}));

/** @param {Part} caption @param {Node} content */
export const captioned = (caption, content) => el("figure", el("figcaption", caption), content);

/**
 * The value of a node. @param {Tape} tape @param {number} node @param {How} [how]
 * @param {string} before its name @param {string} behind its name
 */
export function valueFigure(tape, node, how, before = "", behind = "") {
  const {name, value} = tape.nodes[node];
  const of = origin(tape, "value", node);
  const caption = el("span", before, nameOf(name), behind);
  return figure(tape, value, caption, name + behind, {of, ...how});
}

/**
 * An operand of a step: a node or a constant.
 * @param {Tape} tape @param {number} user @param {Operand} operand @param {How} [how]
 */
export function operandFigure(tape, user, operand, how, before = "") {
  const {node, array: id = 0, name = "constant", argument = -1} = operand;
  if (node !== undefined) return valueFigure(tape, node, how, before);
  const of = origin(tape, "constant", user, -1, argument);
  const caption = el("span", before, nameOf(name));
  return figure(tape, id, caption, name, {of, ...how});
}

/** The gradient of a node. @param {Tape} tape @param {number} node @param {string} label @param {How} [how] */
export function gradientFigure(tape, node, label, how) {
  const {nodes} = tape;
  const {gradient, value} = nodes[node];
  const of = origin(tape, "gradient", node);
  const [top, bottom] = [nodes[nodes.length - 1], nodes[node]].map(({tex, name}) => tex ?? name);
  const caption = formula(`\\frac{\\partial ${top}}{\\partial ${bottom}}`);
  return figure(tape, gradient ?? value, caption, label, {of, ...how});
}

/** A contribution. @param {Tape} tape @param {number} at @param {Contribution} part @param {How} [how] */
export function partFigure(tape, at, {to, argument, value}, how) {
  const {name} = tape.nodes[to];
  const caption = el("span", "to ", nameOf(name));
  const of = origin(tape, "part", to, at, argument);
  const mark = ".lit.back";
  return figure(tape, value, caption, `to ${name}`, {of, mark, ...how});
}
