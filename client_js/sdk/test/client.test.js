// The door: status and events, typing and read markers, the HTTP API.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Api, ApiError } from "../index.js";
import { answer } from "./fake_server.js";
import { ROOM, liveStage, stage } from "./stage.js";

test("status from opening to closing; who I am; what the server offers", async () => {
  const { client, clock, details } = stage();
  assert.deepEqual([client.status.state, client.me], ["idle", null]);
  client.open();
  client.open();
  await clock.pass(100);
  client.close();
  assert.deepEqual(details("status").map(({ state }) => state), ["connecting", "live", "idle"]);
  assert.deepEqual(client.me, { person: "p-ana", name: "Ana", role: "learner", cohort: "demo" });
  assert.deepEqual([client.features, client.limits.commands_in_flight_max], [["x"], 256]);
  assert.equal(details("welcome").length, 1);
});

test("when the status says live, everything else is known", async () => {
  const { client, clock } = stage();
  client.follow(ROOM);
  /** @type {any} */
  let me = null;
  client.addEventListener("status", () => (me = client.status.state === "live" ? client.me : me));
  client.open();
  await clock.pass(100);
  assert.equal(me, client.me);
  assert.ok(me);
});

test("the server's clock is known after the welcome", async () => {
  const { client, server, clock } = stage();
  server.clock = { ...server.clock, now: () => clock.now() + 3_600_000 };
  client.open();
  await clock.pass(100);
  assert.ok(Math.abs(client.now() - clock.now() - 3_600_000) < 100);
});

test("typing is told at most every three seconds, and not kept for later", async () => {
  const { client, server, clock } = await liveStage();
  const typed = () => server.heard.filter(({ type }) => type === "typing");
  for (let stroke = 0; stroke < 50; stroke++) {
    client.typing("general");
    await clock.pass(100);
  }
  assert.deepEqual(typed(), [{ type: "typing", room: "general" }, { type: "typing", room: "general" }]);
  client.typing("general", 7);
  await clock.pass(10);
  assert.deepEqual(typed()[2], { type: "typing", room: "general", thread: 7 });
  client.close();
  client.typing("homework");
  client.open();
  await clock.pass(100);
  assert.equal(typed().length, 3);
});

test("the people in view are told", async () => {
  const { client, server, clock } = await liveStage();
  client.inView("general", ["p-ben"]);
  await clock.pass(10);
  assert.deepEqual(server.heard.at(-1), { type: "in_view", room: "general", people: ["p-ben"] });
});

test("read markers: the first at once, then the highest at most every three seconds; none goes back", async () => {
  const { client, server, clock } = await liveStage();
  const marks = () => server.heard.filter(({ type }) => type === "mark_read").map(({ seq, thread }) => [seq, thread]);
  for (let seq = 1; seq <= 40; seq++) {
    client.markRead("general", seq);
    client.markRead("general", 1);
    await clock.pass(100);
  }
  assert.deepEqual(marks(), [[1, undefined], [30, undefined]]);
  await clock.pass(10_000);
  assert.deepEqual(marks().at(-1), [40, undefined]);
  client.markRead("general", 3, 2);
  await clock.pass(10_000);
  assert.deepEqual(marks().slice(3), [[3, 2]]);
});

test("read while away: only the newest marker is sent, after the welcome", async () => {
  const { client, server, clock } = stage();
  for (let seq = 1; seq <= 40; seq++) client.markRead("general", seq);
  assert.deepEqual(client.outbox, []);
  client.open();
  await clock.pass(10_000);
  const marks = server.heard.filter(({ type }) => type === "mark_read");
  assert.deepEqual(marks.map(({ seq }) => seq), [40]);
});

test("a listener that throws does not stop the next one, nor the connection", async (t) => {
  const { server, clock, room } = await liveStage();
  /** @type {Error[]} */
  const thrown = [];
  const keep = (/** @type {Error} */ error) => thrown.push(error);
  const others = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException").on("uncaughtException", keep);
  t.after(() => {
    process.removeAllListeners("uncaughtException");
    for (const other of others) process.on("uncaughtException", other);
  });
  room.addEventListener("change", () => {
    throw new Error("a bug on the page");
  });
  server.post("one");
  server.post("two");
  await clock.pass(10);
  await new Promise((then) => setImmediate(then));
  assert.deepEqual([room.position?.seq, thrown.length], [3, 2]);
});

test("nothing is left behind by a client that was closed", async () => {
  const { client, server, clock } = await liveStage();
  client.send({ type: "post_message", room: "general", text: "Hi" });
  client.markRead("general", 1);
  await clock.pass(5_000);
  client.close();
  await clock.pass(100_000);
  assert.deepEqual([clock.waiting, server.live.length], [0, 0]);
});

// --- the HTTP API ---------------------------------------------------------------------------------

