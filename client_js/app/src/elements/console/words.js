/** The words of the console and the presenter view: English comes with them, others when chosen. */
import "../../lang/en_console.js";

/** @param {import("../../lang/catalogue.js").Catalogue} catalogue */
export function useConsoleWords(catalogue) {
  if (catalogue.wanted === "es") import("../../lang/es_console.js").then(({ add }) => add() && catalogue.changed());
}
