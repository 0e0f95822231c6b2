/**
 * What happened in a session, in order, and the state of its room after any part of it. Pure.
 *
 * A move is an event of the room, or a step of what is counted (votes, answers to polls). Forward, moves are folded one by
 * one; backward, from the nearest state that was kept. What is kept shares its messages and all its strings with the
 * moves: no text is held twice.
 */
import { fold } from "../../../sdk/index.js";

/** After so many moves the state is kept. */
export const KEEP_EVERY = 200;

/**
 * How things were counted after entry `seq` of the room, at `at`.
 * @typedef {{seq: number, at: number, votes?: Record<string, number>, answered?: Record<string, number>}} Step
 *
 * @typedef {object} Move
 * @property {number} seq
 * @property {number} at    Unix ms; never less than that of the move before
 * @property {import("./types.js").EventRecord} [event]
 * @property {Step} [step]
 *
 * @typedef {{state: any, answered: Record<string, number>}} Frame  `answered`: poll → how many answered it
 */

export class Reel {
  /** @param {string} stream @param {any} state the room just before the first move */
  constructor(stream, state) {
    this.stream = stream;
    /** @type {Move[]} */
    this.moves = [];
    /** The state after this many moves. */
    this.done = 0;
    /** @type {Frame} */
    this.frame = { state, answered: {} };
    /** @type {Map<number, Frame>} moves done → the state then */
    this.kept = new Map([[0, copyOf(this.frame)]]);
  }

  /**
   * Lay in what happened, once. A step stands behind the entry it belongs to.
   * @param {import("./types.js").EventRecord[]} events
   * @param {Step[]} steps
   */
  fill(events, steps) {
    let place = 0;
    let at = 0;
    const put = (/** @type {Move} */ move) => {
      at = Math.max(at, move.at);
      this.moves.push({ ...move, at });
    };
    for (const event of events) {
      while (place < steps.length && steps[place].seq < event.seq) put(moveOf(steps[place++]));
      put({ seq: event.seq, at: event.at, event });
    }
    while (place < steps.length) put(moveOf(steps[place++]));
  }

  /** How many moves were made by then. @param {number} at Unix ms */
  countAt(at) {
    return this.count((move) => move.at <= at);
  }

  /** How many moves were made when entry `seq` was the newest. @param {number} seq */
  countOf(seq) {
    return this.count((move) => move.seq <= seq);
  }

  /**
   * Bring the state to what it was after so many moves.
   * @param {number} count
   * @returns {boolean} whether it moved
   */
  to(count) {
    const wanted = Math.min(Math.max(count, 0), this.moves.length);
    if (wanted === this.done) return false;
    const nearest = this.keptBefore(wanted);
    if (wanted < this.done || nearest > this.done) {
      this.frame = copyOf(/** @type {Frame} */ (this.kept.get(nearest)));
      this.done = nearest;
    }
    while (this.done < wanted) this.step();
    return true;
  }

  step() {
    const { event, step } = this.moves[this.done];
    const { frame } = this;
    if (event) fold(this.stream, frame.state, { type: "event", ...event });
    else if (step) {
      const { session } = frame.state;
      if (step.votes && session) frame.state.session = { ...session, votes: step.votes };
      frame.answered = step.answered ?? frame.answered;
    }
    this.done += 1;
    if (this.done % KEEP_EVERY === 0 && !this.kept.has(this.done)) this.kept.set(this.done, copyOf(frame));
  }

  /** @param {number} count */
  keptBefore(count) {
    let nearest = count - (count % KEEP_EVERY);
    while (!this.kept.has(nearest)) nearest -= KEEP_EVERY;
    return nearest;
  }

  /** @param {(move: Move) => boolean} isMade holds for the first moves and for none behind them */
  count(isMade) {
    let low = 0;
    let high = this.moves.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isMade(this.moves[middle])) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** @param {Step} step @returns {Move} */
const moveOf = (step) => ({ seq: step.seq, at: step.at, step });

/**
 * What a fold changes in place is copied; messages, sessions and what is in them are replaced when they change, so the copy
 * holds the same ones.
 * @param {Frame} frame
 * @returns {Frame}
 */
function copyOf({ state, answered }) {
  return { state: { ...state, messages: [...state.messages], pins: [...state.pins], tallies: { ...state.tallies } }, answered };
}

/**
 * The events without what staff hid: such a message is hidden from its first moment on, as the server's own past has it.
 * @param {import("./types.js").EventRecord[]} events
 */
export function withoutHidden(events) {
  /** @type {Map<number, import("./types.js").EventRecord>} message → what hid it for good */
  const hidden = new Map();
  for (const event of events) {
    if (event.name === "message_hidden") hidden.set(event.data.message, event);
    else if (event.name === "message_unhidden") hidden.delete(event.data.message);
  }
  if (!hidden.size) return events;
  return events.flatMap((event) => {
    const { name, seq, at, data } = event;
    const hiding = hidden.get(name === "message_posted" ? seq : name === "message_edited" ? data.message : 0);
    if (!hiding) return [event];
    const emptied = { ...event, data: { ...data, text: "", mentions: [] } };
    return name === "message_posted" ? [emptied, { ...hiding, seq, at }] : [emptied];
  });
}
