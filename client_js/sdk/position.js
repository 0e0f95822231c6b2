// A place in a stream. What is not here: who keeps one (followed.js).

/**
 * Epoch and seq belong together: a seq alone says nothing about another incarnation of the log.
 * @param {string} epoch
 * @param {number} seq
 * @returns {import("./types.js").Position}
 */
export function makePosition(epoch, seq) {
  if (!epoch || !Number.isSafeInteger(seq)) throw new TypeError(`not a position: ${epoch}:${seq}`);
  return Object.freeze({ epoch, seq });
}
