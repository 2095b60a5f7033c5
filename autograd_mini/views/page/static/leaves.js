// @ts-check
// The reader changes entries of leaves in cells or by sliders, and the programs
// of the tapes compute everything again (live.js).
import {data} from "./state.js";
import {showNumbers} from "./controls.js";
import {editor, listenToCells} from "./edit.js";
import {features} from "./features.js";
import {live} from "./live.js";
import {nd} from "../../../compiler/source/runtime/nd.js";

features.push({
  start() {
    for (const tape of data.tapes) tape.edit = editor;
    listenToCells(setEntry);
  }
});

/** Compute everything after a change, and show it. @param {() => void} change */
export function compute(change) {
  change();
  live.run();
  showNumbers();
}

/** Change one entry of a leaf. @param {string} name @param {number} at @param {number} value */
export const setEntry = (name, at, value) => compute(() => changeEntry(name, at, value));

/** @param {string} name @param {number} at @param {number} value */
export function changeEntry(name, at, value) {
  const {shape, dtype} = live.leaf(name);
  const numbers = Array.from(nd.numbers(live.leaf(name))).with(at, value);
  live.set(name, nd.array(numbers, shape, dtype));
}
