// Positions, gaps, resets, lag: there is never a silent hole.

import assert from "node:assert/strict";
import { test } from "node:test";

import { makePosition } from "../position.js";
import { FakeClock } from "./fake_clock.js";
import { FakeServer } from "./fake_server.js";
import { ROOM, asked, isWhole, liveStage, stage } from "./stage.js";

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

test("the answer to an older question is not taken for the newer one's", async () => {
  const { server, clock, client } = await liveStage();
  server.post("x", "homework");
  const other = client.follow("room/homework", { level: "head" });
  /** @type {string[]} */
  const statuses = [];
  other.addEventListener("change", () => statuses.push(other.status));
  server.denied.add("room/homework");
  await clock.pass(4);
  other.setLevel("full");
  await clock.pass(2);
  server.denied.clear();
  await clock.pass(50);
  assert.deepEqual([other.status, statuses.includes("denied")], ["live", false]);
});

test("followed and unfollowed in one go: never asked for", async () => {
  const { server, clock, client } = await liveStage();
  client.follow("room/homework").unfollow();
  await clock.pass(50);
  assert.equal(server.socket.streams.has("room/homework"), false);
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
  const { mine } = room;
  server.say({ type: "mine", room: "general", reactions: { 2: ["👍"], 99: ["👍"] } });
  server.say({ type: "typing", room: "general", people: ["p-ben"], count: 1 });
  await clock.pass(10);
  assert.deepEqual([room.state.tallies, room.mine], [{ 2: { "👍": 1 } }, { 2: ["👍"] }]);
  assert.notEqual(room.mine, mine, "whoever draws can compare");
  assert.deepEqual(details("tally")[0].tallies[99], { "👍": 4 });
  assert.deepEqual([details("mine").length, details("typing")[0].people], [1, ["p-ben"]]);
});
