// @ts-check
// The graph is drawn once for each level. A step then updates only the changed parts.
import {array, current, outline, passOf, shownTapes, stepOf} from "./state.js";
import {cardBody, cardLabel, cardState} from "./card.js";
import {button, el, mark, svg} from "./dom.js";
import {named} from "./names.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").Level} Level */
/** @typedef {import("./types.js").Edge} Edge */
/** @typedef {import("./types.js").Place} Place */
/** @typedef {import("./types.js").Shape} Shape */
/** @typedef {import("./types.js").Box} Box */

/** The elements of an edge. @typedef {{forward?: Element, back?: Element, pill?: HTMLElement}} Way */
/** A card and its current content. @typedef {{element: HTMLElement, content: any[]}} CardView */

/**
 * A tape in its window.
 * @typedef {object} View
 * @property {Tape} tape
 * @property {Level} level
 * @property {Shape|null} shape the places of everything, once they are chosen
 * @property {HTMLElement} stage
 * @property {HTMLElement} scene
 * @property {number} scale
 * @property {CardView[]} cards
 * @property {HTMLElement[]} boxes
 * @property {Way[]} ways
 * @property {Clicks} clicks
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
  const tapes = shownTapes();
  /** @type {NodeListOf<HTMLElement>} */
  const stages = document.querySelectorAll(".stage");
  views = tapes.map((tape, i) => drawTape(tape, stages[i], clicks));
}

/** @param {Tape} tape @param {HTMLElement} stage @param {Clicks} clicks @returns {View} */
function drawTape(tape, stage, clicks) {
  const level = tape.levels[tape.level];
  const scene = /** @type {HTMLElement} */ (stage.firstElementChild);
  const lines = svg("svg.edges", {"aria-hidden": "true"});
  scene.replaceChildren(lines);
  const ways = level.edges.map((edge, i) => drawEdge(level, edge, i, scene));
  const cards = level.cards.map(place => ({element: drawCard(tape, place, clicks), content: []}));
  scene.append(...cards.map(({element}) => element));
  const drawn = {cards, ways, boxes: [], clicks};
  return {tape, level, stage, scene, shape: null, scale: 1, ...drawn};
}

/** Move everything to the places of a shape of the level. @param {View} view @param {Shape} shape */
export function arrange(view, shape) {
  if (view.shape === shape) return;
  view.shape = shape;
  const {tape, level, scene, cards, ways, boxes, clicks} = view;
  const {width, height} = shape;
  Object.assign(scene.style, {width: `${width}px`, height: `${height}px`});
  cards.forEach(({element}, i) => moveTo(element, shape.cards[i]));
  ways.forEach(({forward, back, pill}, i) => {
    const way = shape.edges[i];
    forward?.setAttribute("d", way.path ?? "");
    back?.setAttribute("d", way.back ?? "");
    if (pill && way.pill) moveTo(pill, way.pill);
  });
  boxes.forEach(box => box.remove());
  const seen = new Set();
  view.boxes = shape.boxes.map(box => {
    const isFirst = !seen.has(box.of);
    seen.add(box.of);
    return drawBox(tape, level.boxes[box.of], box, isFirst, clicks);
  });
  scene.prepend(...view.boxes);
}

/** @param {HTMLElement} element @param {Box} box */
const moveTo = ({style}, {x, y, w, h}) =>
  (style.cssText = `left: ${x}px; top: ${y}px; width: ${w}px; min-width: ${w}px; height: ${h}px`);

/**
 * Draw the box of a scope. Only its first piece has the title.
 * @param {Tape} tape @param {Level["boxes"][number]} scope @param {Box} box
 * @param {boolean} isFirst @param {Clicks} clicks
 */
function drawBox(tape, {title, closes}, box, isFirst, {open}) {
  const attributes = {class: "box-title", "aria-label": `Close ${title}`};
  const head =
    closes === undefined
      ? el("span.box-title", title)
      : button(`▾ ${title}`, () => open(tape, closes), attributes);
  const element = el("div.box", isFirst && head);
  moveTo(element, box);
  return element;
}

