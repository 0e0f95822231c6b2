/**
 * `<tt-message-row>`: one message. It draws again only when one of its properties is another object than before, which
 * is why the log hands it the message, its tally and my reactions one by one.
 */
import { html, nothing } from "lit";
import { clock, full } from "../text/times.js";
import { icon } from "./icons.js";
import { Light, define } from "./light.js";
import { avatar, rolePill } from "./person.js";
import "./composer.js";
import "./menu.js";
import "./message-body.js";

const actions = () => import("./message-actions.js");
/** The kinds a row tells, and how loud. @type {Record<string, string>} */
const KINDS = { question: "accent", answer: "live", view: "", idea: "", resource: "", challenge: "warn", result: "live" };

export class TtMessageRow extends Light {
  static properties = {
    ui: { attribute: false }, room: { attribute: false }, message: { attribute: false }, joined: { type: Boolean },
    tally: { attribute: false }, mine: { attribute: false }, flash: { type: Number }, pinned: { type: Boolean },
    stop: { type: Boolean }, words: { type: Number }, people: { type: Number }, inThread: { type: Boolean }, open: { type: Boolean }, near: { state: true }, unfolded: { state: true }, editing: { state: true },
  };

  constructor() {
    super();
    /** @type {import("./ui.js").Ui} */
    this.ui = /** @type {any} */ (null);
    /** @type {import("../model/room.js").RoomModel} */
    this.room = /** @type {any} */ (null);
    /** @type {import("../model/types.js").Message} */
    this.message = /** @type {any} */ (null);
    this.joined = false;
    /** @type {Record<string, number> | undefined} */
    this.tally = undefined;
    /** @type {Set<string> | undefined} */
    this.mine = undefined;
    this.flash = 0;
    this.pinned = false;
    this.stop = false;
    this.words = 0;
    this.people = 0;
    this.inThread = false;
    /** Its thread is open beside. */
    this.open = false;
    this.editing = false;
    /** Pointer or focus was here: only then is it worth its more rarely used buttons. */
    this.near = false;
    /** Staff hid it, and the reader looks all the same. */
    this.unfolded = false;
    const come = () => (this.near = true);
    this.addEventListener("pointerenter", come);
    this.addEventListener("focusin", come);
  }

  render() {
    const { message, room, joined, ui } = this;
    const { cohort } = room;
    const { lang } = ui.catalogue;
    const name = cohort.nameOf(message.by);
    const toMe = !message.redacted && message.mentions.includes(cohort.me.person);
    const when = html`<a class="when" href=${ui.href(`/room/${room.id}/${message.seq}`)} title=${full(message.at, lang)} tabindex="-1"
      @click=${this.onTime}><time datetime=${new Date(message.at).toISOString()}>${clock(message.at, lang)}</time></a>`;
    return html`<article
      class="msg ${joined ? "joined" : ""} ${toMe ? "to-me" : ""} ${this.flash ? "flash" : ""}"
      data-seq=${message.seq}
      tabindex=${this.stop ? "0" : "-1"}
      aria-label=${ui.t("message_by", { name, time: clock(message.at, lang) })}
      @keydown=${this.onKey}
    >
      ${joined
        ? html`<span class="gutter-time" title=${full(message.at, lang)} aria-hidden="true">${clock(message.at, lang)}</span>`
        : avatar(cohort, message.by)}
      <div class="content">
        ${joined ? nothing : html`<div class="who"><bdi class="name">${name}</bdi>${rolePill(cohort, message.by, ui.t)}${when}${this.notes()}</div>`}
        ${this.answering()} ${this.body()} ${joined ? html`<div class="who">${this.notes()}</div>` : nothing} ${this.under()}
        ${this.threadLink()}
      </div>
      ${message.redacted || this.editing ? nothing : this.acts()}
    </article>`;
  }

  notes() {
    const { message, ui, pinned } = this;
    if (message.redacted) return nothing;
    return html`${message.revision > 0
      ? html`<button type="button" class="note" tabindex=${this.stop ? "0" : "-1"} @click=${() => this.act("showHistory")}>${ui.t("edited")}</button>` : nothing}
    ${pinned ? html`<span class="note">${icon("pin")} ${ui.t("pinned")}</span>` : nothing}
    ${message.kind && message.kind in KINDS ? html`<span class="pill ${KINDS[message.kind]}">${ui.t(`kind_${message.kind}`)}</span>` : nothing}
    ${message.held_at ? html`<span class="note">${ui.t("held_shown_later", { time: clock(message.held_at, ui.catalogue.lang) })}</span>` : nothing}
    ${message.resolved ? html`<span class="pill live">${icon("check")}${ui.t("resolved")}</span>` : nothing}`;
  }

  /** In a thread: whom a reply answers, when that is not its first message. */
  answering() {
    const { message, room, ui } = this;
    if (!this.inThread || !message.reply_to || message.reply_to === message.thread) return nothing;
    const other = room.get(message.reply_to);
    return other ? html`<div class="reply-to">${icon("reply")}<span>${ui.t("answering", { name: room.cohort.nameOf(other.by) })}</span></div>` : nothing;
  }

