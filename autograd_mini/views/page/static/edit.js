// @ts-check
// The cells of leaves can be changed: click one or press Enter, type a number, and press Enter.
import {parseNumber} from "./state.js";
import {byId, el} from "./dom.js";
import {bracketed, parseOrigin} from "./entries.js";
import {programOf} from "./live.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {(name: string, at: number, value: number) => void} Change */

/** The leaf that an item is, if it may change. @param {Tape} tape @param {number} id */
const leafOf = (tape, id) =>
  programOf(tape).arguments.find(({item, fixed}) => item === id && !fixed);

/**
 * A function that names the change of an entry, if an item is a leaf.
 * @param {Tape} tape @param {number} id @returns {import("./types.js").How["edit"]}
 */
export function editor(tape, id) {
  const leaf = leafOf(tape, id);
  return leaf && (at => `Change ${entryName(leaf.name, leaf.shape, at)}`);
}

/** @param {string} name @param {number[]} shape @param {number} at */
export const entryName = (name, shape, at) => name + bracketed(shape, at);

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
  const {entry} = cell.dataset;
  const {of = "", item} = /** @type {HTMLElement} */ (cell.closest("[data-of]")).dataset;
  const {name = ""} = leafOf(parseOrigin(of).tape, Number(item)) ?? {};
  // the cell is drawn again after a change
  const again = `#${cell.closest("[id]")?.id} [data-of="${of}"] [data-entry="${entry}"]`;
  const blur = () => {
    cell.textContent = before;
    byId("message").hidden = true;
  };
  /** @param {KeyboardEvent} event */
  const keydown = event => {
    event.stopPropagation();
    if (event.key === "Escape") {
      input.blur();
      cell.focus();
    }
    if (event.key !== "Enter") return;
    const value = parseNumber(input.value);
    byId("message").hidden = Number.isFinite(value);
    if (!byId("message").hidden) return;
    input.blur();
    change(name, Number(entry), value);
    /** @type {HTMLElement|null} */ (document.querySelector(again))?.focus();
  };
  const input = /** @type {HTMLInputElement} */ (
    el("input", {value: before, "aria-label": cell.title, size: 4, blur, keydown})
  );
  cell.replaceChildren(input);
  input.select();
}
