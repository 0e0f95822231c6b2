/**
 * Sets the formulas of a body with KaTeX, which is fetched when the first formula is seen.
 *
 * KaTeX builds nodes and sets styles on them one by one (no style attribute in markup), so it needs no exception in
 * the content security policy.
 */

/** @typedef {{set: (formula: HTMLElement) => void}} Engine */

/** @type {() => Promise<Engine>} */
let fetchEngine = () => Promise.reject(new Error("useMath was not called"));
/** @type {Promise<void> | null} */
let coming = null;
/** @type {Engine | null} */
let ready = null;

/** Which engine sets the formulas: the page's has fonts and style of its own, the embedded room's leans on MathML. @param {() => Promise<Engine>} fetch */
export function useMath(fetch) {
  fetchEngine = fetch;
}

/** @type {Set<ParentNode>} bodies that wait for the engine */
const waiting = new Set();

/**
 * @param {ParentNode} body
 * @returns {boolean} whether it holds any formula
 */
export function setMath(body) {
  const formulas = body.querySelectorAll(".math:not(.set, .wrong)");
  if (!formulas.length) return false;
  if (ready) {
    for (const formula of formulas) ready.set(/** @type {HTMLElement} */ (formula));
    return true;
  }
  waiting.add(body);
  coming ??= fetchEngine().then(
    (engine) => {
      ready = engine;
      for (const each of waiting) setMath(each);
      waiting.clear();
    },
    () => {
      coming = null; // offline: the source stays, and the next formula tries again
    },
  );
  return true;
}
