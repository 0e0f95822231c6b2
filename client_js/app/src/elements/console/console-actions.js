/**
 * What staff do from the console, with what has to be asked first. Each method sends one command (of `session.give`);
 * what it did is told in a notice from which it can be undone. Methods on rows take the row's id.
 */
import { plain } from "../../text/markdown.js";
import { span } from "../../text/times.js";
import { keySheet } from "./console-keys.js";
import { RoomActions } from "./console-room.js";

/** @typedef {import("./rows.js").List} List */

const REASONS = ["off_topic", "duplicate", "unclear", "answered_before", "not_now", "conduct", "other"];

export class ConsoleActions extends RoomActions {
  // --- questions ------------------------------------------------------------------------------------------------

  /** @param {string} id */
  textOf(id) {
    return this.session.question(id)?.text ?? this.staff.askedAs(id)?.text ?? "";
  }

  /** Which list a question's row is in. @param {string} id @returns {List} */
  listOf(id) {
    return this.session.question(id) ? "fair" : "approve";
  }

  /**
   * Send what takes a row away from its list, and tell that it is done, with a way back.
   * @param {string} id
   * @param {() => any} send
   * @param {string} done key of what is told
   */
  async take(id, send, done) {
    const list = this.listOf(id);
    const text = plain(this.textOf(id), 60);
    this.rows.takeAway(list, id);
    const pending = await send().promise;
    if (pending.state !== "accepted") return this.rows.leave(list, id);
    const { t } = this.ui;
    this.ui.notices.show(t(done, { text }), { action: t("undo"), act: () => this.undoOf(id) });
  }

  /** @param {string} id */
  publish(id) {
    return this.take(id, () => this.give.question("approve", id), "con_published");
  }

  /** @param {string} id */
  async reword(id) {
    const { t } = this.ui;
    const before = this.textOf(id);
    const answer = await this.ui.ask({ title: t("con_reword"), lead: t("con_reword_lead"), confirm: t("save"),
      fields: [{ name: "text", label: t("con_question"), type: "textarea", value: before, required: true, charsMax: 1000 }] });
    const text = answer?.text.trim();
    if (text && text !== before) await this.tell(this.give.reword(id, text), "con_reworded");
  }

  /** Others it can be merged into. @param {string} id */
  targets(id) {
    return this.session.questions.filter(({ question, status }) => question !== id && (status === "published" || status === "answering"));
  }

  /** @param {string} id */
  async merge(id) {
    const { t } = this.ui;
    const targets = this.targets(id);
    if (!targets.length) return this.ui.notices.show(t("con_nothing_to_merge"));
    const alike = this.staff.alikeNow(id).map(({ question }) => question);
    const ordered = [...targets].sort((a, b) => Number(alike.includes(b.question)) - Number(alike.includes(a.question)) || this.session.votesOf(b.question) - this.session.votesOf(a.question));
    const answer = await this.ui.ask({ title: t("con_merge_title"), lead: t("con_merge_lead", { text: plain(this.textOf(id), 120) }), confirm: t("con_merge"),
      fields: [{ name: "into", label: t("con_merge_into"), type: "select", value: ordered[0].question, options: ordered.map(({ question, text }) => [question, plain(text, 90)]) }] });
    if (answer) await this.mergeInto(id, answer.into);
  }

  /** @param {string} id @param {string} into */
  mergeInto(id, into) {
    return this.take(id, () => this.give.merge(id, into), "con_merged");
  }

  /** @param {string} id */
  async dismiss(id) {
    const { t } = this.ui;
    const answer = await this.ui.ask({ title: t("con_dismiss_title"), lead: plain(this.textOf(id), 160), confirm: t("con_dismiss"), fields: [
      { name: "reason", label: t("reason"), type: "select", value: "off_topic", options: REASONS.map((reason) => [reason, t(`reason_${reason}`)]), hint: t("reason_public") },
      { name: "note", label: t("con_note_to_asker"), type: "textarea", charsMax: 500, hint: t("con_note_hint") },
    ] });
    if (answer) await this.take(id, () => this.give.dismiss(id, answer.reason, answer.note.trim()), "con_dismissed");
  }

  /** @param {string} id */
  answer(id) {
    return this.take(id, () => this.give.answer(id, "now"), "con_answering");
  }

  /** @param {string} id */
  highlight(id) {
    const question = this.session.question(id);
    if (!question) return undefined;
    return this.tell(this.give.highlight(id, !question.highlighted), question.highlighted ? "con_lowered" : "con_highlighted");
  }

