import assert from "node:assert/strict";
import { test } from "node:test";
import { LectureClock } from "../src/model/lecture_clock.js";
import { KEEP_EVERY, Reel, withoutHidden } from "../src/model/reel.js";
import { ReplayModel } from "../src/model/replay.js";
import { BARS, timelineOf } from "../src/model/timeline.js";
import { sessionOf } from "../src/model/past.js";
import { newView } from "../../sdk/index.js";

const OPENED = 1_700_000_000_000;
const FIRST = 7;

/** Numbers that come again for the same seed. @param {number} seed */
function dice(seed) {
  let state = seed;
  return (/** @type {number} */ sides) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

/** A session of talk, edits, questions, answers, marks. @param {number} seed @param {number} count */
function sessionWith(seed, count) {
  const roll = dice(seed);
  /** @type {any[]} */
  const events = [];
  /** @type {import("../src/model/reel.js").Step[]} */
  const steps = [];
  /** @type {number[]} */
  const posted = [];
  /** @type {string[]} */
  const asked = [];
  let at = OPENED;
  const add = (/** @type {string} */ name, data = {}, by = `p-${roll(5)}`) => {
    at += roll(3) ? roll(4_000) : 0;
    events.push({ stream: "room/live", seq: FIRST + events.length, at, by, name, data });
    return FIRST + events.length - 1;
  };
  add("session_opened", { title: "Heaps" });
  while (events.length < count - 1) {
    const choice = roll(12);
    const question = asked[roll(asked.length || 1)];
    const message = posted[roll(posted.length || 1)];
    if (choice < 5 || !asked.length) posted.push(add("message_posted", { text: `said ${events.length}` }));
    else if (choice === 5) add("message_edited", { message, text: `better ${events.length}`, revision: 1 });
    else if (choice === 6) add("message_redacted", { message });
    else if (choice === 7) add("question_answering", { question });
    else if (choice === 8) add("question_answered", { question });
    else if (choice === 9) add("question_merged", { question, into: asked[0] });
    else if (choice === 10) add("session_marked", { media_position_ms: at - OPENED });
    if (choice === 11 || !asked.length) {
      const id = `q-${events.length}`;
      const of = add("message_posted", { text: `why ${events.length}?`, kind: "question", question: id }, "p-1");
      add("question_published", { question: id, message: of, asker: "p-1", asked_at: at });
      asked.push(id);
    }
    if (!roll(3)) {
      const votes = Object.fromEntries(asked.slice(0, 5).map((id) => [id, 1 + roll(9)]));
      steps.push({ seq: FIRST + events.length - 1, at: at + roll(10), votes, answered: {} });
    }
  }
  add("session_closed");
  return { events, steps };
}

const before = () => ({ ...newView("room/live"), name: "Live", kind: "session" });

/** @param {ReturnType<typeof sessionWith>} session */
function reelOf({ events, steps }) {
  const reel = new Reel("room/live", before());
  reel.fill(events, steps);
  return reel;
}

test("the state after any moves, sought in any order, is that folded from the start", () => {
  for (const seed of [1, 2, 3]) {
    const session = sessionWith(seed, 5 * KEEP_EVERY);
    const reel = reelOf(session);
    const roll = dice(seed + 100);
    const { length } = reel.moves;
    assert.ok(length > session.events.length);
    for (const count of [length, 0, 1, KEEP_EVERY, KEEP_EVERY - 1, length - 1, ...Array.from({ length: 40 }, () => roll(length + 1))]) {
      reel.to(count);
      const fresh = new Reel("room/live", before());
      fresh.moves = reel.moves;
      for (let done = 0; done < count; done += 1) fresh.step();
      assert.deepEqual(reel.frame, fresh.frame, `seed ${seed}, after ${count} moves`);
    }
  }
});

test("what is kept holds no message a second time", () => {
  const reel = reelOf(sessionWith(4, 3 * KEEP_EVERY));
  reel.to(2 * KEEP_EVERY);
  const kept = /** @type {any} */ (reel.kept.get(2 * KEEP_EVERY)).state;
  assert.notEqual(kept.messages, reel.frame.state.messages);
  assert.ok(kept.messages.length > 10);
  assert.ok(kept.messages.every((/** @type {any} */ message, /** @type {number} */ place) => message === reel.frame.state.messages[place]));
});

test("seeking in a session of 10,000 events folds at most what lies between two kept states", () => {
  const reel = reelOf(sessionWith(5, 10_000));
  reel.to(reel.moves.length);
  let steps = 0;
  const { step } = reel;
  reel.step = function () {
    steps += 1;
    step.call(this);
  };
  for (const count of [9_999, 10, 5_000, 4_999, 7_654]) {
    steps = 0;
    reel.to(count);
    assert.ok(steps < KEEP_EVERY, `${steps} steps to ${count}`);
  }
});

test("entries and steps stand in the order of the log, and time never goes back", () => {
  const { events, steps } = sessionWith(6, 400);
  events[50] = { ...events[50], at: events[40].at }; // another server's clock
  const reel = reelOf({ events, steps });
  reel.moves.reduce((last, move) => {
    assert.ok(move.at >= last.at);
    assert.ok(move.seq >= last.seq);
    return move;
  });
  const seq = events[100].seq;
  const count = reel.countOf(seq);
  assert.equal(reel.moves[count - 1].seq, seq);
  assert.ok(!reel.moves[count] || reel.moves[count].seq > seq);
});

test("what staff hid in the end is hidden from its first moment on; what they showed again is not", () => {
  const said = (/** @type {number} */ seq, /** @type {string} */ name, /** @type {any} */ data) => ({ stream: "room/live", seq, at: OPENED + seq, by: "p-1", name, data });
  const events = [
    said(7, "session_opened", {}), said(8, "message_posted", { text: "bad" }), said(9, "message_posted", { text: "good" }),
    said(10, "message_edited", { message: 8, text: "worse", revision: 1 }), said(11, "message_hidden", { message: 8, reason: "conduct" }),
    said(12, "message_hidden", { message: 9, reason: "mistake" }), said(13, "message_unhidden", { message: 9 }),
  ];
  const reel = reelOf({ events: withoutHidden(events), steps: [] });
  for (let seq = 8; seq <= 13; seq += 1) {
    reel.to(reel.countOf(seq));
    const [first, second] = reel.frame.state.messages;
    assert.deepEqual([first.text, first.hidden], ["", "conduct"], `at ${seq}`);
    if (seq >= 9) assert.equal(second.text, "good");
    if (seq >= 9) assert.equal(second.hidden, seq === 12 ? "mistake" : null);
  }
});

const mark = (/** @type {number} */ at, /** @type {number} */ media, rewound = false) => ({ at, media, label: "", rewound });

test("the lecture clock runs evenly between marks and as fast as the session outside them", () => {
  const clock = new LectureClock([mark(10_000, 0), mark(20_000, 5_000), mark(40_000, 25_000)]);
  assert.equal(clock.mediaAt(9_000), null, "the recording had not begun");
  assert.equal(clock.mediaAt(10_000), 0);
  assert.equal(clock.mediaAt(14_000), 2_000, "half as fast");
  assert.equal(clock.mediaAt(30_000), 15_000);
  assert.equal(clock.mediaAt(41_000), 26_000);
  for (const at of [10_000, 13_000, 20_000, 33_333, 50_000]) assert.equal(Math.round(clock.atOf(/** @type {number} */ (clock.mediaAt(at)), 0) ?? -1), at);
  assert.equal(new LectureClock([]).mediaAt(5), null);
  assert.equal(new LectureClock([]).atOf(5, 0), null);
});

test("a recording that was wound back has two moments for one place: the nearer is meant", () => {
  const clock = new LectureClock([mark(0, 0), mark(60_000, 60_000), mark(90_000, 30_000, true), mark(120_000, 60_000)]);
  assert.equal(clock.mediaAt(80_000), 80_000, "it ran on until it was wound back");
  assert.equal(clock.mediaAt(90_000), 30_000);
  assert.equal(clock.mediaAt(100_000), 40_000);
  assert.equal(clock.atOf(40_000, 0), 40_000);
  assert.equal(clock.atOf(40_000, 110_000), 100_000);
  assert.equal(clock.atOf(85_000, 0), 85_000);
  assert.equal(clock.atOf(85_000, 200_000), 145_000);
});

test("a place that the recording never came to is the last mark's", () => {
  const clock = new LectureClock([mark(1_000, 0), mark(2_000, 50_000, true)]);
  assert.equal(clock.atOf(20_000, 0), 2_000);
});

/** A clock that a test turns. */
function handClock() {
  /** @type {{at: number, then: () => void}[]} */
  const timers = [];
  const clock = {
    time: 0,
    now: () => clock.time,
    setTimeout: (/** @type {() => void} */ then, /** @type {number} */ ms) => timers[timers.push({ at: clock.time + ms, then }) - 1],
    clearTimeout: (/** @type {any} */ timer) => void (timers.includes(timer) && timers.splice(timers.indexOf(timer), 1)),
    pass(/** @type {number} */ ms) {
      for (const end = clock.time + ms; ; ) {
        const next = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        clock.time = next ? next.at : end;
        if (!next) return;
        clock.clearTimeout(next);
        next.then();
      }
    },
    timers,
  };
  return clock;
}

/** @param {any} session @param {any} [clock] */
function replayOf(session, clock) {
  const { events, steps } = session;
  const api = /** @type {any} */ ({
    call: async (/** @type {string} */ _, /** @type {string} */ path) => (path.endsWith("/tallies") ? { steps, has_more: false } : { state: before() }),
    events: async (/** @type {string} */ _, /** @type {any} */ { after, limit }) => ({ events: events.filter((/** @type {any} */ { seq }) => seq > after).slice(0, limit), head: events.at(-1).seq + 30 }),
  });
  return new ReplayModel(api, "live", FIRST, clock);
}

test("playing moves the clock at its rate, pausing stops it, and the end is the end", async () => {
  const clock = handClock();
  const replay = replayOf(sessionWith(8, 600), clock);
  await replay.load();
  assert.equal(replay.status, "ready");
  assert.equal(replay.position, 0);
  replay.play(4);
  clock.pass(10_000);
  assert.equal(replay.position, 40_000);
  assert.equal(replay.reel.done, replay.reel.countAt(OPENED + 40_000));
  replay.pause();
  const versions = [replay.version, replay.stage.version];
  clock.pass(60_000);
  assert.equal(replay.position, 40_000);
  assert.deepEqual([replay.version, replay.stage.version], versions);
  assert.equal(clock.timers.length, 0);
  replay.play(8);
  clock.pass(replay.length);
  assert.equal(replay.position, replay.length);
  assert.equal(replay.playing, false);
  assert.equal(replay.reel.done, replay.reel.moves.length);
  replay.play();
  assert.equal(replay.position, 0, "from the start again");
  replay.pause();
});

test("the stage is told only when the state moved", async () => {
  const replay = replayOf(sessionWith(9, 300));
  await replay.load();
  const [first, second] = replay.reel.moves.filter(({ at }, place, all) => place && at - all[place - 1].at > 10).map(({ at }) => at - OPENED);
  replay.seek(first);
  const { version } = replay.stage;
  replay.seek(Math.min(first + 1, second - 1));
  assert.equal(replay.stage.version, version);
  replay.seek(second);
  assert.equal(replay.stage.version, version + 1);
});

test("an entry is sought by its seq, a place of the recording by its time", async () => {
  const session = sessionWith(10, 500);
  const replay = replayOf(session);
  await replay.load();
  const { seq, at } = session.events[250];
  replay.seekSeq(seq);
  assert.equal(replay.seq, seq);
  assert.ok(Math.abs(replay.at - at) < 20);
  const marks = replay.timeline.marks.length;
  assert.ok(marks > 5);
  replay.seekMedia(60_000);
  assert.ok(Math.abs(/** @type {number} */ (replay.media) - 60_000) < 1);
});

test("where no session begins, loading says so", async () => {
  const session = sessionWith(11, 50);
  const replay = replayOf({ ...session, events: session.events.slice(1) });
  await replay.load();
  assert.equal(replay.status, "failed");
  assert.equal(replay.failure.code, "unknown_session");
});

test("the timeline counts every message once and names questions, answers, polls and marks", () => {
  const { events } = sessionWith(12, 400);
  const at = /** @type {any} */ (events.at(-1)).at;
  events.splice(300, 0, { stream: "room/live", seq: 900, at: events[299].at, by: "p-1", name: "poll_opened", data: { text: "Which?" } });
  events.splice(350, 0, { stream: "room/live", seq: 901, at: events[349].at, by: "p-1", name: "poll_closed", data: { poll: 900 } });
  const { talk, moments, marks } = timelineOf(events, OPENED, at - OPENED);
  const named = (/** @type {string} */ name) => events.filter((event) => event.name === name).length;
  assert.equal(talk.length, BARS);
  assert.equal(talk.reduce((sum, count) => sum + count), named("message_posted"));
  const kinds = (/** @type {string} */ kind) => moments.filter((moment) => moment.kind === kind).length;
  assert.deepEqual(["question", "answered", "poll", "mark"].map(kinds), [named("question_published"), named("question_answered"), 1, named("session_marked")]);
  assert.equal(marks.length, named("session_marked"));
  const poll = /** @type {any} */ (moments.find(({ kind }) => kind === "poll"));
  assert.ok(poll.until > poll.at);
  assert.match(/** @type {any} */ (moments.find(({ kind }) => kind === "question")).text, /^why/);
});

test("a message belongs to the session it was said in", () => {
  const sessions = [
    { session: 10, title: "", opened_at: 0, closed: 20, closed_at: 1, questions: 0, answered: 0 },
    { session: 30, title: "", opened_at: 2, closed: null, closed_at: null, questions: 0, answered: 0 },
  ];
  assert.deepEqual([5, 10, 20, 25, 30, 99].map((seq) => sessionOf(sessions, seq)?.session ?? null), [null, 10, 10, null, 30, 30]);
});
