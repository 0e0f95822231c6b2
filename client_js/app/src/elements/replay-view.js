/** `<tt-replay-view>`: a past session, to be read and played: its head, its time, and the stage. */
import { html, nothing } from "lit";
import { exportSession } from "../model/past.js";
import { sessionPath } from "../router.js";
import { day } from "../text/times.js";
import { emptyTable, icon } from "./icons.js";
import { Light, define } from "./light.js";
import { PAST, SESSION, wear } from "./sheets.js";
import { download } from "./room-actions.js";
import "./menu.js";
import "./replay-stage.js";
import "./replay-time.js";
import "../lang/en_past.js";

const FORMATS = /** @type {const} */ ([["markdown", "md"], ["html", "html"], ["jsonl", "jsonl"]]);

export class TtReplayView extends Light {
  static properties = { ui: { attribute: false }, cohort: { attribute: false }, replay: { attribute: false }, panel: {}, sought: { type: Number } };

  constructor() {
    super();
    /** @type {import("./ui.js").Ui} */
    this.ui = /** @type {any} */ (null);
    /** @type {import("../model/cohort.js").CohortModel} */
    this.cohort = /** @type {any} */ (null);
    /** @type {import("../model/replay.js").ReplayModel} */
    this.replay = /** @type {any} */ (null);
    /** @type {string | null} */
    this.panel = null;
    /** @type {number | null} the entry that a link led to */
    this.sought = null;
    /** How far it was when it was drawn last. */
    this.status = "";
  }

  connectedCallback() {
    super.connectedCallback();
    wear(this, SESSION, PAST);
  }

  willUpdate() {
    // The clock ticks: what watches it are the parts that show it.
    this.watch.only(this.replay.stage, this.cohort, this.ui.catalogue);
  }

  /** @param {Map<string, unknown>} changed */
  updated(changed) {
    if (changed.has("sought") || this.status !== this.replay.status) this.stage?.went(this.sought);
    this.status = this.replay.status;
  }

  get stage() {
    return /** @type {import("./replay-stage.js").TtReplayStage | null} */ (this.querySelector("tt-replay-stage"));
  }

  render() {
    const { replay, ui } = this;
    if (replay.status === "failed") {
      return html`<div class="empty">${emptyTable}<h1>${ui.t("replay_failed")}</h1><p>${ui.catalogue.refusal(replay.failure)}</p>
        <a class="btn" href=${ui.href(`/room/${replay.room}`)}>${ui.t("replay_to_room")}</a></div>`;
    }
    return html`${this.head()}${replay.status === "loading"
      ? html`<p class="empty" role="status">${ui.t("loading")}</p>`
      : html`<tt-replay-time .ui=${ui} .replay=${replay} @sought=${this.onSought}></tt-replay-time>
          <tt-replay-stage .ui=${ui} .cohort=${this.cohort} .replay=${replay}></tt-replay-stage>`}`;
  }

  head() {
    const { replay, ui, cohort, panel } = this;
    const { t, catalogue } = ui;
    const room = cohort.listed.find((listed) => listed.room === replay.room)?.name ?? replay.state.name ?? "";
    const title = replay.state.session?.title;
    return html`<div class="room-head">
      <a class="icon-btn" href=${ui.href(`/room/${replay.room}`)} aria-label=${t("replay_to_room")} title=${t("replay_to_room")}>${icon("back")}</a>
      <div class="title"><h1><bdi>${title || room || t("loading")}</bdi></h1>
        <div class="topic"><span class="pill">${icon("history")}${t("replay_past")}</span>${replay.openedAt ? html`<span>${day(replay.openedAt, Date.now(), catalogue.lang, t)}</span>` : nothing}${title ? html`<bdi>${room}</bdi>` : nothing}</div></div>
      <button type="button" class="icon-btn" aria-label=${t("replay_copy")} title=${t("replay_copy")} @click=${this.copy}>${icon("link")}</button>
      <button type="button" class="icon-btn" aria-pressed=${panel === "resources"} aria-label=${t("resources")} title=${t("resources")} @click=${() => ui.panel(panel === "resources" ? null : "resources")}>${icon("book")}</button>
      <tt-menu sign="download" .label=${t("replay_export")} .items=${() => this.exports()}></tt-menu>
    </div>`;
  }

  /** @returns {import("./menu.js").Item[]} */
  exports() {
    const { ui, replay } = this;
    return FORMATS.map(([format, ending]) => ({
      label: ui.t(`replay_export_${format}`),
      icon: "download",
      act: () => void download(ui, () => exportSession(this.cohort.client.api, replay.room, format, replay.session), `${replay.room}-${replay.session}.${ending}`),
    }));
  }

  copy() {
    const { replay, cohort, ui } = this;
    ui.copy(new URL(ui.href(sessionPath(cohort.id, replay.room, replay.session, { t: replay.position })), location.href).href);
  }

  /** @param {CustomEvent} event */
  onSought(event) {
    this.stage?.went(event.detail ?? null);
  }
}

define("tt-replay-view", TtReplayView);
