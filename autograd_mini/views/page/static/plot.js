// @ts-check
// The frame of a small plot: scales, axes and their names, as SVG.
import { svg } from "./dom.js";

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
const MARGIN = { left: 40, right: 10, top: 20, bottom: 34 };
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
  const right = WIDTH - MARGIN.right;
  const bottom = height - MARGIN.bottom;
  const x = scale(across, MARGIN.left, right);
  const y = scale(up, bottom, MARGIN.top);
  const root = svg("svg.plot", {
    viewBox: `0 0 ${WIDTH} ${height}`,
    role: "img",
    "aria-label": label,
  });
  for (const tick of ticks(across)) {
    root.append(
      svg("path.grid-line", { d: `M${x(tick)} ${MARGIN.top}V${bottom}` }),
      text(x(tick), bottom + 14, short(tick), "middle"),
    );
  }
  for (const tick of ticks(up)) {
    root.append(
      svg("path.grid-line", { d: `M${MARGIN.left} ${y(tick)}H${right}` }),
      text(MARGIN.left - 5, y(tick) + 4, short(tick), "end"),
    );
  }
  root.append(
    text(
      (MARGIN.left + right) / 2,
      height - 4,
      names[0],
      "middle",
      "text.axis-name",
    ),
    text(MARGIN.left - 5, MARGIN.top - 8, names[1], "end", "text.axis-name"),
  );
  return { root, x, y };
}

/** @param {number} x @param {number} y @param {string} words @param {string} anchor */
const text = (x, y, words, anchor, kind = "text") =>
  svg(kind, { x, y, "text-anchor": anchor }, words);

/** @param {Span} span @param {number} start @param {number} end */
const scale =
  ([from, to], start, end) =>
  /** @param {number} value */ (value) =>
    Math.max(
      -OUTSIDE,
      Math.min(
        OUTSIDE,
        start + ((value - from) / (to - from || 1)) * (end - start),
      ),
    );

/** Round numbers between two values. @param {Span} span */
function ticks([from, to]) {
  const raw = (to - from) / TICKS || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5].find((n) => n * power >= raw) ?? 10) * power;
  const first = Math.ceil(from / step - 1e-9);
  const count = Math.floor(to / step + 1e-9) - first + 1;
  return Array.from({ length: count }, (_, i) => (first + i) * step);
}

/** A number in few characters, with a minus sign. @param {number} value */
const short = (value) => String(Number(value.toPrecision(3))).replace("-", "−");

/** A path through those points that are finite. @param {number[][]} points in pixels */
export const pathThrough = (points) =>
  points
    .filter(([x, y]) => Number.isFinite(x + y))
    .map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`)
    .join("L");

/** The span of numbers, with some space around them. @param {number[]} values @returns {Span} */
export function paddedSpan(values) {
  const low = values.reduce((a, b) => Math.min(a, b));
  const high = values.reduce((a, b) => Math.max(a, b));
  const space = (high - low || 1) * SPACE;
  return [low - space, high + space];
}
