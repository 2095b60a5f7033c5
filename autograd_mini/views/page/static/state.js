// @ts-check
// The data of the page, and the choices of the reader. Everything is drawn from these two.
//
// The slider of a training run changes `state.variant`, and `array` and `line` read each number from
// the pool of that variant. Once a leaf has changed, they read it from the tape's program (live.js).
import {byId} from "./dom.js";
/** @typedef {import("./types.js").Data} Data */
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").Step} Step */
/** @typedef {import("./types.js").ArrayData} ArrayData */

export const CLOSE = 1e-4; // the largest distance that counts as rounding

export const state = {
  tab: 0,
  step: 0,
  variant: 0, // of the numbers; a slider selects it
  runs: 0, // of the programs of the tapes
  example: -1, // of a batch; -1 for all
  playing: 0 // the timer, while it plays
};
export let data = /** @type {Data} */ ({});

/** Read the data, and prepare lookups. */
export async function readData() {
  const font = document.fonts.load("18px STIX Two Math");
  const plain = document.getElementById("data")?.textContent;
  data = plain ? JSON.parse(plain) : await unpacked();
  await font; // before formulas are measured
  data.tapes.forEach(prepare);
}

/** @returns {Promise<Data>} compressed data */
async function unpacked() {
  const packed = atob(byId("packed").textContent ?? "");
  const bytes = new Uint8Array(packed.length);
  for (let i = 0; i < packed.length; i++) bytes[i] = packed.charCodeAt(i); // without a call for each
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).json();
}

/** @param {Tape} tape @param {number} nth */
function prepare(tape, nth) {
  const {nodes} = tape;
  tape.level = tape.first;
  tape.pools = data.pools.map(pools => pools[nth]);
  for (const level of tape.levels) level.places = level.shapes.map(i => tape.shapes[i]);
  tape.made = nodes.map(() => -1);
  tape.passed = nodes.map(() => Infinity);
  tape.sums = nodes.map(() => []);
  tape.steps.forEach(({phase, node, gives = []}, step) => {
    if (phase === "forward") tape.made[node] = step;
    if (phase === "backward") tape.passed[node] = step;
    if (phase === "seed") tape.sums[node].push({step, total: nodes[node].gradient ?? 0});
    for (const contribution of gives) {
      tape.sums[contribution.to].push({step, total: contribution.total, contribution});
    }
  });
}

/** @returns {Tape[]} the visible tapes */
export const shownTapes = () => data.tabs[state.tab].tapes.map(i => data.tapes[i]);

/** @returns {Tape} the tape that the timeline belongs to */
export const mainTape = () => shownTapes()[0];

/** The tape that the cards describe. Side by side, at the last backward step, it is the fused one. */
export const describedTape = () =>
  state.step === mainTape().steps.length - 2 ? shownTapes().slice(-1)[0] : mainTape();

/** The step that a tape is at. The second tape follows the first. @param {Tape} tape */
export const stepOf = tape =>
  tape === mainTape() ? state.step : (data.compare?.together[state.step] ?? 0);

/** The contributions to the gradient of a node so far. @param {Tape} tape @param {number} node */
export function arrived(tape, node) {
  const now = stepOf(tape);
  return tape.sums[node].filter(({step}) => step <= now);
}

/** @param {Tape} tape @param {number} id @returns {any} */
const item = (tape, id, example = -1) =>
  tape.shown?.(tape, id, example) ?? tape.pools[state.variant][id] ?? tape.pools[0][id];

/**
 * An array, or the chosen example of it.
 * @param {Tape} tape @param {number} id @param {number} [example] @returns {ArrayData}
 */
export const array = (tape, id, example = state.example) => rowOf(item(tape, id, example), example);

/** @param {any} found @param {number} example @returns {ArrayData} */
const rowOf = (found, example) => found.each?.[example] ?? found;

/** A number as it is shown or typed; NaN if it is none. @param {string} text */
export const parseNumber = text =>
  text.trim() ? Number(text.replaceAll("−", "-").replace("inf", "Infinity")) : NaN;

/** An array that is not shown yet: only its rows and columns matter. @param {Tape} tape @param {number} id */
export const outline = ({pools}, id) => rowOf(pools[0][id], state.example);

/**
 * A line with the numbers of one entry; empty if an example is chosen.
 * @param {Tape} tape @param {number} [id] @returns {string}
 */
export const line = (tape, id) => (id === undefined || state.example >= 0 ? "" : item(tape, id));

/**
 * A step or a contribution, with the formulas that are right for the current numbers.
 * @template {{otherwise?: import("./types.js").Otherwise}} Kind
 * @param {Tape} tape @param {Kind} given @returns {Kind}
 */
export function current(tape, given) {
  const {otherwise} = given;
  if (!otherwise) return given;
  if (otherwise.unless < 0) return tape.shown ? {...given, ...otherwise} : given;
  const distance = array(tape, otherwise.unless, -1).text?.[0][0];
  const holds = !distance || Math.abs(parseNumber(distance)) < CLOSE;
  return holds ? given : {...given, ...otherwise};
}

/** All words, or of too many the first few and the last. @param {string[]} words */
export const abridged = (words, /** @type {number} */ most, /** @type {number} */ few) =>
  words.length > most ? [...words.slice(0, few), "…", ...words.slice(-1)] : words;

/**
 * The part of a training step that a step belongs to. @param {Pick<Step, "phase">} step
 * @returns {"forward"|"backward"|"update"}
 */
export const passOf = ({phase}) =>
  phase === "start" ? "forward" : phase === "seed" || phase === "end" ? "backward" : phase;

/** The operation of a step, or its place in the story. @param {Tape} tape @param {Step} step */
export const stepName = ({nodes}, {phase, node}) =>
  ["forward", "backward"].includes(phase) ? nodes[node].op : phase === "end" ? "result" : phase;

/**
 * The direction of a step: "x → y". For a long tape it is computed here.
 * @param {Tape} tape @param {Step} step
 */
export function direction({nodes}, {way, node, gives}) {
  if (way !== undefined) return way;
  const {name, inputs = []} = nodes[node];
  const names = (gives?.map(({to}) => to) ?? inputs).map(i => nodes[i].name);
  const others = abridged([...new Set(names)], 6, 3).join(", ");
  return gives ? `${name} → ${others}` : `${others} → ${name}`;
}
