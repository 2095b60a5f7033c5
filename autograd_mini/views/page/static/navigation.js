// @ts-check
// Go to a step, a level or a view, and draw it.
import {array, direction, mainTape, shownTapes, state, stepName} from "./state.js";
import {holds} from "./card.js";
import {keepPlace, readAddress, writeAddress} from "./address.js";
import {byId, press, setText} from "./dom.js";
import {features} from "./features.js";
import {updateHover} from "./hover.js";
import {fitParts, showCards, updateInspector} from "./inspector.js";
import {fit, follow} from "./windows.js";
import {drawScene, updateScene} from "./scene.js";
import {inWords} from "./story.js";
import {markFirstOdd, updateTimeline} from "./timeline.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").Step} Step */

const PAUSE = 100; // milliseconds without a change after which numbers rest

/** The nearest step that exists. @param {number} step */
export const clamp = step =>
  Math.trunc(Math.max(0, Math.min(step, mainTape().steps.length - 1))) || 0;

export const isAtEnd = () => state.step === mainTape().steps.length - 1;

const level = () => mainTape().levels[mainTape().level];

let rest = 0; // the timer of what waits while numbers move; 0 if nothing waits

/** Draw everything that a step changes. If numbers move, what is out of sight waits until they rest. */
export function render(isMoving = false) {
  updateScene(isMoving);
  updateTimeline(jump);
  updateInspector();
  for (const {update} of features) update?.();
  showCards(isMoving);
  updateHover();
  updateTexts();
  clearTimeout(rest);
  if (isMoving) {
    requestAnimationFrame(fitParts); // when the layout is computed anyway
    rest = setTimeout(finishMove, PAUSE);
    return;
  }
  fitParts();
  if (rest) markFirstOdd(mainTape());
  rest = 0;
  writeAddress();
}

function finishMove() {
  rest = 0;
  updateScene();
  markFirstOdd(mainTape());
  writeAddress();
}

/** Draw the chosen levels and their contents. */
export function redraw() {
  const {parent, title = "", group} = level();
  drawScene({open, choose});
  byId("up").hidden = parent === undefined;
  setText("where", title);
  byId("group").hidden = group === undefined;
  press(byId("group"), group === 0);
  render();
  fit();
}

/** Update the line about the result, and the text for screen readers. */
function updateTexts() {
  const tape = mainTape();
  const {nodes, steps, symbol} = tape;
  const step = steps[state.step];
  const place = `Step ${state.step} of ${steps.length - 1}, ${step.phase}, ${stepName(tape, step)}`;
  setText("live", `${place}, ${direction(tape, step)}. ${inWords(tape, step)}`);
  const result = nodes[nodes.length - 1];
  const isOther = state.variant || tape.shown;
  const value = isOther ? array(tape, result.value).text?.[0][0] : tape.value;
  const [count, ...others] = shownTapes().map(({operations}) => operations);
  const operations = `${count} operation${count === "1" ? "" : "s"}`;
  setText("subtitle", [`${symbol} = ${value} · ${operations}`, ...others].join(" and "));
}

/** Go to the first or the last step, or to another that is not the next. @param {number} step */
export function jump(step) {
  if (clamp(step) !== state.step) keepPlace();
  go(step);
}

/** Go to a step. If no card of the level shows it, go up a level. @param {number} step */
export function go(step) {
  const tape = mainTape();
  const before = tape.level;
  state.step = clamp(step);
  const {node} = tape.steps[state.step];
  const isShown = () => level().cards.some(place => !place.outside && holds(place, node));
  while (tape.level && !isShown()) tape.level = level().parent ?? 0;
  if (tape.level !== before) return redraw();
  render();
  return follow();
}

/** Open a level of a tape. @param {Tape} tape @param {number} which */
function open(tape, which) {
  if (which !== tape.level) keepPlace();
  tape.level = which;
  redraw();
}

export const openParent = () => open(mainTape(), level().parent ?? 0);
export const toggleGroups = () => open(mainTape(), level().group ?? 0);

/** Go to the next step that involves a node. @param {Tape} tape @param {number} node */
export function choose(tape, node) {
  if (tape !== mainTape()) return;
  const steps = tape.steps.flatMap((step, i) => (takesPart(tape, step, node) ? [i] : []));
  if (steps.length) jump(steps.find(i => i > state.step) ?? steps[0]);
}

/**
 * Whether a step computes a node, propagates its gradient or adds to it. For a leaf, also whether
 * it uses the leaf.
 * @param {Tape} tape @param {Step} step @param {number} node
 */
function takesPart({nodes}, {phase, node: own, gives = [], updates = []}, node) {
  const uses = phase === "forward" && !nodes[node].inputs ? (nodes[own].inputs ?? []) : [];
  return [own, ...gives.map(({to}) => to), ...updates, ...uses].includes(node);
}

/** Show the place of the address. */
export function showAddress() {
  readAddress();
  state.step = clamp(state.step);
  redraw();
}
