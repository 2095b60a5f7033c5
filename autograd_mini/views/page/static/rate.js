// @ts-check
// The learning rate, as a number and as a slider on a logarithmic scale.
import { byId, slide } from "./dom.js";
import { render } from "./navigation.js";

/** Connect both to the rate of a trainer. @param {{rate: number}} trainer @param {number} first */
export function startRate(trainer, first) {
  const number = /** @type {HTMLInputElement} */ (byId("rate"));
  const slider = /** @type {HTMLInputElement} */ (byId("rate-slider"));
  /** @param {number} rate */
  const set = (rate) => {
    trainer.rate = rate;
    if (number.valueAsNumber !== rate) number.value = String(rate);
    slide(slider, Math.log10(rate), String(rate));
  };
  /** @param {number} rate */
  const change = (rate) => {
    if (!(rate > 0)) return; // the number is not complete
    set(rate);
    render(); // the update shows other new values
  };
  set(first);
  number.addEventListener("input", () => change(number.valueAsNumber));
  slider.addEventListener("input", () =>
    change(Number((10 ** slider.valueAsNumber).toPrecision(2))),
  );
}
