// @ts-check
// The last step after softmax cross-entropy: where ŷ - y comes from, next to ∂L/∂z.
import {array, describedTape, parseNumber, stepOf} from "./state.js";
import {cells} from "./arrays.js";
import {holds} from "./card.js";
import {el, mark, scrolling, titleCell, titledTable} from "./dom.js";
import {features} from "./features.js";
import {formulaLines} from "./formulas.js";
import {extend, fill} from "./inspector.js";
import {views} from "./scene.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").ArrayData} ArrayData */
/** @typedef {import("./types.js").Prediction} Prediction */

features.push({
  update() {
    const tape = describedTape();
    const {softmax, titles = []} = tape.steps[stepOf(tape)];
    if (!softmax) return;
    extend("what", "", algebra(tape, softmax));
    fill("numbers", titles[1], lastTable(tape, softmax));
  }
});

/**
 * The lines of algebra. A line that is pointed at or has the focus lights its cards.
 * @param {Tape} tape @param {Prediction} softmax
 */
function algebra(tape, softmax) {
  const lines = softmax.lines.map(({tex, say, nodes}) => {
    const light = () => lightCards(tape, nodes);
    const dim = () => lightCards(tape, []);
    return el(
      "li",
      {tabindex: 0, pointerenter: light, pointerleave: dim},
      {focusin: light, focusout: dim},
      formulaLines(tex),
      el("p", say)
    );
  });
  return el("ol.algebra", lines);
}

/** Light the cards that hold some nodes. @param {Tape} tape @param {number[]} nodes */
function lightCards(tape, nodes) {
  for (const {level, cards} of views.filter(view => view.tape === tape)) {
    level.cards.forEach((place, i) =>
      mark(cards[i].element, {spoken: nodes.some(node => holds(place, node))})
    );
  }
}

/** The table of the last step. @param {Tape} tape @param {Prediction} softmax */
function lastTable(tape, {columns, prediction, truth, logits, scale}) {
  const {predicted, target, difference, gradient} = columns;
  const ids = [predicted, target, difference, gradient];
  const minus = `${prediction} − ${truth}`;
  const result = `∂${tape.symbol}/∂${logits}`;
  return classTable(
    ids.map(id => array(tape, id)),
    [prediction, truth, minus, result + (scale && ` = (${minus})${scale}`), "what to do"],
    logits
  );
}

/**
 * A row for each class: prediction, target, their difference, the gradient, and what it asks for.
 * @param {ArrayData[]} columns @param {string[]} titles @param {string} logits
 */
export function classTable(columns, titles, logits) {
  const rows = columns[0].tint.map((_, i) => {
    const texts = columns.map(({text}) => text?.[i][0] ?? "");
    return el(
      "tr",
      titleCell("row", String(i)),
      texts.slice(0, 3).map(barCell),
      oneCell(columns[3], i, 0, ".lit.back"),
      el("td.asks", asked(parseNumber(texts[3]), `${logits}[${i}]`))
    );
  });
  return scrolling(
    "div.scroll",
    "prediction minus truth",
    titledTable("table.ending", ["class", ...titles], rows)
  );
}

/**
 * One cell of an array.
 * @param {ArrayData} a @param {number} i @param {number} j @param {string} lit
 */
export function oneCell({tint, text}, i, j = 0, lit = "") {
  const number = text?.[i][j] ?? "";
  const single = {shape: "", tint: [tint[i][j]], text: [[number]]};
  return el("td", cells(single, {mark: lit}));
}

/** @param {number} gradient @param {string} logit */
const asked = (gradient, logit) =>
  gradient > 0 ? `▼\u00a0lower ${logit}` : gradient < 0 ? `▲\u00a0raise ${logit}` : "–";

/** A number below its bar: from 0 to 1, or a difference from -1 to 1. @param {string} text @param {number} column */
function barCell(text, column) {
  const value = parseNumber(text);
  const share = Math.min(100, Math.abs(value) * (column === 2 ? 50 : 100)) || 0;
  const kind = `div.axis.of${column}${value < 0 ? ".minus" : ""}`;
  return el("td", el(kind, el("div", {style: `width: ${share}%`})), text);
}
