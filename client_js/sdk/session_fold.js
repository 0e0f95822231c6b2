// What readers see of a live session, and what each event changes in it: the twin of fold.py, fold_stage.py and
// staff_fold.py in server/tertulia/domain/session; tests/vectors hold the same cases for both.
//
// The session of a view, its questions, polls and hands are replaced when they change, never changed: `===` tells.

/** @typedef {import("./types.js").SessionView} SessionView */
/** @typedef {import("./types.js").StaffRoomView} StaffRoomView */
/** @typedef {{[key: string]: any}} Data */

const SNAPSHOT_ASKED = 200;
const SNAPSHOT_REPORTS = 50;
const SNAPSHOT_NOTES = 50;

// Defaults, which a record may leave out. Nothing in them is ever changed in place.
const SESSION = {
  ...{ closed_at: null, title: "", mark: null, questions: [], unpublished: {}, answering: null, heard: {} },
  ...{ hands: [], called: null, polls: [], floor: null, teams: null, votes: {} },
};
const QUESTION = {
  ...{ status: "published", highlighted: false, merged_into: null, reason: null, answer: null },
  ...{ media_position_ms: null, accepted: null, reworded: false, hidden: false, to: null },
};
const UNPUBLISHED = { status: "pending", reason: null, merged_into: null };
const POLL = {
  ...{ kind: "single", options: [], anonymous: true, again: null },
  ...{ closed: false, answered: 0, results: [], texts: [] },
};
const MARK = { label: "" };
const FLOOR = { until: null, prompt: "", shown_to: "nobody" };
const TEAMS = { until: null };
const ASKED = { again: false };
const HELD = { kind: "", reply_to: null, thread: null, why: "floor" };
const MINE = { reason: null, note: "" };
const STAFF = {
  ...{ asked: [], held: [], reports: [], notes: [], muted: {}, aliases: {}, unmasked: [] },
  ...{ attended: [], approvals: [], words: [] },
};

/** @param {Data} defaults @param {Data[]} list */
export const fullList = (defaults, list) => list.map((one) => ({ ...defaults, ...one }));

/** @param {Data} defaults @param {{[id: string]: Data}} table */
const fullTable = (defaults, table) =>
  Object.fromEntries(Object.entries(table).map(([id, one]) => [id, { ...defaults, ...one }]));

/** Of `data`, what `defaults` names. @param {Data} defaults @param {Data} data */
const known = (defaults, data) => {
  const picked = { ...defaults };
  for (const name in defaults) if (data[name] != null) picked[name] = data[name];
  return picked;
};

/**
 * A snapshot's session with the keys that were left out.
 * @param {any} session
 * @returns {SessionView | null}
 */
export function fullSession(session) {
  if (!session) return null;
  const view = { ...SESSION, ...session };
  view.questions = fullList(QUESTION, view.questions);
  view.unpublished = fullTable(UNPUBLISHED, view.unpublished);
  view.polls = fullList(POLL, view.polls);
  view.mark &&= { ...MARK, ...view.mark };
  view.floor &&= { ...FLOOR, ...view.floor };
  view.teams &&= { ...TEAMS, ...view.teams };
  return view;
}

/** The state of `room/<id>/staff` with the keys that were left out. @param {any} [state] @returns {StaffRoomView} */
export function fullStaff(state) {
  // A table of its own for each view: its fold changes these.
  const view = { ...STAFF, ...state, muted: { ...state?.muted }, aliases: { ...state?.aliases } };
  return { ...view, asked: fullList(ASKED, view.asked), held: fullList(HELD, view.held) };
}

/** Questions of mine that are not public. @param {{[id: string]: Data}} questions */
export const fullMine = (questions) => fullTable(MINE, questions);

/**
 * Fold one event of a room; the session after it. `text`: of the message of a `question_published`.
 * @param {any} session
 * @param {any} record
 * @param {string} text
 * @returns {SessionView | null}
 */
export function foldSession(session, { name, seq, at, data }, text = "") {
  if (name === "session_opened") return { ...SESSION, opened: seq, opened_at: at, title: data.title ?? "" };
  if (!session || !OF_SESSION[name]) return session;
  const view = { ...session };
  OF_SESSION[name](view, data, { seq, at, text });
  return view;
}

/**
 * What happens to the message of a question: it says something else, is hidden or shown again, or is gone, and the
 * question out of the queue.
 * @param {any} session
 * @param {any} record
 * @returns {SessionView | null}
 */
