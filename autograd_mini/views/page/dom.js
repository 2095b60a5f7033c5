// @ts-check
// Elements. Text only ever becomes text: no name can turn into markup.

/** @typedef {Node|string|null|undefined|false} Child */

/** @param {string} tag @param {Record<string, string|number|boolean|undefined>} attributes @param {...Child} children */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(.../** @type {(Node|string)[]} */ (children.filter(Boolean)));
  return made;
}

/** @param {string} tag @param {Record<string, string|number>} attributes */
export function svg(tag, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

/** @param {string} id @returns {HTMLElement} */
export const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {string} label @param {() => void} act @param {Record<string, string|number|boolean|undefined>} attributes */
export function button(label, act, attributes = {}) {
  const made = el("button", { type: "button", ...attributes }, label);
  made.addEventListener("click", act);
  return made;
}
