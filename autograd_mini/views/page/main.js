// @ts-check
// The page: reads its data, and connects what the reader does to what is drawn.
import { array, main, page, state, way } from "./state.js";
import { button, byId } from "./dom.js";
import * as compare from "./compare.js";
import * as controls from "./controls.js";
import * as find from "./find.js";
import { past } from "./history.js";
import { holds } from "./card.js";
import * as inspector from "./inspector.js";
import * as keys from "./keys.js";
import * as panzoom from "./panzoom.js";
import * as scene from "./scene.js";
import * as table from "./table.js";
import * as timeline from "./timeline.js";
/** @typedef {import("./types.js").Tape} Tape */

const PACE = 1100; // milliseconds a step, when it plays

/** @returns {Promise<import("./types.js").Data>} */
async function read() {
  const plain = document.getElementById("data");
  if (plain) return JSON.parse(plain.textContent ?? "");
  const bytes = Uint8Array.from(atob(byId("packed").textContent ?? ""), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).json();
}

/** Draw what a step changes. @param {boolean} anew whether numbers may have changed */
function render(anew = false) {
  scene.update(anew);
  timeline.update(go);
  inspector.update();
  table.update();
  compare.update(page.data.knobs.some((knob) => knob.kind === "hard" && state.variant === knob.variants[0]));
  const doing = main().steps[state.step];
  byId("live").textContent = `Step ${state.step + 1} of ${main().steps.length}, ${doing.phase}, ${main().nodes[doing.node].op}, ${way(main(), doing)}. ${doing.say}`;
  byId("subtitle").textContent = subtitle();
  link();
}

/** The result as it is with the inputs that are chosen. */
function subtitle() {
  const { subtitle: first, tapes: [tape] } = page.data, result = tape.nodes[tape.nodes.length - 1];
  if (!state.variant) return first;
  return `${result.name} = ${array(tape, result.value).text?.[0][0]} · ${first.split(" · ").pop()}`;
}

function redraw() {
  scene.draw();
  const tape = main(), level = tape.levels[state.level[page.data.tapes.indexOf(tape)]];
  const up = byId("up");
  up.hidden = level.parent === undefined || level.parent === null;
  byId("where").textContent = level.title ?? "";
  render(true);
  panzoom.fit();
}

/** @param {number} step */
function go(step) {
  state.step = Math.max(0, Math.min(step, main().steps.length - 1));
  follow();
  render();
  panzoom.follow();
}

/** Leave a level that the step is not on. */
function follow() {
  const tape = main(), i = page.data.tapes.indexOf(tape), { node } = tape.steps[state.step];
  const before = state.level[i];
  let level = tape.levels[before];
  while (level.parent !== undefined && !level.cards.some((place) => !place.outside && holds(place, node))) {
    state.level[i] = level.parent;
    level = tape.levels[level.parent];
  }
  if (state.level[i] !== before) redraw();
}

/** @param {Tape} tape @param {number} level */
function open(tape, level) {
  state.level[page.data.tapes.indexOf(tape)] = level;
  redraw();
}

/** Go to the step of a node: the next of the two.
 * @param {Tape} tape @param {number} node */
function choose(tape, node) {
  if (tape !== main()) return;
  const { made, passed, sums } = past(tape);
  const uses = tape.nodes[node].inputs ? [] : tape.steps.flatMap((step, i) => (step.phase === "forward" && tape.nodes[step.node].inputs?.includes(node) ? [i] : []));
  const steps = [made[node], passed[node], ...uses, ...sums[node].map(([i]) => i)].filter((i) => i >= 0 && i < tape.steps.length).sort((a, b) => a - b);
  if (steps.length) go(steps.find((i) => i > state.step) ?? steps[0]);
}

/** @param {number} tab */
function show(tab) {
  const share = state.step / Math.max(1, main().steps.length - 1);
  state.tab = tab;
  state.step = Math.round(share * (main().steps.length - 1));
  byId("views").querySelectorAll("button").forEach((made, i) => made.setAttribute("aria-pressed", String(i === tab)));
  redraw();
}

