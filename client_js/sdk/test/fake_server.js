// A server in the same process, as protocol.md has it, with knobs for everything that can go wrong.
// It keeps real logs and answers `/api/events` from them, so that a client's state can be compared with the truth.

import { fold, newView } from "../fold.js";

/** @typedef {{[key: string]: any}} Json */

const LATENCY_MS = 5;

export class FakeServer {
  epoch = "epoch-1";
  /** @type {Map<string, Json[]>} */
  logs = new Map();
  /** @type {Map<string, {body: string, reply: Json}>} */
  receipts = new Map();
  /** Tokens that are valid, and whose they are. @type {Map<string, string>} */
  tokens = new Map([["token-ana", "p-ana"], ["token-ben", "p-ben"]]);
  /** @type {FakeSocket[]} all ever opened */
  sockets = [];
  /** Every request, in order. @type {Json[]} */
  heard = [];
  /** @type {URL[]} */
  fetched = [];
  expires_in_ms = 900_000;
  limits = { commands_in_flight_max: 256, page_events_max: 500 };

  // --- knobs ---
  gapAbove = 500;
  pageEvents = 500;
  pageAfter_ms = LATENCY_MS;
  /** The event goes out before the reply. */
  isEventFirst = false;
  /** New sockets never open. */
  isUnreachable = false;
  /** Nothing is answered, nothing is pushed; what arrives happens all the same. */
  isMute = false;
  /** Replies to commands are lost; events are not. */
  losesReplies = false;
  /** @type {(Json | null)[]} how the next commands are refused; null: not */
  refusals = [];
  /** @type {Set<string>} */
  denied = new Set();
  /** @type {(Error | null)[]} how the next fetches fail */
  fetchFailures = [];
  /** @type {((request: Json, socket: FakeSocket) => boolean) | null} true: it is dealt with */
  intercept = null;

  /** @param {import("../types.js").Clock} clock */
  constructor(clock) {
    this.clock = clock;
    const server = this;
    /** @type {any} what the client constructs */
    this.WebSocket = class extends FakeSocket {
      /** @param {string} url @param {string} protocol */
      constructor(url, protocol) {
        super(server, url, protocol);
      }
    };
  }

  /** The newest socket. */
  get socket() {
    return this.sockets[this.sockets.length - 1];
  }

  /** Those that said hello and are open. */
  get live() {
    return this.sockets.filter(({ person, readyState }) => person && readyState === 1);
  }

  /** @param {string} stream */
  log(stream) {
    if (!this.logs.has(stream)) this.logs.set(stream, []);
    return /** @type {Json[]} */ (this.logs.get(stream));
  }

  /** @param {string} stream */
  head(stream) {
    return this.log(stream).length;
  }

  /** What the stream's state is. @param {string} stream */
  truth(stream, upTo = Infinity) {
    const view = newView(stream);
    for (const event of this.log(stream)) if (event.seq <= upTo) fold(stream, view, event);
    return view;
  }

  /** Something happens, and is pushed. @param {string} stream @param {string} name @param {Json} data */
  happen(stream, name, data, by = "p-ben") {
    const event = { type: "event", stream, seq: this.head(stream) + 1, at: this.clock.now(), by, name, data };
    this.log(stream).push(event);
    for (const socket of this.live) if (socket.streams.get(stream) === "full") socket.say(event);
    return event;
  }

  /** @param {string} text */
  post(text, room = "general", by = "p-ben") {
    return this.happen(`room/${room}`, "message_posted", { text }, by);
  }

  /** To everyone who is there. @param {Json[]} records */
  say(...records) {
    for (const socket of this.live) socket.say(...records);
  }

  /** This reader falls behind: nothing more is pushed to it. @param {FakeSocket} socket @param {string} stream */
  lag(socket, stream, last = this.head(stream)) {
    socket.streams.delete(stream);
    socket.say({ type: "lag", stream, epoch: this.epoch, last, head: this.head(stream) });
  }

