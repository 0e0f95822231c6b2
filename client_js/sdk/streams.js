// All followed streams: what is said of them in `hello` and `subscribe`, and whose record is whose.
// What is not here: the rules of one stream (followed.js) and the socket (connection.js).

import { Followed } from "./followed.js";

/** @typedef {import("./types.js").WireRecord} WireRecord */

/** Streams named in one request, so that it stays far below `frame_bytes_max`. */
const STREAMS_PER_REQUEST = 200;

/** So often a stream is asked for again at once; after that with a pause, so that a broken server is not hammered. */
const QUICK_ASKS = 3;

export class Streams {
  /** @type {Map<string, Followed>} */
  #followed = new Map();
  /** Streams to be asked for in the next `subscribe`. @type {Set<Followed>} */
  #dirty = new Set();
  /** The request that asks for a stream, until it is answered. @type {Map<Followed, number | object>} */
  #asked = new Map();
  /** How often a stream was asked for since it was live. @type {Map<Followed, number>} */
  #tries = new Map();
  /** The hello that was said last, with the level at which each stream was named. */
  #hello = { levels: /** @type {{[stream: string]: string}} */ ({}) };
  #outside;

  /**
   * @param {{
   *   request(record: WireRecord): number | undefined,
   *   page(stream: string, after: number): Promise<any>,
   *   pause(tries: number): Promise<void>,
   *   applied(followed: Followed, record: WireRecord, isAnotherLog?: boolean): void,
   *   tell(type: string, detail: any): void,
   * }} outside `request` sends on the live connection and gives the request's id; undefined when there is none
   */
  constructor(outside) {
    this.#outside = outside;
    /** @type {import("./followed.js").Hub} */
    this.hub = {
      ...outside,
      ask: (followed, isNew) => this.#ask(followed, isNew),
      drop: (followed) => this.#drop(followed),
      tell: (type, detail) => {
        if (type === "follow" && detail.status === "live") this.#tries.delete(detail);
        outside.tell(type, detail);
      },
    };
  }

  /** @param {string} stream */
  get(stream) {
    return this.#followed.get(stream);
  }

  /** @param {string} stream @param {ConstructorParameters<typeof Followed>[2]} options */
  follow(stream, options) {
    let followed = this.#followed.get(stream);
    if (followed) {
      if (options.level || followed.status === "denied") followed.setLevel(options.level ?? followed.level);
      return followed;
    }
    followed = new Followed(this.hub, stream, options);
    this.#followed.set(stream, followed);
    this.#mark(followed);
    return followed;
  }

  /** What `hello` says. The streams it has no room for are subscribed to after the welcome. */
  hello() {
    const wanted = [...this.#followed.values()].filter(({ status }) => status !== "denied");
    const named = wanted.slice(0, STREAMS_PER_REQUEST);
    const { streams, levels } = request(named);
    this.#hello = { levels };
    for (const followed of named) this.#asked.set(followed, this.#hello);
    return { streams, levels };
  }

  /** The hello was not answered; another connection may still be there. */
  helloFailed() {
    for (const [followed, asked] of this.#asked) if (asked === this.#hello) this.#asked.delete(followed);
  }

  /** A new connection is live. @param {{[stream: string]: import("./types.js").Result}} results */
  welcome(results) {
    this.#asked.clear();
    this.#dirty.clear();
    for (const followed of this.#followed.values()) {
      const result = results[followed.stream];
      // Followed, or set to another level, after hello was said: ask again.
      if (result && this.#hello.levels[followed.stream] === followed.level) followed.answered(result);
      else if (followed.status !== "denied") this.#mark(followed);
    }
  }

  /** The connection is gone. */
  cut() {
    this.#asked.clear();
    for (const followed of this.#followed.values()) followed.cut();
  }

  /** @param {WireRecord} record any record of the live connection */
  take(record) {
    if (record.type === "subscribed") this.#subscribed(record);
    else this.#followed.get(record.stream ?? `room/${record.room}`)?.take(record);
  }

  /** A request was refused; perhaps one of ours: too many streams. @param {WireRecord} record */
  refused({ id, code }) {
    for (const [followed, asked] of this.#asked) if (asked === id) followed.deny(code);
  }

  /** @param {WireRecord} record */
  #subscribed({ id, streams }) {
    for (const stream of Object.keys(streams)) {
      const followed = this.#followed.get(stream);
      // An answer to an older request: the newer one's is on its way.
      if (!followed || this.#asked.get(followed) !== id) continue;
      this.#asked.delete(followed);
      followed.answered(streams[stream]);
    }
  }

  /** @param {Followed} followed @param {boolean} [isNew] something else is wanted than was asked for */
  async #ask(followed, isNew) {
    if (isNew) return this.#mark(followed);
    // One question at a time: what comes before its answer may well show the same hole.
    if (this.#asked.has(followed)) return;
    const tries = this.#tries.get(followed) ?? 0;
    this.#tries.set(followed, tries + 1);
    if (tries >= QUICK_ASKS) await this.#outside.pause(tries - QUICK_ASKS);
    this.#mark(followed);
  }

  /** All that is asked for in one go goes in one request. @param {Followed} followed */
  #mark(followed) {
    if (!this.#dirty.size) queueMicrotask(() => this.#subscribe());
    this.#dirty.add(followed);
  }

  #subscribe() {
    const wanted = [...this.#dirty].filter((followed) => this.#followed.get(followed.stream) === followed);
    this.#dirty.clear();
    for (let first = 0; first < wanted.length; first += STREAMS_PER_REQUEST) {
      const named = wanted.slice(first, first + STREAMS_PER_REQUEST);
      const id = this.#outside.request({ type: "subscribe", ...request(named) });
      // Without a connection hello will say it.
      if (id !== undefined) for (const followed of named) this.#asked.set(followed, id);
    }
  }

  /** @param {Followed} followed */
  #drop(followed) {
    if (this.#followed.get(followed.stream) !== followed) return;
    this.#followed.delete(followed.stream);
    this.#asked.delete(followed);
    this.#tries.delete(followed);
    if (followed.status !== "denied") this.#outside.request({ type: "unsubscribe", streams: [followed.stream] });
  }
}

/** @param {Followed[]} named */
function request(named) {
  return {
    streams: Object.fromEntries(named.map(({ stream, wanted }) => [stream, wanted])),
    levels: Object.fromEntries(named.map(({ stream, level }) => [stream, level])),
  };
}
