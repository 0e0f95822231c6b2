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
  const { server, clock, client, page } = await liveStage();
  client.close();
  assert.equal(clock.waiting, 0);
  page.hint("online");
  await clock.pass(60_000);
  assert.deepEqual([client.status.state, server.sockets.length], ["idle", 1]);
});

// --- moving to another node -----------------------------------------------------------------------

test("told to reconnect, it waits its turn, keeps the old connection until the new one is live, loses nothing", async () => {
  const { server, clock, client, room, details } = await liveStage();
  const [old] = server.sockets;
  server.say({ type: "reconnect", after: 1_000, window: 4_000 });
  await clock.pass(900);
  assert.equal(server.sockets.length, 1);
  for (let tick = 0; tick < 60; tick++) {
    server.post(`tick ${tick}`);
    await clock.pass(100);
  }
  assert.equal(server.sockets.length, 2);
  assert.equal(old.closedByClient, 1000);
  assert.deepEqual(details("status").map(({ state }) => state), ["connecting", "live"], "nobody noticed");
  assert.deepEqual(room.state, server.truth("room/general"));
  assert.deepEqual(details("event").map(({ seq }) => seq), Array.from({ length: 60 }, (_, n) => n + 2));
  assert.equal(client.status.state, "live");
});

test("when the new node cannot be reached, the old connection goes on and another try follows", async () => {
  const { server, clock, client, room } = await liveStage();
  server.isUnreachable = true;
  server.say({ type: "reconnect", after: 0, window: 100 });
  await clock.pass(30_000);
  assert.equal(client.status.state, "live");
  server.post("over the old one");
  await clock.pass(10);
  assert.equal(room.position?.seq, 2);
  server.isUnreachable = false;
  await clock.pass(60_000);
  assert.equal(server.sockets.filter(({ readyState }) => readyState === 1).length, 1);
  assert.equal(server.sockets[0].closedByClient, 1000);
  assert.equal(client.status.state, "live");
});

test("the old node goes while the new one is being greeted: the new one is taken", async () => {
  const { server, clock, client, room } = await liveStage();
  const [old] = server.sockets;
  server.intercept = ({ type }) => {
    if (type === "hello") old.hangUp(4000);
    return false;
  };
  server.say({ type: "reconnect", after: 0, window: 0 });
  await clock.pass(100);
  assert.equal(server.sockets.length, 2);
  assert.deepEqual([client.status.state, room.status], ["live", "live"]);
});

test("what a replaced connection says late is nobody's", async () => {
  const { server, clock, room } = await liveStage();
  const [old] = server.sockets;
  const late = old.onmessage;
  server.say({ type: "reconnect", after: 0, window: 0 });
  await clock.pass(200);
  assert.equal(server.sockets.length, 2);
  const event = { type: "event", stream: "room/general", seq: 2, at: 1, by: "p-ben", name: "message_posted" };
  late({ data: JSON.stringify({ ...event, data: { text: "from the past" } }) });
  assert.deepEqual([room.position?.seq, room.state.messages], [1, []]);
});

// --- tokens --------------------------------------------------------------------------------------

test("a token is renewed in band before it ends, and the connection goes on", async () => {
  const server = new FakeServer(new FakeClock());
  server.expires_in_ms = 100_000;
  const { clock, details } = await liveStage({ server });
  await clock.pass(79_000);
  assert.deepEqual(details("token"), []);
  await clock.pass(2_000);
  assert.equal(details("token").length, 1);
  await clock.pass(300_000);
  assert.ok(details("token").length >= 4);
  assert.equal(server.sockets.length, 1);
  server.socket.hangUp(1006);
  await clock.pass(3_000);
  assert.equal(server.heard.filter(({ type }) => type === "hello").at(-1)?.token, details("token").at(-1).token);
});

test("a token that lives longer than a browser's timers know", async () => {
  const server = new FakeServer(new FakeClock());
  server.expires_in_ms = 90 * 86_400_000;
  const { client } = await liveStage({ server });
  assert.equal(client.status.state, "live");
});

test("a refresh that comes late while another is awaited opens one connection, not two", async () => {
  /** @type {((grant: any) => void)[]} */
  const waiting = [];
  const refresh = () => new Promise((then) => waiting.push(then));
  const { server, clock, client } = await liveStage({ refresh: /** @type {any} */ (refresh) });
  client.setToken("token-expired", 1);
  server.say({ type: "reconnect", after: 0, window: 0 });
  while (waiting.length < 2) await clock.pass(1_000);
  for (const give of waiting) give({ token: "token-ana" });
  await clock.pass(2_000);
  assert.equal(client.status.state, "live");
  assert.deepEqual([server.sockets[0].closedByClient, server.live.length], [1000, 1]);
});

test("an expired token is renewed by HTTP, then the client comes back", async () => {
  const refresh = async () => ({ token: "token-ben", expires_at: Number.MAX_SAFE_INTEGER });
  const { clock, client, details } = stage({ token: "token-expired", refresh, person: undefined });
  client.open();
  await clock.pass(5_000);
  assert.equal(client.status.state, "live");
  assert.equal(client.me?.person, "p-ben");
  assert.deepEqual(details("token"), [await refresh()]);
});

test("a token known to be expired is not even tried", async () => {
  const refresh = async () => ({ token: "token-ana" });
  const { server, clock, client } = stage({ token: "token-expired", expiresAt: 1_000, refresh });
  client.open();
  await clock.pass(100);
  assert.deepEqual(server.heard.filter(({ type }) => type === "hello").map(({ token }) => token), ["token-ana"]);
});

test("without refresh an expired token stops the client", async () => {
  const { clock, client } = stage({ token: "token-expired" });
  client.open();
  await clock.pass(5_000);
  assert.deepEqual([client.status.state, client.status.code], ["stopped", "token_expired"]);
});

test("a refresh that fails is tried again, one that is refused for good is not", async () => {
  /** @type {any[]} */
  const outcomes = [new Error("no network"), { code: "internal", retry: "later" }, { code: "banned", retry: "never" }];
  let calls = 0;
  const refresh = async () => {
    throw outcomes[calls++];
  };
  const { clock, client } = stage({ token: undefined, refresh });
  client.open();
  await clock.pass(60_000);
  assert.equal(calls, 3);
  assert.deepEqual([client.status.state, client.status.code], ["stopped", "banned"]);
});

test("a refresh that takes too long counts as failed, and its token is used when it comes after all", async () => {
  /** @type {((grant: any) => void)[]} */
  const waiting = [];
  const refresh = () => new Promise((then) => waiting.push(then));
  const { clock, client } = stage({ token: undefined, refresh: /** @type {any} */ (refresh) });
  client.open();
  await clock.pass(15_010);
  assert.equal(client.status.state, "waiting");
  waiting[0]({ token: "token-ana" });
  await clock.pass(3_000);
  assert.equal(client.status.state, "live");
});

test("a hello that is never answered is given up", async () => {
  const { server, clock, client } = stage();
  server.isMute = true;
  client.open();
  await clock.pass(15_100);
  assert.equal(client.status.state, "waiting");
  server.isMute = false;
  await clock.pass(2_000);
  assert.equal(client.status.state, "live");
});

test("closed while it connects, it stays closed", async () => {
  const { server, clock, client } = stage();
  client.open();
  await clock.pass(7);
  client.close();
  await clock.pass(60_000);
  assert.deepEqual([client.status.state, server.live.length, clock.waiting], ["idle", 0, 0]);
});
