/**
 * `<tt-message-log>`: the messages of a room, and where the reader is in them.
 *
 * The scroll position is sacred. Whatever changes (a message, a reaction, a formula that got taller, an older page
 * above), what the reader is reading stays where it is on the glass: an anchor, the first row on screen and its
 * distance from the top, is kept on every scroll and restored after every change of size, before it is painted. Only a
 * reader who is at the very end is kept at the end.
 */
import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { group } from "../text/grouping.js";
import { day } from "../text/times.js";
import { icon } from "./icons.js";
import { Light, define } from "./light.js";
import "./message-row.js";

/** Nearer to the end than this counts as being there. */
const END_PX = 36;
/** Nearer to an open end than this fetches the next page. */
const FETCH_PX = 900;

export class TtMessageLog extends Light {
  static properties = { ui: { attribute: false }, room: { attribute: false }, cards: { attribute: false }, current: { state: true } };

  constructor() {
    super();
    /** @type {import("./ui.js").Ui} */
    this.ui = /** @type {any} */ (null);
    /** @type {import("../model/room.js").RoomModel} */
    this.room = /** @type {any} */ (null);
    /** What stands among the messages, each before the first that came later. @type {{seq: number, card: unknown}[]} */
    this.cards = [];
    /** @type {number | null} the row that Tab reaches */
    this.current = null;
    /** @type {{row: Element, top: number} | null} */
    this.anchor = null;
    this.placed = false;
    this.placedTarget = 0;
    this.resized = new ResizeObserver(() => this.hold());
    this.onVisible = () => {
      if (!document.hidden && this.placed) this.tellPlace();
    };
  }

  connectedCallback() {
    super.connectedCallback();
    document.addEventListener("visibilitychange", this.onVisible);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.resized.disconnect();
    document.removeEventListener("visibilitychange", this.onVisible);
  }

  /** @param {Map<string, unknown>} changed */
  willUpdate(changed) {
    this.watch.only(this.room, this.ui.catalogue);
    if (changed.has("room")) {
      this.placed = false;
      this.placedTarget = 0;
      this.anchor = null;
      this.current = null;
    }
  }

  render() {
    const { room, ui } = this;
    const { messages, hasBefore, hasAfter } = room.window;
    const shown = group(messages, room.unreadFrom);
    const pending = hasAfter ? [] : room.pending(null);
    const tabStop = this.current !== null && room.window.get(this.current) ? this.current : room.window.last;
    const now = Date.now();
    const { among, below } = this.placeCards();
    return html`<div
        class="log"
        id="log"
        role="log"
        aria-live="off"
        aria-label=${ui.t("messages_in", { room: room.state?.name ?? "" })}
        tabindex=${messages.length ? nothing : "0"}
        @scroll=${this.onScroll}
        @keydown=${this.onKey}
        @focusin=${this.onFocus}
      >
        <div class="log-inner ${messages.length < 12 ? "short" : ""}">
          ${this.top(hasBefore)}
          ${repeat(shown, ({ message }) => message.seq, ({ message, joined, newDay, firstUnread }) => html`
            ${among.get(message.seq) ?? nothing}
            ${newDay ? html`<div class="rule" role="separator">${day(message.at, now, ui.catalogue.lang, ui.t)}</div>` : nothing}
            ${firstUnread ? html`<div class="rule new" role="separator" id="unread-line">${ui.t("unread_line")}</div>` : nothing}
            <tt-message-row
              .ui=${ui} .room=${room} .message=${message} .joined=${joined}
              .tally=${room.reactions.tallies.get(message.seq)} .mine=${room.reactions.mine.get(message.seq)}
              .flash=${room.target?.seq === message.seq ? room.target.times : 0}
              .pinned=${room.state?.pins.includes(message.seq) ?? false} .open=${room.thread?.root === message.seq}
              .stop=${tabStop === message.seq} .words=${ui.catalogue.version} .people=${room.cohort.peopleVersion}
            ></tt-message-row>`)}
          ${hasAfter ? this.edge("after") : below}
          ${repeat(pending, ({ key }) => key, (post) => html`<tt-pending-row .ui=${ui} .room=${room} .post=${post} .state=${post.state + (post.retryAt ?? "")}></tt-pending-row>`)}
        </div>
      </div>
      ${this.pill()}`;
  }

