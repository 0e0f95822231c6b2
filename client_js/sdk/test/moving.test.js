// Moving to another node, and tokens that end: the connection is replaced, and nobody notices.

import assert from "node:assert/strict";
import { test } from "node:test";

import { FakeClock } from "./fake_clock.js";
import { FakeServer } from "./fake_server.js";
import { liveStage, stage } from "./stage.js";

test("told to reconnect, it waits its turn and keeps the old connection until the new one is live", async () => {
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
