import assert from "node:assert/strict";
import { test } from "node:test";

import { aliasName, aliasParts, isAlias } from "../alias.js";

test("an alias is read by its colour and animal", () => {
  assert.equal(isAlias("~blue-heron.k3f9"), true);
  assert.equal(aliasName("~blue-heron.k3f9"), "Blue heron");
  assert.deepEqual(aliasParts("~turquoise-hummingbird.k3f9xw"), { colour: "turquoise", animal: "hummingbird" });
});

test("a person is no alias", () => {
  assert.equal(isAlias("p-ana"), false);
  assert.equal(aliasName("p-ana"), "p-ana");
  assert.equal(aliasParts("p-ana"), null);
});

test("what begins like an alias is one, though it cannot be read", () => {
  for (const by of ["~blue", "~blue-heron", "~Blue-heron.k3f9", "~blue-heron.k3f", "~blue-heron.k3f9\n"]) {
    assert.equal(isAlias(by), true);
    assert.equal(aliasName(by), by);
    assert.equal(aliasParts(by), null);
  }
});

test("nobody has a name to be shown", () => {
  assert.equal(isAlias("~"), true);
  assert.equal(aliasName("~"), "Anonymous");
});
