// @ts-check
// Elements. Text only ever becomes text: no name can turn into markup.

/** @typedef {Record<string, string|number|boolean|undefined|((event: any) => void)>} Attributes */
/** @typedef {Node|string|Attributes|null|undefined|false} Part a child; attributes, of which functions listen */

/** What makes the elements of a language from a tag, with its classes after dots, and its parts.
 * @param {string|null} language */
const maker = (language) => /** @param {string} kind @param {...(Part|Part[])} parts */ (kind, ...parts) => {
  const [tag, ...classes] = kind.split("."), made = document.createElementNS(language, tag);
  if (classes[0]) made.setAttribute("class", classes.join(" "));
  for (const part of parts.flat()) {
    if (part instanceof Node || typeof part === "string") made.append(part);
    else for (const [key, value] of Object.entries(part || {})) {
      if (typeof value === "function") made.addEventListener(key, value);
      else if (value !== undefined && value !== false) made.setAttribute(key, String(value));
    }
  }
  return made;
};

export const el = /** @type {(kind: string, ...parts: (Part|Part[])[]) => HTMLElement} */ (maker(document.documentElement.namespaceURI));
export const svg = maker("http://www.w3.org/2000/svg");
export const math = maker("http://www.w3.org/1998/Math/MathML");

/** @template {HTMLElement} [Kind=HTMLElement] @param {string} id @returns {Kind} */
export const byId = (id) => /** @type {any} */ (document.getElementById(id));

/** @param {string} label @param {() => void} click @param {Attributes} [attributes] */
export const button = (label, click, attributes) => el("button", { click, ...attributes }, label);

/** Something wide, which the keyboard can scroll too.
 * @param {string} kind @param {string} label @param {...Part} children */
export const scrolling = (kind, label, ...children) => el(kind, { tabindex: 0, role: "group", "aria-label": label }, children);

/** Sets or drops classes. @param {Element|""|undefined} target @param {Record<string, boolean>} classes */
export function mark(target, classes) {
  if (target) for (const [name, is] of Object.entries(classes)) target.classList.toggle(name, is);
}

/** @param {Element} made a button @param {boolean} on */
export const press = (made, on) => made.setAttribute("aria-pressed", String(on));
