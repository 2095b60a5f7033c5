// @ts-check
// The windows on the graphs: they scroll, by dragging too, and zoom by buttons, keys or a pinch.
import { byId } from "./dom.js";
import { views } from "./scene.js";
/** @typedef {import("./scene.js").View} View */

const LEAST = 0.1, MOST = 3, READABLE = 0.64, GOOD = 0.9, LARGE = 1.6, NARROW = 700, PAD = 14;

/** The room that a window has, and how far below its edge the graph starts. @param {View} view */
function room({ stage }) {
  const top = stage.dataset.title ? 2 * PAD : PAD / 2;
  return { top, width: stage.offsetWidth - 2 * PAD, height: stage.offsetHeight - top - PAD };
}

/** Scale a graph; what is at a point of the window stays there.
 * @param {View} view @param {number} wanted @param {number} [x] @param {number} [y] */
function scaleTo(view, wanted, x = view.stage.offsetWidth / 2, y = view.stage.offsetHeight / 2) {
  const { stage, scene, level } = view, { top, width, height } = room(view);
  const scale = Math.min(MOST, Math.max(LEAST, wanted)), by = scale / view.scale;
  const left = PAD + Math.max(0, (width - level.width * scale) / 2), over = top + Math.max(0, (height - level.height * scale) / 2);
  const across = (stage.scrollLeft + x - view.x) * by + left - x, down = (stage.scrollTop + y - view.y) * by + over - y;
  Object.assign(view, { scale, x: left, y: over });
  scene.style.transform = `translate(${left}px, ${over}px) scale(${scale})`;
  stage.scrollTo(across, down);
}

/** Show all of each; on a small screen, if not `whole`, at a size that can be read. */
export function fit(whole = false) {
  for (const view of views) {
    const { width, height } = room(view), { level } = view, high = height / level.height, all = Math.min(width / level.width, high, LARGE);
    scaleTo(view, whole || all >= READABLE ? all : width < NARROW ? GOOD : Math.max(READABLE, Math.min(GOOD, high)));
  }
  follow();
}

/** @param {number} factor */
export const zoom = (factor) => views.forEach((view) => scaleTo(view, view.scale * factor));

/** Scroll, if need be, to what happens: to all cards that have a part in it, if there is room, but to its own for certain. */
export function follow() {
  for (const { stage, scene } of views) {
    for (const wanted of [".card:is(.now, .receives)", ".card.now"]) {
      const seen = stage.getBoundingClientRect(), boxes = [...scene.querySelectorAll(wanted)].map((card) => card.getBoundingClientRect());
      /** @param {"left"|"top"} near @param {"right"|"bottom"} far */
      const shift = (near, far) => {
        const before = seen[near] - Math.min(...boxes.map((box) => box[near])), after = Math.max(...boxes.map((box) => box[far])) - seen[far];
        if (before <= 0 && after <= 0) return 0;
        const larger = boxes.length === 1 && before + after > 0; // than the window: a card from its name on
        return larger ? -before : (after - before) / 2;
      };
      if (boxes.length) stage.scrollBy(shift("left", "right"), shift("top", "bottom"));
    }
  }
}

export function listenToPointer() {
  /** @type {Element|null} */
  let held = null;
  let moved = 0;
  new ResizeObserver(() => fit()).observe(byId("graph"));
  addEventListener("afterprint", () => fit());
  addEventListener("beforeprint", () => {
    const { style } = document.body;
    style.width = "700px"; // about that of a sheet
    fit(true);
    style.width = "";
  });
  addEventListener("pointerdown", ({ target, pointerType }) => {
    held = pointerType === "mouse" ? /** @type {Element} */ (target).closest(".stage") : null;
    moved = 0;
  });
  addEventListener("pointermove", ({ buttons, movementX, movementY }) => {
    if (!held || !buttons) return;
    moved += Math.hypot(movementX, movementY);
    if (moved > 4) held.scrollBy(-movementX, -movementY);
  });
  addEventListener("click", (event) => moved > 4 && event.detail && event.stopPropagation(), true); // the end of a drag is no click
  addEventListener("wheel", (event) => {
    const view = views.find(({ stage }) => stage.contains(/** @type {Node} */ (event.target)));
    if (!view || (!event.ctrlKey && !event.metaKey)) return;
    event.preventDefault();
    const { left, top } = view.stage.getBoundingClientRect();
    scaleTo(view, view.scale * Math.exp(-event.deltaY / 300), event.clientX - left, event.clientY - top);
  }, { passive: false });
}