  /** The log was restored from a backup: another incarnation. */
  restore(epoch = "epoch-2", keep = 0) {
    this.epoch = epoch;
    for (const log of this.logs.values()) log.length = Math.min(log.length, keep);
  }

  /** `/api/events`. @param {string} address */
  fetch = async (address) => {
    const url = new URL(address);
    this.fetched.push(url);
    await new Promise((then) => this.clock.setTimeout(() => then(null), this.pageAfter_ms));
    const failure = this.fetchFailures.shift();
    if (failure) throw failure;
    const stream = url.searchParams.get("stream") ?? "";
    const after = Number(url.searchParams.get("after"));
    const events = this.log(stream).slice(after, after + this.pageEvents);
    return answer(200, { stream, epoch: this.epoch, head: this.head(stream), events });
  };

  /** @param {FakeSocket} socket @param {Json} request */
  take(socket, request) {
    this.heard.push(request);
    if (this.intercept?.(request, socket)) return;
    const { type, id } = request;
    if (!socket.person && type !== "hello") return socket.hangUp(4503);
    if (type === "hello") this.#hello(socket, request);
    else if (type === "subscribe") {
      const streams = this.#follow(socket, request);
      socket.say({ type: "subscribed", id, streams: streams.results }, ...streams.records);
    } else if (type === "unsubscribe") {
      for (const stream of request.streams) socket.streams.delete(stream);
      socket.say({ type: "unsubscribed", id, streams: request.streams });
    } else if (type === "ping") socket.say({ type: "pong", id, at: this.clock.now() });
    else if (type === "refresh_token") this.#refresh(socket, id);
    else if (request.key) this.#command(socket, request);
  }

  /** @param {FakeSocket} socket @param {Json} request */
  #hello(socket, request) {
    const person = this.tokens.get(request.token);
    if (!person) return socket.hangUp(request.token === "token-expired" ? 4001 : 4500);
    socket.person = person;
    const { results, records } = this.#follow(socket, request);
    const at = this.clock.now();
    const who = { person, name: "Ana", role: "learner", cohort: "demo" };
    const terms = { at, expires_at: at + this.expires_in_ms, limits: this.limits, features: ["x"], ping_s: 25 };
    socket.say({ type: "welcome", ...who, ...terms, streams: results }, ...records);
  }

  /** @param {FakeSocket} socket @param {Json} request */
  #follow(socket, { streams, levels = {} }) {
    /** @type {Json} */
    const results = {};
    const records = [];
    for (const stream of Object.keys(streams)) {
      const from = streams[stream];
      const seq = this.head(stream);
      const { epoch } = this;
      if (this.denied.has(stream)) {
        results[stream] = { result: "denied", code: "unknown_room" };
        continue;
      }
      const level = levels[stream] ?? "full";
      socket.streams.set(stream, level);
      const result = this.#result(stream, from);
      results[stream] = { result, epoch, seq };
      if (level === "head") {
        records.push({ type: "head", stream, epoch, seq, unread: 3 });
        continue;
      }
      if (from === null || result === "reset") {
        records.push({ type: "snapshot", stream, epoch, seq, state: this.truth(stream) });
      } else if (result === "ok" && from !== "head") {
        records.push(...this.log(stream).slice(from.seq));
      }
      records.push({ type: "live", stream, epoch, seq });
    }
    return { results, records };
  }

  /** @param {string} stream @param {any} from */
  #result(stream, from) {
    if (from === null || from === "head") return "ok";
    if (from.epoch !== this.epoch || from.seq > this.head(stream)) return "reset";
    return this.head(stream) - from.seq > this.gapAbove ? "gap" : "ok";
  }

  /** @param {FakeSocket} socket @param {number} id */
  #refresh(socket, id) {
    const token = `token-${this.tokens.size}`;
    this.tokens.set(token, /** @type {string} */ (socket.person));
    socket.say({ type: "token", id, token, expires_at: this.clock.now() + this.expires_in_ms });
  }

  /** @param {FakeSocket} socket @param {Json} request */
  #command(socket, { id, key, ...body }) {
    const refusal = this.refusals.shift();
    if (refusal) return socket.say({ type: "refused", id, message: "No.", ...refusal });
    const receipt = this.receipts.get(key);
    if (receipt) return socket.say({ ...receipt.reply, id, dup: true });
    const by = /** @type {string} */ (socket.person);
    const [stream, name, data] = effect(body, by);
    const reply = { type: "accepted", stream, seq: this.head(stream) + 1, at: this.clock.now() };
    this.receipts.set(key, { body: JSON.stringify(body), reply });
    const answers = () => this.losesReplies || socket.say({ ...reply, id });
    if (!this.isEventFirst) answers();
    this.happen(stream, name, data, by);
    if (this.isEventFirst) answers();
  }
}

