/**
 * What only staff have of a live session: who waits for approval, what is held and reported, notes, who is behind an
 * alias, how equal the voices are, the pace over time, and what can be undone.
 *
 * The staff stream is followed while the console is on screen. What is measured is asked for again when something
 * happened, at most every few seconds; questions like those that wait are looked up once for each wording.
 */
import { Observable } from "./observe.js";
import { sessionOf } from "./session.js";
import { noteAction } from "./undoing.js";

const MEASURE_EVERY_MS = 4_000;
const IDLE_EVERY_MS = 30_000;
const LOOK_BACK = 300;
const SIMILAR_MAX = 20;

/** @typedef {{question: string, by: string, text: string, at: number, again?: boolean}} Asked */
/** @typedef {{held: number, by: string, at: number, text: string, kind?: string, thread?: number | null, why?: string}} Held */
/** @typedef {{seq: number, at: number, by: string, message: number, reason: string}} Report */
/** @typedef {{seq: number, at: number, by: string, text: string}} Note */
/** @typedef {{asked: Asked[], held: Held[], reports: Report[], notes: Note[], muted: Record<string, number>, aliases: Record<string, string>,
 *   unmasked: string[], attended: string[], approvals: string[], words: string[]}} StaffState */
/** @typedef {{question: string, text: string, score: number}} Alike */
/** @typedef {{code: string, unheard: number, with_hand: number, with_question: number, person: string | null}} NextAction */
/** @typedef {{effective_voices: number, present: number, heard: number, silent: number, questions: number, answered: number,
 *   median_answer_ms: number | null, p90_answer_ms: number | null, wait_ratio: number | null, next_action: NextAction,
 *   seats: import("./seats.js").Sitting[]}} Voice */
/** @typedef {{steps: {at: number, lost: number, ok: number, fast: number}[], marks: {at: number, label?: string}[]}} Pace */

/** @type {StaffState} */
const NOTHING = { asked: [], held: [], reports: [], notes: [], muted: {}, aliases: {}, unmasked: [], attended: [], approvals: [], words: [] };

export class StaffModel extends Observable {
  /** @param {import("./room.js").RoomModel} room */
  constructor(room) {
    super();
    this.room = room;
    this.session = sessionOf(room);
    this.client = room.client;
    this.followed = this.client.follow(`room/${room.id}/staff`, { gap: "snapshot" });
    /** @type {Voice | null} */
    this.voice = null;
    /** @type {Pace} */
    this.pace = { steps: [], marks: [] };
    /** @type {import("./undoing.js").Action[]} oldest first */
    this.actions = [];
    /** Question → those like it. @type {Map<string, {text: string, found: Alike[]}>} */
    this.alike = new Map();
    /** Reported ones. @type {Map<number, import("./types.js").Message | null>} */
    this.messages = new Map();
    this.measuredAt = 0;
    this.closed = false;
    /** The next measuring is only for the passing of time. */
    this.isIdle = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.hasLookedBack = false;
    /** What happened while this page looked back. @type {any[]} */
    this.heard = [];
    this.onChange = () => {
      this.lookBack();
      this.lookUp();
      this.measureSoon();
      this.changed();
    };
    this.onEvent = (/** @type {Event & {detail: any}} */ { detail: record }) => {
      if (record.stream !== `room/${room.id}`) return;
      this.heard.push(record);
      this.actions = noteAction(this.actions, record);
      this.onChange();
    };
  }

  open() {
    this.followed.addEventListener("change", this.onChange);
    this.room.followed.addEventListener("change", this.onChange);
    this.client.addEventListener("event", /** @type {any} */ (this.onEvent));
    this.lookBack();
    this.measure();
    this.lookUp();
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    this.followed.removeEventListener("change", this.onChange);
    this.room.followed.removeEventListener("change", this.onChange);
    this.client.removeEventListener("event", /** @type {any} */ (this.onEvent));
    this.followed.unfollow();
  }

  /** @returns {StaffState} */
  get state() {
    return { ...NOTHING, .../** @type {any} */ (this.followed.state) };
  }

  /** Questions that wait for approval, the oldest first. @returns {Asked[]} */
  get waiting() {
    const newest = new Map(this.state.asked.map((asked) => [asked.question, asked]));
    return [...newest.values()].filter(({ question }) => this.statusOf(question) === "pending");
  }

  /** Of a question, published or not; "" when it is of another session. @param {string} id */
  statusOf(id) {
    const unpublished = this.session.state.unpublished[id];
    return this.session.question(id)?.status ?? (unpublished ? (unpublished.status ?? "pending") : "");
  }

