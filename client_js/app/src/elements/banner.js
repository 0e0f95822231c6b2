/** `<tt-banner>`: says when we are cut off, and how much of mine waits to be sent. */
import { html, nothing } from "lit";
import { icon } from "./icons.js";
import { Light, define } from "./light.js";

/** A cut shorter than this is not worth a word. */
const PATIENCE_MS = 1_500;

export class TtBanner extends Light {
  static properties = { ui: { attribute: false }, cohort: { attribute: false }, late: { state: true } };

  constructor() {
    super();
    /** @type {import("./ui.js").Ui} */
    this.ui = /** @type {any} */ (null);
    /** @type {import("../model/cohort.js").CohortModel} */
    this.cohort = /** @type {any} */ (null);
    this.late = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  willUpdate() {
    this.watch.only(this.cohort, this.ui.catalogue);
    const { state, online } = this.cohort.status;
    // What the browser says of the network is a hint only: a server on this machine answers without one.
    const cut = state !== "live" || (online === false && this.cohort.queued.length > 0);
    if (cut && !this.timer) this.timer = setTimeout(() => (this.late = true), state !== "live" && online === false ? 0 : PATIENCE_MS);
    if (!cut) {
      clearTimeout(this.timer);
      this.timer = undefined;
      this.late = false;
    }
  }

  render() {
    const { cohort, ui } = this;
    const queued = cohort.queued.length;
    return html`<div role="status">${this.late
      ? html`<div class="banner">${icon("cloud")}<span>${ui.t(cohort.status.online === false ? "offline" : "reconnecting")}${queued ? ` · ${ui.t("n_queued", { n: queued })}` : ""}</span>
          <span class="grow"></span><button type="button" class="link-btn" @click=${() => cohort.client.open()}>${ui.t("try_now")}</button></div>`
      : nothing}</div>`;
  }
}

define("tt-banner", TtBanner);
