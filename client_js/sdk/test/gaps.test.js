// More is missing than is pushed, a reader lags, events are lost or come twice: there is never a silent hole.

import assert from "node:assert/strict";
import { test } from "node:test";

import { seeded } from "./fake_clock.js";
import { ROOM, asked, isWhole, liveStage } from "./stage.js";

/** Away while `missed` messages come; then back. @param {number} missed @param {object} [options] */
async function awayFor(missed, options) {
  const set = await liveStage(options);
  set.server.socket.hangUp(1006);
  for (let n = 0; n < missed; n++) set.server.post(`missed ${n}`);
  return set;
}

test("gap: pages are fetched from where we are, applied before what is pushed meanwhile, then it is live", async () => {
  const { server, clock, room, details } = await awayFor(1_200);
  await clock.pass(1_000 + 3);
  while (room.status !== "live") {
    server.post("pushed while pages are fetched");
    await clock.pass(1);
  }
  await clock.pass(20);
  isWhole(server, room);
  const pages = server.fetched.map(({ searchParams }) => searchParams.get("after"));
  assert.deepEqual(pages.slice(0, 3), ["1", "501", "1001"]);
  const seqs = details("event").map(({ seq }) => seq);
  assert.deepEqual(seqs, Array.from({ length: server.head(ROOM) - 1 }, (_, n) => n + 2));
  assert.equal(asked(server).length, 2, "nothing had to be asked again");
});

test("gap: a page that cannot be had is tried again", async () => {
  const { server, clock, room } = await awayFor(600);
  server.fetchFailures = [new TypeError("network"), null, new TypeError("network")];
  await clock.pass(10_000);
  isWhole(server, room);
  assert.ok(server.fetched.length >= 4);
});

test("gap: a page without what was asked for is tried again, not taken for the end", async () => {
  const { server, clock, room } = await awayFor(600);
  server.pageEvents = 0;
  await clock.pass(5_000);
  assert.ok(server.fetched.length > 2 && server.fetched.length < 12);
  assert.equal(room.status, "stale");
  server.pageEvents = 500;
  await clock.pass(20_000);
  isWhole(server, room);
});

test("gap: the log is another one by the time pages come", async () => {
  const { server, clock, room } = await awayFor(600);
  while (!server.fetched.length) await clock.pass(1);
  server.restore("epoch-2", 3);
  await clock.pass(1_000);
  isWhole(server, room);
});

test("gap: more is pushed while pages are fetched than is kept; the hole is noticed and mended", async () => {
  const { server, clock, room, details } = await awayFor(600);
  server.pageEvents = 5_000;
  while (!server.fetched.length) await clock.pass(1);
  for (let n = 0; n < 2_500; n++) server.post(`pushed ${n}`);
  await clock.pass(3_000);
  isWhole(server, room);
  assert.deepEqual(details("event").map(({ seq }) => seq), Array.from({ length: 3_100 }, (_, n) => n + 2));
});

test("gap: cut again while pages are fetched; the pages of the old connection are nobody's", async () => {
  const { server, clock, room, details } = await awayFor(1_400);
  server.pageAfter_ms = 50;
  while (!server.fetched.length) await clock.pass(1);
  server.socket.hangUp(1006);
  await clock.pass(100);
  assert.deepEqual([room.position?.seq, room.status, server.fetched.length], [1, "stale", 1]);
  await clock.pass(10_000);
  isWhole(server, room);
  assert.equal(server.fetched.length, 1 + 3);
  assert.deepEqual(details("event").map(({ seq }) => seq), Array.from({ length: 1_400 }, (_, n) => n + 2));
});

test("gap: what a screen wants is a snapshot", async () => {
  const { server, clock, room, details } = await awayFor(1_200, { gap: "snapshot" });
  await clock.pass(3_000);
  isWhole(server, room);
  assert.deepEqual([server.fetched, details("event")], [[], []]);
  server.post("next");
  await clock.pass(10);
  isWhole(server, room);
});

