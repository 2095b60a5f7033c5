// @ts-check
// Make and change elements. Strings become text nodes, so no name can turn into markup.

/** @typedef {Record<string, string|number|boolean|undefined|((event: any) => void)>} Attributes */
/** @typedef {Node|string|Attributes|null|undefined|false} Part a child, or attributes */

/**
 * A function that makes elements of a language from a tag with classes (`p.faint.wide`), children and
 * attributes. Attributes that are functions become event listeners.
 * @param {string|null} language
 */
const maker =
  language =>
  /** @param {string} kind @param {...(Part|Part[])} parts */
  (kind, ...parts) => {
    const [tag, ...classes] = kind.split(".");
    const element = document.createElementNS(language, tag);
    if (classes.length) element.setAttribute("class", classes.join(" "));
    for (const part of parts.flat()) {
      if (part instanceof Node || typeof part === "string") element.append(part);
      else if (part) setAttributes(element, part);
    }
    return element;
  };

/** @param {Element} element @param {Attributes} attributes */
function setAttributes(element, attributes) {
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (value !== undefined && value !== false) element.setAttribute(key, String(value));
  }
}

/** @type {(kind: string, ...parts: (Part|Part[])[]) => HTMLElement} */
export const el = /** @type {any} */ (maker(document.documentElement.namespaceURI));
export const svg = maker("http://www.w3.org/2000/svg");
export const math = maker("http://www.w3.org/1998/Math/MathML");

/** @template {HTMLElement} [Kind=HTMLElement] @param {string} id @returns {Kind} */
export const byId = id => /** @type {any} */ (document.getElementById(id));

/** Connect buttons to their actions. @param {Record<string, () => void>} actions by id */
export function connect(actions) {
  for (const [id, act] of Object.entries(actions)) byId(id).addEventListener("click", act);
}

/** Write a text into an element, unless it is there. @param {string} id @param {string} text */
export function setText(id, text) {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
}

/** @param {Part|Part[]} label @param {() => void} click @param {Attributes} [attributes] */
export const button = (label, click, attributes) =>
  el("button", {click, ...attributes}, ...[label].flat());

/** A table below a row of titles. @param {string} kind @param {Part[]} titles @param {Part[]} rows */
export const titledTable = (kind, titles, rows) =>
  el(
    kind,
    el("thead", el("tr", ...titles.map(title => titleCell("col", title)))),
    el("tbody", rows)
  );

/** @param {"row"|"col"} scope @param {Part|Part[]} title */
export const titleCell = (scope, title) => el("th", {scope}, title);

/**
 * An element that scrolls, also by keyboard.
 * @param {string} kind @param {string} label @param {...Part} children
 */
export const scrolling = (kind, label, ...children) =>
  el(kind, {tabindex: 0, role: "group", "aria-label": label}, children);

/**
 * Add or remove classes.
 * @param {Element|""|undefined} target @param {Record<string, boolean>} classes
 */
export function mark(target, classes) {
  if (!target) return;
  for (const [name, on] of Object.entries(classes)) target.classList.toggle(name, on);
}

/** Change an element into another, but keep its parts that are equal: to lay out formulas takes long. @param {Node} before @param {Node} after */
export function become(before, after) {
  if (before.isEqualNode(after)) return;
  const [olds, news] = [[...before.childNodes], [...after.childNodes]];
  const isAlike = before.cloneNode().isEqualNode(after.cloneNode());
  if (isAlike && olds.length === news.length) olds.forEach((old, i) => become(old, news[i]));
  else before.parentNode?.replaceChild(after, before);
}

/** Whether a key belongs to the page rather than to the browser or a dialog. @param {KeyboardEvent} event */
export const isOurs = ({ctrlKey, metaKey, altKey}) =>
  !(ctrlKey || metaKey || altKey || document.querySelector("dialog[open]"));

/** @param {Element} toggle a button @param {boolean} on */
export const press = (toggle, on) => toggle.setAttribute("aria-pressed", String(on));

/** @param {Element} element a button @param {boolean} on */
export const enable = (element, on) => element.toggleAttribute("disabled", !on);

/** Move a slider, and say its position. @param {HTMLInputElement} slider @param {number} position @param {string} words */
export function slide(slider, position, words) {
  slider.value = String(position);
  slider.setAttribute("aria-valuetext", words);
}
