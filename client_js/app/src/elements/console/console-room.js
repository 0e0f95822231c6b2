/** What staff do from the console with the session and the room: open and close, marks, polls, floor, teams, reports, settings. */
import { sessionOf } from "../../model/session.js";

const SLOW = ["0", "10", "30", "60", "300"];
const MUTES = /** @type {[string, string][]} */ ([["600", "for_10_min"], ["3600", "for_1_h"], ["86400", "for_1_day"], ["604800", "for_1_week"]]);
const STEPS = ["1", "2", "3", "4", "5"];

/** @param {string} text one to a line */
const linesOf = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);

export class RoomActions {
  /**
   * @param {import("../ui.js").Ui} ui
   * @param {import("../../model/room.js").RoomModel} room
   * @param {import("../../model/staff.js").StaffModel} staff
   * @param {import("./rows.js").Rows} rows
   */
  constructor(ui, room, staff, rows) {
    this.ui = ui;
    this.room = room;
    this.cohort = room.cohort;
    this.session = sessionOf(room);
    this.give = this.session.give;
    this.staff = staff;
    this.rows = rows;
  }

  /** Tell that it is done, once it is. @param {any} pending @param {string} done key */
  async tell(pending, done) {
    const settled = await pending.promise;
    if (settled.state === "accepted") this.ui.notices.show(this.ui.t(done));
    return settled;
  }

  // --- the session ----------------------------------------------------------------------------------------------

  async openSession() {
    const { t } = this.ui;
    const answer = await this.ui.ask({ title: t("con_open"), lead: t("con_open_lead"), confirm: t("con_open"),
      fields: [{ name: "title", label: t("con_title_label"), charsMax: 120, value: "", hint: t("optional") }] });
    if (answer) await this.tell(this.give.open(answer.title.trim()), "con_opened");
  }

  async closeSession() {
    const { t } = this.ui;
    const waiting = this.session.questions.filter(({ status }) => status === "published" || status === "answering").length;
    const rooms = (this.cohort.state?.rooms ?? []).filter(({ room, kind, closed }) => room !== this.room.id && !closed && kind !== "announcements");
    const first = rooms.find(({ kind }) => kind === "discussion");
    const answer = await this.ui.ask({ title: t("con_close"), lead: t("con_close_lead", { n: waiting }), confirm: t("con_close"), danger: true, fields: rooms.length ? [
      { name: "to", label: t("con_carry_to"), type: "select", value: first?.room ?? rooms[0].room, options: rooms.map(({ room, name }) => [room, name]), hint: t("con_carry_hint") },
    ] : [] });
    if (answer) await this.tell(this.give.close(answer.to || undefined), "con_closed");
  }

  async mark() {
    const { t } = this.ui;
    const { ms } = this.session.clock();
    const answer = await this.ui.ask({ title: t("con_mark"), lead: t("con_mark_lead"), confirm: t("con_mark"), fields: [
      { name: "position", label: t("con_mark_position"), value: clockOf(ms), required: true, hint: t("con_mark_hint") },
      { name: "label", label: t("con_mark_label"), charsMax: 80, hint: t("con_mark_label_hint") },
    ] });
    if (!answer) return;
    const position = msOf(answer.position);
    if (position === null) return this.ui.notices.show(t("con_mark_wrong"));
    const last = this.session.state.mark?.media_position_ms ?? 0;
    const label = answer.label.trim();
    await this.tell(this.give.command("mark_session", { media_position_ms: position, ...(label ? { label } : {}), ...(position < last ? { rewound: true } : {}) }), "con_marked");
  }

