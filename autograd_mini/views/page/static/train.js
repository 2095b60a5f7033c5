// @ts-check
// The Train panel: its buttons, the loop of training steps, and the plots.
import {data, mainTape, state} from "./state.js";
import {showNumbers} from "./controls.js";
import {byId, connect, press, setText} from "./dom.js";
import {features} from "./features.js";
import {lossCurve} from "./loss_curve.js";
import {formula} from "./math.js";
import {go} from "./navigation.js";
import {short} from "./plot.js";
import {updateUpdate} from "./update.js";
/** @typedef {import("./types.js").Trainer} Trainer */

const MOST_STEPS = 4; // in one frame
const BUDGET = 8; // milliseconds of a frame for them

/** @type {Trainer} */
let trainer;
let running = 0; // the request of the next frame
let shownAt = 0; // when the last frame of a film was shown
let drawn = ""; // the step and the run that the plots show
let pending = 0; // the request to draw the panel

/** The functions that draw a plot. @type {(() => Element)[]} */
export const plots = [() => lossCurve(trainer.losses, trainer.at, data.tapes[0].symbol)];

/** The arrays that a program takes at the current training step. */
export const leavesNow = () => trainer.leaves();

features.push({
  start() {
    byId("train").hidden = false;
  },
  update
});

// ---- buttons ----

/** Connect the buttons. @param {Trainer} chosen */
export function trainBy(chosen) {
  trainer = chosen;
  showRule();
  showRunning(0);
  connect({"train-step": stepOnce, "train-run": toggleRun, "train-reset": reset});
}

/** The rule of the update. */
function showRule() {
  const {rule = ""} = data.training ?? {};
  byId("train-rule").hidden = !rule;
  byId("train-rule").append(" ", formula(rule));
}

function stepOnce() {
  showRunning(0);
  showAll();
  take(1);
  announce();
}

function toggleRun() {
  if (running) {
    showRunning(0);
    return announce();
  }
  if (trainer.isOver()) trainer.reset();
  showAll();
  return showRunning(requestAnimationFrame(frame));
}

function reset() {
  showRunning(0);
  trainer.reset();
  showNumbers();
  announce();
}

// ---- the loop ----

/** Show all numbers, also the new ones: at the first step of the timeline they are hidden. */
function showAll() {
  const {steps} = mainTape();
  const last = steps.findIndex(({phase}) => phase === "update");
  if (!state.step) go(last < 0 ? Infinity : last);
}

/** Take steps, and show the numbers after the last. @param {number} most @param {number} [budget] */
function take(most, budget = Infinity) {
  const end = performance.now() + budget;
  for (let n = 0; n < most && !trainer.isOver(); n++) {
    trainer.step();
    if (performance.now() > end) break;
  }
  showNumbers();
}

/** @param {number} now */
function frame(now) {
  const {pace, isOver} = trainer;
  if (now - shownAt >= pace) {
    shownAt = now;
    take(pace ? 1 : MOST_STEPS, BUDGET);
  }
  if (!isOver()) return showRunning(requestAnimationFrame(frame));
  showRunning(0);
  return announce();
}

/** @param {number} request of the next frame, or 0 */
function showRunning(request) {
  cancelAnimationFrame(running);
  running = request;
  setText("train-run", running ? "❚❚ Pause" : "▶ Run");
  press(byId("train-run"), running > 0);
  byId("live").setAttribute("aria-live", running ? "off" : "polite");
}

// ---- what is shown ----

/** Say the loss to screen readers. */
function announce() {
  setText("train-live", summary());
}

/** The training step and its loss, in words. */
function summary() {
  const {at, losses} = trainer;
  const {symbol} = data.tapes[0];
  return `Training step ${at}: ${symbol} = ${short(losses[at], 4)}`;
}

/** Show the update at its step, and draw the panel at most once a frame. */
function update() {
  updateUpdate(trainer?.rate);
  if (!trainer) return;
  pending ||= requestAnimationFrame(drawPanel);
}

function drawPanel() {
  pending = 0;
  const key = `${trainer.at} ${state.runs}`;
  if (key === drawn) return;
  drawn = key;
  setText("train-state", summary());
  byId("train-over").hidden = Number.isFinite(trainer.losses[trainer.at]);
  byId("plots").replaceChildren(...plots.map(draw => draw()));
}
