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

/** @param {Written} a */
function heatMap({ tint }) {
  const canvas = /** @type {HTMLCanvasElement} */ (el("canvas", { width: tint[0].length * SIZE, height: tint.length * SIZE }));
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
  const { tint, text, notes = [] } = a, columns = tint[0]?.length ?? 0;
  const said = label ? { role: "img", "aria-label": `${label}: ${spoken(a)}` } : {};
  if (!text) {
    const shape = `aspect-ratio: ${columns} / ${tint.length < 2 ? 2 : tint.length}; width: ${columns * SIZE}px`;
    return el("div", el(`div.map${mark}`, { style: shape, ...said }, hidden ? "·" : heatMap(a)), hidden ? [] : notes.map((note) => el("div.note", note)));
  }
  const short = columns === 1 && tint.length <= 4 ? ".short" : "";
  return el(`div.grid${short}${mark}`, { style: `--columns: ${columns}`, ...said }, text.flatMap((row, i) => row.map((number, j) => (
    hidden ? el("span.cell", "·") : tint[i][j] === "!" ? el("span.cell.odd", number) : el("span.cell", { style: `background: ${ground(tint[i][j])}` }, number)))));
}
