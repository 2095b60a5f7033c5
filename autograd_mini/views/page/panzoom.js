// @ts-check
// The window on the scene: drag to pan, buttons, keys or a pinch to zoom.
import { byId } from "./dom.js";
import { current } from "./scene.js";

const LEAST = 0.1, MOST = 3, READABLE = 0.5, GOOD = 0.9, PAD = 16;
const view = { x: 0, y: 0, scale: 1 };

function apply() {
  byId("scene").style.transform = `translate(${view.x}px,${view.y}px) scale(${view.scale})`;
}

/** @returns {{width: number, height: number, sceneWidth: number, sceneHeight: number}} */
function sizes() {
  const stage = byId("stage"), scene = byId("scene");
  return { width: stage.clientWidth, height: stage.clientHeight, sceneWidth: scene.offsetWidth, sceneHeight: scene.offsetHeight };
}

/** Show all of it; on a small screen, if not `whole`, at a size that can be read. */
export function fit(whole = false) {
  const { width, height, sceneWidth, sceneHeight } = sizes();
  const all = Math.min((width - 2 * PAD) / sceneWidth, (height - 2 * PAD) / sceneHeight, 1.6);
  const high = Math.min(GOOD, (height - 2 * PAD) / sceneHeight);
  view.scale = whole || all >= READABLE ? Math.max(LEAST, all) : Math.max(READABLE, high);
  view.x = Math.max(PAD, (width - sceneWidth * view.scale) / 2);
  view.y = Math.max(PAD / 2, (height - sceneHeight * view.scale) / 2);
  apply();
  if (!whole) follow();
}

/** @param {number} factor @param {number} [x] @param {number} [y] */
export function zoom(factor, x = sizes().width / 2, y = sizes().height / 2) {
  const scale = Math.min(MOST, Math.max(LEAST, view.scale * factor)), by = scale / view.scale;
  view.x = x - (x - view.x) * by;
  view.y = y - (y - view.y) * by;
  view.scale = scale;
  apply();
}

/** Pan, if need be, so that what happens is seen. */
export function follow() {
  const boxes = current(), { width, height } = sizes();
  if (!boxes.length) return;
  const [{ x, y, w, h }] = boxes;
  /** @param {number} at @param {number} from @param {number} size @param {number} room */
  const shifted = (at, from, size, room) => {
    const start = at + from * view.scale, end = start + size * view.scale;
    return start < PAD || end > room - PAD ? room / 2 - (from + size / 2) * view.scale : at;
  };
  view.x = shifted(view.x, x, w, width);
  view.y = shifted(view.y, y, h, height);
  apply();
}

export function listen() {
  const stage = byId("stage");
  /** @type {{x: number, y: number}|null} */
  let from = null;
  let moved = false;
  stage.addEventListener("pointerdown", (event) => {
    from = { x: event.clientX - view.x, y: event.clientY - view.y };
    moved = false;
  });
  addEventListener("pointermove", (event) => {
    if (!from) return;
    const x = event.clientX - from.x, y = event.clientY - from.y;
    if (!moved && Math.hypot(x - view.x, y - view.y) < 5) return;
    moved = true;
    Object.assign(view, { x, y });
    apply();
  });
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => (from = null));
  stage.addEventListener("click", (event) => moved && event.stopPropagation(), true);
  stage.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const { left, top } = stage.getBoundingClientRect();
    zoom(Math.exp(-event.deltaY / 300), event.clientX - left, event.clientY - top);
  }, { passive: false });
  stage.addEventListener("focusin", () => stage.scrollTo(0, 0));
  new ResizeObserver(() => fit()).observe(stage);
}
