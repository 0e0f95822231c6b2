/**
 * The live session of a room: its questions in order, hands, polls, pace, floor and teams, and what of it is mine.
 *
 * What all may know comes with the room's stream and is folded by the SDK (`room.state.session`). What is counted is soft:
 * the records `votes` (to all), `bars` (to staff) and `my_session` (to oneself) say how things are now. What I do is shown
 * at once and put right by the next of these records.
 */
import { fairOrder, newest, popular } from "../../../sdk/fair_order.js";
import { handsInOrder } from "../../../sdk/hands.js";
import { ledger } from "../../../sdk/ledger.js";
import { Observable } from "./observe.js";
import { barsOf, leadsTo } from "./session_counts.js";
import { SessionCommands } from "./session_commands.js";
import { Similar } from "./similar.js";

/** @typedef {import("./types.js").Question} Question */
/** @typedef {import("./types.js").SessionState} SessionState */
/** @typedef {import("./types.js").Poll} Poll */
/** @typedef {import("../../../sdk/fair_order.js").Reason} Reason */
/** @typedef {"fair" | "top" | "new"} Order */

/** @typedef {{question: Question, votes: number, voted: boolean, own: boolean, reason: Reason | null}} QueueRow the reason: for its place */

const QUEUED = new Set(["published", "answering"]);
/** What is shown until a session was opened. @type {SessionState} */
const NOTHING = Object.freeze({
  opened: 0, opened_at: 0, closed_at: null, title: "", mark: null, questions: [], unpublished: {}, answering: null, heard: {},
  hands: [], called: null, polls: [], floor: null, teams: null, votes: {},
});
const ASKED = { status: "published", highlighted: false, merged_into: null, reason: null, answer: null, media_position_ms: null, accepted: null, reworded: false, hidden: false, to: null };
const POLL = { kind: "single", options: [], anonymous: true, again: null, closed: false, answered: 0, results: [], texts: [] };

/** The session of a room. @param {import("./room.js").RoomModel} room */
export function sessionOf(room) {
  return (room.session ??= new SessionModel(room));
}

export class SessionModel extends Observable {
  /** @param {import("./room.js").RoomModel} room */
  constructor(room) {
    super();
    this.room = room;
    this.cohort = room.cohort;
    this.client = room.client;
    this.give = new SessionCommands(this);
    this.similar = new Similar(room);
    /** @type {Order} */
    this.order = "fair";
    /** Question → whether I voted for it, told before the server does. @type {Map<string, boolean>} */
    this.voting = new Map();
    /** Poll → my answer, told before the server does. @type {Map<number, {choices: number[], text: string}>} */
    this.answering = new Map();
    /** My pace, told before the server does. @type {{pace: string | null} | null} */
    this.pacing = null;
    /** Questions of mine that were not taken. @type {any[]} Pendings of the SDK */
    this.refused = [];
    /** Focus is inside the queue: its order stands still. */
    this.held = false;
    /** The order on screen. @type {string[]} */
    this.shown = [];
    /** @type {{view: SessionState, rows: QueueRow[], wanted: string[]} | null} what was derived, until something changes */
    this.derived = null;
    /** When I last said something here, Unix ms of this machine: slow mode counts from it. */
    this.spokeAt = 0;
    /** Mine that wait until the floor is released, or staff let them through. @type {{held: number, text: string}[]} */
    this.kept = [];
    /** A poll that was closed before my eyes: its results stay in view until I put them away. @type {number | null} */
    this.justClosed = null;
    /** A question that the reader wants to see. @type {{question: string, times: number} | null} */
    this.target = null;
    /** What I write is under my alias. Kept, so that a reload unmasks nobody. */
    this.asAlias = this.client.draft(`${room.id}/alias`) === "1";
  }

  changed() {
    this.derived = null;
    super.changed();
  }

  // --- the session ----------------------------------------------------------------------------------------------

  /** With all its keys, and as nothing before the first session. @returns {SessionState} */
  get state() {
    const { session } = /** @type {any} */ (this.room.state ?? {});
    return session ? { ...NOTHING, ...session } : NOTHING;
  }

