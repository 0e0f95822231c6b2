/**
 * A search snippet marks its hits with STX and ETX (no HTML travels). Other marks that a server may use are taken as
 * plain text.
 */
const MARKED = /\u0002([^\u0003]*)\u0003/g;

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
