// @ts-check
// Search: by name, operation, shape or scope; `grad:nan` and `grad:0` for gradients gone wrong.
import { array, main } from "./state.js";
import { button, byId } from "./dom.js";

const MOST = 12;

/** @param {string} text @returns {number[]} */
export function matches(text) {
  const tape = main(), wanted = text.trim().toLowerCase();
  if (!wanted) return [];
  return tape.nodes.flatMap((node, i) => {
    if (wanted.startsWith("grad:")) {
      const tint = node.gradient === undefined ? "" : array(tape, node.gradient).tint.join("");
      const hit = wanted === "grad:nan" ? tint.includes("!") : wanted === "grad:0" && /^i+$/.test(tint);
      return hit ? [i] : [];
    }
    return `${node.name} ${node.op} ${node.shape} ${node.scope ?? ""}`.toLowerCase().includes(wanted) ? [i] : [];
  });
}

/** @param {(node: number) => void} choose */
export function listen(choose) {
  const input = /** @type {HTMLInputElement} */ (byId("find")), found = byId("found"), count = byId("found-count");
  const close = () => {
    found.replaceChildren();
    found.hidden = true;
    count.textContent = "";
  };
  input.addEventListener("input", () => {
    const hits = matches(input.value), tape = main();
    close();
    if (!input.value.trim()) return;
    found.hidden = false;
    count.textContent = hits.length === 1 ? "1 tensor found" : `${hits.length} tensors found`;
    for (const i of hits.slice(0, MOST)) {
      const { name, op, shape } = tape.nodes[i];
      const item = document.createElement("li");
      item.append(button(`${name} · ${op} ${shape}`, () => { close(); choose(i); }));
      found.append(item);
    }
    if (hits.length > MOST) found.append(Object.assign(document.createElement("li"), { textContent: `and ${hits.length - MOST} more` }));
    if (!hits.length) found.append(Object.assign(document.createElement("li"), { textContent: "nothing found" }));
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { input.value = ""; close(); input.blur(); }
    const [first] = matches(input.value);
    if (event.key === "Enter" && first !== undefined) { close(); choose(first); }
  });
}