/** @param {{[pathAndQuery: string]: any}} answers */
function apiWith(answers, options = {}) {
  /** @type {{method: string, path: string, headers: any, body: any}[]} */
  const calls = [];
  const fetch = async (/** @type {string} */ address, /** @type {any} */ { method, headers, body }) => {
    const path = address.replace("http://talk.test", "");
    calls.push({ method, path, headers, body: body && JSON.parse(body) });
    const said = answers[path];
    if (said instanceof Error) throw said;
    return Array.isArray(said) ? answer(said[0], said[1]) : answer(200, said ?? {});
  };
  const api = new Api({ url: "http://talk.test", fetch: /** @type {any} */ (fetch), token: "t", ...options });
  return { api, calls };
}

test("each call has its method, path, query and body", async () => {
  const { api, calls } = apiWith({});
  await api.join({ invite: "i", name: "Ana" });
  await api.refresh("r");
  await api.me();
  await api.cohort();
  await api.members(["a", "b"]);
  await api.room("general");
  await api.messages("general", { before: 7, limit: 50 });
  await api.messages("general");
  await api.message("general", 7);
  await api.thread("general", 7, { after: 9 });
  await api.events(ROOM, { after: 3, limit: 10 });
  await api.search({ q: "why? & how", room: undefined });
  await api.invites();
  await api.createInvite({ role: "learner" });
  await api.revokeInvite("i-1");
  await api.exportRoom("general", "jsonl");
  await api.exportMe();
  assert.deepEqual(calls.map(({ method, path, body }) => [method, path, body].filter(Boolean)), [
    ["POST", "/api/join", { invite: "i", name: "Ana" }],
    ["POST", "/api/refresh", { refresh: "r" }],
    ["GET", "/api/me"],
    ["GET", "/api/cohort"],
    ["GET", "/api/members?ids=a%2Cb"],
    ["GET", "/api/rooms/general"],
    ["GET", "/api/rooms/general/messages?before=7&limit=50"],
    ["GET", "/api/rooms/general/messages"],
    ["GET", "/api/rooms/general/messages/7"],
    ["GET", "/api/rooms/general/threads/7?after=9"],
    ["GET", "/api/events?stream=room%2Fgeneral&after=3&limit=10"],
    ["GET", "/api/search?q=why%3F+%26+how"],
    ["GET", "/api/invites"],
    ["POST", "/api/invites", { role: "learner" }],
    ["DELETE", "/api/invites/i-1"],
    ["GET", "/api/rooms/general/export?format=jsonl"],
    ["GET", "/api/me/export"],
  ]);
  assert.deepEqual(calls[2].headers, { Authorization: "Bearer t" });
  assert.equal(calls[0].headers["Content-Type"], "application/json");
});

test("a command by HTTP gets a key, or keeps its own", async () => {
  const { api, calls } = apiWith({});
  await api.command({ type: "post_message", room: "general", text: "Hi" });
  await api.command({ type: "post_message", key: "my-own-key", room: "general", text: "Hi" });
  assert.match(calls[0].body.key, /-7/);
  assert.equal(calls[1].body.key, "my-own-key");
});

test("a refusal is an ApiError in the server's words; no answer is one too; so is an answer that is none", async () => {
  const refusal = { code: "rate_limited", message: "Wait.", retry: "later", after: 50 };
  const { api } = apiWith({
    "/api/me": [429, refusal],
    "/api/cohort": new TypeError("Failed to fetch"),
    "/api/invites": [502, undefined],
  });
  const error = /** @type {ApiError} */ (await api.me().catch((/** @type {any} */ e) => e));
  assert.ok(error instanceof ApiError && error instanceof Error);
  const { code, message, retry, after, status } = error;
  assert.deepEqual({ code, message, retry, after }, refusal);
  assert.equal(status, 429);
  const offline = await api.cohort().catch((/** @type {any} */ e) => e);
  assert.deepEqual([offline.code, offline.retry, offline.status], ["offline", "later", 0]);
  const bad = await api.invites().catch((/** @type {any} */ e) => e);
  assert.deepEqual([bad.code, bad.retry, bad.status], ["internal", "later", 502]);
});

test("a void token is renewed once, and the call made again", async () => {
  let token = "old";
  let renewals = 0;
  const options = { token: () => token, renew: async () => void (renewals++, (token = "new")) };
  const expired = { code: "token_expired", message: "", retry: "reload" };
  const { api, calls } = apiWith({ "/api/me": [401, expired] }, options);
  await assert.rejects(api.me(), { code: "token_expired" });
  assert.deepEqual([renewals, calls.map(({ headers }) => headers.Authorization)], [1, ["Bearer old", "Bearer new"]]);
});

test("a client's calls use its token, and its refresh", async () => {
  /** @type {string[]} */
  const tokens = [];
  const fetch = async (/** @type {string} */ _, /** @type {any} */ { headers }) => {
    tokens.push(headers.Authorization);
    return tokens.length === 1 ? answer(401, { code: "token_expired", retry: "reload" }) : answer(200, { ok: 1 });
  };
  const refresh = async () => ({ token: "fresh", expires_at: 1 });
  const { client, details } = stage({ fetch: /** @type {any} */ (fetch), refresh });
  assert.deepEqual(await client.api.me(), { ok: 1 });
  assert.deepEqual(tokens, ["Bearer token-ana", "Bearer fresh"]);
  assert.deepEqual(details("token"), [await refresh()]);
});
