// The connection: a state table. It says for every state and every event what is done and which state is next;
// nothing else in this file changes the state. What is not here: what the records mean (client.js).

import { Link } from "./link.js";

/** @typedef {import("./types.js").WireRecord} WireRecord */

const RECONNECT_MIN_MS = 500;
const RECONNECT_FIRST_MS = 1_000;
const RECONNECT_MAX_MS = 20_000;
/** For a token, a socket or a welcome to come. */
const STEP_MS = 15_000;
/** A connection that lived so long was a good one: the next wait is short again. */
const GOOD_MS = 20_000;
/** This much of a token's life passes before a new one is asked for. */
const TOKEN_USED = 0.8;
const REFRESH_MIN_MS = 1_000;
/** Timers of a browser know no longer time. */
const TIMER_MAX_MS = 2 ** 31 - 1;

// The attempt is the socket that is being opened; the link is the one that is live. Both exist while one connection
// is replaced by the next: the old one is heard until the new one is welcomed.
//
// idle        not opened, or closed by the program        leaving   live, and told to move: waits for its turn
// refreshing  a token is fetched                          moving    live; the attempt is opened
// connecting  the attempt is opened                       changing  live; the attempt said hello
// greeting    the attempt said hello                      waiting   cut; tries again later
// live        welcomed                                    stopped   the server said not to come back
//
// open close  the program says so                         lost      the attempt failed, or was closed: try again
// token       there is a token                            refused   the attempt was closed for good
// no_token    none now        no_right  none ever         cut       the link is gone: try again
// opened      the attempt's socket is open                ousted    the link was closed for good
// welcome     the attempt was welcomed                    reconnect the server asks to move
// timer       the state has lasted long enough            nudge     online again, or looked at again
//                                                         offline   the network went, the browser says
const TEXT = `
idle       | open                                                              | renew   | refreshing
idle       | close token no_token no_right opened welcome timer lost refused   | nothing | idle
idle       | cut ousted reconnect nudge offline                                | nothing | idle

refreshing | token                                                             | dial    | connecting
refreshing | no_token timer                                                    | wait    | waiting
refreshing | no_right                                                          | stop    | stopped
refreshing | close                                                             | hang_up | idle
refreshing | open opened welcome lost refused cut ousted reconnect nudge offline | nothing | refreshing

connecting | opened                                                            | greet   | greeting
connecting | lost timer                                                        | wait    | waiting
connecting | refused                                                           | stop    | stopped
connecting | close                                                             | hang_up | idle
connecting | open token no_token no_right welcome cut ousted reconnect nudge offline | nothing | connecting

greeting   | welcome                                                           | adopt   | live
greeting   | lost timer                                                        | wait    | waiting
greeting   | refused                                                           | stop    | stopped
greeting   | close                                                             | hang_up | idle
greeting   | open token no_token no_right opened cut ousted reconnect nudge offline | nothing | greeting

live       | reconnect                                                         | delay   | leaving
live       | cut                                                               | wait    | waiting
live       | ousted                                                            | stop    | stopped
live       | nudge offline                                                     | probe   | live
live       | close                                                             | hang_up | idle
live       | open token no_token no_right opened welcome timer lost refused    | nothing | live

leaving    | timer                                                             | renew   | moving
leaving    | cut                                                               | wait    | waiting
leaving    | ousted                                                            | stop    | stopped
leaving    | nudge offline                                                     | probe   | leaving
leaving    | close                                                             | hang_up | idle
leaving    | open token no_token no_right opened welcome lost refused reconnect | nothing | leaving

moving     | token                                                             | dial    | moving
moving     | opened                                                            | greet   | changing
moving     | no_token no_right lost refused timer                              | hold    | leaving
moving     | cut                                                               | wait    | waiting
moving     | ousted                                                            | stop    | stopped
moving     | nudge offline                                                     | probe   | moving
moving     | close                                                             | hang_up | idle
moving     | open welcome reconnect                                            | nothing | moving

changing   | welcome                                                           | adopt   | live
changing   | lost refused timer                                                | hold    | leaving
changing   | cut                                                               | forget  | greeting
changing   | ousted                                                            | stop    | stopped
changing   | nudge offline                                                     | probe   | changing
changing   | close                                                             | hang_up | idle
changing   | open token no_token no_right opened reconnect                     | nothing | changing

waiting    | timer open nudge                                                  | renew   | refreshing
waiting    | close                                                             | hang_up | idle
waiting    | token no_token no_right opened welcome lost refused cut ousted reconnect offline | nothing | waiting

stopped    | open                                                              | renew   | refreshing
stopped    | close                                                             | hang_up | idle
stopped    | token no_token no_right opened welcome timer lost refused cut     | nothing | stopped
stopped    | ousted reconnect nudge offline                                    | nothing | stopped
`;

/** state → event → [action, next state]
 * @type {{[state: string]: {[event: string]: [string, string]}}} */
