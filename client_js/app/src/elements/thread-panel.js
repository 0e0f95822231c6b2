/** `<tt-thread-panel>`: one thread at the side: the message it began with, the replies, a composer. */
import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { group } from "../text/grouping.js";
import { day } from "../text/times.js";
import { icon } from "./icons.js";
import { Light, define } from "./light.js";
import { toggleResolved } from "./message-actions.js";
import "./composer.js";
import "./message-row.js";
import "./pending-row.js";
import "./typing-line.js";
import "../lang/en_later.js";

const END_PX = 40;

export class TtThreadPanel extends Light {
  static properties = { ui: { attribute: false }, room: { attribute: false }, thread: { attribute: false }, target: {}, answering: { state: true }, current: { state: true } };

  constructor() {
    super();
    /** @type {import("./ui.js").Ui} */
    this.ui = /** @type {any} */ (null);
    /** @type {import("../model/room.js").RoomModel} */
    this.room = /** @type {any} */ (null);
    /** @type {import("../model/thread.js").ThreadModel} */
    this.thread = /** @type {any} */ (null);
    /** @type {number | null} the reply a permalink led to */
    this.target = null;
    /** @type {import("../model/types.js").Message | null} */
    this.answering = null;
    /** @type {number | null} */
    this.current = null;
    this.atEnd = true;
    this.shownTarget = 0;
  }

  /** @param {Map<string, unknown>} changed */
  willUpdate(changed) {
    this.watch.only(this.thread, this.room, this.ui.catalogue);
    if (changed.has("thread")) {
      this.answering = null;
      this.current = null;
      this.atEnd = true;
      this.shownTarget = 0;
    }
  }

  render() {
    const { thread, room, ui } = this;
    const { t } = ui;
    const first = thread.first;
    const mine = first?.by === room.cohort.me.person;
    const may = first && thread.messages.length && (mine || room.cohort.isStaff) && !room.state?.closed && room.cohort.canSpeak;
    return html`<header class="panel-head">
        <h2 id="panel-title">${t("thread")} <small>${thread.data ? t("replies", { n: thread.messages.length }) : ""}</small></h2>
        ${may ? html`<button type="button" class="btn quiet" @click=${() => toggleResolved(/** @type {any} */ ({ room, message: first }))}>${icon("check")}${t(first.resolved ? "reopen" : "resolve")}</button>`
          : first?.resolved ? html`<span class="pill live">${icon("check")}${t("resolved")}</span>` : nothing}
        <button type="button" class="icon-btn" aria-label=${t("close_panel")} title=${t("close_panel")} @click=${() => ui.panel(null)}>${icon("close")}</button>
      </header>
      <div class="panel-body" role="log" aria-live="off" aria-label=${t("thread")} tabindex="0" @scroll=${this.onScroll} @answer=${this.onAnswer} @focusin=${this.onFocus} @keydown=${this.onKey}>
        ${first ? html`<div class="thread-first">${this.row(first, false)}</div>` : nothing}
        ${thread.failed ? html`<div class="edge"><button type="button" class="btn" @click=${() => thread.load()}>${icon("retry")}${t("page_failed")}</button></div>`
          : !thread.data ? html`<div class="edge">${t("loading")}</div>` : this.replies()}
        ${repeat(room.pending(thread.root), ({ key }) => key, (post) => html`<tt-pending-row .ui=${ui} .room=${room} .post=${post} .state=${post.state + (post.retryAt ?? "")}></tt-pending-row>`)}
      </div>
      <tt-typing-line .ui=${ui} .room=${room} .thread=${thread.root}></tt-typing-line>
      ${room.session
        ? html`<tt-session-composer .ui=${ui} .room=${room} .thread=${thread.root} .answering=${this.answering} @posted=${this.onPosted} @answer=${this.onAnswer}></tt-session-composer>`
        : html`<tt-composer .ui=${ui} .room=${room} .thread=${thread.root} .answering=${this.answering} @posted=${this.onPosted} @answer=${this.onAnswer}></tt-composer>`}`;
  }

  replies() {
    const { thread, ui } = this;
    const now = Date.now();
    return html`<div class="rule" role="separator">${ui.t("replies", { n: thread.messages.length })}</div>
      ${repeat(group(thread.messages, null), ({ message }) => message.seq, ({ message, joined, newDay }, index) => html`
        ${newDay && index ? html`<div class="rule" role="separator">${day(message.at, now, ui.catalogue.lang, ui.t)}</div>` : nothing}
        ${this.row(message, joined)}`)}
      ${thread.hasAfter ? html`<div class="edge">${ui.t("thread_long")}</div>` : nothing}`;
  }

  /** @param {import("../model/types.js").Message} message @param {boolean} joined */
  row(message, joined) {
    const { room, ui, thread, target } = this;
    const stop = this.current ?? thread.messages[thread.messages.length - 1]?.seq ?? thread.root;
    return html`<tt-message-row inThread .ui=${ui} .room=${room} .message=${message} .joined=${joined} .inThread=${true}
      .tally=${room.reactions.tallies.get(message.seq)} .mine=${room.reactions.mine.get(message.seq)} .flash=${target === message.seq ? 1 : 0}
      .pinned=${room.state?.pins.includes(message.seq) ?? false} .stop=${stop === message.seq} .words=${ui.catalogue.version} .people=${room.cohort.peopleVersion}></tt-message-row>`;
  }

  get scroller() {
    return /** @type {HTMLElement} */ (this.querySelector(".panel-body"));
  }

  async updated() {
    const { scroller, target, thread } = this;
    await Promise.all([.../** @type {NodeListOf<any>} */ (this.querySelectorAll("tt-message-row"))].map((row) => row.updateComplete));
    if (target && thread.data && this.shownTarget !== target) {
      this.shownTarget = target;
      this.querySelector(`[data-seq="${target}"]`)?.scrollIntoView({ block: "center" });
      this.onScroll();
    } else if (this.atEnd && scroller) {
      scroller.scrollTop = scroller.scrollHeight;
    }
    const last = thread.messages[thread.messages.length - 1]?.seq;
    if (last && this.atEnd && !document.hidden) this.room.client.markRead(this.room.id, last, thread.root);
  }

  onScroll() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    this.atEnd = scrollHeight - clientHeight - scrollTop < END_PX;
  }

  /** @param {CustomEvent<import("../model/types.js").Message | null>} event */
  onAnswer(event) {
    this.answering = event.detail;
    if (event.detail) /** @type {HTMLElement | null} */ (this.querySelector("form.composer textarea"))?.focus();
  }

  onPosted() {
    this.answering = null;
    this.atEnd = true;
    this.requestUpdate();
  }

  /** @param {FocusEvent} event */
  onFocus(event) {
    const row = /** @type {any} */ (/** @type {Element} */ (event.target).closest("tt-message-row"));
    if (row) this.current = row.message.seq;
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const target = /** @type {Element} */ (event.target);
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!target.matches(".msg") || !step) return;
    const rows = /** @type {HTMLElement[]} */ ([...this.querySelectorAll(".msg")]);
    event.preventDefault();
    rows[rows.indexOf(/** @type {HTMLElement} */ (target)) + step]?.focus();
  }
}

define("tt-thread-panel", TtThreadPanel);
