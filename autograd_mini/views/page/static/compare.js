// @ts-check
// A fused node next to its graph: whether they agree, and why the gradient is so simple.
import { CLOSE, array, data, describedTape, state, stepOf } from "./state.js";
import { cells } from "./arrays.js";
import { byId, el, mark, scrolling } from "./dom.js";
import { formatNumber, minus, parseNumber } from "./format.js";
import { formulaLines } from "./formulas.js";
import { extend } from "./inspector.js";
import { live } from "./live.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").Compare} Compare */
/** @typedef {import("./types.js").Softmax} Softmax */
/** @typedef {import("./types.js").ArrayData} ArrayData */
/** @typedef {import("./dom.js").Part} Part */

export function updateCompare() {
  const { compare } = data;
  if (!compare) return;
  showVerdict(data.tapes[1].shown ? verdict(compare) : compare.verdict);
  const tape = describedTape();
  const { phase, node } = tape.steps[stepOf(tape)];
  if (tape !== data.tapes[1] || phase !== "backward") return;
  const softmax = compare.softmax.find((found) => found.node === node);
  if (softmax) explainSoftmax(tape, softmax);
  if (compare.jacobian?.node === node) {
    const matrix = cells(array(tape, compare.jacobian.array), {
      label: "Jacobian",
    });
    extend(
      "ledger",
      "The Jacobian of the node",
      scrolling("div.scroll", "Jacobian", matrix),
    );
  }
}

/** @param {string} text */
function showVerdict(text) {
  const home = byId("verdict");
  home.hidden = !text;
  home.textContent = text;
  mark(home, { broken: text.startsWith("✗") });
}

/** How far the gradients of both tapes agree, in words. @param {Compare} compare */
function verdict({ pairs, words, close }) {
  if (!pairs.length) return "";
  const both = pairs.map(([name, ...ids]) => ({
    name,
    arrays: ids.map((id, nth) => live.numbers(data.tapes[nth], id) ?? []),
  }));
  const [ours, theirs] = [0, 1].map((nth) =>
    both
      .filter(({ arrays }) => !Array.from(arrays[nth]).every(Number.isFinite))
      .map(({ name }) => name)
      .join(", "),
  );
  if (ours)
    return words.broken.replace("#", ours) + (theirs ? "" : words.exact);
  if (theirs) return words.both.replace("#", theirs);
  let [largest, scale] = [0, 1];
  for (const {
    arrays: [a, b],
  } of both) {
    for (let i = 0; i < a.length; i++) {
      largest = Math.max(largest, Math.abs(a[i] - b[i]));
      scale = Math.max(scale, Math.abs(a[i]));
    }
  }
  const word = largest <= close * scale ? words.agree : words.differ;
  return minus(word.replace("#", formatNumber(largest, 2)));
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
  const columns = [softmax.predicted, softmax.target, softmax.difference];
  extend(
    "ledger",
    "Why the gradient is so simple",
    bars(columns.map(ofExample), form.difference),
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

/**
 * Prediction, target and their difference for each class, as bars.
 * @param {ArrayData[]} columns @param {string} difference
 */
function bars(columns, difference) {
  const titles = ["class", "ŷ predicted", "y target", difference];
  const lines = columns[0].tint.map((_, i) =>
    el(
      "tr",
      head("row", String(i)),
      columns.map(({ text }, k) => bar(k, text?.[i][0] ?? "")),
    ),
  );
  return el(
    "table.bars",
    el(
      "thead",
      el(
        "tr",
        titles.map((title) => head("col", title)),
      ),
    ),
    el("tbody", lines),
  );
}

/** A number below its bar: from 0 to 1, or a difference from -1 to 1. @param {number} column @param {string} text */
function bar(column, text) {
  const value = parseNumber(text);
  const share = Math.min(100, Math.abs(value) * (column === 2 ? 50 : 100)) || 0;
  const kind = `div.axis.of${column}${value < 0 ? ".minus" : ""}`;
  const length = el("div", { style: `width: ${share}%` });
  const isGradient = column === 2 && share !== 0;
  const hint = isGradient ? (value > 0 ? " ▼ lower z" : " ▲ raise z") : "";
  return el("td", el(kind, length), `${text}${hint}`);
}
