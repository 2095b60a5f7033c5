// @ts-check
// Sliders that exchange the numbers: the training step, an input, the example of a batch.
import { page, state } from "./state.js";
import { byId, el } from "./dom.js";
/** @typedef {import("./types.js").Knob} Knob */

/** @param {string} id @param {string} label @param {string[]} ticks @param {number} start @param {(i: number) => void} act */
function slider(id, label, ticks, start, act) {
  const input = /** @type {HTMLInputElement} */ (el("input", { type: "range", id, min: 0, max: ticks.length - 1, step: 1, value: start }));
  const told = el("output", { for: id }, ticks[start]);
  input.addEventListener("input", () => {
    const i = Number(input.value);
    told.textContent = ticks[i];
    input.setAttribute("aria-valuetext", ticks[i]);
    act(i);
  });
  return el("label", { class: "knob" }, el("span", {}, label), input, told);
}

/** @param {() => void} changed */
export function listen(changed) {
  const home = byId("controls"), { knobs, batch } = page.data;
  /** @type {[Knob, HTMLInputElement][]} */
  const sliders = [];
  knobs.forEach((knob, nth) => {
    if (knob.kind === "hard") {
      const made = el("button", { type: "button", id: "hard", "aria-pressed": "false" }, knob.label);
      made.addEventListener("click", () => {
        const on = state.variant !== knob.variants[0];
        state.variant = on ? knob.variants[0] : 0;
        made.setAttribute("aria-pressed", String(on));
        changed();
      });
      home.append(made);
      return;
    }
    const id = knob.kind === "film" ? "film" : `input-${nth}`;
    const made = slider(id, knob.label, knob.ticks, knob.start, (i) => {
      state.variant = knob.variants[i];
      for (const [other, input] of sliders) {  // one input moves at a time
        if (other !== knob) {
          input.value = String(other.start);
          const told = input.nextElementSibling;
          if (told) told.textContent = other.ticks[other.start];
        }
      }
      document.getElementById("hard")?.setAttribute("aria-pressed", "false");
      changed();
    });
    sliders.push([knob, /** @type {HTMLInputElement} */ (made.querySelector("input"))]);
    home.append(made);
  });
  if (batch) {
    const ticks = ["all", ...Array.from({ length: batch }, (_, i) => `${i + 1}`)];
    home.append(slider("example", "example", ticks, 0, (i) => {
      state.example = i - 1;
      changed();
    }));
  }
  home.hidden = !home.children.length;
}
