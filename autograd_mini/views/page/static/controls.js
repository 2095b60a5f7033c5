// @ts-check
// The sliders above the graph.
//
// Python computed the numbers for each position of each slider (views/page/sliders.py). A slider
// that moves stores the variant of its position in `state.variant`, resets the other sliders, and
// redraws the page. The slider of a training run and the button for hard logits do the same.
// The slider over the examples of a batch stores `state.example` instead.
import { data, state } from "./state.js";
import { button, byId, el, press } from "./dom.js";
/** @typedef {import("./types.js").Slider} Slider */

/** @typedef {(variant: number) => void} Choose */
/**
 * A control, and a function that shows the chosen position.
 * @typedef {{element: HTMLElement, update: () => void}} Control
 */

/** @type {Control[]} */
const controls = [];

/** Show the current numbers on all controls. */
export const updateControls = () => controls.forEach(({ update }) => update());

/** Make the controls. @param {() => void} render redraws the page */
export function listenToControls(render) {
  /** @param {"variant"|"example"} key @returns {Choose} */
  const chooser = (key) => (value) => {
    state[key] = value;
    updateControls();
    render();
  };
  data.sliders.forEach((slider, nth) => {
    const choose = chooser("variant");
    controls.push(
      slider.kind === "hard"
        ? hardButton(slider, choose)
        : variantSlider(slider, nth, choose),
    );
  });
  if (data.batch) controls.push(exampleSlider(data.batch, chooser("example")));
  byId("controls").append(...controls.map(({ element }) => element));
  updateControls();
}

/** The variant with hard logits, if there is one. */
export const hardVariant = () =>
  data.sliders.find(({ kind }) => kind === "hard")?.variants[0];

/** @param {Slider} slider @param {Choose} choose @returns {Control} */
function hardButton({ label, variants: [hard] }, choose) {
  const isOn = () => state.variant === hard;
  const element = button(label, () => choose(isOn() ? 0 : hard), {
    id: "hard",
  });
  return { element, update: () => press(element, isOn()) };
}

/** @param {Slider} slider @param {number} nth @param {Choose} choose @returns {Control} */
function variantSlider({ kind, label, ticks, variants, start }, nth, choose) {
  const id = kind === "input" ? `input-${nth}` : kind;
  const { element, show } = rangeControl(id, label, ticks, (i) =>
    choose(variants[i]),
  );
  const update = () => {
    const found = variants.indexOf(state.variant);
    const position = found < 0 ? start : found; // another slider has moved: reset this one
    show(position, state.variant === hardVariant()); // no position of the slider is hard logits
  };
  return { element, update };
}

/** @param {number} batch @param {Choose} choose @returns {Control} */
function exampleSlider(batch, choose) {
  const ticks = ["all", ...Array.from({ length: batch }, (_, i) => `${i}`)];
  const { element, show } = rangeControl("example", "example", ticks, (i) =>
    choose(i - 1),
  );
  return { element, update: () => show(state.example + 1, false) };
}

/**
 * A slider with a label, and the tick of its position.
 * @param {string} id @param {string} label @param {string[]} ticks
 * @param {(position: number) => void} move
 */
function rangeControl(id, label, ticks, move) {
  const output = el("output");
  const input = /** @type {HTMLInputElement} */ (
    el("input", {
      id,
      type: "range",
      max: ticks.length - 1,
      input: () => move(Number(input.value)),
    })
  );
  /** @param {number} position @param {boolean} disabled */
  const show = (position, disabled) => {
    input.value = String(position);
    input.disabled = disabled;
    input.setAttribute("aria-valuetext", ticks[position]);
    output.textContent = disabled ? "–" : ticks[position];
  };
  return { element: el("label.control", label, input, output), show };
}
