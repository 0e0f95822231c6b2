/** The API's calls for what is past: sessions, the state at a moment, what was counted, what is worth knowing now. */

/** @typedef {import("../../../sdk/index.js").Api} Api */

/**
 * @typedef {{session: number, title: string, opened_at: number, closed: number | null, closed_at: number | null,
 *   questions: number, answered: number}} PastSession
 *   `session`: the seq of its `session_opened`; `closed`: of its `session_closed`
 *
 * @typedef {{message: number, by: string, at: number, text: string, links: string[]}} Resource
 *   `links`: none where the message itself is the resource
 *
 * @typedef {{kind: "answering" | "answered" | "poll" | "pin" | "unanswered", text: string, at: number, message: number | null,
 *   question: string | null, poll: number | null}} CatchUpItem
 */

const EVENTS_PAGE = 500;

/** The sessions a room has had, oldest first. @param {Api} api @param {string} room @returns {Promise<PastSession[]>} */
export async function sessionsOf(api, room) {
  return (await api.call("GET", `rooms/${room}/sessions`)).sessions;
}

/** The room's state when `seq` was its newest entry. @param {Api} api @param {string} room @param {number} seq */
export async function stateAt(api, room, seq) {
  return (await api.call("GET", `rooms/${room}`, { query: { at: seq } })).state;
}

/**
 * The room's events after `seq`, up to the end of its session, or to the newest.
 * @param {Api} api
 * @param {string} room
 * @param {number} after
 * @returns {Promise<import("./types.js").EventRecord[]>}
 */
export async function eventsOfSession(api, room, after) {
  /** @type {import("./types.js").EventRecord[]} */
  const events = [];
  for (let from = after; ; ) {
    const page = await api.events(`room/${room}`, { after: from, limit: EVENTS_PAGE });
    for (const event of page.events) {
      events.push(event);
      if (event.name === "session_closed") return events;
    }
    from = page.events.at(-1)?.seq ?? page.head;
    if (from >= page.head) return events;
  }
}

/** @param {Api} api @param {string} room @param {number} session @returns {Promise<import("./reel.js").Step[]>} */
export async function stepsOf(api, room, session) {
  /** @type {import("./reel.js").Step[]} */
  const steps = [];
  for (let after = 0; ; ) {
    const page = await api.call("GET", `rooms/${room}/tallies`, { query: { session, after } });
    steps.push(...page.steps);
    if (!page.has_more || !page.steps.length) return steps;
    after = page.next;
  }
}

/** What one who comes late should know, at most five. @param {Api} api @param {string} room @returns {Promise<CatchUpItem[]>} */
export async function catchUp(api, room) {
  return (await api.call("GET", `rooms/${room}/catch-up`)).items;
}

/** What was shared in a room, newest first. @param {Api} api @param {string} room @returns {Promise<Resource[]>} */
export async function resources(api, room) {
  return (await api.call("GET", `rooms/${room}/resources`)).resources;
}

/**
 * One session as a file.
 * @param {Api} api
 * @param {string} room
 * @param {"markdown" | "jsonl" | "html"} format
 * @param {number} session
 * @returns {Promise<Blob>}
 */
export const exportSession = (api, room, format, session) => api.call("GET", `rooms/${room}/export`, { query: { format, session }, blob: true });

/** The session in which an entry stands; null: it was in none. @param {PastSession[]} sessions @param {number} seq */
export function sessionOf(sessions, seq) {
  return sessions.find((past) => past.session <= seq && (past.closed === null || seq <= past.closed)) ?? null;
}
