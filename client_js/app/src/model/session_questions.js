/**
 * The questions of a live session: their order on screen, votes, and those of mine that are not public.
 *
 * Votes are soft: the records `votes` (to all) and `my_session` (to oneself) say how things are now; a vote of mine is
 * shown at once and put right by the next of these records. While the queue is held, its order stands still.
 */
import { fairOrder, newest, popular } from "../../../sdk/fair_order.js";
import { ledger } from "../../../sdk/ledger.js";
import { Observable } from "./observe.js";

/** @typedef {import("./types.js").Question} Question */
/** @typedef {import("./types.js").SessionState} SessionState */
/** @typedef {import("../../../sdk/fair_order.js").Reason} Reason */
/** @typedef {"fair" | "top" | "new"} Order */

/** @typedef {{question: Question, votes: number, voted: boolean, own: boolean, reason: Reason | null}} QueueRow
 * `reason`: for its place in the fair order */

const QUEUED = new Set(["published", "answering"]);
/** What is shown until a session was opened. @type {SessionState} */
const NOTHING = Object.freeze({
  opened: 0, opened_at: 0, closed_at: null, title: "", mark: null, questions: [], unpublished: {}, answering: null, heard: {},
  hands: [], called: null, polls: [], floor: null, teams: null, votes: {},
});
const ASKED = { status: "published", highlighted: false, merged_into: null, reason: null, answer: null, media_position_ms: null, accepted: null, reworded: false, hidden: false, to: null };

export class SessionQuestions extends Observable {
  /** @param {import("./room.js").RoomModel} room */
  constructor(room) {
    super();
    this.room = room;
    this.cohort = room.cohort;
    /** @type {Order} */
    this.order = "fair";
    /** Question → whether I voted for it, told before the server does. @type {Map<string, boolean>} */
    this.voting = new Map();
    /** Focus is inside the queue: its order stands still. */
    this.held = false;
    /** The order on screen. @type {string[]} */
    this.shown = [];
    /** @type {{view: SessionState, rows: QueueRow[], wanted: string[]} | null} what was derived, until something changes */
    this.derived = null;
    /** A question that the reader wants to see. @type {{question: string, times: number} | null} */
    this.target = null;
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

  /** @param {string | null | undefined} persona */
  isMine(persona) {
    return Boolean(persona) && this.room.isMine(/** @type {string} */ (persona));
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

  /** How many wait; while the queue is held, rows may stand in it that do no more. */
  get waiting() {
    return this.derive().rows.length;
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
    const { heard } = this.state;
    const done = this.questions.filter(({ status }) => status.startsWith("answered") || status === "carried");
    return done.reverse().map((question) => this.rowOf(question, null, heard));
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

  // --- inside ---------------------------------------------------------------------------------------------------

  /** @param {string} id */
  countedMine(id) {
    const mine = this.room.followed.mySession?.votes ?? [];
    return mine.some((/** @type {string} */ voted) => this.leadsTo(voted) === id);
  }

  /** The question that one was merged into, in the end. @param {string} id */
  leadsTo(id) {
    const { questions, unpublished } = this.state;
    const seen = new Set();
    let at = id;
    for (let next = /** @type {string | null | undefined} */ (id); next && !seen.has(next); ) {
      at = next;
      seen.add(at);
      const here = at;
      next = (questions.find(({ question }) => question === here) ?? unpublished[here])?.merged_into;
    }
    return at;
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
