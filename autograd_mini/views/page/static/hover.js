// @ts-check
// A number that is pointed at, or focused, lights those it was computed from. A click pins it.
import {shownTapes} from "./state.js";
import {byId, connect, el, isOurs} from "./dom.js";
import {isForeign, parseOrigin} from "./entries.js";
import {named} from "./names.js";
import {lightSquare, squareAt} from "./squares.js";
import {written} from "./written.js";

/** @typedef {import("./types.js").Entry} Entry */

/** @type {Entry|null} */
let pinned = null;
/** @type {Entry|null} */
let pointed = null;
let isLit = false;

/** @param {Event} event @returns {HTMLElement|null} */
const cellOf = ({target}) =>
  /** @type {Element|null} */ (target)?.closest?.("[data-entry]") ?? null;

/** The entry of a cell or of a square. @param {any} event @returns {Entry|null} */
function entryAt(event) {
  const cell = cellOf(event);
  const array = event.target.closest?.("[data-of]");
  if (cell) return {of: array.dataset.of, entry: Number(cell.dataset.entry)};
  return array?.matches(".map") && "clientX" in event ? squareAt(array, event) : null;
}

export function listenToHover() {
  /** @param {Event} event */
  const point = event => {
    const entry = event.type === "focusout" ? null : entryAt(event);
    if (isOneEntry(entry, pointed)) return;
    pointed = entry;
    updateHover();
  };
  for (const kind of ["pointerover", "pointermove", "focusin", "focusout"])
    document.addEventListener(kind, point);
  document.addEventListener("click", event => {
    const cell = cellOf(event);
    const entry = entryAt(event);
    if (!entry || cell?.matches(".editable")) return; // a click changes a leaf (edit.js)
    cell?.blur(); // so that arrow keys still go from step to step
    pin(entry);
  });
  document.addEventListener("keydown", onCellKey);
  connect({unpin: () => pin(null)});
}

/** @param {Entry|null} a @param {Entry|null} b */
const isOneEntry = (a, b) => a?.of === b?.of && a?.entry === b?.entry;

/** Pin an entry, or unpin it. @param {Entry|null} entry */
function pin(entry) {
  pinned = isOneEntry(entry, pinned) ? null : entry;
  if (!pinned) pointed = null;
  updateHover();
}

/** Move between cells, pin one, or unpin. @param {KeyboardEvent} event */
function onCellKey(event) {
  const {key} = event;
  const cell = cellOf(event);
  if (!isOurs(event)) return;
  if (key === "Escape" && pinned) pin(null);
  else if (cell && (key === "Enter" || key === " ")) pin(entryAt(event));
  else if (!cell || !moveFocus(cell, key)) return;
  event.preventDefault();
  event.stopPropagation(); // outside of an array, these keys go from step to step
}

/** Focus another cell of an array, and keep one tab stop. @param {HTMLElement} cell @param {string} key */
function moveFocus(cell, key) {
  const line = /** @type {HTMLElement} */ (cell.parentElement);
  const column = [...line.children].indexOf(cell);
  const targets = {
    ArrowLeft: cell.previousElementSibling,
    ArrowRight: cell.nextElementSibling,
    ArrowUp: line.previousElementSibling?.children[column],
    ArrowDown: line.nextElementSibling?.children[column],
    Home: line.firstElementChild,
    End: line.lastElementChild
  };
  if (!(key in targets)) return false;
  const next = /** @type {Record<string, any>} */ (targets)[key];
  if (next) {
    cell.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }
  return true;
}

/** Light and write out the entry that is pointed at, or else the pinned one. */
export function updateHover() {
  if (pinned && !shownTapes().includes(parseOrigin(pinned.of).tape)) pinned = null;
  const entry = pointed ?? pinned;
  if (!entry && !isLit) return;
  isLit = Boolean(entry);
  for (const lit of document.querySelectorAll("main :is(.spot, .use)"))
    lit.classList.remove("spot", "use");
  for (const square of document.querySelectorAll(".map rect")) square.remove();
  const text = entry ? lightAll(entry) : "";
  byId("entry-hint").hidden = Boolean(text);
  byId("entry-line").replaceChildren(...el("p", named(text)).childNodes);
  byId("unpin").hidden = !pinned;
}

/** Light an entry and its sources, and return its equation. @param {Entry} entry */
function lightAll({of, entry}) {
  const from = parseOrigin(of);
  const {tape, kind, node} = from;
  const {text, uses} = written(from, entry);
  for (const array of document.querySelectorAll("[data-of]")) {
    const at = array.getAttribute("data-of") ?? "";
    const other = parseOrigin(at);
    const isOfNode = other.tape === tape && other.node === node && !isForeign(kind + other.kind);
    if (at === of || isOfNode) light(array, [entry], "spot");
    for (const use of uses) if (use.of === at) light(array, use.entries, "use");
  }
  return text;
}

/** @param {Element} array @param {number[]|null} entries null for all @param {string} kind */
function light(array, entries, kind) {
  if (!entries) array.classList.add(kind);
  for (const entry of entries ?? [])
    if (array.matches(".map")) lightSquare(array, entry, kind);
    else array.querySelector(`[data-entry="${entry}"]`)?.classList.add(kind);
}
