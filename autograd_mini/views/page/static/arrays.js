// @ts-check
// An array as cells: numbers on tinted backgrounds, or the squares of a heat map.
import { el } from "./dom.js";
/** @typedef {import("./types.js").ArrayData} ArrayData */

const NOT_FINITE = "!";

/** An array as text, for a screen reader. @param {ArrayData} a */
export const spoken = ({ text, notes = [] }) =>
  text?.map((row) => row.join(", ")).join("; ") ?? notes.join(", ");

/** A cell on a tinted background (see bundle.py). @param {string} kind @param {string} letter @param {string} [text] */
const cell = (kind, letter, text) =>
  el(letter === NOT_FINITE ? `${kind}.odd` : `${kind}.tint-${letter}`, text);

/**
 * An array as an element. If it is `hidden`, each number is a dot. `each` changes the cell of each
 * number.
 * @param {ArrayData} a
 * @param {{hidden?: boolean, label?: string, mark?: string, each?: (cell: HTMLElement, at: number) => void}} how
 */
export function cells(a, { hidden = false, label, mark = "", each } = {}) {
  const rows = a.tint.length;
  const columns = a.tint[0]?.length ?? 0;
  const attributes = {
    style: `--columns: ${columns}; --rows: ${rows}`,
    ...(label && {
      role: each ? "group" : "img",
      "aria-label": `${label}: ${spoken(a)}`,
    }),
  };
  if (!a.text) {
    const notes = hidden
      ? []
      : (a.notes ?? []).map((note) => el("div.note", note));
    return el(
      "div",
      el(`div.map${mark}`, attributes, squares(a, hidden)),
      notes,
    );
  }
  const short = columns === 1 && rows <= 4 ? ".short" : "";
  const made = numbers(a, a.text, hidden);
  if (each) made.forEach(each);
  return el(`div.grid${short}${mark}`, attributes, made);
}

/** @param {ArrayData} a @param {string[][]} text @param {boolean} hidden */
const numbers = ({ tint }, text, hidden) =>
  tint.flatMap((row, i) =>
    [...row].map((letter, j) =>
      hidden ? el("span.cell", "·") : cell("span.cell", letter, text[i][j]),
    ),
  );

/** @param {ArrayData} a @param {boolean} hidden */
const squares = ({ tint }, hidden) =>
  hidden
    ? [el("i", "·")]
    : tint.flatMap((row) => [...row].map((letter) => cell("i", letter)));
