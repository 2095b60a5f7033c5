// @ts-check
// The windows of the graphs: scroll, and zoom by button or key.
import { byId } from "./dom.js";
import { arrange, views } from "./scene.js";
/** @typedef {import("./scene.js").View} View */

const SCALES = { least: 0.1, most: 3 };
const READABLE = 1; // the smallest scale that a fit chooses: text has 11 pixels or more
const LARGE = 1.3; // the largest scale of a fit
const FAR = 1.6; // windows; the largest width of rows that are moved sideways
const PAD = 4; // px around a graph
const SHEET = { width: 736, height: 560 }; // px; the largest window on paper

/** The size of a window without padding. @param {View} view */
const space = ({ stage }) => ({
  width: stage.clientWidth - 2 * PAD,
  height: stage.clientHeight - 2 * PAD,
});

/** Scale a graph around the centre of its window. @param {View} view @param {number} wanted */
function scaleTo(view, wanted) {
  const { stage, scene, shape } = view;
  if (!shape) return;
  const { width, height } = space(view);
  const scale = Math.min(SCALES.most, Math.max(SCALES.least, wanted));
  const [x, y] = [stage.offsetWidth / 2, stage.offsetHeight / 2];
  const newX = PAD + Math.max(0, (width - shape.width * scale) / 2);
  const newY = PAD + Math.max(0, (height - shape.height * scale) / 2);
  const ratio = scale / view.scale;
  const left = (stage.scrollLeft + x - view.x) * ratio + newX - x;
  const down = (stage.scrollTop + y - view.y) * ratio + newY - y;
  Object.assign(view, { scale, x: newX, y: newY });
  scene.style.transform = `translate(${newX}px, ${newY}px) scale(${scale})`;
  stage.scrollTo(left, down);
}

/**
 * The shape of a graph for a window: the widest that fits. If none does, the narrowest, unless
 * moving along a single row is simpler.
 * @param {View} view @param {number} width
 */
function shapeFor({ level: { shapes } }, width) {
  const last = shapes[shapes.length - 1];
  const close = shapes[0].width <= FAR * width ? shapes[0] : last;
  return shapes.findLast((shape) => shape.width <= width) ?? close;
}

/** Show each graph as large as it fits, but at a readable scale. */
export function fit() {
  for (const view of views) {
    const { width, height } = space(view);
    const shape = shapeFor(view, width);
    arrange(view, shape);
    const all = Math.min(width / shape.width, height / shape.height, LARGE);
    scaleTo(view, Math.max(READABLE, all));
  }
  follow();
}

/** Give each window the size that it has on paper: that of its graph, up to a page. */
function fitToPaper() {
  for (const view of views) {
    const { stage } = view;
    const shape = shapeFor(view, SHEET.width - 2 * PAD);
    const height = Math.min(shape.height + 2 * PAD, SHEET.height);
    stage.style.cssText = `flex: none; width: ${SHEET.width}px; height: ${height}px`;
  }
  fit();
}

function fitToWindow() {
  for (const { stage } of views) stage.style.cssText = "";
  fit();
}

/** @param {number} factor */
export function zoom(factor) {
  for (const view of views) scaleTo(view, view.scale * factor);
  follow();
}

/** Scroll to the cards of the step. If they do not fit, scroll to the card of its node. */
export function follow() {
  for (const { stage, scene } of views) {
    for (const wanted of [".card:is(.now, .receives)", ".card.now"]) {
      const boxes = [...scene.querySelectorAll(wanted)].map((card) => card.getBoundingClientRect());
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
  const before = frame[near] - Math.min(...boxes.map((box) => box[near]));
  const after = Math.max(...boxes.map((box) => box[far])) - frame[far];
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
