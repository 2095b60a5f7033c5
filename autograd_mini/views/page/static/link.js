// @ts-check
// The numbers of leaves that the reader changed are in the address: a link holds them.
import {SETTINGS} from "./address.js";
import {features} from "./features.js";
import {changeEntry} from "./leaves.js";
import {live} from "./live.js";
import {nd} from "../../../compiler/source/runtime/nd.js";

const MOST_CHANGED = 32; // entries of leaves in an address

features.push({
  start() {
    SETTINGS.leaves = {text: changedEntries, read: readEntries};
  }
});

/** The entries that the reader changed, each as leaf, position and number. */
function changedEntries() {
  if (!live.isChanged()) return "";
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
  live.reset();
  for (const entry of text.split("*")) {
    const [nth, at, value] = entry.split("_").map(Number);
    const leaf = live.arguments()[nth];
    if (at in (leaf?.data ?? []) && Number.isFinite(value)) changeEntry(leaf.name, at, value);
  }
  live.run();
}
