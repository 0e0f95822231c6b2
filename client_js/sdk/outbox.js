// The outbox: commands with their keys until the server has accepted them, or has refused them for good. What is not
// here: the socket (connection.js); what the commands do.
//
// A post of one's own is shown as pending until its event is part of the room's state, and not a moment longer,
// whichever of reply and event comes first: `accepted` tells the seq, and that settles it. An event that comes before
// its reply is recognised by author, text and what it answers; should that guess be wrong, the reply puts it right.

import { uuid7 } from "./api.js";

/** @typedef {import("./types.js").Command} Command */
/** @typedef {import("./types.js").WireRecord} WireRecord */

/** Commands kept at most. */
const OUTBOX_MAX = 1_000;
const TIMER_MAX_MS = 2 ** 31 - 1;
/** How far two clocks, once compared, may still be apart. */
const SLACK_MS = 10_000;

/** One command on its way. */
export class Pending {
  /** @type {"queued" | "sent" | "accepted" | "refused"} */
  state = "queued";
  stream = "";
  seq = 0;
  /** @type {import("./types.js").Refusal | null} */
  refusal = null;
  /** When it goes again, this machine's Unix ms; 0: as soon as it can. */
  retryAt = 0;
  /** @internal how often it was sent */
  tries = 0;
  /** @internal how often it was put off without being told for how long */
  delays = 0;
  /** @internal the seq of the event that seems to be its own */
  guess = 0;
  /** @internal @type {(settled: Pending) => void} */
  settle = () => {};
  /** @type {Promise<Pending>} fulfilled when it is accepted or refused for good */
  promise = new Promise((resolve) => (this.settle = resolve));
  #outbox;

  /** @param {Outbox} outbox @param {Command} command @param {string} key @param {number} at */
  constructor(outbox, command, key, at) {
    this.#outbox = outbox;
    this.command = command;
    this.key = key;
    this.at = at;
  }

  get isPost() {
    return this.command.type === "post_message";
  }

  get isSettled() {
    return this.state === "accepted" || this.state === "refused";
  }

  cancel() {
    this.#outbox.forget(this);
  }

  /** Send a refused one again, as a new command. */
  retry() {
    this.#outbox.forget(this);
    return this.#outbox.add(this.command);
  }
}

export class Outbox {
  /** In the order they were made: the unsettled ones, and posts that are still to be shown.
   * @type {Set<Pending>} */
  #all = new Set();
  /** Sent on the present connection, by request id. @type {Map<number, Pending>} */
  #sent = new Map();
  #inFlightMax = 1;
  #outside;
  #shelf;
  #prefix;
  /** @type {any} */
  #timer = 0;

  /**
   * @param {{
   *   clock: import("./types.js").Clock,
   *   shelf?: import("./types.js").Shelf, prefix: string,
   *   request(command: WireRecord): number | undefined,
   *   pauseMs(tries: number): number,
   *   reached(stream: string): number | undefined,
   *   tell(type: "pending" | "refused", pending: Pending): void,
   * }} outside `reached`: up to which seq a stream is part of what is shown; undefined when it is not shown
   */
  constructor(outside) {
    this.#outside = outside;
    this.#shelf = outside.shelf;
    this.#prefix = outside.prefix + "outbox:";
    this.#restore();
  }

