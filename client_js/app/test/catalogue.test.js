import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { Announcer } from "../src/model/announcer.js";
import en from "../src/lang/en.js";
import es from "../src/lang/es.js";
import { add } from "../src/lang/es_console.js";
import "../src/lang/en_console.js";
import "../src/lang/en_later.js";
import "../src/lang/en_past.js";
import "../src/lang/en_session.js";

add();
const src = new URL("../src/", import.meta.url);
const sources = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js") && !name.startsWith("lang/e"));
const code = sources.map((name) => readFileSync(new URL(name, src), "utf8")).join("\n");
const protocol = readFileSync(new URL("../../../protocol.md", import.meta.url), "utf8");

test("both languages have the same keys, the same blanks and the same forms", () => {
  assert.deepEqual(Object.keys(es).sort(), Object.keys(en).sort());
  const blanks = (/** @type {any} */ entry) => [...JSON.stringify(entry).matchAll(/\{(\w+)\}/g)].map(([, name]) => name).filter((name, index, all) => all.indexOf(name) === index).sort();
  for (const [key, entry] of Object.entries(en)) {
    const other = /** @type {any} */ (es)[key];
    assert.equal(typeof other, typeof entry, key);
    assert.deepEqual(blanks(other), blanks(entry), key);
  }
});

test("every key that the sources name is in the catalogue", () => {
  const named = [...code.matchAll(/\bt\(\s*"(\w+)"/g)].map(([, key]) => key);
  assert.ok(named.length > 100);
  assert.deepEqual(named.filter((key) => !(key in en)), []);
});

test("every refusal and close code of the protocol has words", () => {
  const refusals = protocol.slice(protocol.indexOf("### Refusal codes"), protocol.indexOf("## 10. Limits"));
  const codes = [...refusals.matchAll(/^\|([^|]+)\|/gm)].flatMap(([, cell]) => [...cell.matchAll(/`(\w+)`/g)].map(([, found]) => found));
  assert.ok(codes.length > 30);
  assert.deepEqual(codes.filter((found) => !(`refused_${found}` in en)), []);
  const closes = [...protocol.matchAll(/^\| (45\d\d) \|/gm)].map(([, found]) => found);
  assert.deepEqual(closes.filter((found) => !(`closed_${found}` in en)), []);
});

test("the announcer speaks at most once per five seconds, of the newest, and first of a mention", () => {
  let now = 0;
  /** @type {{at: number, run: () => void}[]} */
  const timers = [];
  /** @type {string[]} */
  const said = [];
  const clock = { now: () => now, setTimeout: (/** @type {() => void} */ run, /** @type {number} */ ms) => timers.push({ at: now + ms, run }), clearTimeout: () => {} };
  const pass = (/** @type {number} */ ms) => {
    now += ms;
    for (const timer of timers.splice(0).sort((a, b) => a.at - b.at)) timer.at <= now ? timer.run() : timers.push(timer);
  };
  const announcer = new Announcer((sentence) => said.push(sentence), (key, values = {}) => `${key} ${values.n} ${values.name ?? ""}`.trim(), clock);
  for (const name of ["Ana", "Ben", "Cem"]) announcer.message({ name, text: "x", mention: name === "Ben" });
  pass(0);
  announcer.message({ name: "Dan", text: "x", mention: false });
  pass(4_999);
  assert.deepEqual(said, ["announce_mention 3 Ben"]);
  pass(1);
  assert.deepEqual(said, ["announce_mention 3 Ben", "announce_one 1 Dan"]);
  announcer.level = () => "mentions";
  announcer.message({ name: "Eve", text: "x", mention: false });
  pass(10_000);
  assert.equal(said.length, 2);
  announcer.level = () => "counts";
  announcer.message({ name: "Eve", text: "x", mention: false });
  pass(10_000);
  assert.equal(said[2], "announce_count 1");
});
