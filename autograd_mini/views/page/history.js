// @ts-check
// Which step made each value, and what each gradient had grown to, step by step.
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").Gift} Gift */

/** @typedef {{made: number[], passed: number[], sums: [number, number, Gift|null][][]}} Past */
/** @type {Map<Tape, Past>} */
const known = new Map();

/** @param {Tape} tape @returns {Past} */
export function past(tape) {
  const before = known.get(tape);
  if (before) return before;
  const n = tape.nodes.length;
  /** @type {Past} */
  const found = { made: Array(n).fill(-1), passed: Array(n).fill(1e9), sums: Array.from({ length: n }, () => []) };
  tape.steps.forEach((step, i) => {
    if (step.phase === "forward") found.made[step.node] = i;
    if (step.phase === "backward") found.passed[step.node] = i;
    const { gradient } = tape.nodes[step.node];
    if (step.phase === "seed" && gradient !== undefined) found.sums[step.node].push([i, gradient, null]);
    for (const gift of step.gives ?? []) found.sums[gift.to].push([i, gift.total, gift]);
  });
  known.set(tape, found);
  return found;
}

/** The contributions to a node that have arrived.
 * @param {Tape} tape @param {number} node @param {number} step */
export const arrived = (tape, node, step) => past(tape).sums[node].filter(([i]) => i <= step);
