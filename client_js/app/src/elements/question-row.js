/** One question of the queue, as a template: votes, words, who and since when, and what can be done with it. */
import { html, nothing } from "lit";
import { isAlias } from "../../../sdk/alias.js";
import { clock, elapsed } from "../text/times.js";
import { icon } from "./icons.js";

/** @typedef {import("./queue.js").TtQueue} Queue */
/** @typedef {import("../model/session.js").QueueRow} QueueRow */

const MINUTE = 60_000;
const forms = () => import("./session-forms.js");

/** @param {Queue} queue @param {QueueRow} row @param {boolean} stop whether Tab reaches it */
export function questionRow(queue, row, stop) {
  const { ui } = queue;
  const { question, votes, voted } = row;
  const { question: id, status } = question;
  const tab = stop ? "0" : "-1";
  const open = status === "published" || status === "answering";
  return html`<article class="q ${status === "answering" ? "now" : ""}" data-question=${id} tabindex=${tab} aria-label=${queue.labelOf(question)}
      aria-current=${status === "answering" ? "true" : nothing}>
    <button type="button" class="vote" tabindex=${tab} aria-pressed=${voted} aria-disabled=${open && queue.mayVote ? nothing : "true"}
      aria-label=${ui.t("vote_count", { n: votes })} @click=${() => open && queue.vote(id)}>${icon("up")}<span>${votes}</span></button>
    <div class="q-main">
      <tt-message-body class="q-text" .text=${question.text} .cohort=${queue.room.cohort}></tt-message-body>
      <div class="meta">${pills(queue, row)}<span>${who(queue, row)}</span></div>
      ${underneath(queue, row, tab)}
    </div>
    <tt-menu look="icon-btn small" sign="more" button-tabindex=${tab} .label=${ui.t("question_actions")} .items=${() => questionItems(queue, row)}></tt-menu>
  </article>`;
}

/** @param {Queue} queue @param {QueueRow} row */
function pills({ ui }, { question, reason, own }) {
  const { t } = ui;
  const { status, media_position_ms } = question;
  return html`${status === "answering" ? html`<span class="pill live"><span class="dot"></span>${t("status_answering")}</span>`
    : status === "published" ? (reason ? html`<span class="pill">${t(`place_${reason}`)}</span>` : nothing)
      : html`<span class="pill live">${icon("check")}${t(`status_${status}`)}${media_position_ms === null ? nothing : ` ${t("at_media", { time: elapsed(media_position_ms, true) })}`}</span>`}
    ${own ? html`<span class="pill accent">${t("your_question")}</span>` : nothing}
    ${question.reworded ? html`<span class="pill">${t("reworded")}</span>` : nothing}`;
}

/** @param {Queue} queue @param {QueueRow} row */
function who({ ui, room }, { question }) {
  const { t, catalogue } = ui;
  const { by, asked_at, status } = question;
  const minutes = Math.floor((room.client.now() - asked_at) / MINUTE);
  const since = status !== "published" ? t("asked_at", { time: clock(asked_at, catalogue.lang) }) : minutes < 1 ? t("waiting_now") : t("waiting_min", { n: minutes });
  return [room.cohort.nameOf(by), ...(isAlias(by) ? [t("alias")] : []), since].join(" · ");
}

/** Its thread, and whether the answer was what the asker needed. @param {Queue} queue @param {QueueRow} row @param {string} tab */
function underneath(queue, { question, own }, tab) {
  const { ui, session, room } = queue;
  const { t } = ui;
  const replies = room.window.get(question.message)?.replies ?? 0;
  const accepts = own && question.answer !== null && question.accepted === null;
  if (!replies && !accepts && question.accepted === null) return nothing;
  return html`<div class="under">
    ${replies || question.answer !== null ? html`<button type="button" class="thread-link" tabindex=${tab} @click=${() => queue.openThread(question.question)}>${icon("reply")}${replies ? t("replies", { n: replies }) : t("open_answers")}</button>` : nothing}
    ${accepts ? html`<button type="button" class="btn" tabindex=${tab} @click=${() => session.give.accept(question.question, /** @type {number} */ (question.answer))}>${icon("check")}${t("accept_answer")}</button>` : nothing}
    ${question.accepted === null ? nothing : html`<span class="pill live">${icon("check")}${t("answer_accepted")}</span>`}
  </div>`;
}

/** @param {Queue} queue @param {QueueRow} row @returns {import("./menu.js").Item[]} */
function questionItems(queue, { question, own }) {
  const { ui, session, room } = queue;
  const { t } = ui;
  const { give } = session;
  const { question: id, status, message } = question;
  const open = status === "published" || status === "answering";
  /** @type {import("./menu.js").Item[]} */
  const items = [
    { label: t("open_answers"), icon: "reply", hint: "↵", act: () => queue.openThread(id) },
    { label: t("copy_link"), icon: "link", act: () => void ui.copy(new URL(ui.href(`/room/${room.id}/${message}`), location.href).href) },
  ];
  if (own && status === "published") items.push({ label: t("withdraw"), icon: "trash", danger: true, rule: true, act: async () => (await forms()).withdraw(ui, session, id) });
  if (!room.cohort.isStaff) return items;
  if (!ui.embedded) items.push({ label: t("to_console"), icon: "gear", rule: true, act: () => ui.navigate(`/c/${room.cohort.id}/r/${room.id}/console`) });
  if (open && session.isOpen && status !== "answering") items.push({ label: t("answer_now"), icon: "megaphone", rule: true, act: () => void give.answer(id, "now") });
  if (open) {
    items.push({ label: t("answered_aloud"), icon: "check", rule: !session.isOpen || status === "answering", act: () => void give.answer(id, "live") });
    items.push({ label: t(question.highlighted ? "unhighlight" : "highlight"), icon: "pin", act: () => void give.highlight(id, !question.highlighted) });
    items.push({ label: t("dismiss"), icon: "close", danger: true, act: async () => (await forms()).dismiss(ui, session, id) });
  } else {
    items.push({ label: t("reopen"), icon: "retry", rule: true, act: () => void give.question("reopen", id) });
  }
  return items;
}
