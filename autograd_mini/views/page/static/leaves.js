// @ts-check
// The reader changes entries of leaves by sliders, in cells or through the address, and the programs
// of the tapes compute everything again (live.js).
import { data } from "./state.js";
import { SETTINGS } from "./address.js";
import { controls, rangeControl, showNumbers } from "./controls.js";
import { button, enable } from "./dom.js";
import { editor, entryName, listenToCells } from "./edit.js";
import { features } from "./features.js";
import { formatNumber, minus } from "./format.js";
import { live } from "./live.js";
import { nd } from "./nd.js";
/** @typedef {import("./types.js").Argument} Argument */
/** @typedef {import("./controls.js").Control} Control */

const MOST_SLIDERS = 6; // entries of leaves with a slider
const LEAST_REACH = 2; // of a slider, to both sides
const MOST_CHANGED = 32; // entries of leaves in an address

features.push({
  start() {
    live.reset();
    live.run();
    for (const tape of data.tapes) Object.assign(tape, { edit: editor, numbers: live.numbers });
    listenToCells(setEntry);
    for (const leaf of moving()) leaf.data.forEach((_, at) => controls.push(entrySlider(leaf, at)));
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
const setEntry = (name, at, value) => compute(() => live.setEntry(name, at, value));

/** The leaves with sliders: all if they are small, or else the parameters, the inputs or the numbers. */
function moving() {
  const all = live.arguments().filter(isFree);
  const groups = [
    all,
    all.filter(({ parameter }) => parameter),
    all.filter(({ parameter }) => !parameter),
    all.filter(({ shape }) => !shape.length),
  ];
  /** @param {Argument[]} group */
  const size = (group) => group.flatMap((leaf) => leaf.data).length;
  return groups.find((group) => size(group) && size(group) <= MOST_SLIDERS) ?? [];
}

/** @param {Argument} leaf */
const isFree = ({ fixed, data: numbers }) =>
  !fixed && numbers.every((x) => Number.isFinite(Number(x)));

/** @param {Argument} leaf @param {number} at @returns {Control} */
function entrySlider({ name, shape, data: numbers }, at) {
  const start = Number(numbers[at]);
  const reach = Math.max(LEAST_REACH, Math.abs(start));
  const label = entryName(name, shape, at);
  const { element, input, show } = rangeControl(label, (value) => setEntry(name, at, value));
  input.id = `input-${controls.length}`;
  const step = 10 ** Math.floor(Math.log10(reach / 20)); // 40 to 400 positions
  const update = () => {
    const value = nd.numbers(live.leaf(name))[at];
    const ends = [start - reach, start + reach, value]; // a cell may have been changed to any number
    Object.assign(input, {
      min: Math.min(...ends),
      max: Math.max(...ends),
      step,
    });
    show(value, minus(formatNumber(value)));
  };
  return { element, update };
}

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
