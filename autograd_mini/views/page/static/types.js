// @ts-check
// The types of the data that Python writes into the page (views/page/data.py).
// Numbers are already text.

/**
 * An array, or an example of a batch. Each cell has a letter for its tint, and a text.
 * @typedef {object} ArrayData
 * @property {string} shape
 * @property {string[]} tint a string for each row
 * @property {string[][]} [text] missing for a heat map
 * @property {string[]} [notes] lines below a heat map
 * @property {ArrayData[]} [each] the examples of a batch
 */

/**
 * Arrays and lines of text. After the first pool, null means "the same as in the first pool".
 * @typedef {(ArrayData|string|null)[]} Pool
 */

/**
 * A tensor of the tape. `value` and `gradient` are positions in a pool.
 * @typedef {object} Vertex
 * @property {string} name
 * @property {string} [tex]
 * @property {string} op
 * @property {string} shape
 * @property {number} value
 * @property {number} [gradient]
 * @property {number} [uses]
 * @property {string} [formula]
 * @property {number[]} [inputs]
 * @property {boolean} [fused]
 * @property {string} [scope]
 */

/** @typedef {{sign: string, node?: number, array?: number, name?: string}} Operand */

/**
 * What a backward step adds to the gradient of the node `to`.
 * @typedef {object} Contribution
 * @property {number} to
 * @property {number} argument
 * @property {string} tex
 * @property {string} [local] the local derivative as a formula
 * @property {number} value
 * @property {number} total
 * @property {number} open the number of contributions that have not arrived yet
 * @property {number} [slope] the local derivative as an array
 * @property {number} [entry]
 * @property {string} [summed] how a broadcast was undone
 * @property {number} [spread] the product before that
 * @property {string} [why]
 */

/**
 * @typedef {object} Step
 * @property {"forward"|"seed"|"backward"} phase
 * @property {number} node
 * @property {string} [way] "x → y"
 * @property {string} say
 * @property {string} [why]
 * @property {string} [tex]
 * @property {Operand[]} [operands]
 * @property {number} [entry]
 * @property {string[]} [locals]
 * @property {Contribution[]} [gives]
 */

/** @typedef {{x: number, y: number, w: number, h: number}} Box */

/**
 * A card on a level. A folded card contains several tensors, as runs of positions.
 * @typedef {object} Place
 * @property {number} node
 * @property {boolean} [outside]
 * @property {string} [title]
 * @property {number} [count]
 * @property {number} [times]
 * @property {number[][]} [runs]
 * @property {number} [opens] the level that shows what is inside
 */

/**
 * @typedef {object} Edge
 * @property {number} from
 * @property {number} to
 * @property {number} [argument]
 * @property {number} [user] the node that uses the argument
 * @property {string} [pill] the local derivative
 */

/**
 * The places of everything on a level, wrapped into rows for windows of at least this width.
 * A box that continues on another row has several pieces.
 * @typedef {object} Shape
 * @property {number} width
 * @property {number} height
 * @property {Box[]} cards
 * @property {(Box & {of: number})[]} boxes
 * @property {{path?: string, back?: string, pill?: Box}[]} edges forward, backward
 */

/**
 * The graph of a tape at one folding, with the positions that Python computed.
 * @typedef {object} Level
 * @property {Place[]} cards
 * @property {{title: string, closes?: number}[]} boxes
 * @property {Edge[]} edges
 * @property {Shape[]} shapes from the narrowest to the widest
 * @property {number} [numbers] rows and columns of the largest matrix that is shown as numbers
 * @property {string} [title]
 * @property {number} [parent]
 * @property {number} [group] the level with all boxes closed, or 0 to open them
 */

/**
 * A slider. Each position selects a variant of the numbers.
 * @typedef {object} Slider
 * @property {"recording"|"input"|"hard"} kind "hard" is a button
 * @property {string} label
 * @property {string[]} ticks
 * @property {number[]} variants
 * @property {number} start
 */

/**
 * @typedef {object} Softmax
 * @property {string[]} tex
 * @property {string} why
 * @property {string[]} rows
 * @property {ArrayData} predicted
 * @property {ArrayData} target
 * @property {ArrayData} difference
 * @property {number[][]} bars
 * @property {ArrayData} jacobian
 * @property {ArrayData} upstream
 * @property {ArrayData} sums
 */

/** @typedef {{verdict: string, softmax?: Softmax, jacobian?: ArrayData}} Findings */
/** @typedef {Findings & {together: number[], hard?: Findings}} Compare */

/**
 * A contribution to a gradient at a step, and the sum so far. The seed has no contribution.
 * @typedef {{step: number, total: number, contribution?: Contribution}} Sum
 */

/**
 * A tape. From `pools` on, its properties are computed when the page opens.
 * @typedef {object} Tape
 * @property {string} name
 * @property {string} [note]
 * @property {Vertex[]} nodes
 * @property {Step[]} steps
 * @property {Level[]} levels
 * @property {number} first the level to open with
 * @property {string} symbol
 * @property {string} value
 * @property {string} operations the number of operations
 * @property {Pool[]} pools one for each variant of the numbers
 * @property {number[]} made the step that computed each node
 * @property {number[]} passed the step that propagated the gradient of each node
 * @property {Sum[][]} sums what was added to the gradient of each node
 * @property {number} level the visible level
 */

/**
 * @typedef {object} Data
 * @property {string} title
 * @property {string} subtitle
 * @property {string} theme
 * @property {Tape[]} tapes
 * @property {{name: string, tapes: number[]}[]} tabs
 * @property {Pool[][]} pools for each variant, for each tape
 * @property {Slider[]} sliders
 * @property {Compare} [compare]
 * @property {number} [batch]
 */
export {};
