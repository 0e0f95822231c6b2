/**
 * The live session of a room: its questions (session_questions.js), hands, polls, pace, floor and teams, and what of it
 * is mine.
 *
 * What all may know comes with the room's stream and is folded by the SDK (`room.state.session`). What is counted is soft:
 * the records `votes` (to all), `bars` (to staff) and `my_session` (to oneself) say how things are now. What I do is shown
 * at once and put right by the next of these records.
 */
import { handsInOrder } from "../../../sdk/hands.js";
import { SessionCommands } from "./session_commands.js";
import { SessionQuestions } from "./session_questions.js";
import { Similar } from "./similar.js";

/** @typedef {import("./types.js").Poll} Poll */
/** @typedef {import("./session_questions.js").QueueRow} QueueRow */

/** @typedef {{text: string, count: number, percent: number, shift: number | null}} Bar
 * `shift`: percent points since the poll that this one repeats */

const CHALLENGE = "challenge";
const POLL = { kind: "single", options: [], anonymous: true, again: null, closed: false, answered: 0, results: [], texts: [] };

/** The session of a room. @param {import("./room.js").RoomModel} room */
export function sessionOf(room) {
  return (room.session ??= new SessionModel(room));
}

export class SessionModel extends SessionQuestions {
  /** @param {import("./room.js").RoomModel} room */
  constructor(room) {
    super(room);
    this.client = room.client;
    this.give = new SessionCommands(this);
    this.similar = new Similar(room);
    /** Poll → my answer, told before the server does. @type {Map<number, {choices: number[], text: string}>} */
    this.answering = new Map();
    /** My pace, told before the server does. @type {{pace: string | null} | null} */
    this.pacing = null;
    /** Questions of mine that were not taken. @type {any[]} Pendings of the SDK */
    this.refused = [];
    /** When I last said something here, Unix ms of this machine: slow mode counts from it. */
    this.spokeAt = 0;
    /** Mine that wait until the floor is released, or staff let them through. @type {{held: number, text: string}[]} */
    this.kept = [];
    /** A poll that was closed before my eyes: its results stay in view until I put them away. @type {number | null} */
    this.justClosed = null;
    /** What I write is under my alias. Kept, so that a reload unmasks nobody. */
    this.asAlias = this.client.draft(`${room.id}/alias`) === "1";
  }

  // --- the session ----------------------------------------------------------------------------------------------

  /** @returns {"off" | "alias" | "anonymous"} */
  get anonymity() {
    return this.room.state?.anonymity ?? "off";
  }

  /** My alias here, when I have one. @returns {string | null} */
  get alias() {
    return this.cohort.mineState?.aliases?.[this.room.id] ?? null;
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

  /** The results of a closed poll, or, for staff, of an open one. @param {Poll} poll @returns {Bar[] | null} null: not to be seen */
  bars(poll) {
    const told = this.room.followed.bars?.bars?.[poll.poll];
    const results = poll.closed ? poll.results : told ? poll.options.map((_, place) => told[place] ?? 0) : null;
    if (!results) return null;
    const shares = sharesOf(results, this.answeredCount(poll));
    const before = poll.again === null ? undefined : this.polls.find((other) => other.poll === poll.again);
    const past = before?.closed ? sharesOf(before.results, before.answered) : null;
    return poll.options.map((text, place) => {
      const was = past?.[/** @type {Poll} */ (before).options.indexOf(text)];
      return { text, count: results[place] ?? 0, percent: shares[place], shift: was === undefined ? null : shares[place] - was };
    });
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

  /** Which reaction wants a sentence. @param {string} emoji */
  wantsSentence(emoji) {
    return emoji === CHALLENGE;
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
}

/** Whole percents of those who answered. @param {number[]} results @param {number} answered */
function sharesOf(results, answered) {
  return results.map((count) => (answered ? Math.round((100 * count) / answered) : 0));
}
