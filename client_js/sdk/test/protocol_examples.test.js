// Every example of protocol.md, run against a real server: TERTULIA_URL says where it is, TERTULIA_TOKENS is
// {"ana": "…", "ben": "…", …}. Without them nothing is run; tests/test_protocol_examples.py starts the server.
//
// Only the wire is tested here, so this speaks it by hand and uses nothing of the SDK.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import WebSocket from "ws";

const { TERTULIA_URL, TERTULIA_TOKENS } = process.env;
const PROTOCOL = readFileSync(new URL("../../../protocol.md", import.meta.url), "utf8");
const SOFT = ["presence", "presence_changed", "typing", "tally", "votes", "bars", "mine", "my_session", "head"];
/** These two come by different roads: either may be first. */
const UNORDERED = ["accepted", "event"];
const DEADLINE_MS = 10_000;

/** @typedef {{[name: string]: any}} Bindings values of the placeholders, as `<name>` */

const skip = TERTULIA_URL && TERTULIA_TOKENS ? false : "set TERTULIA_URL and TERTULIA_TOKENS to run the examples";

test("every example of protocol.md happens as it is written", { skip }, async () => {
  /** @type {Bindings} */
  const bindings = {};
  for (const [name, token] of Object.entries(JSON.parse(TERTULIA_TOKENS ?? "{}"))) bindings[`<token:${name}>`] = token;
  /** @type {Map<string, Talk>} */
  const talks = new Map();
  let steps = 0;
  try {
    for (const [, kind, who, text] of PROTOCOL.matchAll(/^```(session|http) (\w+)\n(.*?)^```$/gms)) {
      const lines = text.split("\n").filter((line) => line.trim());
      steps += lines.length;
      if (kind === "http") await call(lines, bindings, bindings[`<token:${who}>`]);
      else await talk(talks, who, lines, bindings);
    }
  } finally {
    for (const talk of talks.values()) talk.cut();
  }
  assert.ok(steps > 60, "the examples were found");
});

/** @param {Map<string, Talk>} talks @param {string} who @param {string[]} lines @param {Bindings} bindings */
async function talk(talks, who, lines, bindings) {
  const one = talks.get(who) ?? new Talk();
  talks.set(who, one);
  for (const line of lines) {
    await one.step(line, bindings).catch((error) => {
      throw new Error(`${who}: ${line}\n${error.message}`);
    });
  }
}

/** One person's connection, which stays open from one example to the next. */
class Talk {
  /** @type {WebSocket | null} */
  #socket = null;
  /** Received and not yet looked at. @type {any[]} */
  #records = [];
  /** @type {number | null} */
  #closedWith = null;
  #wake = () => {};

  /** @param {string} line @param {Bindings} bindings */
  async step(line, bindings) {
    const [side, said] = [line.slice(0, 3), line.slice(3)];
    assert.ok(side === "C: " || side === "S: ", "a line begins with C: or S:");
    if (said === "(cut)") this.cut();
    else if (side === "C: ") await this.#send(fill(JSON.parse(said), bindings));
    else if (said.startsWith("close ")) await this.#expectClose(Number(said.slice(6)));
    else await this.#expect(JSON.parse(said), bindings);
  }

  cut() {
    this.#socket?.terminate();
    this.#socket = null;
    this.#records = [];
  }

