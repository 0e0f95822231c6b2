/** A search snippet is plain text whose matched words stand between U+E000 and U+E001. */
const MARKED = /\uE000([^\uE001]*)\uE001/g;

/** @param {string} snippet @returns {{text: string, hit: boolean}[]} */
export function snippetParts(snippet) {
  const parts = [];
  let last = 0;
  for (const found of snippet.matchAll(MARKED)) {
    if (found.index > last) parts.push({ text: snippet.slice(last, found.index), hit: false });
    parts.push({ text: found[1], hit: true });
    last = found.index + found[0].length;
  }
  if (last < snippet.length) parts.push({ text: snippet.slice(last), hit: false });
  return parts;
}
