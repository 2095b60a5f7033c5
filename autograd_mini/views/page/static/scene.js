// @ts-check
// The graph: drawn once for a level, then only what a step changes is drawn again.
import { data, shown, state, stepOf } from "./state.js";
import { body, label, standing } from "./card.js";
import { button, byId, el, mark, svg } from "./dom.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").Level} Level */
/** @typedef {import("./types.js").Box} Box */

/** A tape in its window, which shows it moved and scaled.
 * @typedef {{tape: Tape, level: Level, stage: HTMLElement, scene: HTMLElement, x: number, y: number, scale: number,
 *   cards: {made: HTMLElement, key: string}[], ways: {forward?: Element|"", back?: Element|"", pill?: Element}[]}} View */
/** @type {View[]} */
export let views = [];

/** @param {Box} box */
const at = ({ x, y, w, h }) => ({ style: `left: ${x}px; top: ${y}px; width: ${w}px; height: ${h}px` });

/** Draw the levels that are chosen, each tape in a window of its own.
 * @param {(tape: Tape, level: number) => void} open @param {(tape: Tape, node: number) => void} choose */
export function draw(open, choose) {
  const most = Math.max(...data.tapes.flatMap(({ levels }) => levels.map(({ height }) => height)));
  byId("graph").style.setProperty("--most", `${most * 1.6 + 190}px`);
  const tapes = shown(), stages = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".stage"));
  stages.forEach((stage, i) => (stage.hidden = !tapes[i]));
  views = tapes.map((tape, i) => {
    const level = tape.levels[tape.level], stage = stages[i], scene = /** @type {HTMLElement} */ (stage.firstElementChild);
    stage.dataset.title = tape.note ?? "";
    Object.assign(stage.style, { flexGrow: level.height + 50, minHeight: `${Math.min(230, level.height * 0.7 + 60)}px` });
    Object.assign(scene.style, { width: `${level.width}px`, height: `${level.height}px` });
    scene.replaceChildren(...level.boxes.map(({ title, closes, ...box }) => el("div.box", at(box), closes === undefined ? el("span.box-title", title)
      : button(`▾ ${title}`, () => open(tape, closes), { class: "box-title", "aria-label": `Close ${title}` }))));
    const lines = svg("svg.edges", { "aria-hidden": "true" });
    scene.append(lines);
    const ways = level.edges.map(({ path, back, pill }) => ({
      forward: path && lines.appendChild(svg("path.way", { d: path, "marker-end": "url(#tip)" })),
      back: back && lines.appendChild(svg("path.way.back", { d: back, "marker-end": "url(#tip-back)" })),
      pill: pill && scene.appendChild(el(back ? "div.pill.back" : "div.pill",
        { "aria-hidden": "true", ...at({ x: pill.x - pill.w / 2, y: pill.y - 8, w: pill.w, h: 16 }) }, pill.text)),
    }));
    const cards = level.cards.map((place) => {
      const { node, title, outside, opens } = place, act = () => (opens === undefined ? choose(tape, node) : open(tape, opens));
      const kind = `div.card${title ? ".stack" : ""}${outside ? ".outside" : ""}${tape.nodes[node].gradient === undefined ? ".constant" : ""}`;
      const made = el(kind, { "data-node": node, ...at(place) }, el("div", { "aria-hidden": "true" }), button("", act, { class: "cover" }));
      scene.append(made);
      return { made, key: "" };
    });
    return { tape, level, stage, scene, x: 0, y: 0, scale: 1, cards, ways };
  });
}

/** Bring all that is drawn to the step. */
export function updateScene() {
  for (const { tape, level, cards, ways } of views) {
    const step = stepOf(tape), { phase, node } = tape.steps[step];
    cards.forEach((card, i) => {
      const { made } = card, place = level.cards[i], stands = standing(tape, place), { known, sum, now, receives } = stands;
      const key = JSON.stringify([stands, state.variant, state.example]);
      if (card.key === key) return;
      card.key = key;
      made.firstElementChild?.replaceChildren(...body(tape, place, stands));
      made.lastElementChild?.setAttribute("aria-label", label(tape, place, stands));
      mark(made, { ahead: !known, reached: sum >= 0, now, back: phase !== "forward", receives });
    });
    level.edges.forEach(({ to, record = level.cards[to].node, back }, i) => {
      const way = ways[i], passed = tape.passed[record] <= step, now = node === record;
      mark(way.forward, { ahead: tape.made[record] > step, now: now && phase === "forward" });
      mark(way.back, { ahead: !passed, now: now && phase === "backward" });
      mark(way.pill, { ahead: Boolean(back) && !passed, now: now && phase === "backward" });
    });
  }
}
