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

/**
 * What the event `seq` is to someone at `position`.
 * @param {import("./types.js").Position} position
 * @param {number} seq
 * @returns {"next" | "old" | "hole"}
 */
export function compare(position, seq) {
  return seq === position.seq + 1 ? "next" : seq > position.seq ? "hole" : "old";
}
