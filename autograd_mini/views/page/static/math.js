// @ts-check
// The formulas, from the few words of TeX that Python writes them in, as MathML.
import { math } from "./dom.js";

const GREEK = ("alpha α beta β gamma γ delta δ epsilon ε zeta ζ eta η theta θ iota ι kappa κ lambda λ mu μ nu ν xi ξ pi π "
  + "rho ρ sigma σ tau τ phi φ chi χ psi ψ omega ω").split(" ");
/** @type {Record<string, string>} */
const ACCENTS = { hat: "ˆ", tilde: "˜", bar: "¯", dot: "˙", ddot: "¨" };
/** @type {Record<string, string>} */
const SIGNS = { odot: "⊙", cdot: "·", times: "×", sum: "∑", partial: "∂", top: "⊤", ldots: "…", ",": "\u2009", backslash: "\\", wedge: "^", sim: "~" };
/** @type {Record<string, string>} */
const SCRIPTS = { "^": "msup", _: "msub" };
const WORD = /\\[a-zA-Z]+|\\.|\d+(?:\.\d+)?(?:e[+-]?\d+)?|\s+|[^]\p{M}*/gu;

/** @param {string} tex @returns {Element} */
export function formula(tex) {
  const words = tex.match(WORD) ?? [];
  let at = 0;

  /** Verbatim, up to the brace that closes. */
  function text() {
    let depth = 0, found = "";
    do {
      const word = words[at++];
      depth += Number(word === "{") - Number(word === "}");
      if (depth > 1 || (depth === 1 && word !== "{")) found += word === "\\backslash" ? "\\" : word.replace(/^\\/, "");
    } while (depth && at < words.length);
    return found;
  }

  /** @returns {Element} */
  function argument() {
    while (/^\s/.test(words[at] ?? "")) at++;
    return atom() ?? math("mrow");
  }

  /** @returns {Element|null} */
  function atom() {
    const word = words[at++] ?? " ";
    if (/^\s/.test(word)) return null;
    if (/^\d/.test(word)) return math("mn", word);
    if (word === "{") return row("}");
    if ("()[]|".includes(word)) return math("mo", { stretchy: "false" }, word);
    if (word === "+" && words[at] === "=") return at++, math("mo", "+=");
    if ("+-=,:'@<>/*".includes(word)) return math("mo", word === "-" ? "−" : word);
    if (word[0] !== "\\") return math("mi", word);
    const name = word.slice(1), greek = GREEK.indexOf(name);
    if (name === "frac") return math("mfrac", argument(), argument());
    if (name === "sqrt") return math("msqrt", argument());
    if (name === "text") return math("mtext", text());
    if (name === "operatorname") return math("mi", text());
    if (name === "mathbf") return math("mi", argument().textContent === "1" ? "𝟏" : "c");
    if (name in ACCENTS) return math("mover", { accent: "true" }, argument(), math("mo", ACCENTS[name]));
    if (name === "left" || name === "right") return math("mo", words[at++].replace("\\|", "‖"));
    if (greek >= 0) return math("mi", GREEK[greek + 1]);
    if (name in SIGNS) return math(name === "top" ? "mi" : "mo", SIGNS[name]);
    return /^\w{2}/.test(name) ? math("mo", { form: "prefix", lspace: "0", rspace: words[at] === " " ? ".17em" : "0" }, name) : math("mo", name);
  }

  /** @param {string} end */
  function row(end) {
    const made = math("mrow");
    while (at < words.length && words[at] !== end) {
      const script = SCRIPTS[words[at]], base = script && made.lastChild;
      if (base) at++;
      const next = base ? math(script, base, argument()) : atom();
      if (next) made.append(next);
    }
    at++;
    return made;
  }

  return math("math.formula", { display: "block" }, row(""));
}
