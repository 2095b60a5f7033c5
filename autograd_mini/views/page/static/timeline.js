// @ts-check
// The steps in a row: forward in blue, then backward in orange.
import { direction, isBack, mainTape, state, stepName } from "./state.js";
import { button, byId, el, mark } from "./dom.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").Step} Step */

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
        const attributes = { "data-step": i, title: direction(tape, step) };
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
function updatePosition(tape) {
  const { steps } = tape;
  const now = state.step;
  const last = steps.length - 1;
  const { phase } = steps[now];
  const seed = steps.findIndex((step) => step.phase === "seed");
  const back = isBack(steps[now]);
  const place = back
    ? ` ${now - seed + 1} / ${last - seed}`
    : ` ${now} / ${seed - 1}`;
  const outside = phase === "start" || phase === "end";
  byId("position").replaceChildren(
    el(
      back ? "b.back" : "b",
      outside ? stepName(tape, steps[now]) : back ? "backward" : "forward",
    ),
    outside ? "" : place,
    el("br"),
    `step ${now} of ${last}`,
  );
}

/** @param {Tape} tape */
function updateSlider(tape) {
  const slider = /** @type {HTMLInputElement} */ (byId("slider"));
  const step = tape.steps[state.step];
  slider.max = String(tape.steps.length - 1);
  slider.value = String(state.step);
  slider.setAttribute(
    "aria-valuetext",
    `${step.phase}: ${stepName(tape, step)}`,
  );
}
