// @ts-check
// A recorded training run: each frame has the numbers of one training step.
import { data, state } from "./state.js";
import { controls, rangeControl, showNumbers } from "./controls.js";
import { features } from "./features.js";
import { trainBy } from "./train.js";

features.push({
  start() {
    const { losses = [], rate = 0 } = data.training ?? {};
    const [{ label, ticks }] = data.sliders;
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
    });
    data.tapes[0].updated = ({ pools, nodes }, node) => {
      const { value } = nodes[node];
      const [first, next] = [pools[0], pools[state.variant + 1]];
      return next && /** @type {any} */ (next[value] ?? first[value]);
    };
    const { element, input, show } = rangeControl(label, (frame) => {
      state.variant = frame;
      showNumbers();
    });
    Object.assign(input, { id: "recording", max: ticks.length - 1 });
    const update = () => show(state.variant, ticks[state.variant]);
    controls.push({ element, update });
  },
});
