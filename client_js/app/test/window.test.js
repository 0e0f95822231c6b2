import assert from "node:assert/strict";
import { test } from "node:test";
import { HELD_MAX, MessageWindow, messageOf } from "../src/model/window.js";

const message = (/** @type {number} */ seq, more = {}) => messageOf({ stream: "room/r", seq, at: seq * 1000, by: "p-1", name: "message_posted", data: { text: `m${seq}`, ...more } });
const run = (/** @type {number} */ from, /** @type {number} */ count) => Array.from({ length: count }, (_, index) => message(from + index));
const seqs = (/** @type {MessageWindow} */ window) => window.messages.map(({ seq }) => seq);

test("a reader at the end keeps the newest, and never more than the limit", () => {
  const window = new MessageWindow();
  for (let seq = 1; seq <= 1_000; seq += 1) {
    assert.equal(window.append(message(seq), true), true);
    assert.ok(window.messages.length <= HELD_MAX);
  }
  assert.equal(window.last, 1_000);
  assert.equal(window.hasBefore, true);
  assert.equal(window.hasAfter, false);
});

test("a reader elsewhere loses nothing on screen: a full window takes no more and says that there is more", () => {
  const window = new MessageWindow();
  window.reset(run(1, HELD_MAX), false, false);
  assert.equal(window.append(message(HELD_MAX + 1), false), false);
  assert.equal(window.hasAfter, true);
  assert.equal(window.first, 1);
  assert.equal(window.append(message(HELD_MAX + 2), true), false, "there would be a hole");
});

test("paging up drops at the lower end, paging down at the upper, and both ends know it", () => {
  const window = new MessageWindow();
  window.reset(run(301, 280), true, false);
  window.extendUp(run(241, 60), true);
  assert.equal(window.messages.length, HELD_MAX);
  assert.deepEqual([window.first, window.hasBefore, window.hasAfter], [241, true, true]);
  window.extendDown(run(541, 60), false);
  assert.deepEqual([window.last, window.hasBefore, window.hasAfter, window.messages.length], [600, true, false, HELD_MAX]);
});

test("overlapping pages hold no message twice", () => {
  const window = new MessageWindow();
  window.reset(run(10, 5), true, true);
  window.extendUp(run(7, 5), false);
  window.extendDown(run(13, 5), false);
  assert.deepEqual(seqs(window), [7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]);
});

test("events replace messages and never change them", () => {
  const window = new MessageWindow();
  window.reset(run(1, 3), false, false);
  const before = window.get(2);
  const event = (/** @type {string} */ name, /** @type {any} */ data, seq = 9) => ({ stream: "room/r", seq, at: 9, by: "p-2", name, data });
  assert.equal(window.apply(event("message_edited", { message: 2, text: "new", revision: 1 })), true);
  assert.equal(before?.text, "m2");
  assert.equal(window.get(2)?.text, "new");
  window.apply(event("message_posted", { thread: 2, text: "reply" }, 10));
  assert.deepEqual(window.get(2)?.last_reply, { seq: 10, at: 9, by: "p-2" });
  window.apply(event("message_redacted", { message: 2, by_staff: true, reason: "r" }));
  assert.deepEqual([window.get(2)?.redacted, window.get(2)?.text, window.get(2)?.reason], [true, "", "r"]);
  assert.equal(window.apply(event("message_edited", { message: 77, text: "x", revision: 1 })), false);
  assert.equal(window.apply(event("never_heard_of", {})), false);
});
