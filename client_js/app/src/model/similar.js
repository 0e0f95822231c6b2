/** Questions like the one that is being written: asked for when the writer pauses, never for every key. */
import { Observable } from "./observe.js";

const PAUSE_MS = 400;
const CHARS_MIN = 8;
const SHOWN_MAX = 3;

/** @typedef {{question: string | null, text: string, status: string, votes: number, answer: string | null}} SimilarQuestion
 * `question` is null for one that cannot be read where it was asked */

export class Similar extends Observable {
  /** @param {import("./room.js").RoomModel} room */
  constructor(room) {
    super();
    this.room = room;
    /** @type {SimilarQuestion[]} */
    this.found = [];
    this.wanted = "";
    /** The server has no such thing. */
    this.absent = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /** What is written now; too short a text finds nothing. @param {string} text */
  look(text) {
    const wanted = text.trim().length >= CHARS_MIN ? text.trim() : "";
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    clearTimeout(this.timer);
    if (!wanted || this.absent) return this.take([]);
    this.timer = setTimeout(() => this.fetch(wanted), PAUSE_MS);
  }

  /** @param {string} wanted */
  async fetch(wanted) {
    try {
      const answer = await this.room.client.api.similar(this.room.id, wanted);
      if (wanted === this.wanted) this.take(answer.results.slice(0, SHOWN_MAX));
    } catch (error) {
      const { status } = /** @type {{status?: number}} */ (error);
      this.absent = status === 404 || status === 405;
      this.take([]);
    }
  }

  /** @param {SimilarQuestion[]} found */
  take(found) {
    if (!found.length && !this.found.length) return;
    this.found = found;
    this.changed();
  }
}
