// @ts-check
// Sliders that exchange the numbers: the training step, an input, the example of a batch.
import { data, state } from "./state.js";
import { button, byId, el, press } from "./dom.js";

/** @param {() => void} changed */
export function listenToControls(changed) {
  const home = byId("controls"), hard = data.sliders.find(({ kind }) => kind === "hard")?.variants[0], batch = Array.from({ length: data.batch ?? 0 }, (_, i) => i);
  const example = { kind: "example", label: "example", ticks: ["all", ...batch.map((i) => `${i + 1}`)], variants: [-1, ...batch], start: 0 };
  const updates = [...data.sliders, ...(data.batch ? [example] : [])].map(({ kind, label, ticks, variants, start }, nth) => {
    const key = kind === "example" ? kind : "variant";
    /** @param {number} to */
    const set = (to) => {
      state[key] = to;
      updates.forEach((update) => update());
      changed();
    };
    if (kind === "hard") {
      const made = button(label, () => set(state.variant === hard ? 0 : variants[0]), { id: kind });
      home.append(made);
      return () => press(made, state.variant === hard);
    }
    const told = el("output"), input = /** @type {HTMLInputElement} */ (el("input", { id: kind === "input" ? `input-${nth}` : kind,
      type: "range", max: ticks.length - 1, input: () => set(variants[Number(input.value)]) }));
    home.append(el("label.control", label, input, told));
    return () => {
      const found = variants.indexOf(state[key]), i = found < 0 ? start : found; // another one moves: back to where it was
      input.value = String(i);
      input.disabled = key === "variant" && state.variant === hard; // the inputs are none of these then
      told.textContent = input.disabled ? "–" : ticks[i];
      input.setAttribute("aria-valuetext", ticks[i]);
    };
  });
  updates.forEach((update) => update());
}
