/** One formula, set by KaTeX within bounds: nothing trusted, few expansions, no size that covers the page. */
import katex from "katex";

/** @param {HTMLElement} formula @param {"mathml" | "htmlAndMathml"} output */
export function setWith(formula, output) {
  const tex = formula.dataset.tex ?? "";
  try {
    katex.render(tex, formula, {
      output,
      displayMode: formula.dataset.display === "1",
      trust: false,
      maxExpand: 100,
      maxSize: 8,
      strict: "ignore",
      throwOnError: true,
    });
    formula.classList.add("set");
  } catch {
    formula.textContent = tex;
    formula.classList.add("wrong");
  }
}
