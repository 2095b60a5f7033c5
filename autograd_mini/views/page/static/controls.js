// @ts-check
// The controls above the graph.
//
// A slider of a leaf changes one of its entries, and the programs of the tapes compute everything
// again (live.js). The button for hard logits sets a whole leaf. The slider of a training run selects
// one of the recorded numbers, and that over the examples of a batch selects the rows shown.
import { data, state } from "./state.js";
import { button, byId, el, press } from "./dom.js";
import { entryName, listenToCells } from "./edit.js";
import { formatNumber, minus } from "./format.js";
import { live } from "./live.js";
import { nd } from "./nd.js";
/** @typedef {import("./types.js").Slider} Slider */
/** @typedef {import("./types.js").Argument} Argument */

const MOST_SLIDERS = 6; // entries of leaves with a slider
const LEAST_REACH = 2; // of a slider, to both sides

/**
 * A control, and a function that shows the chosen position.
 * @typedef {{element: HTMLElement, update: () => void}} Control
 */

/** @type {Control[]} */
const controls = [];

/** Show the current position of each control. */
export const updateControls = () => controls.forEach(({ update }) => update());

/** Make the controls. @param {() => void} render redraws the page */
export function listenToControls(render) {
  /** @param {() => void} change */
  const after = (change) => {
    change();
    updateControls();
    render();
  };
  controls.push(
    ...data.sliders.map((slider) => recordingSlider(slider, after)),
  );
  if (state.runs) controls.push(...liveControls(after));
  if (data.batch) controls.push(exampleSlider(data.batch, after));
  byId("controls").append(...controls.map(({ element }) => element));
  byId("why").textContent = live.why();
  updateControls();
}

/** @typedef {(change: () => void) => void} After */

/** @param {After} after @returns {Control[]} */
function liveControls(after) {
  /** @param {() => void} change */
  const compute = (change) =>
    after(() => {
      change();
      live.run();
    });
  listenToCells((name, at, value) =>
    compute(() => live.setEntry(name, at, value)),
  );
  const sliders = moving().flatMap((leaf) =>
    leaf.data.map((_, at) => entrySlider(leaf, at, compute)),
  );
  sliders.forEach(({ element }, i) => {
    const input = element.querySelector("input");
    if (input) input.id = `input-${i}`;
  });
  return [...sliders, ...hardButton(compute), resetButton(compute)];
}

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
  const size = (group) =>
    group.reduce((total, { data: numbers }) => total + numbers.length, 0);
  return (
    groups.find((group) => group.length && size(group) <= MOST_SLIDERS) ?? []
  );
}

/** @param {Argument} leaf */
const isFree = ({ fixed, data: numbers }) =>
  !fixed && numbers.every((x) => Number.isFinite(Number(x)));

/** @param {Argument} leaf @param {number} at @param {After} compute @returns {Control} */
function entrySlider({ name, shape, data: numbers }, at, compute) {
  const start = Number(numbers[at]);
  const reach = Math.max(LEAST_REACH, Math.abs(start));
  const label = entryName(name, shape, at);
  const { element, input, show } = rangeControl(label, (value) =>
    compute(() => live.setEntry(name, at, value)),
  );
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

/** @param {After} compute @returns {Control[]} */
function hardButton(compute) {
  const hard = data.compare?.hard;
  const leaf =
    hard && data.live?.[1].arguments.find(({ node }) => node === hard.node);
  if (!leaf) return [];
  const numbers = leaf.data.map((_, i) => hard.row[i % hard.row.length]);
  const isOn = () =>
    nd.numbers(live.leaf(leaf.name)).every((x, i) => x === numbers[i]);
  const set = () =>
    isOn()
      ? live.reset(leaf.name)
      : live.set(leaf.name, nd.array(numbers, leaf.shape, leaf.dtype));
  const element = button(hard.label, () => compute(set), { id: "hard" });
  return [{ element, update: () => press(element, isOn()) }];
}

/** @param {After} compute @returns {Control} */
function resetButton(compute) {
  const element = button("Reset", () => compute(() => live.reset()), {
    id: "reset",
  });
  const update = () => element.toggleAttribute("disabled", !live.isChanged());
  return { element, update };
}

/** @param {Slider} slider @param {After} after @returns {Control} */
function recordingSlider({ kind, label, ticks, variants }, after) {
  const { element, input, show } = rangeControl(label, (i) =>
    after(() => (state.variant = variants[i])),
  );
  Object.assign(input, { id: kind, max: ticks.length - 1 });
  const update = () => {
    const position = variants.indexOf(state.variant);
    show(position, ticks[position]);
  };
  return { element, update };
}

/** @param {number} batch @param {After} after @returns {Control} */
function exampleSlider(batch, after) {
  const { element, input, show } = rangeControl("example", (i) =>
    after(() => (state.example = i - 1)),
  );
  Object.assign(input, { id: "example", max: batch });
  const update = () =>
    show(state.example + 1, state.example < 0 ? "all" : `${state.example}`);
  return { element, update };
}

/**
 * A slider with a label, and the tick of its position.
 * @param {string} label @param {(position: number) => void} move
 */
function rangeControl(label, move) {
  const output = el("output");
  const input = /** @type {HTMLInputElement} */ (
    el("input", { type: "range", input: () => move(Number(input.value)) })
  );
  /** @param {number} position @param {string} tick */
  const show = (position, tick) => {
    input.value = String(position);
    input.setAttribute("aria-valuetext", tick);
    output.textContent = tick;
  };
  return { element: el("label.control", label, input, output), input, show };
}
