// @ts-check
// The text that leads: the sentence of a step with its numbers, and the questions.
import {array, line, parseNumber} from "./state.js";
import {byId, button, el} from "./dom.js";
import {minus} from "./format.js";
import {oddSentences} from "./odd.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").Step} Step */
/** @typedef {import("./types.js").Text} Text */
/** @typedef {import("./dom.js").Part} Part */

const ROUNDING = 0.001; // of a sum of numbers on the screen

/** The lines with the numbers of a step. @param {Tape} tape @param {Step} step */
export const linesOf = (tape, {gives, entry, lines = []}) =>
  [entry, ...(gives?.map(gift => gift.entry) ?? []), ...lines]
    .slice(0, 6)
    .map(id => line(tape, id))
    .filter(Boolean);

/**
 * A text, a line of the pool, or the one of two texts that is true of a target.
 * @param {Tape} tape @param {Text} text
 */
function textOf(tape, text) {
  if (typeof text === "string") return text;
  if (typeof text === "number") return line(tape, text);
  const isBroken = array(tape, text.gradient).tint.some(row => row.includes("!"));
  if (text.broken && isBroken) return text.broken;
  const y = (array(tape, text.target).text ?? []).flat().map(parseNumber);
  const sum = y.reduce((a, b) => a + b, 0);
  const isOneHot = y.filter(Boolean).length === 1;
  const [isTrue, number] =
    text.by === "class"
      ? [isOneHot, y.findIndex(Boolean)]
      : [Math.abs(sum - 1) < ROUNDING, Number(sum.toFixed(3))];
  return text.texts[isTrue ? 0 : 1].replace("#", minus(`${number}`));
}

/** The sentences of a step. @param {Tape} tape @param {Step} step */
export const sentence = (tape, {lead = "", say}) => `${textOf(tape, lead)} ${say}`.trim();

/** A step in words, with its numbers and its question. @param {Tape} tape @param {Step} step */
export const inWords = (tape, step) =>
  [sentence(tape, step), ...linesOf(tape, step), ...oddSentences(tape), step.ask ?? ""].join(" ");

/**
 * A question about the next step. The button shows that step, whose numbers are the answer.
 * @param {Step} step @returns {Part}
 */
export function question({phase, ask}) {
  const next = () => byId("next").click();
  if (ask) return el("div.predict", el("p", el("b", "Predict: "), ask), button("Show →", next));
  return phase === "start" && button("Start →", next);
}

/** The paragraphs next to the numbers. @param {Tape} tape @param {Step} step @returns {Part[]} */
export const notesOf = (tape, {notes = []}) =>
  notes.map(note => {
    const text = textOf(tape, note);
    return text && el(typeof note === "string" ? "p" : "p.entry", text);
  });
