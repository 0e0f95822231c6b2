/** What is counted in a live session, seen from the reader's side. Pure. */

/** @typedef {import("./types.js").Poll} Poll */
/** @typedef {{text: string, count: number, percent: number, shift: number | null}} Bar
 * `shift`: percent points since the poll that this one repeats */

/**
 * A poll's options with their shares, and how these moved since the poll that it repeats.
 * @param {Poll} poll
 * @param {Poll[]} polls of the session
 * @param {number[]} results in the order of the options
 * @param {number} answered
 * @returns {Bar[]}
 */
export function barsOf(poll, polls, results, answered) {
  const shares = sharesOf(results, answered);
  const before = poll.again === null ? undefined : polls.find((other) => other.poll === poll.again);
  const past = before?.closed ? sharesOf(before.results, before.answered) : null;
  return poll.options.map((text, place) => {
    const was = past?.[/** @type {Poll} */ (before).options.indexOf(text)];
    return { text, count: results[place] ?? 0, percent: shares[place], shift: was === undefined ? null : shares[place] - was };
  });
}

/** Whole percents of those who answered. @param {number[]} results @param {number} answered */
function sharesOf(results, answered) {
  return results.map((count) => (answered ? Math.round((100 * count) / answered) : 0));
}

/** The question that one was merged into, in the end. @param {import("./types.js").SessionState} session @param {string} id */
export function leadsTo({ questions, unpublished }, id) {
  const seen = new Set();
  let at = id;
  for (let next = /** @type {string | null | undefined} */ (id); next && !seen.has(next); ) {
    at = next;
    seen.add(at);
    const here = at;
    next = (questions.find(({ question }) => question === here) ?? unpublished[here])?.merged_into;
  }
  return at;
}
