// State for reading: what a snapshot holds and how each event changes it. The twin of
// server/tertulia/domain/view.py; tests/vectors hold the same cases for both.
//
// A view is changed in place, but a message and a tally never are: they are replaced, so that `===` tells a
// program that draws them what is new.

/** @typedef {import("./types.js").EventRecord} EventRecord */
/** @typedef {import("./types.js").Message} Message */
/** @typedef {(view: any, data: any, record: EventRecord, keep?: any) => any} Apply */

export const SNAPSHOT_MESSAGES = 50;
const SNAPSHOT_MENTIONS = 50;

const has = Object.hasOwn;

const newMessage = () => ({
  revision: 0,
  redacted: false,
  mentions: [],
  reply_to: null,
  thread: null,
  replies: 0,
  last_reply: null,
  resolved: false,
});

const newSettings = () => ({ kind: "discussion", topic: "", emoji: [], slow_mode_s: 0 });

const newListing = () => ({ kind: "discussion", closed: false });

/**
 * The state of a stream at seq 0.
 * @param {string} stream
 * @returns {any}
 */
export function newView(stream) {
  const [kind, owner, part] = stream.split("/");
  if (part) return {};
  if (kind === "room") {
    const settings = { cohort: "", name: "", ...newSettings(), locked: false, closed: false };
    return { room: owner, ...settings, messages: [], pins: [], tallies: {}, has_more: false };
  }
  if (kind === "cohort") {
    return { cohort: owner, name: "", course: "", course_name: "", rooms: [], members: {}, member_count: 0 };
  }
  return { markers: {}, mentions: [] };
}

/**
 * A snapshot's state with the keys that were left out because they have their default value.
 * @param {string} stream
 * @param {any} state
 */
export function fullView(stream, state) {
  const view = { ...newView(stream), ...state };
  view.messages = view.messages?.map(fullMessage);
  view.rooms = view.rooms?.map((/** @type {any} */ room) => ({ ...newListing(), ...room }));
  view.mentions = view.mentions?.map((/** @type {any} */ mention) => ({ thread: null, ...mention }));
  for (const list of ["messages", "rooms", "mentions"]) if (!view[list]) delete view[list];
  return view;
}

/** @param {any} message @returns {Message} */
export const fullMessage = (message) => ({ ...newMessage(), ...message });

/**
 * Fold an event or a tally into the view of its stream. What is unknown changes nothing.
 * @param {string} stream
 * @param {any} view
 * @param {any} record
 * @param {number} [keep] how many messages a room's view holds
 */
export function fold(stream, view, record, keep = SNAPSHOT_MESSAGES) {
  const [kind, , part] = stream.split("/");
  if (part) return;
  if (record.type === "tally") foldTally(view, record.tallies);
  else FOLDS[kind]?.[record.name]?.(view, record.data, record, keep);
}

/**
 * Keep a page of a thread up to date: give it every event of its room and every tally and mine.
 * @param {import("./types.js").Thread} thread
 * @param {any} record
 * @returns {boolean} whether the thread changed
 */
export function applyThread(thread, record) {
  if (record.type === "tally") return foldTally(thread, record.tallies);
  if (record.type === "mine") return foldMine(thread, record.reactions);
  if (record.type !== "event" || record.seq <= thread.seq) return false;
  thread.seq = record.seq;
  if (record.name !== "message_posted") return !!OF_MESSAGE[record.name]?.(thread, record.data, record);
  if (record.data.thread !== thread.thread) return false;
  countReply(thread, record.data, record);
  // With more pages to come, this reply comes with the last of them.
  if (!thread.has_after) thread.messages.push(messageOf(record));
  return true;
}

/**
 * My own reactions to those messages that are shown.
 * @param {any} view
 * @param {{[message: string]: string[]}} reactions
 */
export function foldMine(view, reactions) {
  let changed = false;
  for (const seq of Object.keys(reactions)) {
    if (!isShown(view, +seq)) continue;
    changed = true;
    view.mine[seq] = reactions[seq];
  }
  return changed;
}

/** @param {any} view @param {import("./types.js").Tallies} tallies */
function foldTally(view, tallies) {
  let changed = false;
  for (const seq of Object.keys(tallies)) {
    if (!isShown(view, +seq)) continue;
    changed = true;
    if (Object.keys(tallies[seq]).length) view.tallies[seq] = tallies[seq];
    else delete view.tallies[seq];
  }
  return changed;
}

/** @param {any} view @param {number} seq @returns {boolean} */
const isShown = (view, seq) => view.messages.some((/** @type {Message} */ message) => message.seq === seq);

/**
 * Put a changed copy in the place of message `seq`, if it is shown.
 * @param {any} view
 * @param {number} seq
 * @param {(message: Message) => Partial<Message>} changes
 */
function changeMessage(view, seq, changes) {
  const place = view.messages.findIndex((/** @type {Message} */ message) => message.seq === seq);
  if (place < 0) return false;
  view.messages[place] = { ...view.messages[place], ...changes(view.messages[place]) };
  return true;
}

