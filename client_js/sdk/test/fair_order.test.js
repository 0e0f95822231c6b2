// The shared vectors: the orders here and those in Python are the same.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { fairOrder, newest, oldest, popular } from "../fair_order.js";

const FILE = new URL("../../../tests/vectors/fair_order.json", import.meta.url);
const VECTORS = JSON.parse(readFileSync(FILE, "utf8"));
const SIMPLE = { popular, newest, oldest };

for (const { name, queued, heard, fair, ...simple } of VECTORS) {
  test(`vector, orders: ${name}`, () => {
    assert.deepEqual(fairOrder(queued, heard), fair);
    assert.deepEqual(fairOrder(queued.toReversed(), heard), fair);
    for (const [order, sorted] of Object.entries(SIMPLE)) {
      assert.deepEqual(sorted(queued), simple[order].map((/** @type {string} */ question) => ({ question, reason: null })));
    }
  });
}

test("the questions handed in are left as they were, and may come as any iterable", () => {
  const { queued, heard, fair } = VECTORS.find((/** @type {any} */ { name }) => name === "a class, 1");
  const before = structuredClone(queued);
  assert.deepEqual(fairOrder(new Set(queued).values(), heard), fair);
  popular(queued);
  newest(queued);
  assert.deepEqual(queued, before);
});

test("highlighted may be left out", () => {
  const one = { question: "q-1", by: "p-ana", asked_at: 0, seq: 1, votes: 0 };
  assert.deepEqual(fairOrder([one], {}), [{ question: "q-1", reason: "not_heard_yet" }]);
});

test("a thousand questions take no time", () => {
  const queued = Array.from({ length: 1000 }, (_, n) => {
    const [asked_at, votes] = [(n % 60) * 60_000, (n * 7) % 40];
    return { question: `q-${n}`, by: `p-${n % 300}`, asked_at, seq: n, votes, highlighted: n % 9 === 0 };
  });
  const took = [1, 2, 3].map(() => {
    const { user } = process.cpuUsage();
    fairOrder(queued, {});
    return process.cpuUsage().user - user;
  });
  assert.ok(Math.min(...took) < 100_000, `${took} µs`);
});
