// @ts-check
// Save or copy the current step: the graph as SVG or PNG, its formulas in LaTeX, a link to it.
import {describedTape, state, stepOf} from "./state.js";
import {byId, el, setText, svg} from "./dom.js";
import {views} from "./scene.js";
/** @typedef {import("./scene.js").View} View */
/** @typedef {(part: Element|Range) => number[]} Place */

const SHARP = 2; // pixels of a PNG for each unit
const LONGEST_SIDE = 8000; // pixels of a PNG
const LINE = ["stroke", "stroke-width", "stroke-dasharray"];
const FONT = ["font-style", "font-weight", "font-size", "font-family"];
const ink = /** @type {CanvasRenderingContext2D} */ (
  document.createElement("canvas").getContext("2d")
);

/** Styles of an element as attributes. @param {CSSStyleDeclaration} style @param {string[]} names */
const styles = (style, names) => Object.fromEntries(names.map(name => [name, plain(style, name)]));

/** A style whose colours are in a notation that all programs read. @param {CSSStyleDeclaration} style @param {string} name */
const plain = (style, name) =>
  style.getPropertyValue(name).replace(/^color\(srgb (\S+) (\S+) ([^ )]+).*/, (_, ...rgb) => {
    const bytes = rgb.slice(0, 3).map(share => Math.round(255 * share));
    return `rgb(${bytes})`;
  });

/** The graphs of the current step, one below the other. */
function picture() {
  const width = Math.max(...views.map(({shape}) => shape?.width ?? 0));
  let height = 0;
  const graphs = views.map(view => {
    const transform = `translate(0 ${height})`;
    height += view.shape?.height ?? 0;
    return svg("g", {transform}, elements(view));
  });
  const fill = plain(getComputedStyle(byId("graph")), "background-color");
  return svg(
    "svg",
    {width, height, viewBox: `0 0 ${width} ${height}`},
    svg("title", byId("live").textContent),
    [...document.querySelectorAll("marker")].map(arrowhead),
    svg("rect", {width, height, fill}),
    graphs
  );
}

/** @param {Element} marker */
function arrowhead(marker) {
  const made = /** @type {Element} */ (marker.cloneNode(true));
  const fill = plain(getComputedStyle(marker.children[0]), "fill");
  made.children[0].setAttribute("fill", fill);
  return made;
}

/** A graph as it is on the screen. @param {View} view */
function elements({scene, scale}) {
  const home = scene.getBoundingClientRect();
  /** @type {Place} */
  const place = part => {
    const {x, y, width, height} = part.getBoundingClientRect();
    const sizes = [x - home.x, y - home.y, width, height];
    return sizes.map(size => Math.round((100 * size) / scale) / 100);
  };
  return [...scene.querySelectorAll("*")].flatMap(element => {
    const style = getComputedStyle(element);
    if (style.visibility === "hidden" || element.matches("svg")) return [];
    const map = element.closest(".map svg");
    if (map) return square(element, style, place(map));
    if (element.matches("path")) return edge(element, style);
    return [box(place(element), style), ...texts(element, style, place)];
  });
}

/** @param {Element} path @param {CSSStyleDeclaration} style */
function edge(path, style) {
  const d = path.getAttribute("d") ?? "";
  const tip = path.getAttribute("marker-end") ?? "";
  return svg("path", {d, "marker-end": tip, fill: "none"}, styles(style, LINE));
}

/** The squares of a heat map with the same tint. @param {Element} path @param {CSSStyleDeclaration} style @param {number[]} place of the map */
function square(path, style, [x, y, width, height]) {
  const viewBox = path.parentElement?.getAttribute("viewBox") ?? "";
  const [, , columns, rows] = viewBox.split(" ").map(Number);
  const scale = `scale(${width / columns} ${height / rows})`;
  const transform = `translate(${x} ${y}) ${scale}`;
  const d = path.getAttribute("d") ?? "";
  return svg("path", {d, transform, fill: plain(style, "fill")});
}

/** A background with its outline or border. @param {number[]} place @param {CSSStyleDeclaration} style */
function box([x, y, width, height], style) {
  const kind = style.outlineStyle === "none" ? "border-top" : "outline";
  const [line, colour, how] = ["width", "color", "style"].map(name =>
    plain(style, `${kind}-${name}`)
  );
  const hatch = style.backgroundImage.match(/rgb.*?\)/)?.[0];
  const fill = hatch ?? plain(style, "background-color");
  const stroke = parseFloat(line) ? colour : "none";
  if (stroke === "none" && fill.endsWith(", 0)")) return null;
  return svg(
    "rect",
    {x, y, width, height, rx: parseFloat(style.borderTopLeftRadius)},
    {fill, stroke, "stroke-width": line},
    how === "dashed" && {"stroke-dasharray": "4 3"}
  );
}

/** The texts in an element, but not in those inside of it. @param {Element} element @param {CSSStyleDeclaration} style @param {Place} place */
function texts(element, style, place) {
  const range = document.createRange();
  ink.font = style.font;
  const ascent = ink.measureText("x").fontBoundingBoxAscent;
  return [...element.childNodes].map(node => {
    if (node.nodeType !== Node.TEXT_NODE || !node.textContent?.trim()) return "";
    range.selectNodeContents(node);
    const [x, y] = place(range);
    const at = {x, y: y + ascent, fill: plain(style, "color")};
    return svg("text", at, styles(style, FONT), node.textContent);
  });
}

const address = () =>
  `data:image/svg+xml,${encodeURIComponent(new XMLSerializer().serializeToString(picture()))}`;

/** Save a file. @param {string} href data, because a sandboxed frame has no files @param {string} ending */
const save = (href, ending) => el("a", {href, download: `step-${state.step}.${ending}`}).click();

async function savePng() {
  const image = /** @type {HTMLImageElement} */ (el("img", {src: address()}));
  await image.decode();
  const {width, height} = image;
  const scale = Math.min(SHARP, LONGEST_SIDE / Math.max(width, height));
  Object.assign(ink.canvas, {width: width * scale, height: height * scale});
  ink.drawImage(image, 0, 0, ink.canvas.width, ink.canvas.height);
  save(ink.canvas.toDataURL(), "png");
}

/** The formulas of the current step, in LaTeX. */
function latex() {
  const tape = describedTape();
  const step = tape.steps[stepOf(tape)];
  const lines = (step.gives ?? [step]).map(({tex}) => tex).join(" \\\\\n");
  return lines.includes("\\\\") ? `\\begin{gathered}\n${lines}\n\\end{gathered}` : lines;
}

/** Copy a text. If the browser refuses, the reader can. @param {string} text */
async function copy(text) {
  const field = /** @type {HTMLTextAreaElement} */ (byId("copied"));
  field.hidden = false;
  field.value = text;
  field.select();
  try {
    await navigator.clipboard.writeText(text);
    setText("copied-or-not", "Copied.");
  } catch {
    setText("copied-or-not", "Press Ctrl+C or ⌘C to copy it.");
  }
}

/** @type {Record<string, () => void>} */
export const EXPORTS = {
  "save-svg": () => save(address(), "svg"),
  "save-png": savePng,
  "copy-tex": () => copy(latex()),
  "copy-link": () => copy(location.href)
};
