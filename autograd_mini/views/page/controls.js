// @ts-check
// Sliders that exchange the numbers: the training step, an input, the example of a batch.
import { data, state } from "./state.js";
import { button, byId, el } from "./dom.js";

/** @param {string} id @param {string} title @param {string[]} ticks @param {number} start @param {(i: number) => void} act */
function slider(id, title, ticks, start, act) {
  const told = el("output", { for: id });
  const input = /** @type {HTMLInputElement} */ (el("input", { id, type: "range", max: ticks.length - 1, input: () => { show(Number(input.value)); act(Number(input.value)); } }));
  /** @param {number} i */
  const show = (i) => {
    input.value = String(i);
    told.textContent = ticks[i];
    input.setAttribute("aria-valuetext", ticks[i]);
  };
  show(start);
  byId("controls").append(el("label.knob", title, input, told));
  return () => show(start);
}

/** @param {() => void} changed */
export function listenToControls(changed) {
  /** Puts each control back where it was, but for the one that is moved. @type {(() => void)[]} */
  const resets = [];
  /** @param {number} nth @param {number} variant */
  const exchange = (nth, variant) => {
    state.variant = variant;
    resets.forEach((reset, i) => i !== nth && reset());
    changed();
  };
  data.knobs.forEach(({ kind, label, ticks, variants, start }, nth) => {
    if (kind !== "hard") {
      resets.push(slider(kind === "film" ? kind : `input-${nth}`, label, ticks, start, (i) => exchange(nth, variants[i])));
      return;
    }
    const press = (on = false) => made.setAttribute("aria-pressed", String(on));
    const made = button(label, () => {
      const on = state.variant !== variants[0];
      exchange(nth, on ? variants[0] : 0);
      press(on);
    }, { id: kind, "aria-pressed": "false" });
    byId("controls").append(made);
    resets.push(press);
  });
  if (data.batch) slider("example", "example", ["all", ...Array.from({ length: data.batch }, (_, i) => `${i + 1}`)], 0, (i) => { state.example = i - 1; changed(); });
}
