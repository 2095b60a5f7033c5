// @ts-check
// Training steps w ← w − η ∂L/∂w, with the gradients of the tape's own program.
import {data} from "./state.js";
import {rangeControl} from "./controls.js";
import {byId} from "./dom.js";
import {features} from "./features.js";
import {formatArray} from "./format.js";
import {live} from "./live.js";
import {nd} from "../../../compiler/source/runtime/nd.js";
import {render} from "./navigation.js";
import {trainBy} from "./train.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").Trainer} Trainer */

features.push({
  start() {
    sgd.losses = [lossNow()];
    tape().updated = afterUpdate;
    sgd.rate = data.training?.rate ?? 0;
    trainBy(sgd);
    const {element, input, show} = rangeControl("learning rate η", power => {
      sgd.rate = Number((10 ** power).toPrecision(2));
      show(power, String(sgd.rate));
      render(); // the update shows other new values
    });
    Object.assign(input, {id: "rate", min: -4, max: 1, step: 0.02}); // logarithmic
    show(Math.log10(sgd.rate), String(sgd.rate));
    byId("train-buttons").after(element);
  },
  update() {
    sgd.losses[sgd.at] = lossNow(); // a leaf may have changed
  }
});

const tape = () => data.tapes[0];

/** The name of a parameter among the leaves. @param {number} node */
const leafName = node => data.live?.[0].arguments.find(leaf => leaf.node === node)?.name ?? "";

/** A parameter after the next step. @param {number} node */
function updated(node) {
  const name = leafName(node);
  const leaf = live.leaf(name);
  const fixed = data.training?.fixed?.[node];
  const gradient = fixed ? nd.array(fixed, leaf.shape, leaf.dtype) : live.gradient(tape(), name);
  return nd.subtract(leaf, nd.multiply(sgd.rate, gradient));
}

/** A parameter after the next step, as text. @param {Tape} tape @param {number} node */
function afterUpdate({nodes}, node) {
  const next = updated(node);
  const {shape} = nodes[node];
  return {shape, ...formatArray(nd.numbers(next), next.shape, next.dtype)};
}

/** @type {Trainer} */
export const sgd = {
  rate: 0,
  at: 0,
  losses: [],
  pace: 0,
  step() {
    const {parameters = []} = data.training ?? {};
    const values = parameters.map(updated); // all of them, before any changes
    parameters.forEach((node, i) => live.set(leafName(node), values[i]));
    live.run();
    sgd.losses.push(lossNow());
    sgd.at++;
  },
  reset() {
    live.reset();
    live.run();
    sgd.losses = [lossNow()];
    sgd.at = 0;
  },
  isOver: () => !Number.isFinite(sgd.losses[sgd.at]),
  leaves: () => live.leaves(tape())
};

const lossNow = () => Number(nd.numbers(live.result(tape(), 0))[0]);
