// What the builds of the page and of the embedded room have in common.
const ours = (/** @type {string} */ name) => new URL(`app/src/text/${name}.js`, import.meta.url).pathname;

/** markdown-it brings a table of all named characters of HTML, a sixth of the app, and punycode, which the browser has. */
export const resolve = {
  alias: [
    { find: /^entities$/, replacement: ours("entities") },
    { find: /^punycode\.js$/, replacement: ours("punycode") },
  ],
};

/** KaTeX names each font in three formats; every browser that can run the app takes the first, woff2. */
export const woff2Only = {
  name: "woff2-only",
  enforce: /** @type {const} */ ("pre"),
  /** @param {string} code @param {string} id */
  transform(code, id) {
    if (!/katex[^/]*\.css/.test(id)) return null;
    return { code: code.replace(/,url\([^)]*\.(?:woff|ttf)\) format\("[^"]*"\)/g, ""), map: null };
  },
};

/** @type {Map<string, boolean>} */
const firsts = new Map();

/**
 * Whether a module is loaded with the page: it is the page, or one that is imports it, and not by `import()`.
 * @param {string} id
 * @param {{getModuleInfo: (id: string) => {importers: readonly string[]} | null}} modules
 * @returns {boolean}
 */
export function isFirst(id, modules) {
  const known = firsts.get(id);
  if (known !== undefined) return known;
  firsts.set(id, false); // for those that import each other
  const is = id.endsWith("/app/index.html") || (modules.getModuleInfo(id)?.importers ?? []).some((importer) => isFirst(importer, modules));
  firsts.set(id, is);
  return is;
}
