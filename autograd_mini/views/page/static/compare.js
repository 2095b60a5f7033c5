// @ts-check
// A fused node next to its graph: whether they agree, and why the gradient is so simple.
import {
  CLOSE,
  array,
  data,
  describedTape,
  mainTape,
  parseNumber,
  shownTapes,
  state,
  stepOf
} from "./state.js";
import {keepPlace} from "./address.js";
import {cells} from "./arrays.js";
import {button, byId, el, mark, press, scrolling, titleCell, titledTable} from "./dom.js";
import {classTable, oneCell} from "./ending.js";
import {features} from "./features.js";
import {formulaLines} from "./formulas.js";
import {extend} from "./inspector.js";
import {clamp, redraw} from "./navigation.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").Compare} Compare */
/** @typedef {import("./types.js").Softmax} Softmax */
/** @typedef {import("./types.js").ArrayData} ArrayData */

features.push({
  start() {
    const tabs = data.tabs.map(({name}, i) => button(name, () => showTab(i)));
    byId("views").append(...tabs);
    byId("views").hidden = false;
  },
  update() {
    [...byId("views").children].forEach((tab, i) => press(tab, i === state.tab));
    const tapes = shownTapes();
    document
      .querySelectorAll(".stage")
      .forEach((stage, i) =>
        showWindow(
          /** @type {HTMLElement} */ (stage),
          tapes[i],
          tapes.length > 1 ? tapes[i]?.note : ""
        )
      );
    const compare = /** @type {Compare} */ (data.compare);
    if (!data.tapes[1].shown) showVerdict(compare.verdict);
    const tape = describedTape();
    const {phase, node} = tape.steps[stepOf(tape)];
    if (tape !== data.tapes[1] || phase !== "backward") return;
    const softmax = compare.softmax.find(found => found.node === node);
    if (softmax) explainSoftmax(tape, softmax);
    if (compare.jacobian?.node === node) showJacobian(array(tape, compare.jacobian.array));
  }
});

/** Show the window of a tape and its caption, or hide them. @param {HTMLElement} stage @param {Tape} [tape] */
function showWindow(stage, tape, note = "") {
  const caption = /** @type {HTMLElement} */ (stage.previousElementSibling);
  stage.hidden = !tape;
  caption.hidden = !note;
  caption.textContent = note;
}

/** Show a view at about the same position of the timeline. @param {number} tab */
function showTab(tab) {
  if (tab !== state.tab) keepPlace();
  const share = state.step / (mainTape().steps.length - 1);
  state.tab = tab;
  state.step = clamp(Math.round(share * (mainTape().steps.length - 1)));
  redraw();
}

/** @param {ArrayData} jacobian of another fused node */
const showJacobian = jacobian =>
  extend(
    "ledger",
    "The Jacobian of the node",
    scrolling("div.scroll", "Jacobian", cells(jacobian, {label: "Jacobian"}))
  );

/** Whether both tapes agree, in words. @param {string} text */
export function showVerdict(text) {
  const home = byId("verdict");
  home.hidden = !text;
  home.textContent = text;
  mark(home, {broken: text.startsWith("✗")});
}

/** @param {Tape} tape @param {Softmax} softmax */
function explainSoftmax(tape, softmax) {
  const {count, forms, note} = softmax;
  const row = Math.max(0, state.example);
  /** @param {number} id */
  const ofExample = id => array(tape, id, row);
  const sum = parseNumber(ofExample(softmax.total).text?.[0][0] ?? "");
  const form = forms[Math.abs(sum - 1) < CLOSE ? 0 : 1];
  const which = count > 1 ? `, example ${row} of ${count}` : "";
  extend(
    "numbers",
    `Upstream × softmax Jacobian${which}`,
    ...form.tex.map(formulaLines),
    scrolling(
      "div.scroll",
      "Jacobian of softmax",
      softmaxProduct(
        ofExample(softmax.upstream),
        ofExample(softmax.jacobian),
        ofExample(softmax.gradient)
      )
    ),
    note && el("p.note", note)
  );
  const {predicted, target, difference, gradient} = softmax;
  const columns = [predicted, target, difference, gradient];
  extend(
    "ledger",
    "Why the gradient is so simple",
    classTable(columns.map(ofExample), ["ŷ", "y", form.difference, "∂L/∂z", "what to do"], "z"),
    el("p", form.why)
  );
}

/** @param {string} letter @param {number} index */
const indexed = (letter, index) => el("i", letter, el("sub", String(index)));

/**
 * The gradient by ŷ times the Jacobian of softmax: a row for each class.
 * @param {ArrayData} upstream @param {ArrayData} jacobian @param {ArrayData} sums
 */
function softmaxProduct(upstream, jacobian, sums) {
  const classes = upstream.tint.map((_, i) => i);
  const titles = classes.map(i => indexed("z", i));
  const lines = classes.map(i =>
    el(
      upstream.tint[i] === "i" ? "tr.off" : "tr",
      oneCell(upstream, i),
      el("td", "×"),
      titleCell("row", indexed("ŷ", i)),
      classes.map(j => oneCell(jacobian, i, j))
    )
  );
  const lost = upstream.tint.join("").includes("!"); // 0 times inf is nan, and so are the sums
  const total = lost ? "sums are not finite; closed form" : "column sums";
  const totals = el(
    "tr",
    el("th", {colspan: 3, scope: "row"}, total),
    classes.map(j => oneCell(sums, j, 0, ".lit.back"))
  );
  return titledTable("table.jacobian", ["∂L/∂ŷ", "", "", ...titles], [...lines, totals]);
}
