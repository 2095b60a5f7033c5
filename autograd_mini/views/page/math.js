// @ts-check
// The formulas, from the few words of TeX that Python writes them in, as MathML.

const NS = "http://www.w3.org/1998/Math/MathML";
const LETTERS = ("alpha α beta β gamma γ delta δ epsilon ε zeta ζ eta η theta θ iota ι kappa κ lambda λ mu μ nu ν xi ξ pi π "
  + "rho ρ sigma σ tau τ phi φ chi χ psi ψ omega ω").split(" ");
/** @type {Record<string, string>} */
const ACCENTS = { hat: "ˆ", tilde: "˜", bar: "¯", dot: "˙", ddot: "¨" };
/** @type {Record<string, string>} */
const SIGNS = { odot: "⊙", cdot: "·", times: "×", sum: "∑", partial: "∂", top: "⊤", ldots: "…", ",": "\u2009", backslash: "\\", wedge: "^", sim: "~" };
const WORD = /\\[a-zA-Z]+|\\.|\d+(?:\.\d+)?(?:e[+-]?\d+)?|\s+|[^]\p{M}*/gu;

/** @param {string} tag @param {...(Node|string)} children */
function m(tag, ...children) {
  const made = document.createElementNS(NS, tag);
  made.append(...children);
  return made;
}

/** @param {string} sign @param {boolean} grows */
function fence(sign, grows) {
  const made = m("mo", sign);
  if (!grows) made.setAttribute("stretchy", "false");
  return made;
}

/** @param {Element} letter @param {string} accent */
function accented(letter, accent) {
  const made = m("mover", letter, m("mo", accent));
  made.setAttribute("accent", "true");
  return made;
}

/** @param {string} tex @returns {Element} */
export function formula(tex) {
  const words = tex.match(WORD) ?? [];
  let at = 0;

  /** Verbatim, up to the brace that closes. */
  function text() {
    let depth = 0, found = "";
    do {
      const word = words[at++];
      if (word === "{") depth++;
      else if (word === "}") depth--;
      if (depth > 1 || (depth === 1 && word !== "{")) found += word.startsWith("\\") ? (word === "\\backslash" ? "\\" : word.slice(1)) : word;
    } while (depth && at < words.length);
    return found;
  }

  /** @returns {Element} */
  function argument() {
    while (/^\s/.test(words[at] ?? "")) at++;
    if (words[at] !== "{") return atom() ?? m("mrow");
    at++;
    return row("}");
  }

  /** @returns {Element|null} */
  function atom() {
    const word = words[at++];
    if (/^\s/.test(word)) return null;
    if (/^\d/.test(word)) return m("mn", word);
    if (word === "{") return row("}");
    if (word.startsWith("\\")) {
      const name = word.slice(1), greek = LETTERS.indexOf(name);
      if (name === "frac") return m("mfrac", argument(), argument());
      if (name === "sqrt") return m("msqrt", argument());
      if (name === "text") return m("mtext", text());
      if (name === "operatorname") return m("mi", text());
      if (name === "mathbf") return m("mi", argument().textContent === "1" ? "𝟏" : "c");
      if (name in ACCENTS) return accented(argument(), ACCENTS[name]);
      if (name === "left" || name === "right") return fence(words[at++].replace("\\|", "‖"), true);
      if (greek >= 0) return m("mi", LETTERS[greek + 1]);
      if (name in SIGNS) return m(name === "top" ? "mi" : "mo", SIGNS[name]);
      return m(/^\w{2}/.test(name) ? "mi" : "mo", name);
    }
    if ("()[]|".includes(word)) return fence(word, false);
    if (word === "+" && words[at] === "=") return at++, m("mo", "+=");
    if ("+-=,:'@<>/*".includes(word)) return m("mo", word === "-" ? "−" : word);
    return m("mi", word);
  }

  /** @param {string} end */
  function row(end) {
    const made = m("mrow");
    while (at < words.length && words[at] !== end) {
      const word = words[at];
      if ((word === "^" || word === "_") && made.lastChild) {
        at++;
        const base = /** @type {Element} */ (made.lastChild), script = argument();
        const tag = word === "^" ? "msup" : "msub";
        made.append(m(tag, base, script));
        continue;
      }
      const next = atom();
      if (next) made.append(next);
    }
    at++;
    return made;
  }

  const made = m("math", row(""));
  made.setAttribute("class", "formula");
  made.setAttribute("display", "block");
  return made;
}
