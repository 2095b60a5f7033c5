// @ts-check
// The loss of each training step as a curve.
import {svg} from "./dom.js";
import {pathThrough, plot, stroke} from "./plot.js";

const SHORTEST = 5; // steps on the axis of a training run that has just begun
const HEIGHT = 130; // so that the panel fits next to the graph
const MOST_POINTS = 400; // of a long curve, about as many as it has pixels

/**
 * Draw the losses so far, with a dot at the current step.
 * @param {number[]} losses @param {number} now @param {string} name of the loss
 */
export function lossCurve(losses, now, name) {
  const finite = losses.filter(Number.isFinite);
  const most = finite.reduce((a, b) => Math.max(a, b), 0) || 1;
  const least = finite.reduce((a, b) => Math.min(a, b), 0);
  const last = losses.length - 1;
  const {root, x, y} = plot(
    `${name} over ${last} training steps`,
    ["training step", name],
    [0, Math.max(last, SHORTEST)],
    [least, most * 1.05],
    HEIGHT
  );
  const every = Math.ceil(losses.length / MOST_POINTS);
  const points = losses.flatMap((loss, step) =>
    step % every === 0 || step === now ? [[x(step), y(loss)]] : []
  );
  root.append(stroke("path.curve", pathThrough(points)));
  if (Number.isFinite(losses[now]))
    root.append(svg("circle.now", {cx: x(now), cy: y(losses[now]), r: 4}));
  return root;
}
