// Asks a poll in a live session, closes it after a time and prints what came out. Started again under the same
// --name it goes on with the same poll.
//
//     TERTULIA_TOKEN=… node docs/bots/poll.js --room session-5 --name heaps-1 --for-s 60 "Which is faster?" Sift Push

import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { Api, Client } from "../../client_js/sdk/index.js";

const option = (/** @type {string} */ value) => ({ type: /** @type {const} */ ("string"), default: value });
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ...{ url: option("http://127.0.0.1:8080"), room: option("session-5") },
    ...{ name: option(""), "for-s": option("60") },
  },
});
const { url, room, name, "for-s": forS } = values;
const [text, ...options] = positionals;
if (!name || options.length < 2) throw new Error("It needs a --name, a question and at least two choices.");

const { TERTULIA_TOKEN: token, TERTULIA_REFRESH: key } = process.env;
const refresh = key ? () => new Api({ url }).refresh(key) : undefined;
// Node has a WebSocket of its own from version 22 on.
const WebSocket = globalThis.WebSocket ?? createRequire(new URL("../../client_js/", import.meta.url))("ws");
const client = new Client({ url, token, refresh, WebSocket });
const end = () => (client.close(), process.exit());
process.once("SIGINT", end).once("SIGTERM", end);
client.addEventListener("stopped", (/** @type {any} */ { detail }) => console.error(detail));
client.open();

const opened = client.send({ type: "open_poll", room, text, options }, { key: `${name}-open` });
const { seq, refusal } = await opened.promise;
if (refusal) throw new Error(refusal.message);

const followed = client.follow(`room/${room}`);
/** The poll, once it is closed: by us, or by staff before. @type {Promise<any>} */
const closed = new Promise((settle) => {
  followed.addEventListener("change", () => {
    const polls = followed.state?.session?.polls ?? [];
    const found = polls.find((/** @type {any} */ one) => one.poll === seq && one.closed);
    if (found) settle(found);
  });
});
const timer = setTimeout(
  () => client.send({ type: "close_poll", room, poll: seq }, { key: `${name}-close` }),
  Number(forS) * 1000,
);
const { answered, results } = await closed;
clearTimeout(timer);
client.close();
console.log(`${text} (${answered} answered)`);
options.forEach((choice, place) => console.log(`${String(results[place]).padStart(5)} ${choice}`));
