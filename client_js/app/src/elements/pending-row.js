/** `<tt-pending-row>`: a message of mine on its way: sending, waiting for its turn, or failed with what can be done. */
import { html, nothing } from "lit";
import { clock, span } from "../text/times.js";
import { icon } from "./icons.js";
import { Light, define } from "./light.js";
import { avatar } from "./person.js";
import "./message-body.js";

export class TtPendingRow extends Light {
  static properties = { ui: { attribute: false }, room: { attribute: false }, post: { attribute: false }, state: {} };

  constructor() {
    super();
    /** @type {import("./ui.js").Ui} */
    this.ui = /** @type {any} */ (null);
    /** @type {import("../model/room.js").RoomModel} */
    this.room = /** @type {any} */ (null);
    /** @type {any} a Pending of the SDK */
    this.post = null;
    this.state = "";
  }

  willUpdate() {
    this.watch.only(this.room.cohort, this.ui.catalogue);
  }

  render() {
    const { ui, room, post } = this;
    const { cohort } = room;
    const failed = post.state === "refused";
    return html`<article class="msg pending ${failed ? "failed" : ""}" tabindex="-1" aria-label=${ui.t("my_message", { state: this.words() })}>
      ${avatar(cohort, cohort.me.person)}
      <div class="content">
        <div class="who"><bdi class="name">${cohort.me.name}</bdi><span class="when">${clock(post.at, ui.catalogue.lang)}</span></div>
        <tt-message-body .text=${post.command.text} .cohort=${cohort}></tt-message-body>
        <div class="under">
          <span class="send-state">${icon(failed ? "close" : "clock")}${this.words()}</span>
          ${failed
            ? html`<button type="button" class="link-btn" @click=${() => post.retry()}>${ui.t("retry")}</button>
                <button type="button" class="link-btn" @click=${() => this.discard()}>${ui.t("discard")}</button>`
            : post.state === "queued" && post.refusal
              ? html`<button type="button" class="link-btn" @click=${() => this.discard()}>${ui.t("discard")}</button>` : nothing}
        </div>
      </div>
    </article>`;
  }

  words() {
    const { ui, post, room } = this;
    if (post.state === "refused") return ui.t("failed", { why: ui.catalogue.refusal(post.refusal) });
    if (post.refusal) {
      const wait = post.retryAt ? span(post.retryAt - Date.now(), ui.catalogue.lang) : "";
      return ui.t("goes_again", { why: ui.catalogue.refusal(post.refusal), wait });
    }
    const { state, online } = room.client.status;
    return ui.t(state === "live" && online !== false ? "sending" : "queued_offline");
  }

  discard() {
    this.post.cancel();
    this.room.changed();
  }
}

define("tt-pending-row", TtPendingRow);