  get exists() {
    return this.state.opened > 0;
  }

  get isOpen() {
    const { opened, closed_at } = this.state;
    return opened > 0 && closed_at === null;
  }

  /** @returns {"off" | "alias" | "anonymous"} */
  get anonymity() {
    return this.room.state?.anonymity ?? "off";
  }

  /** My alias here, when I have one. @returns {string | null} */
  get alias() {
    return this.cohort.mineState?.aliases?.[this.room.id] ?? null;
  }

  /** @param {string | null | undefined} persona */
  isMine(persona) {
    return Boolean(persona) && this.room.isMine(/** @type {string} */ (persona));
  }

  /**
   * Where the lecture is: the place of the recording when it was marked, else the time since the session was opened.
   * @returns {{ms: number, recorded: boolean}}
   */
  clock(now = this.room.client.now()) {
    const { mark, opened_at, closed_at } = this.state;
    const at = closed_at ?? now;
    if (mark) return { ms: Math.max(0, mark.media_position_ms + at - mark.at), recorded: true };
    return { ms: Math.max(0, at - opened_at), recorded: false };
  }

  // --- questions ------------------------------------------------------------------------------------------------

  /** All that were published. @returns {Question[]} */
  get questions() {
    return this.state.questions.map((question) => /** @type {Question} */ ({ ...ASKED, ...question }));
  }

  /** @param {string} id @returns {Question | null} */
  question(id) {
    const found = this.state.questions.find(({ question }) => question === id);
    return found ? /** @type {Question} */ ({ ...ASKED, ...found }) : null;
  }

  /** The question that is being answered now. */
  get now() {
    return this.state.answering ? this.question(this.state.answering) : null;
  }

  /** The queue as it is to be shown. @returns {QueueRow[]} */
  get queue() {
    const { rows } = this.derive();
    const byId = new Map(rows.map((row) => [row.question.question, row]));
    if (this.held) this.shown = [...this.shown.filter((id) => byId.has(id) || this.question(id)), ...rows.map(({ question }) => question.question).filter((id) => !this.shown.includes(id))];
    else this.shown = this.derive().wanted;
    const { heard } = this.derive().view;
    return this.shown.flatMap((id) => byId.get(id) ?? this.rowOf(/** @type {Question} */ (this.question(id)), null, heard));
  }

  /** The queue stands still although another order is due. */
  get isOrderStale() {
    if (!this.held) return false;
    const { wanted } = this.derive();
    return wanted.length !== this.shown.length || wanted.some((id, place) => id !== this.shown[place]);
  }

  /** Focus came into the queue, or left it. @param {boolean} held */
  hold(held) {
    if (this.held === held) return;
    if (held) this.shown = this.derive().wanted;
    this.held = held;
    this.changed();
  }

  /** Show the order that is due, although focus is inside. */
  showOrder() {
    this.shown = this.derive().wanted;
    this.changed();
  }

  /** @param {Order} order */
  setOrder(order) {
    this.order = order;
    this.shown = this.derive(true).wanted;
    this.changed();
  }

  /** Bring a question into view. @param {string} question */
  show(question) {
    this.target = { question, times: (this.target?.times ?? 0) + 1 };
    this.changed();
  }

  /** Answered ones, the newest first. @returns {QueueRow[]} */
  get answered() {
    const done = this.questions.filter(({ status }) => status.startsWith("answered") || status === "carried");
    return done.reverse().map((question) => this.rowOf(question, null, this.state.heard));
  }

  /** Mine that are not public: they wait for approval, or were dismissed. @returns {import("./types.js").MyQuestion[]} */
  get mineUnseen() {
    const { questions } = this.cohort.mineState ?? {};
    return Object.values(questions ?? {}).filter(({ room }) => room === this.room.id);
  }

  /** Published ones of mine that were dismissed, and not by a stream of my own told already. @returns {Question[]} */
  get mineDismissed() {
    const told = new Set(this.mineUnseen.map(({ question }) => question));
    return this.questions.filter(({ question, status, by }) => status === "dismissed" && this.isMine(by) && !told.has(question));
  }

