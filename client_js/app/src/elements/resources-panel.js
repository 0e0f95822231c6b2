/** `<tt-resources-panel>`: the shelf of a room: links that were shared in it, newest first, each with who said it when. */
import { html } from "lit";
import { resources } from "../model/past.js";
import { plain } from "../text/markdown.js";
import { brief } from "../text/times.js";
import { emptyTable, icon } from "./icons.js";
import { Light, define } from "./light.js";
import { PAST, wear } from "./sheets.js";
import { avatar } from "./person.js";
import "../lang/en_later.js";
import "../lang/en_past.js";

export class TtResourcesPanel extends Light {
  static properties = { ui: { attribute: false }, cohort: { attribute: false }, room: {}, found: { state: true }, error: { state: true } };

  constructor() {
    super();
    /** @type {import("./ui.js").Ui} */
    this.ui = /** @type {any} */ (null);
    /** @type {import("../model/cohort.js").CohortModel} */
    this.cohort = /** @type {any} */ (null);
    this.room = "";
    /** @type {import("../model/past.js").Resource[] | null} */
    this.found = null;
    /** @type {any} */
    this.error = null;
  }

  connectedCallback() {
    super.connectedCallback();
    wear(this, PAST);
  }

  /** @param {Map<string, unknown>} changed */
  willUpdate(changed) {
    this.watch.only(this.cohort, this.ui.catalogue);
    if (changed.has("room")) this.fetch(this.room);
  }

  render() {
    const { ui, found, error } = this;
    const { t } = ui;
    return html`<header class="panel-head"><h2 id="panel-title">${t("resources")}</h2>
        <button type="button" class="icon-btn" aria-label=${t("close_panel")} title=${t("close_panel")} @click=${() => ui.panel(null)}>${icon("close")}</button></header>
      <div class="panel-body" tabindex="0" role="region" aria-label=${t("resources")}>
        ${error ? html`<p class="status-line" role="alert">${ui.catalogue.refusal(error)}</p>` : !found ? html`<p class="status-line">${t("loading")}</p>`
          : found.length ? html`<p class="status-line">${t("resources_lead")}</p><ol class="shelf">${found.map((one) => this.resource(one))}</ol>` : html`<div class="empty">${emptyTable}<p>${t("no_resources")}</p></div>`}
      </div>`;
  }

  /** @param {import("../model/past.js").Resource} one */
  resource({ links, message, by, at, text }) {
    const { ui, cohort, room } = this;
    const { lang } = ui.catalogue;
    return html`<li>${links.filter((link) => WEB.test(link)).map((link) => html`<a class="link" href=${link} target="_blank" rel="noopener noreferrer nofollow" dir="ltr">${shown(link)}</a>`)}
      <a class="hit" href=${ui.href(`/room/${room}/${message}`)}>
        <span class="meta">${avatar(cohort, by, "tiny")}<b><bdi>${cohort.nameOf(by)}</bdi></b><span>${brief(at, Date.now(), lang)}</span></span>
        <p dir="auto">${plain(text, 160)}</p></a></li>`;
  }

  /** @param {string} room */
  async fetch(room) {
    this.found = null;
    this.error = null;
    try {
      const found = await resources(this.cohort.client.api, room);
      if (this.room === room) this.found = found;
    } catch (error) {
      if (this.room === room) this.error = error;
    }
  }
}

/** Whatever else was shared leads nowhere from here. */
const WEB = /^https?:\/\//i;

/** An address without what every address has. @param {string} url */
const shown = (url) => url.replace(/^https?:\/\/(www\.)?/, "").replace(/\/$/, "");

define("tt-resources-panel", TtResourcesPanel);
