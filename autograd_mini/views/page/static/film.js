// @ts-check
// A recorded training run: each frame has the numbers of one training step.
import {data, state} from "./state.js";
import {SETTINGS} from "./address.js";
import {controls, rangeControl, showNumbers} from "./controls.js";
import {features} from "./features.js";
import {nd} from "../../../compiler/source/runtime/nd.js";
import {trainBy} from "./train.js";

features.push({
  start() {
    const {losses = [], rate = 0} = data.training ?? {};
    const [{label, ticks}] = data.sliders;
    trainBy({
      rate,
      get at() {
        return state.variant;
      },
      losses,
      pace: 250,
      step: () => state.variant++,
      reset: () => (state.variant = 0),
      isOver: () => state.variant === losses.length - 1,
      leaves: leavesOfFrame
    });
    data.tapes[0].updated = ({pools, nodes}, node) => {
      const {value} = nodes[node];
      const [first, next] = [pools[0], pools[state.variant + 1]];
      return next && /** @type {any} */ (next[value] ?? first[value]);
    };
    const {element, input, show} = rangeControl(label, frame => {
      state.variant = frame;
      showNumbers();
    });
    Object.assign(input, {id: "recording", max: ticks.length - 1});
    const update = () => show(state.variant, ticks[state.variant]);
    controls.push({element, update});
    SETTINGS.numbers = {
      text: () => `${state.variant || ""}`,
      read: text => (state.variant = data.pools[Number(text)] ? Number(text) : 0)
    };
  }
});

/** The data, and the weights of the current frame. */
function leavesOfFrame() {
  const {weights = [], picture} = data.training ?? {};
  const frame = weights[state.variant];
  return (picture?.leaves ?? []).map(({shape, dtype, start = 0, data: given}) => {
    const size = shape.reduce((a, b) => a * b, 1);
    return nd.array(given ?? frame.slice(start, start + size), shape, dtype);
  });
}
