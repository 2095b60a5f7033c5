// @ts-check
// The steps in a list: forward in blue, then backward in orange.
import {
  array,
  direction,
  mainTape,
  passOf,
  state,
  stepName,
} from "./state.js";
import { button, byId, el, mark } from "./dom.js";
import { named } from "./names.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").Step} Step */

const MANY_BUTTONS = 60; // with a slider for them
const MOST_BUTTONS = 1000; // longer tapes get only a slider
/** @type {Tape|null} */
let listed = null;
let search = 0; // the timer of a search for NaN and inf

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
  clearTimeout(search); // it reads all numbers, so it does not delay the drawing
  search = setTimeout(() => markFirstOdd(tape));
}

/** Whether a step runs an operation or its rules. @param {Step} step */
const isPass = ({ phase }) => phase === "forward" || phase === "backward";

/** @param {Tape} tape @param {Step} step */
const stepTitle = (tape, step) =>
  isPass(step)
    ? `${stepName(tape, step)} · ${tape.nodes[step.node].name}`
    : stepName(tape, step);

/** @param {Tape} tape @param {(step: number) => void} go */
function list(tape, go) {
  const { steps } = tape;
  mark(byId("timeline"), { long: steps.length > MANY_BUTTONS });
  const items =
    steps.length > MOST_BUTTONS
      ? []
      : steps.map((step, i) => stepItem(tape, step, i, go));
  byId("steps").replaceChildren(...items);
}

/** @param {Tape} tape @param {Step} step @param {number} i @param {(step: number) => void} go */
function stepItem(tape, step, i, go) {
  const attributes = { "data-step": i, title: direction(tape, step) };
  const name = [
    ...named(stepTitle(tape, step)),
    accumulates(tape, step, i) && el("span.plus", "+="),
  ];
  const [before, scope] = [tape.steps[i - 1], step].map(
    (each) => tape.nodes[each?.node]?.scope,
  );
  return el(
    `li.${step.phase}`,
    isPass(step) && scope && scope !== before && el("span.scope", scope),
    button(name, () => go(i), attributes),
  );
}

/** Whether a step adds to a gradient that has a contribution. @param {Tape} tape @param {Step} step @param {number} i */
const accumulates = ({ sums }, { gives = [] }, i) =>
  gives.some(({ to, argument }) =>
    sums[to].some(
      (sum, nth) =>
        nth && sum.step === i && sum.contribution?.argument === argument,
    ),
  );

/** Mark the first step that computes NaN or inf. @param {Tape} tape */
function markFirstOdd(tape) {
  const home = byId("steps");
  home.querySelector(".first-odd")?.remove();
  for (const item of tape === listed ? home.querySelectorAll("button") : []) {
    const { phase, node, gives } = tape.steps[Number(item.dataset.step)];
    const made = phase === "forward" ? [tape.nodes[node].value] : [];
    const ids = gives?.map(({ total }) => total) ?? made;
    const odd = ids
      .map((id) => array(tape, id))
      .find(({ tint }) => tint.join("").includes("!"));
    if (!odd) continue;
    const word = `${odd.text ?? odd.notes}`.match(/nan|inf/i)?.[0];
    return item.append(el("span.odd.first-odd", `first ${word ?? "NaN"}`));
  }
}

function updateButtons() {
  const home = byId("steps");
  home.querySelectorAll("button").forEach((made, i) => {
    mark(made, { ahead: i > state.step });
    if (i !== state.step) return made.removeAttribute("aria-current");
    made.setAttribute("aria-current", "step");
    const top = made.offsetTop - home.offsetTop;
    home.scrollTop = top - (home.clientHeight - made.offsetHeight) / 2;
  });
}

/** @param {Tape} tape */
function updatePosition(tape) {
  const { steps } = tape;
  const now = state.step;
  const pass = passOf(steps[now]);
  const outside = Boolean(steps[now].titles); // the start and the end
  const all = steps.filter((step) => passOf(step) === pass && !step.titles);
  byId("position").replaceChildren(
    el(`b.${pass}`, outside ? stepName(tape, steps[now]) : pass),
    outside ? "" : ` ${all.indexOf(steps[now]) + 1} / ${all.length}`,
    el("br"),
    `step ${now} of ${steps.length - 1}`,
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