  /** Those not settled yet, in order. */
  get unsettled() {
    return [...this.#all].filter((pending) => !pending.isSettled);
  }

  /** Posts to a room that are not part of its state. @param {string} room */
  shown(room) {
    return [...this.#all].filter(({ isPost, command, guess }) => isPost && command.room === room && !guess);
  }

  /** @param {Command} command */
  add(command) {
    const { clock } = this.#outside;
    const pending = new Pending(this, command, uuid7(clock.now()), clock.now());
    if (this.unsettled.length >= OUTBOX_MAX) {
      const message = "Too much is waiting to be sent.";
      this.#refuse(pending, { code: "outbox_full", message, retry: "never" });
      return pending;
    }
    this.#all.add(pending);
    this.#keep(pending);
    this.#tell(pending);
    this.flush();
    return pending;
  }

  /** @param {Pending} pending */
  forget(pending) {
    this.#all.delete(pending);
    this.#release(pending);
    for (const [id, sent] of this.#sent) if (sent === pending) this.#sent.delete(id);
    this.#outside.tell("pending", pending);
  }

  /** A new connection is live: everything that has no answer goes again, in order. @param {number} inFlightMax */
  up(inFlightMax) {
    this.#inFlightMax = inFlightMax;
    this.down();
    // Who was put off by a server that could not, asks the next one at once.
    for (const pending of this.#all) if (!pending.refusal?.after) pending.retryAt = 0;
    this.flush();
  }

  /** The connection is gone. */
  down() {
    const unanswered = [...this.#sent.values()];
    this.#sent.clear();
    for (const pending of unanswered) {
      pending.state = "queued";
      this.#tell(pending);
    }
  }

  /** Send what may go now. */
  flush() {
    const now = this.#outside.clock.now();
    let wakeAt = Infinity;
    /** Rooms where an earlier post waits: a later one must not overtake it. */
    const held = new Set();
    for (const pending of this.#all) {
      if (this.#sent.size >= this.#inFlightMax) break;
      if (pending.state !== "queued") continue;
      const { command, key, isPost } = pending;
      if (pending.retryAt > now) wakeAt = Math.min(wakeAt, pending.retryAt);
      if (pending.retryAt > now || (isPost && held.has(command.room))) {
        if (isPost) held.add(command.room);
        continue;
      }
      const id = this.#outside.request({ ...command, key });
      if (id === undefined) return;
      this.#sent.set(id, pending);
      pending.tries++;
      pending.state = "sent";
      this.#tell(pending);
    }
    this.#outside.clock.clearTimeout(this.#timer);
    if (wakeAt === Infinity) return;
    this.#timer = this.#outside.clock.setTimeout(() => this.flush(), Math.min(wakeAt - now, TIMER_MAX_MS));
  }

  /** @param {WireRecord} record */
  accepted({ id, stream, seq }) {
    const pending = this.#answered(id);
    if (!pending) return;
    Object.assign(pending, { state: "accepted", stream, seq, refusal: null, guess: 0 });
    const reached = this.#outside.reached(stream);
    if (!pending.isPost || reached === undefined || reached >= seq) this.#all.delete(pending);
    this.#settle(pending);
  }

  /** @param {WireRecord} record @returns {boolean} whether it was one of ours */
  refused({ id, code, message, retry, after }) {
    const pending = this.#answered(id);
    if (!pending) return false;
    const refusal = { code, message, retry, after };
    if (retry !== "later") {
      this.#refuse(pending, refusal);
    } else {
      const ms = after ?? this.#outside.pauseMs(pending.delays++);
      pending.state = "queued";
      pending.refusal = refusal;
      pending.retryAt = this.#outside.clock.now() + ms;
      this.#tell(pending);
    }
    this.flush();
    return true;
  }

  /**
   * A message of mine has become part of a room's state.
   * @param {string} room
   * @param {{seq: number, at: number, text?: string, reply_to?: number | null}} message
   * @param {number} skew the server's clock minus ours
   */
  seen(room, { seq, at, text = "", reply_to = null }, skew) {
    const posts = [...this.#all].filter(({ isPost, command }) => isPost && command.room === room);
    if (posts.some((pending) => pending.seq === seq && this.#all.delete(pending))) return;
    const own = posts.find(
      ({ command, tries, guess, isSettled, at: madeAt }) =>
        !isSettled && tries && !guess && at > madeAt + skew - SLACK_MS &&
        (command.reply_to ?? null) === reply_to && squeeze(command.text) === squeeze(text),
    );
    if (own) own.guess = seq;
  }

  /**
   * A room's state was replaced.
   * @param {string} room
   * @param {number} seq
   * @param {boolean} isAnotherLog seqs of before mean nothing any more
   */
  replaced(room, seq, isAnotherLog) {
    for (const pending of this.shown(room)) {
      if (pending.state === "accepted" && (isAnotherLog || pending.seq <= seq)) this.#all.delete(pending);
    }
  }

  /** @param {number} id */
  #answered(id) {
    const pending = this.#sent.get(id);
    this.#sent.delete(id);
    return pending;
  }

  /** @param {Pending} pending @param {import("./types.js").Refusal} refusal */
  #refuse(pending, refusal) {
    Object.assign(pending, { state: "refused", refusal, guess: 0 });
    // A refused post stays to be seen, until it is cancelled or tried again.
    if (pending.isPost) this.#all.add(pending);
    else this.#all.delete(pending);
    this.#settle(pending);
    this.#outside.tell("refused", pending);
  }

  /** @param {Pending} pending */
  #settle(pending) {
    this.#release(pending);
    this.#tell(pending);
    pending.settle(pending);
    this.flush();
  }

  /** @param {Pending} pending */
  #tell(pending) {
    this.#outside.tell("pending", pending);
  }

  // --- surviving a reload: one entry a command, so that tabs do not undo each other's ---------------

  #restore() {
    const shelf = this.#shelf;
    const names = [];
    for (let place = 0; shelf && place < shelf.length; place++) names.push(shelf.key(place) ?? "");
    // Keys are made in order, and sort in that order.
    for (const name of names.filter((name) => name.startsWith(this.#prefix)).sort()) {
      try {
        const { command, at } = JSON.parse(shelf?.getItem(name) ?? "");
        const pending = new Pending(this, command, name.slice(this.#prefix.length), at);
        pending.tries = 1; // Perhaps; the other life knew.
        this.#all.add(pending);
      } catch {
        shelf?.removeItem(name);
      }
    }
  }

  /** @param {Pending} pending */
  #keep({ key, command, at }) {
    try {
      // Where one has read is told anew anyway.
      if (command.type !== "mark_read") this.#shelf?.setItem(this.#prefix + key, JSON.stringify({ command, at }));
    } catch {
      // The shelf is full or forbidden: then it does not survive a reload.
    }
  }

  /** @param {Pending} pending */
  #release({ key }) {
    this.#shelf?.removeItem(this.#prefix + key);
  }
}

/** What is left of a text when the server has normalised it in any way. @param {string} text */
const squeeze = (text) => text.normalize().replace(/[\s\p{C}]/gu, "");
