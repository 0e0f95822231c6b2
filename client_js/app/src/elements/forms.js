/** What staff and people are asked before something is done with a room, a cohort or its members; each sends one command. Fetched late. */
import { changeRoom, setLock } from "./room-actions.js";
import "../lang/en_later.js";

/** @typedef {import("./ui.js").Ui} Ui */
/** @typedef {import("../model/room.js").RoomModel} RoomModel */
/** @typedef {import("../model/cohort.js").CohortModel} CohortModel */

const INVITE_S = { day: 86_400, week: 604_800, month: 2_592_000 };
const ROOM_KINDS = ["discussion", "session", "announcements"];
const SLOW = ["0", "10", "30", "60", "300"];

/** @param {Ui} ui @param {RoomModel} room */
export async function settings(ui, room) {
  const { t } = ui;
  const state = /** @type {import("../model/types.js").RoomState} */ (room.state);
  const slow = String(state.slow_mode_s);
  const answer = await ui.ask({
    title: t("room_settings"),
    confirm: t("save"),
    fields: [
      { name: "name", label: t("room_name"), value: state.name, required: true, charsMax: 80 },
      { name: "topic", label: t("topic"), value: state.topic, charsMax: 300 },
      { name: "slow", label: t("slow_mode"), type: "select", value: slow, hint: t("slow_mode_hint"),
        options: [...new Set([...SLOW, slow])].map((s) => [s, s === "0" ? t("slow_off") : t("slow_n", { n: Number(s) })]) },
    ],
  });
  if (!answer) return;
  /** @type {{name?: string, topic?: string, slow_mode_s?: number}} */
  const change = {};
  if (answer.name.trim() !== state.name) change.name = answer.name.trim();
  if (answer.topic.trim() !== state.topic) change.topic = answer.topic.trim();
  if (answer.slow !== slow) change.slow_mode_s = Number(answer.slow);
  if (Object.keys(change).length) changeRoom(room, change);
}

/** @param {Ui} ui @param {RoomModel} room */
export async function askLock(ui, room) {
  const { t } = ui;
  if (room.state?.locked) return setLock(room, false, "");
  const answer = await ui.ask({ title: t("lock_room"), lead: t("lock_lead"), confirm: t("lock_room"),
    fields: [{ name: "reason", label: t("reason_optional"), charsMax: 500 }] });
  if (answer) setLock(room, true, answer.reason.trim());
}

/** @param {Ui} ui @param {RoomModel} room */
export async function askClose(ui, room) {
  const { t } = ui;
  if (room.state?.closed) {
    room.cohort.send({ type: "open_room", room: room.id });
    return;
  }
  const answer = await ui.ask({ title: t("close_room"), lead: t("close_lead"), confirm: t("close_room"), danger: true,
    fields: [{ name: "reason", label: t("reason_optional"), charsMax: 500 }] });
  const reason = answer?.reason.trim();
  if (answer) room.cohort.send({ type: "close_room", room: room.id, ...(reason ? { reason } : {}) });
}

/** @param {Ui} ui @param {CohortModel} cohort */
export async function createRoom(ui, cohort) {
  const { t } = ui;
  const answer = await ui.ask({ title: t("create_room"), confirm: t("create"), fields: [
    { name: "name", label: t("room_name"), required: true, charsMax: 80 },
    { name: "kind", label: t("room_kind"), type: "select", value: "discussion", options: ROOM_KINDS.map((kind) => [kind, t(`room_kind_${kind}`)]) },
    { name: "topic", label: t("topic"), charsMax: 300 },
  ] });
  if (!answer) return;
  const topic = answer.topic.trim();
  const pending = await cohort.send({ type: "create_room", name: answer.name.trim(), kind: answer.kind, ...(topic ? { topic } : {}) }).promise;
  if (pending.state === "accepted" && pending.stream?.startsWith("room/")) ui.navigate(`/room/${pending.stream.slice(5)}`);
}

