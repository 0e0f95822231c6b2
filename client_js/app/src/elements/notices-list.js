/** `<tt-notices>`: the notices at the foot of the page. The two live regions are always there, or nothing is spoken. */
import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { icon } from "./icons.js";
import { Light, define } from "./light.js";

export class TtNotices extends Light {
  static properties = { ui: { attribute: false } };

  constructor() {
    super();
    /** @type {import("./ui.js").Ui} */
    this.ui = /** @type {any} */ (null);
  }

  willUpdate() {
    this.watch.only(this.ui.notices, this.ui.catalogue);
  }

  render() {
    const { list } = this.ui.notices;
    return html`<div class="notices">
      <div role="alert">${this.entries(list.filter(({ role }) => role === "alert"))}</div>
      <div role="status">${this.entries(list.filter(({ role }) => role === "status"))}</div>
    </div>`;
  }

  /** @param {import("../model/notices.js").Notice[]} list */
  entries(list) {
    const { ui } = this;
    return repeat(list, ({ id }) => id, ({ id, text, action, act }) => html`<div class="notice"><span>${text}</span>
      ${action ? html`<button type="button" class="link-btn" @click=${() => { act?.(); ui.notices.close(id); }}>${action}</button>` : nothing}
      <button type="button" class="icon-btn" aria-label=${ui.t("close")} @click=${() => ui.notices.close(id)}>${icon("close")}</button></div>`);
  }
}

define("tt-notices", TtNotices);
