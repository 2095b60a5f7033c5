// @ts-check
// Names with an underscore are set with a subscript: W_q as W with the subscript q.
import {data} from "./state.js";
import {el} from "./dom.js";
/** @typedef {import("./dom.js").Part} Part */

const IDENTIFIER = /([\p{L}\p{M}\p{N}_′]+)/u;
const SUBSCRIPTED = /^([^_]+)_([^_].*)$/;
/** @type {Set<string>|undefined} */
let known; // names of tensors, unlike an operation such as broadcast_to

/**
 * A text with the names in it. The underscore is kept, invisible, for searches and copies.
 * @param {string} text @returns {Part[]}
 */
export const named = text => (text.includes("_") ? text.split(IDENTIFIER).map(setName) : [text]);

/** @param {string} word @returns {Part} */
function setName(word) {
  known ??= new Set(data.tapes.flatMap(({nodes}) => nodes.map(n => n.name)));
  const [, stem, index] = (known.has(word) && word.match(SUBSCRIPTED)) || [];
  return index ? el("span.named", stem, el("span", "_"), el("sub", index)) : word;
}
