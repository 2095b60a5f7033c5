// @ts-check
// The cells of leaves can be changed: click one or press Enter, type a number, and press Enter.
import { hasRows, state } from "./state.js";
import { byId, el } from "./dom.js";
import { parseNumber } from "./format.js";
import { live } from "./live.js";
/** @typedef {import("./types.js").Tape} Tape */

const ARROWS = /** @type {Record<string, number>} */ ({
  ArrowLeft: -1,
  ArrowRight: 1,
});

/**
 * A function that makes the cells of an item editable, if the item is a leaf. Keys reach the cells
 * unless `focus` is false.
 * @param {Tape} tape @param {number} id
 */
export function editor(tape, id, { focus = true } = {}) {
  const leaf = live.editable(tape, id);
  if (!leaf) return undefined;
  const isRow = hasRows(tape, id) && state.example >= 0;
  const size = leaf.shape.reduce((n, length) => n * length, 1);
  const first = isRow ? state.example * (size / leaf.shape[0]) : 0;
  return (/** @type {HTMLElement} */ cell, /** @type {number} */ nth) => {
    cell.classList.add("editable");
    Object.assign(cell.dataset, { leaf: leaf.name, at: first + nth });
    cell.title = `Change ${entryName(leaf.name, leaf.shape, first + nth)}`;
    if (!focus) return;
    cell.setAttribute("role", "button");
    cell.setAttribute("aria-label", `${cell.title}: ${cell.textContent}`);
    cell.tabIndex = nth ? -1 : 0; // arrow keys reach the others
  };
}

/** @param {string} name @param {number[]} shape @param {number} at */
export function entryName(name, shape, at) {
  const index = [];
  for (let i = shape.length - 1; i >= 0; i--) {
    index.unshift(at % shape[i]);
    at = Math.trunc(at / shape[i]);
  }
  return shape.length ? `${name}[${index.join(", ")}]` : name;
}

/** @param {(name: string, at: number, value: number) => void} change */
export function listenToCells(change) {
  addEventListener("click", ({ target }) => {
    const cell = cellOf(target);
    if (cell) openCell(cell, change);
  });
  addEventListener(
    "keydown",
    (event) => {
      const cell = cellOf(event.target);
      if (cell) onCellKey(event, cell, change);
    },
    { capture: true }, // before the keys of the page
  );
}

/** @param {EventTarget|null} target @returns {HTMLElement|null} */
function cellOf(target) {
  const element = /** @type {HTMLElement} */ (target);
  return element.matches?.("input") ? null : element.closest?.(".editable");
}

/** @param {KeyboardEvent} event @param {HTMLElement} cell @param {(name: string, at: number, value: number) => void} change */
function onCellKey(event, cell, change) {
  const { key } = event;
  if (key === "Enter" || key === " ") openCell(cell, change);
  else if (key in ARROWS) {
    const cells = [...(cell.parentElement?.children ?? [])];
    const next = cells[cells.indexOf(cell) + ARROWS[key]];
    if (next) /** @type {HTMLElement} */ (next).focus();
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

/** Let the reader type a number into a cell. @param {HTMLElement} cell @param {(name: string, at: number, value: number) => void} change */
function openCell(cell, change) {
  const before = cell.textContent ?? "";
  const { leaf = "", at = "" } = cell.dataset;
  const home = homeOf(cell);
  const input = /** @type {HTMLInputElement} */ (
    el("input", { value: before, "aria-label": cell.title, size: 4 })
  );
  const close = () => {
    input.removeEventListener("blur", close);
    cell.textContent = before;
    message("");
  };
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Escape") {
      close();
      cell.focus();
    }
    if (event.key !== "Enter") return;
    const value = parseNumber(input.value);
    if (!Number.isFinite(value)) return message(problem(input.value));
    close();
    change(leaf, Number(at), value);
    focusCell(home, leaf, at);
  });
  cell.replaceChildren(input);
  input.select();
}

/** @param {string} text */
const problem = (text) =>
  text.trim()
    ? `“${text.trim()}” is not a number. Type one such as -0.5.`
    : "The cell is empty. Type a number such as -0.5.";

/** @param {string} text */
function message(text) {
  byId("message").textContent = text;
}

/** A selector of the card that holds a cell, which is drawn again. @param {Element} cell */
function homeOf(cell) {
  const card = cell.closest(".card");
  return card
    ? `.card[data-node="${card.getAttribute("data-node")}"]`
    : `#${cell.closest("[id]")?.id}`;
}

/** @param {string} home @param {string} leaf @param {string} at */
function focusCell(home, leaf, at) {
  const name = CSS.escape(leaf);
  /** @type {HTMLElement|null} */
  const cell = document.querySelector(
    `${home} .editable[data-leaf="${name}"][data-at="${at}"]`,
  );
  cell?.focus();
}
