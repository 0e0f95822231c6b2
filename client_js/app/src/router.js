/**
 * Addresses: `/` and `/c/ID` home, `/join`, `/room/ID`, `/room/ID/SEQ` (a permalink), `/c/ID/r/ROOM/console` and
 * `…/presenter`, `/c/ID/r/ROOM/s/SESSION` (a past session; with `?t=MS` or `?seq=SEQ` at that moment),
 * `/c/ID/r/ROOM/s?seq=SEQ` (the session in which that was), each with `?panel=`. Pure but for `Place`, which keeps the
 * browser's address in step.
 */

/**
 * @typedef {object} Route
 * @property {"home" | "join" | "room" | "console" | "presenter" | "session"} view
 * @property {string} [room]
 * @property {number} [seq]
 * @property {number} [session]      the seq of its `session_opened`
 * @property {number} [t]            ms since it opened
 * @property {string | null} panel   "people", "pins", "search", "search-words", "thread-17", "sessions", "resources"
 */

/** @param {string} path @returns {Route} */
export function parse(path) {
  const { pathname, searchParams } = new URL(path, "http://any");
  const panel = searchParams.get("panel");
  const room = /^\/room\/([^/]+)(?:\/(\d{1,15}))?\/?$/.exec(pathname);
  if (room) return { view: "room", room: decodeURIComponent(room[1]), panel, ...(room[2] ? { seq: Number(room[2]) } : {}) };
  const stage = /^\/c\/[^/]+\/r\/([^/]+)\/(console|presenter)\/?$/.exec(pathname);
  if (stage) return { view: /** @type {"console" | "presenter"} */ (stage[2]), room: decodeURIComponent(stage[1]), panel: null };
  const past = /^\/c\/[^/]+\/r\/([^/]+)\/s(?:\/(\d{1,15}))?\/?$/.exec(pathname);
  if (past) {
    const [session, seq, t] = [past[2], searchParams.get("seq"), searchParams.get("t")].map((digits) => (/^\d{1,15}$/.test(digits ?? "") ? Number(digits) : undefined));
    return { view: "session", room: decodeURIComponent(past[1]), panel, session, seq, t };
  }
  if (/^\/join\/?$/.test(pathname)) return { view: "join", panel: null };
  return { view: "home", panel };
}

/** @param {string} path @param {string | null} panel */
export function withPanel(path, panel) {
  const { pathname, searchParams } = new URL(path, "http://any");
  if (panel) searchParams.set("panel", panel);
  else searchParams.delete("panel");
  return searchParams.size ? `${pathname}?${searchParams}` : pathname;
}

/**
 * The address of a past session, or of a moment of it.
 * @param {string} cohort
 * @param {string} room
 * @param {number | null} session null: the one in which `seq` is
 * @param {{t?: number, seq?: number}} [moment]
 */
export function sessionPath(cohort, room, session, { t, seq } = {}) {
  const place = `/c/${encodeURIComponent(cohort)}/r/${encodeURIComponent(room)}/s${session === null ? "" : `/${session}`}`;
  if (t !== undefined) return `${place}?t=${Math.round(t)}`;
  return seq === undefined ? place : `${place}?seq=${seq}`;
}

/** Where we are; in the address bar of a page, in memory when embedded. */
export class Place {
  /** @param {() => void} moved @param {string | null} fixed  the only place there is, for an embedded room */
  constructor(moved, fixed) {
    this.moved = moved;
    this.inMemory = fixed !== null;
    this.path = fixed ?? location.pathname + location.search;
    this.onPop = () => {
      this.path = location.pathname + location.search;
      moved();
    };
  }

  start() {
    if (!this.inMemory) addEventListener("popstate", this.onPop);
  }

  stop() {
    removeEventListener("popstate", this.onPop);
  }

  /** @param {string} path @param {boolean} [replace] */
  go(path, replace = false) {
    if (path === this.path && !replace) {
      this.moved();
      return;
    }
    this.path = path;
    if (!this.inMemory) history[replace ? "replaceState" : "pushState"](null, "", path);
    this.moved();
  }

  get route() {
    return parse(this.path);
  }
}
