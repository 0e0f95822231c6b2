// The door: one object that a program talks to. It puts connection, streams, outbox and API together and says who
// hears what. README.md describes it from outside.

import { Api } from "./api.js";
import { backoff, createConnection } from "./connection.js";
import { createOutbox } from "./outbox.js";
import { createStreams } from "./streams.js";

/** @typedef {import("./types.js").WireRecord} WireRecord */
/** @typedef {import("./types.js").Core} Core */

const TYPING_EVERY_MS = 3_000;
const READ_MARKER_EVERY_MS = 3_000;
const HINTS = ["online", "offline", "visibilitychange"];

/** @type {import("./types.js").Clock} */
const CLOCK = {
  now: () => Date.now(),
  setTimeout: (then, ms) => setTimeout(then, ms),
  clearTimeout: (timer) => clearTimeout(timer),
};

export class Client extends EventTarget {
  /** Who I am, from the last welcome. @type {{person: string, name: string, role: string, cohort: string} | null} */
  me = null;
  /** What the server allows, from the last welcome. @type {{[name: string]: number}} */
  limits = {};
  /** What the server can do, from the last welcome. @type {string[]} */
  features = [];
  /** @type {Core} */
  #core;
  #page;
  #person;
  /** When typing was last told, by place. @type {{[place: string]: number}} */
  #typedAt = {};
  /** The highest marker, by place. @type {{[place: string]: {room: string, seq: number, thread?: number}}} */
  #read = {};
  /** Places whose marker is still to be sent. @type {Set<string>} */
  #unsent = new Set();
  /** Markers were sent a moment ago. @type {any} */
  #readTimer;

  /**
   * @param {{
   *   url: string, token?: string, expiresAt?: number, refresh?: () => Promise<import("./types.js").Grant>,
   *   person?: string, storage?: import("./types.js").Shelf, name?: string,
   *   WebSocket?: typeof globalThis.WebSocket, fetch?: typeof globalThis.fetch,
   *   clock?: import("./types.js").Clock, random?: () => number, page?: import("./types.js").Page,
   * }} options
   */
  constructor({ person, storage, fetch, page, ...options }) {
    super();
    this.#person = person;
    this.#page = page ?? /** @type {import("./types.js").Page | undefined} */ (globalThis.window);
    const core = (this.#core = /** @type {any} */ ({
      ...{ name: "tertulia-js/1", clock: CLOCK, random: Math.random, WebSocket: globalThis.WebSocket },
      ...options,
      // What one person wrote is never sent as another.
      ...{ shelf: person ? storage : undefined, prefix: `tertulia:${person}:` },
      ...{ client: this, skew: 0 },
      up: (/** @type {WireRecord} */ welcome) => this.#up(welcome),
      down() {
        core.streams.cut();
        core.outbox.down();
      },
      heard(/** @type {WireRecord} */ record) {
        if (!core.outbox.answered(record)) core.streams.take(record);
      },
      changed: () => this.#changed(),
      pauseMs: (/** @type {number} */ tries) => backoff(tries, core.random),
      pause: (/** @type {number} */ tries) => new Promise((then) => core.clock.setTimeout(then, core.pauseMs(tries))),
      tell: (/** @type {string} */ type, /** @type {any} */ detail) =>
        this.dispatchEvent(new CustomEvent(type, { detail })),
    }));
    const renew = () => core.connection.refresh();
    this.api = core.api = new Api({ url: core.url, fetch, token: () => core.token, renew: core.refresh && renew });
    core.connection = createConnection(core);
    core.streams = createStreams(core);
    core.outbox = createOutbox(core);
  }

  open() {
    for (const hint of HINTS) this.#page?.addEventListener(hint, this.#hinted);
    this.#core.connection.fire("open");
  }

  close() {
    for (const hint of HINTS) this.#page?.removeEventListener(hint, this.#hinted);
    this.#core.connection.fire("close");
  }

  /** @returns {import("./types.js").Status} */
  get status() {
    return { ...this.#core.connection.status, online: this.#page?.navigator?.onLine !== false };
  }

  /** Every command that is not settled. */
  get outbox() {
    return this.#core.outbox.unsettled();
  }

  /** The server's clock, Unix ms. */
  now() {
    return this.#core.connection.now();
  }

  /** @param {string} token @param {number} [expiresAt] */
  setToken(token, expiresAt) {
    Object.assign(this.#core, { token, expiresAt });
  }

  /** @param {string} stream @param {Parameters<Core["streams"]["follow"]>[1]} [options] */
  follow(stream, options = {}) {
    return this.#core.streams.follow(stream, options);
  }

  /** @param {string} stream */
  followed(stream) {
    return this.#core.streams.get(stream);
  }

  /** @param {import("./types.js").Command} command @param {{key?: string}} [options] */
  send(command, { key } = {}) {
    return this.#core.outbox.add(command, key);
  }

  /** @param {string} room */
  pending(room) {
    return this.#core.outbox.shown(room);
  }

  /** @param {string} room @param {number} [thread] */
  typing(room, thread) {
    const place = `${room}/${thread}`;
    const now = this.#core.clock.now();
    if (now < this.#typedAt[place] + TYPING_EVERY_MS) return;
    this.#typedAt[place] = now;
    this.#core.connection.hint({ type: "typing", room, thread });
  }

  /** @param {string} room @param {string[]} people */
  inView(room, people) {
    this.#core.connection.hint({ type: "in_view", room, people });
  }

  /** @param {string} room @param {number} seq @param {number} [thread] */
  markRead(room, seq, thread) {
    const place = `${room}/${thread}`;
    if (seq <= this.#read[place]?.seq) return;
    this.#read[place] = { room, seq, thread };
    this.#unsent.add(place);
    this.#sendRead();
  }

  /** @param {string} id @param {string} [text] */
  draft(id, text) {
    const { shelf, prefix } = this.#core;
    const name = prefix + "draft:" + id;
    try {
      if (text) shelf?.setItem(name, text);
      else if (text === "") shelf?.removeItem(name);
    } catch {
      // The shelf is full or forbidden.
    }
    return shelf?.getItem(name) ?? "";
  }

  #hinted = (/** @type {Event} */ { type }) => {
    const { fire } = this.#core.connection;
    if (type === "offline") fire(type);
    else if (!this.#page?.document?.hidden) fire("nudge");
    this.#changed();
  };

  /** @param {WireRecord} welcome */
  #up(welcome) {
    const core = this.#core;
    const { person, name, role, cohort, limits = {}, features = [], streams = {} } = welcome;
    if (this.#person && this.#person !== person) {
      core.connection.status.code = "another_person";
      return core.connection.fire("ousted");
    }
    Object.assign(this, { me: { person, name, role, cohort }, limits, features });
    core.tell("welcome", welcome);
    core.streams.welcome(streams);
    core.outbox.up();
    this.#sendRead();
  }

  #changed() {
    const { status } = this;
    this.#core.tell("status", status);
    const { state, code, reason } = status;
    if (state === "stopped") this.#core.tell(state, { code, reason });
  }

  /** All markers that are due, then none for a while. Without a connection they wait; only the newest counts. */
  #sendRead() {
    if (this.#readTimer || !this.#unsent.size || !this.#core.connection.isLive()) return;
    for (const place of this.#unsent) this.send({ type: "mark_read", ...this.#read[place] });
    this.#unsent.clear();
    this.#readTimer = this.#core.clock.setTimeout(() => {
      this.#readTimer = undefined;
      this.#sendRead();
    }, READ_MARKER_EVERY_MS);
  }
}
