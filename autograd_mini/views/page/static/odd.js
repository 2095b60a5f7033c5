// @ts-check
// The first steps that compute an infinite number and NaN, and the numbers that they are made from.
import {array, parseNumber, state, stepOf} from "./state.js";
import {written} from "./written.js";
/** @typedef {import("./types.js").Tape} Tape */

/** @type {Record<string, (x: number) => boolean>} */
const KINDS = {inf: x => Math.abs(x) === Infinity, NaN: Number.isNaN};

/** The arrays that a step computes, as `written` takes them. @param {Tape} tape @param {number} step */
function madeAt(tape, step) {
  const {phase, node, gives = []} = tape.steps[step];
  if (phase === "forward") return [{tape, kind: "value", node, id: tape.nodes[node].value}];
  return gives.flatMap(({to, argument, value, total}) => [
    {tape, kind: "part", node: to, step, argument, id: value},
    {tape, kind: "gradient", node: to, id: total}
  ]);
}

/** Whether an array has an entry that is not finite. @param {Tape} tape @param {number} id */
const isOdd = (tape, id) =>
  (tape.shown && tape.numbers?.(tape, id)?.some(x => !Number.isFinite(x))) ?? // before it is formatted
  array(tape, id, -1).tint.join("").includes("!");

/** @param {Tape} tape @param {number} id @param {string} kind of numbers */
function has(tape, id, kind) {
  if (!isOdd(tape, id)) return false;
  const {text, notes} = array(tape, id, -1);
  return RegExp(kind, "i").test(`${text ?? notes}`);
}

/** The first step with each kind, and the array that has it. @param {Tape} tape */
export const firstOdd = tape =>
  Object.keys(KINDS).flatMap(kind => {
    for (const step of tape.steps.keys())
      for (const made of madeAt(tape, step))
        if (has(tape, made.id, kind)) return {kind, step, made};
    return [];
  });

/** A sentence for each kind of number that the current step computes first. @param {Tape} tape */
export function oddSentences(tape) {
  const now = stepOf(tape);
  if (!madeAt(tape, now).some(({id}) => isOdd(tape, id))) return [];
  return firstOdd(tape)
    .filter(({step}) => step === now)
    .map(({kind, made}) => {
      const {id} = made;
      const numbers = tape.numbers?.(tape, id) ?? array(tape, id).text?.flat().map(parseNumber);
      const entry = state.example < 0 ? (numbers?.findIndex(KINDS[kind]) ?? -1) : -1;
      const equation = entry < 0 ? "" : `: ${written(made, entry).text}`;
      return `The first step with ${kind}${equation}.`;
    });
}
