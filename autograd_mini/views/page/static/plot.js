// @ts-check
// A small plot as SVG: scales, axes and their names, and the marks of examples.
import {byId, svg} from "./dom.js";

/** @typedef {[number, number]} Span the first and the last value of an axis */

/**
 * A plot. `x` and `y` map values to pixels.
 * @typedef {object} Plot
 * @property {Element} root
 * @property {(value: number) => number} x
 * @property {(value: number) => number} y
 */

const OUTSIDE = 1e4; // pixels outside of any plot, for values that have exploded
const WIDTH = 320;
const [LEFT, RIGHT, TOP, BELOW] = [40, WIDTH - 10, 20, 34];
const SPACE = 0.12; // around values, as a share of their span
const TICKS = 4; // at most about as many on each axis

/**
 * Draw axes with round numbers.
 * @param {string} label what the plot shows, for a screen reader
 * @param {[string, string]} names of the axes
 * @param {Span} across @param {Span} up @param {number} [height]
 * @returns {Plot}
 */
export function plot(label, names, across, up, height = 220) {
  const bottom = height - BELOW;
  const x = scale(across, LEFT, RIGHT);
  const y = scale(up, bottom, TOP);
  const viewBox = `0 0 ${WIDTH} ${height}`;
  const root = svg("svg.plot", {viewBox, role: "img", "aria-label": label});
  root.append(
    ...ticks(across).flatMap(tick => [
      svg("path.grid-line", {d: `M${x(tick)} ${TOP}V${bottom}`}),
      text(x(tick), bottom + 14, short(tick), "middle")
    ]),
    ...ticks(up).flatMap(tick => [
      svg("path.grid-line", {d: `M${LEFT} ${y(tick)}H${RIGHT}`}),
      text(LEFT - 5, y(tick) + 4, short(tick), "end")
    ])
  );
  const [below, above] = names;
  const kind = "text.axis-name";
  root.append(
    text((LEFT + RIGHT) / 2, height - 4, below, "middle", kind),
    text(LEFT - 5, TOP - 8, above, "end", kind)
  );
  return {root, x, y};
}

/** @param {number} x @param {number} y @param {string} words @param {string} anchor */
const text = (x, y, words, anchor, kind = "text") =>
  svg(kind, {x, y, "text-anchor": anchor}, words);

/** @param {Span} span @param {number} start @param {number} end @returns {Plot["x"]} */
const scale =
  ([from, to], start, end) =>
  value => {
    const share = (value - from) / (to - from || 1);
    const at = start + share * (end - start);
    return Math.max(-OUTSIDE, Math.min(OUTSIDE, at));
  };

/** Round numbers between two values. @param {Span} span */
function ticks([from, to]) {
  const raw = (to - from) / TICKS || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5].find(n => n * power >= raw) ?? 10) * power;
  const first = Math.ceil(from / step - 1e-9);
  const count = Math.floor(to / step + 1e-9) - first + 1;
  return Array.from({length: count}, (_, i) => (first + i) * step);
}

/** A number in few characters, with a minus sign. @param {number} value */
export const short = (value, digits = 3) =>
  String(Number(value.toPrecision(digits))).replace("-", "−");

/** A path through those points that are finite. @param {number[][]} points in pixels */
export const pathThrough = points =>
  points
    .filter(([x, y]) => Number.isFinite(x + y))
    .map(pair)
    .join("L");

/** A place in a path. @param {number[]} place in pixels */
const pair = place => place.map(x => x.toFixed(1)).join(" ");

/** The span of numbers, with some space around them. @param {number[]} values @returns {Span} */
export function paddedSpan(values) {
  const low = values.reduce((a, b) => Math.min(a, b));
  const high = values.reduce((a, b) => Math.max(a, b));
  const space = (high - low || 1) * SPACE;
  return [low - space, high + space];
}

/** Numbers at equal distances. @param {Span} span @param {number} count */
export const evenly = ([from, to], count) =>
  Array.from({length: count}, (_, i) => from + ((to - from) * i) / (count - 1));

/** @param {string} kind @param {string} d @param {string} [style] */
export const stroke = (kind, d, style) => svg(kind, {d: d && `M${d}`, style});

/** The examples of a class, drawn with its marker. @param {number} k @param {number[][]} places in pixels */
export function marks(k, places) {
  const marker = byId("markers").children[k];
  const [d, style] = ["d", "style"].map(name => marker.getAttribute(name) ?? "");
  return stroke("path.marks", places.map(place => pair(place) + d).join("M"), style);
}
