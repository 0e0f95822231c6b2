// The connection: a state table. It says for every state and every event what is done and which state is next;
// nothing else in this file changes the state. What is not here: what the records mean (client.js).

import { openLink } from "./link.js";

/** @typedef {import("./types.js").WireRecord} WireRecord */
/** @typedef {import("./link.js").Link} Link */

const RECONNECT_MIN_MS = 500;
const RECONNECT_FIRST_MS = 1_000;
const RECONNECT_MAX_MS = 20_000;
/** For a token, a socket or a welcome to come. */
const STEP_MS = 15_000;
/** A connection that lived so long was a good one: the next wait is short again. */
const GOOD_MS = 5_000;
/** This much of a token's life passes before a new one is asked for. */
const TOKEN_USED = 0.8;
const REFRESH_MIN_MS = 1_000;
/** A browser's timers know no longer time. */
const TIMER_MAX_MS = 2 ** 31 - 1;

// The attempt is the socket that is being opened; the link is the one that is live. Both exist while one connection
// is replaced by the next: the old one is heard until the new one is welcomed.
//
// idle        not opened, or closed by the program        leaving   live, and told to move: waits for its turn
// refreshing  a token is fetched                          moving    live; the attempt is opened
// connecting  the attempt is opened                       changing  live; the attempt said hello
// greeting    the attempt said hello                      waiting   cut; tries again later
// live        welcomed                                    stopped   the server said not to come back
export const STATES =
  "idle refreshing connecting greeting live leaving moving changing waiting stopped".split(" ");

// open close  the program says so                         lost      the attempt failed, or was closed: try again
// token       there is a token                            refused   the attempt was closed for good
// no_token    none now        no_right  none ever         cut       the link is gone: try again
// opened      the attempt's socket is open                ousted    the link was closed for good
// welcome     the attempt was welcomed                    reconnect the server asks to move
// timer       the state has lasted long enough            nudge     online again, or looked at again
//                                                         offline   the network went, the browser says
export const EVENTS = (
  "open close token no_token no_right opened welcome timer lost refused cut ousted reconnect nudge offline"
).split(" ");

/** Written down: states | events | action | next state, none for the same. All else is nothing, and stays. */
const ROWS = `
idle stopped waiting|open|renew|refreshing
waiting|timer nudge|renew|refreshing
refreshing|token|dial|connecting
refreshing|no_token timer|wait|waiting
refreshing|no_right|stop|stopped
connecting|opened|greet|greeting
greeting|welcome|adopt|live
connecting greeting|lost timer|wait|waiting
connecting greeting|refused|stop|stopped
live|reconnect|delay|leaving
leaving|timer|renew|moving
moving|token|dial|
moving|opened|greet|changing
moving|no_token no_right|hold|leaving
moving changing|lost refused timer|hold|leaving
changing|welcome|adopt|live
changing|cut|forget|greeting
live leaving moving|cut|wait|waiting
live leaving moving changing|ousted|stop|stopped
live leaving moving changing|nudge offline|probe|
${STATES.join(" ")}|close|hang_up|idle`;

/** state → event → [action, next state]
 * @type {{[state: string]: {[event: string]: [string, string]}}} */
export const TABLE = {};
for (const state of STATES) {
  TABLE[state] = {};
  for (const event of EVENTS) TABLE[state][event] = ["", state];
}
for (const row of ROWS.trim().split("\n")) {
  const [states, events, action, next] = row.split("|");
  for (const state of states.split(" ")) {
    for (const event of events.split(" ")) TABLE[state][event] = [action, next || state];
  }
}

/** The close codes from 4500, by which a program may act. */
const FINAL = (
  "token_invalid not_a_member banned hello_expected hello_repeated too_many_malformed too_many_connections" +
  " unknown_cohort too_many_early"
).split(" ");
const TOKEN_EXPIRED = 4001;

/** Whether a close code means that coming back helps: not when we sent something broken or must change something.
 * @param {number} code */
export const isReconnectWanted = (code) =>
  !((code >= 4500 && code < 5000) || [1002, 1003, 1007, 1008, 1009].includes(code));

/**
 * A random time, so that a thousand clients do not come back as one.
 * @param {number} tries
 * @param {() => number} random
 */
export function backoff(tries, random) {
  const bound = Math.min(RECONNECT_MAX_MS, RECONNECT_FIRST_MS * 2 ** tries);
  return Math.round(RECONNECT_MIN_MS + random() * (bound - RECONNECT_MIN_MS));
}

