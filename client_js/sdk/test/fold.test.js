// The shared vectors: the fold here and the one in Python are the same.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { fullView, newView, fold } from "../fold.js";
import { applyThread } from "../index.js";

const FILES = ["room", "cohort", "user", "session", "staff"];
const HERE = new URL("../../../tests/vectors/", import.meta.url);

for (const file of FILES) {
  for (const vector of JSON.parse(readFileSync(new URL(`${file}.json`, HERE), "utf8"))) {
    test(`vector, ${file}: ${vector.name}`, () => {
      const view = fullView(vector.stream, vector.snapshot);
      for (const record of vector.records) fold(vector.stream, view, record);
      assert.deepEqual(view, vector.expected);
    });
  }
}

test("a new view has all keys", () => {
  for (const file of FILES) {
    const [vector] = JSON.parse(readFileSync(new URL(`${file}.json`, HERE), "utf8"));
    assert.deepEqual(Object.keys(newView(vector.stream)).sort(), Object.keys(vector.expected).sort());
  }
  assert.deepEqual(newView("cohort/demo/staff"), {});
});

test("a snapshot may leave out what has its default value", () => {
  const message = { seq: 2, at: 1, by: "p-ana", text: "Hi" };
  const view = fullView("room/general", { room: "general", name: "General", messages: [message] });
  assert.deepEqual({ ...newView("room/general"), name: "General", messages: view.messages }, view);
  const { revision, redacted, mentions, reply_to, thread, replies, last_reply, resolved } = view.messages[0];
  assert.deepEqual([revision, redacted, mentions, reply_to, thread], [0, false, [], null, null]);
  assert.deepEqual([replies, last_reply, resolved], [0, null, false]);
  assert.deepEqual(fullView("cohort/demo", { rooms: [{ room: "a", name: "A" }] }).rooms[0].closed, false);
  assert.deepEqual(fullView("cohort/demo/staff", { a: 1 }), { a: 1 });
  assert.deepEqual(fullView("room/general/staff", {}), newView("room/general/staff"));
  const [held] = fullView("room/general/staff", { held: [{ held: 2, by: "p-ana", at: 1, text: "Hm" }] }).held;
  assert.deepEqual([held.kind, held.reply_to, held.thread, held.why], ["", null, null, "floor"]);
  const { q } = fullView("user/p-ana", { questions: { q: { status: "pending" } } }).questions;
  assert.deepEqual([q.reason, q.note], [null, ""]);
});

test("a snapshot's session may leave out what has its default value", () => {
  const given = { opened: 2, opened_at: 2, questions: [{ question: "q" }], polls: [{ poll: 3 }], floor: { seq: 4 } };
  const more = { unpublished: { r: {} }, mark: { seq: 5, at: 5, media_position_ms: 1 }, teams: { teams: [], how: "mixed" } };
  const { session } = fullView("room/general", { session: { ...given, ...more } });
  const opened = newView("room/general");
  fold("room/general", opened, event(2, "session_opened", {}));
  assert.deepEqual(Object.keys(session).sort(), Object.keys(opened.session).sort());
  const [{ status, answer }] = session.questions;
  const [{ kind, anonymous, results }] = session.polls;
  assert.deepEqual([status, answer, kind, anonymous, results], ["published", null, "single", true, []]);
  assert.deepEqual([session.floor.until, session.floor.shown_to, session.mark.label], [null, "nobody", ""]);
  assert.deepEqual([session.unpublished.r.status, session.teams.until], ["pending", null]);
});

test("what did not change in a session stays the same object", () => {
  const view = newView("room/general");
  const say = (/** @type {[number, string, object]} */ ...what) => fold("room/general", view, event(...what));
  say(1, "session_opened", {});
  for (const [seq, question] of [[3, "a"], [5, "b"]])
    say(Number(seq), "question_published", { question, message: Number(seq) - 1, asker: "p-ana", asked_at: 1 });
  const before = view.session;
  say(6, "message_posted", { text: "Hi" });
  assert.equal(view.session, before);
  say(7, "question_highlighted", { question: "b" });
  assert.notEqual(view.session, before);
  assert.equal(view.session.questions[0], before.questions[0]);
  assert.equal(before.questions[1].highlighted, false);
});

test("a message that did not change stays the same object, one that did is another", () => {
  const view = newView("room/general");
  for (const seq of [1, 2]) fold("room/general", view, event(seq, "message_posted", { text: `${seq}` }));
  const [first, second] = view.messages;
  fold("room/general", view, event(3, "message_edited", { message: 2, text: "two", revision: 1 }));
  assert.equal(view.messages[0], first);
  assert.notEqual(view.messages[1], second);
  assert.equal(second.text, "2");
});

test("a page of a thread is kept up to date", () => {
  const messages = [1, 4].map((seq) => fullMessage(seq));
  const thread = { thread: 1, messages, tallies: {}, mine: {}, has_after: false, seq: 5 };
  const steps = [
    [false, event(5, "message_posted", { text: "known", thread: 1, reply_to: 1 })],
    [true, event(6, "message_posted", { text: "new", thread: 1, reply_to: 4 })],
    [false, event(7, "message_posted", { text: "elsewhere" })],
    [false, event(8, "message_posted", { text: "elsewhere", thread: 2, reply_to: 2 })],
    [true, event(9, "message_edited", { message: 4, text: "edited", revision: 1, thread: 1 })],
    [true, event(10, "thread_resolved", { thread: 1 })],
    [true, { type: "tally", room: "general", tallies: { 6: { "👍": 2 }, 99: { "👍": 1 } } }],
    [true, { type: "mine", room: "general", reactions: { 6: ["👍"], 99: ["👍"] } }],
    [true, event(11, "message_redacted", { message: 6, thread: 1 })],
    [false, event(12, "message_redacted", { message: 7 })],
    [false, event(13, "room_changed", { name: "x" })],
    [false, event(14, "constructor", {})],
  ];
  for (const [changes, record] of steps) assert.equal(applyThread(thread, record), changes, JSON.stringify(record));
  assert.deepEqual(thread.messages.map(({ text }) => text), ["1", "edited", ""]);
  assert.deepEqual([thread.messages[0].replies, thread.messages[0].resolved, thread.seq], [1, true, 14]);
  assert.deepEqual([thread.tallies, thread.mine], [{}, { 6: ["👍"] }]);
});

test("a reply after the last page that was fetched is not put in front of those between", () => {
  const thread = { thread: 1, messages: [fullMessage(1)], tallies: {}, mine: {}, has_after: true, seq: 5 };
  applyThread(thread, event(9, "message_posted", { text: "new", thread: 1, reply_to: 1 }));
  assert.deepEqual(thread.messages.map(({ seq }) => seq), [1]);
  assert.equal(thread.messages[0].replies, 1);
});

/** @param {number} seq @param {string} name @param {object} data */
function event(seq, name, data) {
  return { type: "event", stream: "room/general", seq, at: seq * 1000, by: "p-ana", name, data };
}

/** @param {number} seq */
function fullMessage(seq) {
  const view = newView("room/general");
  fold("room/general", view, event(seq, "message_posted", { text: `${seq}` }));
  return view.messages[0];
}