  /** What is being answered was answered aloud. */
  answered() {
    const { now } = this.session;
    if (!now) return this.ui.notices.show(this.ui.t("con_nothing_answered"));
    return this.take(now.question, () => this.give.answer(now.question, "live"), "con_answered_live");
  }

  /** An answer is written into the question's thread; of the one that is being answered, or of the row with the focus. */
  async answeredInText() {
    const { t } = this.ui;
    const { focus } = this.rows;
    const id = focus?.list === "fair" ? focus.row : this.session.now?.question;
    const question = id ? this.session.question(id) : null;
    if (!question) return this.ui.notices.show(t("con_nothing_answered"));
    const answer = await this.ui.ask({ title: t("con_answer_text"), lead: plain(question.text, 200), confirm: t("send"),
      fields: [{ name: "text", label: t("con_answer_label"), type: "textarea", required: true, charsMax: 8000, hint: t("con_answer_hint") }] });
    if (!answer?.text.trim()) return undefined;
    const post = await this.cohort.send({ type: "post_message", room: this.room.id, text: answer.text.trim(), kind: "answer", reply_to: question.message }).promise;
    if (post.state !== "accepted") return undefined;
    return this.take(question.question, () => this.give.answer(question.question, "text", post.seq), "con_answered_text");
  }

  // --- undo -----------------------------------------------------------------------------------------------------

  /** What an action was, in words. @param {import("../../model/undoing.js").Action} action */
  wordsOf({ name, question, on, by, at }) {
    const { t, catalogue } = this.ui;
    const what = t(name === "question_highlighted" && on === false ? "did_question_lowered" : `did_${name}`);
    const text = question ? ` “${plain(this.textOf(question), 50)}”` : "";
    return `${what}${text} · ${this.cohort.nameOf(by)}, ${span(Math.max(0, this.room.client.now() - at), catalogue.lang)}`;
  }

  undoLast() {
    const last = this.staff.actions.at(-1);
    if (!last) return this.ui.notices.show(this.ui.t("con_nothing_to_undo"));
    return this.undo(last.seq);
  }

  /** The newest change of a question. @param {string} id */
  undoOf(id) {
    const action = this.staff.newestOf(id);
    return action ? this.undo(action.seq) : undefined;
  }

  /** @param {number} seq */
  async undo(seq) {
    const action = this.staff.actions.find((known) => known.seq === seq);
    const pending = await this.give.undo(seq).promise;
    if (pending.state === "accepted" && action) this.ui.notices.show(this.ui.t("con_undone", { what: this.wordsOf(action) }));
  }

  // --- hands ----------------------------------------------------------------------------------------------------

  /** @param {string} hand */
  async call(hand) {
    this.rows.takeAway("hands", hand);
    const pending = await this.give.call(hand).promise;
    if (pending.state !== "accepted") this.rows.leave("hands", hand);
    else this.ui.notices.show(this.ui.t("con_called", { name: this.nameOf(hand) }));
  }

  callNext() {
    const next = this.session.hands.find(({ hand }) => hand !== this.session.state.called);
    return next ? this.call(next.hand) : this.ui.notices.show(this.ui.t("con_no_hands"));
  }

  /** @param {string} hand */
  async lower(hand) {
    this.rows.takeAway("hands", hand);
    const pending = await this.give.lower(hand).promise;
    if (pending.state !== "accepted") this.rows.leave("hands", hand);
  }

  lowerAll() {
    for (const { hand } of this.session.hands) this.rows.takeAway("hands", hand);
    return this.give.lowerAll();
  }

  // --- aliases --------------------------------------------------------------------------------------------------

  /** @param {string} persona who readers see, and the person behind, when staff looked */
  nameOf(persona) {
    const person = this.staff.behind(persona);
    const name = this.cohort.nameOf(persona);
    return person ? `${name} (${this.cohort.nameOf(person)})` : name;
  }

  /** @param {string} alias */
  async unmask(alias) {
    const { t } = this.ui;
    const answer = await this.ui.ask({ title: t("con_unmask_title", { name: this.cohort.nameOf(alias) }), lead: t("con_unmask_lead"), confirm: t("con_unmask"), danger: true,
      fields: [{ name: "reason", label: t("reason"), type: "textarea", required: true, charsMax: 500, hint: t("reason_person") }] });
    const reason = answer?.reason.trim();
    if (reason) await this.tell(this.give.command("unmask_alias", { alias, reason }), "con_unmasked");
  }

  showKeys() {
    return this.ui.dialog("keys", keySheet(this.ui.t));
  }
}
