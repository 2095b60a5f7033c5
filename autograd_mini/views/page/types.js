// @ts-check
// The shapes of the data that Python wrote into the page. Numbers are texts already.

/** @typedef {{shape: string, tint: string[], text?: string[][], notes?: string[], each?: Written[]}} Written */
/** @typedef {{name: string, tex?: string, op: string, shape: string, value: number, gradient?: number, uses?: number, formula?: string, inputs?: number[], fused?: boolean, scope?: string}} Node */
/** @typedef {{sign: string, node?: number, array?: number}} Operand */
/** @typedef {{to: number, argument: number, tex: string, local?: string, value: number, total: number, open: number, slope?: number, entry?: number, summed?: string, spread?: number, why?: string}} Gift */
/** @typedef {{phase: "forward"|"seed"|"backward", node: number, way?: string, say: string, tex?: string, operands?: Operand[], entry?: number, locals?: string[], gives?: Gift[]}} Step */
/** @typedef {{x: number, y: number, w: number, h: number}} Box */
/** @typedef {Box & {node: number, outside?: boolean, title?: string, count?: number, runs?: number[][], opens?: number}} Place */
/** @typedef {{from: number, to: number, argument?: number, record?: number, path?: string, back?: string, pill?: {text: string, x: number, y: number, w: number}}} Edge */
/** @typedef {{width: number, height: number, cards: Place[], boxes: (Box & {title: string, closes?: number})[], edges: Edge[], title?: string, parent?: number}} Level */
/** @typedef {{name: string, note?: string, nodes: Node[], steps: Step[], levels: Level[], symbol: string}} Tape */
/** @typedef {{kind: "film"|"input"|"hard", label: string, ticks: string[], variants: number[], start: number}} Knob */
/** @typedef {{tex: string, rows: string[], predicted: Written, target: Written, difference: Written, bars: number[][], jacobian: Written, upstream: Written, sums: Written}} Softmax */
/** @typedef {{together: number[], verdict: string, softmax?: Softmax, jacobian?: Written, hard?: {verdict: string, softmax?: Softmax}}} Compare */
/** @typedef {(Written|string|null)[]} Pool */
/** @typedef {{title: string, subtitle: string, theme: string, tapes: Tape[], tabs: {name: string, tapes: number[]}[], pools: Pool[][], knobs: Knob[], compare?: Compare, batch?: number}} Data */
export {};