  /** Each card before the first message that is newer; those before an open beginning are not shown. */
  placeCards() {
    const { messages, hasBefore, first } = this.room.window;
    /** @type {Map<number, unknown[]>} */
    const among = new Map();
    const below = [];
    for (const { seq, card } of this.cards) {
      const next = messages.find((message) => message.seq > seq)?.seq;
      if (next === undefined) below.push(card);
      else if (!hasBefore || seq > first) among.set(next, [...(among.get(next) ?? []), card]);
    }
    return { among, below };
  }

  /** @param {boolean} hasBefore */
  top(hasBefore) {
    const { room, ui } = this;
    if (!room.seeded) return html`<div class="edge">${ui.t(room.followed.status === "denied" ? "room_denied" : "loading")}</div>`;
    if (hasBefore) return this.edge("before");
    return html`<div class="beginning">
      <h2><bdi>${room.state?.name}</bdi></h2>
      <p>${room.window.messages.length ? ui.t("room_begins") : ui.t("room_empty")}</p>
    </div>`;
  }

  /** @param {"before" | "after"} which */
  edge(which) {
    const { room, ui } = this;
    const fetch = () => (which === "before" ? room.loadBefore() : room.loadAfter());
    return html`<div class="edge">
      ${room.failedPage
        ? html`<button type="button" class="btn" @click=${fetch}>${icon("retry")}${ui.t("page_failed")}</button>`
        : html`<span>${ui.t("loading")}</span>`}
    </div>`;
  }

  pill() {
    const { room, ui } = this;
    if (room.following || !room.seeded) return nothing;
    return html`<div class="to-latest">
      <button type="button" class="btn ${room.newCount ? "primary" : ""}" @click=${this.toNewest}>
        ${icon("down")}${room.newCount ? ui.t("n_new", { n: room.newCount }) : ui.t("to_newest")}
      </button>
    </div>`;
  }

  get scroller() {
    return /** @type {HTMLElement} */ (this.querySelector(".log"));
  }

  /** Looked for among the children, not in all that the messages hold: this is asked in every frame. */
  rows() {
    const inner = /** @type {Element} */ (this.querySelector(".log-inner"));
    return /** @type {HTMLElement[]} */ ([...inner.children].filter(({ localName }) => localName === "tt-message-row"));
  }

  firstUpdated() {
    this.resized.observe(this.scroller);
    this.resized.observe(/** @type {Element} */ (this.querySelector(".log-inner")));
  }

  /** Rows draw in their own turn, just after this; what grows later reaches us through the ResizeObserver, before the paint. */
  updated() {
    const { room } = this;
    const target = room.target;
    if (target && target.times !== this.placedTarget) this.placeTarget(target);
    else if (!this.placed && room.seeded && room.unreadKnown) this.placeFirst();
    else this.rowsDrawn().then(() => this.settle());
  }

  settle() {
    if (!this.isConnected) return;
    this.hold();
    if (this.placed && this.room.following) this.markRead(); // a short room does not scroll
  }

  /** Where a reader who comes in is put: at the unread line, or at the end. */
  async placeFirst() {
    this.placed = true;
    await this.rowsDrawn();
    const line = /** @type {HTMLElement | null} */ (this.querySelector("#unread-line"));
    const { scroller, room } = this;
    if (line && scroller.scrollHeight > scroller.clientHeight) {
      const target = this.topOf(line) - scroller.clientHeight / 4;
      const end = scroller.scrollHeight - scroller.clientHeight;
      room.following = target >= end - END_PX;
      scroller.scrollTop = target;
    }
    if (room.following) scroller.scrollTop = scroller.scrollHeight;
    this.tellPlace();
    this.remember();
  }

  /** @param {{seq: number, times: number}} target */
  async placeTarget({ seq, times }) {
    this.placedTarget = times;
    this.placed = true;
    await this.rowsDrawn();
    const row = this.rows().find((candidate) => /** @type {any} */ (candidate).message.seq === seq);
    if (!row) return;
    const { scroller } = this;
    scroller.scrollTop = this.topOf(row) - (scroller.clientHeight - row.offsetHeight) / 3;
    this.tellPlace();
    this.remember();
  }

