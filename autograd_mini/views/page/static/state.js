// @ts-check
// The data, and what the reader has chosen: everything that is drawn follows from these.
import { byId } from "./dom.js";
/** @typedef {import("./types.js").Data} Data */
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").Step} Step */
/** @typedef {import("./types.js").Written} Written */

export const state = { tab: 0, step: 0, variant: 0, example: -1, playing: 0, table: false };
export let data = /** @type {Data} */ ({});

/** Reads the data; they are compressed where there are many. */
export async function read() {
  const plain = document.getElementById("data")?.textContent;
  if (plain) data = JSON.parse(plain);
  else {
    const bytes = Uint8Array.from(atob(byId("packed").textContent ?? ""), (c) => c.charCodeAt(0));
    data = await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).json();
  }
  await document.fonts.load("18px STIX Two Math"); // so that formulas are as wide as they are measured
  data.tapes.forEach((tape, i) => {
    const { nodes } = tape;
    Object.assign(tape, { level: tape.first, pools: data.pools.map((pools) => pools[i]), made: nodes.map(() => -1), passed: nodes.map(() => Infinity), sums: nodes.map(() => []) });
    tape.steps.forEach(({ phase, node, gives = [] }, step) => {
      if (phase === "forward") tape.made[node] = step;
      if (phase === "backward") tape.passed[node] = step;
      if (phase === "seed") tape.sums[node].push({ step, total: nodes[node].gradient ?? 0 });
      for (const gift of gives) tape.sums[gift.to].push({ step, total: gift.total, gift });
    });
  });
}

/** @returns {Tape[]} the tapes that are shown */
export const shown = () => data.tabs[state.tab].tapes.map((i) => data.tapes[i]);

/** @returns {Tape} the one that the timeline belongs to */
export const main = () => shown()[0];

/** The one that the cards below speak of: side by side, at the end, the fused one. */
export const told = () => (state.step === main().steps.length - 1 ? shown()[shown().length - 1] : main());

/** The step that a tape is at: the second one follows the first. @param {Tape} tape */
export const stepOf = (tape) => (tape === main() ? state.step : data.compare?.together[state.step] ?? 0);

/** What has come to a node so far. @param {Tape} tape @param {number} node @param {number} [now] */
export const arrived = (tape, node, now = stepOf(tape)) => tape.sums[node].filter(({ step }) => step <= now);

/** @param {Tape} tape @param {number} id @returns {any} */
const item = (tape, id) => tape.pools[state.variant][id] ?? tape.pools[0][id];

/** An array, or the chosen example of it. @param {Tape} tape @param {number} id @returns {Written} */
export function array(tape, id) {
  const found = item(tape, id);
  return found.each?.[state.example] ?? found;
}

/** A line of numbers; none beside a chosen example, since it is of an entry of the whole.
 * @param {Tape} tape @param {number} [id] @returns {string} */
export const line = (tape, id) => (id === undefined || state.example >= 0 ? "" : item(tape, id));

/** Of many names the first few and the last. @param {string[]} names */
export function brief(names) {
  const all = [...new Set(names)];
  return (all.length > 6 ? [...all.slice(0, 3), "…", ...all.slice(-1)] : all).join(", ");
}

/** Which way a step goes; on a long tape Python left it out. @param {Tape} tape @param {Step} step */
export function way({ nodes }, { way: written, node, gives }) {
  const { name, inputs = [] } = nodes[node];
  const others = brief((gives?.map(({ to }) => to) ?? inputs).map((i) => nodes[i].name));
  return written ?? (gives ? `${name} → ${others}` : `${others} → ${name}`);
}
