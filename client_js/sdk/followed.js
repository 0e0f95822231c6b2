// One followed stream: its state, its place, and the rules by which it never has a silent hole. Knows no socket: it is
// handed results and records, and asks through its `hub` (streams.js).

import { SNAPSHOT_MESSAGES, fold, foldMine, fullMessage, fullView } from "./fold.js";
import { compare, makePosition } from "./position.js";

/** @typedef {import("./types.js").WireRecord} WireRecord */

/**
 * What a followed stream needs of the others.
 * @typedef {{
 *   ask(followed: Followed, isNew?: boolean): void,
 *   drop(followed: Followed): void,
 *   page(stream: string, after: number): Promise<any>,
 *   pause(tries: number): Promise<void>,
 *   applied(followed: Followed, record: WireRecord, isAnotherLog?: boolean): void,
 *   tell(type: string, detail: any): void,
 * }} Hub
 */

/** Records kept while pages are fetched. Beyond that they are let go; the hole they leave is noticed and mended. */
const BUFFER_MAX = 1_000;

/** Everything about a stream that is on one's screen. Fires `change`. */
export class Followed extends EventTarget {
  /** @type {any} the folded view, or null before the first snapshot */
  state = null;
  /** @type {import("./types.js").Position | null} */
  position = null;
  /** @type {"loading" | "live" | "stale" | "denied"} */
  status = "loading";
  /** Why it is denied. */
  code = "";
  /** @type {{seq: number, unread: number} | null} as last told at level `head` */
  head = null;
  /** @type {{[message: string]: string[]}} my own reactions */
  mine = {};
  /** @type {import("./types.js").Presence | null} */
  presence = null;
  /** How many messages a room's state holds at most. */
  keep = SNAPSHOT_MESSAGES;

  #hub;
  #from;
  /** @type {{buffer: WireRecord[]} | null} pages are being fetched */
  #pull = null;
  /** The next snapshot holds even if it is older than what is shown. */
  #isReset = false;

  /**
   * @param {Hub} hub
   * @param {string} stream
   * @param {{level?: import("./types.js").Level, from?: import("./types.js").From, state?: any,
   *   gap?: "pull" | "snapshot"}} options
   */
  constructor(hub, stream, { level = "full", from = null, state = null, gap = "pull" }) {
    super();
    this.stream = stream;
    /** @type {import("./types.js").Level} */
    this.level = level;
    this.gap = gap;
    this.#hub = hub;
    this.#from = from === "head" ? from : null;
    if (from && from !== "head") this.position = makePosition(from.epoch, from.seq);
    this.state = state && fullView(stream, state);
  }

  /** @param {import("./types.js").Level} level */
  setLevel(level) {
    if (level === this.level && this.status !== "denied") return;
    this.level = level;
    this.#halt();
    this.#setStatus(this.state ? "stale" : "loading");
    this.#hub.ask(this, true);
  }

  unfollow() {
    this.#pull = null;
    this.#hub.drop(this);
  }

  /**
   * Put an older page in front of the messages of a room; they are kept up to date like the rest.
   * @param {{messages: any[], tallies: import("./types.js").Tallies, mine: {[message: string]: string[]},
   *   has_before: boolean}} page
   */
  prepend(page) {
    const { messages, tallies } = this.state;
    const first = messages[0]?.seq ?? Infinity;
    const older = page.messages.filter(({ seq }) => seq < first).map(fullMessage);
    this.keep += older.length;
    this.state.messages = [...older, ...messages];
    this.state.tallies = { ...page.tallies, ...tallies };
    this.state.has_more = page.has_before;
    this.mine = { ...page.mine, ...this.mine };
    this.#changed();
  }

  // --- what streams.js calls -------------------------------------------------------------------------

  /** @internal What to say in `hello` and `subscribe`. @returns {import("./types.js").From} */
  get wanted() {
    if (this.level === "head") return "head";
    return this.#isReset ? null : (this.position ?? this.#from);
  }

