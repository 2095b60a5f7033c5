// @ts-check
// Live numbers: the tape's own program computes everything that the page shows from the leaves.
//
// The reader changes a leaf, and `live.run` computes all tapes of the page again. Then `shown`
// formats a result when it is drawn. Until a leaf is changed, the page shows Python's texts.
import {data, state} from "./state.js";
import {features} from "./features.js";
import {formatArray, formatNumber, minus} from "./format.js";
import {nd} from "../../../compiler/source/runtime/nd.js";
import {programs} from "./programs.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").LiveTape} LiveTape */
/** @typedef {import("./types.js").Part} TextPart */
/** @typedef {import("./types.js").ArrayData} ArrayData */
/** @typedef {{parts: TextPart[], product?: TextPart[]}} Line */
/** @typedef {import("./types.js").NdArray} NdArray */

features.push({
  start() {
    live.reset();
    live.run();
    for (const tape of data.tapes) tape.numbers = live.numbers;
  }
});

/** The arrays of the leaves, by name. @type {Map<string, NdArray>} */
const leaves = new Map();
/** @type {Map<Tape, NdArray[]>} */
const results = new Map();
/** The programs, which compute local derivatives when a step shows them. @type {Map<Tape, any>} */
const unfinished = new Map();
/** The results before any change, which the page shows as Python wrote them. @type {WeakSet<NdArray>} */
const first = new WeakSet();
/** The results that were read last. @type {Map<Tape, NdArray[]>} */
const last = new Map();
/** What has been formatted, by row. @type {WeakMap<NdArray, Record<number, ArrayData>>} */
const formatted = new WeakMap();
let isChanged = false;

/** @param {Tape} tape */
export const programOf = tape => /** @type {LiveTape[]} */ (data.live)[data.tapes.indexOf(tape)];

export const live = {
  /** Whether a leaf was set. */
  isChanged: () => isChanged,

  /** The arguments of all programs, each once: programs share those of one name. */
  arguments() {
    const all = data.tapes.flatMap(tape => programOf(tape).arguments);
    return [...new Map(all.map(leaf => [leaf.name, leaf])).values()];
  },
  /** The arrays that the program of a tape takes. @param {Tape} tape */
  leaves: tape => programOf(tape).arguments.map(({name}) => live.leaf(name)),
  /** @param {string} name @returns {NdArray} */
  leaf: name => /** @type {NdArray} */ (leaves.get(name)),
  /** Give a leaf new numbers, on every tape that has it. @param {string} name @param {NdArray} array */
  set(name, array) {
    leaves.set(name, array);
    isChanged = true;
  },
  /** Give all leaves the numbers that the page started with. */
  reset() {
    for (const {name, data: numbers, shape, dtype} of live.arguments())
      leaves.set(name, nd.array(numbers.map(Number), shape, dtype));
    isChanged = false;
  },
  /** Compute all tapes. The caller draws the page again. */
  run() {
    data.tapes.forEach(tape => {
      const program = programs[programOf(tape).program](live.leaves(tape));
      const found = last.has(tape) ? program.next().value : [...program].flat();
      results.set(tape, found);
      unfinished.set(tape, program);
      if (!last.has(tape)) {
        last.set(tape, [...found]);
        for (const result of found) first.add(result);
      }
      tape.shown = live.isChanged() ? shown : undefined;
    });
    state.runs++;
  },
  /**
   * A result. If its numbers are those that were read last, it is the same array: then its cells are
   * not drawn again.
   * @param {Tape} tape @param {number} index @returns {NdArray}
   */
  result(tape, index) {
    const now = /** @type {NdArray[]} */ (results.get(tape));
    const before = /** @type {NdArray[]} */ (last.get(tape));
    if (index >= now.length) now.push(...unfinished.get(tape).next().value);
    if (isSame(now[index], before[index])) now[index] = before[index];
    else before[index] = now[index];
    return now[index];
  },
  /** @param {Tape} tape @param {string} name of a leaf */
  gradient(tape, name) {
    const entry = programOf(tape);
    const nth = entry.arguments.findIndex(leaf => leaf.name === name);
    return live.result(tape, entry.gradients[nth]);
  },
  /** The numbers of an item. @param {Tape} tape @param {number} id */
  numbers(tape, id) {
    const item = programOf(tape).items[id];
    return typeof item === "number" && item >= 0 ? nd.numbers(live.result(tape, item)) : undefined;
  }
};

/** @param {NdArray} x @param {NdArray} y of the same shape */
function isSame(x, y) {
  if (x === y) return true;
  const others = nd.numbers(y);
  return nd.numbers(x).every((n, i) => Object.is(n, others[i]));
}

/**
 * An item of the pool, computed. An item that the program does not compute is left out.
 * @param {Tape} tape @param {number} id @param {number} example of a batch; -1 for all
 */
function shown(tape, id, example) {
  const before = /** @type {any} */ (tape.pools[0][id]);
  const item = programOf(tape).items[id];
  const row = before?.each?.[example];
  const isFirst = typeof item === "number" && item >= 0 && first.has(live.result(tape, item));
  if (item === null || isFirst) return row ?? before;
  if (typeof item === "object") return computedLine(tape, item);
  if (typeof before === "string") return "";
  const known = row ?? before;
  if (item < 0) return {...known, tint: ["i"], text: [["·"]]};
  return computedArray(live.result(tape, item), known, row ? example : -1);
}

/**
 * A result as text, or a row of it. A leaf that has not changed keeps its text.
 * @param {NdArray} result @param {ArrayData} before any change @param {number} row or -1
 */
function computedArray(result, before, row) {
  const known = formatted.get(result) ?? {};
  formatted.set(result, known);
  const numbers = nd.numbers(result);
  const size = row < 0 ? numbers.length : numbers.length / result.shape[0];
  const start = Math.max(row, 0) * size;
  const part = numbers.subarray(start, start + size);
  const axes = row < 0 ? result.shape : result.shape.slice(1);
  return (known[row] ??= {...before, ...formatArray(part, axes, result.dtype)});
}

/**
 * A line of text with its numbers; empty if its product is only true of other numbers.
 * @param {Tape} tape @param {Line} line
 */
function computedLine(tape, {parts, product = []}) {
  /** @param {TextPart} part */
  const numberOf = part =>
    typeof part === "string" ? Number(part) : nd.numbers(live.result(tape, part[0]))[part[1]];
  const [a, b, c] = product.map(numberOf);
  if (product.length && !isClose(a * b, c)) return "";
  const texts = parts.map(part => {
    if (typeof part === "string") return part;
    const text = formatNumber(numberOf(part));
    return part[2] && text.startsWith("-") ? `(${text})` : text;
  });
  return minus(texts.join(""));
}

/** @param {number} x @param {number} y */
const isClose = (x, y) => Object.is(x, y) || Math.abs(x - y) <= 1e-8 + 1e-5 * Math.abs(y);
