// @ts-check
// The three cards below the graph: what happens, its numbers, and the sums they are added to.
import {
  describedTape,
  direction,
  line,
  passOf,
  stepName,
  stepOf,
} from "./state.js";
import { byId, el } from "./dom.js";
import { formulaLines } from "./formulas.js";
import { ledger, saved } from "./ledger.js";
import { chainRule, operation, seed } from "./numbers.js";
import { updateNumbers } from "./update.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").Step} Step */
/** @typedef {import("./dom.js").Part} Part */

const MOST_CONTRIBUTIONS = 6; // of a step, shown one by one
const SMALLEST = 0.7; // the smallest scale

/** Fill a card. @param {string} id @param {Part|Part[]} title @param {...Part} children */
function fill(id, title, ...children) {
  byId(id).replaceChildren();
  extend(id, title, ...children);
}

/**
 * Add a part to a card. Parts that are too wide are scaled down, to `SMALLEST` at most.
 * @param {string} id @param {Part|Part[]} title @param {...Part} children
 */
export function extend(id, title, ...children) {
  const card = byId(id);
  card.append(el("h2", title), ...el("div", children).childNodes);
  /** @type {NodeListOf<HTMLElement>} */
  const wide = card.querySelectorAll(".math, .rule, .ledger");
  for (const part of wide) {
    part.style.zoom = `${Math.max(SMALLEST, part.clientWidth / part.scrollWidth)}`;
  }
}

export function updateInspector() {
  const tape = describedTape();
  const step = tape.steps[stepOf(tape)];
  fill("what", "What happens", ...whatHappens(tape, step));
  if (step.phase === "forward") fillForward(tape, step);
  else if (step.phase === "seed") fillSeed(tape, step);
  else if (step.phase === "update") fillUpdate(tape, step);
  else fillBackward(tape, step);
}

/** @param {Tape} tape @param {Step} step @returns {Part[]} */
function whatHappens(tape, step) {
  const parts = step.gives?.slice(0, MOST_CONTRIBUTIONS) ?? [step];
  const entries = parts.map(({ entry }) => line(tape, entry)).filter(Boolean);
  return [
    el(
      "p.doing",
      el("strong", stepName(tape, step)),
      el(
        `span.badge.${passOf(step)}`,
        `${passOf(step)} · ${direction(tape, step)}`,
      ),
    ),
    el("p", step.say),
    ...parts.map(({ tex = "" }) => formulaLines(tex)),
    ...entries.map((entry) => el("p.entry", entry)),
  ];
}

/** @param {Tape} tape @param {Step} step */
function fillForward(tape, step) {
  fill("numbers", "With the numbers", operation(tape, step));
  fill("ledger", "Saved for the backward pass", ...saved(tape, step));
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
  const { node, gives = [] } = step;
  const few = gives.slice(0, MOST_CONTRIBUTIONS);
  const more = gives.length - few.length;
  const multiplies = few.some(({ slope }) => slope !== undefined);
  fill(
    "numbers",
    `The chain rule with the numbers${multiplies ? ": upstream × local" : ""}`,
    ...few.map((contribution) => chainRule(tape, node, contribution)),
    more > 0 && el("p", `and ${more} more`),
  );
  const targets = [...new Set(few.map(({ to }) => to))];
  const name = tape.nodes[targets[0]]?.name ?? "";
  const title =
    targets.length > 1
      ? "Gradient ledgers"
      : ["Gradient ledger of ", el("i", name)];
  fill("ledger", title, ...targets.map((target) => ledger(tape, target)));
}
