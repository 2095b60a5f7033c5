// @ts-check
// The update of a training step: each parameter, its gradient, and the parameter afterwards.
import {mainTape, state} from "./state.js";
import {cells} from "./arrays.js";
import {el} from "./dom.js";
import {captioned, gradientFigure, nameOf, valueFigure} from "./formulas.js";
import {fill} from "./inspector.js";
import {sign} from "./numbers.js";

const MOST_UPDATES = 4; // parameters with their numbers

/** Show the update, if the page is at its step. @param {number} [rate] the learning rate */
export function updateUpdate(rate) {
  const tape = mainTape();
  const {phase, updates = [], why = ""} = tape.steps[state.step];
  if (phase !== "update") return;
  const shown = updates.slice(0, MOST_UPDATES).map(node => {
    const {name} = tape.nodes[node];
    const next = tape.updated?.(tape, node);
    return el(
      "div.row.gift",
      valueFigure(tape, node, {}, "old "),
      sign(rate ? `− ${rate} ×` : ","),
      gradientFigure(tape, node, "gradient", {mark: ".back"}),
      sign(rate ? "=" : "→"),
      next &&
        captioned(
          el("span", "new ", nameOf(name)),
          cells(next, {label: `new ${name}`, mark: ".lit.update"})
        )
    );
  });
  fill("numbers", "The update", ...shown);
  fill("ledger", "The learning rate", el("p", why));
}
