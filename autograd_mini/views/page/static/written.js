// @ts-check
// How an entry was computed: from which entries, and by which formula (views/page/reads.py).
import {abridged, array, arrived, stepOf} from "./state.js";
import {entriesRead, entryText, isForeign, origin, subscript} from "./entries.js";
/** @typedef {import("./types.js").Tape} Tape */
/** @typedef {import("./types.js").Operand} Operand */
/** @typedef {ReturnType<typeof usedEntries>} Used */

const MOST_TERMS = 9;

/** @param {string} text */
const signed = text => (text.startsWith("−") ? `(${text})` : text);

/** @param {string[]} terms */
const plus = terms => abridged(terms, MOST_TERMS, MOST_TERMS - 2).join(" + ");

/**
 * An entry as an equation, and the entries that it was computed from.
 * @param {{tape: Tape, kind: string, node: number, step?: number, argument?: number}} from
 * @param {number} entry
 * @returns {{text: string, uses: Used[]}}
 */
export function written({tape, kind, node, step, argument}, entry) {
  const {name, op, shape, value} = tape.nodes[node];
  const at = name + subscript(shape, entry);
  if (kind === "value") {
    const made = tape.made[node];
    if (made > stepOf(tape)) return {text: `${at}: not computed yet`, uses: []};
    const {operands = [], form} = tape.steps[made] ?? {};
    const uses = operands.map(operand => {
      const of = origin(tape, "constant", node, -1, operand.argument ?? -1);
      return usedEntries(tape, operand, entry, of);
    });
    return equation([at, computation(uses, form, op)], value, uses);
  }
  if (isForeign(kind)) return {text: "", uses: []};

  const sums = arrived(tape, node);
  const parts = sums.flatMap(({step: when, contribution: c}) =>
    c && (kind === "gradient" || (when === step && c.argument === argument)) ? [{when, c}] : []
  );
  const used = parts.map(({when, c}) =>
    (c.uses ?? []).map(operand => {
      const of = origin(tape, "local", operand.node ?? 0, when, c.argument);
      return usedEntries(tape, operand, entry, of);
    })
  );
  const middle =
    parts.length > 1
      ? plus(parts.map(({c}) => signed(entryText(tape, c.value, entry) ?? "…")))
      : computation(used[0] ?? [], parts[0]?.c.form);
  const id = kind === "part" ? parts[0]?.c.value : sums.at(-1)?.total;
  return equation([`∂${tape.symbol}/∂${at}`, middle], id, used.flat());

  /** @param {string[]} left @param {number|undefined} result @param {Used[]} uses */
  function equation(left, result, uses) {
    const text = result !== undefined && entryText(tape, result, entry);
    const sides = [...left, text || "no gradient yet"].filter(Boolean);
    return {text: sides.join(" = "), uses};
  }
}

/**
 * The entries of an operand that an entry was computed from; null if they are not known.
 * @param {Tape} tape @param {Operand} operand @param {number} entry
 * @param {string} ofArray the origin of an array that belongs to no node
 */
function usedEntries(tape, operand, entry, ofArray) {
  const {node = -1, array: id, gradient, reads, sign} = operand;
  const vertex = tape.nodes[node];
  const shown = id ?? (gradient ? vertex.gradient : vertex.value) ?? 0;
  const shape = vertex?.shape ?? array(tape, shown).shape;
  const name = vertex?.name ?? operand.name ?? "constant";
  const entries = reads === undefined ? null : entriesRead(tape.reads[reads], shape, entry);
  const texts = entries?.map(k => entryText(tape, shown, k) ?? "…");
  return {
    of: id === undefined ? origin(tape, gradient ? "gradient" : "value", node) : ofArray,
    name: gradient ? `∂${tape.symbol}/∂${name}` : name,
    sign,
    shape,
    entries,
    texts,
    isNumber: vertex || entries // not an axis
  };
}

/**
 * A formula with the numbers of entries.
 * @param {Used[]} used @param {string} [form] @param {string} [op]
 */
function computation(used, form, op = "") {
  const operands = used.filter(({isNumber}) => isNumber);
  const texts = operands.map(operand => operand.texts ?? ["…"]);
  const [a = [], b = []] = texts;
  const terms = texts.flat().map(signed);
  if (!terms.length || terms.includes("…"))
    return op && terms.length ? `${op}(${operands.map(({name}) => name).join(", ")})` : "";
  const products = a.map((x, i) => `${signed(x)}·${signed(b[i] ?? "")}`);
  const source = operands.find(({entries}) => entries?.length);
  switch (form) {
    case "products":
      return plus([...products, ...texts.slice(2).flat().map(signed)]);
    case "sum":
      return plus(terms);
    case "mean":
      return `(${plus(terms)}) ÷ ${terms.length}`;
    case "copy":
      return source ? source.name + subscript(source.shape, source.entries?.[0] ?? 0) : "";
  }
  if (op && !used[0].sign) return terms.join(` ${used[1].sign} `);
  return op && `${op}(${texts.flat().join(", ")})`;
}
