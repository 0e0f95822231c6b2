/** What is asked before something is done with a question or a message of a live session. Fetched when it is needed. */
import { sessionOf } from "../model/session.js";
import { plain } from "../text/markdown.js";
import "../lang/en_session.js";

/** @typedef {import("./ui.js").Ui} Ui */
/** @typedef {import("./message-row.js").TtMessageRow} Row */
/** @typedef {import("../model/session.js").SessionModel} SessionModel */

const REASONS = ["not_now", "answered_before", "duplicate", "unclear", "off_topic", "conduct", "other"];
const PRAISE = /** @type {const} */ (["correct", "well_explained", "evidence"]);
const REASON_CHARS = 500;
const QUESTION_CHARS = 1000;
const OWN_OFFERED = 10;

/** @param {Row} row */
export async function challenge({ room, message, ui }) {
  const { t } = ui;
  const answer = await ui.ask({ title: t("sentence_title"), lead: t("sentence_lead"), confirm: t("challenge"),
    fields: [{ name: "sentence", label: t("sentence"), type: "textarea", required: true, charsMax: REASON_CHARS }] });
  const sentence = answer?.sentence.trim();
  if (!sentence) return;
  room.toggleReaction(message.seq, "challenge", { sentence, ...(sessionOf(room).asAlias ? { alias: true } : {}) });
}

/** @param {Row} row */
export async function endorse({ room, message, ui }) {
  const { t } = ui;
  const answer = await ui.ask({ title: t("endorse"), confirm: t("endorse"),
    fields: [{ name: "reason", label: t("endorse_reason"), type: "select", options: PRAISE.map((one) => [one, t(`endorse_one_${one}`)]) }] });
  const reason = PRAISE.find((one) => one === answer?.reason);
  if (reason) sessionOf(room).give.endorse(message.seq, reason);
}

/** `row` changed my mind about one of my own. @param {Row} row */
export async function mindChanged({ room, message, ui }) {
  const { t } = ui;
  const own = room.window.messages.filter(({ by, redacted, seq }) => room.isMine(by) && !redacted && seq !== message.seq).slice(-OWN_OFFERED).reverse();
  if (!own.length) return ui.notices.show(t("no_message_of_mine"));
  const answer = await ui.ask({ title: t("changed_my_mind"), confirm: t("changed_my_mind"),
    fields: [{ name: "mine", label: t("changed_my_mind_about"), type: "select", options: own.map(({ seq, text }) => [String(seq), plain(text, 80)]) }] });
  if (answer) sessionOf(room).give.mindChanged(Number(answer.mine), message.seq);
}

/** @param {Row} row */
export async function report({ room, message, ui }) {
  const reason = await why(ui, "report_title", "report_lead", "report");
  if (reason) sessionOf(room).give.report(message.seq, reason);
}

/** @param {Row} row */
export async function toggleHidden({ room, message, ui }) {
  const { give } = sessionOf(room);
  if (message.hidden) return void give.unhide(message.seq);
  const reason = await why(ui, "hide", "reason_public", "hide");
  if (reason) give.hide(message.seq, reason);
}

/** @param {Ui} ui @param {string} title @param {string} lead @param {string} confirm */
async function why(ui, title, lead, confirm) {
  const answer = await ui.ask({ title: ui.t(title), lead: ui.t(lead), confirm: ui.t(confirm),
    fields: [{ name: "reason", label: ui.t("reason"), type: "textarea", required: true, charsMax: REASON_CHARS }] });
  return answer?.reason.trim() ?? "";
}

/** @param {Ui} ui @param {SessionModel} session @param {string} question @param {string} text */
export async function resend(ui, session, question, text) {
  const { t } = ui;
  const answer = await ui.ask({ title: t("edit_and_resend"), lead: t("resend_lead"), confirm: t("send"),
    fields: [{ name: "text", label: t("kind_question"), type: "textarea", required: true, charsMax: QUESTION_CHARS, value: text }] });
  if (answer?.text.trim()) session.give.resend(question, answer.text.trim());
}

/** @param {Ui} ui @param {SessionModel} session @param {string} question */
export async function withdraw(ui, session, question) {
  const { t } = ui;
  if (await ui.ask({ title: t("withdraw_title"), lead: t("withdraw_lead"), confirm: t("withdraw"), danger: true, fields: [] })) session.give.withdraw(question);
}

/** @param {Ui} ui @param {SessionModel} session @param {string} question */
export async function dismiss(ui, session, question) {
  const { t } = ui;
  const answer = await ui.ask({ title: t("dismiss_title"), lead: t("dismiss_lead"), confirm: t("dismiss"), danger: true, fields: [
    { name: "reason", label: t("reason"), type: "select", options: REASONS.map((one) => [one, t(`reason_${one}`)]) },
    { name: "note", label: t("note_optional"), charsMax: REASON_CHARS },
  ] });
  if (answer) session.give.dismiss(question, answer.reason, answer.note.trim());
}

/** @param {Ui} ui @param {SessionModel} session */
export async function openSession(ui, session) {
  const { t } = ui;
  const answer = await ui.ask({ title: t("open_session"), confirm: t("open_session"), fields: [{ name: "title", label: t("session_title"), charsMax: 120 }] });
  if (answer) session.give.open(answer.title.trim());
}

/** @param {Ui} ui @param {SessionModel} session */
export async function closeSession(ui, session) {
  const { t } = ui;
  if (await ui.ask({ title: t("close_session"), lead: t("close_session_lead"), confirm: t("close_session"), danger: true, fields: [] })) session.give.close();
}
