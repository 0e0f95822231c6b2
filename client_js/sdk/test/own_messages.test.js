// A message of one's own is on the screen exactly once, from the moment it is said.

import assert from "node:assert/strict";
import { test } from "node:test";

import { seeded } from "./fake_clock.js";
import { ROOM, liveStage, say, screen, texts } from "./stage.js";

for (const isEventFirst of [false, true]) {
  test(`an own message never shows twice and never flickers: ${isEventFirst ? "event" : "reply"} first`, async () => {
    const { client, server, clock, room } = await liveStage();
    server.isEventFirst = isEventFirst;
    /** @type {string[][]} */
    const seen = [];
    const look = () => seen.push(screen(client).map((line) => line.normalize()));
    room.addEventListener("change", look);
    client.addEventListener("event", look);
    // The server normalises: composed, nothing at the end.
    client.send(say("He\u0301llo  \n"));
    client.addEventListener("pending", look);
    for (let ms = 0; ms < 40; ms++) await clock.pass(1).then(look);
    assert.ok(seen.length > 40);
    for (const lines of seen) assert.deepEqual(lines.map((line) => line.slice(0, 5)), ["Héllo"]);
    assert.equal(screen(client)[0], "Héllo");
    assert.deepEqual(client.pending("general"), []);
  });
}

for (const order of ["event first", "reply first", "no replies"]) {
  test(`two equal messages at once are two, each shown once: ${order}`, async () => {
    const { client, server, clock, room } = await liveStage();
    server.isEventFirst = order === "event first";
    server.losesReplies = order === "no replies";
    client.send(say("ok"));
    client.send(say("ok"));
    const seen = new Set();
    const look = () => seen.add(screen(client).length);
    room.addEventListener("change", look);
    client.addEventListener("pending", look);
    await clock.pass(50);
    assert.deepEqual([[...seen], screen(client)], [[2], ["ok", "ok"]]);
  });
}

test("taken for mine, but it was my other device's: the reply puts it right before the event comes", async () => {
  const { client, server, clock } = await liveStage();
  server.intercept = ({ type, id }, socket) => {
    if (type !== "post_message") return false;
    server.post("ok", "general", "p-ana");
    server.clock.setTimeout(() => socket.say({ type: "accepted", id, stream: ROOM, seq: 3, at: 1 }), 50);
    return true;
  };
  client.send(say("ok"));
  await clock.pass(30);
  assert.deepEqual(screen(client), ["ok"], "the guess");
  await clock.pass(50);
  assert.deepEqual(screen(client), ["ok", "ok (accepted)"]);
  server.post("ok", "general", "p-ana");
  await clock.pass(50);
  assert.deepEqual(screen(client), ["ok", "ok"]);
});

test("what was refused, never sent, or answers something else is not taken for my other device's", async () => {
  const { client, server, clock } = await liveStage();
  server.refusals = [
    { code: "not_allowed", retry: "never" },
    { code: "slow_mode", retry: "later", after: 60_000 },
  ];
  client.send(say("refused"));
  client.send(say("first in line", { reply_to: 1 }));
  await clock.pass(50);
  client.send(say("not sent yet"));
  for (const text of ["refused", "not sent yet", "first in line"]) server.post(text, "general", "p-ana");
  await clock.pass(50);
  assert.deepEqual(screen(client).slice(3), ["refused (refused)", "first in line (queued)", "not sent yet (queued)"]);
});

test("accepted, and a snapshot comes that is older: it stays until it is in the state", async () => {
  const { client, server, clock } = await liveStage();
  server.intercept = ({ type, id }, socket) => {
    if (type !== "post_message") return false;
    socket.say({ type: "accepted", id, stream: ROOM, seq: 2, at: 1 });
    socket.say({ type: "snapshot", stream: ROOM, epoch: "epoch-1", seq: 1, state: server.truth(ROOM) });
    return true;
  };
  client.send(say("Hello"));
  await clock.pass(50);
  assert.deepEqual(screen(client), ["Hello (accepted)"]);
  server.post("Hello", "general", "p-ana");
  await clock.pass(50);
  assert.deepEqual(screen(client), ["Hello"]);
});

test("the same words from my other device while mine are under way: both are shown in the end", async () => {
  const { client, server, clock } = await liveStage();
  server.refusals = [{ code: "rate_limited", retry: "later", after: 2_000 }];
  client.send(say("ok"));
  await clock.pass(50);
  server.post("ok", "general", "p-ana");
  await clock.pass(5_000);
  assert.deepEqual(screen(client), ["ok", "ok"]);
});

test("another's message with my words hides nothing", async () => {
  const { client, server, clock } = await liveStage();
  server.refusals = [{ code: "slow_mode", retry: "later", after: 2_000 }];
  client.send(say("ok"));
  server.post("ok");
  await clock.pass(50);
  assert.deepEqual(screen(client), ["ok", "ok (queued)"]);
});

