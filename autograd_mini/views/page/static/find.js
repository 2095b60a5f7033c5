// @ts-check
// Search: by name, operation, shape or scope; `grad:nan` and `grad:0` for gradients gone wrong.
import { array, main } from "./state.js";
import { button, byId, el } from "./dom.js";

const HITS = 12; // that are listed

/** @param {string} text @returns {number[]} */
function matches(text) {
  const tape = main(), wanted = text.trim().toLowerCase();
  return !wanted ? [] : tape.nodes.flatMap(({ name, op, shape, scope, gradient }, i) => {
    const tint = gradient === undefined ? "" : array(tape, gradient).tint.join("");
    const hit = wanted === "grad:nan" ? tint.includes("!") : wanted === "grad:0" ? /^i+$/.test(tint)
      : `${name} ${op} ${shape} ${scope ?? ""}`.toLowerCase().includes(wanted);
    return hit ? [i] : [];
  });
}

/** @param {(node: number) => void} choose */
export function listenToFind(choose) {
  const input = /** @type {HTMLInputElement} */ (byId("find")), found = byId("found"), count = byId("found-count");
  /** @param {number} [node] that is chosen */
  const close = (node) => {
    found.hidden = true;
    count.textContent = "";
    if (node !== undefined) choose(node);
  };
  input.addEventListener("input", () => {
    const hits = matches(input.value), more = hits.length - HITS, { nodes } = main();
    close();
    if (!input.value.trim()) return;
    found.hidden = false;
    count.textContent = hits.length === 1 ? "1 tensor found" : `${hits.length} tensors found`;
    found.replaceChildren(...hits.slice(0, HITS).map((i) => el("li", button(`${nodes[i].name} · ${nodes[i].op} ${nodes[i].shape}`, () => close(i)))));
    if (more > 0 || !hits.length) found.append(el("li", hits.length ? `and ${more} more` : "nothing found"));
  });
  input.addEventListener("keydown", ({ key }) => {
    const [first] = matches(input.value);
    if (key === "Escape") {
      input.value = "";
      input.blur();
      close();
    }
    if (key === "Enter" && first !== undefined) close(first);
  });
}
