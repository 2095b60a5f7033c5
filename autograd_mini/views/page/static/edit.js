// @ts-check
// The cells of leaves can be changed: click one or press Enter, type a number, and press Enter.
import { byId, el } from "./dom.js";
import { live } from "./live.js";
import { parseNumber } from "./state.js";
/** @typedef {import("./types.js").Tape} Tape */

/**
 * A function that makes the cell of an entry editable, if an item is a leaf.
 * @param {Tape} tape @param {number} id @returns {import("./types.js").How["edit"]}
 */
export function editor(tape, id) {
  const leaf = live.editable(tape, id);
  if (!leaf) return undefined;
  return (cell, at) => {
    cell.classList.add("editable");
    Object.assign(cell.dataset, { leaf: leaf.name, at });
    cell.title = `Change ${entryName(leaf.name, leaf.shape, at)}`;
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
    const cell = editableOf(target);
    if (cell) openCell(cell, change);
  });
  addEventListener(
    "keydown",
    (event) => {
      const cell = editableOf(event.target);
      if (!cell || (event.key !== "Enter" && event.key !== " ")) return;
      openCell(cell, change);
      event.preventDefault();
      event.stopPropagation();
    },
    { capture: true }, // before the keys of the page
  );
}

/** @param {EventTarget|null} target @returns {HTMLElement|null} */
function editableOf(target) {
  const element = /** @type {HTMLElement} */ (target);
  return element.matches?.("input") ? null : element.closest?.(".editable");
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
