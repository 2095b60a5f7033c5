// @ts-check
// The entries of arrays, counted row by row: their origin, their names and their numbers.
import {array, data, outline} from "./state.js";
import {cells} from "./arrays.js";
import {formatNumber, minus} from "./format.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").How} How */

/**
 * Where an array comes from, as an attribute. A part is a contribution to the gradient of `node`.
 * @param {Tape} tape @param {"value"|"gradient"|"part"|"local"|"constant"} kind
 * @param {number} node @param {...number} at step and argument
 */
export const origin = (tape, kind, node, ...at) =>
  [data.tapes.indexOf(tape), kind, node, ...at].join(" ");

/** Whether arrays of a kind may have another shape than their node. @param {string} kind */
export const isForeign = kind => /local|constant/.test(kind);

/** The opposite of `origin`. @param {string} text */
export function parseOrigin(text) {
  const [nth, kind, ...numbers] = text.split(" ");
  const [node, step, argument] = numbers.map(Number);
  return {tape: data.tapes[Number(nth)], kind, node, step, argument};
}

/** An array of a tape as cells that can be pointed at. @param {Tape} tape @param {number} id @param {How} how */
export const tapeCells = (tape, id, how) =>
  cells((how.hidden ? outline : array)(tape, id), {item: id, edit: tape.edit?.(tape, id), ...how});

/** An entry as it is on the screen. @param {Tape} tape @param {number} id @param {number} entry */
export function entryText(tape, id, entry) {
  const {text, first = 0} = array(tape, id);
  const shown = text?.flat()[entry - first];
  const number = text ? undefined : tape.numbers?.(tape, id)?.[entry];
  return shown === "…"
    ? undefined
    : (shown ?? (number === undefined ? number : minus(formatNumber(number, 4))));
}

/** The lengths of the axes of a shape such as "int64(2, 3)". @param {string} shape */
export const lengths = shape => (shape.match(/\((.*)\)/)?.[1].match(/\d+/g) ?? []).map(Number);

/** The index of an entry, as in y[0,1]. @param {string} shape @param {number} entry */
export const subscript = (shape, entry) => bracketed(lengths(shape), entry);

/** The index of an entry, in brackets. @param {number[]} shape @param {number} entry */
export function bracketed(shape, entry) {
  /** @type {number[]} */
  const at = [];
  for (const length of shape.toReversed()) {
    at.unshift(entry % length);
    entry = Math.floor(entry / length);
  }
  return at.length ? `[${at}]` : "";
}

/**
 * The entries of an operand that an entry of the result depends on.
 * @param {import("./types.js").Reads} reads @param {string} shape of the operand
 * @param {number} entry
 */
export const entriesRead = (reads, shape, entry) =>
  reads.reduce(
    (found, axis, nth) =>
      found.flatMap(start =>
        [0, 1, 2, 3, 4, 5, 6, 7]
          .filter(k => (axis[entry] >> k) & 1)
          .map(k => start * (lengths(shape)[nth] ?? 1) + k)
      ),
    [0]
  );
