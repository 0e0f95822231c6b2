/** `<tt-console-view>`: the instructor's console of a live session. It draws the cards, holds the keys and counts the time. */
import { html, nothing } from "lit";
import styles from "../../css/console.css?inline";
import { sessionOf } from "../../model/session.js";
import { StaffModel } from "../../model/staff.js";
import { icon } from "../icons.js";
import { Light, define } from "../light.js";
import { hms } from "../ticker.js";
import { ConsoleActions } from "./console-actions.js";
import { keyFor } from "./console-keys.js";
import { approvalCard, fairCard } from "./question-cards.js";
import { Rows, isDialogOpen } from "./rows.js";
import { floorCard, handsCard, ledgerCard, notesCard, paceCard, pollsCard, reportsCard, teamsCard } from "./stage-cards.js";
import { voiceCard } from "./voice-card.js";
import { useStyles } from "./styles.js";
import { useConsoleWords } from "./words.js";
import "../menu.js";
import "../ticker.js";

useStyles(styles);

const DRAW_EVERY_MS = 20_000;
const TELL_EVERY_MS = 10_000;
/** The same as in console.css. */
const WIDE_PX_MIN = 660;

export class TtConsoleView extends Light {
  static properties = { ui: { attribute: false }, cohort: { attribute: false }, room: { attribute: false }, told: { state: true } };

  constructor() {
    super();
    /** @type {import("../ui.js").Ui} */
    this.ui = /** @type {any} */ (null);
    /** @type {import("../../model/cohort.js").CohortModel} */
    this.cohort = /** @type {any} */ (null);
    /** @type {import("../../model/room.js").RoomModel} */
    this.room = /** @type {any} */ (null);
    /** What a screen reader was told last of those who wait. */
    this.told = "";
    this.toldAt = 0;
    this.toldCount = 0;
    this.rows = new Rows(this);
    /** @type {StaffModel} */
    this.staff = /** @type {any} */ (null);
    /** @type {ConsoleActions} */
    this.actions = /** @type {any} */ (null);
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.timer = undefined;
    this.onNote = this.onNote.bind(this);
    /** There is room for two columns of cards. */
    this.isWide = true;
    this.resized = new ResizeObserver(([{ contentRect }]) => {
      const isWide = contentRect.width > WIDE_PX_MIN;
      if (isWide !== this.isWide) this.requestUpdate();
      this.isWide = isWide;
    });
  }

  get session() {
    return sessionOf(this.room);
  }

  /** The server's clock. */
  get now() {
    return this.room.client.now();
  }

  connectedCallback() {
    super.connectedCallback();
    document.addEventListener("keydown", this.onKey, true);
    this.resized.observe(this);
    this.timer = setInterval(() => this.requestUpdate(), DRAW_EVERY_MS);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    document.removeEventListener("keydown", this.onKey, true);
    clearInterval(this.timer);
    this.resized.disconnect();
    this.staff?.close();
    this.staff = /** @type {any} */ (null);
  }

  willUpdate() {
    if (this.cohort.isStaff && this.staff?.room !== this.room) {
      this.staff?.close();
      this.staff = new StaffModel(this.room);
      this.staff.open();
      this.session.setOrder("fair");
      this.actions = new ConsoleActions(this.ui, this.room, this.staff, this.rows);
    }
    useConsoleWords(this.ui.catalogue);
    this.watch.only(this.room, this.cohort, this.session, this.staff, this.ui.catalogue);
    if (this.staff) this.tellWaiting();
  }

  /** A screen reader is told of more that waits, and not often. */
  tellWaiting() {
    const count = this.staff.waiting.length + this.session.hands.length;
    const isMore = count > this.toldCount;
    if (isMore && Date.now() - this.toldAt < TELL_EVERY_MS) return;
    if (isMore) {
      this.toldAt = Date.now();
      this.told = this.ui.t("con_told", { n: this.staff.waiting.length, hands: this.session.hands.length });
    }
    this.toldCount = count;
  }

  render() {
    const { ui, room, cohort } = this;
    const { t } = ui;
    if (room.followed.status === "denied" || (room.state && !cohort.isStaff)) {
      return html`<div class="empty"><h1>${t(cohort.isStaff ? "room_denied" : "con_staff_only_title")}</h1><p>${t("con_staff_only_lead")}</p><a class="btn" href=${ui.href(`/c/${cohort.id}`)}>${t("to_all_rooms")}</a></div>`;
    }
    // Before it is known who waits, nothing is said of it.
    if (!room.state || !this.staff?.followed.state) return html`<p class="muted loading">${t("loading")}</p>`;
    return html`${this.head()}
      <p class="vh" role="status" data-told>${this.told}</p>
      <div class="console-scroll">${this.session.exists ? this.cards() : this.before()}</div>`;
  }

