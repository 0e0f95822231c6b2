// Positions, gaps, resets, lag: there is never a silent hole.

import assert from "node:assert/strict";
import { test } from "node:test";

import { makePosition } from "../position.js";
import { FakeClock, seeded } from "./fake_clock.js";
import { FakeServer } from "./fake_server.js";
import { ROOM, liveStage, stage } from "./stage.js";

/** @typedef {import("../followed.js").Followed} Followed */

/** @param {FakeServer} server @param {Followed} room */
function isWhole(server, room) {
  assert.deepEqual([room.position, room.status], [{ epoch: server.epoch, seq: server.head(ROOM) }, "live"]);
  if (room.state) assert.deepEqual(room.state, server.truth(ROOM));
}

/** @param {FakeServer} server @returns {any[]} what hello and subscribe said of the room */
const asked = (server) =>
  server.heard.filter(({ streams }) => streams && ROOM in streams).map(({ streams }) => streams[ROOM]);

test("a position is one value: never a seq without its epoch", () => {
  assert.throws(() => makePosition("", 3));
  assert.throws(() => makePosition("e", /** @type {any} */ (undefined)));
  const position = makePosition("e", 3);
  assert.throws(() => Object.assign(position, { seq: 4 }));
});

test("without a position a snapshot is asked for, and is the state", async () => {
  const server = new FakeServer(new FakeClock());
  for (let n = 0; n < 60; n++) server.post(`${n}`);
  const { room } = await liveStage({ server });
  assert.deepEqual(asked(server), [null]);
  isWhole(server, room);
});

