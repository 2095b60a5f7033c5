// @ts-check
// What a network has learned: a decision boundary for two features, or a curve for one.
import { data } from "./state.js";
import { el, svg } from "./dom.js";
import { pathThrough, plot, paddedSpan } from "./plot.js";
import { predict, source } from "./predict.js";
import { plots } from "./train.js";
/** @typedef {import("./types.js").Picture} Picture */
/** @typedef {import("./plot.js").Plot} Plot */
/** @typedef {import("./plot.js").Span} Span */

const GRID = { columns: 45, rows: 28 };
const CURVE = 121; // points of a curve
/** A shape for each class, drawn from its centre, so that colour is not needed. */
const MARKERS = [
  "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0",
  "m0-5l5 9h-10z",
  "m-4-4h8v8h-8z",
  "m0-5.5l5.5 5.5l-5.5 5.5l-5.5-5.5z",
  "m0 5l-5-9h10z",
  "m-1.5-5h3v3.5h3.5v3h-3.5v3.5h-3v-3.5h-3.5v-3h3.5z",
];
/** The colours of regions. They are translucent, so they suit both themes. */
const COLOURS = [
  [139, 61, 176],
  [26, 150, 74],
  [224, 120, 20],
  [20, 120, 220],
  [170, 140, 0],
  [120, 120, 120],
];
const FAINTEST = 30; // of 255, where all classes are equally likely
const STRONGEST = 130; // where the network is certain

plots.push(() => {
  const picture = /** @type {Picture} */ (data.training?.picture);
  return picture.kind === "curve" ? drawCurve(picture) : drawBoundary(picture);
});

/** Numbers at equal distances. @param {Span} span @param {number} count */
const evenly = ([from, to], count) =>
  Array.from(
    { length: count },
    (_, i) => from + ((to - from) * i) / (count - 1),
  );

/** @param {number[]} row */
const largest = (row) => row.indexOf(Math.max(...row));

/** @param {string} kind @param {string} d */
const stroke = (kind, d) => svg(kind, { d: d && `M${d}` });

// ---- one feature: a curve ----

/** @param {Picture} picture */
function drawCurve(picture) {
  const xs = source(picture.x);
  const ys = source(picture.y);
  const label = "The fitted curve, and the data";
  const { root, x, y } = plot(
    label,
    ["x", "y"],
    paddedSpan(xs),
    paddedSpan(ys),
  );
  const at = evenly(paddedSpan(xs), CURVE);
  const values = predict(
    picture,
    at.map((value) => [value]),
  );
  const curve = at.map((value, i) => [x(value), y(values[i].at(-1) ?? NaN)]);
  root.append(
    marks(
      0,
      xs.map((value, i) => [x(value), y(ys[i])]),
    ),
    stroke("path.contour", pathThrough(curve)),
  );
  return el("figure.learned", root, el("figcaption", "● data — prediction"));
}

// ---- two features: a boundary ----

/** @param {Picture} picture */
function drawBoundary(picture) {
  const points = grouped(source(picture.x), 2);
  const labels = labelsOf(picture, points.length);
  const spans = [0, 1].map((axis) => paddedSpan(points.map((p) => p[axis])));
  const guesses = predict(picture, points).map(largest);
  const right = guesses.filter((guess, i) => guess === labels[i]).length;
  const says = `${right} of ${points.length} right`;
  const { root, x, y } = plot(
    `Decision boundary: ${says}`,
    ["x₀", "x₁"],
    spans[0],
    spans[1],
  );
  const classes = Array.from({ length: picture.classes }, (_, k) => k);
  const grid = evenly(spans[1], GRID.rows).flatMap((v) =>
    evenly(spans[0], GRID.columns).map((u) => [u, v]),
  );
  const shares = predict(picture, grid);
  const borders = classes.slice(1).map((k) => margins(shares, k));
  const place = (/** @type {number[]} */ [i, j]) => [
    x(spans[0][0] + ((spans[0][1] - spans[0][0]) * i) / (GRID.columns - 1)),
    y(spans[1][0] + ((spans[1][1] - spans[1][0]) * j) / (GRID.rows - 1)),
  ];
  root.append(
    stroke("path.contour", borders.flatMap((f) => contour(f, place)).join("M")),
    ...classes.map((k) =>
      marks(
        k,
        points.filter((_, i) => labels[i] === k).map(([u, v]) => [x(u), y(v)]),
      ),
    ),
  );
  return el(
    "figure.learned",
    regions(shares),
    root,
    el("figcaption", classes.map(legend), says),
  );
}

