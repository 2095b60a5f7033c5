// @ts-check
// The controls above the graph.
import {byId, el, slide} from "./dom.js";
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
  render(true); // it first reads what is in sight, and a write before would compute the layout
  updateControls();
}

/** Add the controls to the page. */
export const startControls = () => byId("controls").append(...controls.map(({element}) => element));

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
  return {element: el("label.control.row", label, input, output), input, show};
}
