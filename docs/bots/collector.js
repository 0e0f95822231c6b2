// Gathers the links of a room in a Markdown file, which also keeps how far it has read, for the next start.
//
//     TERTULIA_TOKEN=… node docs/bots/collector.js --room general --file links.md [--url http://127.0.0.1:8080]

import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { Api, Client } from "../../client_js/sdk/index.js";

const option = (/** @type {string} */ value) => ({ type: /** @type {const} */ ("string"), default: value });
const { url, room, file } = parseArgs({
  options: { url: option("http://127.0.0.1:8080"), room: option("general"), file: option("links.md") },
}).values;

const [head, , , ...old] = existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : [""];
const [, epoch = "", seq = ""] = /^<!-- (\S+) (\d+) -->$/.exec(head) ?? [];
let links = epoch ? old : [];

/** What an edit or a redaction of a message leaves of it replaces what it said before. @param {any} record */
function take({ type, name, seq, data }) {
  if (type === "snapshot") links = []; // the server's log is another one: begin again
  if (!/^message_(posted|edited|redacted)$/.test(name)) return;
  const sign = `<!-- ${data.message ?? seq} -->`;
  const found = (data.links ?? []).map((/** @type {string} */ link) => `- <${link}> ${sign}`);
  links = [...links.filter((line) => !line.endsWith(sign)), ...found];
}

/** Links and place in one file, whole or not at all: nothing is missed or told twice after a crash.
 * @param {import("../../client_js/sdk/types.js").Position} place */
function save(place) {
  const lines = [`<!-- ${place.epoch} ${place.seq} -->`, `# Links of ${room}`, "", ...links, ""];
  writeFileSync(`${file}.new`, lines.join("\n"));
  renameSync(`${file}.new`, file);
}

const { TERTULIA_TOKEN: token = "", TERTULIA_REFRESH: key } = process.env;
const refresh = key ? () => new Api({ url }).refresh(key) : undefined;
// Node has a WebSocket of its own from version 22 on.
const WebSocket = globalThis.WebSocket ?? createRequire(new URL("../../client_js/", import.meta.url))("ws");
const client = new Client({ url, token, refresh, WebSocket });
const stream = `room/${room}`;
// From the first event, where there is no file yet; the client fetches what is more than the server pushes.
const from = { epoch: epoch || (await client.api.events(stream, { after: 0, limit: 1 })).epoch, seq: Number(seq) };
const followed = client.follow(stream, { from });
followed.addEventListener("change", (/** @type {any} */ { detail: record }) => {
  if (!followed.position || !/^(event|snapshot)$/.test(record?.type)) return;
  take(record);
  save(followed.position);
});

process.once("SIGINT", () => client.close()).once("SIGTERM", () => client.close());
client.addEventListener("stopped", (/** @type {any} */ { detail }) => console.error(detail));
client.open();