export const TABLE = {};
for (const row of TEXT.trim().split(/\n+/)) {
  const [state, events, action, next] = row.split("|").map((cell) => cell.trim());
  for (const event of events.split(" ")) (TABLE[state] ??= {})[event] = [action, next];
}

export const STATES = Object.keys(TABLE);
export const EVENTS = Object.keys(TABLE.idle);

/** What the program is told of a state. @type {{[state: string]: import("./types.js").Status["state"]}} */
const SHOWN = { idle: "idle", live: "live", leaving: "live", moving: "live", changing: "live" };
Object.assign(SHOWN, { waiting: "waiting", stopped: "stopped" });

/** The close codes from 4500, by which a program may act. */
const FINAL = `token_invalid not_a_member banned hello_expected hello_repeated too_many_malformed
too_many_connections unknown_cohort`.split(/\s/);
const TOKEN_EXPIRED = 4001;

/** Whether a close code means that coming back helps: not when we sent something broken or must change something.
 * @param {number} code */
export const isReconnectWanted = (code) =>
  !((code >= 4500 && code <= 4999) || [1002, 1003, 1007, 1008, 1009].includes(code));

/**
 * A random time, so that a thousand clients do not come back as one.
 * @param {number} tries
 * @param {() => number} random
 */
export function backoff(tries, random) {
  const bound = Math.min(RECONNECT_MAX_MS, RECONNECT_FIRST_MS * 2 ** tries);
  return RECONNECT_MIN_MS + random() * (bound - RECONNECT_MIN_MS);
}

export class Connection {
  state = "idle";
  retryAt = 0;
  /** @type {string | number} */
  code = "";
  reason = "";
  token;
  expiresAt;
  /** The server's clock minus ours, ms. */
  skew = 0;

  #outside;
  #told = "idle";
  /** @type {WireRecord} */
  #welcome = { type: "welcome" };
  /** @type {Link | null} the live one: only its records count */
  #link = null;
  /** @type {Link | null} */
  #attempt = null;
  /** @type {any} */
  #timer = 0;
  /** @type {any} */
  #tokenTimer = 0;
  #tries = 0;
  #liveAt = 0;
  #lastId = 0;
  #isTokenVoid = false;
  /** The refresh whose outcome counts. */
  #refreshing = {};
  #reconnect = { after: 0, window: 0 };

  /**
   * @param {{
   *   url: string, token?: string, expiresAt?: number,
   *   refresh?: () => Promise<import("./types.js").Grant>,
   *   WebSocket: typeof globalThis.WebSocket, clock: import("./types.js").Clock, random: () => number,
   *   hello(): object, up(welcome: WireRecord): void, down(): void, helloFailed(): void,
   *   record(record: WireRecord): void, changed(): void, renewed(grant: import("./types.js").Grant): void,
   * }} outside `up`: a link is live, perhaps in place of another; `down`: none is
   */
  constructor(outside) {
    this.#outside = outside;
    this.token = outside.token;
    this.expiresAt = outside.expiresAt;
  }

  get shown() {
    return SHOWN[this.state] ?? "connecting";
  }

  /** The server's clock. */
  now() {
    return this.#outside.clock.now() + this.skew;
  }

