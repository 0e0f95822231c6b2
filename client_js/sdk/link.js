// One socket: opened, spoken over, listened to, found dead. Knows nothing of what is said but how it is framed.
// What is not here: when to open one (connection.js).

/** @typedef {import("./types.js").WireRecord} WireRecord */

const SUBPROTOCOL = "tertulia.v1.json";
const QUIET_MS = 30_000;
const PONG_MS = 10_000;

/** The code of a connection that died without one. */
const ABNORMAL = 1006;

export class Link {
  #socket;
  #clock;
  #on;
  #timer;
  #heardAt;
  #isOver = false;

  /**
   * @param {{
   *   url: string,
   *   WebSocket: typeof globalThis.WebSocket,
   *   clock: import("./types.js").Clock,
   *   on: {opened(link: Link): void, record(link: Link, record: WireRecord): void,
   *     closed(link: Link, code: number, reason: string): void},
   * }} options `closed` is called once, and nothing after it
   */
  constructor({ url, WebSocket, clock, on }) {
    this.#clock = clock;
    this.#on = on;
    this.#heardAt = clock.now();
    /** @type {any} */
    this.#timer = 0;
    this.#socket = new WebSocket(url.replace(/^http/, "ws"), SUBPROTOCOL);
    this.#socket.onopen = () => this.#on.opened(this);
    this.#socket.onmessage = ({ data }) => this.#hear(data);
    this.#socket.onclose = ({ code, reason }) => this.#end(code, reason);
    this.#socket.onerror = () => {};
  }

  /** @param {object} request */
  send(request) {
    // A socket that is closing throws the request away, and the outbox or the next hello says it again.
    if (this.#socket.readyState === 1) this.#socket.send(JSON.stringify(request));
  }

  /** From now on a silence is suspicious. @param {number} [ms] to look after */
  watch(ms = QUIET_MS) {
    this.#wait(ms, () => {
      const quiet_ms = this.#clock.now() - this.#heardAt;
      if (quiet_ms < QUIET_MS) this.watch(QUIET_MS - quiet_ms);
      else this.probe();
    });
  }

  /** Is anybody there? Closed with 1006 when there is no answer in time. */
  probe() {
    const askedAt = this.#clock.now();
    this.send({ type: "ping", id: 0 });
    this.#wait(PONG_MS, () => {
      if (this.#heardAt > askedAt) this.watch();
      else this.#end(ABNORMAL, "heard nothing");
    });
  }

  /** Hang up without a word to `closed`. */
  close() {
    this.#isOver = true;
    this.#clock.clearTimeout(this.#timer);
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close(1000);
  }

  /** @param {any} data one message: records, each on its line */
  #hear(data) {
    this.#heardAt = this.#clock.now();
    for (const line of String(data).split("\n")) {
      if (this.#isOver) return;
      if (!line) continue;
      /** @type {WireRecord} */
      let record;
      try {
        record = JSON.parse(line);
      } catch {
        continue; // What it was is noticed as a hole, or was not important.
      }
      this.#on.record(this, record);
    }
  }

  /** @param {number} code @param {string} reason */
  #end(code, reason) {
    if (this.#isOver) return;
    this.close();
    this.#on.closed(this, code, reason);
  }

  /** @param {number} ms @param {() => void} then */
  #wait(ms, then) {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = this.#clock.setTimeout(then, ms);
  }
}
