/** What one who comes late should know: at most five things, each a link. Drawn by the card and by the panel. */
import "../lang/en_past.js";
import { html, nothing } from "lit";
import { plain } from "../text/markdown.js";

export const ITEMS_MAX = 5;
const WORDS = /** @type {Record<string, string>} */ ({ answering: "catch_answering", answered: "catch_answered", poll: "catch_poll", pin: "catch_pin", top: "catch_top" });

/** @typedef {import("../model/past.js").CatchUpItem} CatchUpItem */

/**
 * @param {import("./ui.js").Ui} ui
 * @param {string} room
 * @param {CatchUpItem[]} items
 */
export function catchUpList(ui, room, items) {
  return html`<ol>${items.slice(0, ITEMS_MAX).map(({ kind, seq, text, votes }) => html`<li><a href=${ui.href(kind === "poll" ? `/room/${room}#poll-${seq}` : `/room/${room}/${seq}`)}>
    <small>${ui.t(WORDS[kind] ?? kind)}${votes ? html` · ${ui.t("n_asked", { n: votes })}` : nothing}</small><span dir="auto">${plain(text, 160)}</span></a></li>`)}</ol>`;
}