test("events are applied in order, each is told once, and change fires for each", async () => {
  const { server, clock, room, details } = await liveStage();
  let changes = 0;
  room.addEventListener("change", () => changes++);
  for (let n = 0; n < 10; n++) server.post(`${n}`);
  await clock.pass(10);
  isWhole(server, room);
  assert.deepEqual(details("event").map(({ seq }) => seq), [2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  assert.equal(changes, 10);
});

test("1,000 messages in one go: none is lost, none comes twice, none is out of order", async () => {
  const { server, clock, room, details } = await liveStage();
  for (let n = 0; n < 1_000; n++) server.post(`${n}`);
  await clock.pass(10);
  isWhole(server, room);
  const seqs = details("event").map(({ seq }) => seq);
  assert.deepEqual(seqs, Array.from({ length: 1_000 }, (_, n) => n + 2));
});

test("resume before any event was received: asked again for a snapshot", async () => {
  const { server, clock, client } = stage();
  server.post("before");
  const room = client.follow(ROOM);
  server.intercept = ({ type }, socket) => {
    if (type === "hello") socket.hangUp(1006);
    return type === "hello";
  };
  client.open();
  await clock.pass(20);
  server.intercept = null;
  await clock.pass(5_000);
  assert.deepEqual(asked(server).slice(0, 2), [null, null]);
  isWhole(server, room);
});

test("resume after the snapshot and before any event: from the snapshot's position", async () => {
  const { server, clock, room } = await liveStage();
  server.socket.hangUp(1006);
  server.post("while away");
  await clock.pass(2_000);
  assert.deepEqual(asked(server), [null, { epoch: "epoch-1", seq: 1 }]);
  isWhole(server, room);
});

test("only what comes next: no state, and a resume from where that began, even before any event", async () => {
  const { server, clock, client, details } = stage();
  server.post("before");
  const room = client.follow(ROOM, { from: "head" });
  client.open();
  await clock.pass(100);
  assert.deepEqual([room.state, room.status, room.position?.seq], [null, "live", 1]);
  server.socket.hangUp(1006);
  server.post("while away");
  await clock.pass(2_000);
  assert.deepEqual(asked(server), ["head", { epoch: "epoch-1", seq: 1 }]);
  assert.deepEqual(details("event").map(({ data }) => data.text), ["while away"]);
});

test("from a position with its state, as a program kept it", async () => {
  const server = new FakeServer(new FakeClock());
  for (let n = 0; n < 5; n++) server.post(`${n}`);
  const { client, clock, details } = stage({ server });
  const state = JSON.parse(JSON.stringify(server.truth(ROOM, 3)));
  const room = client.follow(ROOM, { from: { epoch: "epoch-1", seq: 3 }, state });
  client.open();
  await clock.pass(100);
  isWhole(server, room);
  assert.deepEqual(details("event").map(({ seq }) => seq), [4, 5]);
});

test("a position of another log is reset: the snapshot holds, although its seq is lower", async () => {
  const { server, clock, room } = await liveStage();
  for (let n = 0; n < 5; n++) server.post(`${n}`);
  await clock.pass(10);
  server.restore("epoch-2", 2);
  server.socket.hangUp(1006);
  await clock.pass(2_000);
  isWhole(server, room);
  assert.equal(room.position?.seq, 2);
});

test("a position ahead of the log is reset as well, in the same epoch", async () => {
  const { server, clock, room } = await liveStage();
  for (let n = 0; n < 5; n++) server.post(`${n}`);
  await clock.pass(10);
  server.restore("epoch-1", 2);
  server.socket.hangUp(1006);
  await clock.pass(2_000);
  isWhole(server, room);
});

test("between reset and its snapshot no event is added to what was there", async () => {
  const { server, clock, room, details } = await liveStage();
  server.intercept = ({ type, id }, socket) => {
    if (type !== "subscribe") return false;
    const place = { stream: ROOM, epoch: "epoch-2", seq: 3 };
    const event = { type: "event", stream: ROOM, seq: 2, at: 1, by: "p-ben", name: "x", data: {} };
    socket.say({ type: "subscribed", id, streams: { [ROOM]: { ...place, result: "reset" } } }, event);
    socket.say({ type: "snapshot", ...place, state: {} }, { type: "live", ...place });
    return true;
  };
  server.say({ type: "event", stream: ROOM, seq: 9, at: 1, by: "p-ben", name: "x", data: {} });
  await clock.pass(50);
  assert.deepEqual([details("event"), room.position?.seq, room.status], [[], 3, "live"]);
});

test("a snapshot that was asked for before something newer came does not turn back time", async () => {
  const { server, clock, room, details } = await liveStage();
  const before = { type: "snapshot", stream: ROOM, epoch: "epoch-1", seq: 1, state: server.truth(ROOM) };
  server.post("one");
  server.say(before, { type: "live", stream: ROOM, epoch: "epoch-1", seq: 1 }, ...server.log(ROOM).slice(1));
  await clock.pass(10);
  isWhole(server, room);
  assert.equal(details("event").length, 1);
});

test("ok may come with a snapshot instead of events", async () => {
  const { server, clock, room } = await liveStage();
  server.socket.hangUp(1006);
  server.post("while away");
  server.intercept = ({ type }, socket) => {
    if (type !== "hello") return false;
    const place = { stream: ROOM, epoch: "epoch-1", seq: 2 };
    const result = { result: "ok", epoch: "epoch-1", seq: 2 };
    socket.person = "p-ana";
    const welcome = { type: "welcome", person: "p-ana", at: clock.now(), expires_at: clock.now() + 9e5 };
    socket.say({ ...welcome, streams: { [ROOM]: result } });
    socket.say({ type: "snapshot", ...place, state: server.truth(ROOM) }, { type: "live", ...place });
    return true;
  };
  await clock.pass(2_000);
  isWhole(server, room);
});

test("denied: told why, never asked for again, until it is followed again", async () => {
  const server = new FakeServer(new FakeClock());
  server.denied.add(ROOM);
  const { client, clock, room, details } = await liveStage({ server });
  assert.deepEqual([room.status, room.code, room.state], ["denied", "unknown_room", null]);
  assert.deepEqual(details("follow"), [room]);
  server.socket.hangUp(1006);
  await clock.pass(2_000);
  assert.equal(client.status.state, "live");
  assert.deepEqual(asked(server), [null]);
  server.denied.clear();
  assert.equal(client.follow(ROOM), room);
  await clock.pass(100);
  isWhole(server, room);
});

test("dropped: what was shown stays, and it is not asked for again", async () => {
  const { server, clock, room } = await liveStage();
  server.say({ type: "dropped", stream: ROOM, code: "not_a_member" });
  await clock.pass(10);
  assert.deepEqual([room.status, room.code, room.state.name], ["denied", "not_a_member", "General"]);
  server.socket.hangUp(1006);
  await clock.pass(2_000);
  assert.equal(asked(server).length, 1);
});

// --- gap -----------------------------------------------------------------------------------------

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
  /** @type {string[]} */
  const seen = [];
  room.addEventListener("change", () => seen.push(`${room.status} ${room.position?.seq}`));
  while (room.status !== "live") {
    server.post("pushed while pages are fetched");
    await clock.pass(1);
  }
  await clock.pass(20);
  isWhole(server, room);
  assert.deepEqual(server.fetched.map(({ searchParams }) => searchParams.get("after")).slice(0, 3), ["1", "501", "1001"]);
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
  while (!server.fetched.length) await clock.pass(1);
  server.socket.hangUp(1006);
  await clock.pass(10_000);
  isWhole(server, room);
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
  server.happen(ROOM, "question_asked", { text: "Why?" });
  server.post("after it");
  await clock.pass(10);
  isWhole(server, room);
  assert.deepEqual([room.position?.seq, details("typing").length], [3, 1]);
  assert.deepEqual(details("event").map(({ name }) => name), ["question_asked", "message_posted"]);
});

