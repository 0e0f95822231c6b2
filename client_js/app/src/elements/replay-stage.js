/**
 * `<tt-replay-stage>`: what a past session showed at the moment that is sought: talk beside questions, polls among the
 * talk. It only shows: nothing that is past can be changed.
 */
import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { PastRoom } from "../model/past_room.js";
import { sessionOf } from "../model/session.js";
import { clock, full } from "../text/times.js";
import { icon } from "./icons.js";
import { Light, define } from "./light.js";
import { avatar } from "./person.js";
import "./message-body.js";
import "./poll.js";
import "../lang/en_past.js";

/** @typedef {import("../model/types.js").Message} Message */
/** @typedef {import("../model/types.js").Poll} Poll */
/** @typedef {import("../model/session.js").QueueRow} QueueRow */

const POLLS_SHOWN = 2;
const END_PX = 40;

export class TtReplayStage extends Light {
  static properties = { ui: { attribute: false }, cohort: { attribute: false }, replay: { attribute: false }, tab: { state: true } };

  constructor() {
    super();
    /** @type {import("./ui.js").Ui} */
    this.ui = /** @type {any} */ (null);
    /** @type {import("../model/cohort.js").CohortModel} */
    this.cohort = /** @type {any} */ (null);
    /** @type {import("../model/replay.js").ReplayModel} */
    this.replay = /** @type {any} */ (null);
    /** @type {import("../model/room.js").RoomModel} the room as it was */
    this.room = /** @type {any} */ (null);
    /** @type {"talk" | "questions"} what a narrow page shows */
    this.tab = "talk";
    /** The newest message is in view, so the next one will be. */
    this.atEnd = true;
    /** How far the log was scrolled; less than before: by the reader, since nothing else scrolls up. */
    this.scrolled = 0;
    this.grown = new ResizeObserver(() => this.keepPlace());
    /** @type {number | null} the entry that was sought */
    this.target = null;
  }

  /** @param {Map<string, unknown>} changed */
  willUpdate(changed) {
    const { replay, cohort, ui } = this;
    this.watch.only(replay.stage, cohort, ui.catalogue);
    if (changed.has("replay")) {
      this.room = /** @type {any} */ (new PastRoom(cohort, replay));
      this.atEnd = true;
    }
    this.session.changed();
  }

  get session() {
    return sessionOf(this.room);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.grown.disconnect();
  }

  updated() {
    const list = this.querySelector(".replay-log");
    if (list) this.grown.observe(list); // words and formulas are set after they are drawn
    this.keepPlace();
  }

  keepPlace() {
    const log = this.querySelector("#log");
    if (!log) return;
    const found = this.target === null ? null : log.querySelector(`[data-seq="${this.target}"]`);
    if (found) found.scrollIntoView({ block: "nearest" });
    else if (this.atEnd) log.scrollTop = log.scrollHeight;
  }

  /** The reader went somewhere: the newest of that moment is to be seen, or this entry. @param {number | null} seq */
  went(seq) {
    this.atEnd = true;
    this.target = seq;
    this.requestUpdate();
  }

  render() {
    const { t } = this.ui;
    const { queue } = this.session;
    const tab = (/** @type {"talk" | "questions"} */ name, /** @type {unknown} */ label) =>
      html`<button type="button" aria-pressed=${this.tab === name} @click=${() => (this.tab = name)}>${label}</button>`;
    return html`<div class="seg replay-tabs" role="group" aria-label=${t("session_parts")}>${tab("talk", t("talk"))}${tab("questions", html`${t("questions")} <small>${queue.length}</small>`)}</div>
      <div class="replay-stage show-${this.tab}">
        <div class="replay-talk"><h2 class="vh">${t("talk")}</h2>${this.answeringNow()}${this.polls()}${this.log()}</div>
        <div class="replay-questions">${this.questions(queue)}</div>
      </div>`;
  }

  // --- talk -------------------------------------------------------------------------------------------------------

  answeringNow() {
    const { session, ui } = this;
    const { now } = session;
    if (!now) return nothing;
    return html`<div class="replay-now" data-question=${now.question}><span class="pill live">${ui.t("answering_now")}</span><tt-message-body .text=${now.text} .cohort=${this.cohort}></tt-message-body>
      <small>${ui.t("n_asked", { n: session.votesOf(now.question) })}</small></div>`;
  }

  log() {
    const { replay, ui } = this;
    const { t } = ui;
    const { messages = [], has_more } = replay.state;
    const said = messages.filter((/** @type {Message} */ { seq }) => seq >= replay.session);
    const earlier = has_more && said.length === messages.length;
    return html`<div class="log" id="log" tabindex="0" role="region" aria-label=${t("talk")} @scroll=${this.onScroll}>
      <ol class="replay-log">
        ${earlier ? html`<li class="edge"><a href=${ui.href(`/room/${replay.room}/${said[0].seq}`)}>${t("replay_earlier")}</a></li>` : nothing}
        ${said.length ? nothing : html`<li class="edge">${t("replay_nothing_said")}</li>`}
        ${repeat(said, (/** @type {Message} */ message) => message.seq, (/** @type {Message} */ message) => this.message(message))}
      </ol></div>`;
  }

