import assert from "node:assert/strict";
import { test } from "node:test";
import { SessionModel } from "../src/model/session.js";

const MINUTE = 60_000;

/** @param {object} [session] @param {object} [more] of the room's state */
function stage(session = {}, more = {}) {
  /** @type {any[]} */
  const sent = [];
  /** @type {any} */
  const cohort = {
    me: { person: "p-ana", role: "learner" }, isStaff: false, mineState: { aliases: { s: "~blue-heron.k3f9" }, questions: {} },
    send: (/** @type {any} */ command) => sent.push(command), announcer: { question() {} }, notices: { called() {} },
  };
  /** @type {any} */
  const room = {
    id: "s", cohort, followed: { votes: null, bars: null, mySession: null }, client: { now: () => 100 * MINUTE, outbox: [], api: {}, draft: () => "" },
    isMine: (/** @type {string} */ by) => by === "p-ana" || by === "~blue-heron.k3f9",
    state: { session: { opened: 3, opened_at: 40 * MINUTE, ...session }, ...more },
  };
  globalThis.document ??= /** @type {any} */ ({ hidden: false, addEventListener() {} });
  globalThis.requestAnimationFrame ??= (/** @type {any} */ draw) => Number(setTimeout(draw));
  const model = new SessionModel(room);
  return { model, room, cohort, sent };
}

const asked = (/** @type {string} */ question, /** @type {string} */ by, /** @type {number} */ minute, more = {}) =>
  ({ question, by, message: minute, text: `${question}?`, asked_at: minute * MINUTE, seq: minute, status: "published", ...more });
const THREE = [asked("a", "p-1", 50), asked("b", "p-2", 60), asked("c", "p-3", 70)];
const ids = (/** @type {any[]} */ rows) => rows.map(({ question }) => question.question);

test("the queue stands in the chosen order; what is being answered is first in each", () => {
  const { model, room } = stage({ questions: THREE, heard: { "p-1": 1 }, votes: { b: 1, c: 5 } });
  assert.deepEqual(ids(model.queue), ["b", "c", "a"], "unheard first; four votes more are worth four minutes, not ten");
  model.setOrder("new");
  assert.deepEqual(ids(model.queue), ["c", "b", "a"]);
  model.setOrder("top");
  room.followed.votes = { votes: { a: 9, b: 3 } };
  model.onCounted("votes");
  assert.deepEqual(ids(model.queue), ["a", "b", "c"]);
  room.state.session.answering = "b";
  room.state.session.questions[1].status = "answering";
  model.changed();
  assert.deepEqual(ids(model.queue), ["b", "a", "c"]);
});

test("while focus is inside, nothing moves: what comes is added below, what goes stays until focus leaves", () => {
  const { model, room } = stage({ questions: structuredClone(THREE) });
  model.setOrder("top");
  assert.deepEqual(ids(model.queue), ["a", "b", "c"]);
  model.hold(true);
  assert.equal(model.isOrderStale, false);
  room.followed.votes = { votes: { c: 7 } };
  model.onCounted("votes");
  room.state.session.questions.push(asked("d", "p-4", 80));
  room.state.session.questions[0].status = "answered_live";
  model.changed();
  assert.deepEqual(ids(model.queue), ["a", "b", "c", "d"]);
  assert.equal(model.queue[2].votes, 7, "counts are true all the same");
  assert.equal(model.isOrderStale, true);
  model.showOrder();
  assert.deepEqual(ids(model.queue), ["c", "b", "d"]);
  model.hold(false);
  assert.deepEqual(ids(model.queue), ["c", "b", "d"]);
});

test("my vote is shown at once, and the server's word replaces it; a refusal takes it back", () => {
  const { model, room, sent } = stage({ questions: THREE, votes: { a: 4 } });
  model.give.toggleVote("a");
  assert.deepEqual(sent, [{ type: "vote_question", room: "s", question: "a", on: true }]);
  assert.deepEqual([model.votesOf("a"), model.hasVoted("a")], [5, true]);
  room.followed.votes = { votes: { a: 5 } };
  room.followed.mySession = { votes: ["a"] };
  model.onCounted("my_session");
  assert.deepEqual([model.votesOf("a"), model.hasVoted("a"), model.voting.size], [5, true, 0]);
  model.give.toggleVote("a");
  assert.equal(model.votesOf("a"), 4);
  model.onRefused({ command: sent[1], refusal: { code: "session_not_open" } });
  assert.deepEqual([model.votesOf("a"), model.hasVoted("a")], [5, true]);
});

