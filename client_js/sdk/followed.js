// One followed stream: its state, its place, and the rules by which it never has a silent hole.
// What is not here: what is said to the server about it (streams.js).

import { fold, foldShown, fullView } from "./fold.js";
import { makePosition } from "./position.js";

/** @typedef {import("./types.js").WireRecord} WireRecord */

const PAGE_EVENTS = 500;
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
  /** What is counted in a room's session, as last told. @type {import("./types.js").Votes | null} */
  votes = null;
  /** The same for staff. @type {import("./types.js").Bars | null} */
  bars = null;
  /** What I did in it that others do not see. @type {import("./types.js").MySession | null} */
  mySession = null;
  /** @internal The request that asks for it, until it is answered; 0: none. */
  asked = 0;
  /** @internal How often it was asked for since it was live. */
  asks = 0;

  #core;
  #from;
  /** Pages are being fetched; meanwhile this is what was pushed. @type {WireRecord[] | null} */
  #pulled = null;
  /** The next snapshot holds even if it is older than what is shown. */
  #isReset = false;

  /**
   * @param {import("./types.js").Core} core
   * @param {string} stream
   * @param {{level?: import("./types.js").Level, from?: import("./types.js").From, state?: any,
   *   gap?: "pull" | "snapshot"}} options
   */
  constructor(core, stream, { level = "full", from = null, state, gap = "pull" }) {
    super();
    this.#core = core;
    this.stream = stream;
    this.level = level;
    this.gap = gap;
    this.#from = from;
    if (typeof from === "object" && from) this.position = makePosition(from.epoch, from.seq);
    if (state) this.state = fullView(stream, state);
  }

  /** @param {import("./types.js").Level} level */
  setLevel(level) {
    if (level === this.level && this.status !== "denied") return;
    this.level = level;
    this.#setStatus("stale");
    this.#core.streams.mark(this);
  }

  unfollow() {
    this.#pulled = null;
    this.#core.streams.drop(this);
  }

  /** @internal What to say in `hello` and `subscribe`. @returns {import("./types.js").From} */
  get wanted() {
    if (this.level === "head") return "head";
    return this.#isReset ? null : (this.position ?? this.#from);
  }

  /** @internal @param {import("./types.js").Result} result */
  answered({ result, epoch = "", seq = 0, code = "" }) {
    this.#pulled = null;
    if (result === "denied") this.deny(code);
    else if (this.level === "head") this.#setStatus("live");
    else if (result === "reset") this.#isReset = true;
    else if (result === "gap") this.#catchUp(false);
    // "Only what comes next" begins here, even if the connection breaks before the first event.
    else if (this.wanted === "head") this.position = makePosition(epoch, seq);
  }

  /** @internal @param {string} code */
  deny(code) {
    this.code = code;
    this.#setStatus("denied");
  }

  /** @internal The connection is gone, and with it everything that was under way. */
  cut() {
    if (this.status !== "denied") this.#setStatus("stale");
  }

  /** @internal @param {WireRecord} record of this stream, or room */
  take(record) {
    const { type } = record;
    if (this.#pulled && /^(event|tally|mine|votes|bars|my_session)$/.test(type)) {
      if (this.#pulled.push(record) > BUFFER_MAX) this.#pulled.length = 0;
    } else if (type === "event") this.#takeEvent(record);
    else if (type === "snapshot") this.#takeSnapshot(record);
    else if (type === "live") this.#takeLive(record);
    else if (type === "lag") this.#catchUp(true);
    else if (type === "dropped") this.deny(record.code);
    else if (type === "typing") this.#tell(record);
    else if (type === "head") {
      this.head = { seq: record.seq, unread: record.unread ?? 0 };
      this.#tell(record);
    } else if (type === "tally") {
      if (this.state) fold(this.stream, this.state, record);
      this.#tell(record);
    } else if (type === "mine") {
      // A new object for each change: whoever draws can compare.
      const mine = { ...this.mine };
      if (this.state && foldShown(this.state, mine, record.reactions)) this.mine = mine;
      this.#tell(record);
    } else if (type === "votes" || type === "bars") {
      this[type] = /** @type {any} */ (record);
      this.#tell(record);
    } else if (type === "my_session") {
      this.mySession = /** @type {any} */ (record);
      this.#tell(record);
    } else if (type.startsWith("presence")) {
      const { room, count, people = null, roles = null, staff = null, joined = [], left = [] } = record;
      const here = this.presence?.people?.filter((person) => ![...joined, ...left].includes(person));
      if (type === "presence") this.presence = { count, people, roles, staff };
      else if (this.presence) this.presence = { ...this.presence, count, people: here ? [...here, ...joined] : null };
      this.#tell(record, { type: "presence", room, ...this.presence });
    }
  }

  /** @param {WireRecord} record */
  #takeEvent(record) {
    // Without a place, or before a snapshot that was promised, there is nothing to add it to.
    if (!this.position || this.#isReset) return;
    if (this.#isNext(record)) this.#apply(record);
    else if (record.seq > this.position.seq) this.#askAgain();
  }

  /** @param {WireRecord} record */
  #isNext({ seq }) {
    return seq - 1 === this.position?.seq;
  }

  /** @param {WireRecord} record */
  #takeSnapshot(record) {
    const { epoch, seq, state } = record;
    const isAnotherLog = this.position?.epoch !== epoch;
    // One that was asked for before something newer came.
    if (this.position && !isAnotherLog && !this.#isReset && seq < this.position.seq) return;
    this.#pulled = null;
    this.#isReset = false;
    this.position = makePosition(epoch, seq);
    this.state = fullView(this.stream, state);
    this.mine = {};
    this.#core.outbox.applied(this, record, isAnotherLog);
    this.#changed(record);
  }

  /** @param {WireRecord} record */
  #takeLive({ epoch, seq }) {
    if (this.level === "head" || this.#pulled || this.#isReset) return;
    if (this.position && this.position.epoch === epoch && this.position.seq >= seq) this.#setStatus("live");
    else this.#askAgain();
  }

  /** @param {WireRecord} record an event whose place is the next one */
  #apply(record) {
    this.position = makePosition(/** @type {any} */ (this.position).epoch, record.seq);
    if (this.state) fold(this.stream, this.state, record);
    if (record.name === "session_opened") Object.assign(this, { votes: null, bars: null, mySession: null });
    this.#core.outbox.applied(this, record);
    this.#tell(record);
  }

  #askAgain() {
    this.#setStatus("stale");
    this.#core.streams.ask(this);
  }

  /** More is missing than is pushed. @param {boolean} isLagging pushes have ended: subscribe when it is done */
  #catchUp(isLagging) {
    this.#setStatus("stale");
    if (this.gap === "snapshot") {
      this.#isReset = true;
      this.#askAgain();
    } else this.#pullPages((this.#pulled = []), isLagging);
  }

  /**
   * Pages from where we are up to the head, then what was pushed meanwhile. Ends without a word when `pushed` is not
   * what is collected any more: then the connection was replaced, or the server said something newer.
   * @param {WireRecord[]} pushed
   * @param {boolean} mustAsk
   */
  async #pullPages(pushed, mustAsk) {
    const { api, pause, client } = this.#core;
    for (let tries = 0, isWhole = false; !isWhole; ) {
      const { epoch, seq } = /** @type {import("./types.js").Position} */ (this.position);
      try {
        const page = await api.events(this.stream, { after: seq, limit: client.limits.page_events_max ?? PAGE_EVENTS });
        // Another log than ours: the server will say so when it is asked.
        if (page.epoch !== epoch) isWhole = mustAsk = true;
        else {
          // Whoever hears of an event may unfollow.
          for (const record of page.events) if (this.#pulled === pushed && this.#isNext(record)) this.#apply(record);
          isWhole = /** @type {any} */ (this.position).seq >= page.head;
          if (!isWhole && this.position?.seq === seq) throw page;
          tries = 0;
        }
      } catch {
        await pause(tries++);
      }
      if (this.#pulled !== pushed) return;
    }
    this.#pulled = null;
    if (mustAsk) this.#askAgain();
    else this.#setStatus("live");
    for (const record of pushed) this.take(record);
  }

  /** @param {Followed["status"]} status `stale` is `loading` while there is no state. Ends a pull */
  #setStatus(status) {
    this.#pulled = null;
    if (status === "live") this.asks = 0;
    if (status === "stale" && !this.state) status = "loading";
    if (this.status === status) return;
    this.status = status;
    this.#core.tell("follow", this);
    this.#changed();
  }

  /** @param {WireRecord} record @param {any} detail */
  #tell(record, detail = record) {
    this.#core.tell(detail.type, detail);
    this.#changed(record);
  }

  /** @param {WireRecord | null} record */
  #changed(record = null) {
    this.dispatchEvent(new CustomEvent("change", { detail: record }));
  }
}