  body() {
    const { message, room, ui } = this;
    if (message.redacted) {
      const words = message.by_staff ? (message.reason ? ui.t("removed_by_staff_reason", { reason: message.reason }) : ui.t("removed_by_staff")) : message.by_staff === false ? ui.t("removed_by_author") : ui.t("removed");
      return html`<p class="gone">${words}</p>`;
    }
    if (message.hidden && !this.unfolded) {
      return html`<p class="gone">${ui.t("hidden_by_staff", { reason: message.hidden })}
        <button type="button" class="link-btn" tabindex=${this.stop ? "0" : "-1"} aria-expanded="false" @click=${() => (this.unfolded = true)}>${ui.t("show")}</button></p>`;
    }
    if (this.isAsked) {
      return html`<div class="asked"><tt-message-body .text=${message.text} .cohort=${room.cohort}></tt-message-body>
        <button type="button" class="link-btn" tabindex=${this.stop ? "0" : "-1"} @click=${this.showQuestion}>${ui.t("show_in_queue")}</button></div>`;
    }
    if (this.editing) {
      return html`<div class="edit-box"><tt-composer .ui=${ui} .room=${room} .editing=${message} .thread=${message.thread ?? null}
        @done=${this.stopEditing}></tt-composer></div>`;
    }
    return html`<tt-message-body .text=${message.text} .cohort=${room.cohort}></tt-message-body>`;
  }

  under() {
    const { tally, mine, room, ui, message } = this;
    const entries = Object.entries(tally ?? {}).filter(([, count]) => count > 0);
    const praise = [...Object.entries(message.endorsed ?? {}).map(([reason, n]) => ui.t(`endorsed_${reason}`, { n })), ...(message.minds_changed ? [ui.t("minds_changed", { n: message.minds_changed })] : [])];
    if (message.redacted || !(entries.length || praise.length)) return nothing;
    const may = room.cohort.canSpeak;
    const words = praise.map((word) => html`<span class="pill live">${icon("check")}${word}</span>`);
    if (!entries.length) return html`<div class="under">${words}</div>`;
    return html`<div class="under" role="group" aria-label=${ui.t("reactions")}>${words}
      ${entries.map(([emoji, count]) => {
        const on = mine?.has(emoji) ?? false;
        return html`<button type="button" class="react" aria-pressed=${on} aria-disabled=${may ? nothing : "true"}
          tabindex=${this.stop ? "0" : "-1"}
          aria-label=${ui.t(on ? "reaction_mine" : "reaction_count", { emoji, n: count })}
          @click=${() => may && this.act("react", emoji)}><span>${emoji}</span> ${count}</button>`;
      })}
    </div>`;
  }

  threadLink() {
    const { message, room, ui } = this;
    if (this.inThread || !message.replies) return nothing;
    const last = message.last_reply;
    return html`<button type="button" class="thread-link" tabindex=${this.stop ? "0" : "-1"}
      aria-expanded=${this.open} @click=${this.openThread}>
      ${icon("reply")}<span>${ui.t("replies", { n: message.replies })}</span>
      ${last ? html`<span class="muted">${ui.t("last_from", { name: room.cohort.nameOf(last.by), time: clock(last.at, ui.catalogue.lang) })}</span>` : nothing}
    </button>`;
  }

  acts() {
    const { ui, room } = this;
    const stop = this.stop ? "0" : "-1";
    const may = room.cohort.canSpeak && !room.state?.closed;
    return html`<div class="acts" role="group" aria-label=${ui.t("message_actions")}>
      ${may && this.near ? html`<tt-menu class="wide" kind="emoji" look="icon-btn small" sign="smile" button-tabindex=${stop} .label=${ui.t("react")}
        .items=${async () => (await actions()).reactionItems(this)}></tt-menu>` : nothing}
      ${this.inThread || !this.near ? nothing : html`<button type="button" class="icon-btn small wide" tabindex=${stop} aria-label=${ui.t("open_thread")}
        title=${ui.t("open_thread")} @click=${this.openThread}>${icon("reply")}</button>`}
      <tt-menu look="icon-btn small" sign="more" button-tabindex=${stop} .label=${ui.t("more_actions")} .items=${async () => (await actions()).messageItems(this)}></tt-menu>
    </div>`;
  }

  /** A question of the session here: told in one line, since it stands in the queue. */
  get isAsked() {
    return Boolean(this.message.question) && !this.inThread && this.room.state?.kind === "session";
  }

  showQuestion() {
    this.dispatchEvent(new CustomEvent("show-question", { bubbles: true, detail: this.message.question }));
  }

  openThread() {
    this.ui.panel(`thread-${this.message.thread ?? this.message.seq}`);
  }

  /** @param {MouseEvent} event */
  onTime(event) {
    if (event.ctrlKey || event.metaKey || event.button) return;
    event.preventDefault();
    this.act("copyLink");
  }

  /** What can be done with a message is fetched late. @param {"react" | "showHistory" | "copyLink" | "pickReaction" | "editMessage" | "togglePin" | "redactMessage"} what @param {string} [emoji] */
  async act(what, emoji = "") {
    (await actions())[what](this, emoji);
  }

  startEditing() {
    this.editing = true;
  }

  stopEditing() {
    this.editing = false;
    this.updateComplete.then(() => /** @type {HTMLElement} */ (this.querySelector(".msg"))?.focus({ preventScroll: true }));
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    /** @type {Record<string, () => void>} */
    const acts = {
      Enter: () => this.openThread(),
      r: () => this.act("pickReaction"),
      e: () => this.act("editMessage"),
      c: () => this.act("copyLink"),
      p: () => this.act("togglePin"),
      Delete: () => this.act("redactMessage"),
    };
    const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act || this.message.redacted) return;
    event.preventDefault();
    act();
  }
}

define("tt-message-row", TtMessageRow);
