/** `<tt-pins-panel>`: what staff pinned in this room, newest first. Those not held are fetched one by one. */
import { html } from "lit";
import { plain } from "../text/markdown.js";
import { brief } from "../text/times.js";
import { emptyTable, icon } from "./icons.js";
import { Light, define } from "./light.js";
import { avatar } from "./person.js";
import "../lang/en_later.js";

export class TtPinsPanel extends Light {
  static properties = { ui: { attribute: false }, room: { attribute: false } };

  constructor() {
    super();
    /** @type {import("./ui.js").Ui} */
    this.ui = /** @type {any} */ (null);
    /** @type {import("../model/room.js").RoomModel} */
    this.room = /** @type {any} */ (null);
    /** @type {Map<number, any>} */
    this.fetched = new Map();
  }

  willUpdate() {
    this.watch.only(this.room, this.ui.catalogue);
    for (const seq of this.room.state?.pins ?? []) if (!this.room.get(seq)) this.fetch(seq);
  }

  render() {
    const { ui, room } = this;
    const { t } = ui;
    const pins = [...(room.state?.pins ?? [])].reverse();
    return html`<header class="panel-head"><h2 id="panel-title">${t("pins")}</h2>
        <button type="button" class="icon-btn" aria-label=${t("close_panel")} title=${t("close_panel")} @click=${() => ui.panel(null)}>${icon("close")}</button></header>
      <div class="panel-body" tabindex="0" role="region" aria-label=${t("pins")}>
        ${pins.length ? html`<ol>${pins.map((seq) => this.pin(seq))}</ol>` : html`<div class="empty">${emptyTable}<p>${t("no_pins")}</p></div>`}
      </div>`;
  }

  /** @param {number} seq */
  pin(seq) {
    const { ui, room } = this;
    const { cohort } = room;
    const message = room.get(seq) ?? this.fetched.get(seq);
    if (!message) return html`<li class="status-line">${ui.t("loading")}</li>`;
    return html`<li><a class="hit" href=${ui.href(`/room/${room.id}/${seq}`)}>
      <span class="meta">${avatar(cohort, message.by, "tiny")}<b><bdi>${cohort.nameOf(message.by)}</bdi></b><span>${brief(message.at, Date.now(), ui.catalogue.lang)}</span></span>
      <p dir="auto">${plain(message.text, 240)}</p></a></li>`;
  }

  /** @param {number} seq */
  async fetch(seq) {
    if (this.fetched.has(seq)) return;
    this.fetched.set(seq, null);
    try {
      const found = /** @type {any} */ (await this.room.client.api.message(this.room.id, seq));
      this.fetched.set(seq, found.message ?? found);
      this.requestUpdate();
    } catch {
      this.fetched.delete(seq); // tried again when the panel is drawn next
    }
  }
}

define("tt-pins-panel", TtPinsPanel);
