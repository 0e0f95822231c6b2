/** What only the asker is told of their questions, as templates: on their way, waiting for approval, dismissed and why. */
import { html, nothing } from "lit";
import { plain } from "../text/markdown.js";
import { icon } from "./icons.js";

const CHARS = 200;
const forms = () => import("./session-forms.js");

/** @param {import("./ui.js").Ui} ui @param {import("../model/session.js").SessionModel} session */
export function myNotices(ui, session) {
  const { asking, refused, mineUnseen, mineDismissed } = session;
  if (!asking.length && !refused.length && !mineUnseen.length && !mineDismissed.length) return nothing;
  return html`<ul class="my-questions">
    ${asking.map((pending) => html`<li class="notice-card">${icon("clock")}<div><bdi>${plain(pending.command.text, CHARS)}</bdi><small>${ui.t("asking")}</small></div></li>`)}
    ${refused.map((pending) => notTaken(ui, session, pending))}
    ${mineUnseen.map((mine) => (mine.status === "dismissed" ? dismissed(ui, session, mine) : html`<li class="notice-card">${icon("clock")}
      <div><bdi>${plain(mine.text, CHARS)}</bdi><small>${ui.t("pending_approval")}</small></div>
      <button type="button" class="link-btn" @click=${async () => (await forms()).withdraw(ui, session, mine.question)}>${ui.t("withdraw")}</button></li>`))}
    ${mineDismissed.map((mine) => dismissed(ui, session, mine))}
  </ul>`;
}

/** @param {import("./ui.js").Ui} ui @param {import("../model/session.js").SessionModel} session @param {{question: string, text: string, reason?: string | null, note?: string}} mine */
function dismissed(ui, session, { question, text, reason, note }) {
  return html`<li class="notice-card warn">${icon("close")}
    <div><bdi>${plain(text, CHARS)}</bdi><b>${ui.t("dismissed_because", { reason: ui.t(`reason_${reason ?? "other"}`) })}</b>${note ? html`<q dir="auto">${note}</q>` : nothing}
      ${session.isOpen ? html`<button type="button" class="link-btn" @click=${async () => (await forms()).resend(ui, session, question, text)}>${ui.t("edit_and_resend")}</button>` : nothing}</div></li>`;
}

/** @param {import("./ui.js").Ui} ui @param {import("../model/session.js").SessionModel} session @param {any} pending */
function notTaken(ui, session, pending) {
  const forget = () => {
    session.refused = session.refused.filter((one) => one !== pending);
    session.changed();
  };
  return html`<li class="notice-card warn">${icon("close")}
    <div><bdi>${plain(pending.command.text, CHARS)}</bdi><b>${ui.t("failed", { why: ui.catalogue.refusal(pending.refusal) })}</b>
      <span><button type="button" class="link-btn" @click=${() => (forget(), pending.retry())}>${ui.t("retry")}</button>
      <button type="button" class="link-btn" @click=${forget}>${ui.t("discard")}</button></span></div></li>`;
}