  /** @internal @param {import("./types.js").Result} result */
  answered({ result, epoch = "", seq = 0, code = "" }) {
    this.#halt();
    if (result === "denied") return this.deny(code);
    if (this.level === "head") return this.#setStatus("live");
    if (result === "reset") this.#isReset = true;
    // "Only what comes next" begins here, even if the connection breaks before the first event.
    else if (!this.position && this.#from) this.position = makePosition(epoch, seq);
    if (result === "gap") this.#catchUp(false);
  }

  /** @internal @param {string} code */
  deny(code) {
    this.#halt();
    this.code = code;
    this.#setStatus("denied");
  }

  /** @internal The connection is gone, and with it everything that was under way. */
  cut() {
    this.#halt();
    if (this.status === "live") this.#setStatus("stale");
  }

  /** @internal @param {WireRecord} record */
  take(record) {
    if (this.#pull && (record.type === "event" || record.type === "tally")) {
      if (this.#pull.buffer.push(record) > BUFFER_MAX) this.#pull.buffer = [];
      return;
    }
    TAKE[record.type]?.call(this, record);
  }

  /** @internal @param {WireRecord} record */
  takeEvent(record) {
    // Without a place, or before a snapshot that was promised, there is nothing to add it to.
    if (!this.position || this.#isReset) return;
    const place = compare(this.position, record.seq);
    if (place === "next") this.#apply(record);
    else if (place === "hole") this.#askAgain();
  }

  /** @internal @param {WireRecord} record */
  takeSnapshot(record) {
    const { epoch, seq, state } = record;
    const isAnotherLog = this.position?.epoch !== epoch;
    // One that was asked for before something newer came.
    if (this.position && !isAnotherLog && !this.#isReset && seq < this.position.seq) return;
    this.#halt();
    this.#isReset = false;
    this.position = makePosition(epoch, seq);
    this.state = fullView(this.stream, state);
    this.keep = SNAPSHOT_MESSAGES;
    this.mine = {};
    this.#hub.applied(this, record, isAnotherLog);
    this.#changed(record);
  }

  /** @internal @param {WireRecord} record */
  takeLive({ epoch, seq }) {
    if (this.level === "head" || this.#pull || this.#isReset) return;
    if (this.position && this.position.epoch === epoch && this.position.seq >= seq) this.#setStatus("live");
    else this.#askAgain();
  }

  /** @internal */
  takeLag() {
    this.#catchUp(true);
  }

  /** @internal @param {WireRecord} record */
  takeHead(record) {
    this.head = { seq: record.seq, unread: record.unread ?? 0 };
    this.#tell("head", record, record);
  }

  /** @internal @param {WireRecord} record */
  takeTally(record) {
    if (this.state) fold(this.stream, this.state, record);
    this.#tell("tally", record, record);
  }

  /** @internal @param {WireRecord} record */
  takeMine(record) {
    // A new object for each change: whoever draws can compare.
    const view = { messages: this.state?.messages ?? [], mine: { ...this.mine } };
    if (foldMine(view, record.reactions)) this.mine = view.mine;
    this.#tell("mine", record, record);
  }

  /** @internal @param {WireRecord} record */
  takePresence(record) {
    const { count, people = null, roles = null, staff = null } = record;
    this.presence = { count, people, roles, staff };
    this.#tellPresence(record);
  }

  /** @internal @param {WireRecord} record */
  takePresenceChanged(record) {
    if (!this.presence) return;
    const { count, joined = [], left = [] } = record;
    const moved = new Set([...joined, ...left]);
    const stay = this.presence.people?.filter((person) => !moved.has(person));
    this.presence = { ...this.presence, count, people: stay ? [...stay, ...joined] : null };
    this.#tellPresence(record);
  }

  /** @internal @param {WireRecord} record */
  takeTyping(record) {
    this.#tell("typing", record, record);
  }

  // --- private ---------------------------------------------------------------------------------------

  #halt() {
    this.#pull = null;
  }

  /** @param {WireRecord} record an event whose place is the next one */
  #apply(record) {
    const { epoch } = /** @type {import("./types.js").Position} */ (this.position);
    this.position = makePosition(epoch, record.seq);
    if (this.state) fold(this.stream, this.state, record, this.keep);
    this.#hub.applied(this, record);
    this.#tell("event", record, record);
  }

  #askAgain() {
    this.#setStatus(this.state ? "stale" : "loading");
    this.#hub.ask(this);
  }

  /** More is missing than is pushed. @param {boolean} isLagging pushes have ended: subscribe when it is done */
  #catchUp(isLagging) {
    this.#setStatus(this.state ? "stale" : "loading");
    if (this.gap === "snapshot") {
      this.#isReset = true;
      this.#hub.ask(this);
    } else if (this.position) {
      this.#fetchPages({ buffer: [] }, isLagging);
    }
  }

  /**
   * Pages from where we are up to the head, then what was pushed meanwhile. Ends without a word when `pull` is not
   * the present one any more: then the connection was replaced, or the server said something newer.
   * @param {{buffer: WireRecord[]}} pull
   * @param {boolean} isLagging
   */
  async #fetchPages(pull, isLagging) {
    this.#pull = pull;
    let mustAsk = isLagging;
    for (let tries = 0; ; ) {
      const { epoch, seq } = /** @type {import("./types.js").Position} */ (this.position);
      try {
        const page = await this.#hub.page(this.stream, seq);
        if (this.#pull !== pull) return;
        if (page.epoch !== epoch) {
          // Another log than ours: the server will say so when it is asked.
          mustAsk = true;
          break;
        }
        const reached = this.#applyPage(page, pull);
        if (this.#pull !== pull) return;
        if (reached >= page.head) break;
        if (reached === seq) throw new Error("a page without the next event");
        tries = 0;
      } catch {
        await this.#hub.pause(tries++);
        if (this.#pull !== pull) return;
      }
    }
    this.#pull = null;
    if (mustAsk) this.#askAgain();
    else this.#setStatus("live");
    for (const record of pull.buffer) this.take(record);
  }

  /** @param {{events: WireRecord[]}} page @param {object} pull @returns {number} the seq we are at now */
  #applyPage(page, pull) {
    for (const record of page.events) {
      // Whoever hears of an event may unfollow.
      if (this.#pull !== pull) break;
      if (this.position && compare(this.position, record.seq) === "next") this.#apply(record);
    }
    return this.position?.seq ?? 0;
  }

  /** @param {Followed["status"]} status */
  #setStatus(status) {
    if (this.status === status) return;
    this.status = status;
    this.#hub.tell("follow", this);
    this.#changed();
  }

  /** @param {WireRecord} record */
  #tellPresence(record) {
    this.#tell("presence", { room: record.room, ...this.presence }, record);
  }

  /** @param {string} type @param {any} detail @param {WireRecord} record */
  #tell(type, detail, record) {
    this.#hub.tell(type, detail);
    this.#changed(record);
  }

  /** @param {WireRecord | null} record */
  #changed(record = null) {
    this.dispatchEvent(new CustomEvent("change", { detail: record }));
  }
}

/** Which record is whose. Types that are not here are ignored. @type {{[type: string]: (record: any) => void}} */
const TAKE = {
  event: Followed.prototype.takeEvent,
  snapshot: Followed.prototype.takeSnapshot,
  live: Followed.prototype.takeLive,
  lag: Followed.prototype.takeLag,
  dropped: function (record) {
    /** @type {any} */ (this).deny(record.code);
  },
  head: Followed.prototype.takeHead,
  tally: Followed.prototype.takeTally,
  mine: Followed.prototype.takeMine,
  presence: Followed.prototype.takePresence,
  presence_changed: Followed.prototype.takePresenceChanged,
  typing: Followed.prototype.takeTyping,
};