  /** Mine that are on their way. @returns {any[]} Pendings of the SDK */
  get asking() {
    const { id, client } = this.room;
    return client.outbox.filter(({ command }) => command.type === "ask_question" && command.room === id);
  }

  /** What became of the questions. */
  get ledger() {
    return ledger(this.state);
  }

  /** @param {string} id */
  votesOf(id) {
    const counted = this.room.followed.votes?.votes ?? this.state.votes;
    const wish = this.voting.get(id);
    const change = wish === undefined || wish === this.countedMine(id) ? 0 : wish ? 1 : -1;
    return Math.max(0, (counted[id] ?? 0) + change);
  }

  /** Whether I voted for it, or for one that was merged into it. @param {string} id */
  hasVoted(id) {
    return this.voting.get(id) ?? this.countedMine(id);
  }

  // --- hands, polls, pace ---------------------------------------------------------------------------------------

  /** Raised hands in the room's order. @returns {import("./types.js").Hand[]} */
  get hands() {
    const { hands, heard } = this.state;
    return handsInOrder(hands, heard, this.room.state?.hands_order ?? "first_raised");
  }

  /** Mine, and how many are before it. @returns {{hand: string, place: number} | null} */
  get myHand() {
    const place = this.hands.findIndex(({ hand }) => this.isMine(hand));
    return place < 0 ? null : { hand: this.hands[place].hand, place };
  }

  get isCalled() {
    return this.isMine(this.state.called);
  }

  /** @returns {Poll[]} */
  get polls() {
    return this.state.polls.map((poll) => ({ ...POLL, ...poll }));
  }

  get openPolls() {
    return this.polls.filter(({ closed }) => !closed);
  }

  /** My answer to a poll, if any. @param {number} poll @returns {{choices: number[], text: string} | null} */
  myAnswer(poll) {
    const told = this.room.followed.mySession?.answers?.[poll];
    return this.answering.get(poll) ?? (told ? { choices: told.choices ?? [], text: told.text ?? "" } : null);
  }

  /** How many answered a poll. @param {Poll} poll */
  answeredCount(poll) {
    return poll.closed ? poll.answered : (this.room.followed.votes?.answered?.[poll.poll] ?? 0);
  }

  /** The results of a closed poll, or, for staff, of an open one. @param {Poll} poll @returns {import("./session_counts.js").Bar[] | null} null: not to be seen */
  bars(poll) {
    const told = this.room.followed.bars?.bars?.[poll.poll];
    const results = poll.closed ? poll.results : told ? poll.options.map((_, place) => told[place] ?? 0) : null;
    return results && barsOf(poll, this.polls, results, this.answeredCount(poll));
  }

  /** @returns {string | null} */
  get pace() {
    return this.pacing ? this.pacing.pace : (this.room.followed.mySession?.pace ?? null);
  }

  /** How many said what of the pace; for staff, and empty below five. @returns {Record<string, number>} */
  get paces() {
    return this.room.followed.bars?.pace ?? {};
  }

  /** @param {boolean} on */
  setAsAlias(on) {
    this.asAlias = on;
    this.client.draft(`${this.room.id}/alias`, on ? "1" : "");
    if (on && !this.alias) this.give.takeAlias();
    this.changed();
  }

  // --- floor, slow mode, teams ----------------------------------------------------------------------------------

  /** The team I am in, while there are teams. */
  get myTeam() {
    const me = this.cohort.me.person;
    return this.state.teams?.teams.find(({ people }) => people.includes(me)) ?? null;
  }

  /** How long I must still wait between two messages, ms. */
  slowWait(now = Date.now()) {
    const { state, cohort } = this.room;
    const seconds = state?.slow_modes?.[cohort.me.role] ?? state?.slow_mode_s ?? 0;
    if (!seconds || cohort.isStaff || !this.spokeAt) return 0;
    return Math.max(0, this.spokeAt + seconds * 1000 - now);
  }

  // --- what the server tells ------------------------------------------------------------------------------------

