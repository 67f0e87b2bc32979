// One bar for the page and its tests; its base is the repository, from where eslint runs.
import js from "@eslint/js";
import globals from "globals";

const rules = {
  ...js.configs.recommended.rules,
  eqeqeq: "error",
  "max-lines": ["error", { max: 400, skipBlankLines: true, skipComments: true }],
  "max-lines-per-function": ["error", { max: 70, skipBlankLines: true, skipComments: true }],
  "no-shadow": "error",
  "no-unused-vars": ["error", { args: "after-used" }],
  "no-var": "error",
  "object-shorthand": "error",
  "prefer-const": "error",
};
// Fixtures of Playwright take an empty pattern: its way of saying that they need no other.
const tests = { ...rules, "no-empty-pattern": "off" };

// Test files still longer than that: to be split.
const longTests = ["desk.spec", "look.spec", "origins.spec"];

export default [
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  { files: ["data/web/**/*.js"], languageOptions: { globals: globals.browser }, rules },
  {
    files: ["tests/browser/**/*.js", "tests/web/**/*.js"],
    languageOptions: { globals: { ...globals.browser, ...globals.node } },
    rules: tests,
  },
  {
    files: [...longTests.map(name => `tests/browser/${name}.js`)],
    rules: { "max-lines": "off", "max-lines-per-function": "off" },
  },
];