  /** A question that waits, or waited. @param {string} id */
  askedAs(id) {
    return this.state.asked.filter(({ question }) => question === id).at(-1) ?? null;
  }

  /** Those that I have not put aside on this device. @returns {Report[]} */
  get reports() {
    const aside = this.aside;
    return this.state.reports.filter(({ seq }) => !aside.has(String(seq)));
  }

  get aside() {
    return new Set(this.client.draft(`${this.room.id}/reports`).split(" "));
  }

  /** @param {string} seq of a report */
  setAside(seq) {
    this.client.draft(`${this.room.id}/reports`, [...this.aside, seq].join(" ").trim());
    this.changed();
  }

  /** A message that is not on screen, fetched once; null until it came. @param {number} seq @returns {import("./types.js").Message | null} */
  messageOf(seq) {
    const known = this.messages.get(seq);
    if (known !== undefined) return known;
    this.messages.set(seq, null);
    this.client.api.message(this.room.id, seq).then((/** @type {any} */ found) => {
      this.messages.set(seq, found.message ?? found);
      this.changed();
    }, () => {});
    return null;
  }

  /** Who is behind an alias, when staff looked. @param {string} alias @returns {string | null} */
  behind(alias) {
    const { unmasked, aliases } = this.state;
    return unmasked.includes(alias) ? (aliases[alias] ?? null) : null;
  }

  /** What was done to a question last and can be undone. @param {string} id */
  newestOf(id) {
    return this.actions.filter(({ question }) => question === id).at(-1) ?? null;
  }

  // --- what is measured -----------------------------------------------------------------------------------------

  measureSoon() {
    if (this.timer !== undefined && !this.isIdle) return;
    clearTimeout(this.timer);
    this.isIdle = false;
    this.timer = setTimeout(() => this.measure(), Math.max(250, this.measuredAt + MEASURE_EVERY_MS - Date.now()));
  }

  async measure() {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (!this.session.exists) return;
    this.measuredAt = Date.now();
    const { api } = this.client;
    const [voice, pace] = await Promise.all([this.get(() => api.voice(this.room.id)), this.get(() => api.pace(this.room.id))]);
    if (voice) this.voice = voice;
    if (pace) this.pace = pace;
    if (this.closed) return;
    if (this.timer === undefined) {
      this.isIdle = true; // anything that happens comes before
      this.timer = setTimeout(() => this.measure(), IDLE_EVERY_MS);
    }
    this.changed();
  }

  /** @param {() => Promise<any>} call @returns {Promise<any>} null when it could not be had */
  async get(call) {
    if (!this.session.exists) return null;
    try {
      return await call();
    } catch {
      return null; // asked again when something happens
    }
  }

  // --- what can be undone ---------------------------------------------------------------------------------------

  /** What staff did before this page was opened. */
  async lookBack() {
    const { seq = 0 } = this.room.followed.position ?? {};
    if (!seq || this.hasLookedBack) return;
    this.hasLookedBack = true;
    try {
      const { opened } = this.session.state;
      const after = Math.max(0, (opened || 1) - 1, seq - LOOK_BACK);
      const page = await this.client.api.events(`room/${this.room.id}`, { after, limit: LOOK_BACK });
      const before = page.events.filter((/** @type {any} */ { seq: at }) => at <= seq);
      this.actions = [...before, ...this.heard].reduce(noteAction, []);
      this.heard = [];
      this.changed();
    } catch {
      // The list begins with what is done from now on.
    }
  }

  // --- questions alike ------------------------------------------------------------------------------------------

  /** Look for published questions like those that wait, once for each wording. */
  lookUp() {
    for (const { question, text } of this.waiting.slice(0, SIMILAR_MAX)) {
      if (this.alike.get(question)?.text === text) continue;
      this.alike.set(question, { text, found: [] });
      this.findAlike(question, text);
    }
  }

  /** @param {string} question @param {string} text */
  async findAlike(question, text) {
    const answer = await this.get(() => this.client.api.similar(this.room.id, text));
    const found = (answer?.results ?? []).filter((/** @type {any} */ other) => other.question !== question);
    this.alike.set(question, { text, found });
    this.changed();
  }

  /** Those like it that it can be merged into now. @param {string} question @returns {Alike[]} */
  alikeNow(question) {
    const { session } = this;
    return (this.alike.get(question)?.found ?? []).filter(({ question: other }) => {
      const status = session.question(other)?.status;
      return status === "published" || status === "answering";
    });
  }
}
