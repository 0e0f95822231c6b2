// State for reading: what a snapshot holds and how each event changes it. The twin of
// server/tertulia/domain/view.py; tests/vectors hold the same cases for both.
//
// A view is changed in place, but a message and a tally never are: they are replaced, so that `===` tells a
// program that draws them what is new.

/** @typedef {import("./types.js").Message} Message */
/** @typedef {{[name: string]: (view: any, data: any, record: any) => any}} Folds */

import { foldMessage, foldSession, OF_MINE, OF_STAFF } from "./session_fold.js";
import { fullList, fullMine, fullSession, fullStaff } from "./session_fold.js";

const SNAPSHOT_MESSAGES = 50;
const SNAPSHOT_MENTIONS = 50;

// Defaults, which a record may leave out. Nothing in them is ever changed in place.
const SETTINGS = {
  ...{ kind: "discussion", topic: "", emoji: [], slow_mode_s: 0, slow_modes: {}, anonymity: "off" },
  ...{ approve_questions: false, hands_order: "first_raised", parent: null },
};
const LISTED = { kind: "discussion", closed: false };
const EMPTY = { text: "", mentions: [] };
const MESSAGE = {
  ...EMPTY,
  ...{ revision: 0, redacted: false, reply_to: null, thread: null },
  ...{ replies: 0, last_reply: null, resolved: false, kind: "", question: null, held_at: null, source: null },
  ...{ hidden: null, endorsed: {}, minds_changed: 0 },
};
const CHANGEABLE = "name topic emoji slow_mode_s slow_modes anonymity approve_questions hands_order";
/** @type {{[list: string]: object}} */
const ITEMS = { messages: MESSAGE, rooms: LISTED, mentions: { thread: null } };

/**
 * The state of a stream at seq 0.
 * @param {string} stream
 * @returns {any}
 */
export function newView(stream) {
  const [kind, owner, part] = stream.split("/");
  if (part) return kind === "room" && part === "staff" ? fullStaff() : {};
  if (kind === "room") {
    const settings = { room: owner, cohort: "", name: "", ...SETTINGS, locked: false, closed: false };
    return { ...settings, messages: [], pins: [], tallies: {}, has_more: false, session: null };
  }
  if (kind === "cohort") {
    return { cohort: owner, name: "", course: "", course_name: "", rooms: [], members: {}, member_count: 0 };
  }
  return { markers: {}, mentions: [], aliases: {}, questions: {} };
}

/**
 * A snapshot's state with the keys that were left out because they have their default value.
 * @param {string} stream
 * @param {any} state
 */
export function fullView(stream, state) {
  const fresh = newView(stream);
  if (fresh.asked) return fullStaff(state);
  const view = { ...fresh, ...state };
  view.session &&= fullSession(view.session);
  view.questions &&= fullMine(view.questions);
  for (const list in ITEMS) view[list] &&= fullList(ITEMS[list], view[list]);
  return view;
}

/**
 * Fold an event or a tally into the view of its stream. What is unknown changes nothing.
 * @param {string} stream
 * @param {any} view
 * @param {any} record
 */
export function fold(stream, view, record) {
  const [kind, , part] = stream.split("/");
  if (record.tallies) return void foldShown(view, view.tallies, record.tallies);
  FOLDS[part ? `${kind}/${part}` : kind]?.[record.name]?.(view, record.data, record);
  if (kind === "room" && !part) view.session = sessionAfter(view, record);
}

/**
 * The session of a room's view after an event that was folded into the rest of it.
 * @param {any} view
 * @param {any} record
 */
function sessionAfter({ session, messages }, record) {
  const { name, data } = record;
  if (/^message_(edited|redacted|hidden|unhidden)$/.test(name)) return foldMessage(session, record);
  const asked = name === "question_published" && messages.find((/** @type {Message} */ { seq }) => seq === data.message);
  return foldSession(session, record, asked?.text);
}

/**
 * Keep a page of a thread up to date: give it every event of its room and every tally and mine.
 * @param {import("./types.js").Thread} thread
 * @param {any} record
 * @returns {boolean} whether the thread changed
 */
export function applyThread(thread, record) {
  const { seq, name, data, tallies, reactions } = record;
  if (tallies) return foldShown(thread, thread.tallies, tallies);
  if (reactions) return foldShown(thread, thread.mine, reactions);
  if (!(seq > thread.seq)) return false;
  thread.seq = seq;
  if (name !== "message_posted") return !!OF_MESSAGE[name]?.(thread, data, record);
  if (data.thread !== thread.thread) return false;
  countReply(thread, data, record);
  // With more pages to come, this reply comes with the last of them.
  if (!thread.has_after) thread.messages.push(messageOf(record));
  return true;
}

/**
 * Tallies, or my own reactions, of those messages that are shown. An empty one goes.
 * @param {any} view
 * @param {any} kept
 * @param {any} told
 */
export function foldShown(view, kept, told) {
  let isChanged = false;
  for (const { seq } of view.messages) {
    if (!told[seq]) continue;
    isChanged = true;
    if (Object.keys(told[seq]).length) kept[seq] = told[seq];
    else delete kept[seq];
  }
  return isChanged;
}

/**
 * Put a changed copy in the place of message `seq`, if it is shown.
 * @param {any} view
 * @param {number} seq
 * @param {(message: Message) => object} changes
 */
