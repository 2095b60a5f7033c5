// @ts-check
// The shapes of the data that Python wrote into the page. Numbers are texts already.

/** @typedef {{shape: string, tint: string[], text?: string[][], notes?: string[], each?: Written[]}} Written */
/** @typedef {{name: string, tex?: string, op: string, shape: string, value: number, gradient?: number, uses?: number, formula?: string, inputs?: number[], fused?: boolean, scope?: string}} Vertex */
/** @typedef {{sign: string, node?: number, array?: number, name?: string}} Operand */
/** @typedef {{to: number, argument: number, tex: string, local?: string, value: number, total: number, open: number, slope?: number, entry?: number, summed?: string, spread?: number, why?: string}} Gift */
/** @typedef {{phase: "forward"|"seed"|"backward", node: number, way?: string, say: string, why?: string, tex?: string, operands?: Operand[], entry?: number, locals?: string[], gives?: Gift[]}} Step */
/** @typedef {{x: number, y: number, w: number, h: number}} Box */
/** @typedef {Box & {node: number, outside?: boolean, title?: string, count?: number, times?: number, runs?: number[][], opens?: number}} Place */
/** @typedef {{from: number, to: number, argument?: number, record?: number, path?: string, back?: string, pill?: {text: string, x: number, y: number, w: number}}} Edge */
/** @typedef {{width: number, height: number, cards: Place[], boxes: (Box & {title: string, closes?: number})[], edges: Edge[], title?: string, parent?: number, group?: number}} Level */
/** @typedef {(Written|string|null)[]} Pool */
/** @typedef {{kind: "film"|"input"|"hard", label: string, ticks: string[], variants: number[], start: number}} Slider */
/** @typedef {{tex: string[], why: string, rows: string[], predicted: Written, target: Written, difference: Written, bars: number[][], jacobian: Written, upstream: Written, sums: Written}} Softmax */
/** @typedef {{verdict: string, softmax?: Softmax, jacobian?: Written}} Findings */
/** @typedef {Findings & {together: number[], hard?: Findings}} Compare */

/** What has come to a node: at which step, what it adds up to, and the contribution; none for the seed.
 * @typedef {{step: number, total: number, gift?: Gift}} Sum */

/** A tape; `pools` and what follows is worked out when the page opens: the step that made each node and the one that
 * passed its gradient on, what came to it, and the level that is on view.
 * @typedef {{name: string, note?: string, nodes: Vertex[], steps: Step[], levels: Level[], first: number, symbol: string, value: string, operations: string,
 *   pools: Pool[], made: number[], passed: number[], sums: Sum[][], level: number}} Tape */
/** @typedef {{title: string, subtitle: string, theme: string, tapes: Tape[], tabs: {name: string, tapes: number[]}[], pools: Pool[][], sliders: Slider[], compare?: Compare, batch?: number}} Data */
export {};
