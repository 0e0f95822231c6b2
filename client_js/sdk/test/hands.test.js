// The order of hands; its twin is tested in tests/test_session_hands.py.

import assert from "node:assert/strict";
import { test } from "node:test";

import { handsInOrder } from "../hands.js";

const HANDS = ["p-ana", "p-ben", "constructor", "p-eva"].map((hand, at) => ({ hand, at }));
const HEARD = { "p-ana": 2, "p-eva": 1 };

/** @param {{hand: string}[]} hands */
const whose = (hands) => hands.map(({ hand }) => hand);

test("hands in the order they were raised", () => {
  assert.deepEqual(whose(handsInOrder(HANDS, HEARD, "first_raised")), whose(HANDS));
});

test("who was heard least comes first, of equals who raised it first; what is given is not changed", () => {
  const before = [...HANDS];
  assert.deepEqual(whose(handsInOrder(HANDS, HEARD, "least_heard")), ["p-ben", "constructor", "p-eva", "p-ana"]);
  assert.deepEqual(HANDS, before);
});