test("a vote for what was merged is a vote for where it went, however far", () => {
  const merged = [asked("a", "p-1", 50, { status: "merged", merged_into: "b" }), asked("b", "p-2", 60, { status: "merged", merged_into: "c" }), asked("c", "p-3", 70)];
  const { model, room } = stage({ questions: merged });
  room.followed.mySession = { votes: ["a"] };
  model.onCounted("my_session");
  assert.deepEqual([model.hasVoted("c"), model.hasVoted("a")], [true, false]);
});

test("what is mine: by me or by my alias; what waits or was dismissed comes from my own stream", () => {
  const { model, cohort } = stage({ questions: [asked("a", "~blue-heron.k3f9", 50), asked("b", "p-2", 60, { status: "dismissed" }), asked("c", "p-ana", 70, { status: "dismissed", reason: "unclear" })] });
  assert.equal(model.queue[0].own, true);
  assert.deepEqual(model.mineDismissed.map(({ question }) => question), ["c"]);
  cohort.mineState.questions = { c: { question: "c", room: "s", text: "c?", status: "dismissed", at: 1 }, z: { question: "z", room: "other", text: "", status: "pending", at: 1 } };
  assert.deepEqual(model.mineUnseen.map(({ question }) => question), ["c"]);
  assert.deepEqual(model.mineDismissed, [], "told once");
});

test("a poll: bars only when closed or told to staff, and the shift since the one before, by option", () => {
  const first = { poll: 10, at: 1, text: "Cost?", options: ["n", "n log n"], closed: true, answered: 10, results: [3, 7] };
  const second = { poll: 20, at: 2, text: "Cost?", options: ["n log n", "n"], again: 10, closed: true, answered: 20, results: [5, 15] };
  const open = { poll: 30, at: 3, text: "Now?", options: ["x", "y"] };
  const { model, room } = stage({ polls: [first, second, open] });
  const [, repoll, third] = model.polls;
  assert.deepEqual(model.bars(repoll)?.map(({ text, percent, shift }) => [text, percent, shift]), [["n log n", 25, -45], ["n", 75, 45]]);
  assert.equal(model.bars(third), null);
  room.followed.bars = { bars: { 30: { 1: 2 } } };
  room.followed.votes = { votes: {}, answered: { 30: 4 } };
  assert.deepEqual(model.bars(third)?.map(({ count, percent }) => [count, percent]), [[0, 0], [2, 50]]);
  model.give.answerPoll(30, [1]);
  assert.deepEqual(model.myAnswer(30), { choices: [1], text: "" });
});

test("hands stand as raised, or with the least heard first; my place is told", () => {
  const hands = [{ hand: "p-1", at: 1 }, { hand: "p-2", at: 2 }, { hand: "~blue-heron.k3f9", at: 3 }];
  const { model, room } = stage({ hands, heard: { "p-1": 2, "p-2": 1 }, called: "p-2" });
  assert.deepEqual([model.myHand?.place, model.isCalled], [2, false]);
  room.state.hands_order = "least_heard";
  assert.deepEqual(model.hands.map(({ hand }) => hand), ["~blue-heron.k3f9", "p-2", "p-1"]);
  room.state.session.called = "~blue-heron.k3f9";
  assert.equal(model.isCalled, true);
});

test("the clock runs from the opening, or with the recording, and stops at the end", () => {
  const { model, room } = stage();
  assert.deepEqual(model.clock(), { ms: 60 * MINUTE, recorded: false });
  room.state.session.mark = { seq: 5, at: 90 * MINUTE, media_position_ms: 5 * MINUTE };
  assert.deepEqual(model.clock(), { ms: 15 * MINUTE, recorded: true });
  room.state.session.closed_at = 92 * MINUTE;
  assert.deepEqual(model.clock(), { ms: 7 * MINUTE, recorded: true });
});

test("the ledger counts every question once, and the reasons of dismissals", () => {
  const { model } = stage({
    questions: [asked("a", "p-1", 50, { status: "answered_live" }), asked("b", "p-2", 60, { status: "merged", merged_into: "a" }), asked("c", "p-3", 70)],
    unpublished: { x: { status: "pending" }, y: { status: "dismissed", reason: "unclear" } },
  });
  const { received, published, waiting, merged, answered, dismissed } = model.ledger;
  assert.deepEqual({ received, published, waiting, merged, answered, dismissed }, { received: 5, published: 1, waiting: 1, merged: 1, answered: 1, dismissed: { unclear: 1 } });
});

test("before the first session there is nothing, and no error", () => {
  const { model, room } = stage();
  room.state = { session: null };
  assert.deepEqual([model.exists, model.isOpen, model.queue, model.now, model.myTeam], [false, false, [], null, null]);
});