  /** @param {Message} message */
  message(message) {
    const { cohort, replay, ui } = this;
    const { lang } = ui.catalogue;
    const { t } = ui;
    const shownAt = message.held_at ?? message.at;
    return html`<li class="msg ${message.seq === this.target ? "sought" : ""}" data-seq=${message.seq}>${avatar(cohort, message.by)}
      <div class="content"><div class="who"><bdi class="name">${cohort.nameOf(message.by)}</bdi>
        ${message.kind === "question" ? html`<span class="pill">${t("kind_question")}</span>` : nothing}
        <a class="when" href=${ui.href(`/room/${replay.room}/${message.seq}`)} title=${full(shownAt, lang)}>${clock(shownAt, lang)}</a>
        ${message.revision ? html`<span class="note">${t("edited")}</span>` : nothing}</div>
        ${message.redacted ? html`<p class="gone">${t("removed")}</p>`
          : message.hidden ? html`<p class="gone">${t("hidden_by_staff", { reason: message.hidden })}</p>`
          : html`<tt-message-body .text=${message.text} .cohort=${cohort}></tt-message-body>`}
        ${message.replies ? html`<a class="thread-link" href=${ui.href(`/room/${replay.room}/${message.seq}?panel=thread-${message.seq}`)}>${icon("reply")}<span>${t("replies", { n: message.replies })}</span></a>` : nothing}
      </div></li>`;
  }

  // --- polls ------------------------------------------------------------------------------------------------------

  /** Those that are open, else the last one that was. */
  polls() {
    const { polls, openPolls } = this.session;
    const shown = openPolls.length ? openPolls : polls.slice(-1);
    return shown.slice(-POLLS_SHOWN).map((poll) => this.poll(poll));
  }

  /** @param {Poll} poll */
  poll(poll) {
    return html`<div class="replay-poll" data-poll=${poll.poll} data-closed=${poll.closed} data-answered=${this.session.answeredCount(poll)}>
      <tt-poll .ui=${this.ui} .room=${this.room} .poll=${poll.poll}></tt-poll>
      ${poll.closed || poll.kind === "short" ? nothing : html`<ul class="replay-options">${poll.options.map((option) => html`<li dir="auto">${option}</li>`)}</ul>`}</div>`;
  }

  // --- questions --------------------------------------------------------------------------------------------------

  /** @param {QueueRow[]} queue */
  questions(queue) {
    const { session, ui } = this;
    const { t } = ui;
    const { answered, ledger, hands } = session;
    const dismissed = Object.values(ledger.dismissed).reduce((sum, n) => sum + n, 0);
    return html`<header><h2>${t("questions")}</h2><span class="pill">${queue.length}</span></header>
      <div class="replay-scroll" tabindex="0" role="region" aria-label=${t("questions")}>
        ${queue.length ? html`<ol class="replay-queue">${repeat(queue, ({ question }) => question.question, (row) => this.question(row))}</ol>` : html`<p class="muted">${t("no_questions")}</p>`}
        ${hands.length ? html`<p class="replay-hands">${icon("hand")}<span>${t("replay_hands", { names: hands.map(({ hand }) => this.cohort.nameOf(hand)).join(", ") })}</span></p>` : nothing}
        ${answered.length ? html`<h3>${t("replay_answered")}</h3><ol class="replay-done">${repeat(answered, ({ question }) => question.question, (row) => this.question(row))}</ol>` : nothing}
        <p class="muted replay-ledger"><small>${t("ledger", { ...ledger, dismissed })}</small></p>
      </div>`;
  }

  /** @param {QueueRow} row */
  question({ question, votes }) {
    const { cohort, ui, replay } = this;
    const { t, catalogue } = ui;
    const now = question.status === "answering";
    return html`<li class="replay-q ${now ? "now" : ""}" data-question=${question.question} data-status=${question.status} data-votes=${votes}>
      <span class="replay-votes"><svg viewBox="0 0 10 6" aria-hidden="true" focusable="false"><path d="M0 6 5 0l5 6Z" /></svg><b aria-hidden="true">${votes}</b><span class="vh">${t("n_asked", { n: votes })}</span></span>
      <div><tt-message-body .text=${question.text} .cohort=${cohort}></tt-message-body>
        <p class="meta">${now ? html`<span class="pill live">${t("answering_now")}</span>` : nothing}
          ${question.status.startsWith("answered") ? html`<span class="pill live">${icon("check")}${t(question.status === "answered_text" ? "status_answered_text" : "status_answered_live")}</span>` : nothing}
          ${question.status === "carried" ? html`<span class="pill">${t("status_carried")}</span>` : nothing}
          ${question.highlighted && !now ? html`<span class="pill accent">${t("place_highlighted")}</span>` : nothing}
          <bdi>${cohort.nameOf(question.by)}</bdi> <a class="when" href=${ui.href(`/room/${replay.room}/${question.message}`)}>${clock(question.asked_at, catalogue.lang)}</a></p></div></li>`;
  }

  /** @param {Event} event */
  onScroll(event) {
    const log = /** @type {Element} */ (event.target);
    const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < END_PX;
    if (isAtEnd) this.atEnd = true;
    else if (log.scrollTop < this.scrolled) this.atEnd = false;
    if (log.scrollTop < this.scrolled) this.target = null;
    this.scrolled = log.scrollTop;
  }
}

define("tt-replay-stage", TtReplayStage);
