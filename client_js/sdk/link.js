// One socket: opened, spoken over, listened to, found dead. Knows nothing of what is said but how it is framed.
// What is not here: when to open one (connection.js).

const SUBPROTOCOL = "tertulia.v1.json";
const QUIET_MS = 30_000;
const PONG_MS = 10_000;
/** The code of a connection that died without one. */
const ABNORMAL = 1006;

/** @typedef {ReturnType<typeof openLink>} Link */

/**
 * @param {import("./types.js").Core} core
 * @param {{opened(): void, heard(record: import("./types.js").WireRecord): void,
 *   closed(code: number, reason: string): void}} on `closed` is called once, and nothing after it
 */
export function openLink({ url, token, WebSocket, clock }, on) {
  let address = url.replace(/^http/, "ws") + "/ws";
  try {
    // For a front that places people by cohort. Base64url's own two characters stand for nothing of an id, nor of the
    // quotes about it.
    const payload = atob(/** @type {string} */ (token).split(".")[1].replace(/[-_]/g, "/"));
    address += "?cohort=" + /** @type {RegExpExecArray} */ (/"cohort":"([\w-]+)"/.exec(payload))[1];
  } catch {
    // A token of another format: nothing is said of it.
  }
  const socket = new WebSocket(address, SUBPROTOCOL);
  let heardAt = clock.now();
  let isOver = false;
  /** @type {any} */
  let timer;

  /** @param {number} ms @param {() => void} then */
  function wait(ms, then) {
    clock.clearTimeout(timer);
    timer = clock.setTimeout(then, ms);
  }

  /** A socket that is closing loses the request, and the outbox or the next hello says it again.
   * @param {object} request */
  function send(request) {
    if (socket.readyState === 1) socket.send(JSON.stringify(request));
  }

  /** From now on a silence is suspicious. */
  function watch(ms = QUIET_MS) {
    wait(ms, () => {
      const left_ms = heardAt + QUIET_MS - clock.now();
      if (left_ms > 0) watch(left_ms);
      else probe();
    });
  }

  /** Is anybody there? Closed with 1006 when there is no answer in time. */
  function probe() {
    const askedAt = clock.now();
    send({ type: "ping", id: 0 });
    wait(PONG_MS, () => (heardAt > askedAt ? watch() : end(ABNORMAL, "heard nothing")));
  }

  /** Hang up without a word to `closed`. */
  function close() {
    isOver = true;
    clock.clearTimeout(timer);
    socket.close(1000);
  }

  /** @param {number} code @param {string} reason */
  function end(code, reason) {
    if (isOver) return;
    close();
    on.closed(code, reason);
  }

  socket.onopen = () => isOver || on.opened();
  socket.onclose = ({ code, reason }) => end(code, reason);
  socket.onerror = () => {}; // Always followed by close.
  socket.onmessage = ({ data }) => {
    heardAt = clock.now();
    for (const line of data.split("\n")) {
      let record;
      try {
        record = JSON.parse(line);
      } catch {
        continue; // An empty line; or something broken, which is noticed as a hole if it was important.
      }
      if (!isOver) on.heard(record);
    }
  };

  return { send, watch, probe, close };
}
