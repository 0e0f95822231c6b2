/** KaTeX to MathML, which needs neither style nor fonts: for the embedded room. */
import { setWith } from "./math_setting.js";

/** @param {HTMLElement} formula */
export function set(formula) {
  setWith(formula, "mathml");
}
