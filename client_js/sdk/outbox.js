// The outbox: commands with their keys until the server has accepted them, or has refused them for good. What is not
// here: the socket (connection.js); what the commands do.
//
// A post of one's own is shown as pending until its event is part of the room's state, and not a moment longer,
// whichever of reply and event comes first: `accepted` tells the seq, and that settles it. An event that comes before
// its reply is recognised by author, text and what it answers; should that guess be wrong, the reply puts it right.

import { uuid7 } from "./api.js";

/** @typedef {import("./types.js").Command} Command */
/** @typedef {import("./types.js").WireRecord} WireRecord */
/** @typedef {import("./types.js").Core} Core */

/** Commands kept at most. */
const OUTBOX_MAX = 1_000;
const IN_FLIGHT_MAX = 256;
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
  /** @internal The request by which it was sent on this connection, until that is answered.
   * @type {number | undefined} */
  id;
  /** @internal How often it was sent. */
  tries = 0;
  /** @internal The seq of the event that seems to be its own. */
  guess = 0;
  /** @internal @type {(settled: Pending) => void} */
  settle = () => {};
  /** @type {Promise<Pending>} fulfilled when it is accepted or refused for good */
  promise = new Promise((settle) => (this.settle = settle));
  #core;

  /** @param {Core} core @param {Command} command @param {string} key @param {number} at */
  constructor(core, command, key, at) {
    this.#core = core;
    this.command = command;
    this.key = key;
    this.at = at;
  }

  cancel() {
    this.#core.outbox.forget(this);
  }

  /** Send a refused one again, as a new command. */
  retry() {
    this.cancel();
    return this.#core.outbox.add(this.command);
  }
}

