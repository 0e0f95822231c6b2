// The state table: whole, sound, and what the connection really does.

import assert from "node:assert/strict";
import { test } from "node:test";

import { EVENTS, STATES, TABLE, backoff, createConnection, isReconnectWanted } from "../connection.js";
import { FakeClock, seeded } from "./fake_clock.js";
import { FakeServer } from "./fake_server.js";
import { liveStage, stage } from "./stage.js";

/** From idle to each state. @type {{[state: string]: string[]}} */
const ROADS = {
  idle: [],
  refreshing: ["open"],
  connecting: ["open", "token"],
  greeting: ["open", "token", "opened"],
  live: ["open", "token", "opened", "welcome"],
  leaving: ["open", "token", "opened", "welcome", "reconnect"],
  moving: ["open", "token", "opened", "welcome", "reconnect", "timer"],
  changing: ["open", "token", "opened", "welcome", "reconnect", "timer", "opened"],
  waiting: ["open", "no_token"],
  stopped: ["open", "no_right"],
};

/** A connection whose events a test fires by hand: no token, so that `open` waits for one, and no answers. */
function connectionIn(/** @type {string} */ state) {
  const clock = new FakeClock();
  const server = new FakeServer(clock);
  const nothing = () => {};
  const core = {
    ...{ url: "http://talk.test", WebSocket: server.WebSocket, clock, random: seeded(1), skew: 0 },
    ...{ up: nothing, down: nothing, heard: nothing, changed: nothing, tell: nothing },
    ...{ streams: { hello: () => ({}) }, refresh: () => new Promise(nothing) },
  };
  const connection = createConnection(/** @type {any} */ (core));
  for (const event of ROADS[state]) connection.fire(event, { at: clock.now(), type: event });
  return connection;
}

test("every state and every event is in the table, and every road leads to a state", () => {
  assert.deepEqual(Object.keys(ROADS), STATES);
  assert.equal(EVENTS.length, 15);
  for (const state of STATES) {
    assert.deepEqual(Object.keys(TABLE[state]).sort(), [...EVENTS].sort(), state);
    for (const [action, next] of Object.values(TABLE[state])) {
      assert.ok(STATES.includes(next), `${state}: ${next}`);
      if (action === "") assert.equal(next, state);
    }
  }
});

for (const state of STATES) {
  for (const event of EVENTS) {
    test(`${state}, then ${event}: ${TABLE[state][event].join(" → ")}`, () => {
      const connection = connectionIn(state);
      assert.equal(connection.state(), state);
      connection.fire(event, { at: 0, type: event });
      assert.equal(connection.state(), TABLE[state][event][1]);
    });
  }
}

test("what must hold of any such table does", () => {
  const linked = ["live", "leaving", "moving", "changing"];
  const attempting = ["connecting", "greeting", "moving", "changing"];
  for (const state of STATES) {
    const row = TABLE[state];
    if (state !== "idle") assert.deepEqual(row.close, ["hang_up", "idle"], `${state} can be closed`);
    const isStill = ["idle", "stopped"].includes(state);
    assert.equal(row.open[1] !== state, isStill || state === "waiting", `${state}: open`);
    if (linked.includes(state)) assert.deepEqual(row.ousted, ["stop", "stopped"], `${state}: for good is for good`);
    for (const end of linked.includes(state) ? ["cut"] : []) assert.notEqual(row[end][0], "", state);
    for (const end of attempting.includes(state) ? ["lost", "refused", "timer"] : []) {
      assert.notEqual(row[end][0], "", `${state}: ${end} is heard`);
    }
    // No state in which one waits for ever: the timer, or the link that is watched, leads out.
    if (!isStill && state !== "live") assert.notEqual(row.timer[0], "", `${state} ends`);
  }
});

test("reconnecting waits between half a second and a bound that doubles from 1 s to 20 s", () => {
  const bounds = [1, 2, 4, 8, 16, 20, 20];
  bounds.forEach((bound, tries) => {
    assert.equal(backoff(tries, () => 0), 500);
    assert.ok(Math.abs(backoff(tries, () => 1 - 1e-9) - bound * 1000) < 1);
  });
  assert.equal(backoff(10_000, () => 0.5), 10_250);
});

