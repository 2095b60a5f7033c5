// Print what KaTeX refuses: node katex.mjs < FORMULAS, a JSON list. The output is a JSON list too.
import { readFileSync } from "node:fs";
import katex from "katex";

const refused = [];
for (const formula of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    katex.renderToString(formula, { displayMode: true, throwOnError: true, strict: refuse });
  } catch (error) {
    refused.push(`${error.message}\n${formula}`);
  }
}
console.log(JSON.stringify(refused));

// Letters with accents and other Unicode are for readers, and LaTeX engines of today take them.
function refuse(code) {
  return code === "unicodeTextInMathMode" ? "ignore" : "error";
}
