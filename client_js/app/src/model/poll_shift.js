/** What a poll's answers are as shares, and how they moved when it was asked again. Pure. */

/** @typedef {{poll: number, options: string[], answered: number, results: number[], again?: number | null, closed?: boolean}} Counted */
/** `share`: 0 to 1. `before`, `shift`: the share it had in the poll this one repeats, and the difference; null: it was not there.
 * @typedef {{option: string, count: number, share: number, before: number | null, shift: number | null}} Row */

/**
 * One row for each option, in the poll's order. Options are matched by their words, since a repeat may have others.
 * @param {Counted} poll
 * @param {Counted | null | undefined} [earlier] the poll it repeats, closed
 * @returns {Row[]}
 */
export function pollRows(poll, earlier) {
  return poll.options.map((option, place) => {
    const count = poll.results[place] ?? 0;
    const share = shareOf(count, poll.answered);
    const at = earlier ? earlier.options.indexOf(option) : -1;
    const before = earlier && at >= 0 ? shareOf(earlier.results[at] ?? 0, earlier.answered) : null;
    return { option, count, share, before, shift: before === null ? null : share - before };
  });
}

/** The poll that this one repeats, if it is known and closed. @template {Counted} P @param {P} poll @param {P[]} polls @returns {P | null} */
export function earlierOf(poll, polls) {
  return polls.find((other) => other.poll === poll.again && other.closed) ?? null;
}

/** @param {number} count @param {number} answered */
const shareOf = (count, answered) => (answered ? count / answered : 0);
