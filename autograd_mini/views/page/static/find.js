// @ts-check
// Search for a tensor by its name, its operation or its shape. The browser lists those that match.
import {mainTape} from "./state.js";
import {byId, el} from "./dom.js";
import {features} from "./features.js";
import {choose} from "./navigation.js";

features.push({
  start() {
    for (const part of document.querySelectorAll(".search")) part.removeAttribute("hidden");
    const input = /** @type {HTMLInputElement} */ (byId("find"));
    /** @type {string[]} */
    let labels = [];
    input.addEventListener("focus", () => {
      labels = mainTape().nodes.map(({name, op, shape}) => `${name} · ${op} ${shape}`);
      byId("found").replaceChildren(...labels.map(value => el("option", {value})));
    });
    input.addEventListener("input", () => {
      const node = labels.indexOf(input.value);
      if (node >= 0) choose(mainTape(), node);
    });
    input.addEventListener("keydown", ({key}) => key === "Escape" && input.blur());
  }
});
