// @ts-check
// Formulas and captioned arrays for the cards below the graph.
import { array } from "./state.js";
import { cells } from "./arrays.js";
import { editor } from "./edit.js";
import { el, scrolling } from "./dom.js";
import { formula } from "./math.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./dom.js").Part} Part */

/** A formula, and a line below it for each name that it defines. @param {string} tex */
export const formulaLines = (tex) =>
  scrolling("div.math", "formula", ...tex.split("\\\\").map(formula));

/** ∂L/∂x for a node x. @param {Tape} tape @param {number} node */
export function derivative({ nodes }, node) {
  const [top, bottom] = [nodes[nodes.length - 1], nodes[node]].map(
    ({ tex, name }) => tex ?? name,
  );
  return formula(`\\frac{\\partial ${top}}{\\partial ${bottom}}`);
}

/**
 * An array below a caption.
 * @param {Tape} tape @param {number} id @param {Part} caption @param {string} label
 * @param {string} mark
 */
export const figure = (tape, id, caption, label, mark = "") =>
  el(
    "figure",
    el("figcaption", caption),
    cells(array(tape, id), { mark, label, each: editor(tape, id) }),
  );
