/**
 * The order of a list that somebody is working in: nothing moves and nothing goes under their hands. Pure.
 *
 * While it is held, rows stay where they were, new ones are added below, and the one with the focus stays even when it
 * is gone from the list, unless they removed it themselves.
 */

/**
 * @param {readonly string[]} shown  the rows as they were drawn last
 * @param {readonly string[]} fresh  the rows as they are now
 * @param {{held: boolean, focused: string | null, removed: ReadonlySet<string>}} how  `removed`: by one's own hand
 * @returns {string[]}
 */
export function heldOrder(shown, fresh, { held, focused, removed }) {
  if (!held) return [...fresh];
  const now = new Set(fresh);
  const before = new Set(shown);
  const stays = (/** @type {string} */ row) => now.has(row) || (row === focused && !removed.has(row));
  return [...shown.filter(stays), ...fresh.filter((row) => !before.has(row))];
}

/** Where the focus goes when `gone` leaves the list: the row that takes its place, else the one before it; null: none is left.
 * @param {readonly string[]} shown with `gone` @param {string} gone @param {ReadonlySet<string>} left the rows that stay @returns {string | null} */
export function neighbourOf(shown, gone, left) {
  const place = shown.indexOf(gone);
  const after = shown.slice(place + 1).find((row) => left.has(row));
  return after ?? [...shown.slice(0, Math.max(place, 0))].reverse().find((row) => left.has(row)) ?? null;
}
