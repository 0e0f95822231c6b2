/** What one who comes late should know: at most five things, each a link. Drawn by the card and by the panel. */
import "../lang/en_past.js";
import { html } from "lit";
import { plain } from "../text/markdown.js";

export const ITEMS_MAX = 5;
const WORDS = /** @type {Record<string, string>} */ ({ answering: "catch_answering", answered: "catch_answered", poll: "catch_poll", pin: "catch_pin", unanswered: "catch_top" });

/** @typedef {import("../model/past.js").CatchUpItem} CatchUpItem */

/**
 * @param {import("./ui.js").Ui} ui
 * @param {string} room
 * @param {CatchUpItem[]} items
 */
export function catchUpList(ui, room, items) {
  const place = (/** @type {CatchUpItem} */ { poll, message }) => (poll === null ? `/room/${room}/${message}` : `/room/${room}#poll-${poll}`);
  return html`<ol>${items.slice(0, ITEMS_MAX).map((item) => html`<li><a href=${ui.href(place(item))}>
    <small>${ui.t(WORDS[item.kind] ?? item.kind)}</small><span dir="auto">${plain(item.text, 160)}</span></a></li>`)}</ol>`;
}

/**
 * Bring a poll of the session on screen into view, which may be behind a tab.
 * @param {import("./app.js").TtApp} app
 * @param {string} hash `#poll-17`
 */
export async function showPoll(app, hash) {
  await app.updateComplete;
  const view = /** @type {import("./session-view.js").TtSessionView | null} */ (app.querySelector("tt-session-view"));
  if (view && !view.beside) view.turnTo("polls");
  await view?.updateComplete;
  app.querySelector(hash)?.scrollIntoView({ block: "nearest" });
}
