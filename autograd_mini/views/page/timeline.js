// @ts-check
// The steps in a row: forward in blue, then backward in orange, so that one is seen to mirror the other.
import { main, state, way } from "./state.js";
import { button, byId, el } from "./dom.js";
/** @typedef {import("./types.js").Tape} Tape */

const MOST = 60; // buttons; longer tapes get a slider
/** @type {Tape|null} */
let of = null;

/** @param {import("./types.js").Step} step @param {Tape} tape */
const named = (step, tape) => (step.phase === "seed" ? "seed" : tape.nodes[step.node].op);

/** @param {(step: number) => void} go */
export function update(go) {
  const tape = main(), steps = byId("steps"), slider = /** @type {HTMLInputElement} */ (byId("slider"));
  const long = tape.steps.length > MOST;
  if (of !== tape) {
    of = tape;
    byId("timeline").classList.toggle("long", long);
    steps.replaceChildren(...(long ? [] : tape.steps.map((step, i) => el("li", { class: step.phase },
      button(named(step, tape), () => go(i), { "data-step": i + 1, title: way(tape, step) })))));
    slider.max = String(tape.steps.length);
  }
  slider.value = String(state.step + 1);
  const doing = tape.steps[state.step], forward = tape.steps.filter((s) => s.phase === "forward").length;
  slider.setAttribute("aria-valuetext", `${doing.phase}: ${named(doing, tape)}`);
  const back = doing.phase !== "forward";
  byId("position").replaceChildren(
    el("b", { class: back ? "back" : "" }, back ? "backward" : "forward"),
    ` ${back ? state.step - forward + 1 : state.step + 1} / ${back ? tape.steps.length - forward : forward}`,
    el("br"), `step ${state.step + 1} of ${tape.steps.length}`);
  steps.querySelectorAll("button").forEach((made, i) => {
    made.classList.toggle("ahead", i > state.step);
    if (i === state.step) {
      made.setAttribute("aria-current", "step");
      steps.scrollLeft = made.offsetLeft - steps.offsetLeft - (steps.clientWidth - made.offsetWidth) / 2;
    } else made.removeAttribute("aria-current");
  });
  for (const id of ["first", "previous"]) /** @type {HTMLButtonElement} */ (byId(id)).disabled = state.step === 0;
  for (const id of ["next", "last"]) /** @type {HTMLButtonElement} */ (byId(id)).disabled = state.step === tape.steps.length - 1;
}
