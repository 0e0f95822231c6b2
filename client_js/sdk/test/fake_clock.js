// Time that a test holds. Timers run in order; between them everything that was promised gets its turn.

export class FakeClock {
  #now = 1_800_000_000_000;
  #lastId = 0;
  /** @type {Map<number, {at: number, then: () => void}>} */
  #timers = new Map();

  now = () => this.#now;

  /** @param {() => void} then @param {number} ms */
  setTimeout = (then, ms) => {
    if (!(ms <= 2 ** 31 - 1)) throw new RangeError(`a browser's timer knows no ${ms} ms`);
    this.#timers.set(++this.#lastId, { at: this.#now + Math.max(0, ms), then });
    return this.#lastId;
  };

  /** @param {any} id */
  clearTimeout = (id) => void this.#timers.delete(id);

  get waiting() {
    return this.#timers.size;
  }

  /** Let `ms` pass. @param {number} [ms] */
  async pass(ms = 0) {
    const end = this.#now + ms;
    await settle();
    for (;;) {
      const [id, due] = [...this.#timers].sort(([a, x], [b, y]) => x.at - y.at || a - b)[0] ?? [0, null];
      if (!due || due.at > end) break;
      this.#timers.delete(id);
      this.#now = Math.max(this.#now, due.at);
      due.then();
      await settle();
    }
    this.#now = end;
  }
}

/** Everything that is only waiting for its turn, without time passing. */
export async function settle() {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

/** A sequence that looks random and is the same each time. @param {number} seed @returns {() => number} */
export function seeded(seed) {
  return () => {
    // mulberry32
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