  /** A new word of what is counted: what was told before the server did has served. @param {"votes" | "bars" | "my_session"} type */
  onCounted(type) {
    if (type === "my_session") {
      for (const [id, on] of this.voting) if (this.countedMine(id) === on) this.voting.delete(id);
      const { answers = {}, pace = null } = this.room.followed.mySession ?? {};
      for (const poll of this.answering.keys()) if (answers[poll]) this.answering.delete(poll);
      if (this.pacing?.pace === pace) this.pacing = null;
    }
    this.changed();
  }

  /** @param {import("./types.js").EventRecord} event */
  onEvent(event) {
    if (event.name === "message_posted") {
      if (this.isMine(event.by)) this.spokeAt = Date.now();
      return;
    }
    if (event.name === "session_opened") this.forget();
    if (event.name === "floor_released") this.kept = [];
    if (event.name === "poll_closed") this.justClosed = event.data.poll;
    if (this.cohort.room === this.room) this.announce(event);
    this.changed();
  }

  /** Something of mine is held; or, with a reason, will not be shown. @param {import("./types.js").EventRecord} event */
  onMine({ name, data }) {
    if (name === "message_held") this.kept = [...this.kept, { held: data.held ?? 0, text: data.text ?? "" }];
    if (name === "held_rejected") this.kept = this.kept.filter(({ held }) => held !== data.held);
    this.changed();
  }

  /** A command of the session was refused. @param {any} pending @returns {boolean} whether more than a notice came of it */
  onRefused(pending) {
    const { type, question, poll } = pending.command;
    if (type === "ask_question") this.refused = [...this.refused, pending];
    if (type === "vote_question") this.voting.delete(question);
    if (type === "answer_poll") this.answering.delete(poll);
    if (type === "set_pace") this.pacing = null;
    this.changed();
    // Somebody said it twice, perhaps in another tab: it is as they wished.
    return ["already_voted", "not_voted", "already_raised"].includes(pending.refusal?.code);
  }

  // --- inside ---------------------------------------------------------------------------------------------------

  forget() {
    this.voting.clear();
    this.answering.clear();
    this.pacing = null;
    this.shown = [];
    this.kept = [];
    this.justClosed = null;
  }

  /** @param {import("./types.js").EventRecord} event */
  announce({ name, data }) {
    const { announcer, notices } = this.cohort;
    const text = this.question(data.question)?.text ?? "";
    if (name === "question_published" && !this.isMine(data.asker)) announcer.question({ text, answering: false });
    if (name === "question_answering") announcer.question({ text, answering: true });
    if (name === "hand_called" && this.isMine(data.hand)) notices.called();
  }

  /** @param {string} id */
  countedMine(id) {
    const mine = this.room.followed.mySession?.votes ?? [];
    return mine.some((/** @type {string} */ voted) => leadsTo(this.state, voted) === id);
  }

  /** @param {Question} question @param {Reason | null} reason @param {Record<string, number>} heard @returns {QueueRow} */
  rowOf(question, reason, heard) {
    const { question: id, by } = question;
    // That somebody has not been heard is no news while nobody was.
    const told = reason === "not_heard_yet" && !Object.keys(heard).length ? null : reason;
    return { question, votes: this.votesOf(id), voted: this.hasVoted(id), own: this.isMine(by), reason: told };
  }

  derive(afresh = false) {
    if (this.derived && !afresh) return this.derived;
    const view = this.state;
    const open = this.questions.filter(({ status, hidden }) => QUEUED.has(status) && !hidden);
    const counted = this.room.followed.votes?.votes ?? view.votes;
    const queued = open.map(({ question, by, asked_at, seq, highlighted, status }) =>
      ({ question, by, asked_at, seq, highlighted: highlighted || status === "answering", votes: counted[question] ?? 0 }));
    const placed = this.order === "fair" ? fairOrder(queued, view.heard) : this.order === "top" ? popular(queued) : newest(queued);
    // What is being answered stands first in every order.
    placed.sort((a, b) => Number(b.question === view.answering) - Number(a.question === view.answering));
    const byId = new Map(open.map((question) => [question.question, question]));
    const rows = placed.map(({ question, reason }) => this.rowOf(/** @type {Question} */ (byId.get(question)), reason, view.heard));
    this.derived = { view, rows, wanted: placed.map(({ question }) => question) };
    return this.derived;
  }
}
