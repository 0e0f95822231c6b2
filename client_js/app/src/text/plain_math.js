/** Formulas in words, for titles, lists and a screen that shows no markup: `$O(n \log n)$` → “O(n log n)”. Pure. */

/** As math_rules.js finds them. */
const FORMULA = /\$\$([\s\S]+?)\$\$|\$(?!\s)((?:\\.|[^$\\\n])+?)(?<!\s)\$(?!\d)/g;

/** @type {Record<string, string>} */
const SIGNS = { cdot: "·", times: "×", le: "≤", leq: "≤", ge: "≥", sum: "∑" };

/** @param {string} text */
export function plainMath(text) {
  return text.replace(FORMULA, (_, apart, inline) => words(apart ?? inline));
}

/** @param {string} tex */
function words(tex) {
  return tex
    .replace(/\\d?frac\{([^{}]*)\}\{([^{}]*)\}/g, "$1/$2")
    .replace(/([\w)]?)\\([a-zA-Z]+)(\{?)/g, (_, before, name, brace) => before + (SIGNS[name] ?? `${before && " "}${name}${brace && " "}`))
    .replace(/[{}\\]/g, "");
}