/** @param {import("./types.js").Core} core */
export function createConnection(core) {
  const { clock, random } = core;
  let state = "idle";
  /** The live one: only its records count. @type {Link | undefined} */
  let link;
  /** @type {Link | undefined} */
  let attempt;
  /** @type {any} */
  let timer;
  /** @type {any} */
  let tokenTimer;
  let tries = 0;
  let liveAt = 0;
  let lastId = 0;
  /** What the program is told. @type {import("./types.js").Status} */
  const status = { state: "idle", online: true, retryAt: 0, code: "", reason: "" };

  /** @param {string} event one of EVENTS @param {any} [said] what came with it */
  function fire(event, said) {
    const [action, next] = TABLE[state][event];
    if (!action) return;
    state = next;
    // An action may fire by itself, and has then told already.
    ACTIONS[action](said);
    const shown = link ? "live" : /** @type {any} */ (/idle|wai|stop/.test(state) ? state : "connecting");
    if (shown === status.state && action !== "wait") return;
    status.state = shown;
    core.changed();
  }

  /** @type {{[action: string]: (said?: any) => void}} */
  const ACTIONS = {
    renew,
    dial() {
      dropAttempt();
      arm(STEP_MS);
      const mine = openLink(core, {
        opened: () => fire("opened"),
        heard: (record) => hear(mine, record),
        closed: (code, reason) => ended(mine, code, reason),
      });
      attempt = mine;
    },
    greet() {
      arm(STEP_MS);
      attempt?.send({ type: "hello", token: core.token, client: core.name, ...core.streams.hello() });
    },
    adopt(welcome) {
      // The old link is silenced before the new one is heard: what it says late is nobody's.
      link?.close();
      [link, attempt] = [attempt, undefined];
      link?.watch();
      disarm();
      liveAt = clock.now();
      Object.assign(status, { code: "", reason: "" });
      core.skew = welcome.at - liveAt;
      core.expiresAt = welcome.expires_at;
      planRefresh();
      core.up(welcome);
    },
    probe: () => link?.probe(),
    delay: ({ after = 0, window = 0 }) => arm(after + random() * window),
    hold() {
      dropAttempt();
      arm(backoff(tries++, random));
    },
    forget() {}, // The old link is gone by itself.
    wait() {
      dropAttempt();
      const ms = backoff(tries++, random);
      status.retryAt = clock.now() + ms;
      arm(ms);
    },
    stop: end,
    hang_up() {
      Object.assign(status, { code: "", reason: "" });
      end();
    },
  };

  function end() {
    tries = 0;
    dropAttempt();
    disarm();
    link?.close();
    gone();
  }

  function renew() {
    status.retryAt = 0;
    arm(STEP_MS);
    if (core.token && !(/** @type {number} */ (core.expiresAt) <= now())) return fire("token");
    // An answer that comes late is good as well: the table knows whether there is still a use for it.
    refresh().then(
      () => fire("token"),
      ({ code = "offline", message = "", retry }) => {
        Object.assign(status, { code, reason: message });
        fire(retry === "never" ? "no_right" : "no_token");
      },
    );
  }

  /** A new token by HTTP. */
  async function refresh() {
    if (!core.refresh) throw { code: "token_expired", message: "The token has expired.", retry: "never" };
    renewed(await core.refresh());
  }

  /** @param {import("./types.js").Grant} grant */
  function renewed({ token, expires_at }) {
    core.token = token;
    core.expiresAt = expires_at;
    core.tell("token", { token, expires_at });
  }

  function planRefresh() {
    if (!core.expiresAt) return;
    clock.clearTimeout(tokenTimer);
    const ms = Math.max((core.expiresAt - now()) * TOKEN_USED, REFRESH_MIN_MS);
    tokenTimer = clock.setTimeout(() => request({ type: "refresh_token" }), Math.min(ms, TIMER_MAX_MS));
  }

  /** @param {Link} from @param {WireRecord} record */
  function hear(from, record) {
    const { type } = record;
    // Before its welcome an attempt has nothing to say. (One that was replaced is closed, and is not heard at all.)
    if (from === attempt) type === "welcome" && fire(type, record);
    else if (type === "reconnect") fire(type, record);
    else if (type !== "token") core.heard(record);
    else {
      renewed(/** @type {any} */ (record));
      planRefresh();
    }
  }

  /** @param {Link} from @param {number} code @param {string} reason */
  function ended(from, code, reason) {
    const isWanted = isReconnectWanted(code);
    Object.assign(status, { code: FINAL[code - 4500] ?? code, reason });
    if (code === TOKEN_EXPIRED) core.token = "";
    if (from === attempt) {
      attempt = undefined;
      return fire(isWanted ? "lost" : "refused");
    }
    if (clock.now() - liveAt >= GOOD_MS) tries = 0;
    gone();
    fire(isWanted ? "cut" : "ousted");
  }

  /** There is no link any more. */
  function gone() {
    if (!link) return;
    link = undefined;
    clock.clearTimeout(tokenTimer);
    core.down();
  }

  function dropAttempt() {
    attempt?.close();
    attempt = undefined;
  }

  function disarm() {
    clock.clearTimeout(timer);
  }

  /** @param {number} ms */
  function arm(ms) {
    disarm();
    timer = clock.setTimeout(() => fire("timer"), ms);
  }

  /** The server's clock. */
  const now = () => clock.now() + core.skew;

  /** Send on the live link. Gives the request's id, or undefined when there is no link. @param {WireRecord} record */
  function request(record) {
    if (!link) return undefined;
    link.send({ ...record, id: ++lastId });
    return lastId;
  }

  /** Send what has no answer. @param {WireRecord} record */
  const hint = (record) => link?.send(record);

  return { fire, refresh, request, hint, now, status, isLive: () => !!link, state: () => state };
}
