/** What one does in a live session, as methods: each sends one command of protocol.md, and shows at once what it will do. */

/** @typedef {import("./session.js").SessionModel} SessionModel */

export class SessionCommands {
  /** @param {SessionModel} session */
  constructor(session) {
    this.session = session;
  }

  /** Any command to this room. @param {string} type @param {object} [fields] */
  command(type, fields = {}) {
    const { room, cohort } = this.session;
    return cohort.send({ type, room: room.id, ...fields });
  }

  // --- everyone -------------------------------------------------------------------------------------------------

  /** @param {string} text @param {boolean} [alias] */
  ask(text, alias = false) {
    this.session.changed();
    return this.command("ask_question", { text, ...(alias ? { alias } : {}) });
  }

  /** @param {string} question */
  toggleVote(question) {
    return this.vote(question, !this.session.hasVoted(question));
  }

  /** @param {string} question @param {boolean} on */
  vote(question, on) {
    this.session.voting.set(question, on);
    this.session.changed();
    return this.command("vote_question", { question, on });
  }

  /** @param {string} question */
  withdraw(question) {
    return this.command("withdraw_question", { question });
  }

  /** After a dismissal. @param {string} question @param {string} text */
  resend(question, text) {
    return this.command("resend_question", { question, text });
  }

  /** The answer in text to my question is what I needed. @param {string} question @param {number} message */
  accept(question, message) {
    return this.command("accept_answer", { question, message });
  }

  /** @param {number} message @param {"correct" | "well_explained" | "evidence"} reason */
  endorse(message, reason) {
    return this.command("endorse_answer", { message, reason });
  }

  /** `because` changed my mind about `message`, which is mine. @param {number} message @param {number} because */
  mindChanged(message, because) {
    return this.command("mark_mind_changed", { message, because });
  }

  /** @param {boolean} [alias] */
  raise(alias = false) {
    return this.command("raise_hand", alias ? { alias } : {});
  }

  /** Mine, unless another's is named. @param {string} [person] */
  lower(person) {
    return this.command("lower_hand", person ? { person } : {});
  }

  /** A second answer takes the place of the first. @param {number} poll @param {number[]} choices @param {string} [text] */
  answerPoll(poll, choices, text = "") {
    this.session.answering.set(poll, { choices, text });
    this.session.changed();
    return this.command("answer_poll", { poll, ...(choices.length ? { choices } : {}), ...(text ? { text } : {}) });
  }

  /** Said again, it is taken back. @param {"lost" | "ok" | "fast"} pace */
  setPace(pace) {
    const said = this.session.pace === pace ? null : pace;
    this.session.pacing = { pace: said };
    this.session.changed();
    return this.command("set_pace", said ? { pace: said } : {});
  }

  takeAlias() {
    return this.command("take_alias");
  }

  /** In a team's room: to the room it came from. @param {string} text */
  reportResult(text) {
    return this.command("report_result", { text });
  }

  /** @param {number} message @param {string} reason */
  report(message, reason) {
    return this.command("report_message", { message, reason });
  }

  // --- staff ----------------------------------------------------------------------------------------------------

  /** @param {string} [title] */
  open(title = "") {
    return this.command("open_session", title ? { title } : {});
  }

  /** @param {string} [carryTo] room */
  close(carryTo) {
    return this.command("close_session", carryTo ? { carry_to: carryTo } : {});
  }

  /** @param {string} question @param {"now" | "live" | "text"} how @param {number} [message] */
  answer(question, how, message) {
    return this.command("answer_question", { question, how, ...(message ? { message } : {}) });
  }

  /** @param {string} question @param {string} reason @param {string} [note] the asker sees it */
  dismiss(question, reason, note = "") {
    return this.command("dismiss_question", { question, reason, ...(note ? { note } : {}) });
  }

  /** @param {string} question @param {string} into */
  merge(question, into) {
    return this.command("merge_question", { question, into });
  }

  /** @param {string} question @param {string} text */
  reword(question, text) {
    return this.command("reword_question", { question, text });
  }

  /** @param {string} question @param {boolean} on */
  highlight(question, on) {
    return this.command("highlight_question", { question, on });
  }

  /** What takes only the question. @param {"approve" | "reopen" | "unmerge"} what @param {string} question */
  question(what, question) {
    return this.command(`${what}_question`, { question });
  }

  /** @param {string} person persona */
  call(person) {
    return this.command("call_hand", { person });
  }

  lowerAll() {
    return this.command("lower_hand", { all: true });
  }

  /** @param {{text?: string, kind?: string, options?: string[], anonymous?: boolean, again?: number}} poll */
  openPoll(poll) {
    return this.command("open_poll", poll);
  }

  /** @param {number} poll */
  closePoll(poll) {
    return this.command("close_poll", { poll });
  }

  /** @param {{for_s?: number, prompt?: string, shown_to?: "nobody" | "answered"}} [how] */
  holdFloor(how = {}) {
    return this.command("hold_floor", how);
  }

  releaseFloor() {
    return this.command("release_floor");
  }

  /** Undo what staff did at `event`. @param {number} event */
  undo(event) {
    return this.command("undo_action", { event });
  }

  /** @param {number} message @param {string} reason */
  hide(message, reason) {
    return this.command("hide_message", { message, reason });
  }

  /** @param {number} message */
  unhide(message) {
    return this.command("unhide_message", { message });
  }
}