  head() {
    const { ui, room, session, actions, cohort } = this;
    const { t } = ui;
    const base = `/c/${cohort.id}/r/${room.id}`;
    return html`<header class="console-head" data-card="head">
      <a class="icon-btn" href=${ui.href(`/room/${room.id}`)} aria-label=${t("con_to_room")} title=${t("con_to_room")}>${icon("back")}</a>
      ${session.isOpen ? html`<span class="pill live"><span class="dot"></span>${t("live")} <tt-ticker class="time" .say=${() => hms(session.clock().ms)}></tt-ticker></span>` : html`<span class="pill">${t(session.exists ? "session_ended" : "session_not_begun")}</span>`}
      <h1 tabindex="-1">${t("con_title")}<small><bdi>${session.state.title || room.state?.name}</bdi></small></h1>
      <span class="muted here">${t("n_here", { n: room.presence?.count ?? 0 })}</span>
      <div class="tools">
        <button type="button" class="btn quiet" aria-keyshortcuts="u" ?disabled=${!this.staff.actions.length} @click=${() => actions.undoLast()}>${t("undo")}</button>
        <tt-menu sign="history" .label=${t("con_undo_list")} .items=${() => this.undoItems()}></tt-menu>
        ${session.isOpen ? html`<button type="button" class="btn" @click=${() => actions.mark()}>${t("con_mark_dots")}</button>` : nothing}
        <a class="btn" href=${ui.href(`${base}/presenter`)} target="_blank" rel="opener">${t("stage_title")}</a>
        <button type="button" class="icon-btn" aria-label=${t("con_settings")} title=${t("con_settings")} ?disabled=${!cohort.isTeacher} @click=${() => actions.settings()}>${icon("gear")}</button>
        <button type="button" class="icon-btn" aria-label=${t("keys_console")} title=${t("keys_console")} aria-keyshortcuts="?" @click=${() => actions.showKeys()}>${icon("help")}</button>
        ${session.isOpen ? html`<button type="button" class="btn danger" @click=${() => actions.closeSession()}>${t("con_close_dots")}</button>`
          : html`<button type="button" class="btn live" @click=${() => actions.openSession()}>${t("con_open_dots")}</button>`}
      </div></header>`;
  }

  /** @returns {import("../menu.js").Item[]} */
  undoItems() {
    const items = this.staff.actions.slice(-10).reverse().map((action) => ({ label: this.actions.wordsOf(action), act: () => void this.actions.undo(action.seq) }));
    return items.length ? items : [{ label: this.ui.t("con_nothing_to_undo") }];
  }

  before() {
    const { t } = this.ui;
    const isSession = this.room.state?.kind === "session";
    return html`<div class="empty"><h2 tabindex="-1">${t("con_before_title")}</h2><p>${t(isSession ? "con_before_lead" : "refused_not_a_session")}</p></div>`;
  }

  cards() {
    const column = (/** @type {((view: TtConsoleView) => unknown)[]} */ ...cards) => html`<div class="column">${cards.map((draw) => draw(this))}</div>`;
    return html`<div class="cards">${this.isWide
      ? html`${column(approvalCard, handsCard, pollsCard, teamsCard, notesCard)}${column(fairCard, paceCard, floorCard, reportsCard, ledgerCard)}`
      : column(approvalCard, fairCard, handsCard, paceCard, pollsCard, floorCard, teamsCard, reportsCard, notesCard, ledgerCard)}</div>
      <div class="voice-column">${voiceCard(this)}</div>`;
  }

  /** @param {SubmitEvent} event */
  onNote(event) {
    event.preventDefault();
    const field = /** @type {HTMLInputElement} */ (/** @type {HTMLFormElement} */ (event.target).elements.namedItem("text"));
    const text = field.value.trim();
    if (text) this.actions.note(text);
    field.value = "";
  }

  // --- keys -----------------------------------------------------------------------------------------------------

  onKey = (/** @type {KeyboardEvent} */ event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (!this.staff || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isDialogOpen() || target.closest?.("[popover]")) return;
    if (event.key === "F6") this.goRound(event.shiftKey ? -1 : 1);
    else if (target.matches?.("input, textarea, select, [contenteditable]") || !this.doKey(event, target)) return;
    event.preventDefault();
    event.stopPropagation();
  };

  /** @param {KeyboardEvent} event @param {HTMLElement} target @returns {boolean} whether the key meant something here */
  doKey(event, target) {
    const { focus } = this.rows;
    const key = keyFor(event.key, focus?.list ?? null);
    if (!key) return false;
    const isArrow = event.key.startsWith("Arrow");
    // Arrows move between rows only when a row has the focus: elsewhere they scroll.
    if (isArrow && !(focus && target.closest("[data-row]"))) return false;
    if (event.repeat && key.act) return true;
    if (!key.act) this.rows.move(event.key === "k" || event.key === "K" || event.key === "ArrowUp" ? -1 : 1);
    else /** @type {any} */ (this.actions)[key.act](key.lists ? focus?.row : undefined);
    return true;
  }

  /** From card to card; the rooms at the side are one of the stops. @param {1 | -1} step */
  goRound(step) {
    const cards = /** @type {HTMLElement[]} */ ([...this.querySelectorAll("[data-card]")]);
    const nav = /** @type {HTMLElement | null} */ (document.querySelector("#rooms"));
    const stops = nav?.checkVisibility() ? [nav, ...cards] : cards;
    const here = stops.findIndex((stop) => stop.contains(document.activeElement));
    const stop = stops[(here + step + stops.length) % stops.length] ?? stops[0];
    const inside = stop === nav ? "[aria-current], a, button" : ".row[tabindex='0'], h2, h1";
    /** @type {HTMLElement | null} */ (stop.querySelector(inside))?.focus();
  }
}

define("tt-console-view", TtConsoleView);
