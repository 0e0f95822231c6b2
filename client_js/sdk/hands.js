// Whose hand is up, the next to be called first: the twin of `hands_in_order` in
// server/tertulia/domain/session/hands.py.

/**
 * @template {{hand: string}} T
 * @param {T[]} hands in the order of the log, which decides between equals
 * @param {{readonly [persona: string]: number}} heard how often each was heard this session
 * @param {"first_raised" | "least_heard"} order
 * @returns {T[]}
 */
export function handsInOrder(hands, heard, order) {
  const times = (/** @type {T} */ { hand }) => (Object.hasOwn(heard, hand) ? heard[hand] : 0);
  return order === "first_raised" ? [...hands] : [...hands].sort((a, b) => times(a) - times(b));
}
