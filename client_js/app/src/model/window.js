/**
 * The part of a room that is held for showing: a run of messages without a hole, open or shut at each end.
 *
 * Pure: it knows no server and no clock. `hasAfter` means that the newest messages are not in it, so what arrives is
 * counted, not added. Messages are replaced, never changed, so that rows can compare by identity.
 */

/** At most so many are held, and so at most so many are in the DOM. */
export const HELD_MAX = 300;
/** When the newest are followed, the oldest go in lots down to this many. */
export const HELD_AFTER_TRIM = 220;

/** @typedef {import("./types.js").Message} Message */

export class MessageWindow {
  constructor() {
    /** @type {Message[]} */
    this.messages = [];
    this.hasBefore = false;
    this.hasAfter = false;
  }

  /** @returns {number} seq of the first, or 0 */
  get first() {
    return this.messages[0]?.seq ?? 0;
  }

  /** @returns {number} seq of the last, or 0 */
  get last() {
    return this.messages[this.messages.length - 1]?.seq ?? 0;
  }

  /** @param {number} seq */
  indexOf(seq) {
    let low = 0;
    let high = this.messages.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const at = this.messages[middle].seq;
      if (at === seq) return middle;
      if (at < seq) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  /** @param {number} seq */
  get(seq) {
    return this.messages[this.indexOf(seq)];
  }

  /** @param {Message[]} messages @param {boolean} hasBefore @param {boolean} hasAfter */
  reset(messages, hasBefore, hasAfter) {
    this.messages = messages.map(whole);
    this.hasBefore = hasBefore;
    this.hasAfter = hasAfter;
  }

  /**
   * A newest message.
   * @param {Message} message
   * @param {boolean} following  the reader is at the end: the oldest may go
   * @returns {boolean} whether it was taken in
   */
  append(message, following) {
    if (this.hasAfter || message.seq <= this.last) return false;
    if (this.messages.length >= HELD_MAX) {
      if (!following) {
        this.hasAfter = true;
        return false;
      }
      this.messages = this.messages.slice(-HELD_AFTER_TRIM);
      this.hasBefore = true;
    }
    this.messages.push(message);
    return true;
  }

  /** Older ones in front; the newest go when there are too many. @param {Message[]} older @param {boolean} hasBefore */
  extendUp(older, hasBefore) {
    const first = this.messages.length ? this.first : Infinity;
    const joined = [...older.map(whole).filter(({ seq }) => seq < first), ...this.messages];
    this.hasBefore = hasBefore;
    if (joined.length > HELD_MAX) {
      joined.length = HELD_MAX;
      this.hasAfter = true;
    }
    this.messages = joined;
  }

  /** Newer ones behind; the oldest go when there are too many. @param {Message[]} newer @param {boolean} hasAfter */
  extendDown(newer, hasAfter) {
    let joined = [...this.messages, ...newer.map(whole).filter(({ seq }) => seq > this.last)];
    this.hasAfter = hasAfter;
    if (joined.length > HELD_MAX) {
      joined = joined.slice(-HELD_MAX);
      this.hasBefore = true;
    }
    this.messages = joined;
  }

  /** @param {number} seq @param {(message: Message) => Message} change */
  replace(seq, change) {
    const index = this.indexOf(seq);
    if (index < 0) return false;
    this.messages[index] = change(this.messages[index]);
    return true;
  }

  /**
   * What an event does to messages that are held (protocol.md, chapter 4). A posted one that begins a thread is not
   * this method's: see `append`.
   * @param {import("./types.js").EventRecord} event
   */
  apply({ name, data, seq, at, by }) {
    switch (name) {
      case "message_posted":
        return (
          data.thread !== undefined && data.thread !== null &&
          this.replace(data.thread, (message) => ({ ...message, replies: message.replies + 1, last_reply: { seq, at, by } }))
        );
      case "message_edited":
        return this.replace(data.message, (message) => ({
          ...message, text: data.text ?? "", mentions: data.mentions ?? [], revision: data.revision,
        }));
      case "message_redacted":
        return this.replace(data.message, (message) => ({
          ...message, text: "", mentions: [], redacted: true, by_staff: Boolean(data.by_staff), reason: data.reason ?? "",
        }));
      case "thread_resolved":
        return this.replace(data.thread, (message) => ({ ...message, resolved: true }));
      case "message_hidden":
        return this.replace(data.message, (message) => ({ ...message, hidden: data.reason }));
      case "message_unhidden":
        return this.replace(data.message, (message) => ({ ...message, hidden: null }));
      case "answer_endorsed":
        return this.replace(data.message, (message) => ({
          ...message, endorsed: { ...message.endorsed, [data.reason]: (message.endorsed?.[data.reason] ?? 0) + 1 },
        }));
      case "mind_changed":
        return this.replace(data.because, (message) => ({ ...message, minds_changed: (message.minds_changed ?? 0) + 1 }));
      case "thread_reopened":
        return this.replace(data.thread, (message) => ({ ...message, resolved: false }));
      default:
        return false;
    }
  }
}

/** A message with the keys that were left out because they have their default value. @param {Message} message @returns {Message} */
function whole(message) {
  if ("replies" in message && "mentions" in message && "revision" in message) return message;
  return Object.assign({ text: "", revision: 0, redacted: false, mentions: [], reply_to: null, thread: null, replies: 0, last_reply: null, resolved: false }, message);
}

/** An event as a message. @param {import("./types.js").EventRecord} event @returns {Message} */
export function messageOf({ seq, at, by, data }) {
  return {
    seq, at, by, text: data.text ?? "", revision: 0, redacted: Boolean(data.redacted), mentions: data.mentions ?? [],
    reply_to: data.reply_to ?? null, thread: data.thread ?? null, replies: 0, last_reply: null, resolved: false,
    kind: data.kind ?? "", question: data.question ?? null, held_at: data.held_at ?? null, source: data.source ?? null,
  };
}
