// @ts-check
// Formulas: convert the part of TeX that Python writes to MathML.
import {data} from "./state.js";
import {math} from "./dom.js";

/** @type {Record<string, string>} */
const SCRIPTS = {"^": "msup", _: "msub"};
const ACCENTS = "ˆ˜¯˙¨";
const LETTER = /[\p{L}⊤]/u;
const DELIMITERS = "()[]|";
const OPERATORS = "+-=←,:'@<>/*";
// a command, an escaped sign, a number, blanks, or a letter with its accents
const WORD = /\\[a-zA-Z]+|\\.|\d+(?:\.\d+)?(?:e[+-]?\d+)?|\s+|[^]\p{M}*/gu;

/** A parser. Each method reads the words that it needs. */
class Parser {
  /** @param {string} tex */
  constructor(tex) {
    this.words = tex.match(WORD) ?? [];
    this.at = 0;
  }

  /** Everything up to one of the words `ends`. @param {string[]} ends */
  row(...ends) {
    const made = math("mrow");
    while (this.at < this.words.length && !ends.includes(this.words[this.at])) {
      const script = SCRIPTS[this.words[this.at]];
      const base = script && made.lastChild;
      if (base) this.at++;
      const next = base ? math(script, base, this.argument()) : this.atom();
      if (next) made.append(next);
    }
    this.at++;
    return made;
  }

  /** @returns {Element} */
  argument() {
    while (/^\s/.test(this.words[this.at] ?? "")) this.at++;
    return this.atom() ?? math("mrow");
  }

  /** A number, a sign, a letter, a command or a group in braces; null for blanks. */
  atom() {
    const word = this.words[this.at++] ?? " ";
    if (/^\s/.test(word)) return null;
    if (/^\d/.test(word)) return math("mn", word);
    if (word === "{") return this.row("}");
    if (DELIMITERS.includes(word)) return math("mo", {stretchy: "false"}, word);
    if (word === "+" && this.words[this.at] === "=") {
      this.at++;
      return math("mo", "+=");
    }
    if (OPERATORS.includes(word)) return math("mo", word === "-" ? "−" : word);
    return word[0] === "\\" ? this.command(word.slice(1)) : math("mi", word);
  }

  /** @param {string} name @returns {Element} */
  command(name) {
    switch (name) {
      case "frac":
        return math("mfrac", this.argument(), this.argument());
      case "sqrt":
        return math("msqrt", this.argument());
      case "text":
        return math("mtext", this.text());
      case "operatorname":
        return math("mi", this.text());
      case "mathbf":
        return math("mi", this.argument().textContent === "1" ? "𝟏" : "c");
      case "left":
      case "right": {
        const word = this.words[this.at++];
        return math("mo", data.signs[word.slice(1)] ?? word);
      }
      case "begin":
        return this.cases();
    }
    const sign = data.signs[name];
    if (sign && ACCENTS.includes(sign))
      return math("mover", {accent: "true"}, this.argument(), math("mo", sign));
    if (sign) return math(LETTER.test(sign) ? "mi" : "mo", sign);
    if (!/^\w{2}/.test(name)) return math("mo", name);
    const rspace = this.words[this.at] === " " ? ".17em" : "0";
    return math("mo", {form: "prefix", lspace: "0", rspace}, name); // a function, as in \exp x
  }

  /** Two cases below each other, behind a brace: what \begin has read is followed by their rows. */
  cases() {
    this.text();
    const [a, c, b, d] = ["&", "\\cr", "&", "\\end"].map(end => math("mtd", this.row(end)));
    this.text();
    return math("mrow", math("mo", "{"), math("mtable", math("mtr", a, c), math("mtr", b, d)));
  }

  /** The content of braces, verbatim. */
  text() {
    let found = "";
    for (let word = this.words[++this.at]; word && word !== "}"; word = this.words[++this.at])
      found += word === "\\backslash" ? "\\" : word.replace(/^\\/, "");
    this.at++;
    return found;
  }
}

/** Formulas that were converted before. @type {Record<string, Element>} */
const converted = Object.create(null);

/** @param {string} tex @returns {any} an element */
export const formula = tex =>
  (converted[tex] ??= math("math.formula", {display: "block"}, new Parser(tex).row(""))).cloneNode(
    true
  );
