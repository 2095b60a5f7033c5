// @ts-check
// The types of the data that Python writes into the page (views/page/data.py).
// Numbers are already text, except those that the programs of a live page start with.

/**
 * An array, or an example of a batch. Each cell has a letter for its tint, and a text.
 * @typedef {object} ArrayData
 * @property {string} shape
 * @property {string[]} tint a string for each row
 * @property {string[][]} [text] missing for a heat map
 * @property {string[]} [notes] lines below a heat map
 * @property {ArrayData[]} [each] the examples of a batch
 * @property {number} [first] the position of the first entry, for an example
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
 * @property {string} [head] of the gradient on a card, if it was too long
 * @property {number} [uses]
 * @property {number[]} [inputs]
 * @property {boolean} [fused]
 * @property {string} [scope]
 * @property {boolean} [trained]
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
 * @property {Otherwise} [otherwise]
 * @property {string} [pill] the local derivative on the edge, if it is not the one of the edge
 */

/**
 * Formulas that replace the others unless an array is 0, or if -1, once a leaf has changed.
 * @typedef {object} Otherwise
 * @property {number} unless the position of the array, or -1
 * @property {string} [tex]
 * @property {string} [local]
 * @property {string} [pill]
 * @property {string[]} [locals]
 */

/**
 * A text, a line of the pool, or two texts: the first holds for a target with one class, or with
 * a sum of 1. In it, "#" is the class or the sum. The text `broken` replaces both if the gradient is
 * not finite.
 * @typedef {{target: number, gradient: number, by: "class"|"sum", texts: string[], broken: string}} Choice
 * @typedef {string|number|Choice} Text
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
 * @property {"start"|"forward"|"seed"|"backward"|"update"|"end"} phase
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
 * @property {number[]} [leaves] all that the first step or the last is about
 * @property {string[]} [titles] of the three cards of the first step and the last
 * @property {number[]} [lines] more lines with numbers
 * @property {Text[]} [notes] paragraphs
 * @property {Prediction} [softmax]
 * @property {Otherwise} [otherwise]
 * @property {number[]} [updates] the nodes that an update changes
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
 * @property {number[]} shapes positions in `Tape.shapes`, from the narrowest to the widest
 * @property {Shape[]} places these shapes
 * @property {number} [numbers] rows and columns of the largest matrix that is shown as numbers
 * @property {string} [title]
 * @property {number} [parent]
 * @property {number} [group] the level with all boxes closed, or 0 to open them
 */

/** @typedef {import("../../../compiler/source/runtime/nd_arrays.js").NdArray} NdArray */

/**
 * A leaf or a constant array that a program takes. `node` and `item` are -1 if no card or no pool
 * has it. A `fixed` one cannot be changed by the reader.
 * @typedef {object} Argument
 * @property {string} name tapes of the page share the arguments of one name
 * @property {number} node
 * @property {number} item the position in the pool
 * @property {number[]} shape
 * @property {string} dtype
 * @property {boolean} parameter
 * @property {boolean} fixed
 * @property {(number|string)[]} data
 */

/** A text, or a number: a result, its entry, and whether a negative one gets parentheses. @typedef {string|[number, number, number]} Part */

/**
 * How a tape is computed. Each item of the pool is a result of the program, or a line of text with
 * entries of results. It is null if it never changes, and -1 if the program does not compute it.
 * @typedef {object} LiveTape
 * @property {string} [why] why it cannot be computed; then nothing else is here
 * @property {number} program
 * @property {Argument[]} arguments
 * @property {number[]} gradients the result for each argument, or -1
 * @property {(number|null|{parts: Part[], product?: Part[]})[]} items
 */

/**
 * A slider. Each position selects a variant of the numbers.
 * @typedef {object} Slider
 * @property {"recording"} kind
 * @property {string} label
 * @property {string[]} ticks
 * @property {number[]} variants
 * @property {number} start
 */

/**
 * The factors of the gradient of a softmax cross-entropy node, as positions in the pool. They have a
 * row for each of `count` examples. The second form is for targets that do not sum to 1.
 * @typedef {object} Softmax
 * @property {number} node
 * @property {number} count
 * @property {{tex: string[], difference: string, why: string}[]} forms
 * @property {string} [note] why the gradient of an example is scaled
 * @property {number} predicted
 * @property {number} target
 * @property {number} total
 * @property {number} difference
 * @property {number} gradient
 * @property {number} upstream
 * @property {number} jacobian
 */

