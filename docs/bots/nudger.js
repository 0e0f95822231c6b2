// Tells staff of questions that nobody has answered for a while: a note in the room's staff stream, once for each.
//
//     TERTULIA_TOKEN=… node docs/bots/nudger.js --room session-5 [--after-s 600] [--url http://127.0.0.1:8080]

import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { Api, Client } from "../../client_js/sdk/index.js";

const option = (/** @type {string} */ value) => ({ type: /** @type {const} */ ("string"), default: value });
const { url, room, "after-s": after } = parseArgs({
  options: { url: option("http://127.0.0.1:8080"), room: option("session-5"), "after-s": option("600") },
}).values;
const afterMs = Number(after) * 1000;

const { TERTULIA_TOKEN: token, TERTULIA_REFRESH: key } = process.env;
const api = new Api({ url });
// Node has a WebSocket of its own from version 22 on.
const WebSocket = globalThis.WebSocket ?? createRequire(new URL("../../client_js/", import.meta.url))("ws");
const client = new Client({ url, token, refresh: key ? () => api.refresh(key) : undefined, WebSocket });
const followed = client.follow(`room/${room}`);

/** The key is the question's: whatever is told a second time, also after a restart, has no second effect. */
async function nudge() {
  const session = followed.state?.session;
  for (const { question, message, status, asked_at } of session?.closed_at ? [] : (session?.questions ?? [])) {
    if (status !== "published" || client.now() - asked_at < afterMs) continue;
    const text = `Unanswered for ${afterMs / 60_000} minutes: question ${question}, message ${message}.`;
    const note = client.send({ type: "note_staff", room, text }, { key: `nudge-${question}` });
    const { refusal } = await note.promise;
    if (refusal) console.error(refusal.message);
  }
}

const timer = setInterval(nudge, Math.min(10_000, afterMs / 4));
const end = () => (clearInterval(timer), client.close());
process.once("SIGINT", end).once("SIGTERM", end);
client.addEventListener("stopped", (/** @type {any} */ { detail }) => (console.error(detail), end()));
client.open();
