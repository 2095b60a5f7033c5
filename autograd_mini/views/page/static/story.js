// @ts-check
// The text that leads: the sentence of a step with its numbers, and the questions.
import { line } from "./state.js";
import { byId, button, el } from "./dom.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").Step} Step */
/** @typedef {import("./dom.js").Part} Part */

/** The lines with the numbers of a step. @param {Tape} tape @param {Step} step */
export const linesOf = (tape, { gives, entry, lines = [] }) =>
  [entry, ...(gives?.map((gift) => gift.entry) ?? []), ...lines]
    .slice(0, 6)
    .map((id) => line(tape, id))
    .filter(Boolean);

/** The sentence of a step, after the line about its numbers. @param {Tape} tape @param {Step} step */
export const sentence = (tape, { lead, say }) => `${line(tape, lead)} ${say}`;

/** A step in words, with its numbers and its question. @param {Tape} tape @param {Step} step */
export const inWords = (tape, step) =>
  [sentence(tape, step), ...linesOf(tape, step), step.ask ?? ""].join(" ");

/**
 * A question about the next step. The button shows that step, whose numbers are the answer.
 * @param {Step} step @returns {Part}
 */
export function question({ phase, ask }) {
  const next = () => byId("next").click();
  if (ask)
    return el(
      "div.predict",
      el("p", el("b", "Predict: "), ask),
      button("Show →", next),
    );
  return phase === "start" && button("Start →", next);
}

/**
 * Paragraphs, and lines with numbers.
 * @param {Tape} tape @param {Step} step @returns {Part[]}
 */
export const notesOf = (tape, { notes = [] }) =>
  notes.map((note) =>
    typeof note === "string" ? el("p", note) : el("p.entry", line(tape, note)),
  );
