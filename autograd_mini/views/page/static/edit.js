// @ts-check
// The cells of leaves can be changed: click one or press Enter, type a number, and press Enter.
import {parseNumber} from "./state.js";
import {el, setText} from "./dom.js";
import {bracketed} from "./entries.js";
import {programOf} from "./live.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {(name: string, at: number, value: number) => void} Change */

/**
 * A function that makes the cell of an entry editable, if an item is a leaf.
 * @param {Tape} tape @param {number} id @returns {import("./types.js").How["edit"]}
 */
export function editor(tape, id) {
  const leaf = programOf(tape).arguments.find(({item, fixed}) => item === id && !fixed);
  if (!leaf) return undefined;
  return (cell, at) => {
    cell.classList.add("editable");
    Object.assign(cell.dataset, {leaf: leaf.name, at});
    cell.title = `Change ${entryName(leaf.name, leaf.shape, at)}`;
  };
}

/** @param {string} name @param {number[]} shape @param {number} at */
export const entryName = (name, shape, at) => name + bracketed(shape, at, ", ");

/** Open a cell by a click, Enter or the space key. @param {Change} change */
export function listenToCells(change) {
  /** @param {Event} event */
  const open = event => {
    const {target, key = "Enter"} = /** @type {any} */ (event);
    /** @type {HTMLElement|null|undefined} */
    const cell = target.closest?.(".editable:not(:has(input))");
    if (!cell || (key !== "Enter" && key !== " ")) return;
    openCell(cell, change);
    event.preventDefault();
    event.stopPropagation();
  };
  addEventListener("click", open);
  addEventListener("keydown", open, {capture: true}); // before the keys of the page
}

/** Let the reader type a number into a cell. @param {HTMLElement} cell @param {Change} change */
function openCell(cell, change) {
  const before = cell.textContent ?? "";
  const {leaf = "", at = ""} = cell.dataset;
  const again = selectorOf(cell);
  const input = /** @type {HTMLInputElement} */ (
    el("input", {value: before, "aria-label": cell.title, size: 4})
  );
  const close = () => {
    input.removeEventListener("blur", close);
    cell.textContent = before;
    setText("message", "");
  };
  input.addEventListener("blur", close);
  input.addEventListener("keydown", event => {
    event.stopPropagation();
    if (event.key === "Escape") {
      close();
      cell.focus();
    }
    if (event.key !== "Enter") return;
    const value = parseNumber(input.value);
    if (!Number.isFinite(value)) return setText("message", problem(input.value.trim()));
    close();
    change(leaf, Number(at), value);
    /** @type {HTMLElement|null} */ (document.querySelector(again))?.focus();
  });
  cell.replaceChildren(input);
  input.select();
}

/** @param {string} text */
const problem = text =>
  `${text ? `“${text}” is not a number.` : "The cell is empty."} Type a number such as -0.5.`;

/** A selector of a cell, which is drawn again after a change. @param {HTMLElement} cell */
function selectorOf(cell) {
  const {leaf = "", at} = cell.dataset;
  const node = cell.closest(".card")?.getAttribute("data-node");
  const home = node ? `.card[data-node="${node}"]` : `#${cell.closest("[id]")?.id}`;
  return `${home} [data-leaf="${CSS.escape(leaf)}"][data-at="${at}"]`;
}
