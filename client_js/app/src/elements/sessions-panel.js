/** `<tt-sessions-panel>`: the sessions a room has had, newest first; each leads to its reading view. */
import { html } from "lit";
import { sessionsOf } from "../model/past.js";
import { sessionPath } from "../router.js";
import { brief, elapsed } from "../text/times.js";
import { emptyTable, icon } from "./icons.js";
import { Light, define } from "./light.js";
import { PAST, wear } from "./sheets.js";
import "../lang/en_later.js";
import "../lang/en_past.js";

export class TtSessionsPanel extends Light {
  static properties = { ui: { attribute: false }, cohort: { attribute: false }, room: {}, found: { state: true }, error: { state: true } };

  constructor() {
    super();
    /** @type {import("./ui.js").Ui} */
    this.ui = /** @type {any} */ (null);
    /** @type {import("../model/cohort.js").CohortModel} */
    this.cohort = /** @type {any} */ (null);
    this.room = "";
    /** @type {import("../model/past.js").PastSession[] | null} */
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
    this.watch.only(this.ui.catalogue);
    if (changed.has("room")) this.fetch(this.room);
  }

  render() {
    const { ui, found, error } = this;
    const { t } = ui;
    return html`<header class="panel-head"><h2 id="panel-title">${t("past_sessions")}</h2>
        <button type="button" class="icon-btn" aria-label=${t("close_panel")} title=${t("close_panel")} @click=${() => ui.panel(null)}>${icon("close")}</button></header>
      <div class="panel-body" tabindex="0" role="region" aria-label=${t("past_sessions")}>
        ${error ? html`<p class="status-line" role="alert">${ui.catalogue.refusal(error)}</p>` : !found ? html`<p class="status-line">${t("loading")}</p>`
          : found.length ? html`<ol>${found.map((past) => this.session(past))}</ol>` : html`<div class="empty">${emptyTable}<p>${t("no_past_sessions")}</p></div>`}
      </div>`;
  }

  /** @param {import("../model/past.js").PastSession} past */
  session(past) {
    const { ui, cohort, room } = this;
    const { t, catalogue } = ui;
    return html`<li><a class="hit" href=${ui.href(sessionPath(cohort.id, room, past.session))}>
      <span class="meta"><span>${brief(past.opened_at, Date.now(), catalogue.lang)}</span>${past.closed_at === null
        ? html`<span class="pill live">${t("session_runs")}</span>` : html`<span>${elapsed(past.closed_at - past.opened_at, true)}</span>`}</span>
      <p dir="auto"><b>${past.title || t("session_untitled")}</b></p>
      <p class="muted"><small>${t("session_numbers", { questions: past.questions, answered: past.answered })}</small></p></a></li>`;
  }

  /** @param {string} room */
  async fetch(room) {
    this.found = null;
    this.error = null;
    try {
      const found = [...(await sessionsOf(this.cohort.client.api, room))].sort((a, b) => b.session - a.session);
      if (this.room === room) this.found = found;
    } catch (error) {
      if (this.room === room) this.error = error;
    }
  }
}

define("tt-sessions-panel", TtSessionsPanel);
