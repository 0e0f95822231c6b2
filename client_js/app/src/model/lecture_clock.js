/**
 * The lecture clock: where the recording was at each moment of a session, and back. Pure.
 *
 * Between two marks it runs evenly; before the first and after the last, and from a mark to one that was rewound, as fast
 * as the session's own clock.
 */

/** @typedef {{at: number, media: number, label: string, rewound: boolean}} Mark  `at`: ms since the session opened */

export class LectureClock {
  /** @param {Mark[]} marks in the order of the log */
  constructor(marks) {
    this.marks = marks;
  }

  /** Where the recording was, in ms; null before it began, or without marks. @param {number} at */
  mediaAt(at) {
    const { marks } = this;
    if (!marks.length) return null;
    const index = Math.max(0, this.before(at));
    const mark = marks[index];
    const next = at < mark.at ? undefined : marks[index + 1];
    const even = next && !turnsBack(mark, next) && next.at > mark.at;
    const rate = even ? (next.media - mark.media) / (next.at - mark.at) : 1;
    const media = mark.media + (at - mark.at) * rate;
    return media < 0 ? null : media;
  }

  /**
   * When the recording was there. Of several moments, since it was wound back, the one that is nearest to `near`.
   * @param {number} media
   * @param {number} near ms since the session opened
   * @returns {number | null} ms since the session opened; null without marks
   */
  atOf(media, near) {
    const { marks } = this;
    if (!marks.length) return null;
    /** @type {number[]} */
    const found = [];
    marks.forEach((mark, index) => {
      const next = marks[index + 1];
      const from = index === 0 ? -Infinity : mark.media;
      if (media < from) return;
      if (!next) found.push(mark.at + media - mark.media);
      else if (turnsBack(mark, next)) {
        if (media - mark.media < next.at - mark.at) found.push(mark.at + media - mark.media);
      } else if (media < next.media) {
        const even = media < mark.media || next.media === mark.media ? 1 : (next.at - mark.at) / (next.media - mark.media);
        found.push(mark.at + (media - mark.media) * even);
      }
    });
    if (!found.length) return marks[marks.length - 1].at;
    return found.reduce((best, at) => (Math.abs(at - near) < Math.abs(best - near) ? at : best));
  }

  /** The place of the last mark at or before `at`; -1: there is none. @param {number} at */
  before(at) {
    let low = 0;
    let high = this.marks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.marks[middle].at <= at) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** @param {Mark} mark @param {Mark} next */
const turnsBack = (mark, next) => next.rewound || next.media < mark.media;
