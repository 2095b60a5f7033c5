// @ts-check
// A recorded training run: each frame has the numbers of one training step.
import { data, state } from "./state.js";
import { byId } from "./dom.js";
/** @typedef {import("./types.js").Trainer} Trainer */

/** Move the slider of the frames. @param {number} position */
function show(position) {
  const slider = /** @type {HTMLInputElement} */ (byId("recording"));
  slider.value = String(position);
  slider.dispatchEvent(new Event("input"));
}

/** @type {Trainer} */
export const film = {
  get rate() {
    return data.training?.rate ?? 0;
  },
  get at() {
    return state.variant;
  },
  get losses() {
    return data.training?.losses ?? [];
  },
  pace: 250,
  step: () => show(state.variant + 1),
  reset: () => show(0),
  refresh() {},
  isOver: () => state.variant === film.losses.length - 1,
};
