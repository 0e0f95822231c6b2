/**
 * `<tt-queue>`: the questions of a live session, beside the talk or, on a phone, in a tab of their own.
 *
 * While focus is inside, rows stand still: another order is offered, not made. One row is reached by Tab, the arrows move
 * between rows, V votes, Enter opens what was answered.
 */
import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { sessionOf } from "../model/session.js";
import { plain } from "../text/markdown.js";
import { emptyTable } from "./icons.js";
import { Light, define } from "./light.js";
import { myNotices } from "./my_questions.js";
import { questionRow } from "./question-row.js";
import "../lang/en_session.js";
import "./menu.js";
import "./message-body.js";

/** Waiting is told in minutes. */
const REDRAWN_MS = 30_000;
const SHOWN_MAX = 100;
const ORDERS = /** @type {const} */ (["fair", "top", "new"]);

export class TtQueue extends Light {
  static properties = { ui: { attribute: false }, room: { attribute: false }, inTab: { type: Boolean }, current: { state: true } };

  constructor() {
    super();
    /** @type {import("./ui.js").Ui} */
    this.ui = /** @type {any} */ (null);
    /** @type {import("../model/room.js").RoomModel} */
    this.room = /** @type {any} */ (null);
    this.inTab = false;
    /** @type {string | null} the row that Tab reaches */
    this.current = null;
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.timer = undefined;
    this.placedTarget = 0;
    this.addEventListener("focusin", (event) => this.onFocus(event));
    this.addEventListener("focusout", (event) => this.onBlur(event));
  }

  connectedCallback() {
    super.connectedCallback();
    this.timer = setInterval(() => this.requestUpdate(), REDRAWN_MS);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.timer);
    sessionOf(this.room).hold(false);
  }

  get session() {
    return sessionOf(this.room);
  }

  willUpdate() {
    this.watch.only(this.session, this.room, this.room.cohort, this.ui.catalogue);
  }

  render() {
    const { ui, session, inTab } = this;
    const { t } = ui;
    const rows = session.queue;
    const stop = rows.some(({ question }) => question.question === this.current) ? this.current : rows[0]?.question.question;
    return html`<header class="panel-head queue-head">
        <h2 id=${inTab ? nothing : "panel-title"} class=${inTab ? "vh" : ""}>${t("questions")}</h2>${inTab ? nothing : html`<span class="pill">${session.waiting}</span><span class="grow"></span>`}
        <div class="seg" role="group" aria-label=${t("order_by")}>${ORDERS.map((order) => html`<button type="button" aria-pressed=${session.order === order}
          @click=${() => session.setOrder(order)}>${t(`order_${order}`)}</button>`)}</div>
      </header>
      <div class="panel-body queue-body">
        ${myNotices(ui, session)}
        <ol class="queue" aria-label=${t("questions")} @keydown=${this.onKey}>
          ${repeat(rows.slice(0, SHOWN_MAX), ({ question }) => question.question, (row) => html`<li>${questionRow(this, row, stop === row.question.question)}</li>`)}
        </ol>
        ${rows.length ? nothing : this.empty()}
        ${this.answered()} ${this.ledger()}
      </div>
      ${session.isOrderStale ? html`<div class="order-changed"><button type="button" class="btn primary" @click=${this.showOrder}>${t("order_changed")} · ${t("show_order")}</button></div>` : nothing}`;
  }

  empty() {
    const { t } = this.ui;
    const { isOpen } = this.session;
    return html`<div class="empty">${emptyTable}<h3>${t(isOpen ? "no_questions" : "session_not_begun")}</h3><p>${t(isOpen ? "no_questions_lead" : "session_wait")}</p></div>`;
  }

  answered() {
    const { answered } = this.session;
    if (!answered.length) return nothing;
    return html`<details class="answered"><summary>${this.ui.t("answered_n", { n: answered.length })}</summary>
      <ol class="queue">${repeat(answered.slice(0, SHOWN_MAX), ({ question }) => question.question, (row) => html`<li>${questionRow(this, row, false)}</li>`)}</ol></details>`;
  }

  ledger() {
    const { ui, session } = this;
    if (!session.exists) return nothing;
    const { ledger } = session;
    const dismissed = Object.values(ledger.dismissed).reduce((sum, n) => sum + n, 0);
    return html`<p class="ledger"><small>${ui.t(`order_explained_${session.order}`)} ${ui.t("ledger", { ...ledger, dismissed })}
      <button type="button" class="link-btn" @click=${() => ui.dialog("ledger", ledger)}>${ui.t("why")}</button></small></p>`;
  }

  updated() {
    const { target } = this.session;
    if (!target || target.times === this.placedTarget) return;
    this.placedTarget = target.times;
    const row = this.querySelector(`[data-question="${CSS.escape(target.question)}"]`);
    const folded = row?.closest("details");
    if (folded) folded.open = true;
    row?.scrollIntoView({ block: "nearest" });
    row?.classList.add("flash");
    setTimeout(() => row?.classList.remove("flash"), 2_400);
  }

  async showOrder() {
    this.session.showOrder();
    await this.updateComplete;
    this.focusRow(this.current); // the button is gone, and focus was on it
  }

  // --- focus ----------------------------------------------------------------------------------------------------

  /** @param {string | null} question */
  focusRow(question) {
    const rows = this.rows();
    (rows.find(({ dataset }) => dataset.question === question) ?? rows[0])?.focus({ preventScroll: true });
  }

  rows() {
    return /** @type {HTMLElement[]} */ ([...this.querySelectorAll(".q[data-question]")].filter((row) => row.checkVisibility()));
  }

  /** @param {FocusEvent} event */
  onFocus(event) {
    const row = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-question]"));
    if (row) this.current = row.dataset.question ?? null;
    if (row) this.session.hold(true);
  }

  /** @param {FocusEvent} event */
  onBlur(event) {
    if (!this.contains(/** @type {Node | null} */ (event.relatedTarget))) this.session.hold(false);
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const row = /** @type {HTMLElement} */ (event.target);
    if (!row.matches(".q") || event.ctrlKey || event.metaKey || event.altKey) return;
    const rows = this.rows();
    const index = rows.indexOf(row);
    /** @type {Record<string, number>} */
    const moves = { ArrowUp: index - 1, ArrowDown: index + 1, Home: 0, End: rows.length - 1 };
    const question = row.dataset.question ?? "";
    if (event.key in moves) {
      const next = rows[Math.min(Math.max(0, moves[event.key]), rows.length - 1)];
      next?.focus({ preventScroll: true });
      next?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "v" || event.key === "V") this.vote(question);
    else if (event.key === "Enter") this.openThread(question);
    else return;
    event.preventDefault();
  }

  // --- what rows do ---------------------------------------------------------------------------------------------

  get mayVote() {
    const { cohort } = this.room;
    return this.session.isOpen && cohort.canSpeak && cohort.me.role !== "bot";
  }

  /** @param {string} question */
  vote(question) {
    if (this.mayVote) this.session.give.toggleVote(question);
  }

  /** @param {string} question */
  openThread(question) {
    const found = this.session.question(question);
    if (found) this.ui.panel(`thread-${found.message}`);
  }

  /** How a row is told to a screen reader. @param {import("../model/types.js").Question} question */
  labelOf(question) {
    return `${plain(question.text, 160)}. ${this.room.cohort.nameOf(question.by)}`;
  }
}

define("tt-queue", TtQueue);
