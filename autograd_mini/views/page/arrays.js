// @ts-check
// An array as cells: numbers on tinted grounds, or a heat map.
import { el } from "./dom.js";
/** @typedef {import("./types.js").Written} Written */

/** @param {Written} a */
function spoken(a) {
  return a.text ? a.text.map((row) => row.join(", ")).join("; ") : `heat map of ${a.shape}: ${(a.notes ?? []).join(", ")}`;
}

/** A colour of the theme, as a canvas takes it. @param {string} name */
function colour(name) {
  const probe = document.documentElement.style;
  probe.setProperty("outline-color", `var(--${name})`);
  const found = getComputedStyle(document.documentElement).outlineColor;
  probe.removeProperty("outline-color");
  return found;
}

/** @param {Written} a */
function heatMap(a) {
  const rows = a.tint.length, columns = a.tint[0].length, size = 8;
  const canvas = /** @type {HTMLCanvasElement} */ (el("canvas", { class: "map", role: "img", "aria-label": spoken(a) }));
  canvas.width = columns * size;
  canvas.height = rows * size;
  const paints = new Map([...new Set(`!${a.tint.join("")}`)].map((letter) => [letter, colour(letter === "!" ? "card" : `t-${letter}`)]));
  const odd = colour("odd"), paint = canvas.getContext("2d");
  if (!paint) return canvas;
  a.tint.forEach((row, i) => [...row].forEach((letter, j) => {
    paint.fillStyle = paints.get(letter) ?? "";
    paint.fillRect(j * size, i * size, size, size);
    if (letter !== "!") return;
    paint.fillStyle = odd;
    for (let k = 0; k < size; k++) paint.fillRect(j * size + ((k + 2) & 7), i * size + k, 3, 1);
  }));
  return canvas;
}

/** @param {Written} a @param {{hidden?: boolean, flat?: boolean, notes?: boolean, label?: string, mark?: string}} how */
export function cells(a, how = {}) {
  const column = Boolean(how.flat && a.text && a.text.length > 1 && a.text.length <= 4 && a.text.every((row) => row.length === 1));
  const texts = column ? [a.text?.flat() ?? []] : a.text, tint = column ? [a.tint.join("")] : a.tint;
  const mark = how.mark ? ` ${how.mark}` : "";
  if (!texts) {
    const map = how.hidden ? el("div", { class: "map unknown" }, "·") : heatMap(a);
    map.className += mark;
    map.style.aspectRatio = `${a.tint[0].length} / ${a.tint.length === 1 ? 2 : a.tint.length}`;
    map.style.width = `${a.tint[0].length * 8}px`;
    const notes = how.notes === false ? [] : (a.notes ?? []).map((n) => el("div", { class: "note" }, how.hidden ? " " : n));
    return el("div", { class: "array" }, map, ...notes);
  }
  const columns = Math.max(1, ...texts.map((row) => row.length));
  const made = el("div", { class: `array grid${mark}`, style: `--columns:${columns}` });
  if (how.label) {
    made.setAttribute("role", "img");
    made.setAttribute("aria-label", `${how.label}: ${spoken(a)}`);
  }
  texts.forEach((row, i) => row.forEach((text, j) => {
    const letter = how.hidden ? "i" : tint[i]?.[j] ?? "i";
    made.append(el("span", { class: letter === "!" ? "cell odd" : `cell t-${letter}` }, how.hidden ? "·" : text));
  }));
  return made;
}
