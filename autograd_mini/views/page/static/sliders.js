// @ts-check
// A slider for each entry of small leaves, whose numbers are also in the address.
import {data} from "./state.js";
import {SETTINGS} from "./address.js";
import {controls, rangeControl} from "./controls.js";
import {entryName} from "./edit.js";
import {features} from "./features.js";
import {formatNumber, minus} from "./format.js";
import {changeEntry, setEntry} from "./leaves.js";
import {live} from "./live.js";
import {nd} from "../../../compiler/source/runtime/nd.js";
/** @typedef {import("./types.js").Argument} Argument */

const MOST_CHANGED = 32; // entries of leaves in an address
const LEAST_REACH = 2; // of a slider, to both sides

features.push({
  start() {
    for (const leaf of live.arguments())
      if (data.moving?.includes(leaf.name))
        leaf.data.forEach((_, at) => controls.push(entrySlider(leaf, at)));
    SETTINGS.leaves = {text: changedEntries, read: readEntries};
  }
});

/** @param {Argument} leaf @param {number} at @returns {import("./controls.js").Control} */
function entrySlider({name, shape, data: numbers}, at) {
  const start = Number(numbers[at]);
  const reach = Math.max(LEAST_REACH, Math.abs(start));
  const label = entryName(name, shape, at);
  const {element, input, show} = rangeControl(label, value => setEntry(name, at, value));
  input.id = `input-${controls.length}`;
  const step = 10 ** Math.floor(Math.log10(reach / 20)); // 40 to 400 positions
  const update = () => {
    const value = nd.numbers(live.leaf(name))[at];
    const ends = [start - reach, start + reach, value]; // a cell may have been changed to any number
    Object.assign(input, {min: Math.min(...ends), max: Math.max(...ends), step});
    show(value, minus(formatNumber(value)));
  };
  return {element, update};
}

// ---- the address ----

/** The entries that the reader changed, each as leaf, position and number. */
function changedEntries() {
  const changed = live
    .arguments()
    .flatMap(({name, data: before}, nth) =>
      Array.from(nd.numbers(live.leaf(name)), (x, at) =>
        Object.is(x, Number(before[at])) ? "" : `${nth}_${at}_${x}`
      ).filter(Boolean)
    );
  return changed.length > MOST_CHANGED ? "" : changed.join("*");
}

/** @param {string} text */
function readEntries(text) {
  for (const entry of text.split("*")) {
    const [nth, at, value] = entry.split("_").map(Number);
    const leaf = live.arguments()[nth];
    if (at in (leaf?.data ?? []) && Number.isFinite(value)) changeEntry(leaf.name, at, value);
  }
  live.run();
}
