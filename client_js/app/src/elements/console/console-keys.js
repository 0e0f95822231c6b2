/** The console's keys, as data: what they do, where, and the table that tells. */

/** @typedef {{keys: string[], what: string, act?: string, lists?: import("./rows.js").List[]}} Key
 * `lists`: where a row must have the focus; without, it works everywhere. `act`: a method of ConsoleActions */

/** @type {Key[]} */
export const EVERYWHERE = [
  { keys: ["j", "ArrowDown"], what: "key_next_row" },
  { keys: ["k", "ArrowUp"], what: "key_previous_row" },
  { keys: ["F6"], what: "key_next_card" },
  { keys: ["x"], what: "key_answered", act: "answered" },
  { keys: ["t"], what: "key_answered_text", act: "answeredInText" },
  { keys: ["h"], what: "key_next_hand", act: "callNext" },
  { keys: ["o"], what: "key_poll", act: "createPoll" },
  { keys: ["f"], what: "key_floor", act: "floor" },
  { keys: ["u"], what: "key_undo", act: "undoLast" },
  { keys: ["?"], what: "key_keys", act: "showKeys" },
];

/** @type {Key[]} */
export const ON_ROW = [
  { keys: ["p"], what: "key_publish", act: "publish", lists: ["approve"] },
  { keys: ["a"], what: "key_answer", act: "answer", lists: ["fair"] },
  { keys: ["s"], what: "key_highlight", act: "highlight", lists: ["fair"] },
  { keys: ["r"], what: "key_reword", act: "reword", lists: ["approve", "fair"] },
  { keys: ["m"], what: "key_merge", act: "merge", lists: ["approve", "fair"] },
  { keys: ["d"], what: "key_dismiss", act: "dismiss", lists: ["approve", "fair"] },
  { keys: ["c"], what: "key_call", act: "call", lists: ["hands"] },
  { keys: ["l"], what: "key_lower", act: "lower", lists: ["hands"] },
];

const SHOWN = /** @type {Record<string, string>} */ ({ ArrowDown: "↓", ArrowUp: "↑" });

/** For `<tt-dialogs>`: the table of all keys. @param {import("../ui.js").T} t */
export function keySheet(t) {
  const rows = (/** @type {Key[]} */ keys) => keys.map(({ keys: names, what }) => /** @type {[string[], string]} */ ([names.map((name) => SHOWN[name] ?? name.toUpperCase()), t(what)]));
  return { title: t("keys_console"), parts: [{ title: t("keys_row"), rows: rows(ON_ROW) }, { title: t("keys_everywhere"), rows: rows(EVERYWHERE) }] };
}

/**
 * What a key means here.
 * @param {string} key
 * @param {import("./rows.js").List | null} list the one whose row has the focus
 * @returns {Key | null}
 */
export function keyFor(key, list) {
  const name = key.length === 1 ? key.toLowerCase() : key;
  const onRow = ON_ROW.find(({ keys, lists }) => keys.includes(name) && list !== null && lists?.includes(list));
  return onRow ?? EVERYWHERE.find(({ keys }) => keys.includes(name)) ?? null;
}
