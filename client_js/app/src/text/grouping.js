/** Which messages stand together, and where a line is drawn between them. Pure. */
import { dayNumber } from "./times.js";

const TOGETHER_MS = 5 * 60_000;

/**
 * @typedef {object} Shown
 * @property {import("../model/types.js").Message} message
 * @property {boolean} joined  follows one of the same person closely: no name, no avatar
 * @property {boolean} newDay
 * @property {boolean} firstUnread
 */

/**
 * @param {readonly import("../model/types.js").Message[]} messages oldest first
 * @param {number | null} unreadFrom the seq before which the unread line stands
 * @returns {Shown[]}
 */
export function group(messages, unreadFrom) {
  /** @type {Shown[]} */
  const shown = [];
  let before = /** @type {import("../model/types.js").Message | null} */ (null);
  let lineDrawn = false;
  for (const message of messages) {
    const newDay = !before || dayNumber(before.at) !== dayNumber(message.at);
    const firstUnread = unreadFrom !== null && !lineDrawn && message.seq >= unreadFrom;
    if (firstUnread) lineDrawn = true;
    const joined =
      !newDay && !firstUnread && before !== null && before.by === message.by && !before.redacted &&
      !(before.replies > 0) && message.at - before.at < TOGETHER_MS;
    shown.push({ message, joined, newDay, firstUnread });
    before = message;
  }
  return shown;
}