/** An entry of an array on the screen: see `origin`. @typedef {{of: string, entry: number}} Entry */

/**
 * How an array is shown. If it is `hidden`, each number is a dot. `of` names where it comes from, so
 * that its cells can be pointed at. `flip` exchanges rows and columns. An array
 * with a label can be read by keyboard.
 * @typedef {object} How
 * @property {boolean} [hidden]
 * @property {string} [label]
 * @property {string} [mark]
 * @property {string} [of]
 * @property {boolean} [flip]
 * @property {number} [item] its position in the pool
 * @property {(entry: number) => string} [edit] names the change of an entry, of a leaf
 * @property {number} [most] rows and columns beyond which it is a heat map
 */

/**
 * Two tapes next to each other. `pairs` are the gradients that both have, as positions in the pools.
 * @typedef {object} Compare
 * @property {number[]} together the step of the second tape for each step of the first
 * @property {string} verdict
 * @property {Record<"agree"|"differ"|"broken"|"exact"|"both", string>} words
 * @property {number} close the largest relative difference of equal gradients
 * @property {[string, number, number][]} pairs
 * @property {Softmax[]} softmax
 * @property {{node: number, array: number}} [jacobian]
 * @property {{node: number, label: string, row: number[]}} [hard] logits that overflow
 */

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
 * @property {Shape[]} shapes of all levels
 * @property {number} first the level to open with
 * @property {string} symbol
 * @property {string} cotangent the letter of the incoming gradient in rules
 * @property {string} value
 * @property {string} operations the number of operations
 * @property {Pool[]} pools one for each variant of the numbers
 * @property {number[]} made the step that computed each node
 * @property {number[]} passed the step that propagated the gradient of each node
 * @property {Sum[][]} sums what was added to the gradient of each node
 * @property {number} level the visible level
 * @property {(tape: Tape, id: number, example: number) => any} [shown] an item of the pool, once a
 *   leaf has changed
 * @property {(tape: Tape, id: number) => NdArray["data"]|undefined} [numbers] those of an item
 * @property {(tape: Tape, id: number) => How["edit"]} [edit] what names the changes of a leaf
 * @property {(tape: Tape, node: number) => ArrayData|null} [updated] a parameter after the update
 */

/**
 * How a picture of what is learned is drawn. `x`, `y` and `inputs` are arguments of the tape's program.
 * `scale` makes probabilities of predictions: two numbers represent class 0 and class 1.
 * @typedef {object} Picture
 * @property {"classes"|"curve"} kind
 * @property {number} classes
 * @property {"softmax"|"sigmoid"|[number, number]|null} scale
 * @property {number} x
 * @property {number} y
 * @property {number[]} inputs
 * @property {number} program
 * @property {{shape: number[], dtype: string, data?: number[], start?: number}[]} [leaves] of a
 *   recorded run: data, or a part of the weights of a frame
 */

/**
 * A tape that is trained in the page, or the losses of a recorded run.
 * @typedef {object} Training
 * @property {number[]} parameters nodes
 * @property {number} [rate] the learning rate
 * @property {string} [rule] the update of a step, in LaTeX
 * @property {Record<number, number[]>} [fixed] gradients that do not depend on any leaf, by node
 * @property {string} [why] why the page cannot train
 * @property {Picture} [picture]
 * @property {number[]} [losses] for each frame
 * @property {number[][]} [weights] of each frame
 */

/**
 * Training steps: computed in the page, or recorded.
 * @typedef {object} Trainer
 * @property {number} rate
 * @property {number} at the current training step
 * @property {number[]} losses
 * @property {number} pace the least time between two steps, in milliseconds
 * @property {() => void} step
 * @property {() => void} reset
 * @property {() => boolean} isOver
 * @property {() => NdArray[]} leaves the arrays that a program takes
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
 * @property {LiveTape[]} [live] one for each tape, if the page was to compute them
 * @property {Compare} [compare]
 * @property {number} [batch]
 * @property {string[]} [moving] the leaves with sliders
 * @property {Training} [training]
 * @property {Record<string, string>} signs of the commands in formulas
 */
export {};
