/** What the picture of a session shows: its questions, polls, marks and how much was said when. Pure. */

/** So many bars of talk, from end to end. */
export const BARS = 96;

/**
 * Times are ms since the session opened.
 * @typedef {{at: number, kind: "question" | "answered" | "poll" | "mark", seq: number, text: string, until?: number}} Moment
 *
 * @typedef {object} Timeline
 * @property {Moment[]} moments in order
 * @property {number[]} talk    messages in each of `BARS` equal parts
 * @property {import("./lecture_clock.js").Mark[]} marks
 */

/**
 * @param {import("./types.js").EventRecord[]} events of the session
 * @param {number} openedAt Unix ms
 * @param {number} length ms
 * @returns {Timeline}
 */
export function timelineOf(events, openedAt, length) {
  /** @type {Moment[]} */
  const moments = [];
  /** @type {import("./lecture_clock.js").Mark[]} */
  const marks = [];
  const talk = new Array(BARS).fill(0);
  /** @type {Map<number, string>} the last text of each message, by seq */
  const said = new Map();
  /** @type {Map<string, number>} question → its message */
  const questions = new Map();
  /** @type {Map<number, Moment>} polls that are open */
  const polls = new Map();
  for (const { name, data, seq, at: unixMs } of events) {
    const at = Math.min(Math.max(0, unixMs - openedAt), length);
    const add = (/** @type {Moment["kind"]} */ kind, /** @type {string} */ text) => {
      const moment = { at, kind, seq, text };
      moments.push(moment);
      return moment;
    };
    const asked = () => said.get(questions.get(data.question) ?? 0) ?? "";
    if (name === "message_posted" || name === "message_edited") said.set(data.message ?? seq, data.text ?? "");
    if (name === "message_posted") talk[Math.min(BARS - 1, Math.floor((at / length) * BARS))] += 1;
    else if (name === "message_redacted") said.delete(data.message);
    else if (name === "question_published") {
      questions.set(data.question, data.message);
      add("question", asked());
    } else if (name === "question_answered") add("answered", asked());
    else if (name === "poll_opened") polls.set(seq, add("poll", data.text));
    else if (name === "poll_closed") {
      const poll = polls.get(data.poll);
      if (poll) poll.until = at;
    } else if (name === "session_marked") {
      marks.push({ at, media: data.media_position_ms, label: data.label ?? "", rewound: Boolean(data.rewound) });
      add("mark", data.label ?? "");
    }
  }
  return { moments, talk, marks };
}