test("gap: tallies and mine that come while pages are fetched are not lost", async () => {
  const { server, clock, room } = await awayFor(600);
  while (!server.fetched.length) await clock.pass(1);
  server.say({ type: "tally", room: "general", tallies: { 600: { "👍": 2 } } });
  server.say({ type: "mine", room: "general", reactions: { 600: ["👍"] } });
  await clock.pass(3_000);
  assert.deepEqual([room.state.tallies, room.mine], [{ 600: { "👍": 2 } }, { 600: ["👍"] }]);
});

// --- lag, holes, duplicates ----------------------------------------------------------------------

test("lag: pages are fetched, then it subscribes again from where it is", async () => {
  const { server, clock, room, details } = await liveStage();
  server.lag(server.socket, ROOM);
  for (let n = 0; n < 700; n++) server.post(`${n}`);
  await clock.pass(10);
  assert.equal(room.status, "stale");
  await clock.pass(1_000);
  isWhole(server, room);
  assert.deepEqual(asked(server), [null, { epoch: "epoch-1", seq: 701 }]);
  assert.deepEqual(details("event").map(({ seq }) => seq), Array.from({ length: 700 }, (_, n) => n + 2));
});

test("lag with gap: snapshot takes one", async () => {
  const { server, clock, room } = await liveStage({ gap: "snapshot" });
  server.lag(server.socket, ROOM);
  for (let n = 0; n < 700; n++) server.post(`${n}`);
  await clock.pass(1_000);
  isWhole(server, room);
  assert.deepEqual([asked(server), server.fetched], [[null, null], []]);
});

test("a hole in what is pushed is never passed over: asked again from the last whole place", async () => {
  const { server, clock, room, details } = await liveStage();
  server.post("one");
  const lost = server.socket.streams;
  server.socket.streams = new Map();
  server.post("two, lost on the way");
  server.post("three, lost on the way");
  server.socket.streams = lost;
  server.post("four");
  server.post("five");
  await clock.pass(100);
  isWhole(server, room);
  assert.deepEqual(asked(server), [null, { epoch: "epoch-1", seq: 2 }], "asked once, not for each event");
  assert.deepEqual(details("event").map(({ seq }) => seq), [2, 3, 4, 5, 6]);
});

test("one hole after the other, each is mended at once", async () => {
  const { server, clock, room } = await liveStage();
  for (let hole = 0; hole < 10; hole++) {
    const { streams } = server.socket;
    server.socket.streams = new Map();
    server.post("lost on the way");
    server.socket.streams = streams;
    server.post("heard");
    await clock.pass(50);
    isWhole(server, room);
  }
});

test("a hole at the very end is noticed by live", async () => {
  const { server, clock, room } = await liveStage();
  server.socket.hangUp(1006);
  server.post("one");
  server.intercept = ({ type }, socket) => {
    if (type !== "hello" || server.heard.filter(({ type }) => type === "hello").length > 2) return false;
    socket.person = "p-ana";
    socket.streams.set(ROOM, "full");
    const ok = { result: "ok", epoch: "epoch-1", seq: 2 };
    const welcome = { type: "welcome", person: "p-ana", at: clock.now(), expires_at: clock.now() + 9e5 };
    // The event that was missed is forgotten.
    socket.say({ ...welcome, streams: { [ROOM]: ok } }, { type: "live", stream: ROOM, epoch: "epoch-1", seq: 2 });
    return true;
  };
  await clock.pass(3_000);
  isWhole(server, room);
});

test("what comes twice counts once, whatever the road", async () => {
  const { server, clock, room, details } = await liveStage();
  const events = [server.post("one"), server.post("two")];
  server.say(...events, ...events);
  await clock.pass(10);
  server.socket.hangUp(1006);
  await clock.pass(2_000);
  server.say(...events);
  await clock.pass(10);
  isWhole(server, room);
  assert.deepEqual(details("event").map(({ seq }) => seq), [2, 3]);
});

test("unknown events, records and keys are ignored, and the position still advances", async () => {
  const { server, clock, room, details } = await liveStage();
  server.say({ type: "hologram", room: "general", stream: ROOM, seq: 77 }, { type: "toString", stream: ROOM });
  server.socket.sayRaw("\n");
  server.socket.sayRaw("this is not JSON\n" + JSON.stringify({ type: "typing", room: "general", people: [] }));
  server.happen(ROOM, "comet_seen", { text: "Why?" });
  server.post("after it");
  await clock.pass(10);
  isWhole(server, room);
  assert.deepEqual([room.position?.seq, details("typing").length], [3, 1]);
  assert.deepEqual(details("event").map(({ name }) => name), ["comet_seen", "message_posted"]);
});

