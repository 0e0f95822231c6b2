/** KaTeX with its style and fonts, as one lazy chunk: for the page. */
import "katex/dist/katex.min.css";
import { setWith } from "./math_setting.js";

/** @param {HTMLElement} formula */
export function set(formula) {
  setWith(formula, "htmlAndMathml");
}
