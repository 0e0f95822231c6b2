/**
 * What staff did lately and can undo: read from the room's log, as the server counts it. Pure.
 *
 * Only the newest change of each thing can be undone; what was undone, or whose thing has changed since by another
 * hand, is no more in the list.
 */

/** @typedef {{seq: number, at: number, by: string, name: string, question?: string, message?: number, reason?: string, into?: string, on?: boolean}} Action */

/** Changes of where a question is. `question_published` only when it was approved: staff's `by` is not the asker's. */
const MOVES = new Set(["question_published", "question_merged", "question_dismissed", "question_answering", "question_answered", "question_reopened"]);
/** After these the question is somewhere else, and not by what can be undone. */
const ENDS = new Set(["question_unmerged", "question_restored", "question_withdrawn", "question_received", "question_carried"]);

/** What an action is about: the newest of each is kept. @param {{name: string, question?: string, message?: number}} action */
function thingOf({ name, question, message }) {
  if (question === undefined) return `message ${message}`;
  return name === "question_highlighted" ? `highlight ${question}` : `status ${question}`;
}

/**
 * @param {Action[]} actions  oldest first
 * @param {{name: string, seq: number, at: number, by: string, data: any}} record  one entry of the room's stream
 * @returns {Action[]} a new list when it changed
 */
export function noteAction(actions, { name, seq, at, by, data }) {
  if (name === "session_opened") return [];
  const isMove = MOVES.has(name) || ENDS.has(name);
  const isHiding = name === "message_hidden" || name === "message_unhidden";
  if (!isMove && !isHiding && name !== "question_highlighted") return actions;
  const { question, message, reason, into } = data;
  /** @type {Action} */
  const action = { seq, at, by, name, reason, ...(isHiding ? { message } : { question, into, on: data.on !== false }) };
  const others = actions.filter((known) => thingOf(known) !== thingOf(action));
  const before = actions.find((known) => thingOf(known) === thingOf(action));
  // A highlight that was taken back has nothing left to undo, or one would undo the undoing for ever.
  if (name === "question_highlighted" && before && before.on !== action.on) return others;
  const isOver = ENDS.has(name) || name === "message_unhidden" || (name === "question_published" && by === data.asker);
  return isOver ? others : [...others, action];
}