  async settings() {
    const { t } = this.ui;
    const { anonymity = "off", approve_questions = false, hands_order = "first_raised", slow_mode_s = 0 } = this.room.state ?? {};
    const before = { approve: approve_questions ? "on" : "off", anonymity, hands: hands_order, slow: String(slow_mode_s) };
    const answer = await this.ui.ask({ title: t("con_settings"), confirm: t("save"), fields: [
      { name: "approve", label: t("con_approval"), type: "select", value: before.approve, options: [["on", t("con_approval_on")], ["off", t("con_approval_off")]] },
      { name: "anonymity", label: t("con_anonymity"), type: "select", value: anonymity, options: ["off", "alias", "anonymous"].map((one) => [one, t(`con_anonymity_${one}`)]) },
      { name: "hands", label: t("con_hands_order"), type: "select", value: hands_order, options: ["first_raised", "least_heard"].map((one) => [one, t(`con_hands_${one}`)]) },
      { name: "slow", label: t("slow_mode"), type: "select", value: before.slow, hint: t("slow_mode_hint"),
        options: [...new Set([...SLOW, before.slow])].map((s) => [s, s === "0" ? t("slow_off") : t("slow_n", { n: Number(s) })]) },
    ] });
    if (!answer) return;
    const change = {
      ...(answer.approve === before.approve ? {} : { approve_questions: answer.approve === "on" }),
      ...(answer.anonymity === before.anonymity ? {} : { anonymity: answer.anonymity }),
      ...(answer.hands === before.hands ? {} : { hands_order: answer.hands }),
      ...(answer.slow === before.slow ? {} : { slow_mode_s: Number(answer.slow) }),
    };
    if (Object.keys(change).length) await this.tell(this.give.command("change_room", change), "con_saved");
  }

  // --- polls ----------------------------------------------------------------------------------------------------

  async createPoll() {
    const { t } = this.ui;
    const answer = await this.ui.ask({ title: t("con_poll"), confirm: t("con_poll_open"), fields: [
      { name: "text", label: t("con_question"), type: "textarea", required: true, charsMax: 300 },
      { name: "kind", label: t("con_poll_kind"), type: "select", value: "single", options: ["single", "multiple", "scale", "short"].map((kind) => [kind, t(`con_poll_${kind}`)]) },
      { name: "options", label: t("con_poll_options"), type: "textarea", hint: t("con_poll_options_hint") },
      { name: "anonymous", label: t("con_poll_names"), type: "select", value: "yes", options: [["yes", t("con_poll_anonymous")], ["no", t("con_poll_named")]] },
    ] });
    if (!answer) return;
    const { kind } = answer;
    const given = linesOf(answer.options);
    const options = kind === "short" ? [] : kind === "scale" && !given.length ? STEPS : given;
    await this.tell(this.give.openPoll({ text: answer.text.trim(), kind, anonymous: answer.anonymous === "yes", ...(options.length ? { options } : {}) }), "con_poll_opened");
  }

  /** @param {number} poll */
  closePoll(poll) {
    return this.tell(this.give.closePoll(poll), "con_poll_closed");
  }

  /** @param {number} poll */
  repeatPoll(poll) {
    return this.tell(this.give.openPoll({ again: poll }), "con_poll_opened");
  }

  // --- the floor ------------------------------------------------------------------------------------------------

  /** Hold it, or release it. */
  floor() {
    return this.session.state.floor ? this.give.releaseFloor() : this.holdFloor();
  }

  /** @param {string} [minutes] suggested */
  async holdFloor(minutes = "2") {
    const { t } = this.ui;
    const answer = await this.ui.ask({ title: t("con_floor_hold"), lead: t("con_floor_lead"), confirm: t("con_floor_hold"), fields: [
      { name: "prompt", label: t("con_floor_prompt"), type: "textarea", charsMax: 300, hint: t("con_floor_prompt_hint") },
      { name: "minutes", label: t("con_minutes"), type: "number", min: 0, max: 240, value: minutes, hint: t("con_floor_minutes_hint") },
      { name: "shown", label: t("con_floor_shown"), type: "select", value: "nobody", options: ["nobody", "answered"].map((one) => [one, t(`con_floor_${one}`)]) },
    ] });
    if (!answer) return;
    const seconds = Math.round(Number(answer.minutes) * 60);
    const prompt = answer.prompt.trim();
    await this.give.holdFloor({ ...(seconds > 0 ? { for_s: seconds } : {}), ...(prompt ? { prompt } : {}), ...(answer.shown === "answered" ? { shown_to: "answered" } : {}) }).promise;
  }

  /** @param {string} held id of its row */
  releaseHeld(held) {
    this.rows.takeAway("held", held);
    return this.give.command("release_held", { held: Number(held) });
  }

  /** @param {string} held */
  async rejectHeld(held) {
    const { t } = this.ui;
    const answer = await this.ui.ask({ title: t("con_reject"), confirm: t("con_reject"), danger: true,
      fields: [{ name: "reason", label: t("reason"), required: true, charsMax: 500, hint: t("reason_person") }] });
    if (!answer) return;
    this.rows.takeAway("held", held);
    await this.give.command("reject_held", { held: Number(held), reason: answer.reason.trim() }).promise;
  }

