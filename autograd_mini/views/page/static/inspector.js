// @ts-check
// The three cards below the graph: what happens, its numbers, and the sums they are added to.
import {
  current,
  describedTape,
  direction,
  passOf,
  stepName,
  stepOf,
} from "./state.js";
import { byId, el, mark } from "./dom.js";
import { origin } from "./entries.js";
import { algebra, classTable } from "./ending.js";
import { derivative, figure, formulaLines, nameOf } from "./formulas.js";
import { ledger, saved } from "./ledger.js";
import { named } from "./names.js";
import { chainRule, operation, seed } from "./numbers.js";
import { linesOf, notesOf, question, sentence } from "./story.js";
import { updateNumbers } from "./update.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").Step} Step */
/** @typedef {import("./dom.js").Part} Part */

const MOST_CONTRIBUTIONS = 6; // of a step, shown one by one
const SMALLEST = 0.85; // the smallest scale: numbers have 11 pixels

/** Fill a card. @param {string} id @param {Part|Part[]} title @param {...Part} children */
function fill(id, title, ...children) {
  byId(id).replaceChildren();
  extend(id, title, ...children);
}

/** Add a part to a card. @param {string} id @param {Part|Part[]} title @param {...Part} children */
export const extend = (id, title, ...children) =>
  byId(id).append(el("h2", title), ...el("div", children).childNodes);

/**
 * Scale down the parts of cards that are too wide, to `SMALLEST` at most. Matrices that are still too
 * wide show squares instead of numbers.
 */
export function fitParts() {
  /** @type {NodeListOf<HTMLElement>} */
  const parts = byId("inspector").querySelectorAll(
    ".math, .rule, .ledger, .product",
  );
  const shares = [...parts].map(shareSeen);
  parts.forEach((part, i) => {
    const isWide = part.matches(".product, .ledger") && shares[i] < SMALLEST;
    mark(part, { squares: isWide });
    const share = isWide ? shareSeen(part) : shares[i];
    part.style.zoom = `${Math.max(SMALLEST, share)}`;
  });
}

/** How much of the width of a part is seen. @param {HTMLElement} part */
const shareSeen = (part) => (part.clientWidth - 4) / part.scrollWidth;

export function updateInspector() {
  const tape = describedTape();
  const found = current(tape, tape.steps[stepOf(tape)]);
  const gives = found.gives?.map((given) => current(tape, given));
  const step = { ...found, gives };
  fill("what", step.titles?.[0] ?? "What happens", ...whatHappens(tape, step));
  if (step.titles) fillLeaves(tape, step, step.titles);
  else if (step.phase === "forward") fillForward(tape, step);
  else if (step.phase === "seed") fillSeed(tape, step);
  else if (step.phase === "update") fillUpdate(tape, step);
  else fillBackward(tape, step);
}

/** @param {Tape} tape @param {Step} step @returns {Part[]} */
function whatHappens(tape, step) {
  const pass = passOf(step);
  const way = `${pass} · ${direction(tape, step)}`;
  const badge = el(`span.badge.${pass}`, named(way));
  const parts = step.gives?.slice(0, MOST_CONTRIBUTIONS) ?? [step];
  return [
    !step.titles && el("p.doing", el("strong", stepName(tape, step)), badge),
    el(step.titles ? "p.lead" : "p", named(sentence(tape, step))),
    ...parts.map(({ tex }) => tex && formulaLines(tex)),
    ...linesOf(tape, step).map((text) => el("p.entry", text)),
    step.softmax && algebra(tape, step.softmax),
    question(step),
  ];
}

/**
 * The first step shows the values of leaves, the last one their gradients.
 * @param {Tape} tape @param {Step} step @param {string[]} titles
 */
function fillLeaves(tape, step, [, ofNumbers, ofNotes]) {
  const { phase, leaves = [], softmax } = step;
  const figures = leaves.map((node) => {
    const { name, op, value, gradient = value } = tape.nodes[node];
    return phase === "start"
      ? figure(tape, value, el("span", nameOf(name), ` · ${op}`), name, {
          of: origin(tape, "value", node),
        })
      : figure(tape, gradient, derivative(tape, node), name, {
          of: origin(tape, "gradient", node),
          mark: ".lit.back",
        });
  });
  const numbers = softmax ? classTable(tape, softmax) : el("div.sum", figures);
  fill("numbers", ofNumbers, numbers);
  fill("ledger", ofNotes, ...notesOf(tape, step));
}

/** @param {Tape} tape @param {Step} step */
function fillForward(tape, step) {
  fill("numbers", "With the numbers", operation(tape, step));
  fill("ledger", "Saved for the backward pass", ...saved(step));
}

/** @param {Tape} tape @param {Step} step */
function fillSeed(tape, { node, why = "" }) {
  fill("numbers", "The first gradient", seed(tape, node));
  fill("ledger", "The chain rule", el("p", why));
}

/** @param {Tape} tape @param {Step} step */
function fillUpdate(tape, { updates = [], why = "" }) {
  fill("numbers", "The update", ...updateNumbers(tape, updates));
  fill("ledger", "The learning rate", el("p", why));
}

/** @param {Tape} tape @param {Step} step */
function fillBackward(tape, step) {
  const { gives = [] } = step;
  const few = gives.slice(0, MOST_CONTRIBUTIONS);
  const more = gives.length - few.length;
  const multiplies = few.some(({ slope }) => slope !== undefined);
  fill(
    "numbers",
    `The chain rule with the numbers${multiplies ? ": upstream × local" : ""}`,
    ...few.map((contribution) => chainRule(tape, stepOf(tape), contribution)),
    more > 0 && el("p", `and ${more} more`),
  );
  const targets = [...new Set(few.map(({ to }) => to))];
  const name = tape.nodes[targets[0]]?.name ?? "";
  const title =
    targets.length > 1
      ? "Gradient ledgers"
      : ["Gradient ledger of ", nameOf(name)];
  fill("ledger", title, ...targets.map((target) => ledger(tape, target)));
}
