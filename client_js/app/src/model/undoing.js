/**
 * What staff did lately and can undo: read from the room's log, as the server counts it. Pure.
 *
 * Only the newest change of each question can be undone; what was undone, or whose thing has changed since by another
 * hand, is no more in the list.
 */

/** @typedef {{seq: number, at: number, by: string, name: string, question?: string, message?: number, reason?: string, into?: string}} Action */

/** Changes of a question by staff. `question_published` only when it was approved: staff's `by` is not the asker's. */
const OF_QUESTION = new Set(["question_published", "question_merged", "question_dismissed", "question_answering", "question_answered", "question_reopened"]);
/** After these the question is somewhere else, and not by what can be undone. */
const ENDS = new Set(["question_unmerged", "question_restored", "question_withdrawn", "question_received", "question_carried"]);

/**
 * @param {Action[]} actions  oldest first
 * @param {{name: string, seq: number, at: number, by: string, data: any}} record  one entry of the room's stream
 * @returns {Action[]} a new list when it changed
 */
export function noteAction(actions, { name, seq, at, by, data }) {
  if (name === "session_opened") return [];
  if (name === "message_hidden") return [...actions.filter((action) => action.message !== data.message), { seq, at, by, name, message: data.message, reason: data.reason }];
  if (name === "message_unhidden") return actions.filter((action) => action.message !== data.message);
  if (!OF_QUESTION.has(name) && !ENDS.has(name)) return actions;
  const others = actions.filter((action) => action.question !== data.question);
  const isOwn = name === "question_published" && by === data.asker;
  if (ENDS.has(name) || isOwn) return others;
  return [...others, { seq, at, by, name, question: data.question, reason: data.reason, into: data.into }];
}
