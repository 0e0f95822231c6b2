/** How a person is drawn: initials and a hue that stays. */

const HUES = 16;

/** @param {string} id */
export function hueOf(id) {
  let hash = 0x811c9dc5; // FNV-1a, for a spread that does not change between browsers
  for (let index = 0; index < id.length; index += 1) {
    hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b); // and stir, for ids that differ in a letter
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash ^= hash >>> 16;
  return (hash >>> 0) % HUES;
}

/** @param {string} name */
export function initialsOf(name) {
  const words = name.trim().split(/[\s\-–_]+/u).filter(Boolean);
  const first = letter(words[0] ?? "");
  const last = words.length > 1 ? letter(words[words.length - 1]) : "";
  return (first + last).toLocaleUpperCase() || "·";
}

/** @param {string} word */
function letter(word) {
  const found = /[\p{L}\p{N}]\p{M}*/u.exec(word);
  return found ? found[0] : [...word][0] ?? "";
}
