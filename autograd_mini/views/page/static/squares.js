// @ts-check
// The squares of heat maps: each shows an entry, or the largest of a few.
import {svg} from "./dom.js";
import {lengths, parseOrigin} from "./entries.js";
import {partOf} from "./format.js";

/**
 * The columns and rows of a heat map, and a function that finds the square of an entry.
 * @param {Element} map
 */
function squaresOf(map) {
  const of = map.getAttribute("data-of") ?? "";
  const {width, height} = /** @type {any} */ (map.firstElementChild).viewBox.baseVal;
  const isFlipped = map.hasAttribute("data-flip");
  const [across, down] = isFlipped ? [height, width] : [width, height];
  const {tape, node} = parseOrigin(of);
  const axes = lengths(tape.nodes[node].shape);
  const columns = axes.pop() ?? 1; // a vector is a row
  const rows = axes.reduce((a, b) => a * b, 1);
  /** @param {number} entry */
  const place = entry => {
    const at = [
      partOf(entry % columns, columns, across),
      partOf(Math.floor(entry / columns), rows, down)
    ];
    return isFlipped ? at.reverse() : at;
  };
  return {of, tape, width, height, place};
}

/**
 * The entry that a pointer is at: of the entries of a square the largest.
 * @param {Element} map @param {PointerEvent} event
 */
export function squareAt(map, {clientX, clientY}) {
  const {of, tape, width, height, place} = squaresOf(map);
  const box = map.getBoundingClientRect();
  const x = Math.floor(((clientX - box.x) * width) / box.width);
  const y = Math.floor(((clientY - box.y) * height) / box.height);
  const numbers = tape.numbers?.(tape, Number(map.getAttribute("data-item"))) ?? [];
  let found = -1;
  numbers.forEach((/** @type {number} */ number, /** @type {number} */ entry) => {
    const [i, j] = place(entry);
    const isLarger = found < 0 || !(Math.abs(number) <= Math.abs(numbers[found]));
    if (i === x && j === y && isLarger) found = entry;
  });
  return found < 0 ? null : {of, entry: found};
}

/** Light the square of an entry. @param {Element} map @param {number} entry @param {string} kind */
export function lightSquare(map, entry, kind) {
  const [x, y] = squaresOf(map).place(entry);
  map.firstElementChild?.append(svg(`rect.${kind}`, {x, y, width: 1, height: 1}));
}
