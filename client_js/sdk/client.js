// The door: one object that a program talks to. It puts connection, streams, outbox and API together and says who
// hears what. README.md describes it from outside.

import { Api } from "./api.js";
import { Connection, backoff } from "./connection.js";
import { Followed } from "./followed.js";
import { Outbox } from "./outbox.js";
import { Streams } from "./streams.js";

/** @typedef {import("./types.js").WireRecord} WireRecord */
/** @typedef {import("./outbox.js").Pending} Pending */

const TYPING_EVERY_MS = 3_000;
const READ_MARKER_EVERY_MS = 3_000;
const IN_FLIGHT_MAX = 256;
const PAGE_EVENTS = 500;
const HINTS = ["online", "offline", "visibilitychange"];

/** @type {import("./types.js").Clock} */
const CLOCK = {
  now: () => Date.now(),
  setTimeout: (then, ms) => setTimeout(then, ms),
  clearTimeout: (timer) => clearTimeout(timer),
};

export class Client extends EventTarget {
  /** @type {{person: string, name: string, role: string, cohort: string} | null} */
  me = null;
  /** @type {{[name: string]: number}} */
  limits = {};
  /** @type {string[]} */
  features = [];

  #clock;
  #page;
  #shelf;
  #person;
  #prefix;
  #connection;
  #streams;
  #outbox;
  /** When typing was last told, by room and thread. @type {Map<string, number>} */
  #typedAt = new Map();
  /** Markers that are still to be sent. @type {Map<string, {room: string, seq: number, thread?: number}>} */
  #read = new Map();
  /** The highest marker sent, by place. @type {Map<string, number>} */
  #marked = new Map();
  /** @type {any} */
  #readTimer = null;

