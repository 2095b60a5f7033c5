// @ts-check
// The three cards below the graph: what happens, its numbers, and the sums they are added to.
import {current, describedTape, direction, passOf, stepName, stepOf} from "./state.js";
import {become, byId, el, mark} from "./dom.js";
import {formulaLines, gradientFigure, nameOf, valueFigure} from "./formulas.js";
import {ledger, saved} from "./ledger.js";
import {named} from "./names.js";
import {chainRule, operation} from "./numbers.js";
import {oddSentences} from "./odd.js";
import {linesOf, notesOf, question, sentence} from "./story.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").Step} Step */
/** @typedef {import("./dom.js").Part} Part */

const MOST_CONTRIBUTIONS = 6; // of a step, shown one by one
const MOST_LEAVES = 4; // with their numbers at the first step and the last
const SMALLEST = 0.85; // the smallest scale: numbers have 11 pixels

/** The next content of the cards, by id. @type {Record<string, HTMLElement>} */
const drafts = {};

/** Write a card. @param {string} id @param {Part|Part[]} title @param {...Part} children */
export function fill(id, title, ...children) {
  drafts[id] = /** @type {HTMLElement} */ (byId(id).cloneNode());
  extend(id, title, ...children);
}

/** Add a part to a card. @param {string} id @param {Part|Part[]} title @param {...Part} children */
export const extend = (id, title, ...children) =>
  drafts[id].append(...el("div", title && el("h2", title), children).childNodes);

/** Show the cards. If only numbers have changed, the other parts stay. @param {boolean} isMoving */
export function showCards(isMoving) {
  for (const [id, draft] of Object.entries(drafts))
    if (isMoving) become(byId(id), draft);
    else byId(id).replaceChildren(...draft.childNodes);
}

/**
 * Scale down the parts of cards that are too wide, to `SMALLEST` at most. Matrices that are still too
 * wide show squares instead of numbers.
 */
export function fitParts() {
  /** @type {NodeListOf<HTMLElement>} */
  const parts = byId("inspector").querySelectorAll(".math, .rule, .ledger, .product, .grid");
  const shares = [...parts].map(shareSeen);
  parts.forEach((part, i) => {
    const isWide = part.matches(".product, .ledger, .grid") && shares[i] < SMALLEST;
    mark(part, {squares: isWide});
    const share = isWide ? shareSeen(part) : shares[i];
    if (share < 1) part.style.zoom = `${Math.max(SMALLEST, share)}`;
  });
}

/** How much of the width of a part is seen. @param {HTMLElement} part */
const shareSeen = ({clientWidth, scrollWidth}) =>
  scrollWidth > clientWidth ? (clientWidth - 4) / scrollWidth : 1;

export function updateInspector() {
  const tape = describedTape();
  const found = current(tape, tape.steps[stepOf(tape)]);
  const gives = found.gives?.slice(0, MOST_CONTRIBUTIONS).map(given => current(tape, given));
  const left = (found.gives ?? []).length - MOST_CONTRIBUTIONS;
  const more = left > 0 ? `and ${left} more` : "";
  const step = {...found, gives};
  fill("what", step.titles?.[0] ?? "What happens", ...whatHappens(tape, step, more));
  if (step.titles) fillLeaves(tape, step, step.titles);
  else if (step.phase === "forward") fillForward(tape, step);
  else if (step.phase === "seed") fillSeed(tape, step);
  else if (step.phase === "backward") fillBackward(tape, step, more);
}

/** @param {Tape} tape @param {Step} step @param {string} more @returns {Part[]} */
function whatHappens(tape, step, more) {
  const pass = passOf(step);
  const way = `${pass} · ${direction(tape, step)}`;
  const badge = el(`span.badge.${pass}`, named(way));
  const parts = step.gives ?? [step];
  return [
    !step.titles && el("p.doing", el("strong", stepName(tape, step)), badge),
    el(step.titles ? "p.lead" : "p", named(sentence(tape, step))),
    ...parts.map(({tex}) => tex && formulaLines(tex)),
    more && el("p", more),
    ...linesOf(tape, step).map(text => el("p.entry", named(text))),
    ...oddSentences(tape).map(text => el("p.entry.odd", named(text))),
    question(step)
  ];
}

/**
 * The first step shows the values of leaves, the last one their gradients.
 * @param {Tape} tape @param {Step} step @param {string[]} titles
 */
function fillLeaves(tape, step, [, ofNumbers, ofNotes]) {
  const figures = (step.leaves ?? []).slice(0, MOST_LEAVES).map(node => {
    const {name, op} = tape.nodes[node];
    return step.phase === "start"
      ? valueFigure(tape, node, {}, "", ` · ${op}`)
      : gradientFigure(tape, node, name, {mark: ".lit.back"});
  });
  fill("numbers", ofNumbers, el("div.row", figures));
  fill("ledger", ofNotes, ...notesOf(tape, step));
}

/** @param {Tape} tape @param {Step} step */
function fillForward(tape, step) {
  fill("numbers", "With the numbers", operation(tape, step));
  fill("ledger", "Saved for the backward pass", ...saved(step));
}

/** @param {Tape} tape @param {Step} step */
function fillSeed(tape, {node, why = ""}) {
  const seed = gradientFigure(tape, node, "seed", {mark: ".lit.back"});
  fill("numbers", "The first gradient", el("div.row", seed));
  fill("ledger", "The chain rule", el("p", why));
}

/** @param {Tape} tape @param {Step} step @param {string} more */
function fillBackward(tape, {gives = []}, more) {
  const multiplies = gives.some(({slope}) => slope !== undefined);
  fill(
    "numbers",
    `The chain rule with the numbers${multiplies ? ": upstream × local" : ""}`,
    ...gives.map(given => chainRule(tape, stepOf(tape), given)),
    more && el("p", more)
  );
  const targets = [...new Set(gives.map(({to}) => to))];
  const only = nameOf(tape.nodes[targets[0]]?.name ?? "");
  const many = targets.length > 1;
  fill(
    "ledger",
    many ? "Contributions to gradients" : ["Contributions to the gradient of ", only],
    ...targets.map(target => ledger(tape, target))
  );
}