test("close codes: what is resumable and what is not", () => {
  const codes = { 1000: true, 1001: true, 1005: true, 1006: true, 1011: true, 1012: true, 1013: true, 1014: true };
  const verdicts = { ...codes, 1002: false, 1003: false, 1007: false, 1008: false, 1009: false };
  const own = { 4000: true, 4006: true, 4499: true, 4500: false, 4507: false, 4999: false };
  for (const [code, isWanted] of Object.entries({ ...verdicts, ...own })) {
    assert.equal(isReconnectWanted(Number(code)), isWanted, code);
  }
});

for (const code of [1000, 1001, 1006, 1011, 4000, 4002, 4003, 4004, 4005, 4006]) {
  test(`after close ${code} the client comes back with its position`, async () => {
    const { server, clock, client, room } = await liveStage();
    server.socket.hangUp(code);
    await clock.pass(10);
    assert.deepEqual([client.status.state, client.status.code, room.status], ["waiting", code, "stale"]);
    assert.ok(client.status.retryAt > clock.now());
    server.post("while away");
    await clock.pass(2_000);
    assert.equal(client.status.state, "live");
    const hello = server.heard.filter(({ type }) => type === "hello").at(-1);
    assert.deepEqual(hello?.streams, { "room/general": { epoch: "epoch-1", seq: 1 } });
    assert.deepEqual([room.position?.seq, room.status], [2, "live"]);
  });
}

for (const [code, word] of Object.entries({
  ...{ 1002: 1002, 1008: 1008, 4500: "token_invalid", 4501: "not_a_member", 4502: "banned" },
  ...{ 4506: "too_many_connections", 4507: "unknown_cohort", 4999: 4999 },
})) {
  test(`after close ${code} the client stops, and opens again when asked`, async () => {
    const { server, clock, client, details } = await liveStage();
    server.socket.hangUp(Number(code), "the reason");
    await clock.pass(600_000);
    assert.equal(server.sockets.length, 1);
    assert.deepEqual(details("stopped"), [{ code: word, reason: "the reason" }]);
    assert.equal(client.status.state, "stopped");
    client.open();
    await clock.pass(100);
    assert.equal(client.status.state, "live");
  });
}

test("a token that is refused at hello stops the client", async () => {
  const { clock, client } = stage({ token: "no such" });
  client.open();
  await clock.pass(100);
  assert.deepEqual([client.status.state, client.status.code], ["stopped", "token_invalid"]);
});

test("the credential goes in the first request, never in the address", async () => {
  const { server } = await liveStage();
  assert.equal(server.socket.url, "ws://talk.test/ws");
  assert.equal(server.socket.protocol, "tertulia.v1.json");
  assert.equal(server.heard[0].token, "token-ana");
});

/** A token as the server makes it, of these claims. @param {object} claims */
const tokenOf = (claims) => ["eyJhbGciOiJIUzI1NiJ9", Buffer.from(JSON.stringify(claims)).toString("base64url"), "sig"].join(".");

for (const [token, url] of [
  [tokenOf({ sub: "p-ana", cohort: "spring-26_b", name: "Ana" }), "ws://talk.test/ws?cohort=spring-26_b"],
  // Each kind of base64url's own characters, at each place of its group of four.
  ...["?", "~?>", "ñ¿…", "😀ÿ", "ÿÿÿ"].flatMap((odd) =>
    ["", "a", "ab"].map((before) => [tokenOf({ name: before + odd, cohort: "demo", by: odd }), "ws://talk.test/ws?cohort=demo"]),
  ),
  [tokenOf({ name: '","cohort":"other', cohort: "demo" }), "ws://talk.test/ws?cohort=demo"],
  [tokenOf({ sub: "p-ana" }), "ws://talk.test/ws"],
  [tokenOf({ cohort: "" }), "ws://talk.test/ws"],
  [tokenOf({ cohort: "a&b=#c" }), "ws://talk.test/ws"],
  [tokenOf({ cohort: 7 }), "ws://talk.test/ws"],
  ["opaque", "ws://talk.test/ws"],
  ["v2.local.xxxxx", "ws://talk.test/ws"],
  ["..", "ws://talk.test/ws"],
  ["a.¿¿¿.b", "ws://talk.test/ws"],
]) {
  test(`the address tells the cohort, and only that, of ${token}`, async () => {
    const { server, clock, client } = stage({ token });
    client.open();
    await clock.pass(10);
    assert.equal(server.socket.url, url);
  });
}

