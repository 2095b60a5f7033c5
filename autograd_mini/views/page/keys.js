// @ts-check
// The keyboard: everything that the mouse can do.
import { byId } from "./dom.js";

/** @param {Record<string, () => void>} keys */
export function listen(keys) {
  addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]")) return;
    if (target.matches("input") && event.key !== "Escape") return;
    if (event.key === " " && target.matches("button")) return;
    const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  byId("keys").addEventListener("click", () => keys["?"]());
}