export function foldMessage(session, { name, data }) {
  const old = session?.questions.find((/** @type {any} */ { message }) => message === data.message);
  if (!old) return session;
  /** @type {any} */
  let changed = { ...old, hidden: name === "message_hidden" };
  if (name === "message_edited") changed = { ...old, text: data.text ?? "" };
  if (name === "message_redacted") changed.text = "";
  const leaves = name === "message_redacted" && ["published", "answering"].includes(old.status);
  if (leaves) changed = { ...changed, status: "withdrawn", reason: null, merged_into: null, to: null };
  const questions = session.questions.map((/** @type {any} */ one) => (one === old ? changed : one));
  return { ...session, questions, answering: leaves && session.answering === old.question ? null : session.answering };
}

// --- a session: `view` is a copy, what is in it is not ---------------------------------------------------------------

/** @param {any} view @param {string} id @returns {any} */
const find = (view, id) => view.questions.find((/** @type {any} */ { question }) => question === id);

/** Put a changed copy in the place of a question, if it was published. @param {any} view @param {string} id
 * @param {Data} changes */
const change = (view, id, changes) => {
  view.questions = view.questions.map((/** @type {any} */ one) => (one.question === id ? { ...one, ...changes } : one));
};

/** The question, published or not, has another status. @param {any} view @param {string} id @param {string} status
 * @param {{reason?: string | null, merged_into?: string | null, to?: string | null}} [what] */
function move(view, id, status, { reason = null, merged_into = null, to = null } = {}) {
  if (view.answering === id && status !== "answering") view.answering = null;
  if (!Object.hasOwn(view.unpublished, id)) return change(view, id, { status, reason, merged_into, to });
  if (status === "published") status = "pending";
  view.unpublished = { ...view.unpublished, [id]: { status, reason, merged_into } };
}

/** @param {any} view @param {string} persona @param {number} times */
function hear(view, persona, times) {
  const before = Object.hasOwn(view.heard, persona) ? view.heard[persona] : Math.max(-times, 0);
  view.heard = { ...view.heard, [persona]: before + times };
}

/** @param {any} view @param {string} whose */
const otherHands = (view, whose) => view.hands.filter((/** @type {any} */ { hand }) => hand !== whose);

/** @param {string} status @returns {Fold} */
const moved = (status) => (view, { question }) => move(view, question, status);

/** @param {string} status */
const isAnswered = (status) => status.startsWith("answered");

/** @typedef {(view: any, data: Data, record: {seq: number, at: number, text: string}) => void} Fold */

/** @type {{[name: string]: Fold}} */
const OF_SESSION = {
  // @ts-ignore TypeScript knows no prototypes in literals
  __proto__: null,
  session_closed(view, _, { at }) {
    if (view.answering != null) move(view, view.answering, "published");
    Object.assign(view, { closed_at: at, answering: null, called: null, hands: [], floor: null });
  },
  session_marked(view, { media_position_ms, label = "" }, { seq, at }) {
    view.mark = { seq, at, media_position_ms, label };
  },

  question_received(view, { question }) {
    move(view, question, "pending");
    if (!find(view, question)) view.unpublished = { ...view.unpublished, [question]: UNPUBLISHED };
  },
  question_published(view, { question, message, asker, asked_at }, { seq, text }) {
    const { [question]: _, ...unpublished } = view.unpublished;
    const others = view.questions.filter((/** @type {any} */ one) => one.question !== question);
    view.unpublished = unpublished;
    view.questions = [...others, { ...QUESTION, question, message, by: asker, text, asked_at, seq }];
  },
  question_merged: (view, { question, into }) => move(view, question, "merged", { merged_into: into }),
  question_unmerged: moved("published"),
  question_reopened: moved("published"),
  question_restored(view, { question, status }) {
    const one = find(view, question);
    if (one && isAnswered(one.status)) {
      change(view, question, { answer: null });
      if (!isAnswered(status)) {
        hear(view, one.by, -1);
        change(view, question, { media_position_ms: null, accepted: null });
      }
    }
    move(view, question, status);
    if (status === "answering") view.answering = question;
  },
  question_highlighted: (view, { question, on = true }) => change(view, question, { highlighted: on }),
  question_reworded: (view, { question }) => change(view, question, { reworded: true }),
  question_answering(view, { question }) {
    if (view.answering != null && view.answering !== question) move(view, view.answering, "published");
    move(view, question, "answering");
    view.answering = question;
  },
  question_answered(view, { question, message = null, media_position_ms = null }) {
    const one = find(view, question);
    if (!one) return;
    if (!isAnswered(one.status)) {
      hear(view, one.by, 1);
      change(view, question, { media_position_ms });
    }
    change(view, question, { answer: message });
    move(view, question, message == null ? "answered_live" : "answered_text");
  },
  question_dismissed: (view, { question, reason }) => move(view, question, "dismissed", { reason }),
  question_withdrawn: moved("withdrawn"),
  question_carried: (view, { question, to }) => move(view, question, "carried", { to }),
  answer_accepted: (view, { question, message }) => change(view, question, { accepted: message }),

  hand_raised(view, { hand }, { at }) {
    view.hands = [...otherHands(view, hand), { hand, at }];
  },
  hand_lowered(view, { hand, why }) {
    view.hands = otherHands(view, hand);
    if (view.called === hand) view.called = null;
    if (why === "heard") hear(view, hand, 1);
  },
  hand_called(view, { hand }) {
    view.called = hand;
  },

  poll_opened(view, data, { seq, at }) {
    view.polls = [...view.polls, { ...known(POLL, data), poll: seq, at, text: data.text }];
  },
  poll_closed(view, { poll, answered, results = [], texts = [] }) {
    const closed = { closed: true, answered, results, texts };
    view.polls = view.polls.map((/** @type {any} */ one) => (one.poll === poll ? { ...one, ...closed } : one));
  },

  floor_held(view, data, { seq }) {
    view.floor = { seq, ...known(FLOOR, data) };
  },
  floor_released(view) {
    view.floor = null;
  },
  teams_formed(view, { teams, how = "random", until = null }) {
    const shown = teams.map((/** @type {any} */ { room, name, people }) => ({ room, name, people }));
    view.teams = { teams: shown, how, until };
  },
  teams_recalled(view) {
    view.teams = null;
  },
};