function change({ messages }, seq, changes) {
  const place = messages.findIndex((/** @type {Message} */ message) => message.seq === seq);
  if (place < 0) return false;
  messages[place] = { ...messages[place], ...changes(messages[place]) };
  return true;
}

/** @template T @param {T} target @param {any} data @param {string} names those that have a value are copied */
function pick(target, data, names) {
  for (const name of names.split(" ")) if (data[name] != null) /** @type {any} */ (target)[name] = data[name];
  return target;
}

/** @param {any} record */
const messageOf = ({ seq, at, by, data }) =>
  pick({ seq, at, by, ...MESSAGE }, data, "text mentions redacted reply_to thread kind question held_at source");

/** @param {any} view @param {any} data @param {any} record */
const countReply = (view, { thread }, { seq, at, by }) =>
  change(view, thread, ({ replies }) => ({ replies: replies + 1, last_reply: { seq, at, by } }));

/** @param {any} view @param {any} data */
const unpin = (view, { message }) =>
  (view.pins = view.pins.filter((/** @type {number} */ pin) => pin !== message));

/** @param {object} changes */
const set = (changes) => (/** @type {any} */ view) => Object.assign(view, changes);

/** @param {boolean} resolved @returns {Folds[""]} */
const resolve = (resolved) => (view, { thread }) => change(view, thread, () => ({ resolved }));

// Tables without a prototype: an event may have any name.

/** What happens to a message, wherever it is shown. @type {Folds} */
const OF_MESSAGE = {
  // @ts-ignore TypeScript knows no prototypes in literals
  __proto__: null,
  message_edited: (view, data) =>
    change(view, data.message, () => pick({ ...EMPTY }, data, "text mentions revision")),
  message_redacted(view, { message }) {
    delete view.tallies[message];
    return change(view, message, () => ({ ...EMPTY, redacted: true }));
  },
  thread_resolved: resolve(true),
  thread_reopened: resolve(false),
  message_hidden: (view, { message, reason }) => change(view, message, () => ({ hidden: reason })),
  message_unhidden: (view, { message }) => change(view, message, () => ({ hidden: null })),
  answer_endorsed: (view, { message, reason }) =>
    change(view, message, ({ endorsed }) => ({ endorsed: { ...endorsed, [reason]: (endorsed[reason] ?? 0) + 1 } })),
  mind_changed: (view, { because }) =>
    change(view, because, ({ minds_changed }) => ({ minds_changed: minds_changed + 1 })),
};

/** @type {Folds} */
const OF_ROOM = {
  // @ts-ignore
  __proto__: null,
  ...OF_MESSAGE,
  room_created: (view, data) =>
    pick(Object.assign(view, SETTINGS), data, `cohort kind parent ${CHANGEABLE}`),
  room_changed: (view, data) => pick(view, data, CHANGEABLE),
  room_locked: set({ locked: true }),
  room_unlocked: set({ locked: false }),
  room_closed: set({ closed: true }),
  room_opened: set({ closed: false }),
  message_posted(view, data, record) {
    if (data.thread != null) countReply(view, data, record);
    else view.messages.push(messageOf(record));
    if (view.messages.length > SNAPSHOT_MESSAGES) {
      delete view.tallies[view.messages.shift().seq];
      view.has_more = true;
    }
  },
  message_redacted(view, data, record) {
    // A pin may name a message that is not shown.
    unpin(view, data);
    OF_MESSAGE.message_redacted(view, data, record);
  },
  message_pinned: (view, data) => unpin(view, data) && view.pins.push(data.message),
  message_unpinned: unpin,
};

/** @type {Folds[""]} */
const enter = (view, { person, name, role }) => {
  view.members[person] = { name, role };
  view.member_count++;
};

/** @type {Folds[""]} */
const changeMember = (view, data) => {
  // A snapshot lists only so many members.
  if (Object.hasOwn(view.members, data.person)) pick(view.members[data.person], data, "name role");
};

/** @type {Folds} */
const OF_COHORT = {
  // @ts-ignore
  __proto__: null,
  cohort_created: (view, data) => pick(view, data, "name course course_name"),
  room_listed({ rooms }, data) {
    const place = rooms.findIndex((/** @type {any} */ { room }) => room === data.room);
    rooms[place < 0 ? rooms.length : place] = pick({ ...LISTED }, data, "room name kind closed");
  },
  member_joined: enter,
  member_returned: enter,
  member_renamed: changeMember,
  role_changed: changeMember,
  member_left(view, { person }) {
    delete view.members[person];
    view.member_count--;
  },
};

/** @type {Folds} */
const OF_USER = {
  // @ts-ignore
  __proto__: null,
  ...OF_MINE,
  read_marked({ markers }, { room, seq, thread }) {
    if (!Object.hasOwn(markers, room)) markers[room] = {};
    const place = thread ?? "";
    if (!(markers[room][place] >= seq)) markers[room][place] = seq;
  },
  mentioned(view, { room, message, thread = null }, { at, by }) {
    view.mentions = [...view.mentions, { room, message, thread, at, by }].slice(-SNAPSHOT_MENTIONS);
  },
};

/** @type {{[kind: string]: Folds}} */
const FOLDS = { room: OF_ROOM, "room/staff": OF_STAFF, cohort: OF_COHORT, user: OF_USER };
