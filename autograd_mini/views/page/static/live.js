// @ts-check
// Live numbers: the tape's own program computes everything that the page shows from the leaves.
//
// The reader changes a leaf, and `live.run` computes all tapes of the page again. Then `shown`
// formats a result when it is drawn. Until a leaf is changed, the page shows Python's texts.
import { data, state } from "./state.js";
import { formatArray, formatNumber, minus } from "./format.js";
import { nd } from "./nd.js";
import { programs } from "./programs.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").LiveTape} LiveTape */
/** @typedef {import("./types.js").Argument} Argument */
/** @typedef {import("./types.js").Part} TextPart */
/** @typedef {import("./types.js").ArrayData} ArrayData */
/** @typedef {import("./types.js").NdArray} NdArray */

/** The arrays of the leaves, by name. @type {Map<string, NdArray>} */
const leaves = new Map();
/** @type {Map<Tape, NdArray[]>} */
const results = new Map();
/** What has been formatted since the last run. @type {Map<Tape, Map<string, ArrayData|string>>} */
const formatted = new Map();
let changed = false;

const entries = () => data.live ?? [];
const canRun = () => programs.length > 0 && entries().length > 0;

/** @param {Tape} tape @returns {LiveTape} */
const programOf = (tape) => entries()[data.tapes.indexOf(tape)];

/** @param {Argument} argument */
const initial = ({ data: numbers, shape, dtype }) =>
  nd.array(numbers.map(Number), shape, dtype);

export const live = {
  /** Run the programs for the first time, if the page can compute. */
  start() {
    if (!canRun()) return;
    live.reset();
    live.run();
  },
  /** Why it cannot, if Python tried. */
  why: () => entries().find(({ why }) => why)?.why ?? "",
  isChanged: () => changed,

  /** The arguments of all programs, each once. @returns {Argument[]} */
  arguments: () => [
    ...new Map(
      entries()
        .flatMap((entry) => entry.arguments)
        .map((argument) => [argument.name, argument]),
    ).values(),
  ],
  /** The arrays that the program of a tape takes. @param {Tape} tape */
  leaves: (tape) =>
    programOf(tape).arguments.map(({ name }) => live.leaf(name)),
  /** @param {string} name @returns {NdArray} */
  leaf: (name) => /** @type {NdArray} */ (leaves.get(name)),
  /** Give a leaf new numbers, on every tape that has it. @param {string} name @param {NdArray} array */
  set(name, array) {
    leaves.set(name, array);
    changed = true;
  },
  /** Change one entry of a leaf. @param {string} name @param {number} at @param {number} value */
  setEntry(name, at, value) {
    const { shape, dtype } = live.leaf(name);
    const numbers = Array.from(nd.numbers(live.leaf(name)));
    numbers[at] = value;
    live.set(name, nd.array(numbers, shape, dtype));
  },
  /** Give all leaves, or one, the numbers that the page started with. @param {string} [only] */
  reset(only) {
    for (const argument of live.arguments())
      if (only === undefined || argument.name === only)
        leaves.set(argument.name, initial(argument));
    if (only === undefined) changed = false;
  },
  /** Compute all tapes. The caller draws the page again. */
  run() {
    data.tapes.forEach((tape) => {
      results.set(tape, programs[programOf(tape).program](live.leaves(tape)));
      formatted.set(tape, new Map());
      tape.shown = changed ? shown : undefined;
    });
    state.runs++;
    document.documentElement.toggleAttribute("data-live", changed);
  },
  /** @param {Tape} tape @param {number} index @returns {NdArray} */
  result: (tape, index) => /** @type {NdArray[]} */ (results.get(tape))[index],
  /** @param {Tape} tape @param {string} name of a leaf */
  gradient(tape, name) {
    const entry = programOf(tape);
    const nth = entry.arguments.findIndex((leaf) => leaf.name === name);
    return live.result(tape, entry.gradients[nth]);
  },
  /** The leaf that an item of the pool shows, if the reader may change it. @param {Tape} tape @param {number} id */
  editable: (tape, id) =>
    canRun()
      ? programOf(tape).arguments.find(
          ({ item, fixed }) => item === id && !fixed,
        )
      : undefined,
  /** The numbers of an item. @param {Tape} tape @param {number} id */
  numbers(tape, id) {
    const item = programOf(tape).items[id];
    return typeof item === "number" && item >= 0
      ? nd.numbers(live.result(tape, item))
      : undefined;
  },
};

/**
 * An item of the pool, computed. An item that the program does not compute is left out.
 * @param {Tape} tape @param {number} id @param {number} example of a batch; -1 for all
 */
function shown(tape, id, example) {
  const before = /** @type {any} */ (tape.pools[0][id]);
  const item = programOf(tape).items[id];
  if (item === null) return before?.each?.[example] ?? before;
  const known = /** @type {Map<string, any>} */ (formatted.get(tape));
  const key = `${id} ${before?.each ? example : -1}`;
  if (!known.has(key)) known.set(key, format(tape, item, before, example));
  return known.get(key);
}

/**
 * @param {Tape} tape @param {LiveTape["items"][number]} item @param {any} before @param {number} example
 * @returns {ArrayData|string}
 */
function format(tape, item, before, example) {
  if (item === null || typeof item === "object")
    return computedLine(tape, item);
  if (typeof before === "string") return "";
  if (item < 0) return { shape: before.shape, tint: ["i"], text: [["·"]] };
  const { shape, dtype } = live.result(tape, item);
  const numbers = nd.numbers(live.result(tape, item));
  if (!before.each?.[example])
    return { shape: before.shape, ...formatArray(numbers, shape, dtype) };
  const size = numbers.length / shape[0];
  const row = numbers.subarray(example * size, (example + 1) * size);
  return {
    shape: before.each[example].shape,
    ...formatArray(row, shape.slice(1), dtype),
  };
}

/** A line of text with its numbers. @param {Tape} tape @param {LiveTape["items"][number]} line */
function computedLine(tape, line) {
  if (line === null || typeof line === "number") return "";
  const { parts, product } = line;
  if (product) {
    const [a, b, c] = product.map((part) => partNumber(tape, part));
    if (!isClose(a * b, c)) return "";
  }
  return minus(parts.map((part) => partText(tape, part)).join(""));
}

/** @param {number} x @param {number} y */
const isClose = (x, y) =>
  Object.is(x, y) || Math.abs(x - y) <= 1e-8 + 1e-5 * Math.abs(y);

/** @param {Tape} tape @param {TextPart} part */
const partNumber = (tape, part) =>
  typeof part === "string"
    ? Number(part)
    : nd.numbers(live.result(tape, part[0]))[part[1]];

/** @param {Tape} tape @param {TextPart} part */
function partText(tape, part) {
  if (typeof part === "string") return part;
  const text = formatNumber(partNumber(tape, part));
  return part[2] && text.startsWith("-") ? `(${text})` : text;
}
