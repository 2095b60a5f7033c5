// @ts-check
// The Train panel of a page that cannot train: it says why.
import {data} from "./state.js";
import {byId, setText} from "./dom.js";
import {features} from "./features.js";

features.push({
  start() {
    setText("train-state", `No training in this page: ${data.training?.why}.`);
    byId("train-rule").hidden = byId("train-buttons").hidden = true;
  }
});
