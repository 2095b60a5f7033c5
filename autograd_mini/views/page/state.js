// @ts-check
// What the reader has chosen. Everything that is drawn follows from the data and this.
/** @typedef {import("./types.js").Data} Data */
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").Written} Written */

export const state = {
  tab: 0,
  step: 0,
  /** @type {number[]} the level of each tape */
  level: [],
  variant: 0,
  example: -1,
  playing: 0,
  table: false,
};

/** @type {{data: Data}} */
export const page = { data: /** @type {Data} */ ({}) };

/** @returns {Tape[]} the tapes that are shown */
export const shown = () => page.data.tabs[state.tab].tapes.map((i) => page.data.tapes[i]);

/** @returns {Tape} the one that the timeline belongs to */
export const main = () => shown()[0];

/** The step that a tape is at: the second one follows the first.
 * @param {Tape} tape */
export function stepOf(tape) {
  const { compare } = page.data;
  return tape === main() || !compare ? state.step : compare.together[state.step];
}

/** @param {Tape} tape @param {number} id @returns {Written|string} */
function item(tape, id) {
  const i = page.data.tapes.indexOf(tape);
  return page.data.pools[state.variant][i][id] ?? page.data.pools[0][i][id] ?? "";
}

/** Which way a step goes, where Python left it out.
 * @param {Tape} tape @param {import("./types.js").Step} step */
export function way(tape, step) {
  const { nodes } = tape, { name, inputs } = nodes[step.node];
  if (step.way) return step.way;
  const others = (step.gives ? step.gives.map((gift) => gift.to) : inputs ?? []).map((i) => nodes[i].name).join(", ");
  return step.gives ? `${name} → ${others}` : `${others} → ${name}`;
}

/** An array, or the chosen example of it.
 * @param {Tape} tape @param {number} id @returns {Written} */
export function array(tape, id) {
  const found = /** @type {Written} */ (item(tape, id));
  return found.each?.[state.example] ?? found;
}

/** A line of numbers; none beside a chosen example, since it is of an entry of the whole.
 * @param {Tape} tape @param {number} id */
export const line = (tape, id) => (state.example < 0 ? String(item(tape, id)) : "");
