// @ts-check
// A fused node next to its graph: whether they agree, and why the gradient is so simple.
import { data, describedTape, state, stepOf } from "./state.js";
import { cells } from "./arrays.js";
import { hardVariant } from "./controls.js";
import { byId, el, mark, scrolling } from "./dom.js";
import { formulaLines } from "./formulas.js";
import { fill } from "./inspector.js";
/** @typedef {import("./types.js").Softmax} Softmax */
/** @typedef {import("./types.js").ArrayData} ArrayData */
/** @typedef {import("./types.js").Findings} Findings */
/** @typedef {import("./dom.js").Part} Part */

export function updateCompare() {
  const { compare } = data;
  if (!compare) return;
  const findings = (state.variant === hardVariant() && compare.hard) || compare;
  showVerdict(findings);
  const tape = describedTape();
  const isFused = tape === data.tapes[1];
  if (isFused && tape.steps[stepOf(tape)].phase === "backward")
    explainGradient(findings);
}

/** @param {Findings} findings */
function showVerdict({ verdict }) {
  const home = byId("verdict");
  home.hidden = !verdict;
  home.textContent = verdict;
  mark(home, { broken: verdict.startsWith("✗") });
}

/** @param {Findings} findings */
function explainGradient({ softmax, jacobian }) {
  if (softmax) {
    const product = scrolling(
      "div.scroll",
      "Jacobian of softmax",
      softmaxProduct(softmax),
    );
    const formulas = softmax.tex.map(formulaLines);
    fill("numbers", "Upstream × softmax Jacobian", ...formulas, product);
    fill(
      "ledger",
      "Why the gradient is so simple",
      bars(softmax),
      el("p", softmax.why),
    );
  } else if (jacobian) {
    const matrix = cells(jacobian, { label: "Jacobian" });
    fill(
      "ledger",
      "The Jacobian of the node",
      scrolling("div.scroll", "Jacobian", matrix),
    );
  }
}

/** @param {"row"|"col"} scope @param {...Part} parts */
const head = (scope, ...parts) => el("th", { scope }, parts);

/** @param {string} letter @param {string} index */
const indexed = (letter, index) => el("i", letter, el("sub", index));

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
 * @param {Softmax} softmax
 */
function softmaxProduct({ rows, upstream, jacobian, sums }) {
  const titles = rows.map((name) => head("col", indexed("z", name)));
  const lines = rows.map((name, i) =>
    el(
      upstream.tint[i] === "i" ? "tr.off" : "tr",
      oneCell(upstream, i),
      el("td", "×"),
      head("row", indexed("ŷ", name)),
      rows.map((_, j) => oneCell(jacobian, i, j)),
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
    rows.map((_, j) => oneCell(sums, j, 0, ".lit.back")),
  );
  return el(
    "table.jacobian",
    el("thead", el("tr", head("col", "∂L/∂ŷ"), el("td"), el("td"), titles)),
    el("tbody", lines, total),
  );
}

/** Prediction, target and gradient of each class, as bars. @param {Softmax} softmax */
function bars({ rows, predicted, target, difference, bars: shares }) {
  const titles = ["class", "ŷ predicted", "y target", "ŷ − y gradient"];
  const columns = [predicted, target, difference];
  const lines = rows.map((name, i) =>
    el(
      "tr",
      head("row", name),
      columns.map(({ text }, k) => bar(k, shares[i][k], text?.[i][0] ?? "")),
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

/** @param {number} column @param {number} share in percent @param {string} text */
function bar(column, share, text) {
  const kind = `div.axis.of${column}${share < 0 ? ".minus" : ""}`;
  const length = el("div", { style: `width: ${Math.abs(share)}%` });
  const isGradient = column === 2 && share !== 0;
  const hint = isGradient ? (share > 0 ? " ▼ lower z" : " ▲ raise z") : "";
  return el("td", el(kind, length), `${text}${hint}`);
}