/** @param {number} k */
const legend = (k) =>
  el(
    "span",
    svg("svg", { viewBox: "-6 -6 12 12" }, marks(k, [[0, 0]])),
    `class ${k}`,
  );

/** The examples of a class. @param {number} k @param {number[][]} places in pixels */
const marks = (k, places) =>
  stroke(
    `path.marks.class${k}`,
    places
      .map(([u, v]) => `${u.toFixed(1)} ${v.toFixed(1)}${MARKERS[k]}`)
      .join("M"),
  );

/** Numbers in groups. @param {number[]} numbers @param {number} size */
const grouped = (numbers, size) =>
  Array.from({ length: numbers.length / size }, (_, i) =>
    numbers.slice(size * i, size * (i + 1)),
  );

/** The class of each example. @param {Picture} picture @param {number} count of examples */
function labelsOf({ y, classes, scale }, count) {
  const numbers = source(y);
  if (numbers.length > count) return grouped(numbers, classes).map(largest);
  if (classes === 2 && typeof scale === "object")
    return numbers.map((value) => Number(value === scale?.[1]));
  return numbers.map((value) => Math.round(value + classes) % classes);
}

/** By how much a class is more likely than all others. @param {number[][]} shares @param {number} k */
const margins = (shares, k) =>
  shares.map((row) => row[k] - Math.max(...row.filter((_, i) => i !== k)));

/** The likeliest class of each point as its colour, and how certain that is. @param {number[][]} shares */
function regions(shares) {
  const { columns, rows } = GRID;
  const canvas = /** @type {HTMLCanvasElement} */ (
    el("canvas", { width: columns, height: rows })
  );
  const pixels = new ImageData(columns, rows);
  shares.forEach((row, n) => {
    const k = largest(row);
    const certain = (row[k] * row.length - 1) / (row.length - 1);
    const alpha = FAINTEST + (STRONGEST - FAINTEST) * certain;
    const [i, j] = [n % columns, rows - 1 - Math.floor(n / columns)];
    if (k >= 0) pixels.data.set([...COLOURS[k], alpha], 4 * (j * columns + i));
  });
  canvas.getContext("2d")?.putImageData(pixels, 0, 0);
  return canvas;
}

/**
 * The line where a function on the grid is 0, as pieces of a path: marching squares.
 * @param {number[]} f @param {(at: number[]) => number[]} place maps columns and rows to pixels
 */
function contour(f, place) {
  const { columns, rows } = GRID;
  const pieces = [];
  for (let j = 0; j + 1 < rows; j++) {
    for (let i = 0; i + 1 < columns; i++) {
      const corners = [
        [i, j],
        [i + 1, j],
        [i + 1, j + 1],
        [i, j + 1],
      ];
      const values = corners.map(([a, b]) => f[b * columns + a]);
      const crossings = corners.flatMap((from, k) => {
        const to = corners[(k + 1) % 4];
        const [start, end] = [values[k], values[(k + 1) % 4]];
        const t = start / (start - end);
        return start < 0 !== end < 0
          ? [[from[0] + t * (to[0] - from[0]), from[1] + t * (to[1] - from[1])]]
          : [];
      });
      for (let k = 0; k + 1 < crossings.length; k += 2)
        pieces.push(pathThrough(crossings.slice(k, k + 2).map(place)));
    }
  }
  return pieces;
}
