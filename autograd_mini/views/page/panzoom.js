// @ts-check
// The windows on the graphs: drag to pan, buttons, keys or a pinch to zoom.
import { views } from "./scene.js";
/** @typedef {import("./scene.js").View} View */

const LEAST = 0.1, MOST = 3, READABLE = 0.7, GOOD = 0.9, LARGE = 1.6, PAD = 14;

/** @param {View} view */
function apply({ scene, x, y, scale }) {
  scene.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
}

/** Show all of each; on a small screen, if not `whole`, at a size that can be read. */
export function fit(whole = false) {
  for (const view of views) {
    const { stage, level } = view, top = stage.dataset.title ? 2 * PAD : PAD / 2;
    const width = stage.clientWidth - 2 * PAD, height = stage.clientHeight - top - PAD / 2;
    const high = height / level.height, all = Math.min(width / level.width, high, LARGE);
    view.scale = Math.max(LEAST, whole || all >= READABLE ? all : Math.max(READABLE, Math.min(GOOD, high)));
    view.x = PAD + Math.max(0, (width - level.width * view.scale) / 2);
    view.y = top + Math.max(0, (height - level.height * view.scale) / 2);
    apply(view);
  }
  if (!whole) follow();
}

/** @param {View} view @param {number} factor @param {number} [x] @param {number} [y] of what stays where it is */
function zoomOne(view, factor, x = view.stage.clientWidth / 2, y = view.stage.clientHeight / 2) {
  const scale = Math.min(MOST, Math.max(LEAST, view.scale * factor)), by = scale / view.scale;
  Object.assign(view, { scale, x: x - (x - view.x) * by, y: y - (y - view.y) * by });
  apply(view);
}

/** @param {number} factor */
export const zoom = (factor) => views.forEach((view) => zoomOne(view, factor));

/** Pan, if need be, so that what happens is seen: the card and, where there is room, those that receive. */
export function follow() {
  for (const view of views) {
    for (const wanted of [".now, .receives", ".now"]) {
      const places = view.level.cards.filter((_, i) => view.cards[i].made.matches(wanted));
      /** @param {"x"|"y"} axis @param {"w"|"h"} size @param {number} room */
      const shift = (axis, size, room) => {
        const from = Math.min(...places.map((place) => place[axis])) * view.scale;
        const to = Math.max(...places.map((place) => place[axis] + place[size])) * view.scale;
        if (view[axis] + from < 0 || view[axis] + to > room) view[axis] = (room - from - to) / 2;
      };
      if (!places.length) continue;
      shift("x", "w", view.stage.clientWidth);
      shift("y", "h", view.stage.clientHeight);
    }
    apply(view);
  }
}

export function listenToPointer() {
  /** @type {{view: View, x: number, y: number, moved: boolean}|null} */
  let drag = null;
  const resized = new ResizeObserver(() => fit());
  document.querySelectorAll(".stage").forEach((stage, i) => {
    resized.observe(stage);
    stage.addEventListener("pointerdown", (event) => {
      const { clientX, clientY } = /** @type {PointerEvent} */ (event), view = views[i];
      drag = { view, x: clientX - view.x, y: clientY - view.y, moved: false };
    });
    stage.addEventListener("wheel", (event) => {
      const { ctrlKey, metaKey, deltaY, clientX, clientY } = /** @type {WheelEvent} */ (event);
      if (!ctrlKey && !metaKey) return;
      event.preventDefault();
      const { left, top } = stage.getBoundingClientRect();
      zoomOne(views[i], Math.exp(-deltaY / 300), clientX - left, clientY - top);
    }, { passive: false });
    stage.addEventListener("focusin", () => stage.scrollTo(0, 0));
  });
  let moved = false;
  addEventListener("pointermove", ({ clientX, clientY }) => {
    if (!drag) return;
    const { view } = drag, x = clientX - drag.x, y = clientY - drag.y;
    moved ||= Math.hypot(x - view.x, y - view.y) > 5;
    if (!moved) return;
    Object.assign(view, { x, y });
    apply(view);
  });
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => (drag = null));
  addEventListener("pointerdown", () => (moved = false), true);
  addEventListener("click", (event) => moved && event.stopPropagation(), true); // the end of a drag is no click
}