/** @param {Ui} ui @param {CohortModel} cohort */
export async function createInvite(ui, cohort) {
  const { t } = ui;
  const roles = ["learner", "observer", "ta", ...(cohort.me.role === "owner" ? ["instructor"] : [])];
  const answer = await ui.ask({ title: t("invite_people"), lead: t("invite_ask"), confirm: t("make_link"), fields: [
    { name: "role", label: t("role"), type: "select", value: "learner", options: roles.map((role) => [role, t(`role_${role}`)]) },
    { name: "expires", label: t("valid_for"), type: "select", value: "week", options: [["day", t("for_1_day")], ["week", t("for_1_week")], ["month", t("for_1_month")]] },
  ] });
  if (!answer) return;
  try {
    const invite = await cohort.client.api.createInvite({ role: answer.role, expires_s: INVITE_S[/** @type {"day"} */ (answer.expires)] });
    ui.dialog("invite", invite);
  } catch (error) {
    ui.notices.refused(/** @type {any} */ (error));
  }
}

/** @param {Ui} ui @param {CohortModel} cohort @param {string} person */
export async function banPerson(ui, cohort, person) {
  const { t } = ui;
  const answer = await ui.ask({ title: t("ban_title", { name: cohort.nameOf(person) }), lead: t("ban_lead"), confirm: t("ban"), danger: true, fields: [
    { name: "for_s", label: t("for_how_long"), type: "select", value: "", options: [["86400", t("for_1_day")], ["604800", t("for_1_week")], ["", t("for_good")]] },
    { name: "reason", label: t("reason"), type: "textarea", required: true, charsMax: 500, hint: t("reason_person") },
  ] });
  if (answer) cohort.send({ type: "ban_member", person, reason: answer.reason, ...(answer.for_s ? { for_s: Number(answer.for_s) } : {}) });
}

/** @param {Ui} ui @param {CohortModel} cohort @param {string} person */
export async function changeRole(ui, cohort, person) {
  const { t } = ui;
  const roles = ["observer", "learner", "ta", ...(cohort.me.role === "owner" ? ["instructor"] : [])];
  const answer = await ui.ask({ title: t("role_title", { name: cohort.nameOf(person) }), confirm: t("save"), fields: [
    { name: "role", label: t("role"), type: "select", value: cohort.roleOf(person), options: roles.map((role) => [role, t(`role_${role}`)]) },
  ] });
  if (answer && answer.role !== cohort.roleOf(person)) cohort.send({ type: "change_role", person, role: answer.role });
}

/** @param {Ui} ui @param {CohortModel} cohort */
export async function rename(ui, cohort) {
  const { t } = ui;
  const answer = await ui.ask({ title: t("rename_title"), confirm: t("save"), fields: [
    { name: "name", label: t("your_name"), value: cohort.me.name, required: true, charsMax: 60 },
  ] });
  if (answer?.name.trim() && answer.name.trim() !== cohort.me.name) cohort.send({ type: "rename_member", name: answer.name.trim() });
}


/** @param {Ui} ui @param {RoomModel} room @param {string} person */
export async function mutePerson(ui, room, person) {
  const { t } = ui;
  const answer = await ui.ask({
    title: t("mute_title", { name: room.cohort.nameOf(person) }),
    lead: t("mute_lead"),
    confirm: t("mute"),
    danger: true,
    fields: [
      { name: "for_s", label: t("for_how_long"), type: "select", value: "3600", options: [["600", t("for_10_min")], ["3600", t("for_1_h")], ["86400", t("for_1_day")], ["604800", t("for_1_week")]] },
      { name: "reason", label: t("reason"), type: "textarea", required: true, charsMax: 500, hint: t("reason_person") },
    ],
  });
  if (answer) room.cohort.send({ type: "mute_member", room: room.id, person, reason: answer.reason, for_s: Number(answer.for_s) });
}