test("a server that never mends a hole is not hammered", async () => {
  const { server, clock } = await liveStage();
  server.intercept = ({ type, id }, socket) => {
    if (type !== "subscribe") return false;
    const place = { epoch: "epoch-1", seq: 9 };
    socket.say({ type: "subscribed", id, streams: { [ROOM]: { result: "ok", ...place } } });
    socket.say({ type: "live", stream: ROOM, ...place });
    return true;
  };
  server.say({ type: "event", stream: ROOM, seq: 9, at: 1, by: "p-ben", name: "x", data: {} });
  await clock.pass(60_000);
  assert.ok(asked(server).length < 15, `${asked(server).length}`);
});

// --- more and fewer streams ----------------------------------------------------------------------

test("what is followed in one go is asked for in one request; following again gives the same", async () => {
  const { server, clock, client, room } = await liveStage();
  assert.equal(client.follow(ROOM), room);
  client.follow("cohort/demo");
  client.follow("room/homework", { level: "head" });
  await clock.pass(50);
  const subscribes = server.heard.filter(({ type }) => type === "subscribe");
  assert.equal(subscribes.length, 1);
  assert.deepEqual(subscribes[0].streams, { "cohort/demo": null, "room/homework": "head" });
  assert.deepEqual(subscribes[0].levels, { "cohort/demo": "full", "room/homework": "head" });
});

test("level head: the newest seq and what is unread; then full from where it was; then head again", async () => {
  const { server, clock, client, details } = await liveStage();
  for (let n = 0; n < 3; n++) server.post(`${n}`, "homework");
  const other = client.follow("room/homework", { level: "head" });
  await clock.pass(50);
  assert.deepEqual([other.head, other.status, other.state], [{ seq: 3, unread: 3 }, "live", null]);
  assert.equal(details("head").length, 1);
  other.setLevel("full");
  assert.equal(other.status, "loading");
  await clock.pass(50);
  assert.deepEqual([other.status, other.state.messages.length], ["live", 3]);
  other.setLevel("head");
  await clock.pass(50);
  for (let n = 0; n < 3; n++) server.post(`more ${n}`, "homework");
  await clock.pass(50);
  assert.equal(other.state.messages.length, 3);
  other.setLevel("full");
  assert.equal(other.status, "stale");
  await clock.pass(50);
  assert.deepEqual(other.state, server.truth("room/homework"));
  assert.deepEqual(server.heard.at(-1)?.streams, { "room/homework": { epoch: "epoch-1", seq: 3 } });
});

test("switched to and fro quickly, the last word holds", async () => {
  const { server, clock, client } = await liveStage();
  server.post("x", "homework");
  const other = client.follow("room/homework", { level: "head" });
  await clock.pass(2);
  for (const level of /** @type {const} */ (["full", "head", "full", "head", "full"])) {
    other.setLevel(level);
    await clock.pass(2);
  }
  await clock.pass(100);
  assert.deepEqual([other.status, server.socket.streams.get("room/homework")], ["live", "full"]);
  assert.deepEqual(other.state, server.truth("room/homework"));
});