  // --- teams ----------------------------------------------------------------------------------------------------

  async formTeams() {
    const { t } = this.ui;
    const answer = await this.ui.ask({ title: t("con_teams_form"), confirm: t("con_teams_form"), fields: [
      { name: "how", label: t("con_teams_how"), type: "select", value: "random", options: ["random", "mixed", "manual"].map((how) => [how, t(`con_teams_${how}`)]) },
      { name: "teams", label: t("con_teams_count"), type: "number", min: 2, max: 50, value: "", hint: t("con_teams_count_hint") },
      { name: "minutes", label: t("con_minutes"), type: "number", min: 0, max: 240, value: "10", hint: t("con_teams_minutes_hint") },
      { name: "groups", label: t("con_teams_groups"), type: "textarea", hint: t("con_teams_groups_hint") },
    ] });
    if (!answer) return;
    const seconds = Math.round(Number(answer.minutes) * 60);
    const shared = { how: answer.how, ...(seconds > 0 ? { for_s: seconds } : {}) };
    if (answer.how !== "manual") {
      await this.give.command("form_teams", { ...shared, ...(answer.teams ? { teams: Number(answer.teams) } : {}) }).promise;
      return;
    }
    const { groups, unknown } = this.groupsOf(answer.groups);
    if (unknown) return this.ui.notices.show(t("con_teams_unknown", { name: unknown }));
    await this.give.command("form_teams", { ...shared, groups }).promise;
  }

  /** One group to a line, names with commas between. @param {string} text @returns {{groups: string[][], unknown: string | null}} */
  groupsOf(text) {
    const byName = new Map(Object.entries(this.cohort.members).map(([person, { name }]) => [name.toLocaleLowerCase(), person]));
    let unknown = /** @type {string | null} */ (null);
    const groups = linesOf(text).map((line) => line.split(/[,;]/).map((name) => name.trim()).filter(Boolean).map((name) => {
      const person = byName.get(name.toLocaleLowerCase());
      if (!person) unknown ??= name;
      return person ?? "";
    }));
    return { groups, unknown };
  }

  recallTeams() {
    return this.give.command("recall_teams");
  }

  // --- reports and notes ----------------------------------------------------------------------------------------

  /** @param {number} message */
  async hide(message) {
    const { t } = this.ui;
    const answer = await this.ui.ask({ title: t("con_hide"), lead: t("con_hide_lead"), confirm: t("con_hide"), danger: true,
      fields: [{ name: "reason", label: t("reason"), required: true, charsMax: 500, hint: t("reason_public") }] });
    if (answer) await this.tell(this.give.hide(message, answer.reason.trim()), "con_hidden");
  }

  /** A report needs nothing done. Mine only: the log keeps it. @param {string} report id of its row */
  setAside(report) {
    this.rows.takeAway("reports", report);
    this.staff.setAside(report);
  }

  /** The author of a message may not write here for a while. @param {string} person persona */
  async mute(person) {
    const { t } = this.ui;
    const answer = await this.ui.ask({ title: t("mute_title", { name: this.cohort.nameOf(person) }), lead: t("mute_lead"), confirm: t("mute"), danger: true, fields: [
      { name: "for_s", label: t("for_how_long"), type: "select", value: "3600", options: MUTES.map(([seconds, key]) => [seconds, t(key)]) },
      { name: "reason", label: t("reason"), type: "textarea", required: true, charsMax: 500, hint: t("reason_person") },
    ] });
    if (answer) await this.tell(this.give.command("mute_member", { person, reason: answer.reason.trim(), for_s: Number(answer.for_s) }), "con_muted");
  }

  /** @param {string} text */
  note(text) {
    return this.give.command("note_staff", { text });
  }
}

/** @param {number} ms */
export function clockOf(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, "0")).join(":");
}

/** `1:02:03`, `12:30` or `90` (seconds) → ms; null: it is none of these. @param {string} text */
export function msOf(text) {
  const parts = text.trim().split(":");
  if (parts.length > 3 || !parts.every((part) => /^\d{1,5}$/.test(part))) return null;
  return parts.reduce((sum, part) => sum * 60 + Number(part), 0) * 1000;
}
