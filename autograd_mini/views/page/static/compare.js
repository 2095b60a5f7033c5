// @ts-check
// Fused beside unfused: do they agree, why is the gradient so simple, and what happens when it is hard.
import { data, state, stepOf, told } from "./state.js";
import { cells } from "./arrays.js";
import { byId, el, mark, scrolling } from "./dom.js";
import { fill, mathLine } from "./inspector.js";
/** @typedef {import("./types.js").Softmax} Softmax */
/** @typedef {import("./types.js").Written} Written */

/** @param {string} over @param {...import("./dom.js").Part} parts */
const head = (over, ...parts) => el("th", { scope: over }, parts);

/** One cell of an array. @param {Written} a @param {number} i @param {number} j */
const one = ({ tint, text }, i, j = 0, lit = "") => el("td", cells({ shape: "", tint: [tint[i][j]], text: [[text?.[i][j] ?? ""]] }, { mark: lit }));

/** @param {Softmax} softmax */
function jacobian({ rows, upstream, jacobian: slopes, sums }) {
  const lost = upstream.tint.join("").includes("!"); // 0 times inf is nan: no sum of these is the gradient
  return el("table.jacobian",
    el("thead", el("tr", head("col", "∂L/∂ŷ"), el("td"), el("td"), rows.map((name) => head("col", el("i", "z", el("sub", name)))))),
    el("tbody", rows.map((name, i) => el(upstream.tint[i] === "i" ? "tr.off" : "tr", one(upstream, i), el("td", "×"), head("row", el("i", "ŷ", el("sub", name))), rows.map((_, j) => one(slopes, i, j)))),
      el("tr", el("th", { colspan: 3, scope: "row" }, lost ? "lost above; closed form" : "column sums"), rows.map((_, j) => one(sums, j, 0, ".lit.back")))));
}

/** @param {Softmax} softmax */
function bars({ rows, predicted, target, difference, bars: shares }) {
  return el("table.bars", el("thead", el("tr", ["class", "ŷ predicted", "y target", "ŷ − y gradient"].map((title) => head("col", title)))),
    el("tbody", rows.map((name, i) => el("tr", head("row", name), [predicted, target, difference].map(({ text }, k) => {
      const share = shares[i][k], hint = k < 2 || !share ? "" : share > 0 ? " ▼ lower z" : " ▲ raise z";
      return el("td", el(`div.axis.of${k}${share < 0 ? ".minus" : ""}`, el("div", { style: `width: ${Math.abs(share)}%` })), `${text?.[i][0]}${hint}`);
    })))));
}

export function updateCompare() {
  const { compare, sliders } = data, hard = sliders.find(({ kind }) => kind === "hard"), verdict = byId("verdict");
  if (!compare) return;
  const { verdict: said, softmax, jacobian: slopes } = (state.variant === hard?.variants[0] && compare.hard) || compare;
  verdict.hidden = !said;
  verdict.textContent = said;
  mark(verdict, { broken: said.startsWith("✗") });
  const tape = told();
  if (tape !== data.tapes[1] || tape.steps[stepOf(tape)].phase !== "backward") return;
  if (softmax) {
    fill("numbers", "Upstream × softmax Jacobian", ...softmax.tex.map(mathLine), scrolling("div.scroll", "Jacobian of softmax", jacobian(softmax)));
    fill("ledger", "Why it is so simple", bars(softmax), el("p", softmax.why));
  } else if (slopes) fill("ledger", "The Jacobian of the node", scrolling("div.scroll", "Jacobian", cells(slopes, { label: "Jacobian" })));
}
