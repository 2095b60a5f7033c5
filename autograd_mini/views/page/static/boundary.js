// @ts-check
// A decision boundary: what a network with two features has learned.
import {data} from "./state.js";
import {el, svg} from "./dom.js";
import {inRows} from "./format.js";
import {evenly, marks, paddedSpan, pathThrough, plot, stroke} from "./plot.js";
import {predict, source} from "./predict.js";
import {plots} from "./train.js";
/** @typedef {import("./types.js").Picture} Picture */

const COLUMNS = 45;
const ROWS = 28;
/** The colours of regions. They are translucent, so they suit both themes. */
const COLOURS = "#8b3db0 #1a964a #e07814 #1478dc #aa8c00 #787878".split(" ");
const FAINTEST = 0.12; // opacity where all classes are equally likely
const STRONGEST = 0.5; // where the network is certain

plots.unshift(() => {
  const picture = /** @type {Picture} */ (data.training?.picture);
  const points = inRows(source(picture.x), 2);
  const labels = labelsOf(picture, points.length);
  const [across, up] = [0, 1].map(i => paddedSpan(points.map(p => p[i])));
  const guesses = predict(picture, points).map(largest);
  const right = guesses.filter((guess, i) => guess === labels[i]).length;
  const says = `${right} of ${points.length} right`;
  const label = `Decision boundary: ${says}`;
  const {root, x, y} = plot(label, ["x₀", "x₁"], across, up);
  const [us, vs] = [evenly(across, COLUMNS), evenly(up, ROWS)];
  const shares = predict(
    picture,
    vs.flatMap(v => us.map(u => [u, v]))
  );
  /** @param {number} i @param {number} j */
  const place = (i, j) => [x(us[0] + i * (us[1] - us[0])), y(vs[0] + j * (vs[1] - vs[0]))];
  const classes = [...Array(picture.classes).keys()];
  const borders = classes.slice(1).flatMap(k => contour(margins(shares, k), place));
  const examples = points.map(([u, v]) => [x(u), y(v)]);
  root.append(
    stroke("path.contour", borders.join("M")),
    ...classes.map(k =>
      marks(
        k,
        examples.filter((_, i) => labels[i] === k)
      )
    )
  );
  const caption = el("figcaption.row", classes.map(legend), says);
  return el("figure.learned", regions(shares), root, caption);
});

/** @param {number} k */
function legend(k) {
  const own = svg("svg", {viewBox: "-6 -6 12 12"}, marks(k, [[0, 0]]));
  return el("span", own, `class ${k}`);
}

/** @param {number[]} row */
const largest = row => row.indexOf(Math.max(...row));

/** The class of each example. @param {Picture} picture @param {number} count of examples */
function labelsOf({y, classes, scale}, count) {
  const numbers = source(y);
  if (numbers.length > count) return inRows(numbers, classes).map(largest);
  if (classes === 2 && typeof scale === "object")
    return numbers.map(value => Number(value === scale?.[1]));
  return numbers.map(value => Math.round(value + classes) % classes);
}

/** By how much a class is more likely than all others. @param {number[][]} shares @param {number} k */
const margins = (shares, k) =>
  shares.map(row => row[k] - Math.max(...row.filter((_, i) => i !== k)));

/** The likeliest class of each point as its colour, and how certain that is. @param {number[][]} shares */
function regions(shares) {
  const canvas = /** @type {HTMLCanvasElement} */ (el("canvas", {width: COLUMNS, height: ROWS}));
  const ink = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  shares.forEach((row, n) => {
    const k = largest(row);
    if (k < 0) return;
    const certain = (row[k] * row.length - 1) / (row.length - 1);
    ink.globalAlpha = FAINTEST + (STRONGEST - FAINTEST) * certain;
    ink.fillStyle = COLOURS[k];
    ink.fillRect(n % COLUMNS, ROWS - 1 - Math.floor(n / COLUMNS), 1, 1);
  });
  return canvas;
}

/**
 * The line where a function on the grid is 0, as pieces of a path: marching squares.
 * @param {number[]} f @param {(column: number, row: number) => number[]} place in pixels
 */
const contour = (f, place) =>
  f.flatMap((_, n) => {
    const [i, j] = [n % COLUMNS, Math.floor(n / COLUMNS)];
    if (i + 1 === COLUMNS || j + 1 === ROWS) return [];
    const square = [0, 1, 1, 0].map((right, k) => [i + right, j + (k >> 1)]);
    const crossings = square.flatMap(([a, b], k) => {
      const [c, d] = square[(k + 1) % 4];
      const [start, end] = [f[b * COLUMNS + a], f[d * COLUMNS + c]];
      const t = start / (start - end);
      const crosses = start < 0 !== end < 0;
      return crosses ? [place(a + t * (c - a), b + t * (d - b))] : [];
    });
    return [crossings.slice(0, 2), crossings.slice(2)]
      .filter(({length}) => length)
      .map(pathThrough);
  });
