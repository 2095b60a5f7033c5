// @ts-check
// Fused beside unfused: do they agree, why is the gradient so simple, and what happens when it is hard.
import { page, shown, state } from "./state.js";
import { cells } from "./arrays.js";
import { byId, el } from "./dom.js";
import { formula } from "./math.js";
import { fill } from "./inspector.js";
/** @typedef {import("./types.js").Softmax} Softmax */

/** Whether the fused node is on view, and the step is one of its. */
function isFused() {
  const [first] = shown();
  return first === page.data.tapes[1] || (shown().length > 1 && state.step === first.steps.length - 1);
}

/** @param {Softmax} s */
function jacobian(s) {
  const heads = s.rows.map((_, j) => el("th", { scope: "col" }, `z${sub(j)}`));
  const rows = s.rows.map((_row, i) => el("tr", {},
    el("td", {}, cells({ shape: "", tint: [s.upstream.tint[i]], text: [s.upstream.text?.[i] ?? [""]] })),
    el("td", {}, "×"), el("th", { scope: "row" }, `ŷ${sub(i)}`),
    ...s.rows.map((_, j) => el("td", { class: s.upstream.tint[i] === "i" ? "off" : "" }, cells({ shape: "", tint: [s.jacobian.tint[i][j]], text: [[s.jacobian.text?.[i][j] ?? ""]] })))));
  const lost = s.upstream.tint.join("").includes("!"); // 0 times inf is nan: no sum of these is the gradient
  const total = el("tr", { class: "total" }, el("th", { colspan: "3", scope: "row" }, lost ? "lost above; closed form" : "column sums"),
    ...s.rows.map((_, j) => el("td", {}, cells({ shape: "", tint: [s.sums.tint[j]], text: [s.sums.text?.[j] ?? [""]] }, { mark: "lit back" }))));
  return el("table", { class: "jacobian" }, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "∂L/∂ŷ"), el("td"), el("td"), ...heads)), el("tbody", {}, ...rows, total));
}

/** @param {number} i */
const sub = (i) => [...String(i + 1)].map((d) => "₀₁₂₃₄₅₆₇₈₉"[Number(d)]).join("");

/** @param {Softmax} s */
function bars(s) {
  const rows = s.rows.map((name, i) => el("tr", {}, el("th", { scope: "row" }, name),
    ...[s.predicted, s.target, s.difference].map((a, k) => {
      const share = s.bars[i][k], bar = el("span", { class: `bar ${["predicted", "target", share < 0 ? "minus" : "positive"][k]}` });
      bar.style.width = `${Math.abs(share)}%`;
      const text = a.text?.[i]?.[0] ?? "";
      return el("td", {}, el("span", { class: k === 2 ? "axis middle" : "axis" }, bar),
        el("span", { class: "number" }, text, k === 2 && share ? (share > 0 ? " ▼ lower z" : " ▲ raise z") : ""));
    })));
  const head = ["class", "ŷ predicted", "y target", "ŷ − y gradient"].map((t) => el("th", { scope: "col" }, t));
  return el("table", { class: "bars" }, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows));
}

/** @param {boolean} hard */
export function update(hard) {
  const { compare } = page.data, verdict = byId("verdict");
  if (!compare) return;
  const said = hard ? compare.hard : compare;
  verdict.hidden = false;
  verdict.classList.toggle("broken", (said?.verdict ?? "").startsWith("✗"));
  verdict.textContent = said?.verdict ?? "";
  const softmax = said?.softmax;
  if (!isFused() || page.data.tapes[0].steps.length < 2) return;
  const [first] = shown(), back = first.steps[state.step].phase === "backward";
  if (softmax && back) {
    fill("numbers", "Upstream × softmax Jacobian", [el("div", { class: "math" }, formula("\\frac{\\partial ŷ_{i}}{\\partial z_{j}} = ŷ_{i} (δ_{i j} - ŷ_{j})")), el("div", { class: "math", tabindex: "0", role: "group", "aria-label": "product" }, formula(softmax.tex)), el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Jacobian of softmax" }, jacobian(softmax))]);
    fill("ledger", "Why it is so simple", [bars(softmax), el("p", {}, "The ŷ in the softmax Jacobian cancels the 1/ŷ of the logarithm. What is left is prediction minus truth.")]);
  } else if (compare.jacobian && back && !softmax) {
    fill("ledger", "The Jacobian of the node", [cells(compare.jacobian, { label: "Jacobian" })]);
  }
}