/**
 * Draw an edge into the first element of `scene`, and its local derivative into `scene`.
 * @param {Level} level @param {Edge} edge @param {number} nth @param {HTMLElement} scene
 * @returns {Way}
 */
function drawEdge({places: [shape]}, {pill}, nth, scene) {
  const {path, back} = shape.edges[nth];
  /** @type {Way} */
  const way = {};
  if (path) way.forward = svg("path.way", {"marker-end": "url(#tip)"});
  if (back) way.back = svg("path.way.back", {"marker-end": "url(#tip-back)"});
  const lines = [way.forward, way.back].filter(line => line !== undefined);
  scene.firstElementChild?.append(...lines);
  if (pill) {
    const kind = back ? "div.pill.back" : "div.pill";
    way.pill = el(kind, {"aria-hidden": "true"}, el("span", named(pill)));
    scene.append(way.pill);
  }
  return way;
}

/** @param {Tape} tape @param {Place} place @param {Clicks} clicks */
function drawCard(tape, place, {open, choose}) {
  const {node, title, outside, opens} = place;
  const kind = [
    "div.card",
    title && ".stack",
    outside && ".outside",
    tape.nodes[node].gradient === undefined && ".constant"
  ];
  const click = () => (opens === undefined ? choose(tape, node) : open(tape, opens));
  return el(
    kind.filter(Boolean).join(""),
    {"data-node": node},
    el("div", {"aria-hidden": "true"}),
    button("", click, {class: "cover"})
  );
}

/** Update the graphs to the current step, or only the numbers that are seen. */
export function updateScene(onlySeen = false) {
  // A look at the screen after something is written would compute the layout again.
  const seen = views.map(({cards}) => cards.map(card => !onlySeen || isSeen(card)));
  views.forEach((view, nth) => {
    const {cards, level, ways} = view;
    cards.forEach((card, i) => seen[nth][i] && updateCard(view, level.cards[i], card));
    if (!onlySeen) level.edges.forEach((edge, i) => updateEdge(view, edge, ways[i]));
  });
}

/** Whether the browser draws the content of a card. @param {CardView} card */
const isSeen = ({element}) =>
  element.firstElementChild?.checkVisibility({contentVisibilityAuto: true});

/** @param {View} view @param {Place} place @param {CardView} card */
function updateCard({tape, level}, place, card) {
  const shows = cardState(tape, place);
  const {known, sum, now, receives, phase, next} = shows;
  const {value, gradient} = tape.nodes[place.node];
  const content = [
    known ? array(tape, value) : outline(tape, value),
    sum < 0 ? gradient !== undefined && outline(tape, gradient) : array(tape, sum),
    next,
    JSON.stringify({...shows, next: null})
  ];
  const {element} = card;
  if (content.every((part, i) => part === card.content[i])) return;
  card.content = content;
  element.firstElementChild?.replaceChildren(...cardBody(tape, place, shows, level.numbers));
  element.lastElementChild?.setAttribute("aria-label", cardLabel(tape, place, shows));
  mark(element, {
    ahead: !known,
    reached: sum >= 0,
    now,
    back: passOf(shows) === "backward",
    update: phase === "update",
    receives
  });
}

/** @param {View} view @param {Edge} edge @param {Way} way */
function updateEdge({tape, level}, {to, user = level.cards[to].node, argument, pill}, way) {
  const step = stepOf(tape);
  const {phase, node} = tape.steps[step];
  const passed = tape.passed[user] <= step;
  const isBackNow = node === user && phase === "backward";
  mark(way.forward, {ahead: tape.made[user] > step, now: node === user && phase === "forward"});
  mark(way.back, {ahead: !passed, now: isBackNow});
  mark(way.pill, {ahead: Boolean(way.back) && !passed, now: isBackNow});
  const given = tape.steps[tape.passed[user]]?.gives?.find(gift => gift.argument === argument);
  if (given?.otherwise)
    way.pill?.firstElementChild?.replaceChildren(
      ...el("span", named(current(tape, given).pill ?? pill ?? "")).childNodes
    );
}
