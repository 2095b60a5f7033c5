// @ts-check
// The page: connects what the reader does to what is drawn.
import { array, data, main, read, shown, state, way } from "./state.js";
import { button, byId, press } from "./dom.js";
import { updateCompare } from "./compare.js";
import { listenToControls } from "./controls.js";
import { listenToFind } from "./find.js";
import { holds } from "./card.js";
import { updateInspector } from "./inspector.js";
import { fit, follow, listenToPointer, zoom } from "./panzoom.js";
import { draw, updateScene } from "./scene.js";
import { updateTable } from "./table.js";
import { updateTimeline } from "./timeline.js";
/** @typedef {import("./types.js").Tape} Tape */

const PACE = 1100; // milliseconds a step, when it plays
const { dataset } = document.documentElement;

/** @param {number} step */
const clamped = (step) => Math.trunc(Math.max(0, Math.min(step, main().steps.length - 1))) || 0;

/** Draw what a step changes. */
function render() {
  const tape = main(), step = tape.steps[state.step];
  updateScene();
  updateTimeline(go);
  updateInspector();
  updateTable();
  updateCompare();
  byId("live").textContent = `Step ${state.step + 1} of ${tape.steps.length}, ${step.phase}, ${tape.nodes[step.node].op}, ${way(tape, step)}. ${step.say}`;
  const value = state.variant ? array(tape, tape.nodes[tape.nodes.length - 1].value).text?.[0][0] : tape.value;
  const [count, ...beside] = shown().map(({ operations }) => operations);
  byId("subtitle").textContent = [`${tape.symbol} = ${value} · ${count} operation${count === "1" ? "" : "s"}`, ...beside].join(" beside ");
  try {
    history.replaceState(null, "", `#step=${state.step + 1}&view=${state.tab + 1}`);
  } catch {
    // a frame without an address of its own
  }
}

const level = () => main().levels[main().level];

function redraw() {
  const { parent, title = "", group } = level();
  draw(open, choose);
  byId("up").hidden = parent === undefined;
  byId("where").textContent = title;
  byId("group").hidden = group === undefined;
  press(byId("group"), group === 0);
  byId("views").querySelectorAll("button").forEach((made, i) => press(made, i === state.tab));
  render();
  fit();
}

/** @param {number} step */
function go(step) {
  const tape = main(), before = tape.level;
  state.step = clamped(step);
  const { node } = tape.steps[state.step];
  while (tape.level && !level().cards.some((place) => !place.outside && holds(place, node))) tape.level = level().parent ?? 0;
  if (tape.level !== before) return redraw();
  render();
  return follow();
}

/** @param {Tape} tape @param {number} which */
function open(tape, which) {
  tape.level = which;
  redraw();
}

/** Go to the next step that a node has a part in. @param {Tape} tape @param {number} node */
function choose(tape, node) {
  if (tape !== main()) return;
  const leaf = !tape.nodes[node].inputs;
  const steps = tape.steps.flatMap((step, i) => (step.node === node || step.gives?.some(({ to }) => to === node) || (leaf && tape.nodes[step.node].inputs?.includes(node) && step.phase === "forward") ? [i] : []));
  if (steps.length) go(steps.find((i) => i > state.step) ?? steps[0]);
}

/** @param {number} tab */
function show(tab) {
  const share = state.step / (main().steps.length - 1);
  state.tab = tab;
  state.step = clamped(Math.round(share * (main().steps.length - 1)));
  redraw();
}

function play() {
  clearInterval(state.playing);
  if (state.playing) state.playing = 0;
  else {
    if (state.step === main().steps.length - 1) go(0);
    state.playing = setInterval(() => {
      go(state.step + 1);
      if (state.step === main().steps.length - 1) play();
    }, PACE);
  }
  press(byId("play"), state.playing > 0);
  byId("play").setAttribute("aria-label", state.playing ? "Pause" : "Play");
}

function theme() {
  const now = dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  dataset.theme = now === "dark" ? "light" : "dark";
}

/** Go where the address points. */
function obey() {
  const asked = new URLSearchParams(location.hash.slice(1)), tab = Number(asked.get("view") ?? 1) - 1;
  dataset.theme = asked.get("theme") ?? dataset.theme ?? "";
  if (data.tabs[tab]) state.tab = tab;
  state.step = clamped(Number(asked.get("step") ?? 1) - 1);
  redraw();
}

/** The buttons by their id. @type {Record<string, () => void>} */
const actions = {
  first: () => go(0), previous: () => go(state.step - 1), play, next: () => go(state.step + 1), last: () => go(Infinity),
  "zoom-out": () => zoom(0.8), fit: () => fit(true), "zoom-in": () => zoom(1.25), theme,
  keys: () => /** @type {HTMLDialogElement} */ (byId("help")).showModal(),
  "as-table": () => {
    press(byId("as-table"), (state.table = !state.table));
    redraw();
  },
  up: () => open(main(), level().parent ?? 0),
  group: () => open(main(), level().group ?? 0),
};

/** The keys are those that the buttons, and the field, say. @param {KeyboardEvent} event */
function onKey(event) {
  const { key, target, ctrlKey, metaKey, altKey } = event, at = /** @type {HTMLElement} */ (target);
  if (ctrlKey || metaKey || altKey || document.querySelector("dialog[open]")) return;
  if (at.matches(key === " " ? "input, button" : "input") && key !== "Escape") return;
  const wanted = CSS.escape(key === " " ? "Space" : key);
  const home = /** @type {HTMLElement|null} */ (document.querySelector(`[aria-keyshortcuts~=${wanted} i]:not([hidden])`));
  if (key === "Escape" && state.playing) play();
  if (!home) return;
  event.preventDefault();
  if (home.matches("input")) home.focus();
  else home.click();
}

read().then(() => {
  const views = byId("views");
  views.hidden = data.tabs.length < 2;
  views.append(...data.tabs.map(({ name }, i) => button(name, () => show(i))));
  listenToControls(render);
  listenToFind((node) => choose(main(), node));
  listenToPointer();
  for (const [id, act] of Object.entries(actions)) byId(id).addEventListener("click", act);
  byId("slider").addEventListener("input", ({ target }) => go(Number(/** @type {HTMLInputElement} */ (target).value) - 1));
  addEventListener("keydown", onKey);
  addEventListener("hashchange", obey);
  obey();
  dataset.ready = "";
});
