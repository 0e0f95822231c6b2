import assert from "node:assert/strict";
import { test } from "node:test";
import { heldOrder, neighbourOf } from "../src/model/held_order.js";
import { earlierOf, pollRows } from "../src/model/poll_shift.js";
import { SEATS_MAX, seatsAround } from "../src/model/seats.js";
import { linePoints, peakOf } from "../src/model/series.js";
import { noteAction } from "../src/model/undoing.js";

const people = (/** @type {number} */ count, turns = (/** @type {number} */ place) => place) =>
  Array.from({ length: count }, (_, place) => ({ turns: turns(place), hand: false }));

test("everybody has a seat on the circle, none over another, in the order in which they are told", () => {
  for (const count of [1, 2, 7, 38, 60]) {
    const seats = seatsAround(people(count));
    assert.equal(seats.length, count);
    assert.deepEqual(seats.map(({ turns }) => turns), people(count).map(({ turns }) => turns));
    for (const [place, { x, y, r, people: sharing }] of seats.entries()) {
      assert.ok(Math.abs(Math.hypot(x, y) - 112) < 0.2);
      assert.equal(sharing, 1);
      assert.ok(r > 2 && r <= 16);
      const other = seats[(place + 1) % count];
      assert.ok(count === 1 || Math.hypot(x - other.x, y - other.y) > 5);
    }
  }
  const silent = seatsAround(people(60, () => 0));
  for (const [place, seat] of silent.entries()) {
    const other = silent[(place + 1) % 60];
    assert.ok(Math.hypot(seat.x - other.x, seat.y - other.y) > seat.r + other.r);
  }
});

test("who took more turns has the larger seat, and who took none the smallest", () => {
  const seats = seatsAround(people(20));
  const ordered = [...seats].sort((a, b) => a.turns - b.turns).map(({ r }) => r);
  assert.deepEqual(ordered, [...ordered].sort((a, b) => a - b));
  assert.ok(ordered[0] < ordered[19] / 2);
  assert.equal(new Set(seatsAround(people(9, () => 0)).map(({ r }) => r)).size, 1);
});

test("above 60 people neighbours share seats, and nobody is left out", () => {
  const seats = seatsAround(people(184, (place) => place % 3));
  assert.equal(seats.length, SEATS_MAX);
  assert.equal(seats.reduce((sum, seat) => sum + seat.people, 0), 184);
  assert.equal(seats.reduce((sum, seat) => sum + seat.turns, 0), people(184, (place) => place % 3).reduce((sum, { turns }) => sum + turns, 0));
  assert.equal(seats.reduce((sum, seat) => sum + seat.heard, 0), people(184).filter((_, place) => place % 3).length);
  const sharing = new Set(seats.map((seat) => seat.people));
  assert.deepEqual([...sharing].sort(), [3, 4]);
  assert.deepEqual(seatsAround([]), []);
});

test("a raised hand is seen at its seat only", () => {
  const seats = seatsAround(people(5).map((one, place) => ({ ...one, hand: place === 3 })));
  assert.deepEqual(seats.map(({ hand }) => hand), [false, false, false, true, false]);
});

test("a line goes from left to right, higher for more, and its peak is the first of the highest", () => {
  const points = [{ at: 1000, share: 0 }, { at: 2000, share: 0.5 }, { at: 3000, share: 0.5 }, { at: 5000, share: 1.5 }];
  assert.equal(linePoints(points, 400, 100), "0,100 100,50 200,50 400,0");
  assert.equal(peakOf(points)?.at, 5000);
  assert.equal(peakOf(points.slice(0, 3))?.at, 2000);
  assert.equal(linePoints([{ at: 7, share: 0.25 }], 400, 100), "0,75 400,75");
  assert.equal(linePoints([], 400, 100), "");
  assert.equal(peakOf([]), null);
});

test("a poll asked again shows the shift of each option, by its words", () => {
  /** @type {import("../src/model/poll_shift.js").Counted} */
  const first = { poll: 3, options: ["Yes", "No"], answered: 4, results: [1, 3], closed: true };
  /** @type {import("../src/model/poll_shift.js").Counted} */
  const again = { poll: 9, options: ["No", "Yes", "Perhaps"], answered: 5, results: [1, 3, 1], again: 3 };
  assert.equal(earlierOf(again, [first, again]), first);
  const rows = pollRows(again, first);
  assert.deepEqual(rows.map(({ count }) => count), [1, 3, 1]);
  assert.deepEqual(rows.map(({ shift }) => shift === null ? null : Math.round(shift * 100)), [-55, 35, null]);
  assert.deepEqual(pollRows({ poll: 1, options: ["Yes"], answered: 0, results: [] }).map(({ share, shift }) => [share, shift]), [[0, null]]);
  assert.equal(earlierOf(again, [{ ...first, closed: false }]), null);
});

test("while a list is held nothing moves, and only what I removed myself goes from under the focus", () => {
  const held = { held: true, focused: "b", removed: new Set() };
  assert.deepEqual(heldOrder(["a", "b", "c"], ["c", "d", "a"], held), ["a", "b", "c", "d"]);
  assert.deepEqual(heldOrder(["a", "b", "c"], ["c", "d", "a"], { ...held, removed: new Set(["b"]) }), ["a", "c", "d"]);
  assert.deepEqual(heldOrder(["a", "b", "c"], ["c", "d", "a"], { ...held, held: false }), ["c", "d", "a"]);
  assert.equal(neighbourOf(["a", "b", "c"], "b", new Set(["a", "c"])), "c");
  assert.equal(neighbourOf(["a", "b", "c"], "c", new Set(["a", "b"])), "b");
  assert.equal(neighbourOf(["a"], "a", new Set()), null);
});

test("what can be undone is the newest change of each question, until it is undone", () => {
  let seq = 0;
  const record = (/** @type {string} */ name, /** @type {any} */ data, by = "p-ana") => ({ name, seq: ++seq, at: 1, by, data });
  let actions = noteAction([], record("question_published", { question: "q1", asker: "p-mei" }, "p-mei"));
  assert.deepEqual(actions, []);
  actions = noteAction(actions, record("question_published", { question: "q2", asker: "p-mei" }));
  actions = noteAction(actions, record("question_merged", { question: "q1", into: "q2" }));
  actions = noteAction(actions, record("question_dismissed", { question: "q2", reason: "unclear" }));
  assert.deepEqual(actions.map(({ name, question }) => [name, question]), [["question_merged", "q1"], ["question_dismissed", "q2"]]);
  actions = noteAction(actions, record("question_restored", { question: "q2", undoes: 4 }));
  actions = noteAction(actions, record("message_hidden", { message: 5, reason: "x" }));
  assert.deepEqual(actions.map(({ name }) => name), ["question_merged", "message_hidden"]);
  actions = noteAction(noteAction(actions, record("message_unhidden", { message: 5 })), record("message_posted", {}));
  actions = noteAction(actions, record("question_unmerged", { question: "q1" }));
  actions = noteAction(actions, record("question_highlighted", { question: "q1" }));
  actions = noteAction(actions, record("question_answering", { question: "q1" }));
  assert.deepEqual(actions.map(({ name }) => name), ["question_highlighted", "question_answering"]);
  actions = noteAction(actions, record("question_highlighted", { question: "q1", on: false }));
  actions = noteAction(actions, record("question_withdrawn", { question: "q1" }));
  assert.deepEqual(actions, []);
});
