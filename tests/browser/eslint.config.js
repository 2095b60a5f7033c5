import js from "@eslint/js";

const browser = Object.fromEntries(
  (
    "addEventListener atob Blob CSS cancelAnimationFrame clearInterval clearTimeout document DecompressionStream Event " +
    "getComputedStyle history ImageData innerHeight innerWidth location matchMedia navigator Node performance " +
    "requestAnimationFrame ResizeObserver Response setInterval setTimeout TextDecoder URLSearchParams window " +
    "XMLSerializer"
  )
    .split(" ")
    .map(name => [name, "readonly"])
);

export default [
  js.configs.recommended,
  {
    files: ["**/*.js"],
    languageOptions: {ecmaVersion: 2024, sourceType: "module", globals: browser},
    linterOptions: {reportUnusedDisableDirectives: "error"},
    rules: {
      "array-callback-return": "error",
      "no-constant-binary-expression": "error",
      "no-duplicate-imports": "error",
      "no-implicit-coercion": "error",
      "no-self-compare": "error",
      "no-shadow": "error",
      "no-template-curly-in-string": "error",
      "no-unmodified-loop-condition": "error",
      "no-use-before-define": ["error", {functions: false, variables: false}],
      "no-useless-return": "error",
      "no-var": "error",
      "prefer-const": "error",
      eqeqeq: "error",
      // text only ever becomes text
      "no-restricted-properties": [
        "error",
        ...["innerHTML", "outerHTML", "insertAdjacentHTML", "write"].map(property => ({
          property,
          message: "names must stay text: make elements with el()"
        }))
      ],
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      // nothing leaves the page
      "no-restricted-globals": ["error", "fetch", "XMLHttpRequest", "WebSocket", "event", "name"]
    }
  }
];