// --- staff, and one's own ------------------------------------------------------------------------------------------

/** @typedef {{[name: string]: (view: any, data: Data, record: any) => any}} Folds */

/** What happens in `room/<id>/staff`. @type {Folds} */
export const OF_STAFF = {
  // @ts-ignore
  __proto__: null,
  question_asked(view, { question, text = "", again = false }, { by, at }) {
    const others = view.asked.filter((/** @type {any} */ one) => one.question !== question);
    view.asked = [...others, { question, by, text, at, again }].slice(-SNAPSHOT_ASKED);
  },
  question_reworded(view, { question, text = "" }) {
    view.asked = view.asked.map((/** @type {any} */ one) => (one.question === question ? { ...one, text } : one));
  },
  message_held(view, data, { seq, by, at }) {
    view.held = [...view.held, { held: seq, by, at, text: data.text ?? "", ...known(HELD, data) }];
  },
  held_released(view, { held }) {
    view.held = view.held.filter((/** @type {any} */ one) => !held.includes(one.held));
  },
  held_rejected(view, { held }) {
    view.held = view.held.filter((/** @type {any} */ one) => one.held !== held);
  },
  message_reported(view, { message, reason }, { seq, at, by }) {
    view.reports = [...view.reports, { seq, at, by, message, reason }].slice(-SNAPSHOT_REPORTS);
  },
  staff_noted(view, { text }, { seq, at, by }) {
    view.notes = [...view.notes, { seq, at, by, text }].slice(-SNAPSHOT_NOTES);
  },
  member_muted: (view, { person, until }) => (view.muted[person] = until),
  member_unmuted: (view, { person }) => delete view.muted[person],
  alias_taken: (view, { alias, person }) => (view.aliases[alias] = person),
  alias_unmasked(view, { alias, person }) {
    view.aliases[alias] = person;
    view.unmasked = [...new Set([...view.unmasked, alias])];
  },
  attendance_noted(view, { people }) {
    view.attended = [...new Set([...view.attended, ...people])];
  },
  approval_required(view, { person, alias, on = true }) {
    const whom = person ?? alias ?? "";
    view.approvals = view.approvals.filter((/** @type {string} */ one) => one !== whom).concat(on ? whom : []);
  },
  word_filter_set(view, { words }) {
    view.words = words;
  },
};

/** @type {Folds[""]} */
const forget = (view, { question }) => delete view.questions[question];

/** What is told in `user/<id>` of my alias, and of my questions that are not public. @type {Folds} */
export const OF_MINE = {
  // @ts-ignore
  __proto__: null,
  alias_taken(view, { room, alias }) {
    view.aliases[room] = alias;
  },
  question_asked(view, { question, room, text = "" }, { at }) {
    view.questions[question] = { ...MINE, question, room, text, status: "pending", at };
  },
  question_dismissed(view, { question, reason, note = "" }) {
    if (!Object.hasOwn(view.questions, question)) return;
    view.questions[question] = { ...view.questions[question], status: "dismissed", reason, note };
  },
  question_restored(view, data) {
    if (data.status !== "pending") forget(view, data, null);
    else if (Object.hasOwn(view.questions, data.question))
      view.questions[data.question] = { ...view.questions[data.question], ...MINE, status: "pending" };
  },
  question_published: forget,
  question_merged: forget,
  question_reopened: forget,
  question_withdrawn: forget,
};
