// @ts-check
// The steps in a list: forward in blue, then backward in orange.
import {direction, mainTape, passOf, state, stepName} from "./state.js";
import {button, byId, el, enable, mark, slide} from "./dom.js";
import {named} from "./names.js";
import {firstOdd} from "./odd.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").Step} Step */

const MANY_BUTTONS = 60; // with a slider for them
const MOST_BUTTONS = 1000; // longer tapes get only a slider
/** @type {Tape|null} */
let listed = null;
let marked = -1; // the step that its buttons show

/** @param {(step: number) => void} go */
export function updateTimeline(go) {
  const tape = mainTape();
  const last = tape.steps.length - 1;
  if (listed !== tape) {
    listed = tape;
    marked = -1;
    list(tape, go);
    markFirstOdd(tape);
  }
  if (marked === state.step) return;
  marked = state.step;
  updateButtons();
  updatePosition(tape, last);
  for (const id of ["first", "previous"]) enable(byId(id), state.step > 0);
  for (const id of ["next", "last"]) enable(byId(id), state.step < last);
}

/** @param {Tape} tape @param {(step: number) => void} go */
function list(tape, go) {
  const {length} = tape.steps;
  mark(byId("timeline"), {long: length > MANY_BUTTONS});
  const steps = length > MOST_BUTTONS ? [] : tape.steps;
  const items = steps.map((step, i) => stepItem(tape, step, i, go));
  byId("steps").replaceChildren(...items);
}

/** @param {Tape} tape @param {Step} step @param {number} i @param {(step: number) => void} go */
function stepItem(tape, step, i, go) {
  const {nodes, steps, sums} = tape;
  const {phase, node, gives = []} = step;
  const attributes = {"data-step": i, title: direction(tape, step)};
  const adds = gives.some(({to}) => sums[to].findLastIndex(sum => sum.step === i) > 0);
  const word = stepName(tape, step);
  const isPass = phase === "forward" || phase === "backward";
  const name = isPass ? `${word} · ${nodes[node].name}` : word;
  const {scope} = nodes[node] ?? {};
  return el(
    `li.${phase}`,
    isPass && scope && scope !== nodes[steps[i - 1]?.node]?.scope && el("span.scope", scope),
    button([...named(name), adds && el("span.plus", "+=")], () => go(i), attributes)
  );
}

/** Mark the steps that compute the first inf and the first NaN. @param {Tape} tape */
export function markFirstOdd(tape) {
  const home = byId("steps");
  for (const before of home.querySelectorAll(".first-odd")) before.remove();
  if (!home.children.length) return; // a long tape has no buttons
  for (const {kind, step} of firstOdd(tape))
    home.querySelector(`[data-step="${step}"]`)?.append(el("span.odd.first-odd", `first ${kind}`));
}

function updateButtons() {
  const home = byId("steps");
  home.querySelectorAll("button").forEach((made, i) => {
    mark(made, {ahead: i > state.step});
    if (i !== state.step) return made.removeAttribute("aria-current");
    made.setAttribute("aria-current", "step");
    const top = made.offsetTop - home.offsetTop;
    home.scrollTop = top - (home.clientHeight - made.offsetHeight) / 2;
  });
}

/** Say where the page is, in words and by the slider. @param {Tape} tape @param {number} last */
function updatePosition(tape, last) {
  const {steps} = tape;
  const step = steps[state.step];
  const pass = passOf(step);
  const word = stepName(tape, step);
  const place = `step ${state.step} of ${last}`;
  byId("position").replaceChildren(el(`b.${pass}`, step.titles ? word : pass), el("br"), place);
  const slider = /** @type {HTMLInputElement} */ (byId("slider"));
  slider.max = String(last);
  slide(slider, state.step, `${step.phase}: ${word}`);
}
