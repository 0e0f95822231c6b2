/**
 * Addresses: `/` and `/c/ID` home, `/join`, `/room/ID`, `/room/ID/SEQ` (a permalink), each with `?panel=`;
 * `/c/ID/r/ROOM/console` and `…/presenter`. Pure but for `Place`, which keeps the browser's address in step.
 */

/**
 * @typedef {object} Route
 * @property {"home" | "join" | "room" | "console" | "presenter"} view
 * @property {string} [room]
 * @property {number} [seq]
 * @property {string | null} panel   "people", "pins", "search", "search-words", "thread-17"
 */

/** @param {string} path @returns {Route} */
export function parse(path) {
  const { pathname, searchParams } = new URL(path, "http://any");
  const panel = searchParams.get("panel");
  const room = /^\/room\/([^/]+)(?:\/(\d{1,15}))?\/?$/.exec(pathname);
  if (room) return { view: "room", room: decodeURIComponent(room[1]), panel, ...(room[2] ? { seq: Number(room[2]) } : {}) };
  const stage = /^\/c\/[^/]+\/r\/([^/]+)\/(console|presenter)\/?$/.exec(pathname);
  if (stage) return { view: /** @type {"console" | "presenter"} */ (stage[2]), room: decodeURIComponent(stage[1]), panel: null };
  if (/^\/join\/?$/.test(pathname)) return { view: "join", panel: null };
  return { view: "home", panel };
}

/** @param {string} path @param {string | null} panel */
export function withPanel(path, panel) {
  const { pathname } = new URL(path, "http://any");
  return panel ? `${pathname}?panel=${encodeURIComponent(panel)}` : pathname;
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