  /**
   * Send on the live link. An id is put in; gives the id, or undefined when there is no link.
   * @param {WireRecord} request
   */
  request(request) {
    if (!this.#link) return undefined;
    const id = ++this.#lastId;
    this.#link.send({ ...request, id });
    return id;
  }

  /** Send what has no answer. @param {WireRecord} hint */
  tell(hint) {
    this.#link?.send(hint);
  }

  /** @param {string | undefined} token @param {number} [expiresAt] */
  setToken(token, expiresAt) {
    this.token = token;
    this.expiresAt = expiresAt;
    this.#isTokenVoid = false;
  }

  /** @param {string} event one of EVENTS */
  fire(event) {
    const [action, next] = TABLE[this.state][event];
    if (action === "nothing") return;
    this.state = next;
    // An action may fire by itself, and has then told already.
    this.#actions[action]();
    if (this.shown === this.#told && action !== "wait") return;
    this.#told = this.shown;
    this.#outside.changed();
  }

  /** @type {{[action: string]: () => void}} */
  #actions = {
    renew: () => this.#renew(),
    dial: () => this.#dial(),
    greet: () => {
      this.#arm(STEP_MS);
      this.#attempt?.send({ type: "hello", token: this.token, ...this.#outside.hello() });
    },
    adopt: () => {
      // The old link is silenced before the new one is heard: what it says late is nobody's.
      this.#link?.close();
      this.#link = this.#attempt;
      this.#attempt = null;
      this.#clearTimer();
      this.#liveAt = this.#outside.clock.now();
      this.code = this.reason = "";
      this.#link?.watch();
      this.skew = this.#welcome.at - this.#liveAt;
      this.expiresAt = this.#welcome.expires_at;
      this.#planRefresh();
      this.#outside.up(this.#welcome);
    },
    probe: () => this.#link?.probe(),
    delay: () => this.#arm(this.#reconnect.after + this.#outside.random() * this.#reconnect.window),
    hold: () => {
      this.#dropAttempt();
      this.#arm(backoff(this.#tries++, this.#outside.random));
    },
    forget: () => this.#dropLink(),
    wait: () => {
      this.#dropAttempt();
      this.#dropLink();
      const ms = backoff(this.#tries++, this.#outside.random);
      this.retryAt = this.#outside.clock.now() + ms;
      this.#arm(ms);
    },
    stop: () => this.#end(),
    hang_up: () => {
      this.code = this.reason = "";
      this.#end();
    },
  };

  #end() {
    this.#tries = 0;
    this.#dropAttempt();
    this.#dropLink();
    this.#clearTimer();
  }

  #renew() {
    this.#arm(STEP_MS);
    const isExpired = this.expiresAt !== undefined && this.expiresAt <= this.now();
    if (this.token && !this.#isTokenVoid && !isExpired) return this.fire("token");
    const refreshing = (this.#refreshing = {});
    this.refresh().then(
      () => refreshing === this.#refreshing && this.fire("token"),
      (error) => {
        if (refreshing !== this.#refreshing) return;
        this.code = error?.code ?? "token_expired";
        this.reason = error?.message ?? "";
        this.fire(error?.retry === "never" ? "no_right" : "no_token");
      },
    );
  }

  /** A new token by HTTP. */
  async refresh() {
    const { refresh } = this.#outside;
    if (!refresh) throw { code: "token_expired", message: "The token has expired.", retry: "never" };
    const grant = await refresh();
    this.setToken(grant.token, grant.expires_at);
    this.#outside.renewed(grant);
  }

  #dial() {
    this.#arm(STEP_MS);
    const { url, WebSocket, clock } = this.#outside;
    const on = {
      opened: () => this.fire("opened"),
      record: (/** @type {Link} */ link, /** @type {WireRecord} */ record) => this.#take(link, record),
      closed: (/** @type {Link} */ link, /** @type {number} */ code, /** @type {string} */ reason) =>
        this.#closed(link, code, reason),
    };
    this.#attempt = new Link({ url: url + "/ws", WebSocket, clock, on });
  }

  /** @param {Link} link @param {WireRecord} record */
  #take(link, record) {
    if (link === this.#attempt) {
      // Before its welcome an attempt has nothing to say.
      if (record.type !== "welcome") return;
      this.#welcome = record;
      this.fire("welcome");
    } else if (link === this.#link) {
      if (record.type === "reconnect") {
        this.#reconnect = { after: record.after ?? 0, window: record.window ?? 0 };
        this.fire("reconnect");
      } else if (record.type === "token") {
        this.setToken(record.token, record.expires_at);
        this.#planRefresh();
        this.#outside.renewed({ token: record.token, expires_at: record.expires_at });
      } else {
        this.#outside.record(record);
      }
    }
  }

  /** @param {Link} link @param {number} code @param {string} reason */
  #closed(link, code, reason) {
    const isLink = link === this.#link;
    if (isLink) this.#link = null;
    else this.#attempt = null;
    this.code = FINAL[code - 4500] ?? code;
    this.reason = reason;
    if (code === TOKEN_EXPIRED) this.#isTokenVoid = true;
    if (isLink && this.#outside.clock.now() - this.#liveAt >= GOOD_MS) this.#tries = 0;
    const isWanted = isReconnectWanted(code);
    if (isLink) {
      this.#outside.clock.clearTimeout(this.#tokenTimer);
      this.#outside.down();
      this.fire(isWanted ? "cut" : "ousted");
    } else {
      this.#outside.helloFailed();
      this.fire(isWanted ? "lost" : "refused");
    }
  }

  #planRefresh() {
    const { clock } = this.#outside;
    clock.clearTimeout(this.#tokenTimer);
    if (this.expiresAt === undefined) return;
    const ms = Math.max((this.expiresAt - this.now()) * TOKEN_USED, REFRESH_MIN_MS);
    this.#tokenTimer = clock.setTimeout(() => this.request({ type: "refresh_token" }), Math.min(ms, TIMER_MAX_MS));
  }

  #dropAttempt() {
    this.#refreshing = {};
    if (!this.#attempt) return;
    this.#attempt.close();
    this.#attempt = null;
    this.#outside.helloFailed();
  }

  #dropLink() {
    if (!this.#link) return;
    this.#link.close();
    this.#link = null;
    this.#outside.clock.clearTimeout(this.#tokenTimer);
    this.#outside.down();
  }

  /** @param {number} ms */
  #arm(ms) {
    this.#clearTimer();
    this.#timer = this.#outside.clock.setTimeout(() => this.fire("timer"), ms);
  }

  #clearTimer() {
    this.#outside.clock.clearTimeout(this.#timer);
  }
}