  /**
   * @param {{
   *   url: string, token?: string, expiresAt?: number, refresh?: () => Promise<import("./types.js").Grant>,
   *   person?: string, storage?: import("./types.js").Shelf, name?: string,
   *   WebSocket?: typeof globalThis.WebSocket, fetch?: typeof globalThis.fetch,
   *   clock?: import("./types.js").Clock, random?: () => number, page?: import("./types.js").Page,
   * }} options
   */
  constructor(options) {
    super();
    const { url, token, expiresAt, refresh, person, name = "tertulia-js/1", fetch } = options;
    const { WebSocket = globalThis.WebSocket, random = Math.random, clock = CLOCK } = options;
    this.#clock = clock;
    this.#page = options.page ?? /** @type {import("./types.js").Page | undefined} */ (globalThis.window);
    this.#person = person;
    // What one person wrote is never sent as another.
    this.#shelf = person ? options.storage : undefined;
    this.#prefix = `tertulia:${person}:`;
    const tell = (/** @type {string} */ type, /** @type {any} */ detail) => this.#tell(type, detail);
    const request = (/** @type {WireRecord} */ record) => this.#connection.request(record);
    this.#connection = new Connection({
      ...{ url, token, expiresAt, refresh, WebSocket, clock, random },
      hello: () => ({ client: name, ...this.#streams.hello() }),
      up: (welcome) => this.#up(welcome),
      down: () => this.#down(),
      helloFailed: () => this.#streams.helloFailed(),
      record: (record) => this.#take(record),
      changed: () => this.#changed(),
      renewed: (grant) => tell("token", grant),
    });
    this.api = new Api({
      url,
      fetch,
      token: () => this.#connection.token,
      renew: refresh && (() => this.#connection.refresh()),
    });
    this.#streams = new Streams({
      request,
      tell,
      page: (stream, after) =>
        this.api.events(stream, { after, limit: this.limits.page_events_max ?? PAGE_EVENTS }),
      pause: (tries) => new Promise((then) => clock.setTimeout(() => then(), backoff(tries, random))),
      applied: (followed, record, isAnotherLog) => this.#applied(followed, record, isAnotherLog),
    });
    this.#outbox = new Outbox({
      ...{ clock, request, tell, shelf: this.#shelf, prefix: this.#prefix },
      pauseMs: (tries) => backoff(tries, random),
      reached: (stream) => {
        const followed = this.#streams.get(stream);
        return followed?.state ? followed.position?.seq : undefined;
      },
    });
  }

  open() {
    for (const hint of HINTS) this.#page?.addEventListener(hint, this.#hinted);
    this.#connection.fire("open");
  }

  close() {
    for (const hint of HINTS) this.#page?.removeEventListener(hint, this.#hinted);
    this.#connection.fire("close");
  }

  /** @returns {import("./types.js").Status} */
  get status() {
    const { shown, retryAt, code, reason } = this.#connection;
    const online = this.#page?.navigator?.onLine !== false;
    return { state: shown, online, retryAt: shown === "waiting" ? retryAt : 0, code, reason };
  }

  /** Every command that is not settled. */
  get outbox() {
    return this.#outbox.unsettled;
  }

  /** The server's clock, Unix ms. */
  now() {
    return this.#connection.now();
  }

  /** @param {string} token @param {number} [expiresAt] */
  setToken(token, expiresAt) {
    this.#connection.setToken(token, expiresAt);
  }

  /** @param {string} stream @param {ConstructorParameters<typeof Followed>[2]} [options] */
  follow(stream, options = {}) {
    return this.#streams.follow(stream, options);
  }

  /** @param {string} stream */
  followed(stream) {
    return this.#streams.get(stream);
  }

  /** @param {import("./types.js").Command} command */
  send(command) {
    return this.#outbox.add(command);
  }

  /** @param {string} room */
  pending(room) {
    return this.#outbox.shown(room);
  }

  /** @param {string} room @param {number} [thread] */
  typing(room, thread) {
    const place = `${room}/${thread}`;
    const now = this.#clock.now();
    if (now - (this.#typedAt.get(place) ?? -Infinity) < TYPING_EVERY_MS) return;
    this.#typedAt.set(place, now);
    this.#connection.tell({ type: "typing", room, thread });
  }

  /** @param {string} room @param {string[]} people */
  inView(room, people) {
    this.#connection.tell({ type: "in_view", room, people });
  }

  /** @param {string} room @param {number} seq @param {number} [thread] */
  markRead(room, seq, thread) {
    const place = `${room}/${thread}`;
    if (seq <= Math.max(this.#marked.get(place) ?? 0, this.#read.get(place)?.seq ?? 0)) return;
    this.#read.set(place, { room, seq, thread });
    if (this.#readTimer === null) this.#sendRead();
  }

  /** @param {string} id @param {string} [text] */
  draft(id, text) {
    const name = `${this.#prefix}draft:${id}`;
    try {
      if (text) this.#shelf?.setItem(name, text);
      else if (text !== undefined) this.#shelf?.removeItem(name);
      return this.#shelf?.getItem(name) ?? "";
    } catch {
      return ""; // The shelf is full or forbidden.
    }
  }

  #hinted = (/** @type {Event} */ { type }) => {
    if (type === "offline") this.#connection.fire("offline");
    else if (type === "online" || !this.#page?.document?.hidden) this.#connection.fire("nudge");
    if (type !== "visibilitychange") this.#changed();
  };

  /** @param {WireRecord} welcome */
  #up(welcome) {
    const { person, name, role, cohort, limits = {}, features = [], streams = {} } = welcome;
    this.me = { person, name, role, cohort };
    this.limits = limits;
    this.features = features;
    if (this.#person && this.#person !== person) {
      this.#connection.code = "another_person";
      return this.#connection.fire("ousted");
    }
    this.#tell("welcome", welcome);
    this.#streams.welcome(streams);
    this.#outbox.up(limits.commands_in_flight_max ?? IN_FLIGHT_MAX);
    this.#sendRead();
  }

  #down() {
    this.#streams.cut();
    this.#outbox.down();
  }

  /** @param {WireRecord} record */
  #take(record) {
    if (record.type === "accepted") this.#outbox.accepted(record);
    else if (record.type !== "refused") this.#streams.take(record);
    else if (!this.#outbox.refused(record)) this.#streams.refused(record);
  }

  /**
   * Part of a stream's state now: what is pending must know before anybody draws.
   * @param {Followed} followed
   * @param {WireRecord} record
   * @param {boolean} [isAnotherLog]
   */
  #applied({ stream, state }, record, isAnotherLog = false) {
    const [kind, room, part] = stream.split("/");
    if (kind !== "room" || part) return;
    const me = this.me?.person;
    const { skew } = this.#connection;
    if (record.type === "snapshot") {
      this.#outbox.replaced(room, record.seq, isAnotherLog);
      for (const message of state.messages) if (message.by === me) this.#outbox.seen(room, message, skew);
    } else if (record.name === "message_posted" && record.by === me) {
      this.#outbox.seen(room, { ...record.data, seq: record.seq, at: record.at }, skew);
    }
  }

  #changed() {
    const { status } = this;
    this.#tell("status", status);
    if (status.state === "stopped") this.#tell("stopped", { code: status.code, reason: status.reason });
  }

  /** All markers that are due, then none for a while. */
  #sendRead() {
    this.#clock.clearTimeout(this.#readTimer);
    this.#readTimer = null;
    // Without a connection they wait for the next welcome; only the newest counts.
    if (!this.#read.size || this.#connection.shown !== "live") return;
    for (const [place, { room, seq, thread }] of this.#read) {
      this.#marked.set(place, seq);
      this.#outbox.add({ type: "mark_read", room, seq, thread });
    }
    this.#read.clear();
    this.#readTimer = this.#clock.setTimeout(() => {
      this.#readTimer = null;
      this.#sendRead();
    }, READ_MARKER_EVERY_MS);
  }

  /** @param {string} type @param {any} detail */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}