  async rowsDrawn() {
    const waiting = /** @type {any[]} */ (this.rows()).filter(({ isUpdatePending }) => isUpdatePending);
    await Promise.all(waiting.map(({ updateComplete }) => updateComplete));
  }

  /** Where an element stands in the scrolled content. @param {Element} element */
  topOf(element) {
    return element.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top + this.scroller.scrollTop;
  }

  onScroll() {
    this.tellPlace();
    this.remember();
  }

  /** Note what is first on screen, and where it stands in the content; of no use to a reader who is kept at the end. */
  remember() {
    const { scroller, room } = this;
    if (room.following) {
      this.anchor = null;
      return;
    }
    const top = scroller.getBoundingClientRect().top;
    const rows = this.rows();
    let low = 0;
    let high = rows.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (rows[middle].getBoundingClientRect().bottom > top + 1) high = middle;
      else low = middle + 1;
    }
    const row = rows[low];
    this.anchor = row ? { row, top: this.topOf(row) } : null;
  }

  /**
   * Go along with what was first on screen as far as it was moved; or stay at the end. How far the content moved is asked,
   * not where the row is on screen: the reader may have scrolled since, and is not to be taken back.
   */
  hold() {
    const { scroller, room } = this;
    if (!scroller || !this.placed) return;
    if (room.following) {
      const end = scroller.scrollHeight - scroller.clientHeight;
      if (end - scroller.scrollTop > 0.5) scroller.scrollTop = end;
      return;
    }
    if (!this.anchor?.row.isConnected) return;
    const moved = this.topOf(this.anchor.row) - this.anchor.top;
    if (Math.abs(moved) <= 0.5) return;
    scroller.scrollTop += moved;
    this.anchor.top += moved;
  }

  /** Tell the room where the reader is, and fetch what comes near. */
  tellPlace() {
    const { scroller, room } = this;
    if (!this.placed) return;
    const { scrollTop, scrollHeight, clientHeight } = scroller;
    const below = scrollHeight - clientHeight - scrollTop;
    room.setFollowing(below < END_PX);
    this.markRead();
    if (room.loading || room.failedPage) return;
    if (scrollTop < FETCH_PX && room.window.hasBefore) room.loadBefore();
    else if (below < FETCH_PX && room.window.hasAfter) room.loadAfter();
  }

  markRead() {
    const { room, scroller } = this;
    if (!scroller.checkVisibility({ visibilityProperty: true })) return; // a panel stands before it
    if (room.following) {
      room.markRead(room.window.last);
      return;
    }
    const bottom = scroller.getBoundingClientRect().bottom;
    const rows = this.rows();
    for (let index = rows.length - 1; index >= 0; index -= 1) {
      if (rows[index].getBoundingClientRect().bottom <= bottom + 4) {
        room.markRead(/** @type {any} */ (rows[index]).message.seq);
        return;
      }
    }
  }

  async toNewest() {
    this.room.goToNewest();
    this.room.setFollowing(true);
    await this.updateComplete;
    await this.rowsDrawn();
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.tellPlace();
    this.remember();
  }

  // --- keys: one row is reached by Tab, the arrows move between rows ----------------------------------------------

  /** @param {FocusEvent} event */
  onFocus(event) {
    const row = /** @type {any} */ (/** @type {Element} */ (event.target).closest("tt-message-row"));
    if (row && row.message.seq !== this.current) this.current = row.message.seq;
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const target = /** @type {Element} */ (event.target);
    if (!target.matches(".msg") || event.ctrlKey || event.metaKey || event.altKey) return;
    const articles = /** @type {HTMLElement[]} */ ([...this.querySelectorAll(".msg")]);
    const index = articles.indexOf(/** @type {HTMLElement} */ (target));
    /** @type {Record<string, number>} */
    const moves = { ArrowUp: index - 1, ArrowDown: index + 1, PageUp: index - 8, PageDown: index + 8, Home: 0, End: articles.length - 1 };
    if (event.key in moves) {
      event.preventDefault();
      const next = articles[Math.min(Math.max(0, moves[event.key]), articles.length - 1)];
      next?.focus({ preventScroll: true });
      next?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Escape") {
      /** @type {HTMLElement | null} */ (this.closest("main")?.querySelector("form.composer textarea"))?.focus();
    }
  }
}

define("tt-message-log", TtMessageLog);
