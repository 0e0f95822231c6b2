/** `<tt-catch-up-panel>`: what is worth knowing of the session now, when somebody asks for it. */
import "../lang/en_later.js";
import { html } from "lit";
import { catchUp } from "../model/past.js";
import { catchUpList } from "./catch-up-list.js";
import { emptyTable, icon } from "./icons.js";
import { Light, define } from "./light.js";
import { PAST, wear } from "./sheets.js";

export class TtCatchUpPanel extends Light {
  static properties = { ui: { attribute: false }, cohort: { attribute: false }, room: {}, items: { state: true }, error: { state: true } };

  constructor() {
    super();
    /** @type {import("./ui.js").Ui} */
    this.ui = /** @type {any} */ (null);
    /** @type {import("../model/cohort.js").CohortModel} */
    this.cohort = /** @type {any} */ (null);
    this.room = "";
    /** @type {import("../model/past.js").CatchUpItem[] | null} */
    this.items = null;
    /** @type {any} */
    this.error = null;
  }

  connectedCallback() {
    super.connectedCallback();
    wear(this, PAST);
  }

  /** @param {Map<string, unknown>} changed */
  willUpdate(changed) {
    this.watch.only(this.ui.catalogue);
    if (changed.has("room")) this.fetch(this.room);
  }

  render() {
    const { ui, items, error } = this;
    const { t } = ui;
    return html`<header class="panel-head"><h2 id="panel-title">${t("catch_up")}</h2>
        <button type="button" class="icon-btn" aria-label=${t("close_panel")} title=${t("close_panel")} @click=${() => ui.panel(null)}>${icon("close")}</button></header>
      <div class="panel-body" tabindex="0" role="region" aria-label=${t("catch_up")}>
        ${error ? html`<p class="status-line" role="alert">${ui.catalogue.refusal(error)}</p>` : !items ? html`<p class="status-line">${t("loading")}</p>`
          : items.length ? html`<p class="status-line">${t("catch_up_short")}</p><div class="catch-up plain">${catchUpList(ui, this.room, items)}</div>` : html`<div class="empty">${emptyTable}<p>${t("catch_up_nothing")}</p></div>`}
      </div>`;
  }

  /** @param {string} room */
  async fetch(room) {
    this.items = null;
    this.error = null;
    try {
      const items = await catchUp(this.cohort.client.api, room);
      if (this.room === room) this.items = items;
    } catch (error) {
      if (this.room === room) this.error = error;
    }
  }
}

define("tt-catch-up-panel", TtCatchUpPanel);