test("the cohort is that of the token that is used", async () => {
  const { server, clock, client } = await liveStage();
  client.setToken(tokenOf({ cohort: "another" }));
  server.socket.hangUp(1006);
  await clock.pass(2_000);
  assert.deepEqual(server.sockets.slice(0, 2).map(({ url }) => url), ["ws://talk.test/ws", "ws://talk.test/ws?cohort=another"]);
});

test("without a server it tries again ever more rarely, and never more often than every 500 ms", async () => {
  const { server, clock, client, details } = stage();
  server.isUnreachable = true;
  client.open();
  await clock.pass(600_000);
  const waits = details("status").filter(({ state }) => state === "waiting").length;
  assert.ok(waits > 15 && waits < 60, `${waits}`);
  server.isUnreachable = false;
  await clock.pass(40_000);
  assert.equal(client.status.state, "live");
});

test("a server that takes connections and drops them at once is not hammered", async () => {
  const { server, clock, client } = stage();
  client.addEventListener("welcome", () => server.socket.hangUp(4004));
  client.open();
  await clock.pass(120_000);
  assert.ok(server.sockets.length < 30, `${server.sockets.length}`);
});

test("after a connection that lived for a while the next wait is short again", async () => {
  const { server, clock, client } = stage();
  server.isUnreachable = true;
  client.open();
  await clock.pass(200_000);
  server.isUnreachable = false;
  await clock.pass(60_000);
  assert.equal(client.status.state, "live");
  server.socket.hangUp(1006);
  await clock.pass(10);
  assert.ok(client.status.retryAt - clock.now() <= 1_000);
});

test("what an attempt says before its welcome is not heard", async () => {
  const { server, clock, client } = stage();
  server.intercept = ({ type }, socket) => {
    if (type === "hello") socket.say({ type: "aurora" }, { type: "reconnect", after: 0, window: 0 });
    return false;
  };
  client.open();
  await clock.pass(3_000);
  assert.deepEqual([client.status.state, server.sockets.length], ["live", 1]);
});

test("silence: after 30 s a ping, after 10 s without an answer a new connection", async () => {
  const { server, clock, client } = await liveStage();
  const pings = () => server.heard.filter(({ type }) => type === "ping").length;
  await clock.pass(29_000);
  assert.equal(pings(), 0);
  await clock.pass(2_000);
  assert.equal(pings(), 1);
  await clock.pass(60_000);
  assert.equal(server.sockets.length, 1, "answered pings keep the connection");
  server.isMute = true;
  await clock.pass(45_000);
  assert.equal(client.status.code, 1006);
  assert.equal(server.sockets.length, 2);
  assert.equal(server.sockets[0].closedByClient, 1000);
});

test("traffic counts as a sign of life", async () => {
  const { server, clock } = await liveStage();
  for (let minute = 0; minute < 10; minute++) {
    await clock.pass(20_000);
    server.post("tick");
  }
  assert.deepEqual(server.heard.filter(({ type }) => type === "ping"), []);
});

test("coming online or looking again ends the wait; going offline asks whether anybody is there", async () => {
  const { server, clock, client, page, details } = await liveStage();
  for (const [type, hidden] of /** @type {const} */ ([["online", false], ["visibilitychange", false]])) {
    page.document.hidden = hidden;
    server.socket.hangUp(1006);
    await clock.pass(10);
    assert.equal(client.status.state, "waiting");
    page.hint(type);
    await clock.pass(100);
    assert.equal(client.status.state, "live");
  }
  page.navigator.onLine = false;
  server.isMute = true;
  page.hint("offline");
  assert.equal(details("status").at(-1).online, false);
  await clock.pass(10_100);
  assert.equal(client.status.state, "waiting");
  page.document.hidden = true;
  page.hint("visibilitychange");
  assert.equal(client.status.state, "waiting", "a tab that is hidden is no reason to hurry");
});

test("looking again at a live tab probes the connection at once", async () => {
  const { server, clock, page } = await liveStage();
  page.hint("visibilitychange");
  await clock.pass(20);
  assert.equal(server.heard.at(-1)?.type, "ping");
});

test("a client that was closed hears no hints", async () => {
  const { server, clock, client, page, details } = await liveStage();
  client.close();
  const { length } = details("status");
  assert.equal(clock.waiting, 0);
  page.hint("online");
  await clock.pass(60_000);
  assert.deepEqual([client.status.state, server.sockets.length, details("status").length], ["idle", 1, length]);
});