  /** @param {object} request */
  async #send(request) {
    this.#socket ??= await this.#open();
    this.#socket.send(JSON.stringify(request));
  }

  /** @returns {Promise<WebSocket>} */
  #open() {
    const socket = new WebSocket(`${TERTULIA_URL?.replace("http", "ws")}/ws`, "tertulia.v1.json");
    this.#closedWith = null;
    socket.on("message", (data) => {
      if (socket !== this.#socket) return;
      for (const line of String(data).split("\n")) this.#records.push(JSON.parse(line));
      this.#wake();
    });
    socket.on("close", (code) => {
      this.#closedWith = code;
      this.#wake();
    });
    return new Promise((opened, failed) => {
      socket.on("error", failed);
      socket.on("open", () => opened(socket));
    });
  }

  /** The next record that is not soft; or one soon after it, where the order is free.
   * @param {any} shape @param {Bindings} bindings */
  async #expect(shape, bindings) {
    /** @type {string[]} */
    let wrong = [];
    for (;;) {
      wrong = [];
      for (const [place, record] of this.#records.entries()) {
        if (SOFT.includes(record.type) && record.type !== shape.type) continue;
        const trial = { ...bindings };
        const why = mismatch(shape, record, trial, "");
        if (!why) {
          Object.assign(bindings, trial);
          this.#records.splice(place, 1);
          return;
        }
        wrong.push(`${why} in ${JSON.stringify(record)}`);
        if (!SOFT.includes(record.type) && !UNORDERED.includes(shape.type)) assert.fail(wrong.join("\n"));
      }
      await this.#more(() => wrong.join("\n"));
    }
  }

  /** @param {number} code */
  async #expectClose(code) {
    while (this.#closedWith === null) await this.#more(() => "it was not closed");
    assert.equal(this.#closedWith, code);
    this.cut();
  }

  /** Something more is heard. @param {() => string} missing */
  async #more(missing) {
    if (this.#closedWith !== null) assert.fail(`closed with ${this.#closedWith}; ${missing()}`);
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    await new Promise((heard, failed) => {
      this.#wake = () => heard(null);
      timer = setTimeout(() => failed(new Error(`nothing more came; ${missing()}`)), DEADLINE_MS);
    });
    clearTimeout(timer);
  }
}

/** A call and its answer. @param {string[]} lines @param {Bindings} bindings @param {string | undefined} token */
async function call([request, expected], bindings, token) {
  const [, method, path, body] = /^(\S+) (\S+) ?(.*)$/.exec(request) ?? [];
  const [, status, shape] = /^(\d+) (.*)$/.exec(expected) ?? [];
  /** @type {{[name: string]: string}} */
  const headers = body ? { "Content-Type": "application/json" } : {};
  if (token) headers.Authorization = `Bearer ${token}`;
  const answer = await fetch(TERTULIA_URL + path, { method, headers, body: body || undefined });
  const said = await answer.json();
  assert.equal(answer.status, Number(status), `${request}: ${JSON.stringify(said)}`);
  assert.equal(mismatch(JSON.parse(shape), said, bindings, ""), "", request);
}

/** The shape with the placeholders that are bound replaced.
 * @param {any} shape @param {Bindings} bindings @returns {any} */
function fill(shape, bindings) {
  if (typeof shape === "string") {
    return shape in bindings ? bindings[shape] : shape.replace(/<[\w:]+>/g, (name) => bindings[name] ?? name);
  }
  if (Array.isArray(shape)) return shape.map((inner) => fill(inner, bindings));
  if (typeof shape !== "object" || !shape) return shape;
  return Object.fromEntries(Object.entries(shape).map(([key, inner]) => [fill(key, bindings), fill(inner, bindings)]));
}

/**
 * Where a value is not as the shape says: `…` is any value, a placeholder is bound where it is seen first, an object
 * may hold more. Empty when it fits.
 * @param {any} shape @param {any} value @param {Bindings} bindings @param {string} path
 * @returns {string}
 */
function mismatch(shape, value, bindings, path) {
  if (shape === "…") return "";
  if (typeof shape === "string" && /^<[\w:]+>$/.test(shape) && !(shape in bindings)) {
    bindings[shape] = value;
    return "";
  }
  const said = typeof shape === "string" ? fill(shape, bindings) : shape;
  const unlike = `${path}: ${JSON.stringify(value)} is not ${JSON.stringify(said)}`;
  if (typeof said !== "object" || !said) return said === value ? "" : unlike;
  if (typeof value !== "object" || !value || Array.isArray(said) !== Array.isArray(value)) return unlike;
  if (Array.isArray(said) && said.length !== value.length) return unlike;
  for (const unfilled of Object.keys(said)) {
    const key = fill(unfilled, bindings);
    if (!(key in value)) return `${path}.${key} is missing`;
    const wrong = mismatch(said[unfilled], value[key], bindings, `${path}.${key}`);
    if (wrong) return wrong;
  }
  return "";
}
