// @ts-check
// A fused node next to its graph: whether they agree, and why the gradient is so simple.
import {
  CLOSE,
  array,
  data,
  describedTape,
  parseNumber,
  state,
  stepOf,
} from "./state.js";
import { cells } from "./arrays.js";
import { byId, el, mark, scrolling } from "./dom.js";
import { classTable } from "./ending.js";
import { features } from "./features.js";
import { formulaLines } from "./formulas.js";
import { extend } from "./inspector.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").Compare} Compare */
/** @typedef {import("./types.js").Softmax} Softmax */
/** @typedef {import("./types.js").ArrayData} ArrayData */
/** @typedef {import("./dom.js").Part} Part */

features.push({
  update() {
    const compare = /** @type {Compare} */ (data.compare);
    if (!data.tapes[1].shown) showVerdict(compare.verdict);
    const tape = describedTape();
    const { phase, node } = tape.steps[stepOf(tape)];
    if (tape !== data.tapes[1] || phase !== "backward") return;
    const softmax = compare.softmax.find((found) => found.node === node);
    if (softmax) explainSoftmax(tape, softmax);
    if (compare.jacobian?.node === node)
      showJacobian(array(tape, compare.jacobian.array));
  },
});

/** @param {ArrayData} jacobian of another fused node */
const showJacobian = (jacobian) =>
  extend(
    "ledger",
    "The Jacobian of the node",
    scrolling("div.scroll", "Jacobian", cells(jacobian, { label: "Jacobian" })),
  );

/** Whether both tapes agree, in words. @param {string} text */
export function showVerdict(text) {
  const home = byId("verdict");
  home.hidden = !text;
  home.textContent = text;
  mark(home, { broken: text.startsWith("✗") });
}

/** @param {Tape} tape @param {Softmax} softmax */
function explainSoftmax(tape, softmax) {
  const { count, forms, note } = softmax;
  const row = Math.max(0, state.example);
  /** @param {number} id */
  const ofExample = (id) => array(tape, id, row);
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
        ofExample(softmax.gradient),
      ),
    ),
    note && el("p.note", note),
  );
  const { predicted, target, difference, gradient } = softmax;
  const columns = [predicted, target, difference, gradient];
  extend(
    "ledger",
    "Why the gradient is so simple",
    classTable(columns.map(ofExample), {
      titles: ["ŷ", "y", form.difference, "∂L/∂z", "L asks"],
      logits: "z",
    }),
    el("p", form.why),
  );
}

/** @param {"row"|"col"} scope @param {...Part} parts */
const head = (scope, ...parts) => el("th", { scope }, parts);

/** @param {string} letter @param {number} index */
const indexed = (letter, index) => el("i", letter, el("sub", String(index)));

/**
 * One cell of an array.
 * @param {ArrayData} a @param {number} i @param {number} j @param {string} lit
 */
function oneCell({ tint, text }, i, j = 0, lit = "") {
  const single = {
    shape: "",
    tint: [tint[i][j]],
    text: [[text?.[i][j] ?? ""]],
  };
  return el("td", cells(single, { mark: lit }));
}

/**
 * The gradient by ŷ times the Jacobian of softmax: a row for each class.
 * @param {ArrayData} upstream @param {ArrayData} jacobian @param {ArrayData} sums
 */
function softmaxProduct(upstream, jacobian, sums) {
  const classes = upstream.tint.map((_, i) => i);
  const titles = classes.map((i) => head("col", indexed("z", i)));
  const lines = classes.map((i) =>
    el(
      upstream.tint[i] === "i" ? "tr.off" : "tr",
      oneCell(upstream, i),
      el("td", "×"),
      head("row", indexed("ŷ", i)),
      classes.map((j) => oneCell(jacobian, i, j)),
    ),
  );
  const lost = upstream.tint.join("").includes("!"); // 0 times inf is nan, and so are the sums
  const total = el(
    "tr",
    el(
      "th",
      { colspan: 3, scope: "row" },
      lost ? "sums are not finite; closed form" : "column sums",
    ),
    classes.map((j) => oneCell(sums, j, 0, ".lit.back")),
  );
  return el(
    "table.jacobian",
    el("thead", el("tr", head("col", "∂L/∂ŷ"), el("td"), el("td"), titles)),
    el("tbody", lines, total),
  );
}
