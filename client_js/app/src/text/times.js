/** Times in the reader's zone and language. Formatters are costly to make, so each is made once. */

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** @param {string} lang @param {Intl.DateTimeFormatOptions} options */
function format(lang, options) {
  const name = lang + JSON.stringify(options);
  let found = formats.get(name);
  if (!found) formats.set(name, (found = new Intl.DateTimeFormat(lang, options)));
  return found;
}

/** @param {number} at @param {string} lang */
export function clock(at, lang) {
  return format(lang, { hour: "numeric", minute: "2-digit" }).format(at);
}

/** @param {number} at @param {string} lang */
export function full(at, lang) {
  return format(lang, { dateStyle: "full", timeStyle: "long" }).format(at);
}

/**
 * The day, in words: today, yesterday, Tuesday 4 March, 4 March 2025.
 * @param {number} at
 * @param {number} now
 * @param {string} lang
 * @param {(key: string) => string} t
 */
export function day(at, now, lang, t) {
  const days = dayNumber(now) - dayNumber(at);
  if (days === 0) return t("today");
  if (days === 1) return t("yesterday");
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return format(lang, sameYear ? { weekday: "long", day: "numeric", month: "long" } : { dateStyle: "long" }).format(at);
}

/** Short: the time today, else the date. @param {number} at @param {number} now @param {string} lang */
export function brief(at, now, lang) {
  if (dayNumber(at) === dayNumber(now)) return clock(at, lang);
  return format(lang, { day: "numeric", month: "short", hour: "numeric", minute: "2-digit" }).format(at);
}

/** The number of the local day. @param {number} at */
export function dayNumber(at) {
  const date = new Date(at);
  return Math.floor(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / 86_400_000);
}

/** As a clock that runs: 00:41:20; with `short`, 41:20. @param {number} ms @param {boolean} [short] */
export function elapsed(ms, short = false) {
  const s = Math.max(0, Math.floor(ms / 1000));
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const hours = Math.floor(s / 3600);
  return `${short && !hours ? "" : `${two(hours)}:`}${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

/** @param {number} ms @param {string} lang */
export function span(ms, lang) {
  const seconds = Math.max(1, Math.ceil(ms / 1000));
  const [value, unit] = seconds < 90 ? [seconds, "second"] : seconds < 5400 ? [Math.round(seconds / 60), "minute"] : [Math.round(seconds / 3600), "hour"];
  return new Intl.NumberFormat(lang, { style: "unit", unit, unitDisplay: "long" }).format(value);
}
