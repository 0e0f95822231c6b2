import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { ledger } from "../ledger.js";

const CASES = JSON.parse(readFileSync(new URL("../../../tests/vectors/ledger.json", import.meta.url), "utf8"));

for (const { name, session, expected } of CASES) {
  test(`the ledger of ${name}`, () => {
    assert.deepEqual(ledger(session), expected);
    assert.deepEqual(Object.keys(ledger(session).dismissed), Object.keys(expected.dismissed));
  });
}
