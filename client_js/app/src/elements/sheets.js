/** Styles that come with code that is fetched late: put on the page, or on the shadow root of an embedded room, once. */
import past from "../css/replay.css?inline";
import session from "../css/session.css?inline";

/** @param {string} css */
function sheet(css) {
  const made = new CSSStyleSheet();
  made.replaceSync(css);
  return made;
}

/** Of a live session. */
export const SESSION = sheet(session);
/** Of past sessions, and of the summary for who comes late. */
export const PAST = sheet(past);

/** @param {Element} element @param {CSSStyleSheet[]} sheets */
export function wear(element, ...sheets) {
  const root = /** @type {Document | ShadowRoot} */ (element.getRootNode());
  const missing = sheets.filter((one) => !root.adoptedStyleSheets.includes(one));
  if (missing.length) root.adoptedStyleSheets = [...root.adoptedStyleSheets, ...missing];
}
