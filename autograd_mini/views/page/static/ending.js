// @ts-check
// The last step after softmax cross-entropy: where ŷ - y comes from, next to ∂L/∂z.
import { array } from "./state.js";
import { cells } from "./arrays.js";
import { holds } from "./card.js";
import { el, mark, scrolling } from "./dom.js";
import { formulaLines } from "./formulas.js";
import { views } from "./scene.js";
import { numberIn } from "./story.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").Prediction} Prediction */

/**
 * The lines of algebra. A line that is pointed at or has the focus lights its cards.
 * @param {Tape} tape @param {Prediction} softmax
 */
export function algebra(tape, softmax) {
  const lines = softmax.lines.map(({ tex, say, nodes }) => {
    const on = () => lightCards(tape, nodes);
    const off = () => lightCards(tape, []);
    const events = {
      pointerenter: on,
      pointerleave: off,
      focusin: on,
      focusout: off,
    };
    return el(
      "li",
      { tabindex: 0, ...events },
      formulaLines(tex),
      el("p", say),
    );
  });
  return el("ol.algebra", lines);
}

/** Light the cards that hold some nodes. @param {Tape} tape @param {number[]} nodes */
function lightCards(tape, nodes) {
  for (const { level, cards } of views.filter((view) => view.tape === tape)) {
    level.cards.forEach((place, i) =>
      mark(cards[i].element, {
        spoken: nodes.some((node) => holds(place, node)),
      }),
    );
  }
}

/**
 * Prediction, target, their difference and the gradient: a row for each class.
 * @param {Tape} tape @param {Prediction} softmax
 */
export function classTable(
  tape,
  { columns, prediction, truth, logits, scale },
) {
  const difference = `${prediction} − ${truth}`;
  const result = `∂${tape.symbol}/∂${logits}`;
  const titles = [
    "class",
    prediction,
    truth,
    difference,
    scale ? `${result} = (${difference})${scale}` : result,
    `${tape.symbol} asks`,
  ];
  const compared = [columns.predicted, columns.target, columns.difference].map(
    (id) => array(tape, id),
  );
  const { tint, text } = array(tape, columns.gradient);
  const rows = tint.map((letter, i) => {
    const gradient = text?.[i][0] ?? "";
    const only = { shape: "", tint: [letter], text: [[gradient]] };
    return el(
      "tr",
      el("th", { scope: "row" }, String(i)),
      compared.map((a, k) => barCell(k, a.text?.[i][0] ?? "")),
      el("td", cells(only, { mark: ".lit.back" })),
      el("td.asks", asked(numberIn(gradient), `${logits}[${i}]`)),
    );
  });
  const heads = titles.map((title) => el("th", { scope: "col" }, title));
  return scrolling(
    "div.scroll",
    "prediction minus truth",
    el("table.bars.ending", el("thead", el("tr", heads)), el("tbody", rows)),
  );
}

/** @param {number} gradient @param {string} logit */
const asked = (gradient, logit) =>
  gradient > 0
    ? `▼\u00a0lower ${logit}`
    : gradient < 0
      ? `▲\u00a0raise ${logit}`
      : "–";

/** A number below its bar: from 0 to 1, or a difference from -1 to 1. @param {number} column @param {string} text */
function barCell(column, text) {
  const value = numberIn(text);
  const share = Math.min(100, Math.abs(value) * (column === 2 ? 50 : 100)) || 0;
  const kind = `div.axis.of${column}${value < 0 ? ".minus" : ""}`;
  return el("td", el(kind, el("div", { style: `width: ${share}%` })), text);
}
