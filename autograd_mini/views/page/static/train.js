// @ts-check
// The Train panel: its buttons, the loop of training steps, and the plots.
import { data, mainTape, state } from "./state.js";
import { drawLearned } from "./boundary.js";
import { updateControls } from "./controls.js";
import { byId, press } from "./dom.js";
import { film } from "./film.js";
import { live } from "./live.js";
import { lossCurve } from "./loss_curve.js";
import { formula } from "./math.js";
import { sgd } from "./sgd.js";
/** @typedef {import("./types.js").Training} Training */
/**
 * What the panel asks of the rest of the page.
 * @typedef {{render: () => void, go: (step: number) => void, play: () => void}} Page
 */

const MOST_STEPS = 4; // in one frame
const BUDGET = 8; // milliseconds of a frame for them
const STEPS_WITHOUT_MOTION = 50; // that Run takes at once
const BEAT = 1500; // milliseconds for which the update of a watched step is shown

/** @type {Page} */
let page;
let running = 0; // the request of the next frame
let shownAt = 0; // when the last frame of a film was shown
let watching = false;
/** @type {unknown[]} */
let drawn = []; // the step and the arrays that the plots show
let pending = 0; // the request to draw the panel

const isFilm = () => Boolean(data.training?.losses);
const trainer = () => (isFilm() ? film : sgd);
const runsAtOnce = () =>
  !isFilm() && matchMedia("(prefers-reduced-motion: reduce)").matches;
const isAtUpdate = () => mainTape().steps[state.step].phase === "update";

// ---- buttons ----

/** Connect the buttons, if there is something to train. @param {Page} actions */
export function listenToTraining(actions) {
  const { training } = data;
  if (!training) return;
  page = actions;
  byId("train").hidden = false;
  if (training.why) return explainWhy(training.why);
  showRule(training);
  byId("rates").hidden = isFilm();
  if (!isFilm()) {
    sgd.reset();
    listenToRate(training.rate ?? 0);
  }
  showRunning(0);
  byId("train-step").addEventListener("click", stepOnce);
  byId("train-run").addEventListener("click", toggleRun);
  byId("train-watch").addEventListener("click", watch);
  byId("train-reset").addEventListener("click", reset);
}

/** Say why the page cannot train. @param {string} why */
function explainWhy(why) {
  byId("train-state").textContent = `No training in this page: ${why}.`;
  for (const id of ["train-rule", "train-buttons", "rates"])
    byId(id).hidden = true;
}

/** The rule of the update, and the learning rate of a film. @param {Training} training */
function showRule({ rate }) {
  const { tex, name } = data.tapes[0].nodes[data.tapes[0].nodes.length - 1];
  const known = isFilm() ? `,   η = ${rate}` : "";
  const rule = `w ← w - η \\frac{\\partial ${tex ?? name}}{\\partial w}${known}`;
  byId("train-rule").hidden = !rate;
  byId("train-rule").append(formula(rule));
}

/** Connect the number and the slider. @param {number} first */
function listenToRate(first) {
  const number = /** @type {HTMLInputElement} */ (byId("rate"));
  const slider = /** @type {HTMLInputElement} */ (byId("rate-slider"));
  const set = (/** @type {number} */ rate) => {
    if (!(rate > 0)) return; // the number is not complete
    sgd.rate = rate;
    if (number.valueAsNumber !== rate) number.value = String(rate);
    slider.value = String(Math.log10(rate));
    slider.setAttribute("aria-valuetext", String(rate));
  };
  /** @param {number} rate */
  const change = (rate) => {
    set(rate);
    page.render(); // the update shows other new values
  };
  set(first);
  number.addEventListener("input", () => change(number.valueAsNumber));
  slider.addEventListener("input", () =>
    change(Number((10 ** slider.valueAsNumber).toPrecision(2))),
  );
}

function stepOnce() {
  pauseTraining();
  showAll();
  take(1);
  announce();
}

function toggleRun() {
  if (running) {
    pauseTraining();
    return announce();
  }
  if (trainer().isOver()) trainer().reset();
  showAll();
  if (!runsAtOnce()) return showRunning(requestAnimationFrame(frame));
  take(STEPS_WITHOUT_MOTION);
  return announce();
}

function reset() {
  pauseTraining();
  trainer().reset();
  showNumbers();
  announce();
}

/** Play one training step: forward, backward, update. */
function watch() {
  pauseTraining();
  page.go(0);
  if (!state.playing) page.play();
  watching = true;
}

/** Take the step that was watched, some time after its update has been reached. */
function finishWatching() {
  if (!watching) return;
  watching = state.playing > 0 && !isAtUpdate();
  if (!state.playing || !isAtUpdate()) return;
  page.play(); // pauses
  setTimeout(() => isAtUpdate() && stepOnce(), BEAT);
}

// ---- the loop ----

/** Show all numbers, also the new ones: at the first step of the timeline they are hidden. */
function showAll() {
  const { steps } = mainTape();
  const update = steps.findIndex(({ phase }) => phase === "update");
  if (!state.step) page.go(update < 0 ? Infinity : update);
}

/** Take steps, and show the numbers after the last. @param {number} most @param {number} [budget] */
function take(most, budget = Infinity) {
  const end = performance.now() + budget;
  for (let n = 0; n < most && !trainer().isOver(); n++) {
    trainer().step();
    if (performance.now() > end) break;
  }
  showNumbers();
}

function showNumbers() {
  updateControls();
  page.render();
}

/** @param {number} now */
function frame(now) {
  const { pace, isOver } = trainer();
  if (now - shownAt >= pace) {
    shownAt = now;
    take(pace ? 1 : MOST_STEPS, BUDGET);
  }
  if (!isOver()) return showRunning(requestAnimationFrame(frame));
  pauseTraining();
  return announce();
}

function pauseTraining() {
  cancelAnimationFrame(running);
  showRunning(0);
}

/** @param {number} request of the next frame, or 0 */
function showRunning(request) {
  running = request;
  const run = runsAtOnce() ? `${STEPS_WITHOUT_MOTION} steps` : "▶ Run";
  byId("train-run").textContent = running ? "❚❚ Pause" : run;
  press(byId("train-run"), running > 0);
  byId("live").setAttribute("aria-live", running ? "off" : "polite");
}

// ---- what is shown ----

/** Say the loss to screen readers. */
function announce() {
  byId("train-live").textContent = summary();
}

/** The training step and its loss, in words. */
function summary() {
  const { at, losses } = trainer();
  const { symbol } = data.tapes[0];
  const loss = losses[at];
  if (!Number.isFinite(loss))
    return `${symbol} is not finite: the steps are too large. Reset, then lower the learning rate.`;
  const digits = String(Number(loss.toPrecision(4))).replace("-", "−");
  return `Training step ${at}: ${symbol} = ${digits}`;
}

/** Update the panel, at most once a frame. */
export function updateTraining() {
  if (!data.training || data.training.why) return;
  finishWatching();
  pending ||= requestAnimationFrame(drawPanel);
}

function drawPanel() {
  pending = 0;
  const { at, losses, refresh } = trainer();
  refresh();
  const key = isFilm() ? [at] : [at, ...live.leaves(data.tapes[0])];
  if (key.every((part, i) => part === drawn[i])) return;
  drawn = key;
  byId("train-state").textContent = summary();
  const { picture } = data.training ?? {};
  const curve = lossCurve(losses, at, data.tapes[0].symbol);
  byId("plots").replaceChildren(
    ...(picture ? [drawLearned(picture)] : []),
    curve,
  );
}
