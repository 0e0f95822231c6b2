/**
 * A past session, shown again: what its room held at any moment of it, and a clock that plays it.
 *
 * `position` is ms since the session opened. Watch the model for the clock; watch `stage` for what changes only when the
 * state moved.
 */
import { fullView, newView } from "../../../sdk/fold.js";
import { LectureClock } from "./lecture_clock.js";
import { Observable } from "./observe.js";
import { eventsOfSession, stateAt, stepsOf } from "./past.js";
import { Reel, withoutHidden } from "./reel.js";
import { timelineOf } from "./timeline.js";

const TICK_MS = 200;
export const RATES = [1, 2, 4, 8];

/** @typedef {{now: () => number, setTimeout: (f: () => void, ms: number) => any, clearTimeout: (timer: any) => void}} Clock */

/** @type {Clock} */
const CLOCK = {
  now: () => performance.now(),
  setTimeout: (then, ms) => setTimeout(then, ms),
  clearTimeout: (timer) => clearTimeout(timer),
};

export class ReplayModel extends Observable {
  /**
   * @param {import("../../../sdk/index.js").Api} api
   * @param {string} room
   * @param {number} session the seq of its `session_opened`
   * @param {Clock} [clock]
   */
  constructor(api, room, session, clock = CLOCK) {
    super();
    this.api = api;
    this.room = room;
    this.session = session;
    this.clock = clock;
    this.stage = new Observable();
    /** @type {"loading" | "ready" | "failed"} */
    this.status = "loading";
    /** @type {any} why it failed */
    this.failure = null;
    this.position = 0;
    this.rate = 1;
    this.playing = false;
    this.openedAt = 0;
    this.length = 0;
    /** @type {import("./timeline.js").Timeline} */
    this.timeline = { moments: [], talk: [], marks: [] };
    this.lecture = new LectureClock([]);
    /** @type {Reel} */
    this.reel = new Reel(`room/${room}`, newView(`room/${room}`));
    /** @type {any} */
    this.timer = undefined;
    this.tickedAt = 0;
  }

  async load() {
    const { api, room, session } = this;
    this.status = "loading";
    this.changed();
    try {
      const [state, events, steps] = await Promise.all([
        stateAt(api, room, session - 1),
        eventsOfSession(api, room, session - 1),
        stepsOf(api, room, session),
      ]);
      this.fill(state, events, steps);
      this.status = "ready";
    } catch (error) {
      this.failure = error;
      this.status = "failed";
    }
    this.stage.changed();
    this.changed();
  }

  /**
   * @param {any} state the room just before the session
   * @param {import("./types.js").EventRecord[]} events
   * @param {import("./reel.js").Step[]} steps
   */
  fill(state, events, steps) {
    if (events[0]?.name !== "session_opened") throw Object.assign(new Error("No session begins there."), { code: "unknown_session" });
    this.openedAt = events[0].at;
    const stream = `room/${this.room}`;
    const shown = withoutHidden(events);
    this.reel = new Reel(stream, fullView(stream, state));
    this.reel.fill(shown, steps);
    this.length = Math.max(1_000, (this.reel.moves.at(-1)?.at ?? 0) - this.openedAt);
    this.timeline = timelineOf(shown, this.openedAt, this.length);
    this.lecture = new LectureClock(this.timeline.marks);
    this.reel.to(this.reel.countAt(this.openedAt));
  }

  /** The room as it was then. */
  get state() {
    return this.reel.frame.state;
  }

  /** How many had answered each poll. @returns {Record<string, number>} */
  get answered() {
    return this.reel.frame.answered;
  }

  /** The newest entry of the room then. */
  get seq() {
    return this.reel.moves[this.reel.done - 1]?.seq ?? this.session - 1;
  }

  /** What the clock on the wall showed, Unix ms. */
  get at() {
    return this.openedAt + this.position;
  }

  /** Where the recording was, in ms; null: nowhere. */
  get media() {
    return this.lecture.mediaAt(this.position);
  }

  // --- going somewhere --------------------------------------------------------------------------------------------

  /** @param {number} ms since the session opened */
  seek(ms) {
    this.position = Math.min(Math.max(0, ms), this.length);
    this.tickedAt = this.clock.now();
    this.show(this.reel.countAt(this.openedAt + this.position));
  }

  /** To the moment when entry `seq` was the newest. @param {number} seq */
  seekSeq(seq) {
    const count = this.reel.countOf(seq);
    const move = this.reel.moves[count - 1];
    if (!move) return;
    this.position = Math.min(move.at - this.openedAt, this.length);
    this.tickedAt = this.clock.now();
    this.show(count);
  }

  /** To a place of the recording; without marks it began with the session. @param {number} media ms */
  seekMedia(media) {
    this.seek(this.lecture.atOf(media, this.position) ?? media);
  }

  /** @param {number} [rate] */
  play(rate = this.rate) {
    this.rate = rate;
    this.tickedAt = this.clock.now();
    if (!this.playing) {
      if (this.position >= this.length) this.seek(0);
      this.playing = true;
      this.timer = this.clock.setTimeout(() => this.tick(), TICK_MS);
    }
    this.changed();
  }

  pause() {
    if (!this.playing) return;
    this.clock.clearTimeout(this.timer);
    this.playing = false;
    this.changed();
  }

  /** @param {number} rate */
  setRate(rate) {
    if (this.playing) this.play(rate);
    else {
      this.rate = rate;
      this.changed();
    }
  }

  // --- inside -----------------------------------------------------------------------------------------------------

  tick() {
    const now = this.clock.now();
    this.seek(this.position + (now - this.tickedAt) * this.rate);
    if (this.position >= this.length) this.pause();
    else this.timer = this.clock.setTimeout(() => this.tick(), TICK_MS);
  }

  /** @param {number} count moves */
  show(count) {
    if (this.reel.to(count)) this.stage.changed();
    this.changed();
  }
}
