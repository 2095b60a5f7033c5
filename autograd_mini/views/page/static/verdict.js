// @ts-check
// Whether the gradients of two tapes still agree once leaves have changed, and logits that overflow.
import {data} from "./state.js";
import {showVerdict} from "./compare.js";
import {controls} from "./controls.js";
import {button, press} from "./dom.js";
import {features} from "./features.js";
import {formatNumber, minus} from "./format.js";
import {compute} from "./leaves.js";
import {live} from "./live.js";
import {nd} from "../../../compiler/source/runtime/nd.js";
/** @typedef {import("./types.js").Compare} Compare */

const compare = () => /** @type {Compare} */ (data.compare);

features.push({
  start: addHardLogits,
  update() {
    if (data.tapes[1].shown) showVerdict(verdict(compare()));
  }
});

/** Add a button for logits whose exponentials overflow. */
function addHardLogits() {
  const {hard} = compare();
  const leaf = data.live?.[1].arguments.find(({node}) => node === hard?.node);
  if (!hard || !leaf) return;
  const {name, shape, dtype} = leaf;
  const numbers = leaf.data.map((_, i) => hard.row[i % hard.row.length]);
  const isOn = () => nd.numbers(live.leaf(name)).every((x, i) => x === numbers[i]);
  const after = nd.array(numbers, shape, dtype);
  let before = live.leaf(name);
  const toggle = () => {
    const now = live.leaf(name);
    live.set(name, isOn() ? before : after);
    before = now;
  };
  const element = button(hard.label, () => compute(toggle), {id: "hard"});
  controls.push({element, update: () => press(element, isOn())});
}

/** How far the gradients of both tapes agree, in words. @param {Compare} compare */
function verdict({pairs, words, close}) {
  if (!pairs.length) return "";
  const both = pairs.map(([name, ...ids]) => ({
    name,
    arrays: ids.map((id, nth) => live.numbers(data.tapes[nth], id) ?? [])
  }));
  const [ours, theirs] = [0, 1].map(nth =>
    both
      .filter(({arrays}) => !Array.from(arrays[nth]).every(Number.isFinite))
      .map(({name}) => name)
      .join(", ")
  );
  if (ours) return words.broken.replace("#", ours) + (theirs ? "" : words.exact);
  if (theirs) return words.both.replace("#", theirs);
  let [largest, scale] = [0, 1];
  for (const {
    arrays: [a, b]
  } of both) {
    for (let i = 0; i < a.length; i++) {
      largest = Math.max(largest, Math.abs(a[i] - b[i]));
      scale = Math.max(scale, Math.abs(a[i]));
    }
  }
  const word = largest <= close * scale ? words.agree : words.differ;
  return minus(word.replace("#", formatNumber(largest, 2)));
}
