// @ts-check
// Make and change elements. Strings become text nodes, so no name can turn into markup.

/** @typedef {Record<string, string|number|boolean|undefined|((event: any) => void)>} Attributes */
/** @typedef {Node|string|Attributes|null|undefined|false} Part a child, or attributes */

const HTML = document.documentElement.namespaceURI;

/**
 * Make an element from its tag and classes (`p.faint.wide`), its children and its attributes.
 * Attributes that are functions become event listeners.
 * @param {string|null} language
 * @param {string} kind
 * @param {(Part|Part[])[]} parts
 */
function make(language, kind, parts) {
  const [tag, ...classes] = kind.split(".");
  const element = document.createElementNS(language, tag);
  if (classes.length) element.setAttribute("class", classes.join(" "));
  for (const part of parts.flat()) {
    if (part instanceof Node || typeof part === "string") element.append(part);
    else if (part) setAttributes(element, part);
  }
  return element;
}

/** @param {Element} element @param {Attributes} attributes */
function setAttributes(element, attributes) {
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (value !== undefined && value !== false)
      element.setAttribute(key, String(value));
  }
}

/** @param {string} kind @param {...(Part|Part[])} parts */
export const el = (kind, ...parts) =>
  /** @type {HTMLElement} */ (make(HTML, kind, parts));

/** @param {string} kind @param {...(Part|Part[])} parts */
export const svg = (kind, ...parts) =>
  make("http://www.w3.org/2000/svg", kind, parts);

/** @param {string} kind @param {...(Part|Part[])} parts */
export const math = (kind, ...parts) =>
  make("http://www.w3.org/1998/Math/MathML", kind, parts);

/** @template {HTMLElement} [Kind=HTMLElement] @param {string} id @returns {Kind} */
export const byId = (id) => /** @type {any} */ (document.getElementById(id));

/** @param {Part|Part[]} label @param {() => void} click @param {Attributes} [attributes] */
export const button = (label, click, attributes) =>
  el("button", { click, ...attributes }, ...[label].flat());

/**
 * An element that scrolls, also by keyboard.
 * @param {string} kind @param {string} label @param {...Part} children
 */
export const scrolling = (kind, label, ...children) =>
  el(kind, { tabindex: 0, role: "group", "aria-label": label }, children);

/**
 * Add or remove classes.
 * @param {Element|""|undefined} target @param {Record<string, boolean>} classes
 */
export function mark(target, classes) {
  if (!target) return;
  for (const [name, on] of Object.entries(classes))
    target.classList.toggle(name, on);
}

/** @param {Element} toggle a button @param {boolean} on */
export const press = (toggle, on) =>
  toggle.setAttribute("aria-pressed", String(on));
