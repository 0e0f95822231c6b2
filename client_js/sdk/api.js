// The HTTP API: one method a call. What is not here: the live stream (connection.js), and when to renew a token.

/** @typedef {{[name: string]: string | number | undefined | null}} Query */
/** @typedef {typeof globalThis.fetch} Fetch */

/** Long enough for a slow phone, short enough that nothing waits for ever. */
const ANSWER_MS = 30_000;

/** Why a call did not succeed, in the words of the server; `code: "offline"` when there was no answer. */
export class ApiError extends Error {
  /** @param {{code?: string, message?: string, retry?: string, after?: number}} refusal @param {number} status */
  constructor({ code = "internal", message = code, retry = "later", after }, status) {
    super(message);
    this.code = code;
    this.retry = retry;
    this.after = after;
    this.status = status;
  }
}

/** A key for a command: UUIDv7, so that keys made one after the other sort in that order. */
export function uuid7(now = Date.now()) {
  if (now > last.ms) last = { ms: now, count: 0 };
  // The twelve bits after the version count within a millisecond; a full count borrows from the next one.
  else if (++last.count > 0xfff) last = { ms: last.ms + 1, count: 0 };
  const random = crypto.getRandomValues(new Uint8Array(8));
  random[0] = (random[0] & 0x3f) | 0x80;
  const hex =
    last.ms.toString(16).padStart(12, "0") +
    (0x7000 | last.count).toString(16) +
    Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

let last = { ms: 0, count: 0 };

export class Api {
  #origin;
  #token;
  #renew;
  #fetch;

  /**
   * `renew` is called once per call when the token is void; then the call is made again.
   * @param {{url: string, token?: string | (() => string | undefined), renew?: () => Promise<unknown>,
   *   fetch?: Fetch}} options
   */
  constructor({ url, token, renew, fetch = globalThis.fetch }) {
    this.#origin = url;
    this.#token = typeof token === "function" ? token : () => token;
    this.#renew = renew;
    // A browser's fetch wants to be called on nothing.
    this.#fetch = (/** @type {string} */ to, /** @type {any} */ how) => fetch(to, how);
  }

  /**
   * @param {string} method
   * @param {string} path below `/api/`
   * @param {{query?: Query, body?: any, blob?: boolean}} [options]
   * @returns {Promise<any>} the parsed answer, or a `Blob`
   */
  async call(method, path, options = {}, isAgain = false) {
    const url = new URL("/api/" + path, this.#origin);
    for (const [name, value] of Object.entries(options.query ?? {})) {
      if (value != null) url.searchParams.set(name, String(value));
    }
    const token = this.#token();
    /** @type {{[name: string]: string}} */
    const headers = token ? { Authorization: `Bearer ${token}` } : {};
    if (options.body) headers["Content-Type"] = "application/json";
    const body = options.body && JSON.stringify(options.body);
    let answer, said;
    try {
      const signal = AbortSignal.timeout(ANSWER_MS);
      answer = await this.#fetch(String(url), { method, headers, body, signal });
      if (!answer.ok) said = await answer.json().catch(() => ({}));
      else if (options.blob) said = await answer.blob();
      else said = answer.status === 204 ? {} : await answer.json();
    } catch (error) {
      throw new ApiError({ code: "offline", message: String(error) }, 0);
    }
    if (answer.ok) return said;
    const refusal = new ApiError(said, answer.status);
    if (refusal.code !== "token_expired" || !this.#renew || isAgain) throw refusal;
    await this.#renew();
    return this.call(method, path, options, true);
  }

  /** @param {string} path @param {Query} [query] */
  #get = (path, query) => this.call("GET", path, { query });

  /** @param {string} path @param {any} body */
  #post = (path, body) => this.call("POST", path, { body });

  /** @param {{invite: string, name: string, goal?: string}} body */
  join = (body) => this.#post("join", body);

  /** @param {string} refresh */
  refresh = (refresh) => this.#post("refresh", { refresh });

  me = () => this.#get("me");
  cohort = () => this.#get("cohort");

  /** @param {string[]} ids */
  members = (ids) => this.#get("members", { ids: ids.join() });

  /** @param {string} room */
  room = (room) => this.#get(`rooms/${room}`);

  /** @param {string} room @param {{before?: number, after?: number, around?: number, limit?: number}} [page] */
  messages = (room, page) => this.#get(`rooms/${room}/messages`, page);

  /** @param {string} room @param {number} seq */
  message = (room, seq) => this.#get(`rooms/${room}/messages/${seq}`);

  /** @param {string} room @param {number} seq @param {{after?: number, limit?: number}} [page] */
  thread = (room, seq, page) => this.#get(`rooms/${room}/threads/${seq}`, page);

  /** @param {string} stream @param {{after: number, limit?: number}} page */
  events = (stream, page) => this.#get("events", { stream, ...page });

  /** @param {{q: string, room?: string, by?: string, from?: number, to?: number, limit?: number}} query */
  search = (query) => this.#get("search", query);

  /** Questions like this one. @param {string} room @param {string} q */
  similar = (room, q) => this.#get(`rooms/${room}/similar`, { q });

  /** How equally people are heard; for staff. @param {string} room */
  voice = (room) => this.#get(`rooms/${room}/voice`);

  /** What was said of the pace, over time; for staff. @param {string} room */
  pace = (room) => this.#get(`rooms/${room}/pace`);

  /** @param {string} room */
  sessions = (room) => this.#get(`rooms/${room}/sessions`);

  /** What one who comes late should know. @param {string} room */
  catchUp = (room) => this.#get(`rooms/${room}/catch-up`);

  /** @param {string} room */
  resources = (room) => this.#get(`rooms/${room}/resources`);

  /** @param {string} room @param {Query} [query] */
  tallies = (room, query) => this.#get(`rooms/${room}/tallies`, query);

  /** The room as it was. @param {string} room @param {number} seq */
  roomAt = (room, seq) => this.#get(`rooms/${room}/at/${seq}`);

  /** What waits to be shown; for staff. @param {string} room */
  held = (room) => this.#get(`rooms/${room}/held`);

  /** A session in words and numbers; for staff. @param {string} room @param {Query} [query] */
  report = (room, query) => this.#get(`rooms/${room}/report`, query);

  invites = () => this.#get("invites");

  /** @param {{role: string, expires_s?: number, uses_max?: number}} invite */
  createInvite = (invite) => this.#post("invites", invite);

  /** @param {string} id */
  revokeInvite = (id) => this.call("DELETE", `invites/${id}`);

  /** @param {import("./types.js").Command} command */
  command = (command) => this.#post("commands", { key: uuid7(), ...command });

  /** @param {string} room @param {"jsonl" | "markdown"} format @returns {Promise<Blob>} */
  exportRoom = (room, format) => this.call("GET", `rooms/${room}/export`, { query: { format }, blob: true });

  /** @returns {Promise<Blob>} */
  exportMe = () => this.call("GET", "me/export", { blob: true });
}
