// Shapes only; nothing here runs. The words are those of protocol.md.

/** A place in a stream: one value, never a seq without its epoch.
 * @typedef {Readonly<{epoch: string, seq: number}>} Position */

/** Where to begin a stream: after a position; "head", with what comes next; null, with a snapshot.
 * @typedef {Position | "head" | null} From */

/** @typedef {"full" | "head"} Level */

/** Anything the server sends; told apart by `type`. Unknown types and keys are ignored.
 * @typedef {{type: string, [key: string]: any}} WireRecord */

/** @typedef {{type: "event", stream: string, seq: number, at: number, by: string, name: string,
 *   data: {[key: string]: any}}} EventRecord */

/** @typedef {{result: "ok" | "gap" | "reset" | "denied", epoch?: string, seq?: number, code?: string}} Result */

/** @typedef {{seq: number, at: number, by: string, text: string, revision: number, redacted: boolean,
 *   mentions: string[], reply_to: number | null, thread: number | null, replies: number,
 *   last_reply: {seq: number, at: number, by: string} | null, resolved: boolean, kind: string,
 *   question: string | null, held_at: number | null, source: string | null, hidden: string | null,
 *   endorsed: {[reason: string]: number}, minds_changed: number}} Message */

/** @typedef {{[message: string]: {[emoji: string]: number}}} Tallies */

/** @typedef {{room: string, cohort: string, name: string, kind: string, topic: string, emoji: string[],
 *   slow_mode_s: number, slow_modes: {[role: string]: number}, anonymity: "off" | "alias" | "anonymous",
 *   approve_questions: boolean, hands_order: "first_raised" | "least_heard", parent: string | null,
 *   locked: boolean, closed: boolean, messages: Message[], pins: number[], tallies: Tallies, has_more: boolean,
 *   session: SessionView | null}} RoomView */

/** @typedef {{question: string, message: number, by: string, text: string, status: string, asked_at: number,
 *   seq: number, highlighted: boolean, merged_into: string | null, reason: string | null, answer: number | null,
 *   media_position_ms: number | null, accepted: number | null, reworded: boolean, hidden: boolean, to: string | null}} QuestionView */

/** @typedef {{poll: number, at: number, text: string, kind: "single" | "multiple" | "scale" | "short",
 *   options: string[], anonymous: boolean, again: number | null, closed: boolean, answered: number,
 *   results: number[], texts: string[]}} PollView */

/** @typedef {{opened: number, opened_at: number, closed_at: number | null, title: string,
 *   mark: {seq: number, at: number, media_position_ms: number, label: string} | null, questions: QuestionView[],
 *   unpublished: {[question: string]: {status: string, reason: string | null, merged_into: string | null}},
 *   answering: string | null, heard: {[persona: string]: number}, hands: {hand: string, at: number}[],
 *   called: string | null, polls: PollView[],
 *   floor: {seq: number, until: number | null, prompt: string, shown_to: "nobody" | "answered"} | null,
 *   teams: {teams: {room: string, name: string, people: string[]}[], how: string, until: number | null} | null,
 *   votes: {[question: string]: number}}} SessionView */

/** State of `room/<id>/staff`.
 * @typedef {{asked: {question: string, by: string, text: string, at: number, again: boolean}[],
 *   held: {held: number, by: string, at: number, text: string, kind: string, reply_to: number | null,
 *   thread: number | null, why: "floor" | "approval"}[],
 *   reports: {seq: number, at: number, by: string, message: number, reason: string}[],
 *   notes: {seq: number, at: number, by: string, text: string}[], muted: {[person: string]: number},
 *   aliases: {[alias: string]: string}, unmasked: string[], attended: string[], approvals: string[],
 *   words: string[]}} StaffRoomView */

/** @typedef {{cohort: string, name: string, course: string, course_name: string,
 *   rooms: {room: string, name: string, kind: string, closed: boolean}[],
 *   members: {[person: string]: {name: string, role: string}}, member_count: number}} CohortView */

/** @typedef {{markers: {[room: string]: {[place: string]: number}},
 *   mentions: {room: string, message: number, thread: number | null, at: number, by: string}[],
 *   aliases: {[room: string]: string}, questions: {[question: string]: {question: string, room: string, text: string,
 *   status: string, at: number, reason: string | null, note: string}}}} UserView */

/** A page of a thread, as `/api/rooms/<room>/threads/<seq>` gives it.
 * @typedef {{thread: number, messages: Message[], tallies: Tallies, mine: {[message: string]: string[]},
 *   has_after: boolean, seq: number}} Thread */

/** @typedef {{count: number, people: string[] | null, roles: {[role: string]: number} | null,
 *   staff: string[] | null}} Presence */

/** Soft state of a room's session. Question → how many voted for it; poll → how many answered it.
 * @typedef {{room: string, votes: {[question: string]: number}, answered?: {[poll: string]: number}}} Votes */

/** For staff: poll → place of the option → how many chose it; how many said what of the pace, if five or more did.
 * @typedef {{room: string, bars?: {[poll: string]: {[place: string]: number}}, pace?: {[pace: string]: number}}} Bars */

/** Mine, all of it: questions voted for, answers to polls, pace.
 * @typedef {{room: string, votes?: string[], answers?: {[poll: string]: {choices?: number[], text?: string}},
 *   pace?: string | null}} MySession */

/** A command without `id` and `key`.
 * @typedef {{type: string, [key: string]: any}} Command */

/** @typedef {{code: string, message: string, retry: "never" | "later" | "reload", after?: number}} Refusal */

/** @typedef {{state: "idle" | "connecting" | "live" | "waiting" | "stopped", online: boolean,
 *   retryAt: number, code: string | number, reason: string}} Status */

/** Time, so that a test can hold it. Milliseconds.
 * @typedef {{now(): number, setTimeout(f: () => void, ms: number): any, clearTimeout(timer: any): void}} Clock */

/** What `localStorage` is.
 * @typedef {Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">} Shelf */

/** What the SDK needs of `window`: `online`, `offline` and `visibilitychange`, and what they are about.
 * @typedef {EventTarget & {document?: {hidden: boolean}, navigator?: {onLine: boolean}}} Page */

/** @typedef {{token: string, expires_at?: number}} Grant */

/** What the parts of a client share: what it was made with, what it knows by now, and each other. Made in client.js.
 * @typedef {{
 *   url: string, token?: string, expiresAt?: number, refresh?: () => Promise<Grant>,
 *   name: string, WebSocket: typeof globalThis.WebSocket, clock: Clock, random: () => number,
 *   shelf?: Shelf, prefix: string,
 *   client: import("./client.js").Client, api: import("./api.js").Api, skew: number,
 *   connection: ReturnType<typeof import("./connection.js").createConnection>,
 *   streams: ReturnType<typeof import("./streams.js").createStreams>,
 *   outbox: ReturnType<typeof import("./outbox.js").createOutbox>,
 *   up(welcome: WireRecord): void, down(): void, heard(record: WireRecord): void, changed(): void,
 *   pauseMs(tries: number): number, pause(tries: number): Promise<void>,
 *   tell(type: string, detail: any): void,
 * }} Core
 * `skew` is the server's clock minus ours; `up`: a link is live, perhaps in place of another; `down`: none is. */

export {};
