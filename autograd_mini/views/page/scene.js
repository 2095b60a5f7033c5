// @ts-check
// The graph: drawn once for a level, then only what a step changes is drawn again.
import { page, shown, state, stepOf } from "./state.js";
import { body, label, standing } from "./card.js";
import { byId, button, el, svg } from "./dom.js";
import { past } from "./history.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").Level} Level */

/** @typedef {{tape: Tape, level: Level, top: number, cards: HTMLElement[], keys: string[], ways: {forward?: SVGElement, back?: SVGElement, pill?: HTMLElement}[]}} Drawn */
/** @type {Drawn[]} */
export let drawn = [];
const TITLE = 26, APART = 30;
/** @type {{open: (tape: Tape, level: number) => void, choose: (tape: Tape, node: number) => void}} */
export const hooks = { open: () => {}, choose: () => {} };

/** @param {Tape} tape @returns {Level} */
const levelOf = (tape) => tape.levels[state.level[page.data.tapes.indexOf(tape)]];

/** Draw the levels that are chosen, one tape below the other. */
export function draw() {
  const scene = byId("scene"), tapes = shown();
  let top = 0, width = 0;
  scene.replaceChildren();
  byId("graph").classList.toggle("two", tapes.length > 1);
  drawn = tapes.map((tape) => {
    const level = levelOf(tape), several = tapes.length > 1 || Boolean(tape.note);
    if (several) {
      const title = el("div", { class: "tape-title" }, tape.note ?? tape.name);
      title.style.top = `${top}px`;
      scene.append(title);
      top += TITLE;
    }
    const found = one(tape, level, top, scene);
    top += level.height + APART;
    width = Math.max(width, level.width);
    return found;
  });
  scene.style.width = `${width}px`;
  scene.style.height = `${top - APART}px`;
}

/** @param {HTMLElement} target @param {import("./types.js").Box} box @param {number} top */
function put(target, box, top) {
  target.style.cssText = `left:${box.x}px;top:${box.y + top}px;width:${box.w}px;height:${box.h}px`;
}

/** @param {Tape} tape @param {Level} level @param {number} top @param {HTMLElement} scene @returns {Drawn} */
function one(tape, level, top, scene) {
  for (const box of level.boxes) {
    const { closes } = box;
    const made = el("div", { class: "box" });
    made.append(closes === undefined ? el("span", { class: "box-title" }, box.title)
      : button(`▾ ${box.title}`, () => hooks.open(tape, closes), { class: "box-title", "aria-label": `Close ${box.title}` }));
    put(made, box, top);
    scene.append(made);
  }
  const lines = svg("svg", { class: "edges", width: level.width, height: level.height, "aria-hidden": "true" });
  lines.style.top = `${top}px`;
  scene.append(lines);
  const ways = level.edges.map((edge) => {
    /** @type {Drawn["ways"][number]} */
    const way = {};
    if (edge.path) lines.append((way.forward = svg("path", { d: edge.path, class: "way", "marker-end": "url(#tip)" })));
    if (edge.back) lines.append((way.back = svg("path", { d: edge.back, class: "way back", "marker-end": "url(#tip-back)" })));
    if (edge.pill) {
      way.pill = el("div", { class: edge.back ? "pill back" : "pill", "aria-hidden": "true" }, edge.pill.text);
      put(way.pill, { x: edge.pill.x - edge.pill.w / 2, y: edge.pill.y - 8, w: edge.pill.w, h: 16 }, top);
      scene.append(way.pill);
    }
    return way;
  });
  const cards = level.cards.map((place) => {
    const made = el("div", { class: "card", "data-node": place.node }, el("div", { "aria-hidden": "true" }));
    if (place.title) made.classList.add("stack");
    if (place.outside) made.classList.add("outside");
    if (tape.nodes[place.node].gradient === undefined) made.classList.add("constant");
    put(made, place, top);
    const act = () => (place.opens === undefined ? hooks.choose(tape, place.node) : hooks.open(tape, place.opens));
    made.append(button("", act, { class: "cover" }));
    scene.append(made);
    return made;
  });
  return { tape, level, top, cards, keys: [], ways };
}

/** Bring all that is drawn to the step. @param {boolean} anew whether numbers may have changed */
export function update(anew = false) {
  for (const d of drawn) {
    const step = stepOf(d.tape), doing = d.tape.steps[step], { made, passed } = past(d.tape);
    d.level.cards.forEach((place, i) => {
      const at = standing(d.tape, place, step), key = JSON.stringify(at), card = d.cards[i];
      if (d.keys[i] === key && !anew) return;
      d.keys[i] = key;
      card.firstElementChild?.replaceChildren(...body(d.tape, place, at));
      card.lastElementChild?.setAttribute("aria-label", label(d.tape, place, at));
      card.classList.toggle("ahead", !at.known);
      card.classList.toggle("reached", at.sum >= 0);
      card.classList.toggle("now", at.now);
      card.classList.toggle("back", at.phase !== "forward");
      card.classList.toggle("receives", at.receives);
    });
    d.level.edges.forEach((edge, i) => {
      const way = d.ways[i], into = d.level.cards[edge.to], record = edge.record ?? into.node;
      const known = made[record] <= step, back = passed[record] <= step;
      const now = doing.node === record;
      way.forward?.classList.toggle("ahead", !known);
      way.forward?.classList.toggle("now", now && doing.phase === "forward");
      way.back?.classList.toggle("ahead", !back);
      way.back?.classList.toggle("now", now && doing.phase === "backward");
      way.pill?.classList.toggle("ahead", edge.back ? !back : false);
      way.pill?.classList.toggle("now", now && doing.phase === "backward");
    });
  }
}

/** Where the cards of this step are, on the scene. */
export function current() {
  return drawn.flatMap((d) => d.level.cards.flatMap((place, i) =>
    d.cards[i].classList.contains("now") ? [{ x: place.x, y: place.y + d.top, w: place.w, h: place.h }] : []));
}