function play() {
  if (state.playing) {
    clearInterval(state.playing);
    state.playing = 0;
  } else {
    if (state.step === main().steps.length - 1) go(0);
    state.playing = setInterval(() => {
      go(state.step + 1);
      if (state.step === main().steps.length - 1) play();
    }, PACE);
  }
  byId("play").setAttribute("aria-pressed", String(Boolean(state.playing)));
  byId("play").setAttribute("aria-label", state.playing ? "Pause" : "Play");
}

function theme() {
  const root = document.documentElement, dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = root.dataset.theme ?? (dark ? "dark" : "light");
  root.dataset.theme = now === "dark" ? "light" : "dark";
  render(true);
}

function link() {
  const tab = state.tab ? `&view=${state.tab + 1}` : "";
  try {
    history.replaceState(null, "", `#step=${state.step + 1}${tab}`);
  } catch {
    // a frame without an address of its own
  }
}

function follows() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const tab = Number(asked.get("view") ?? 1) - 1, step = Number(asked.get("step") ?? 1) - 1;
  if (asked.get("theme")) document.documentElement.dataset.theme = asked.get("theme") ?? "";
  if (page.data.tabs[tab]) state.tab = tab;
  state.step = Math.max(0, Math.min(Number.isInteger(step) ? step : 0, main().steps.length - 1));
}

async function start() {
  page.data = await read();
  const { data } = page;
  state.level = data.tapes.map(() => 0);
  follows();
  const views = byId("views");
  views.hidden = data.tabs.length < 2;
  views.append(...data.tabs.map(({ name }, i) => button(name, () => show(i), { "aria-pressed": String(i === state.tab) })));
  Object.assign(scene.hooks, { open, choose });
  controls.listen(() => render(true));
  find.listen((node) => choose(main(), node));
  panzoom.listen();
  const dialog = /** @type {HTMLDialogElement} */ (byId("help"));
  /** @type {Record<string, () => void>} */
  const act = {
    first: () => go(0), previous: () => go(state.step - 1), play, next: () => go(state.step + 1), last: () => go(1e9),
    "zoom-out": () => panzoom.zoom(1 / 1.25), fit: () => panzoom.fit(true), "zoom-in": () => panzoom.zoom(1.25), theme,
    "as-table": () => { state.table = !state.table; byId("as-table").setAttribute("aria-pressed", String(state.table)); table.update(); },
    up: () => { const i = data.tapes.indexOf(main()); open(main(), main().levels[state.level[i]].parent ?? 0); },
  };
  for (const [id, f] of Object.entries(act)) byId(id).addEventListener("click", f);
  byId("slider").addEventListener("input", () => go(Number(/** @type {HTMLInputElement} */ (byId("slider")).value) - 1));
  keys.listen({
    " ": play, ArrowRight: act.next, ArrowLeft: act.previous, Home: act.first, End: act.last, "/": () => byId("find").focus(),
    f: act.fit, "+": act["zoom-in"], "=": act["zoom-in"], "-": act["zoom-out"], t: theme, "?": () => dialog.showModal(),
    Escape: () => { if (state.playing) play(); if (!byId("up").hidden) act.up(); },
  });
  byId("close").addEventListener("click", () => dialog.close());
  addEventListener("hashchange", () => { follows(); redraw(); });
  const group = byId("group"), closed = data.tapes[0].levels.findIndex((level, i) => i > 0 && !level.title && !level.boxes.length && level.cards.some((card) => card.opens !== undefined));
  group.hidden = closed < 0;
  group.addEventListener("click", () => {
    const tape = main(), on = tape === data.tapes[0] && state.level[0] !== closed;
    group.setAttribute("aria-pressed", String(on));
    open(data.tapes[0], on ? closed : 0);
  });
  scene.draw();
  render(true);
  panzoom.fit();
  document.documentElement.dataset.ready = "";
}

start();
