// Print which pairs of scripts differ in a token: node tokens.mjs < PAIRS, a JSON object.
// The output is a JSON list of names. Comments are not tokens.
import { readFileSync } from "node:fs";
import ts from "typescript";

const pairs = Object.entries(JSON.parse(readFileSync(0, "utf8")));
const differing = pairs.filter(([, [a, b]]) => tokens(a) !== tokens(b));
console.log(JSON.stringify(differing.map(([name]) => name)));

/** The tokens of a script, in lines. A template or a regular expression is one token or few. */
function tokens(source) {
  const file = ts.createSourceFile("a.js", source, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
  if (file.parseDiagnostics.length) return `${file.parseDiagnostics[0].messageText}`;
  const found = [];
  const visit = (node) => {
    if (ts.isJSDoc(node)) return;
    const children = node.getChildren();
    if (children.length) children.forEach(visit);
    else found.push(node.getText());
  };
  visit(file);
  return found.join("\n");
}