/** @param {EventRecord} record @returns {Message} */
function messageOf({ seq, at, by, data }) {
  const { text = "", mentions = [], redacted = false, reply_to = null, thread = null } = data;
  return fullMessage({ seq, at, by, text, mentions, redacted, reply_to, thread });
}

/** @type {Apply} */
const countReply = (view, { thread }, { seq, at, by }) =>
  changeMessage(view, thread, ({ replies }) => ({ replies: replies + 1, last_reply: { seq, at, by } }));

/** @param {any} view @param {number} seq */
const unpin = (view, seq) => (view.pins = view.pins.filter((/** @type {number} */ pin) => pin !== seq));

/** @param {any} view @param {any} data @param {any} names those that have a value are copied */
function pick(view, data, names) {
  for (const name of Object.keys(names)) view[name] = data[name] ?? view[name];
}

/** @param {string} name @param {boolean} value @returns {Apply} */
const set = (name, value) => (view) => (view[name] = value);

/** @param {boolean} resolved @returns {Apply} */
const resolve = (resolved) => (view, { thread }) => changeMessage(view, thread, () => ({ resolved }));

/** What happens to a message, wherever it is shown. No prototype: an event may have any name.
 * @type {{[name: string]: Apply}} */
const OF_MESSAGE = {
  // @ts-ignore TypeScript knows no prototypes in literals
  __proto__: null,
  message_edited: (view, { message, text = "", mentions = [], revision }) =>
    changeMessage(view, message, () => ({ text, mentions, revision })),
  message_redacted(view, { message }) {
    delete view.tallies[message];
    return changeMessage(view, message, () => ({ text: "", mentions: [], redacted: true }));
  },
  thread_resolved: resolve(true),
  thread_reopened: resolve(false),
};

/** @type {{[name: string]: Apply}} */
const OF_ROOM = {
  // @ts-ignore
  __proto__: null,
  ...OF_MESSAGE,
  room_created(view, data) {
    Object.assign(view, newSettings());
    pick(view, data, { cohort: 0, name: 0, ...newSettings() });
  },
  room_changed: (view, data) => pick(view, data, { name: 0, topic: 0, emoji: 0, slow_mode_s: 0 }),
  room_locked: set("locked", true),
  room_unlocked: set("locked", false),
  room_closed: set("closed", true),
  room_opened: set("closed", false),
  message_posted(view, data, record, keep) {
    if (data.thread != null) return countReply(view, data, record);
    view.messages.push(messageOf(record));
    while (view.messages.length > keep) {
      delete view.tallies[view.messages.shift().seq];
      view.has_more = true;
    }
  },
  message_redacted(view, data, record) {
    // A pin may name a message that is not shown.
    unpin(view, data.message);
    OF_MESSAGE.message_redacted(view, data, record);
  },
  message_pinned: (view, { message }) => unpin(view, message) && view.pins.push(message),
  message_unpinned: (view, { message }) => unpin(view, message),
};

/** @type {Apply} */
function enter(view, { person, name, role }) {
  view.members[person] = { name, role };
  view.member_count++;
}

/** @param {string} key @returns {Apply} */
const changeMember = (key) => (view, data) => {
  // A snapshot lists only so many members.
  if (has(view.members, data.person)) view.members[data.person][key] = data[key];
};

/** @type {{[name: string]: Apply}} */
const OF_COHORT = {
  // @ts-ignore
  __proto__: null,
  cohort_created: (view, data) => pick(view, data, { name: 0, course: 0, course_name: 0 }),
  room_listed(view, { room, name, kind, closed }) {
    const listing = { room, name, ...newListing() };
    pick(listing, { kind, closed }, newListing());
    const place = view.rooms.findIndex((/** @type {any} */ listed) => listed.room === room);
    view.rooms[place < 0 ? view.rooms.length : place] = listing;
  },
  member_joined: enter,
  member_returned: enter,
  member_renamed: changeMember("name"),
  role_changed: changeMember("role"),
  member_left(view, { person }) {
    delete view.members[person];
    view.member_count--;
  },
};

/** @type {{[name: string]: Apply}} */
const OF_USER = {
  // @ts-ignore
  __proto__: null,
  read_marked(view, { room, seq, thread }) {
    if (!has(view.markers, room)) view.markers[room] = {};
    const place = thread ?? "";
    view.markers[room][place] = Math.max(view.markers[room][place] ?? 0, seq);
  },
  mentioned(view, { room, message, thread = null }, { at, by }) {
    view.mentions.push({ room, message, thread, at, by });
    view.mentions = view.mentions.slice(-SNAPSHOT_MENTIONS);
  },
};

/** @type {{[kind: string]: {[name: string]: Apply}}} */
const FOLDS = { room: OF_ROOM, cohort: OF_COHORT, user: OF_USER };
