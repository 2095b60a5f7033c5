// @ts-check
// Search by name, operation, shape or scope. `grad:nan` and `grad:0` find suspicious gradients.
import { array, mainTape } from "./state.js";
import { button, byId, el } from "./dom.js";
import { named } from "./names.js";
/** @typedef {import("./types.js").Tape} Tape */

const MOST_LISTED = 12;

/** The nodes that match a text. @param {string} text @returns {number[]} */
function matches(text) {
  const tape = mainTape();
  const wanted = text.trim().toLowerCase();
  if (!wanted) return [];
  return tape.nodes.flatMap((_, i) => (isMatch(tape, i, wanted) ? [i] : []));
}

/** @param {Tape} tape @param {number} i @param {string} wanted */
function isMatch(tape, i, wanted) {
  const { name, op, shape, scope, gradient } = tape.nodes[i];
  const tint =
    gradient === undefined ? "" : array(tape, gradient).tint.join("");
  if (wanted === "grad:nan") return tint.includes("!");
  if (wanted === "grad:0") return /^i+$/.test(tint);
  return `${name} ${op} ${shape} ${scope ?? ""}`.toLowerCase().includes(wanted);
}

/** @param {(node: number) => void} choose */
export function listenToFind(choose) {
  const input = /** @type {HTMLInputElement} */ (byId("find"));
  input.addEventListener("input", () => listHits(input.value, choose));
  input.addEventListener("keydown", ({ key }) => {
    const [first] = matches(input.value);
    if (key === "Escape") {
      input.value = "";
      input.blur();
      closeHits();
    }
    if (key === "Enter" && first !== undefined) {
      closeHits();
      choose(first);
    }
  });
}

function closeHits() {
  byId("found").hidden = true;
  byId("found-count").textContent = "";
}

/** @param {string} text @param {(node: number) => void} choose */
function listHits(text, choose) {
  closeHits();
  if (!text.trim()) return;
  const { nodes } = mainTape();
  const hits = matches(text);
  const items = hits.slice(0, MOST_LISTED).map((i) => {
    const { name, op, shape } = nodes[i];
    const click = () => {
      closeHits();
      choose(i);
    };
    return el("li", button(named(`${name} · ${op} ${shape}`), click));
  });
  if (hits.length > MOST_LISTED)
    items.push(el("li", `and ${hits.length - MOST_LISTED} more`));
  if (!hits.length) items.push(el("li", "no tensor found"));
  byId("found").replaceChildren(...items);
  byId("found").hidden = false;
  byId("found-count").textContent =
    hits.length === 1 ? "1 tensor found" : `${hits.length} tensors found`;
}
