// @ts-check
// The graph is drawn once for each level. A step then updates only the changed parts.
import { current, data, shownTapes, state, stepOf } from "./state.js";
import { cardBody, cardLabel, cardState } from "./card.js";
import { button, byId, el, mark, svg } from "./dom.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").Level} Level */
/** @typedef {import("./types.js").Edge} Edge */
/** @typedef {import("./types.js").Place} Place */
/** @typedef {import("./types.js").Box} Box */

/** The elements of an edge. @typedef {{forward?: Element, back?: Element, pill?: Element}} Way */
/** A card, and a key of its current content. @typedef {{element: HTMLElement, key: string}} CardView */

/**
 * A tape in its window. The graph is moved by x and y, and scaled.
 * @typedef {object} View
 * @property {Tape} tape
 * @property {Level} level
 * @property {HTMLElement} stage
 * @property {HTMLElement} scene
 * @property {number} x
 * @property {number} y
 * @property {number} scale
 * @property {CardView[]} cards
 * @property {Way[]} ways
 */

/**
 * The actions of a click on a card or a box.
 * @typedef {object} Clicks
 * @property {(tape: Tape, level: number) => void} open
 * @property {(tape: Tape, node: number) => void} choose
 */

/** @type {View[]} */
export let views = [];

/** Draw the chosen levels, with a window for each tape. @param {Clicks} clicks */
export function drawScene(clicks) {
  const heights = data.tapes.flatMap(({ levels }) =>
    levels.map(({ height }) => height),
  );
  byId("graph").style.setProperty(
    "--most",
    `${Math.max(...heights) * 1.6 + 190}px`,
  );
  const tapes = shownTapes();
  /** @type {NodeListOf<HTMLElement>} */
  const stages = document.querySelectorAll(".stage");
  stages.forEach((stage, i) => (stage.hidden = !tapes[i]));
  views = tapes.map((tape, i) => drawTape(tape, stages[i], clicks));
}

/** @param {Tape} tape @param {HTMLElement} stage @param {Clicks} clicks @returns {View} */
function drawTape(tape, stage, clicks) {
  const level = tape.levels[tape.level];
  const { width, height } = level;
  const scene = /** @type {HTMLElement} */ (stage.firstElementChild);
  stage.dataset.title = tape.note ?? "";
  stage.style.flexGrow = String(height + 50);
  stage.style.minHeight = `${Math.min(230, height * 0.7 + 60)}px`;
  scene.style.width = `${width}px`;
  scene.style.height = `${height}px`;
  const lines = svg("svg.edges", { "aria-hidden": "true" });
  scene.replaceChildren(
    ...level.boxes.map((box) => drawBox(tape, box, clicks)),
    lines,
  );
  const ways = level.edges.map((edge) => drawEdge(edge, lines, scene));
  const cards = level.cards.map((place) => ({
    element: drawCard(tape, place, clicks),
    key: "",
  }));
  scene.append(...cards.map(({ element }) => element));
  return { tape, level, stage, scene, x: 0, y: 0, scale: 1, cards, ways };
}

/** @param {Box} box */
const at = ({ x, y, w, h }) => ({
  style: `left: ${x}px; top: ${y}px; width: ${w}px; height: ${h}px`,
});

/** @param {Tape} tape @param {Level["boxes"][number]} box @param {Clicks} clicks */
function drawBox(tape, { title, closes, ...box }, { open }) {
  if (closes === undefined)
    return el("div.box", at(box), el("span.box-title", title));
  const attributes = { class: "box-title", "aria-label": `Close ${title}` };
  return el(
    "div.box",
    at(box),
    button(`▾ ${title}`, () => open(tape, closes), attributes),
  );
}

/**
 * Draw an edge into `lines`, and its local derivative into `scene`.
 * @param {Edge} edge @param {Element} lines @param {HTMLElement} scene @returns {Way}
 */
function drawEdge({ path, back, pill }, lines, scene) {
  /** @type {Way} */
  const way = {};
  if (path) {
    way.forward = svg("path.way", { d: path, "marker-end": "url(#tip)" });
    lines.append(way.forward);
  }
  if (back) {
    way.back = svg("path.way.back", {
      d: back,
      "marker-end": "url(#tip-back)",
    });
    lines.append(way.back);
  }
  if (pill) {
    const box = { x: pill.x - pill.w / 2, y: pill.y - 8, w: pill.w, h: 16 };
    const attributes = { "aria-hidden": "true", ...at(box) };
    way.pill = el(back ? "div.pill.back" : "div.pill", attributes, pill.text);
    scene.append(way.pill);
  }
  return way;
}

/** @param {Tape} tape @param {Place} place @param {Clicks} clicks */
function drawCard(tape, place, { open, choose }) {
  const { node, title, outside, opens } = place;
  const kind = [
    "div.card",
    title && ".stack",
    outside && ".outside",
    tape.nodes[node].gradient === undefined && ".constant",
  ];
  const click = () =>
    opens === undefined ? choose(tape, node) : open(tape, opens);
  return el(
    kind.filter(Boolean).join(""),
    { "data-node": node, style: `${at(place).style}; min-width: ${place.w}px` },
    el("div", { "aria-hidden": "true" }),
    button("", click, { class: "cover" }),
  );
}

/** Update the graphs to the current step. */
export function updateScene() {
  for (const { tape, level, cards, ways } of views) {
    level.cards.forEach((place, i) => updateCard(tape, place, cards[i]));
    level.edges.forEach((edge, i) => updateEdge(tape, level, edge, ways[i]));
  }
}

/** @param {Tape} tape @param {Place} place @param {CardView} card */
function updateCard(tape, place, card) {
  const shows = cardState(tape, place);
  const key = JSON.stringify([shows, state.variant, state.example, state.runs]);
  if (card.key === key) return;
  card.key = key;
  const { element } = card;
  const { known, sum, now, receives, phase } = shows;
  element.firstElementChild?.replaceChildren(...cardBody(tape, place, shows));
  element.lastElementChild?.setAttribute(
    "aria-label",
    cardLabel(tape, place, shows),
  );
  mark(element, {
    ahead: !known,
    reached: sum >= 0,
    now,
    back: phase !== "forward",
    receives,
  });
}

/** @param {Tape} tape @param {Level} level @param {Edge} edge @param {Way} way */
function updateEdge(
  tape,
  level,
  { to, user = level.cards[to].node, argument, back, pill },
  way,
) {
  const step = stepOf(tape);
  const { phase, node } = tape.steps[step];
  const isNow = node === user;
  const passed = tape.passed[user] <= step;
  mark(way.forward, {
    ahead: tape.made[user] > step,
    now: isNow && phase === "forward",
  });
  mark(way.back, { ahead: !passed, now: isNow && phase === "backward" });
  const given = tape.steps[tape.passed[user]]?.gives?.find(
    (gift) => gift.argument === argument,
  );
  if (way.pill && given?.otherwise)
    way.pill.textContent = current(tape, given).pill ?? pill?.text ?? "";
  mark(way.pill, {
    ahead: Boolean(back) && !passed,
    now: isNow && phase === "backward",
  });
}
