// @ts-check
// An array as cells: numbers on tinted grounds, or squares of a heat map.
import { el } from "./dom.js";
/** @typedef {import("./types.js").Written} Written */

/** @param {Written} a */
export const spoken = (a) => a.text?.map((row) => row.join(", ")).join("; ") ?? (a.notes ?? []).join(", ");

/** A cell on its ground: ! is not finite; from a, the most negative, over i, which is zero, to q.
 * @param {string} kind @param {string} letter @param {string} [text] */
function cell(kind, letter, text) {
  if (letter === "!") return el(`${kind}.odd`, text);
  const level = letter.charCodeAt(0) - 105;
  return el(kind, { style: `background: color-mix(in srgb, var(--${level < 0 ? "minus" : "plus"}) ${Math.abs(level) * 12.5}%, var(--card))` }, text);
}

/** @param {Written} a @param {{hidden?: boolean, label?: string, mark?: string}} how */
export function cells(a, { hidden, label, mark = "" } = {}) {
  const { tint, text, notes = [] } = a, letters = tint.map((row) => [...row]);
  const columns = tint[0]?.length ?? 0, rows = tint.length, short = columns === 1 && rows <= 4 ? ".short" : "";
  const attributes = { style: `--columns: ${columns}; --rows: ${rows}`, ...(label && { role: "img", "aria-label": `${label}: ${spoken(a)}` }) };
  if (text) return el(`div.grid${short}${mark}`, attributes, letters.flatMap((row, i) => row.map((letter, j) => (hidden ? el("span.cell", "·") : cell("span.cell", letter, text[i][j])))));
  const squares = letters.flat().map((letter) => cell("i", letter));
  return el("div", el(`div.map${mark}`, attributes, hidden ? el("i", "·") : squares), hidden ? [] : notes.map((note) => el("div.note", note)));
}