test("cut between event and reply: it is shown once while away, and once after", async () => {
  const { client, server, clock } = await liveStage();
  server.losesReplies = true;
  client.send(say("Hello"));
  await clock.pass(50);
  assert.deepEqual(screen(client), ["Hello"]);
  server.losesReplies = false;
  server.socket.hangUp(1006);
  await clock.pass(3_000);
  assert.deepEqual([screen(client), client.outbox], [["Hello"], []]);
});

test("cut before the event: a snapshot brings it, and it is shown once all the same", async () => {
  const { client, server, clock, room } = await liveStage({ gap: "snapshot" });
  server.gapAbove = 3;
  client.send(say("Hello"));
  await clock.pass(6);
  server.socket.hangUp(1006);
  for (let n = 0; n < 5; n++) server.post(`${n}`);
  const most = { count: 0 };
  room.addEventListener("change", () => {
    most.count = Math.max(most.count, screen(client).filter((line) => line.startsWith("Hello")).length);
  });
  await clock.pass(3_000);
  assert.deepEqual([screen(client), most.count], [["Hello", "0", "1", "2", "3", "4"], 1]);
});

test("old words of mine in a snapshot do not hide the same words said now", async () => {
  const { client, server, clock } = await liveStage({ gap: "snapshot" });
  client.send(say("ok"));
  await clock.pass(60_000);
  server.refusals = [{ code: "slow_mode", retry: "later", after: 50_000 }];
  client.send(say("ok"));
  await clock.pass(50);
  server.restore("epoch-2", 2);
  server.socket.hangUp(1006);
  await clock.pass(3_000);
  assert.deepEqual(screen(client), ["ok", "ok (queued)"]);
});

test("accepted, and then the log is restored without it: it does not stay on the screen", async () => {
  const { client, server, clock } = await liveStage();
  const { say: speak } = server.socket;
  // The reply comes, the event does not.
  server.socket.say = (...records) => speak.apply(server.sockets[0], records.filter(({ type }) => type !== "event"));
  client.send(say("Hello"));
  await clock.pass(50);
  assert.deepEqual(screen(client), ["Hello (accepted)"]);
  server.restore("epoch-2", 1);
  server.socket.hangUp(1006);
  await clock.pass(3_000);
  assert.deepEqual(screen(client), []);
});

test("a post to a room that is not on the screen is gone from pending once it is accepted", async () => {
  const { client, clock } = await liveStage();
  client.send({ ...say("elsewhere"), room: "homework" });
  assert.equal(client.pending("homework").length, 1);
  await clock.pass(50);
  assert.deepEqual(client.pending("homework"), []);
});

test("a reply is pending until its event was applied", async () => {
  const { client, server, clock } = await liveStage();
  server.post("Why?");
  await clock.pass(10);
  const pending = client.send(say("So", { reply_to: 2 }));
  /** @type {number[]} */
  const left = [];
  client.addEventListener("event", () => left.push(client.pending("general").length));
  assert.deepEqual(client.pending("general"), [pending]);
  await clock.pass(50);
  assert.deepEqual([left, client.pending("general")], [[0], []]);
});

test("in 100 random histories of cuts and delays each message is once in the log and once on the screen", async () => {
  for (let seed = 1; seed <= 100; seed++) {
    const random = seeded(seed);
    const below = (/** @type {number} */ bound) => Math.floor(random() * bound);
    const { client, server, clock, room } = await liveStage({ seed, gap: below(2) ? "snapshot" : undefined });
    server.gapAbove = 3;
    /** @type {string[]} */
    const said = [];
    /** @type {string[]} */
    const wrong = [];
    const look = () => {
      const lines = screen(client).map((line) => line.split(" ")[0]).filter((line) => line.startsWith("m"));
      if (new Set(lines).size < lines.length) wrong.push(`twice on the screen: ${lines}`);
      for (const text of said) if (!lines.includes(text)) wrong.push(`${text} is off the screen`);
    };
    room.addEventListener("change", look);
    client.addEventListener("pending", look);
    for (let step = 0; step < 30; step++) {
      const act = below(9);
      if (act < 4) {
        const text = `m${step}`;
        client.send(say(text));
        said.push(text);
      } else if (act === 4) server.socket.hangUp(1006);
      else if (act === 5) server.isEventFirst = !server.isEventFirst;
      else if (act === 6) server.losesReplies = !server.losesReplies;
      else if (act === 7) server.refusals.push({ code: "rate_limited", retry: "later", after: below(200) });
      else server.say({ type: "reconnect", after: 0, window: 20 });
      await clock.pass(below(12) * (below(6) ? 1 : 100));
    }
    server.losesReplies = false;
    server.socket.hangUp(1006);
    await clock.pass(60_000);
    look();
    assert.deepEqual(wrong, [], `seed ${seed}`);
    assert.deepEqual([client.outbox, client.pending("general")], [[], []], `seed ${seed}`);
    assert.deepEqual([...texts(server)].sort(), [...said].sort(), `seed ${seed}`);
  }
});