test("followed, or set to another level, while hello is on its way: asked for after the welcome", async () => {
  const { server, clock, client } = stage();
  server.post("x", "homework");
  const early = client.follow("room/homework", { level: "head" });
  client.open();
  await clock.pass(8);
  assert.equal(server.heard.length, 0, "hello is under way");
  early.setLevel("full");
  const late = client.follow(ROOM);
  await clock.pass(100);
  assert.deepEqual([early.status, late.status], ["live", "live"]);
  assert.deepEqual(early.state, server.truth("room/homework"));
});

test("unfollowed: said to the server, nothing more is heard, and a later follow begins anew", async () => {
  const { server, clock, client, room, details } = await liveStage();
  room.unfollow();
  server.post("not for us");
  await clock.pass(50);
  assert.equal(server.heard.at(-1)?.type, "unsubscribe");
  assert.deepEqual([details("event"), client.followed(ROOM)], [[], undefined]);
  const again = client.follow(ROOM);
  assert.notEqual(again, room);
  await clock.pass(50);
  isWhole(server, again);
  room.unfollow();
  assert.equal(client.followed(ROOM), again, "an old one's goodbye is not the new one's");
});

test("more streams than fit into hello: the others are subscribed to", async () => {
  const { server, clock, client } = stage();
  const all = Array.from({ length: 450 }, (_, n) => client.follow(`room/r${n}`));
  client.open();
  await clock.pass(200);
  assert.ok(all.every(({ status }) => status === "live"));
  const sizes = server.heard.filter(({ streams }) => streams).map(({ streams }) => Object.keys(streams).length);
  assert.deepEqual(sizes, [200, 200, 50]);
});

test("too many streams: those that were refused are denied", async () => {
  const { server, clock, client } = await liveStage();
  server.intercept = ({ type, id }, socket) => {
    if (type === "subscribe") socket.say({ type: "refused", id, code: "too_many", message: "", retry: "never" });
    return type === "subscribe";
  };
  const other = client.follow("room/homework");
  await clock.pass(50);
  assert.deepEqual([other.status, other.code], ["denied", "too_many"]);
});

// --- soft state ----------------------------------------------------------------------------------

test("presence: the list, then changes to it; a large room has counts", async () => {
  const { server, clock, room, details } = await liveStage();
  server.say({ type: "presence", room: "general", count: 2, people: ["p-ana", "p-ben"] });
  server.say({ type: "presence_changed", room: "general", count: 2, joined: ["p-obi"], left: ["p-ben"] });
  server.say({ type: "presence_changed", room: "general", count: 2, joined: ["p-obi"] });
  await clock.pass(10);
  const now = { count: 2, people: ["p-ana", "p-obi"], roles: null, staff: null };
  assert.deepEqual(room.presence, now);
  assert.deepEqual(details("presence").at(-1), { type: "presence", room: "general", ...now });
  server.say({ type: "presence", room: "general", count: 900, roles: { learner: 890 }, staff: ["p-olga"] });
  server.say({ type: "presence_changed", room: "general", count: 901, joined: ["p-x"], left: ["p-olga"] });
  await clock.pass(10);
  assert.deepEqual(room.presence, { count: 901, people: null, roles: { learner: 890 }, staff: ["p-olga"] });
});

test("tallies, mine and typing are told; mine is kept for what is shown", async () => {
  const { server, clock, room, details } = await liveStage();
  server.post("one");
  server.say({ type: "tally", room: "general", tallies: { 2: { "👍": 1 }, 99: { "👍": 4 } } });
  server.say({ type: "mine", room: "general", reactions: { 2: ["👍"], 99: ["👍"] } });
  server.say({ type: "typing", room: "general", people: ["p-ben"], count: 1 });
  await clock.pass(10);
  assert.deepEqual([room.state.tallies, room.mine], [{ 2: { "👍": 1 } }, { 2: ["👍"] }]);
  assert.deepEqual(details("tally")[0].tallies[99], { "👍": 4 });
  assert.deepEqual([details("mine").length, details("typing")[0].people], [1, ["p-ben"]]);
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
