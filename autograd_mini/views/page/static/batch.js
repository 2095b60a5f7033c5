// @ts-check
// The slider over the examples of a batch selects the rows that are shown.
import {data, state} from "./state.js";
import {SETTINGS} from "./address.js";
import {controls, rangeControl, showNumbers} from "./controls.js";
import {features} from "./features.js";

features.push({
  start() {
    const {element, input, show} = rangeControl("example", i => {
      state.example = i - 1;
      showNumbers();
    });
    Object.assign(input, {id: "example", max: data.batch});
    const update = () => show(state.example + 1, state.example < 0 ? "all" : `${state.example}`);
    controls.push({element, update});
    SETTINGS.example = {
      text: () => (state.example < 0 ? "" : `${state.example}`),
      read: text => (state.example = Number(text) < (data.batch ?? 0) ? Number(text) : -1)
    };
  }
});
