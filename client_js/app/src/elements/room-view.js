/** `<tt-room-view>`: a room in the middle of the page: its head, the log, who is typing, the composer. */
import { html, nothing } from "lit";
import { plain } from "../text/markdown.js";
import { icon } from "./icons.js";
import { Light, define } from "./light.js";
import { avatar } from "./person.js";
import { roomItems } from "./room-actions.js";
import "./composer.js";
import "./menu.js";
import "./message-log.js";
import "./typing-line.js";

const HEADS_MAX = 4;

export class TtRoomView extends Light {
  static properties = { ui: { attribute: false }, cohort: { attribute: false }, room: { attribute: false }, panel: {} };

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
    return html`${this.head()}${this.pins()}${room.state?.kind === "session" ? html`<tt-catch-up .ui=${ui} .room=${room}></tt-catch-up>` : nothing}
      <tt-message-log .ui=${ui} .room=${room}></tt-message-log>
      <tt-typing-line .ui=${ui} .room=${room} .thread=${null}></tt-typing-line>
      <tt-composer .ui=${ui} .room=${room} .thread=${null} @posted=${this.onPosted}></tt-composer>`;
  }

  head() {
    const { room, ui, cohort, panel } = this;
    const { t } = ui;
    const { state, presence } = room;
    const people = (presence?.people ?? []).slice(0, HEADS_MAX);
    return html`<div class="room-head">
      ${ui.embedded ? nothing : html`<a class="icon-btn phone-only" href=${ui.href(`/c/${cohort.id}`)} aria-label=${t("to_all_rooms")}>${icon("back")}</a>`}
      <div class="title">
        <h1><bdi>${state?.name ?? t("loading")}</bdi></h1>
        ${this.facts()}
      </div>
      ${presence
        ? html`<button type="button" class="heads" aria-pressed=${panel === "people"} title=${t("people")}
            @click=${() => ui.panel(panel === "people" ? null : "people")}>
            <span class="stack" aria-hidden="true">${people.map((person) => avatar(cohort, person, "small"))}</span>
            <span class="desk-only">${t("n_here", { n: presence.count })}</span><span class="phone-only">${icon("people")}<span aria-hidden="true">${presence.count}</span><span class="vh">${t("n_here", { n: presence.count })}</span></span>
          </button>`
        : nothing}
      <button type="button" class="icon-btn" aria-pressed=${panel?.startsWith("search") ?? false} aria-label=${t("search")} title=${t("search")}
        @click=${() => ui.panel(panel?.startsWith("search") ? null : "search")}>${icon("search")}</button>
      <tt-menu .label=${t("room_menu")} .items=${() => roomItems(ui, room)}></tt-menu>
    </div>`;
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
