// @ts-check
// The three cards below the graph: what happens, its numbers, and the sums they are added to.
import { current, describedTape, direction, line, stepOf } from "./state.js";
import { byId, el } from "./dom.js";
import { formulaLines } from "./formulas.js";
import { ledger, saved } from "./ledger.js";
import { chainRule, operation, seed } from "./numbers.js";
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

/** Add a part to a card. @param {string} id @param {Part|Part[]} title @param {...Part} children */
export const extend = (id, title, ...children) =>
  byId(id).append(el("h2", title), ...el("div", children).childNodes);

/** Scale down the parts of cards that are too wide, to `SMALLEST` at most. */
export function fitParts() {
  /** @type {NodeListOf<HTMLElement>} */
  const parts = byId("inspector").querySelectorAll(".math, .rule, .ledger");
  const shares = [...parts].map((part) => part.clientWidth / part.scrollWidth);
  parts.forEach((part, i) => {
    part.style.zoom = `${Math.max(SMALLEST, shares[i])}`;
  });
}

export function updateInspector() {
  const tape = describedTape();
  const found = current(tape, tape.steps[stepOf(tape)]);
  const gives = found.gives?.map((given) => current(tape, given));
  const step = { ...found, gives };
  fill("what", "What happens", ...whatHappens(tape, step));
  if (step.phase === "forward") fillForward(tape, step);
  else if (step.phase === "seed") fillSeed(tape, step);
  else fillBackward(tape, step);
}

/** @param {Tape} tape @param {Step} step @returns {Part[]} */
function whatHappens(tape, step) {
  const { phase, node, say } = step;
  const back = phase !== "forward";
  const way = `${back ? "backward" : "forward"} · ${direction(tape, step)}`;
  const parts = step.gives?.slice(0, MOST_CONTRIBUTIONS) ?? [step];
  const entries = parts.map(({ entry }) => line(tape, entry)).filter(Boolean);
  return [
    el(
      "p.doing",
      el("strong", phase === "seed" ? phase : tape.nodes[node].op),
      el(back ? "span.badge.back" : "span.badge", way),
    ),
    el("p", say),
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
