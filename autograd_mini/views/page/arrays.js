// @ts-check
// An array as cells: numbers on tinted grounds, or a heat map.
import { el } from "./dom.js";
/** @typedef {import("./types.js").Written} Written */

const SIZE = 8; // of a square of a heat map

/** @param {Written} a */
export const spoken = (a) => a.text?.map((row) => row.join(", ")).join("; ") ?? (a.notes ?? []).join(", ");

/** The ground of a number: from a, the most negative, over i, which is zero, to q. @param {string} letter */
function ground(letter) {
  const level = letter.charCodeAt(0) - 105;
  return `color-mix(in srgb, var(--${level < 0 ? "minus" : "plus"}) ${Math.abs(level) * 12.5}%, var(--card))`;
}

/** A colour as a canvas takes it. @param {string} colour */
function computed(colour) {
  const probe = document.body.appendChild(el("i", { style: `color: ${colour}` }));
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

/** @param {Written} a @param {string} mark @param {import("./dom.js").Attributes} said */
function heatMap({ tint }, mark, said) {
  const canvas = /** @type {HTMLCanvasElement} */ (el(`canvas.map${mark}`, { width: tint[0].length * SIZE, height: tint.length * SIZE, ...said }));
  const paint = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const paints = new Map([...new Set(tint.join(""))].map((letter) => [letter, computed(letter === "!" ? "var(--odd)" : ground(letter))]));
  tint.forEach((row, i) => [...row].forEach((letter, j) => {
    paint.fillStyle = paints.get(letter) ?? "";
    if (letter !== "!") paint.fillRect(j * SIZE, i * SIZE, SIZE, SIZE);
    else for (let k = 0; k < SIZE; k++) paint.fillRect(j * SIZE + ((k + 2) & 7), i * SIZE + k, 3, 1); // hatched
  }));
  return canvas;
}

/** @param {Written} a @param {{hidden?: boolean, label?: string, mark?: string}} how */
export function cells(a, { hidden, label, mark = "" } = {}) {
  const { tint, text, notes = [] } = a;
  const said = label ? { role: "img", "aria-label": `${label}: ${spoken(a)}` } : {};
  if (!text) {
    const map = hidden ? el("div.map", { style: `height: ${tint.length * SIZE}px` }, "·") : heatMap(a, mark, said);
    return el("div", map, hidden ? [] : notes.map((note) => el("div.note", note)));
  }
  const columns = tint[0]?.length ?? 0, short = columns === 1 && tint.length <= 4 ? ".short" : "";
  return el(`div.grid${short}${mark}`, { style: `--columns: ${columns}`, ...said }, text.flatMap((row, i) => row.map((number, j) => (
    hidden ? el("span.cell", "·") : tint[i][j] === "!" ? el("span.cell.odd", number) : el("span.cell", { style: `background: ${ground(tint[i][j])}` }, number)))));
}
