/** What can be done with a message, as functions and as menu items. Rows and keys use the same ones. */

import "../lang/en_past.js";
import { sessionPath } from "../router.js";
import { mutePerson } from "./room-actions.js";

/** @typedef {import("./message-row.js").TtMessageRow} Row */

const CHALLENGE = "challenge";

/** @param {Row} row */
const isMine = (row) => row.room.isMine(row.message.by);

/** @param {Row} row @returns {import("./menu.js").Item[]} */
export function reactionItems(row) {
  const { room, mine } = row;
  return (room.state?.emoji ?? []).map((emoji) => ({
    label: emoji,
    checked: mine?.has(emoji) ?? false,
    act: () => void react(row, emoji),
  }));
}

/** A challenge needs a sentence, which becomes a reply. @param {Row} row @param {string} emoji */
export async function react(row, emoji) {
  const { room, message, mine } = row;
  if (emoji === CHALLENGE && !mine?.has(emoji)) (await import("./session-forms.js")).challenge(row);
  else room.toggleReaction(message.seq, emoji);
}

/** @param {Row} row @returns {import("./menu.js").Item[]} */
export function messageItems(row) {
  const { room, message, ui, inThread, pinned } = row;
  const { cohort } = room;
  const { t } = ui;
  const open = !room.state?.closed;
  const mine = isMine(row);
  const root = !message.thread;
  /** @type {import("./menu.js").Item[]} */
  const items = [];
  if (open && cohort.canSpeak) {
    items.push({ label: t("react"), icon: "smile", hint: "R", act: () => void pickReaction(row) });
  }
  if (!inThread) items.push({ label: t("open_thread"), icon: "reply", hint: "↵", act: () => row.openThread() });
  else if (!root && open && cohort.canSpeak) items.push({ label: t("reply_to_this"), icon: "reply", act: () => row.dispatchEvent(new CustomEvent("answer", { bubbles: true, detail: message })) });
  items.push({ label: t("copy_link"), icon: "link", hint: "C", act: () => copyLink(row) });
  if (room.state?.kind === "session") items.push({ label: t("replay_moment"), icon: "history", act: () => ui.navigate(sessionPath(cohort.id, room.id, null, { seq: message.seq })) });
  items.push({ label: t("copy_text"), icon: "book", act: () => ui.copy(message.text) });
  if (message.revision > 0) items.push({ label: t("show_history"), icon: "history", act: () => showHistory(row) });
  if (!mine && open && cohort.canSpeak) {
    items.push({ label: t("endorse"), icon: "check", rule: true, act: async () => (await import("./session-forms.js")).endorse(row) });
    items.push({ label: t("changed_my_mind"), icon: "retry", act: async () => (await import("./session-forms.js")).mindChanged(row) });
    items.push({ label: t("report"), icon: "megaphone", act: async () => (await import("./session-forms.js")).report(row) });
  }
  if (cohort.isStaff && open && !mine) items.push({ label: t(message.hidden ? "unhide" : "hide"), icon: "eye", act: async () => (await import("./session-forms.js")).toggleHidden(row) });
  if (mine && open && cohort.canSpeak) items.push({ label: t("edit"), icon: "edit", hint: "E", rule: true, act: () => editMessage(row) });
  if (cohort.isStaff && open) items.push({ label: t(pinned ? "unpin" : "pin"), icon: "pin", hint: "P", act: () => togglePin(row) });
  if (root && message.replies && open && (mine || cohort.isStaff)) {
    items.push({ label: t(message.resolved ? "reopen" : "resolve"), icon: "check", act: () => toggleResolved(row) });
  }
  if (cohort.outranks(message.by)) items.push({ label: t("mute_person", { name: cohort.nameOf(message.by) }), icon: "mute", rule: true, act: () => mutePerson(row.ui, room, message.by) });
  if ((mine && cohort.canSpeak) || cohort.isStaff) items.push({ label: t("remove"), icon: "trash", hint: "Del", danger: true, rule: !cohort.outranks(message.by), act: () => redactMessage(row) });
  return items;
}

/** @param {Row} row */
export async function pickReaction(row) {
  row.near = true;
  await row.updateComplete;
  const picker = /** @type {import("./menu.js").TtMenu | null} */ (row.querySelector("tt-menu[kind=emoji]"));
  await picker?.updateComplete;
  picker?.toggle();
}

/** @param {Row} row */
export function editMessage(row) {
  if (isMine(row) && row.room.cohort.canSpeak && !row.room.state?.closed && !row.message.redacted) row.startEditing();
}

/** @param {Row} row */
export async function redactMessage(row) {
  const { room, message, ui } = row;
  const mine = isMine(row);
  if (!mine && !room.cohort.isStaff) return;
  const answer = await ui.ask({
    title: ui.t("remove_title"),
    lead: ui.t("remove_lead"),
    danger: true,
    confirm: ui.t("remove"),
    fields: mine ? [] : [{ name: "reason", label: ui.t("reason"), type: "textarea", required: true, charsMax: 500, hint: ui.t("reason_public") }],
  });
  if (!answer) return;
  const reason = answer.reason?.trim();
  room.cohort.send({ type: "redact_message", room: room.id, message: message.seq, ...(reason ? { reason } : {}) });
}

/** @param {Row} row */
export function togglePin({ room, message, pinned }) {
  if (room.cohort.isStaff && !room.state?.closed) {
    room.cohort.send({ type: pinned ? "unpin_message" : "pin_message", room: room.id, message: message.seq });
  }
}

/** @param {Row} row */
export function toggleResolved({ room, message }) {
  room.cohort.send({ type: message.resolved ? "reopen_thread" : "resolve_thread", room: room.id, thread: message.seq });
}

/** @param {Row} row */
export function copyLink({ room, message, ui }) {
  return ui.copy(new URL(ui.href(`/room/${room.id}/${message.seq}`), location.href).href);
}

/** @param {Row} row */
export async function showHistory({ room, message, ui }) {
  try {
    const found = /** @type {any} */ (await room.client.api.message(room.id, message.seq));
    ui.dialog("history", { revisions: found.revisions ?? found.message?.revisions ?? [] });
  } catch (error) {
    ui.notices.refused(/** @type {any} */ (error));
  }
}
