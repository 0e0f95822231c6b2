// The ledger of a session: what became of its questions. The twin of server/tertulia/domain/session/ledger.py.

/** @typedef {{status: string, reason?: string | null}} Fate  a question, as far as the ledger looks at it */

/**
 * @typedef {object} Ledger
 * @property {number} received   all questions; each is counted once more in what became of it:
 * @property {number} published  and still open
 * @property {number} answered
 * @property {number} merged
 * @property {number} withdrawn
 * @property {number} carried
 * @property {number} waiting    for approval
 * @property {Record<string, number>} dismissed  by reason
 */

/**
 * @param {{questions: Fate[], unpublished: Record<string, Fate>}} session
 * @returns {Ledger}
 */
export function ledger(session) {
  const all = [...session.questions, ...Object.values(session.unpublished)];
  const count = (/** @type {string[]} */ ...statuses) => all.filter(({ status }) => statuses.includes(status)).length;
  /** @type {Record<string, number>} */
  const dismissed = {};
  const reasons = all.filter(({ status }) => status === "dismissed").map(({ reason }) => reason || "other");
  for (const reason of reasons.sort()) dismissed[reason] = (dismissed[reason] ?? 0) + 1;
  return {
    received: all.length,
    published: count("published", "answering"),
    answered: count("answered_live", "answered_text"),
    merged: count("merged"),
    withdrawn: count("withdrawn"),
    carried: count("carried"),
    waiting: count("pending"),
    dismissed,
  };
}