/** @param {Json} command @param {string} by @returns {[string, string, Json]} */
function effect({ type, room, seq, thread, ...rest }, by) {
  if (type === "mark_read") return [`user/${by}`, "read_marked", { room, seq, thread }];
  if (type === "set_reaction") return [`room/${room}/signals`, "reaction_set", rest];
  if (type === "edit_message") return [`room/${room}`, "message_edited", { ...rest, revision: 1 }];
  const text = rest.text.normalize("NFC").trimEnd();
  const reply = rest.reply_to ? { reply_to: rest.reply_to, thread: rest.reply_to } : {};
  return [`room/${room}`, "message_posted", { text, ...reply }];
}

/** @param {number} status @param {any} said undefined: something that is not JSON */
export function answer(status, said) {
  const json = async () => {
    if (said === undefined) throw new SyntaxError("Unexpected token <");
    return said;
  };
  return { ok: status < 300, status, json, blob: async () => new Blob([said]) };
}

export class FakeSocket {
  readyState = 0;
  /** @type {string | null} */
  person = null;
  /** stream → level @type {Map<string, string>} */
  streams = new Map();
  /** How the client hung up. @type {number | null} */
  closedByClient = null;
  /** @type {any} */
  onopen = null;
  /** @type {any} */
  onmessage = null;
  /** @type {any} */
  onclose = null;
  /** @type {any} */
  onerror = null;

  /** @param {FakeServer} server @param {string} url @param {string} protocol */
  constructor(server, url, protocol) {
    this.server = server;
    this.url = url;
    this.protocol = protocol;
    server.sockets.push(this);
    server.clock.setTimeout(() => {
      if (this.readyState || server.isUnreachable) return;
      this.readyState = 1;
      this.onopen?.({});
    }, LATENCY_MS);
  }

  /** @param {string} text */
  send(text) {
    if (this.readyState !== 1) throw new Error("a socket that is not open was sent to");
    this.server.clock.setTimeout(() => {
      if (this.readyState === 1) this.server.take(this, JSON.parse(text));
    }, LATENCY_MS);
  }

  /** One message. @param {Json[]} records */
  say(...records) {
    if (!this.server.isMute) this.sayRaw(records.map((record) => JSON.stringify(record)).join("\n"));
  }

  /** @param {string} data */
  sayRaw(data) {
    this.server.clock.setTimeout(() => this.onmessage?.({ data }), LATENCY_MS);
  }

  /** The server hangs up, or the network does (1006). @param {number} code */
  hangUp(code, reason = "because") {
    this.readyState = 3;
    this.server.clock.setTimeout(() => this.onclose?.({ code, reason }), LATENCY_MS);
  }

  /** What the client calls. @param {number} code */
  close(code) {
    if (code !== 1000 && !(code >= 3000 && code <= 4999)) throw new Error(`a browser may not close with ${code}`);
    this.closedByClient = code;
    this.readyState = 3;
  }
}
