/** The keys, as data and as the table the help shows. */
import { html } from "lit";
import "../lang/en_later.js";

/** @type {[string[], string][]} keys → catalogue key of what they do */
const KEYS = [
  [["F6"], "key_f6"],
  [["Ctrl", "K"], "key_search"],
  [["?"], "key_help"],
  [["Esc"], "key_escape"],
  [["↑", "↓"], "key_move"],
  [["Enter"], "key_thread"],
  [["R"], "key_react"],
  [["E"], "key_edit"],
  [["C"], "key_copy"],
  [["P"], "key_pin"],
  [["Del"], "key_redact"],
  [["Enter"], "key_send"],
  [["Shift", "Enter"], "key_newline"],
  [["↑"], "key_edit_last"],
  [["@"], "key_mention"],
  [["/"], "key_slash"],
];
const IN_LOG = 4;
const IN_COMPOSER = 11;

/** @param {{title: string, rows: [string[], string][]}} part keys → what they do, in words */
export const keyPart = ({ title, rows }) => html`<section>
  <h3>${title}</h3>
  <dl class="keys">
    ${rows.map(([keys, what]) => html`<dt>${keys.map((key) => html`<kbd>${key}</kbd> `)}</dt><dd>${what}</dd>`)}
  </dl>
</section>`;

/** @param {import("./ui.js").T} t */
export function keyTable(t) {
  const part = (/** @type {string} */ title, /** @type {[string[], string][]} */ rows) => keyPart({ title: t(title), rows: rows.map(([keys, what]) => [keys, t(what)]) });
  return html`${part("keys_everywhere", KEYS.slice(0, IN_LOG))} ${part("keys_log", KEYS.slice(IN_LOG, IN_COMPOSER))}
  ${part("keys_composer", KEYS.slice(IN_COMPOSER))}
  <section><h3>${t("writing_title")}</h3><p class="muted">${t("writing_help")}</p></section>`;
}
