// @ts-check
// The controls above the graph. The slider over the examples of a batch selects the rows shown.
import {data, state} from "./state.js";
import {byId, el, setText, slide} from "./dom.js";
import {render} from "./navigation.js";

/**
 * A control, and a function that shows the chosen position.
 * @typedef {{element: HTMLElement, update: () => void}} Control
 */

/** @type {Control[]} */
export const controls = [];

/** Show the current position of each control. */
export const updateControls = () => controls.forEach(({update}) => update());

/** Show the current numbers, and the position of each control. */
export function showNumbers() {
  updateControls();
  render(true);
}

/** Add the controls to the page. */
export function startControls() {
  if (data.batch) controls.push(exampleSlider(data.batch));
  byId("controls").append(...controls.map(({element}) => element));
  setText("why", data.live?.find(({why}) => why)?.why ?? "");
}

/** @param {number} batch @returns {Control} */
function exampleSlider(batch) {
  const {element, input, show} = rangeControl("example", i => {
    state.example = i - 1;
    showNumbers();
  });
  Object.assign(input, {id: "example", max: batch});
  const update = () => show(state.example + 1, state.example < 0 ? "all" : `${state.example}`);
  return {element, update};
}

/**
 * A slider with a label, and the tick of its position.
 * @param {string} label @param {(position: number) => void} move
 */
export function rangeControl(label, move) {
  const output = el("output");
  const input = /** @type {HTMLInputElement} */ (
    el("input", {type: "range", input: () => move(Number(input.value))})
  );
  /** @param {number} position @param {string} tick */
  const show = (position, tick) => {
    slide(input, position, tick);
    output.textContent = tick;
  };
  return {element: el("label.control", label, input, output), input, show};
}
