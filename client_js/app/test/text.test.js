import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeHTMLStrict } from "../src/text/entities.js";
import { group } from "../src/text/grouping.js";
import { fromWire, mentionAt, toWire } from "../src/text/mentions.js";
import { hueOf, initialsOf } from "../src/text/people.js";
import { plainMath } from "../src/text/plain_math.js";
import { wrapSelection } from "../src/text/selection.js";
import { snippetParts } from "../src/text/snippet.js";
import { parse, withPanel } from "../src/router.js";

test("mentions travel as name and id and come back as they were", () => {
  const wire = toWire("Ask @Mei and @Mei Lin, not @Meinhard", { Mei: "p-1", "Mei Lin": "p-2" });
  assert.equal(wire, "Ask @[Mei](p-1) and @[Mei Lin](p-2), not @Meinhard");
  assert.deepEqual(fromWire(wire), { text: "Ask @Mei and @Mei Lin, not @Meinhard", picked: { Mei: "p-1", "Mei Lin": "p-2" } });
  assert.deepEqual(fromWire("@[Mei](p-1) @[Mei](p-9)").text, "@Mei @[Mei](p-9)");
});

test("a mention begins at a word, not in an address", () => {
  assert.deepEqual(mentionAt("hello @Me", 9), { query: "Me", start: 6 });
  assert.equal(mentionAt("me@example", 10), null);
  assert.deepEqual(mentionAt("@", 1), { query: "", start: 0 });
});

test("initials and hues of names in any script", () => {
  assert.equal(initialsOf("Ana Sørensen"), "AS");
  assert.equal(initialsOf("王小明"), "王");
  assert.equal(initialsOf("  "), "·");
  assert.equal(hueOf("p-abc"), hueOf("p-abc"));
  const hues = new Set(Array.from({ length: 200 }, (_, index) => hueOf(`p-${index}`)));
  assert.equal(hues.size, 16);
});

test("messages of one person within five minutes stand together", () => {
  const at = new Date(2026, 1, 3, 12).getTime();
  const make = (/** @type {number} */ seq, /** @type {string} */ by, /** @type {number} */ minute, more = {}) =>
    /** @type {any} */ ({ seq, by, at: at + minute * 60_000, redacted: false, replies: 0, ...more });
  const shown = group([make(1, "a", 0), make(2, "a", 4), make(3, "a", 10), make(4, "b", 11), make(5, "b", 12)], 5);
  assert.deepEqual(shown.map(({ joined }) => joined), [false, true, false, false, false]);
  assert.deepEqual(shown.map(({ firstUnread }) => firstUnread), [false, false, false, false, true]);
  assert.deepEqual(shown.map(({ newDay }) => newDay), [true, false, false, false, false]);
});

test("marks are put round what is selected", () => {
  assert.deepEqual(wrapSelection("a word here", 2, 6, "**", "**"), { text: "a **word** here", start: 4, end: 8 });
  assert.equal(wrapSelection("x\ny", 0, 3, "`", "`").text, "```\nx\ny\n```");
});

test("formulas are told in words, and prices stay as they are", () => {
  assert.equal(plainMath("Why $O(n)$ and not $O(n \\log n)$?"), "Why O(n) and not O(n log n)?");
  assert.equal(plainMath("$$\\frac{n}{2} \\le n\\log{n}$$ so"), "n/2 ≤ n log n so");
  assert.equal(plainMath("it costs $5 and $6"), "it costs $5 and $6");
  assert.equal(plainMath("a $ b $ c"), "a $ b $ c");
});

test("snippets are text with hits, whatever they hold", () => {
  assert.deepEqual(snippetParts("a \ue000<b>\ue001 c"), [{ text: "a ", hit: false }, { text: "<b>", hit: true }, { text: " c", hit: false }]);
  assert.deepEqual(snippetParts("\ue000open"), [{ text: "\ue000open", hit: false }]);
});

test("named characters are decoded, others stay", () => {
  assert.equal(decodeHTMLStrict("&amp;&alpha;&nosuch;&nbsp;"), "&α&nosuch;\u00a0");
});

test("addresses", () => {
  assert.deepEqual(parse("/room/a%20b/17?panel=thread-3"), { view: "room", room: "a b", seq: 17, panel: "thread-3" });
  assert.deepEqual(parse("/c/demo"), { view: "home", panel: null });
  assert.deepEqual(parse("/join"), { view: "join", panel: null });
  assert.equal(withPanel("/room/a/17?panel=people", "search"), "/room/a/17?panel=search");
  assert.equal(withPanel("/room/a?panel=people", null), "/room/a");
});
