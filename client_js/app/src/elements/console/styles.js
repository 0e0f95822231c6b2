/** Styles that come with late code: in the same file, so that the first picture brings no loader for them. */

/** @param {string} css */
export function useStyles(css) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets.push(sheet);
}
