// @ts-check
// The steps in a row: forward in blue, then backward in orange.
import { direction, mainTape, passOf, state, stepName } from "./state.js";
import { button, byId, el, mark } from "./dom.js";
/** @typedef {import("./types.js").Tape} Tape */

const MOST_BUTTONS = 60; // longer tapes get a slider
/** @type {Tape|null} */
let listed = null;

/** @param {(step: number) => void} go */
export function updateTimeline(go) {
  const tape = mainTape();
  if (listed !== tape) {
    listed = tape;
    list(tape, go);
  }
  updateButtons();
  updatePosition(tape);
  updateSlider(tape);
  for (const id of ["first", "previous"])
    byId(id).toggleAttribute("disabled", state.step === 0);
  const last = state.step === tape.steps.length - 1;
  for (const id of ["next", "last"]) byId(id).toggleAttribute("disabled", last);
}

/** @param {Tape} tape @param {(step: number) => void} go */
function list(tape, go) {
  const { steps } = tape;
  const long = steps.length > MOST_BUTTONS;
  mark(byId("timeline"), { long });
  const items = long
    ? []
    : steps.map((step, i) => {
        const attributes = { "data-step": i + 1, title: direction(tape, step) };
        return el(
          `li.${step.phase}`,
          button(stepName(tape, step), () => go(i), attributes),
        );
      });
  byId("steps").replaceChildren(...items);
}

function updateButtons() {
  const home = byId("steps");
  home.querySelectorAll("button").forEach((made, i) => {
    mark(made, { ahead: i > state.step });
    if (i !== state.step) return made.removeAttribute("aria-current");
    made.setAttribute("aria-current", "step");
    home.scrollLeft =
      made.offsetLeft -
      home.offsetLeft -
      (home.clientWidth - made.offsetWidth) / 2;
  });
}

/** @param {Tape} tape */
function updatePosition({ steps }) {
  const now = state.step;
  const pass = passOf(steps[now]);
  const all = steps.filter((step) => passOf(step) === pass);
  byId("position").replaceChildren(
    el(`b.${pass}`, pass),
    ` ${all.indexOf(steps[now]) + 1} / ${all.length}`,
    el("br"),
    `step ${now + 1} of ${steps.length}`,
  );
}

/** @param {Tape} tape */
function updateSlider(tape) {
  const slider = /** @type {HTMLInputElement} */ (byId("slider"));
  const step = tape.steps[state.step];
  slider.max = String(tape.steps.length);
  slider.value = String(state.step + 1);
  slider.setAttribute(
    "aria-valuetext",
    `${step.phase}: ${stepName(tape, step)}`,
  );
}
