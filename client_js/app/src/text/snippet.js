/** A search snippet is plain text whose matched words stand between U+E000 and U+E001. */
const MARKED = /\uE000([^\uE001]*)\uE001/g;

/** @param {string} snippet @returns {{text: string, hit: boolean}[]} */
export function snippetParts(snippet) {
  const parts = [];
  const plain = snippet.replace(/[`*~]+/g, ""); // marks of Markdown say nothing here
  let last = 0;
  for (const found of plain.matchAll(MARKED)) {
    if (found.index > last) parts.push({ text: plain.slice(last, found.index), hit: false });
    parts.push({ text: found[1], hit: true });
    last = found.index + found[0].length;
  }
  if (last < plain.length) parts.push({ text: plain.slice(last), hit: false });
  return parts;
}
