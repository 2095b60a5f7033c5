// @ts-check
// A slider for each entry of small leaves. Their numbers are in the address (link.js).
import {data} from "./state.js";
import {controls, rangeControl} from "./controls.js";
import {entryName} from "./edit.js";
import {features} from "./features.js";
import {formatNumber, minus} from "./format.js";
import {setEntry} from "./leaves.js";
import {live} from "./live.js";
import {nd} from "../../../compiler/source/runtime/nd.js";
/** @typedef {import("./types.js").Argument} Argument */

const LEAST_REACH = 2; // of a slider, to both sides

features.push({
  start() {
    for (const leaf of live.arguments())
      if (data.moving?.includes(leaf.name))
        leaf.data.forEach((_, at) => controls.push(entrySlider(leaf, at)));
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
