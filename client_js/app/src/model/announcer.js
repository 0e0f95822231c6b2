/**
 * What a screen reader is told about new messages: one polite sentence, at most every five seconds.
 *
 * Pure but for the timer it is given. The element `<tt-announcer>` holds the live region.
 */

const EVERY_MS = 5_000;
const SPOKEN_CHARS = 120;

export class Announcer {
  /**
   * @param {(sentence: string) => void} say
   * @param {(key: string, values?: Record<string, unknown>) => string} t
   * @param {{now: () => number, setTimeout: (f: () => void, ms: number) => any, clearTimeout: (id: any) => void}} [clock]
   */
  constructor(say, t, clock) {
    this.say = say;
    this.t = t;
    this.clock = clock ?? {
      now: () => Date.now(),
      setTimeout: (f, ms) => setTimeout(f, ms),
      clearTimeout: (id) => clearTimeout(id),
    };
    /** What the person chose, asked each time. @type {() => import("./settings.js").Announce} */
    this.level = () => "all";
    this.count = 0;
    /** @type {{name: string, text: string, mention: boolean} | null} */
    this.latest = null;
    this.spokeAt = -Infinity;
    /** @type {any} */
    this.timer = null;
  }

  /** @param {{name: string, text: string, mention: boolean}} message */
  message(message) {
    const level = this.level();
    if (level === "nothing" || (level === "mentions" && !message.mention)) return;
    this.count += 1;
    if (!this.latest?.mention || message.mention) this.latest = message;
    if (this.timer !== null) return;
    const wait = Math.max(0, this.spokeAt + EVERY_MS - this.clock.now());
    this.timer = this.clock.setTimeout(() => this.speak(), wait);
  }

  /** Questions are told among the messages, within the same limit. @param {{text: string, answering: boolean}} question */
  question({ text, answering }) {
    const name = this.t(answering ? "announce_answering" : "announce_question");
    this.message({ name, text, mention: false });
  }

  speak() {
    this.timer = null;
    if (!this.latest) return;
    const { name, text, mention } = this.latest;
    const n = this.count;
    this.count = 0;
    this.latest = null;
    this.spokeAt = this.clock.now();
    if (this.level() === "counts") return this.say(this.t("announce_count", { n }));
    const short = text.length > SPOKEN_CHARS ? `${text.slice(0, SPOKEN_CHARS)}…` : text;
    if (mention) return this.say(this.t("announce_mention", { n, name, text: short }));
    return this.say(this.t(n === 1 ? "announce_one" : "announce_many", { n, name, text: short }));
  }

  stop() {
    if (this.timer !== null) this.clock.clearTimeout(this.timer);
    this.timer = null;
    this.count = 0;
    this.latest = null;
  }
}
