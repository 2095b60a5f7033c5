// @ts-check
// The windows of the graphs: scroll, drag to pan, and zoom by button, key or pinch.
import { byId } from "./dom.js";
import { views } from "./scene.js";
/** @typedef {import("./scene.js").View} View */

const SCALES = { least: 0.1, most: 3 };
const READABLE = 0.64; // the smallest scale at which text can be read
const GOOD = 0.9;
const LARGE = 1.6; // the largest scale that a fit chooses
const NARROW = 700; // px; the width of a small screen
const PAD = 14; // px around a graph
const DRAG = 4; // px; a shorter movement is a click
const SHEET = "700px"; // about the width of a printed page

/** The size of a window without padding, and where the graph starts in it. @param {View} view */
function space({ stage }) {
  const top = stage.dataset.title ? 2 * PAD : PAD / 2;
  return {
    top,
    width: stage.offsetWidth - 2 * PAD,
    height: stage.offsetHeight - top - PAD,
  };
}

/**
 * Scale a graph around the point (x, y) of its window, by default its centre.
 * @param {View} view @param {number} wanted @param {number} [x] @param {number} [y]
 */
function scaleTo(
  view,
  wanted,
  x = view.stage.offsetWidth / 2,
  y = view.stage.offsetHeight / 2,
) {
  const { stage, scene, level } = view;
  const { top, width, height } = space(view);
  const scale = Math.min(SCALES.most, Math.max(SCALES.least, wanted));
  const ratio = scale / view.scale;
  const newX = PAD + Math.max(0, (width - level.width * scale) / 2);
  const newY = top + Math.max(0, (height - level.height * scale) / 2);
  const left = (stage.scrollLeft + x - view.x) * ratio + newX - x;
  const down = (stage.scrollTop + y - view.y) * ratio + newY - y;
  Object.assign(view, { scale, x: newX, y: newY });
  scene.style.transform = `translate(${newX}px, ${newY}px) scale(${scale})`;
  stage.scrollTo(left, down);
}

/** Show each graph at a readable scale, or all of it if `whole` is set. */
export function fit(whole = false) {
  for (const view of views) scaleTo(view, fittingScale(view, whole));
  follow();
}

/** @param {View} view @param {boolean} whole */
function fittingScale(view, whole) {
  const { width, height } = space(view);
  const { level } = view;
  const high = height / level.height;
  const all = Math.min(width / level.width, high, LARGE);
  if (whole || all >= READABLE) return all;
  return width < NARROW ? GOOD : Math.max(READABLE, Math.min(GOOD, high));
}

/** @param {number} factor */
export const zoom = (factor) =>
  views.forEach((view) => scaleTo(view, view.scale * factor));

/** Scroll to the cards of the step. If they do not fit, scroll to the card of its node. */
export function follow() {
  for (const { stage, scene } of views) {
    for (const wanted of [".card:is(.now, .receives)", ".card.now"]) {
      const boxes = [...scene.querySelectorAll(wanted)].map((card) =>
        card.getBoundingClientRect(),
      );
      const frame = stage.getBoundingClientRect();
      if (boxes.length) {
        stage.scrollBy(
          shift(frame, boxes, "left", "right"),
          shift(frame, boxes, "top", "bottom"),
        );
      }
    }
  }
}

/**
 * The distance to scroll until boxes are inside a frame, or until the start of one large box is.
 * @param {DOMRect} frame @param {DOMRect[]} boxes
 * @param {"left"|"top"} near @param {"right"|"bottom"} far
 */
function shift(frame, boxes, near, far) {
  const before = frame[near] - Math.min(...boxes.map((box) => box[near]));
  const after = Math.max(...boxes.map((box) => box[far])) - frame[far];
  if (before <= 0 && after <= 0) return 0;
  const isLarger = boxes.length === 1 && before + after > 0;
  return isLarger ? -before : (after - before) / 2;
}

export function listenToPointer() {
  new ResizeObserver(() => fit()).observe(byId("graph"));
  listenToPrint();
  listenToDrag();
  addEventListener("wheel", onWheel, { passive: false });
}

function listenToPrint() {
  addEventListener("afterprint", () => fit());
  addEventListener("beforeprint", () => {
    const { style } = document.body;
    style.width = SHEET;
    fit(true);
    style.width = "";
  });
}

function listenToDrag() {
  /** @type {Element|null} */
  let held = null;
  let moved = 0;
  addEventListener("pointerdown", ({ target, pointerType }) => {
    held =
      pointerType === "mouse"
        ? /** @type {Element} */ (target).closest(".stage")
        : null;
    moved = 0;
  });
  addEventListener("pointermove", ({ buttons, movementX, movementY }) => {
    if (!held || !buttons) return;
    moved += Math.hypot(movementX, movementY);
    if (moved > DRAG) held.scrollBy(-movementX, -movementY);
  });
  /** Ignore the click at the end of a drag. @param {MouseEvent} event */
  const onClick = (event) => {
    if (moved > DRAG && event.detail) event.stopPropagation();
  };
  addEventListener("click", onClick, { capture: true });
}

/** Zoom if a modifier is held. Browsers report a pinch this way. @param {WheelEvent} event */
function onWheel(event) {
  const view = views.find(({ stage }) =>
    stage.contains(/** @type {Node} */ (event.target)),
  );
  if (!view || (!event.ctrlKey && !event.metaKey)) return;
  event.preventDefault();
  const { left, top } = view.stage.getBoundingClientRect();
  const wanted = view.scale * Math.exp(-event.deltaY / 300);
  scaleTo(view, wanted, event.clientX - left, event.clientY - top);
}
