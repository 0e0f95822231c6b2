/** `<tt-dialogs>`: the one dialog that is open, if any: a question with fields, the keys, a message's history, an invite. */
import { html, nothing } from "lit";
import { full } from "../text/times.js";
import { icon } from "./icons.js";
import { Light, define } from "./light.js";
import { keyPart, keyTable } from "./keys.js";
import "./message-body.js";
import "../lang/en_later.js";

/** @typedef {import("./ui.js").Question} Question */

export class TtDialogs extends Light {
  static properties = { ui: { attribute: false }, cohort: { attribute: false }, shown: { state: true } };

  constructor() {
    super();
    /** @type {import("./ui.js").Ui} */
    this.ui = /** @type {any} */ (null);
    /** @type {import("../model/cohort.js").CohortModel | null} */
    this.cohort = null;
    /** @type {{name: string, data: any} | null} */
    this.shown = null;
    /** @type {((values: Record<string, string> | null) => void) | null} */
    this.answer = null;
  }

  /** @param {string} name @param {any} [data] */
  async show(name, data) {
    this.shown = { name, data };
    await this.updateComplete;
    const dialog = /** @type {HTMLDialogElement} */ (this.querySelector("dialog"));
    if (!dialog.open) dialog.showModal();
  }

  /** @param {Question} question @returns {Promise<Record<string, string> | null>} null when it was closed */
  ask(question) {
    this.answer?.(null);
    return new Promise((resolve) => {
      this.answer = resolve;
      this.show("ask", question);
    });
  }

  close() {
    this.querySelector("dialog")?.close();
  }

  onClose() {
    this.shown = null;
    const { answer } = this;
    this.answer = null;
    answer?.(null);
  }

  /** A click beside the sheet closes it. @param {MouseEvent} event */
  onBackdrop(event) {
    if (event.target === event.currentTarget) this.close();
  }

  render() {
    const wide = this.shown?.name === "help" || this.shown?.name === "keys" ? "wide" : "";
    return html`<dialog class="sheet ${wide}" aria-labelledby="sheet-title" @close=${this.onClose} @click=${this.onBackdrop}>
      ${this.shown ? html`<div class="sheet-in">${this.content(this.shown)}</div>` : nothing}
    </dialog>`;
  }

  /** @param {{name: string, data: any}} shown */
  content({ name, data }) {
    switch (name) {
      case "ask":
        return this.question(data);
      case "help":
        return html`${this.head(this.ui.t("help_title"))}${keyTable(this.ui.t)}`;
      case "keys":
        return html`${this.head(data.title)}${data.parts.map(keyPart)}`;
      case "history":
        return this.history(data);
      case "ledger":
        return this.ledger(data);
      case "invite":
        return this.invite(data);
      default:
        return nothing;
    }
  }

  /** @param {string} title */
  head(title) {
    return html`<header>
      <h2 id="sheet-title">${title}</h2>
      <button type="button" class="icon-btn" aria-label=${this.ui.t("close")} @click=${this.close}>${icon("close")}</button>
    </header>`;
  }

  /** @param {Question} question */
  question({ title, lead, fields, confirm, danger }) {
    return html`${this.head(title)}${lead ? html`<p>${lead}</p>` : nothing}
      <form class="sheet-in" @submit=${this.onSubmit}>
        ${fields.map((field, index) => this.field(field, index === 0))}
        <div class="actions">
          <button type="button" class="btn quiet" @click=${this.close}>${this.ui.t("cancel")}</button>
          <button type="submit" class="btn ${danger ? "danger" : "primary"}">${confirm}</button>
        </div>
      </form>`;
  }

  /** @param {import("./ui.js").Field} field @param {boolean} first */
  field({ name, label, type = "text", value = "", hint, required, charsMax, min, max, options }, first) {
    const id = `ask-${name}`;
    const common = { id, name };
    return html`<div class="field">
      <label for=${id}>${label}</label>
      ${type === "select"
        ? html`<select id=${common.id} name=${name} ?autofocus=${first}>
            ${(options ?? []).map(([option, words]) => html`<option value=${option} ?selected=${option === value}>${words}</option>`)}
          </select>`
        : type === "textarea"
          ? html`<textarea id=${id} name=${name} rows="3" ?required=${required} maxlength=${charsMax ?? nothing} ?autofocus=${first} .value=${value}></textarea>`
          : html`<input id=${id} name=${name} type=${type} ?required=${required} maxlength=${charsMax ?? nothing} min=${min ?? nothing}
              max=${max ?? nothing} ?autofocus=${first} .value=${value} autocomplete="off" />`}
      ${hint ? html`<span class="hint">${hint}</span>` : nothing}
    </div>`;
  }

  /** @param {SubmitEvent} event */
  onSubmit(event) {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(/** @type {HTMLFormElement} */ (event.target)));
    const { answer } = this;
    this.answer = null;
    this.close();
    answer?.(/** @type {Record<string, string>} */ (values));
  }

  /** @param {{revisions: {text: string, at: number, revision: number}[]}} data */
  history({ revisions }) {
    const { lang } = this.ui.catalogue;
    return html`${this.head(this.ui.t("history_title"))}
      <div>
        ${revisions.map(({ text, at }) => html`<div class="revision">
          ${at ? html`<small>${full(at, lang)}</small>` : nothing}
          <tt-message-body .text=${text} .cohort=${this.cohort}></tt-message-body>
        </div>`)}
      </div>`;
  }

  /** @param {import("../../../sdk/ledger.js").Ledger} ledger */
  ledger({ dismissed, ...sums }) {
    const { t } = this.ui;
    return html`${this.head(t("ledger_title"))}<p>${t("ledger_lead")}</p>
      <table class="ledger-table"><tbody>${Object.entries(sums).map(([name, n]) => html`<tr><th scope="row">${t(`ledger_${name}`)}</th><td>${n}</td></tr>
`)}
        ${Object.entries(dismissed).map(([reason, n]) => html`<tr><th scope="row">${t("dismissed_because", { reason: t(`reason_${reason}`) })}</th><td>${n}</td></tr>`)}</tbody></table>`;
  }

  /** @param {{link: string, role: string, expires_at?: number}} invite */
  invite({ link, role, expires_at }) {
    const { t, catalogue, copy } = this.ui;
    return html`${this.head(t("invite_ready"))}
      <p>${t("invite_lead", { role: t(`role_${role}`) })} ${expires_at ? t("invite_until", { date: full(expires_at, catalogue.lang) }) : ""}</p>
      <div class="copy-line">
        <input readonly aria-label=${t("invite_link")} .value=${link} @focus=${(/** @type {FocusEvent} */ event) => /** @type {HTMLInputElement} */ (event.target).select()} />
        <button type="button" class="btn primary" autofocus @click=${() => copy(link)}>${t("copy")}</button>
      </div>`;
  }
}

define("tt-dialogs", TtDialogs);
