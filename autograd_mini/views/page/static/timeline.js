// @ts-check
// The steps in a row: forward in blue, then backward in orange, so that one is seen to mirror the other.
import { main, state, way } from "./state.js";
import { button, byId, el, mark } from "./dom.js";
/** @typedef {import("./types.js").Tape} Tape */

const BUTTONS = 60; // longer tapes get a slider
/** @type {Tape|null} */
let listed = null;

/** @param {(step: number) => void} go */
export function updateTimeline(go) {
  const tape = main(), { steps, nodes } = tape, list = byId("steps"), slider = /** @type {HTMLInputElement} */ (byId("slider"));
  const names = steps.map(({ phase, node }) => (phase === "seed" ? phase : nodes[node].op));
  if (listed !== tape) {
    listed = tape;
    mark(byId("timeline"), { long: steps.length > BUTTONS });
    list.replaceChildren(...(steps.length > BUTTONS ? [] : steps.map((step, i) =>
      el(`li.${step.phase}`, button(names[i], () => go(i), { "data-step": i + 1, title: way(tape, step) })))));
    slider.max = String(steps.length);
  }
  const now = state.step, { phase } = steps[now], forward = steps.filter((step) => step.phase === "forward").length;
  const back = phase !== "forward";
  slider.value = String(now + 1);
  slider.setAttribute("aria-valuetext", `${phase}: ${names[now]}`);
  byId("position").replaceChildren(el(back ? "b.back" : "b", back ? "backward" : "forward"),
    back ? ` ${now - forward + 1} / ${steps.length - forward}` : ` ${now + 1} / ${forward}`, el("br"), `step ${now + 1} of ${steps.length}`);
  list.querySelectorAll("button").forEach((made, i) => {
    mark(made, { ahead: i > now });
    if (i !== now) return made.removeAttribute("aria-current");
    made.setAttribute("aria-current", "step");
    list.scrollLeft = made.offsetLeft - list.offsetLeft - (list.clientWidth - made.offsetWidth) / 2;
  });
  for (const id of ["first", "previous"]) byId(id).toggleAttribute("disabled", now === 0);
  for (const id of ["next", "last"]) byId(id).toggleAttribute("disabled", now === steps.length - 1);
}
