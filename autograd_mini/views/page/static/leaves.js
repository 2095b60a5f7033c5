// @ts-check
// The reader changes entries of leaves in cells, by sliders or through the address, and the programs
// of the tapes compute everything again (live.js).
import { data } from "./state.js";
import { SETTINGS } from "./address.js";
import { controls, showNumbers } from "./controls.js";
import { button, enable } from "./dom.js";
import { editor, listenToCells } from "./edit.js";
import { features } from "./features.js";
import { live } from "./live.js";
import { nd } from "./nd.js";
/** @typedef {import("./controls.js").Control} Control */

const MOST_CHANGED = 32; // entries of leaves in an address

features.push({
  start() {
    live.reset();
    live.run();
    for (const tape of data.tapes) Object.assign(tape, { edit: editor, numbers: live.numbers });
    listenToCells(setEntry);
    controls.push(resetButton());
    SETTINGS.leaves = { text: changedEntries, read: readEntries };
  },
});

/** Compute everything after a change, and show it. @param {() => void} change */
export function compute(change) {
  change();
  live.run();
  showNumbers();
}

/** @param {string} name @param {number} at @param {number} value */
export const setEntry = (name, at, value) => compute(() => live.setEntry(name, at, value));

/** @returns {Control} */
function resetButton() {
  const reset = () => compute(() => live.reset());
  const element = button("Reset", reset, { id: "reset" });
  return { element, update: () => enable(element, live.isChanged()) };
}

// ---- the address ----

/** The entries that the reader changed, each as leaf, position and number. */
function changedEntries() {
  const changed = live
    .arguments()
    .flatMap(({ name, data: before }, nth) =>
      live.isChanged(name)
        ? [...nd.numbers(live.leaf(name))].flatMap((x, at) =>
            x === Number(before[at]) ? [] : [`${nth}_${at}_${x}`],
          )
        : [],
    );
  return changed.length > MOST_CHANGED ? "" : changed.join("*");
}

/** @param {string} text */
function readEntries(text) {
  for (const entry of text.split("*")) {
    const [nth, at, value] = entry.split("_").map(Number);
    const leaf = live.arguments()[nth];
    if (at in (leaf?.data ?? []) && Number.isFinite(value)) live.setEntry(leaf.name, at, value);
  }
  live.run();
}
