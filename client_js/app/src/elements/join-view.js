/** `<tt-join-view>`: who came by an invite link says a name and a hope, and is in. */
import { Api } from "../../../sdk/index.js";
import { html, nothing } from "lit";
import { mark } from "./icons.js";
import { Light, define } from "./light.js";
import "../lang/en_later.js";

export class TtJoinView extends Light {
  static properties = { ui: { attribute: false }, url: {}, invite: {}, why: {}, busy: { state: true }, error: { state: true } };

  constructor() {
    super();
    /** @type {import("./ui.js").Ui} */
    this.ui = /** @type {any} */ (null);
    this.url = "";
    /** @type {string | null} */
    this.invite = null;
    /** @type {string | null} why we are here and not inside: a code */
    this.why = null;
    this.busy = false;
    /** @type {any} */
    this.error = null;
  }

  willUpdate() {
    this.watch.only(this.ui.catalogue, this.ui.settings);
  }

  render() {
    const { t } = this.ui;
    return html`<div class="centred"><div class="join-card">
      <div>
        ${mark}
        <h1>${t(this.invite ? "join_title" : "need_invite_title")}</h1>
        <p class="lead">${t(this.invite ? "join_lead" : "need_invite")}</p>
        ${this.why ? html`<p class="error-text" role="alert">${this.ui.catalogue.closed(this.why)}</p>` : nothing}
      </div>
      ${this.invite ? this.form() : this.paste()}
      <div class="join-foot">${this.languages()}<button type="button" class="link-btn" @click=${this.otherTheme}>${t(this.ui.settings.shade === "dark" ? "theme_light" : "theme_dark")}</button></div>
    </div></div>`;
  }

  form() {
    const { t } = this.ui;
    return html`<form @submit=${this.onSubmit}>
      <div class="field"><label for="join-name">${t("your_name")}</label>
        <input id="join-name" name="name" required maxlength="60" autocomplete="name" dir="auto" aria-describedby="join-name-hint" />
        <span class="hint" id="join-name-hint">${t("your_name_hint")}</span></div>
      <div class="field"><label for="join-goal">${t("goal")} <span class="muted">(${t("optional")})</span></label>
        <textarea id="join-goal" name="goal" rows="2" maxlength="200" dir="auto" aria-describedby="join-goal-hint"></textarea>
        <span class="hint" id="join-goal-hint">${t("goal_hint")}</span></div>
      ${this.error ? html`<p class="error-text" role="alert">${this.ui.catalogue.refusal(this.error)}</p>` : nothing}
      <button class="btn primary" type="submit" aria-disabled=${this.busy ? "true" : nothing}>${t(this.busy ? "joining" : "join")}</button>
    </form>`;
  }

  /** Someone who has a link but not here can paste it. */
  paste() {
    const { t } = this.ui;
    return html`<form @submit=${this.onPaste}>
      <div class="field"><label for="join-link">${t("paste_link")}</label>
        <input id="join-link" name="link" required autocomplete="off" inputmode="url" placeholder="https://…/join#invite=…" /></div>
      ${this.error ? html`<p class="error-text" role="alert">${this.ui.catalogue.refusal(this.error)}</p>` : nothing}
      <button class="btn primary" type="submit">${t("go_on")}</button>
    </form>`;
  }

  languages() {
    const { settings } = this.ui;
    const other = settings.lang === "es" ? ["en", "English"] : ["es", "Español"];
    return html`<button type="button" class="link-btn" lang=${other[0]} @click=${() => settings.set({ lang: other[0] })}>${other[1]}</button>`;
  }

  otherTheme() {
    const { settings } = this.ui;
    settings.set({ theme: settings.shade === "dark" ? "light" : "dark" });
  }

  /** @param {SubmitEvent} event */
  onPaste(event) {
    event.preventDefault();
    const link = String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get("link") ?? "").trim();
    const invite = /invite=([^&\s]+)/.exec(link)?.[1] ?? (/^[\w.-]{8,}$/.test(link) ? link : null);
    this.error = invite ? null : { code: "invite_invalid" };
    if (invite) this.invite = decodeURIComponent(invite);
  }

  /** @param {SubmitEvent} event */
  async onSubmit(event) {
    event.preventDefault();
    if (this.busy) return;
    const said = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const goal = String(said.get("goal") ?? "").trim();
    this.busy = true;
    this.error = null;
    try {
      const api = new Api({ url: this.url });
      const joined = await api.join({ invite: this.invite ?? "", name: String(said.get("name")).trim(), ...(goal ? { goal } : {}) });
      this.dispatchEvent(new CustomEvent("joined", { detail: joined }));
    } catch (error) {
      this.error = error;
    } finally {
      this.busy = false;
    }
  }
}

define("tt-join-view", TtJoinView);
