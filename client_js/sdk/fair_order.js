// The orders of a queue of questions: fair, popular, newest, oldest. The twin of server/tertulia/domain/fair_order.py,
// which tells the rules and their promises; tests/vectors/fair_order.json holds the same cases for both.

import { isAlias } from "./alias.js";

/** @typedef {"highlighted" | "longest_waiting" | "not_heard_yet" | "fewest_heard"} Reason */

/** An open question. `by` is the persona that readers see; `asked_at` is in Unix ms, `seq` its publication's.
 * @typedef {{question: string, by: string, asked_at: number, seq: number, votes: number,
 *   highlighted?: boolean}} Queued */

/** @typedef {{question: string, reason: Reason | null}} Placed */

/** What sorts: compared item by item. @typedef {readonly (number | string)[]} Key */

/** @typedef {{one: Queued, times: number, counted: number, place: Key, waiting: Key}} Row */

const VOTE_MS = 60_000;
const LONGEST_WAITING_EVERY = 4;
const AHEAD_OF_UNHEARD_MAX = 3;

/**
 * The open questions in fair order.
 * @param {Iterable<Queued>} queued
 * @param {{readonly [persona: string]: number}} heard how often each was heard this session; 0 for one who is missing
 * @returns {Placed[]}
 */
export function fairOrder(queued, heard) {
  const rows = rowsOf(queued, heard);
  const unheard = inLine(rows.filter(({ counted }) => counted === 0));
  const longestWaiting = inLine(sortedBy(unheard.rows, ({ waiting }) => waiting));
  const others = inLine(rows.filter(({ counted }) => counted > 0));
  const mostHeard = rows.reduce((most, { one, times }) => (one.highlighted ? most : Math.max(most, times)), 0);
  /** @type {Map<string, Placed>} */
  const placed = new Map();
  let ahead = 0;
  /** @param {Row} row @param {Reason | null} reason */
  const put = ({ one }, reason) => {
    const { question, by, highlighted } = one;
    placed.set(question, { question, reason: isAlias(by) ? null : highlighted ? "highlighted" : reason });
  };
  for (let slot = 1; slot <= rows.length; slot++) {
    const best = unheard.first(placed);
    const other = others.first(placed);
    if (best && slot % LONGEST_WAITING_EVERY === 0) {
      put(/** @type {Row} */ (longestWaiting.first(placed)), "longest_waiting");
    } else if (best && (!other || ahead === AHEAD_OF_UNHEARD_MAX || compare(best.place, other.place) < 0)) {
      put(best, "not_heard_yet");
    } else if (other) {
      ahead++;
      const isFewest = other.counted === other.times && other.times < mostHeard;
      put(other, isFewest ? "fewest_heard" : null);
    }
  }
  return [...placed.values()];
}

/** Most votes first; among equals the one asked first. @param {Iterable<Queued>} queued @returns {Placed[]} */
export const popular = (queued) => unexplained(sortedBy(queued, (one) => [-one.votes, ...age(one)]));

/** Last asked first. @param {Iterable<Queued>} queued @returns {Placed[]} */
export const newest = (queued) => oldest(queued).reverse();

/** First asked first. @param {Iterable<Queued>} queued @returns {Placed[]} */
export const oldest = (queued) => unexplained(sortedBy(queued, age));

/**
 * Highlighted, then lowest count, then score; a person's own questions are counted in the same order.
 * @param {Iterable<Queued>} queued
 * @param {{readonly [persona: string]: number}} heard
 */
function rowsOf(queued, heard) {
  const ordered = sortedBy(queued, merit);
  /** @type {Map<string, number>} */
  const since = new Map();
  for (const { by, asked_at } of ordered) since.set(by, Math.min(asked_at, since.get(by) ?? asked_at));
  /** @type {Map<string, number>} */
  const before = new Map();
  const rows = ordered.map((one) => {
    const { question, by, seq, highlighted } = one;
    const times = Object.hasOwn(heard, by) ? heard[by] : 0;
    const own = before.get(by) ?? 0;
    before.set(by, own + 1);
    const [isBelow, ...rest] = merit(one);
    const place = [isBelow, highlighted ? 0 : times + own, ...rest];
    const waiting = [/** @type {number} */ (since.get(by)), seq, question];
    return { one, times, counted: times + own, place, waiting };
  });
  return sortedBy(rows, ({ place }) => place);
}

/** @param {Queued} one @returns {Key} */
const merit = ({ question, asked_at, seq, votes, highlighted }) =>
  highlighted ? [0, 0, seq, question] : [1, asked_at - votes * VOTE_MS, seq, question];

/** @param {Queued} one @returns {Key} */
const age = ({ question, asked_at, seq }) => [asked_at, seq, question];

/** Rows in a line, whose first is the first not placed yet: unheard ones stand in two lines. @param {Row[]} rows */
function inLine(rows) {
  let next = 0;
  return {
    rows,
    /** @param {Map<string, Placed>} placed @returns {Row | undefined} */
    first(placed) {
      while (next < rows.length && placed.has(rows[next].one.question)) next++;
      return rows[next];
    },
  };
}

/** @param {Queued[]} queued @returns {Placed[]} */
const unexplained = (queued) => queued.map(({ question }) => ({ question, reason: null }));

/** @template T @param {Iterable<T>} items @param {(item: T) => Key} keyOf @returns {T[]} */
const sortedBy = (items, keyOf) =>
  Array.from(items, (item) => ({ item, key: keyOf(item) }))
    .sort((a, b) => compare(a.key, b.key))
    .map(({ item }) => item);

/** @param {Key} a @param {Key} b */
function compare(a, b) {
  for (const [i, item] of a.entries()) if (item !== b[i]) return item < b[i] ? -1 : 1;
  return 0;
}
