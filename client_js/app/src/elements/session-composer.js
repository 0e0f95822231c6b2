/**
 * `<tt-session-composer>`: the composer of a live session: what kind of thing it is, under which name, what was asked
 * already, and what a held floor or slow mode makes of it.
 */
import { html, nothing } from "lit";
import { aliasName } from "../../../sdk/alias.js";
import { sessionOf } from "../model/session.js";
import { plain } from "../text/markdown.js";
import { elapsed } from "../text/times.js";
import { TtComposer } from "./composer.js";
import { icon } from "./icons.js";
import { define } from "./light.js";
import "../lang/en_session.js";
import "./ticking.js";

const KINDS = /** @type {const} */ (["question", "view", "answer"]);
const QUESTION_CHARS_MAX = 1_000;
const SIMILAR_CHARS = 120;

export class TtSessionComposer extends TtComposer {
  static properties = { ...TtComposer.properties, onlyAsks: { type: Boolean }, kind: { state: true } };

  constructor() {
    super();
    /** @type {(typeof KINDS)[number]} */
    this.kind = "question";
    /** It stands below the queue alone. */
    this.onlyAsks = false;
  }

  get session() {
    return sessionOf(this.room);
  }

  /** What is written becomes a question in the queue. */
  get asks() {
    return !this.thread && (this.onlyAsks || this.kind === "question") && this.session.isOpen;
  }

  /** @param {Map<string, unknown>} changed */
  willUpdate(changed) {
    super.willUpdate(changed);
    this.watch.only(this.room, this.room.cohort, this.ui.catalogue, this.session, this.session.similar);
  }

  get charsMax() {
    return this.asks ? QUESTION_CHARS_MAX : super.charsMax;
  }

  placeholder() {
    const { ui } = this;
    if (this.thread || this.editing || !this.session.isOpen) return super.placeholder();
    if (this.onlyAsks) return ui.t("ask_something");
    return ui.t({ question: "ask_something", view: "say_view", answer: "say_answer" }[this.kind]);
  }

  sendWord() {
    return this.asks ? "ask" : "send";
  }

  context() {
    return html`${super.context()}${this.floor()}`;
  }

  /** While the floor is held, or a think timer runs. */
  floor() {
    const { session, ui, room } = this;
    const { floor } = session.state;
    if (!floor || !session.isOpen) return nothing;
    const { until, prompt, shown_to } = floor;
    const t = ui.t;
    const left = () => t("shown_in", { time: elapsed(/** @type {number} */ (until) - room.client.now(), true) });
    return html`<div class="floor">${icon("clock")}<div>
      ${prompt ? html`<b><bdi>${prompt}</bdi></b>` : nothing}
      <span>${t(session.kept.length ? "think_kept" : "floor_held")} ${until ? html`<tt-ticking .read=${left}></tt-ticking>` : t("shown_on_release")}
        ${shown_to === "answered" && !session.kept.length ? t("shown_after_answer") : nothing}</span>
      ${session.kept.map(({ text }) => html`<q dir="auto">${plain(text, SIMILAR_CHARS)}</q>`)}</div></div>`;
  }

  /** Above the field's tools: what was asked already. */
  alike() {
    const { session, ui } = this;
    const { found } = session.similar;
    if (!this.asks || !found.length) return nothing;
    return html`<div class="alike"><p role="status">${ui.t("similar_found", { n: found.length })}</p><ul>${found.map(({ question, text, answer }) => {
      const here = question ? session.question(question) : null;
      return html`<li><div><bdi>${plain(text, SIMILAR_CHARS)}</bdi>${answer ? html` <q dir="auto">${plain(answer, SIMILAR_CHARS)}</q>` : nothing}</div>${here && (here.status === "published" || here.status === "answering")
        ? session.hasVoted(here.question) ? html`<span class="pill live">${icon("check")}${ui.t("voted")}</span>`
          : html`<button type="button" class="btn" @click=${() => this.voteInstead(here.question)}>${ui.t("vote_instead")}</button>` : nothing}</li>`;
    })}</ul></div>`;
  }

  tools() {
    const { ui, session } = this;
    const { t } = ui;
    const kinds = this.thread || this.onlyAsks || this.editing || !session.isOpen ? nothing
      : html`<div class="seg" role="group" aria-label=${t("kind_label")}>${KINDS.map((kind) => html`<button type="button" aria-pressed=${this.kind === kind}
          @click=${() => this.choose(kind)}>${t(`kind_${kind}`)}</button>`)}</div>`;
    return html`${this.alike()}${kinds}${this.editing ? nothing : this.name()}${this.thread ? super.tools() : html`<span class="desk-tools">${super.tools()}</span>`}${this.slow()}`;
  }

  /** Under which name. */
  name() {
    const { ui, session } = this;
    const { t } = ui;
    if (session.anonymity === "off") return nothing;
    const { alias, asAlias } = session;
    const words = alias ? t("as_alias", { alias: aliasName(alias) }) : t(asAlias ? "alias_coming" : "as_an_alias");
    return html`<label class="pill alias-pick" title=${t(session.anonymity === "anonymous" ? "alias_anonymous" : "alias_explained")}>
      <input type="checkbox" .checked=${asAlias} @change=${(/** @type {Event} */ event) => session.setAsAlias(/** @type {HTMLInputElement} */ (event.target).checked)} />${words}</label>`;
  }

  slow() {
    const { session, ui } = this;
    if (!session.slowWait() || this.asks) return nothing;
    return html`<span class="left"><tt-ticking .read=${() => (session.slowWait() ? ui.t("slow_wait", { time: elapsed(session.slowWait() + 999, true) }) : "")}></tt-ticking></span>`;
  }

  /** @param {InputEvent} event */
  onInput(event) {
    super.onInput(event);
    this.session.similar.look(this.asks ? this.text : "");
  }

  /** @param {(typeof KINDS)[number]} kind */
  choose(kind) {
    this.kind = kind;
    this.session.similar.look(this.asks ? this.text : "");
  }

  /** @param {string} question */
  voteInstead(question) {
    this.session.give.vote(question, true);
    this.session.show(question);
    this.clear();
    this.field.focus({ preventScroll: true });
  }

  clear() {
    super.clear();
    this.session.similar.look("");
  }

  /** @param {string} text @param {number | null} replyTo */
  say(text, replyTo) {
    const { session } = this;
    const alias = session.asAlias && session.anonymity !== "off";
    if (this.asks) session.give.ask(text, alias);
    else this.room.post(text, replyTo, { alias, ...(session.isOpen && !this.thread ? { kind: this.kind } : {}) });
  }
}

define("tt-session-composer", TtSessionComposer);
