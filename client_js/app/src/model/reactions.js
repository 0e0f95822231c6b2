/** How many reacted with what to the messages on screen, and which of it is mine; with an instant echo of my own. */

export class Reactions {
  constructor() {
    /** @type {Map<number, Record<string, number>>} */
    this.tallies = new Map();
    /** @type {Map<number, Set<string>>} */
    this.mine = new Map();
  }

  /** @param {Record<string, Record<string, number>>} tallies @param {Record<string, string[]>} mine */
  add(tallies, mine) {
    this.setTallies(tallies);
    this.setMine(mine);
  }

  /** @param {Record<string, Record<string, number>>} tallies */
  setTallies(tallies) {
    for (const [seq, tally] of Object.entries(tallies ?? {})) {
      if (Object.keys(tally).length) this.tallies.set(Number(seq), tally);
      else this.tallies.delete(Number(seq));
    }
  }

  /** @param {Record<string, string[]>} mine */
  setMine(mine) {
    for (const [seq, emoji] of Object.entries(mine ?? {})) {
      if (emoji.length) this.mine.set(Number(seq), new Set(emoji));
      else this.mine.delete(Number(seq));
    }
  }

  /** Mine, told before the server does. @param {number} seq @param {string} emoji @param {boolean} on */
  set(seq, emoji, on) {
    const mine = new Set(this.mine.get(seq));
    if (mine.has(emoji) === on) return;
    if (on) mine.add(emoji);
    else mine.delete(emoji);
    this.mine.set(seq, mine);
    const tally = { ...this.tallies.get(seq) };
    const count = (tally[emoji] ?? 0) + (on ? 1 : -1);
    if (count > 0) tally[emoji] = count;
    else delete tally[emoji];
    this.tallies.set(seq, tally);
  }

  /** @param {number} seq */
  forget(seq) {
    this.tallies.delete(seq);
    this.mine.delete(seq);
  }

  /** Keep only what may be on screen, so that a day-long tab does not grow. @param {(seq: number) => boolean} isHeld */
  trim(isHeld) {
    for (const seq of this.tallies.keys()) if (!isHeld(seq)) this.tallies.delete(seq);
    for (const seq of this.mine.keys()) if (!isHeld(seq)) this.mine.delete(seq);
  }
}
