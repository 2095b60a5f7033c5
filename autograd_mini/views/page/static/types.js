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

/**
 * The entries that the entries of a result depend on: for each axis of an operand, for each entry of
 * the result, positions along the axis as bits.
 * @typedef {number[][]} Reads
 */

/**
 * An operand of a step: a node or a constant array. `reads` is a position in `Tape.reads`.
 * @typedef {object} Operand
 * @property {string} sign
 * @property {number} [argument]
 * @property {number} [node]
 * @property {number} [array]
 * @property {string} [name]
 * @property {number} [reads]
 * @property {boolean} [gradient] whether it is the gradient of the node
 */

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
 * @property {Operand[]} [uses]
 * @property {string} [form]
 */

/**
 * A text, a line of the pool, or two texts: the first holds for a target with one class, or with
 * a sum of 1. In it, "#" is the class or the sum.
 * @typedef {string|number|{target: number, by: "class"|"sum", texts: string[]}} Text
 */

/**
 * Where ŷ - y comes from: the numbers of an example, and lines of algebra about some nodes.
 * @typedef {object} Prediction
 * @property {{predicted: number, target: number, difference: number, gradient: number}} columns
 * @property {string} logits
 * @property {string} prediction
 * @property {string} truth
 * @property {string} scale " / N" in a batch
 * @property {{tex: string, say: string, nodes: number[]}[]} lines
 */

/**
 * A step. The first and the last compute nothing: they are about the leaves.
 * @typedef {object} Step
 * @property {"start"|"forward"|"seed"|"backward"|"end"} phase
 * @property {number} node
 * @property {string} [way] "x → y"
 * @property {string} say
 * @property {string} [why]
 * @property {Text} [lead] before the sentence
 * @property {string} [ask] a question about the next step
 * @property {string} [tex]
 * @property {Operand[]} [operands]
 * @property {string} [form] "sum", "mean", "products" or "copy" of entries of the operands
 * @property {number} [entry]
 * @property {string[]} [locals]
 * @property {string} [saved] the names of the tensors that the rule uses
 * @property {Contribution[]} [gives]
 * @property {number[]} [leaves]
 * @property {string[]} [titles] of the three cards of the first step and the last
 * @property {number[]} [lines] more lines with numbers
 * @property {Text[]} [notes] paragraphs
 * @property {Prediction} [softmax]
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
 * @property {number[]} [chips] the parameters inside that are shown
 * @property {number} [more] the number of other parameters inside
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

/** An entry of an array on the screen: see `origin`. @typedef {{of: string, entry: number}} Entry */

/**
 * How an array is shown. If it is `hidden`, each number is a dot. `of` names where it comes from, so
 * that its cells can be pointed at, counted from `first`. `flip` exchanges rows and columns. An array
 * with a label can be read by keyboard.
 * @typedef {object} How
 * @property {boolean} [hidden]
 * @property {string} [label]
 * @property {string} [mark]
 * @property {string} [of]
 * @property {number} [first]
 * @property {boolean} [flip]
 * @property {number} [most] rows and columns beyond which it is a heat map
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
 * @property {Reads[]} reads
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
