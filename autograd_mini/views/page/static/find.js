// @ts-check
// Search by name, operation, shape or scope. `grad:nan` and `grad:0` find suspicious gradients.
import {array, mainTape} from "./state.js";
import {button, byId, el, setText} from "./dom.js";
import {features} from "./features.js";
import {named} from "./names.js";
import {choose} from "./navigation.js";

const MOST_LISTED = 12;

/** The nodes that match a text. @param {string} text @returns {number[]} */
function matches(text) {
  const wanted = text.trim().toLowerCase();
  const {length} = mainTape().nodes;
  const all = wanted ? [...Array(length).keys()] : [];
  return all.filter(node => isMatch(node, wanted));
}

/** @param {number} node @param {string} wanted */
function isMatch(node, wanted) {
  const tape = mainTape();
  const {name, op, shape, scope = "", gradient} = tape.nodes[node];
  const tint = gradient ? array(tape, gradient).tint.join("") : "";
  if (wanted === "grad:nan") return tint.includes("!");
  if (wanted === "grad:0") return /^i+$/.test(tint);
  return `${name} ${op} ${shape} ${scope}`.toLowerCase().includes(wanted);
}

features.push({
  start() {
    for (const part of document.querySelectorAll(".search")) part.removeAttribute("hidden");
    const input = /** @type {HTMLInputElement} */ (byId("find"));
    input.addEventListener("input", () => listHits(input.value));
    input.addEventListener("keydown", ({key}) => {
      const [first] = matches(input.value);
      if (key === "Enter" && first !== undefined) openHit(first);
      if (key !== "Escape") return;
      input.value = "";
      input.blur();
      closeHits();
    });
  }
});

/** @param {number} node */
function openHit(node) {
  closeHits();
  choose(mainTape(), node);
}

function closeHits() {
  byId("found").hidden = true;
  setText("found-count", "");
}

/** @param {string} text */
function listHits(text) {
  closeHits();
  if (!text.trim()) return;
  const hits = matches(text);
  const items = hits.slice(0, MOST_LISTED).map(node => {
    const {name, op, shape} = mainTape().nodes[node];
    const label = named(`${name} · ${op} ${shape}`);
    return el(
      "li",
      button(label, () => openHit(node))
    );
  });
  const count = `${hits.length} tensor${hits.length === 1 ? "" : "s"} found`;
  if (hits.length > MOST_LISTED) items.push(el("li", `and ${hits.length - MOST_LISTED} more`));
  if (!hits.length) items.push(el("li", "no tensor found"));
  byId("found").replaceChildren(...items);
  byId("found").hidden = false;
  setText("found-count", count);
}
