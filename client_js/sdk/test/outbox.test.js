// What one says: kept until it is settled, once, in order, and on the screen exactly once.

import assert from "node:assert/strict";
import { test } from "node:test";

import { uuid7 } from "../index.js";
import { FakeShelf, ROOM, liveStage, posts, say, screen, stage, texts } from "./stage.js";

test("keys are UUIDs of version 7 that sort in the order in which they were made", () => {
  const keys = Array.from({ length: 10_000 }, () => uuid7(1_700_000_000_000));
  keys.push(uuid7(1_600_000_000_000), uuid7());
  for (const key of keys) assert.match(key, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.deepEqual([...keys].sort(), keys);
  assert.equal(new Set(keys).size, keys.length);
});

test("a command is queued, sent, accepted; its promise tells", async () => {
  const { client, clock, details } = await liveStage();
  const pending = client.send(say("Hello"));
  assert.deepEqual([pending.state, client.outbox], ["sent", [pending]]);
  await clock.pass(50);
  assert.equal(await pending.promise, pending);
  assert.deepEqual([pending.state, pending.stream, pending.seq, client.outbox], ["accepted", ROOM, 2, []]);
  assert.deepEqual(details("pending"), [pending, pending, pending]);
});

test("refused for good: told why, taken out; a post stays to be seen until it is dealt with", async () => {
  for (const retry of ["never", "reload"]) {
    const { client, server, clock, details } = await liveStage();
    server.refusals = [{ code: "not_allowed", retry }, { code: "not_author", retry }];
    const post = client.send(say("Hello"));
    const edit = client.send({ type: "edit_message", room: "general", message: 1, text: "x" });
    await clock.pass(50);
    assert.deepEqual([post.state, edit.state, client.outbox], ["refused", "refused", []]);
    assert.equal((await edit.promise).refusal?.code, "not_author");
    assert.deepEqual(details("refused"), [post, edit]);
    assert.deepEqual(screen(client), ["Hello (refused)"]);
    const again = post.retry();
    assert.notEqual(again.key, post.key);
    await clock.pass(50);
    assert.deepEqual(screen(client), ["Hello"]);
  }
});

test("a refused post that is cancelled is gone; a queued one is never sent", async () => {
  const { client, server, clock } = await liveStage();
  server.refusals = [{ code: "muted", retry: "later", after: 5_000 }, { code: "not_allowed", retry: "never" }];
  const later = client.send(say("later"));
  await clock.pass(50);
  const never = client.send({ ...say("never"), room: "general" });
  assert.deepEqual(screen(client), ["later (queued)", "never (queued)"]);
  later.cancel();
  never.cancel();
  await clock.pass(60_000);
  assert.deepEqual([screen(client), posts(server).length, client.outbox], [[], 1, []]);
});

test("later: the same command under the same key, after as long as was said", async () => {
  const { client, server, clock } = await liveStage();
  server.refusals = [{ code: "slow_mode", retry: "later", after: 7_000 }];
  const pending = client.send(say("Hello"));
  await clock.pass(50);
  assert.deepEqual([pending.state, pending.refusal?.code], ["queued", "slow_mode"]);
  assert.ok(Math.abs(pending.retryAt - clock.now() - 7_000) < 50);
  await clock.pass(6_900);
  assert.equal(posts(server).length, 1);
  await clock.pass(200);
  assert.deepEqual([pending.state, pending.refusal], ["accepted", null]);
  assert.equal(posts(server)[0].key, posts(server)[1].key);
});

test("later without a time: ever more rarely; and a time longer than a browser's timers know", async () => {
  const { client, server, clock } = await liveStage();
  server.refusals = Array.from({ length: 1_000 }, () => ({ code: "room_locked", retry: "later" }));
  client.send(say("Hello"));
  await clock.pass(600_000);
  assert.ok(posts(server).length > 20 && posts(server).length < 80, `${posts(server).length}`);
  server.refusals = [{ code: "muted", retry: "later", after: 90 * 86_400_000 }];
  await clock.pass(40_000);
  assert.equal(client.outbox[0].refusal?.code, "muted");
});

test("put off by a server that goes away: sent to the next one at once", async () => {
  const { client, server, clock } = await liveStage();
  server.refusals = Array.from({ length: 8 }, () => ({ code: "draining", retry: "later" }));
  const pending = client.send(say("Hello"));
  while (server.refusals.length) await clock.pass(100);
  assert.ok(pending.retryAt > clock.now() + 500);
  server.say({ type: "reconnect", after: 0, window: 0 });
  await clock.pass(100);
  assert.equal(pending.state, "accepted");
});

test("posts to a room keep their order when one must wait; other rooms and other commands do not wait", async () => {
  const { client, server, clock } = await liveStage();
  server.refusals = [{ code: "rate_limited", retry: "later", after: 3_000 }];
  client.send(say("one"));
  await clock.pass(50);
  client.send(say("two"));
  client.send(say("three"));
  const other = client.send({ ...say("elsewhere"), room: "homework" });
  const edit = client.send({ type: "edit_message", room: "general", message: 1, text: "x" });
  await clock.pass(50);
  assert.deepEqual([other.state, edit.state, posts(server).length], ["accepted", "accepted", 2]);
  await clock.pass(5_000);
  assert.deepEqual(texts(server), ["one", "two", "three"]);
});

test("what has no answer when the connection breaks is sent again, in order, and happens once", async () => {
  const { client, server, clock } = await liveStage();
  server.losesReplies = true;
  const all = ["one", "two", "three"].map((text) => client.send(say(text)));
  await clock.pass(50);
  assert.deepEqual(all.map(({ state }) => state), ["sent", "sent", "sent"]);
  server.losesReplies = false;
  server.socket.hangUp(1006);
  await clock.pass(10);
  assert.deepEqual(all.map(({ state }) => state), ["queued", "queued", "queued"]);
  const four = client.send(say("four"));
  await clock.pass(3_000);
  assert.deepEqual([...all, four].map(({ state }) => state), ["accepted", "accepted", "accepted", "accepted"]);
  assert.deepEqual(texts(server), ["one", "two", "three", "four"]);
  const keys = posts(server).map(({ key }) => key);
  assert.deepEqual(keys.slice(3), [...keys.slice(0, 3), four.key]);
});

test("said while away: it goes out, in order, when the connection is back", async () => {
  const { client, server, clock } = stage();
  server.happen(ROOM, "room_created", { cohort: "demo", name: "General" });
  client.follow(ROOM);
  for (let n = 0; n < 20; n++) client.send(say(`${n}`));
  assert.equal(client.outbox.length, 20);
  assert.deepEqual(screen(client).at(-1), "19 (queued)");
  client.open();
  await clock.pass(100);
  assert.deepEqual(texts(server), Array.from({ length: 20 }, (_, n) => `${n}`));
});

test("while it moves to another node, what had no answer goes again on the new connection", async () => {
  const { client, server, clock } = await liveStage();
  server.losesReplies = true;
  const pending = client.send(say("Hello"));
  server.say({ type: "reconnect", after: 0, window: 0 });
  await clock.pass(8);
  server.losesReplies = false;
  await clock.pass(100);
  assert.equal(pending.state, "accepted");
  assert.deepEqual([texts(server), screen(client)], [["Hello"], ["Hello"]]);
});

test("only so many commands are under way as the server allows", async () => {
  const set = stage();
  set.server.limits = { ...set.server.limits, commands_in_flight_max: 4 };
  let underWay = 0;
  let most = 0;
  set.client.addEventListener("pending", (event) => {
    const { state } = /** @type {CustomEvent} */ (event).detail;
    if (state !== "queued") underWay += state === "sent" ? 1 : -1;
    most = Math.max(most, underWay);
  });
  for (let n = 0; n < 50; n++) set.client.send(say(`${n}`));
  set.client.open();
  await set.clock.pass(2_000);
  assert.deepEqual([most, set.client.outbox.length, texts(set.server).length], [4, 0, 50]);
});

test("the outbox has an end: beyond it a command is refused at once, in words", async () => {
  const { client } = stage();
  for (let n = 0; n < 1_000; n++) client.send(say(`${n}`));
  const pending = client.send(say("too much"));
  assert.deepEqual([pending.state, pending.refusal?.code], ["refused", "outbox_full"]);
  assert.equal(client.pending("general").at(-1), pending, "it can be seen, and tried again");
  assert.equal(client.outbox.length, 1_000);
});

// --- surviving a reload ---------------------------------------------------------------------------

test("the outbox survives a reload, in order, and happens once although it was sent before", async () => {
  const storage = new FakeShelf();
  const first = await liveStage({ storage });
  first.server.losesReplies = true;
  for (const text of ["one", "two", "three"]) first.client.send(say(text));
  first.client.markRead("general", 1);
  await first.clock.pass(50);
  first.client.close();
  assert.equal(storage.length, 3);
  first.server.losesReplies = false;

  // A shelf keeps no order, and not all fit under way at once.
  first.server.limits.commands_in_flight_max = 1;
  storage.map = new Map([...storage.map].reverse());
  const { client, clock, server } = stage({ storage, server: first.server });
  const room = client.follow(ROOM);
  assert.deepEqual(screen(client), ["one (queued)", "two (queued)", "three (queued)"]);
  let most = 0;
  room.addEventListener("change", () => (most = Math.max(most, screen(client).length)));
  client.open();
  await clock.pass(100);
  assert.equal(most, 3, "in the snapshot, and still without an answer: shown once");
  assert.deepEqual([client.outbox, storage.length], [[], 0]);
  assert.deepEqual([texts(server), screen(client)], [["one", "two", "three"], ["one", "two", "three"]]);
});

test("what was cancelled does not come back after a reload", () => {
  const storage = new FakeShelf();
  stage({ storage }).client.send(say("Hello")).cancel();
  assert.deepEqual([storage.length, stage({ storage }).client.outbox], [0, []]);
});

test("what one person wrote is never sent as another", async () => {
  const storage = new FakeShelf();
  const first = stage({ storage });
  first.client.send(say("Ana's"));
  const second = await liveStage({ storage, token: "token-ben", person: "p-ben" });
  assert.deepEqual(second.client.outbox, []);
  const third = stage({ storage, token: "token-ben" });
  third.client.open();
  await third.clock.pass(100);
  assert.deepEqual([third.client.status.state, third.client.status.code], ["stopped", "another_person"]);
  assert.deepEqual([posts(third.server), posts(second.server)], [[], []]);
});

test("without knowing who it is, nothing is stored", async () => {
  const storage = new FakeShelf();
  const { client } = stage({ storage, person: undefined });
  client.send(say("Hello"));
  assert.deepEqual([storage.length, client.outbox.length, client.draft("general", "text")], [0, 1, ""]);
});

test("a shelf that is full or holds rubbish stops nothing", async () => {
  const storage = new FakeShelf();
  storage.setItem("tertulia:p-ana:outbox:rubbish", "{");
  storage.setItem("somebody else's", "{");
  const { client, server, clock } = await liveStage({ storage });
  assert.equal(storage.length, 1);
  storage.isFull = true;
  client.send(say("Hello"));
  client.draft("general", "text");
  await clock.pass(50);
  assert.deepEqual(texts(server), ["Hello"]);
});

test("drafts survive a reload, and are forgotten when empty", () => {
  const storage = new FakeShelf();
  const { client } = stage({ storage });
  assert.equal(client.draft("general"), "");
  client.draft("general", "half a th");
  client.draft("general/17", "another");
  const again = stage({ storage }).client;
  assert.deepEqual([again.draft("general"), again.draft("general/17")], ["half a th", "another"]);
  again.draft("general", "");
  assert.deepEqual([again.draft("general"), storage.length], ["", 1]);
});