/** @param {Core} core */
export function createOutbox(core) {
  const { clock, shelf, prefix } = core;
  const shelved = prefix + "outbox:";
  /** In the order they were made: the unsettled ones, and posts that are still to be shown. @type {Set<Pending>} */
  const all = new Set();
  /** @type {any} */
  let timer;

  restore();

  const isUnsettled = (/** @type {Pending} */ { state }) => state === "queued" || state === "sent";

  /** Those not settled yet, in order. */
  const unsettled = () => [...all].filter(isUnsettled);

  /** @param {string} room */
  const posts = (room) =>
    [...all].filter(({ command }) => command.type === "post_message" && command.room === room);

  /** Posts to a room that are not part of its state. @param {string} room */
  const shown = (room) => posts(room).filter(({ guess }) => !guess);

  /** @param {Pending} pending @param {Partial<Pending>} changes */
  function change(pending, changes) {
    Object.assign(pending, changes);
    core.tell("pending", pending);
  }

  /** @param {Command} command @param {string} [key] */
  function add(command, key = "") {
    const at = clock.now();
    const pending = new Pending(core, command, key || uuid7(at), at);
    if (unsettled().length < OUTBOX_MAX) {
      all.add(pending);
      keep(pending);
      change(pending, {});
      flush();
    } else {
      const message = "Too much is waiting to be sent.";
      settle(pending, { state: "refused", refusal: { code: "outbox_full", message, retry: "never" } });
    }
    return pending;
  }

  /** @param {Pending} pending */
  function forget(pending) {
    all.delete(pending);
    shelf?.removeItem(shelved + pending.key);
    change(pending, { id: undefined });
  }

  /** A new connection is live: everything that has no answer goes again, in order. */
  function up() {
    down();
    // Who was put off by a server that could not, asks the next one at once.
    for (const pending of all) if (!pending.refusal?.after) pending.retryAt = 0;
    flush();
  }

  /** The connection is gone. */
  function down() {
    for (const pending of all) if (pending.id) change(pending, { id: undefined, state: "queued" });
  }

  /** Send what may go now. */
  function flush() {
    const now = clock.now();
    let wakeAt = Infinity;
    const { commands_in_flight_max = IN_FLIGHT_MAX } = core.client.limits;
    let left = commands_in_flight_max - [...all].filter(({ id }) => id).length;
    /** Rooms where an earlier post waits: a later one must not overtake it. */
    const held = new Set();
    for (const pending of unsettled()) {
      const { command, key, retryAt, state } = pending;
      const lane = command.type === "post_message" && command.room;
      if (state === "sent") continue;
      if (retryAt > now) wakeAt = Math.min(wakeAt, retryAt);
      if (retryAt > now || held.has(lane)) {
        if (lane) held.add(lane);
        continue;
      }
      if (--left < 0) break;
      const id = core.connection.request({ ...command, key });
      if (!id) return;
      pending.tries++;
      change(pending, { id, state: "sent" });
    }
    clock.clearTimeout(timer);
    if (wakeAt < Infinity) timer = clock.setTimeout(flush, Math.min(wakeAt - now, TIMER_MAX_MS));
  }

  /** @param {WireRecord} record a reply @returns {boolean} whether it was for one of ours */
  function answered({ type, id, stream, seq, code, message, retry, after }) {
    const isReply = id && (type === "accepted" || type === "refused");
    const pending = isReply && [...all].find((pending) => pending.id === id);
    if (!pending) return false;
    pending.id = undefined;
    const refusal = { code, message, retry, after };
    if (type === "accepted") settle(pending, { state: type, stream, seq, refusal: null });
    else if (retry !== "later") settle(pending, { state: "refused", refusal });
    else {
      const ms = after ?? core.pauseMs(pending.tries);
      change(pending, { state: "queued", refusal, retryAt: clock.now() + ms });
    }
    flush();
    return true;
  }

  /** @param {Pending} pending @param {Partial<Pending>} outcome */
  function settle(pending, outcome) {
    const { stream = "", seq = 0 } = outcome;
    const followed = core.streams.get(stream);
    const reached = followed?.state ? followed.position?.seq ?? 0 : Infinity;
    shelf?.removeItem(shelved + pending.key);
    // A post stays to be seen: an accepted one until its event is shown, a refused one until somebody deals with it.
    if (pending.command.type !== "post_message" || (seq && seq <= reached)) all.delete(pending);
    else all.add(pending);
    pending.guess = 0;
    change(pending, outcome);
    pending.settle(pending);
    if (outcome.refusal) core.tell("refused", pending);
  }

  /**
   * Something became part of a stream's state. What is pending must know before anybody draws.
   * @param {import("./followed.js").Followed} followed
   * @param {WireRecord} record
   * @param {boolean} [isAnotherLog] seqs of before mean nothing any more
   */
  function applied({ stream, state }, { type, name, by, seq, at, data }, isAnotherLog) {
    const room = stream.slice(5);
    if (type === "snapshot") {
      for (const pending of posts(room)) {
        if (pending.state === "accepted" && (isAnotherLog || pending.seq <= seq)) all.delete(pending);
      }
      for (const message of state.messages ?? []) seen(room, message);
    } else if (name === "message_posted") seen(room, { ...data, by, seq, at });
  }

  /** @param {string} room @param {any} message that is part of its state now */
  function seen(room, { by, seq, at, text = "", reply_to = null }) {
    const mine = posts(room);
    // Under an alias it is by another, but it has the seq we were told.
    const told = mine.find((pending) => pending.seq === seq);
    if (told) all.delete(told);
    if (told || by !== core.client.me?.person) return;
    const guessed = mine.find(
      (pending) =>
        !pending.command.alias &&
        isUnsettled(pending) &&
        pending.tries &&
        !pending.guess &&
        at > pending.at + core.skew - SLACK_MS &&
        (pending.command.reply_to ?? null) === reply_to &&
        squeeze(pending.command.text) === squeeze(text),
    );
    if (guessed) guessed.guess = seq;
  }

  // --- surviving a reload: one entry a command, so that tabs do not undo each other's -----------------------

  function restore() {
    // Keys are made in order, and sort in that order.
    const names = Array.from({ length: shelf?.length ?? 0 }, (_, place) => shelf?.key(place) ?? "");
    for (const name of names.sort()) {
      if (!name.startsWith(shelved)) continue;
      try {
        const { command, at } = JSON.parse(shelf?.getItem(name) ?? "");
        const pending = new Pending(core, command, name.slice(shelved.length), at);
        pending.tries = 1; // Perhaps; the other life knew.
        all.add(pending);
      } catch {
        shelf?.removeItem(name);
      }
    }
  }

  /** @param {Pending} pending */
  function keep({ key, command, at }) {
    try {
      // Where one has read is told anew anyway.
      if (command.type !== "mark_read") shelf?.setItem(shelved + key, JSON.stringify({ command, at }));
    } catch {
      // The shelf is full or forbidden: then it does not survive a reload.
    }
  }

  return { add, forget, flush, up, down, answered, applied, unsettled, shown };
}

/** What is left of a text when the server has normalised it in any way. @param {string} text */
const squeeze = (text) => text.normalize().replace(/[\s\p{C}]/gu, "");
