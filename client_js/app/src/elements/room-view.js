/** `<tt-room-view>`: a room in the middle of the page: its head, the log, who is typing, the composer. */
import { html, nothing } from "lit";
import { plain } from "../text/markdown.js";
import { icon } from "./icons.js";
import { fetchSession } from "./later.js";
import { Light, define } from "./light.js";
import { avatar } from "./person.js";
import "./composer.js";
import "./menu.js";
import "./message-log.js";

const HEADS_MAX = 4;

export class TtRoomView extends Light {
  static properties = { ui: { attribute: false }, cohort: { attribute: false }, room: { attribute: false }, panel: {}, beside: { type: Boolean } };

  constructor() {
    super();
    /** @type {import("./ui.js").Ui} */
    this.ui = /** @type {any} */ (null);
    /** @type {import("../model/cohort.js").CohortModel} */
    this.cohort = /** @type {any} */ (null);
    /** @type {import("../model/room.js").RoomModel} */
    this.room = /** @type {any} */ (null);
    /** @type {string | null} */
    this.panel = null;
    /** There is room for the queue of a session beside. */
    this.beside = false;
  }

  willUpdate() {
    this.watch.only(this.room, this.cohort, this.ui.catalogue);
  }

  render() {
    const { room, ui } = this;
    if (room.followed.status === "denied") {
      return html`<div class="empty"><h1>${ui.t("room_denied")}</h1><p>${ui.catalogue.refusal({ code: room.followed.code ?? "unknown_room" })}</p>
        <a class="btn" href=${ui.href(`/c/${this.cohort.id}`)}>${ui.t("to_all_rooms")}</a></div>`;
    }
    const { kind, parent } = room.state ?? {};
    if (this.localName === "tt-room-view" && (kind === "session" || parent)) {
      fetchSession();
      return html`<tt-session-view .ui=${ui} .cohort=${this.cohort} .room=${room} .panel=${this.panel} .beside=${this.beside}></tt-session-view>`;
    }
    return html`${this.head()}${this.pins()}
      <tt-message-log .ui=${ui} .room=${room}></tt-message-log>
      <tt-typing-line .ui=${ui} .room=${room} .thread=${null}></tt-typing-line>
      <tt-composer .ui=${ui} .room=${room} .thread=${null} @posted=${this.onPosted}></tt-composer>`;
  }

  head() {
    const { room, ui } = this;
    return html`<div class="room-head">
      ${this.back()}
      <div class="title">
        <h1><bdi>${room.state?.name ?? ui.t("loading")}</bdi></h1>
        ${this.facts()}
      </div>
      ${this.heads(HEADS_MAX)}${this.searchButton()}${this.menu(() => [])}
    </div>`;
  }

  back() {
    const { ui, cohort } = this;
    return ui.embedded ? nothing : html`<a class="icon-btn phone-only" href=${ui.href(`/c/${cohort.id}`)} aria-label=${ui.t("to_all_rooms")}>${icon("back")}</a>`;
  }

  /** Who is here. @param {number} max of so many a picture */
  heads(max) {
    const { room, ui, cohort, panel } = this;
    const { t } = ui;
    const { presence } = room;
    const people = (presence?.people ?? []).slice(0, max);
    return presence
        ? html`<button type="button" class="heads" aria-pressed=${panel === "people"} title=${t("people")}
            @click=${() => ui.panel(panel === "people" ? null : "people")}>
            <span class="stack" aria-hidden="true">${people.map((person) => avatar(cohort, person, "small"))}</span>
            <span class="desk-only">${t("n_here", { n: presence.count })}</span><span class="phone-only">${icon("people")}<span aria-hidden="true">${presence.count}</span><span class="vh">${t("n_here", { n: presence.count })}</span></span>
          </button>`
        : nothing;
  }

  searchButton() {
    const { ui, panel } = this;
    const { t } = ui;
    return html`<button type="button" class="icon-btn" aria-pressed=${panel?.startsWith("search") ?? false} aria-label=${t("search")} title=${t("search")}
        @click=${() => ui.panel(panel?.startsWith("search") ? null : "search")}>${icon("search")}</button>`;
  }

  /** @param {() => import("./menu.js").Item[]} more what comes first in it */
  menu(more) {
    const { ui, room } = this;
    return html`<tt-menu .label=${ui.t("room_menu")} .items=${async () => [...more(), ...(await import("./room-actions.js")).roomItems(ui, room)]}></tt-menu>`;
  }

  facts() {
    const { t } = this.ui;
    const { state } = this.room;
    if (!state) return nothing;
    return html`<div class="topic">
      ${state.closed ? html`<span class="pill warn">${icon("close")}${t("closed")}</span>` : state.locked ? html`<span class="pill warn">${icon("lock")}${t("locked")}</span>` : nothing}
      ${state.slow_mode_s ? html`<span class="pill">${icon("clock")}${t("slow_n", { n: state.slow_mode_s })}</span>` : nothing}
      ${state.topic ? html`<bdi title=${state.topic}>${state.topic}</bdi>` : nothing}
    </div>`;
  }

  pins() {
    const { room, ui } = this;
    const pins = room.state?.pins ?? [];
    if (!pins.length) return nothing;
    const newest = room.window.get(pins[pins.length - 1]);
    return html`<button type="button" class="pins-strip" @click=${() => ui.panel("pins")}>
      ${icon("pin")}<span>${ui.t("n_pinned", { n: pins.length })}${newest ? html` · <bdi>${plain(newest.text, 120)}</bdi>` : nothing}</span>
    </button>`;
  }

  onPosted() {
    /** @type {any} */ (this.querySelector("tt-message-log"))?.toNewest();
  }
}

define("tt-room-view", TtRoomView);
