// A client, a server and a clock for a test to play with.

import assert from "node:assert/strict";

import { Client } from "../index.js";
import { FakeClock, seeded } from "./fake_clock.js";
import { FakeServer } from "./fake_server.js";

export const ROOM = "room/general";

/** `window`, as far as the SDK looks at it. */
export class FakePage extends EventTarget {
  document = { hidden: false };
  navigator = { onLine: true };

  /** @param {"online" | "offline" | "visibilitychange"} type */
  hint(type) {
    this.dispatchEvent(new Event(type));
  }
}

/** What `localStorage` is. */
export class FakeShelf {
  /** @type {Map<string, string>} */
  map = new Map();
  isFull = false;
  get length() {
    return this.map.size;
  }
  /** @param {number} place */
  key = (place) => [...this.map.keys()][place] ?? null;
  /** @param {string} name */
  getItem = (name) => this.map.get(name) ?? null;
  /** @param {string} name @param {string} text */
  setItem(name, text) {
    if (this.isFull) throw new DOMException("full", "QuotaExceededError");
    this.map.set(name, text);
  }
  /** @param {string} name */
  removeItem = (name) => void this.map.delete(name);
}

/**
 * @param {Partial<ConstructorParameters<typeof Client>[0]> & {server?: FakeServer, seed?: number}} [options]
 */
export function stage({ server, seed = 1, ...options } = {}) {
  const clock = /** @type {FakeClock} */ (server?.clock ?? new FakeClock());
  server ??= new FakeServer(clock);
  const page = new FakePage();
  const { WebSocket } = server;
  const fetch = /** @type {any} */ (server.fetch);
  const random = seeded(seed);
  const client = new Client({
    ...{ url: "http://talk.test", token: "token-ana", person: "p-ana" },
    ...{ WebSocket, fetch, clock, random, page, ...options },
  });
  /** @type {{type: string, detail: any}[]} */
  const told = [];
  for (const type of [
    ...["status", "welcome", "stopped", "token", "event", "presence", "typing", "mine", "tally", "head"],
    ...["pending", "refused", "follow"],
  ]) {
    client.addEventListener(type, (event) => told.push({ type, detail: /** @type {any} */ (event).detail }));
  }
  /** @param {string} type */
  const details = (type) => told.filter((one) => one.type === type).map(({ detail }) => detail);
  return { client, server, clock, page, told, details };
}

/** A client that is live and follows the room. @param {Parameters<typeof stage>[0] & {gap?: "snapshot"}} [options] */
export async function liveStage({ gap, ...options } = {}) {
  const set = stage(options);
  if (!set.server.head(ROOM)) {
    set.server.happen(ROOM, "room_created", { cohort: "demo", name: "General", emoji: ["👍"] });
  }
  const room = set.client.follow(ROOM, { gap });
  set.client.open();
  await set.clock.pass(100);
  return { ...set, room };
}

/** The texts in a room as its reader sees them: what is said, then what is on its way.
 * @param {Client} client @param {string} [room] */
export function screen(client, room = "general") {
  const state = client.followed(`room/${room}`)?.state;
  const said = (state?.messages ?? []).map((/** @type {any} */ { text }) => text);
  return [...said, ...client.pending(room).map(({ command, state }) => `${command.text} (${state})`)];
}

/** @param {string} text @param {object} [more] */
export const say = (text, more) => ({ type: "post_message", room: "general", text, ...more });

// --- what the server was told, and what is true ------------------------------------------------------------------

/** @param {FakeServer} server */
export const posts = (server) => server.heard.filter(({ type }) => type === "post_message");

/** @param {FakeServer} server @returns {string[]} */
export const texts = (server) => server.truth(ROOM).messages.map((/** @type {any} */ { text }) => text);

/** @param {FakeServer} server @returns {any[]} what hello and subscribe said of the room */
export const asked = (server) =>
  server.heard.filter(({ streams }) => streams && ROOM in streams).map(({ streams }) => streams[ROOM]);

/** The followed room is what the log says, to the end. @param {FakeServer} server @param {any} room */
export function isWhole(server, room) {
  assert.deepEqual([room.position, room.status], [{ epoch: server.epoch, seq: server.head(ROOM) }, "live"]);
  if (room.state) assert.deepEqual(room.state, server.truth(ROOM));
}
