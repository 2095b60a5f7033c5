// @ts-check
// A curve: what a network with one feature has learned.
import {data} from "./state.js";
import {el} from "./dom.js";
import {evenly, marks, paddedSpan, pathThrough, plot, stroke} from "./plot.js";
import {predict, source} from "./predict.js";
import {plots} from "./train.js";
/** @typedef {import("./types.js").Picture} Picture */

const POINTS = 121;

plots.unshift(() => {
  const picture = /** @type {Picture} */ (data.training?.picture);
  const [xs, ys] = [source(picture.x), source(picture.y)];
  const [across, up] = [paddedSpan(xs), paddedSpan(ys)];
  const label = "The fitted curve, and the data";
  const {root, x, y} = plot(label, ["x", "y"], across, up);
  const at = evenly(across, POINTS);
  const values = predict(
    picture,
    at.map(value => [value])
  );
  const examples = xs.map((value, i) => [x(value), y(ys[i])]);
  const curve = at.map((value, i) => [x(value), y(values[i].at(-1) ?? NaN)]);
  root.append(marks(0, examples), stroke("path.contour", pathThrough(curve)));
  return el("figure.learned", root, el("figcaption.row", "● data — prediction"));
});
