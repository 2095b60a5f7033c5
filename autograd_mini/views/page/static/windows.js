// @ts-check
// The windows of the graphs: each shows its graph at a readable scale, and scrolls.
import {byId} from "./dom.js";
import {arrange, views} from "./scene.js";
/** @typedef {import("./scene.js").View} View */

const READABLE = 1; // the smallest scale: text has 11 pixels or more
const LARGE = 1.3; // the largest scale
const FAR = 1.6; // windows; the largest width of rows that are moved sideways
const PAD = 4; // px around a graph
const SHEET = {width: 736, height: 560}; // px; the largest window on paper

/**
 * The shape of a graph for a window: the widest that fits. If none does, the narrowest, unless
 * moving along a single row is simpler.
 * @param {View} view @param {number} width
 */
function shapeFor({level: {places}}, width) {
  const last = places[places.length - 1];
  const close = places[0].width <= FAR * width ? places[0] : last;
  return places.findLast(shape => shape.width <= width) ?? close;
}

/** Show each graph as large as it fits, but at a readable scale, in the centre of its window. */
export function fit() {
  for (const view of views) arrange(view, shapeFor(view, view.stage.clientWidth - 2 * PAD));
  for (const view of views) {
    const width = view.stage.clientWidth - 2 * PAD;
    const height = view.stage.clientHeight - 2 * PAD; // may depend on the shapes of all graphs
    const shape = /** @type {import("./types.js").Shape} */ (view.shape);
    const all = Math.min(width / shape.width, height / shape.height, LARGE);
    view.scale = Math.max(READABLE, all);
    const x = PAD + Math.max(0, (width - shape.width * view.scale) / 2);
    const y = PAD + Math.max(0, (height - shape.height * view.scale) / 2);
    view.scene.style.transform = `translate(${x}px, ${y}px) scale(${view.scale})`;
  }
  follow();
}

/** Give each window the size that it has on paper: that of its graph, up to a page. */
function fitToPaper() {
  for (const view of views) {
    const {stage} = view;
    const shape = shapeFor(view, SHEET.width - 2 * PAD);
    const height = Math.min(shape.height + 2 * PAD, SHEET.height);
    stage.style.cssText = `flex: none; width: ${SHEET.width}px; height: ${height}px`;
  }
  fit();
}

function fitToWindow() {
  for (const {stage} of views) stage.style.cssText = "";
  fit();
}

/** Scroll to the cards of the step. If they do not fit, scroll to the card of its node. */
export function follow() {
  for (const {stage, scene} of views) {
    for (const wanted of [".card:is(.now, .receives)", ".card.now"]) {
      const boxes = [...scene.querySelectorAll(wanted)].map(card => card.getBoundingClientRect());
      const frame = stage.getBoundingClientRect();
      if (boxes.length) {
        stage.scrollBy(shift(frame, boxes, "left", "right"), shift(frame, boxes, "top", "bottom"));
      }
    }
  }
}

/**
 * The distance to scroll until boxes are inside a frame, or until their start is if they are larger.
 * @param {DOMRect} frame @param {DOMRect[]} boxes
 * @param {"left"|"top"} near @param {"right"|"bottom"} far
 */
function shift(frame, boxes, near, far) {
  const before = frame[near] - Math.min(...boxes.map(box => box[near]));
  const after = Math.max(...boxes.map(box => box[far])) - frame[far];
  if (before <= 0 && after <= 0) return 0;
  const isLarger = before + after > 0;
  return isLarger ? -before : (after - before) / 2;
}

/** Fit the graphs again when their window changes, and to paper. */
export function listenToSize() {
  new ResizeObserver(fit).observe(byId("graph"));
  addEventListener("beforeprint", fitToPaper);
  addEventListener("afterprint", fitToWindow);
}
