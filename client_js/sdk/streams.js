// All followed streams: what is said of them in `hello` and `subscribe`, and whose record is whose.
// What is not here: the rules of one stream (followed.js) and the socket (connection.js).

import { Followed } from "./followed.js";

/** @typedef {import("./types.js").WireRecord} WireRecord */

/** Streams named in one request, so that it stays far below `frame_bytes_max`. */
const STREAMS_PER_REQUEST = 200;
/** So often a stream is asked for at once; after that with a pause, so that a broken server is not hammered. */
const QUICK_ASKS = 3;

/** @param {import("./types.js").Core} core */
export function createStreams(core) {
  /** @type {Map<string, Followed>} */
  const all = new Map();
  /** To be asked for in the next `subscribe`. @type {Set<Followed>} */
  const dirty = new Set();
  /** Negative, to tell hellos from subscribes. */
  let lastHello = 0;

  /** @param {Followed[]} named @param {number} id */
  function names(named, id) {
    for (const followed of named) followed.asked = id;
    return {
      streams: Object.fromEntries(named.map(({ stream, wanted }) => [stream, wanted])),
      levels: Object.fromEntries(named.map(({ stream, level }) => [stream, level])),
    };
  }

  /** What `hello` says. The streams it has no room for are subscribed to after the welcome. */
  function hello() {
    const wanted = [...all.values()].filter(({ status }) => status !== "denied");
    return names(wanted.slice(0, STREAMS_PER_REQUEST), --lastHello);
  }

  /** Ask for it; whatever was asked before is void. All that is marked in one go goes in one request.
   * @param {Followed} followed */
  function mark(followed) {
    if (!dirty.size) queueMicrotask(subscribe);
    dirty.add(followed);
  }

  function subscribe() {
    const named = [...dirty].slice(0, STREAMS_PER_REQUEST);
    for (const followed of named) dirty.delete(followed);
    if (dirty.size) queueMicrotask(subscribe);
    // Without a connection hello will say it.
    if (!named.length) return;
    const id = core.connection.request({ type: "subscribe", ...names(named, 0) });
    if (id) names(named, id);
  }

  /** It has a hole. @param {Followed} followed */
  async function ask(followed) {
    // One question at a time: what comes before its answer may well show the same hole.
    if (followed.asked > 0) return;
    followed.asked = Infinity;
    if (followed.asks++ >= QUICK_ASKS) await core.pause(followed.asks - QUICK_ASKS);
    if (all.get(followed.stream) === followed) mark(followed);
  }

  /** @param {Followed} followed */
  function drop(followed) {
    if (all.get(followed.stream) !== followed) return;
    all.delete(followed.stream);
    dirty.delete(followed);
    core.connection.request({ type: "unsubscribe", streams: [followed.stream] });
  }

  /** @param {string} stream @param {ConstructorParameters<typeof Followed>[2]} options */
  function follow(stream, options) {
    let followed = all.get(stream);
    if (followed) followed.setLevel(options.level ?? followed.level);
    else {
      followed = new Followed(core, stream, options);
      all.set(stream, followed);
      mark(followed);
    }
    return followed;
  }

  /** @param {{[stream: string]: import("./types.js").Result}} results @param {number} id of the question */
  function answered(results, id) {
    for (const stream in results) {
      const followed = all.get(stream);
      // Else it is the answer to an older question; the newer one's is on its way.
      if (followed?.asked !== id) continue;
      followed.asked = 0;
      followed.answered(results[stream]);
    }
  }

  /** A new connection is live. @param {{[stream: string]: import("./types.js").Result}} results */
  function welcome(results) {
    const isNamed = (/** @type {Followed} */ { stream, asked }) => asked === lastHello && results[stream];
    // Followed, or changed, after hello was said.
    for (const followed of all.values()) if (!isNamed(followed) && followed.status !== "denied") mark(followed);
    answered(results, lastHello);
  }

  function cut() {
    for (const followed of all.values()) followed.cut();
  }

  /** @param {WireRecord} record any record of the live connection */
  function take(record) {
    const { type, id, stream, room, code } = record;
    if (type === "subscribed") answered(record.streams, id);
    else if (type !== "refused") all.get(stream ?? `room/${room}`)?.take(record);
    // Perhaps a request of ours: too many streams.
    else for (const followed of all.values()) if (followed.asked === id) followed.deny(code);
  }

  return { get: (/** @type {string} */ stream) => all.get(stream), follow, hello, mark, ask, drop, welcome, cut, take };
}