test("a server that never mends a hole is not hammered", async () => {
  const { server, clock, room } = await liveStage();
  server.intercept = ({ type, id }, socket) => {
    if (type !== "subscribe") return false;
    const place = { epoch: "epoch-1", seq: 9 };
    socket.say({ type: "subscribed", id, streams: { [ROOM]: { result: "ok", ...place } } });
    socket.say({ type: "live", stream: ROOM, ...place });
    return true;
  };
  server.say({ type: "event", stream: ROOM, seq: 9, at: 1, by: "p-ben", name: "x", data: {} });
  await clock.pass(60_000);
  const { length } = asked(server);
  assert.ok(length < 15, `${length}`);
  room.unfollow();
  await clock.pass(60_000);
  assert.equal(asked(server).length, length, "and left in peace when it is not followed any more");
});

// --- everything at once --------------------------------------------------------------------------

test("200 random histories of cuts, losses, lags, moves and restores: never a hole, nothing twice", async () => {
  for (let seed = 1; seed <= 200; seed++) await aRandomHistory(seed);
});

/** @param {number} seed */
async function aRandomHistory(seed) {
  const random = seeded(seed);
  const below = (/** @type {number} */ bound) => Math.floor(random() * bound);
  const set = await liveStage({ seed, gap: below(2) ? "snapshot" : undefined });
  const { server, clock, room, client } = set;
  /** Where a reader of `change` alone would be. */
  let seq = room.position?.seq ?? 0;
  /** @type {string[]} */
  const wrong = [];
  room.addEventListener("change", (change) => {
    const { detail } = /** @type {CustomEvent} */ (change);
    if (detail?.type === "event" && detail.seq !== seq + 1) wrong.push(`${detail.seq} after ${seq}`);
    if (detail?.type === "event" || detail?.type === "snapshot") seq = detail.seq;
  });
  server.gapAbove = 10;
  server.pageEvents = 7;
  for (let step = 0; step < 60; step++) {
    const { socket } = server;
    const act = below(14);
    if (act < 6) for (let n = below(8); n >= 0; n--) server.post(`${step} ${n}`);
    else if (act === 6) socket.hangUp([1000, 1001, 1006, 4000, 4004][below(5)]);
    else if (act === 7) server.lag(socket, ROOM);
    else if (act === 8) server.say({ type: "reconnect", after: 0, window: 50 });
    else if (act === 9) server.say(...server.log(ROOM).slice(-below(5)));
    else if (act === 10) socket.sayRaw = swallowOnce(socket);
    else if (act === 11 && below(4) === 0) {
      server.restore(`epoch ${step}`, below(20) + 1);
      for (const live of server.live) live.hangUp(1006);
    }
    else if (act === 11) server.fetchFailures.push(new TypeError("network"));
    else if (act === 12) room.setLevel(below(2) ? "full" : "head");
    else client.status.state === "idle" ? client.open() : below(6) || client.close();
    await clock.pass(below(40) * (below(5) ? 1 : 30));
  }
  for (const socket of server.sockets) delete (/** @type {any} */ (socket).sayRaw);
  room.setLevel("full");
  client.open();
  await clock.pass(60_000);
  server.post("the end");
  await clock.pass(60_000);
  try {
    isWhole(server, room);
    assert.deepEqual([seq, wrong], [server.head(ROOM), []]);
  } catch (error) {
    throw new Error(`seed ${seed}: ${/** @type {Error} */ (error).message}`);
  }
}

/** The next events pushed over a socket never arrive. @param {import("./fake_server.js").FakeSocket} socket */
function swallowOnce(socket) {
  /** @type {(data: string) => void} */
  const sayRaw = Object.getPrototypeOf(Object.getPrototypeOf(socket)).sayRaw.bind(socket);
  return (/** @type {string} */ data) => {
    if (!data.startsWith('{"type":"event"')) return sayRaw(data);
    socket.sayRaw = sayRaw;
  };
}
