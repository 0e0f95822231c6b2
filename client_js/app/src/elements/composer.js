/**
 * `<tt-composer>`: where one writes a message, a reply, or an edit.
 *
 * The draft is kept under the room (and thread) by the SDK, so it survives a reload. While one writes, `@` offers
 * people and `/` offers commands in a listbox that the field controls; focus stays in the field.
 */
import { html, nothing } from "lit";
import { fromWire, mentionAt, toWire } from "../text/mentions.js";
import { plain } from "../text/markdown.js";
import { wrapSelection } from "../text/selection.js";
import { icon } from "./icons.js";
import { Light, define } from "./light.js";
import { avatar } from "./person.js";
import "./message-body.js";

/** The commands are fetched when the first slash is typed. @type {typeof import("../model/slash.js") | null} */
let commands = null;
const fetchCommands = async () => (commands ??= await import("../model/slash.js"));

const SUGGESTED_MAX = 8;
const COUNTED_FROM_LEFT = 500;
let made = 0;

/** @typedef {{value: string, label: string, person?: string, does?: string, takes?: string}} Suggestion */

export class TtComposer extends Light {
  static properties = {
    ui: { attribute: false }, room: { attribute: false }, thread: { attribute: false }, editing: { attribute: false },
    answering: { attribute: false }, text: { state: true }, preview: { state: true }, suggestions: { state: true },
    chosen: { state: true }, note: { state: true },
  };

  constructor() {
    super();
    /** @type {import("./ui.js").Ui} */
    this.ui = /** @type {any} */ (null);
    /** @type {import("../model/room.js").RoomModel} */
    this.room = /** @type {any} */ (null);
    /** @type {number | null} the thread written to */
    this.thread = null;
    /** @type {import("../model/types.js").Message | null} the message that is edited */
    this.editing = null;
    /** @type {import("../model/types.js").Message | null} the one in the thread that is answered */
    this.answering = null;
    this.text = "";
    /** @type {Record<string, string>} */
    this.picked = {};
    this.preview = false;
    /** @type {Suggestion[]} */
    this.suggestions = [];
    this.chosen = 0;
    this.note = "";
    this.place = `composer-${(made += 1)}`;
  }

  get draftId() {
    return this.thread ? `${this.room.id}/${this.thread}` : this.room.id;
  }

  get charsMax() {
    return /** @type {any} */ (this.room.client.limits).text_chars_max ?? 8000;
  }

  get field() {
    return /** @type {HTMLTextAreaElement} */ (this.querySelector("textarea"));
  }

  /** @param {Map<string, unknown>} changed */
  willUpdate(changed) {
    this.watch.only(this.room, this.room.cohort, this.ui.catalogue);
    if (changed.has("room") || changed.has("thread") || changed.has("editing")) {
      const wire = this.editing ? this.editing.text : (this.room.client.draft(this.draftId) ?? "");
      ({ text: this.text, picked: this.picked } = fromWire(wire));
      this.preview = false;
      this.suggestions = [];
      this.note = "";
    }
  }

  firstUpdated() {
    if (!this.editing) return;
    this.field.focus({ preventScroll: true });
    this.field.setSelectionRange(this.text.length, this.text.length);
  }

  render() {
    const { ui, room } = this;
    const shut = this.editing ? null : this.shut();
    const tag = html`<form class="composer" aria-label=${ui.t(this.editing ? "edit_message" : this.thread ? "reply_form" : "write_form")} @submit=${this.onSubmit}>
      ${shut ? html`<div class="shut">${icon(shut.icon)}<span>${shut.words}</span></div>` : this.open()}
    </form>`;
    return room.state ? tag : nothing;
  }

  /** Why nothing can be written here, if so. */
  shut() {
    const { ui, room } = this;
    const { cohort, state } = room;
    if (!state) return null;
    if (state.closed) return { icon: "close", words: ui.t("room_is_closed") };
    if (!cohort.canSpeak) return { icon: "eye", words: ui.t("you_observe") };
    if (state.locked && !cohort.isStaff) return { icon: "lock", words: ui.t("room_is_locked") };
    return null;
  }

  open() {
    const { ui, room } = this;
    const left = this.charsMax - [...this.text].length;
    const ready = this.text.trim() !== "" && left >= 0;
    return html`${this.listbox()}
      <div class="write">
        ${this.context()}
        ${this.preview
          ? html`<div class="preview" tabindex="0" aria-label=${ui.t("preview")} role="region"><tt-message-body .text=${toWire(this.text, this.picked)} .cohort=${room.cohort}></tt-message-body></div>`
          : html`<textarea
              rows="1" dir="auto" .value=${this.text} placeholder=${this.placeholder()} aria-label=${this.placeholder()}
              aria-autocomplete="list" aria-controls="${this.place}-list"
              aria-activedescendant=${this.suggestions.length ? `${this.place}-${this.chosen}` : nothing}
              @input=${this.onInput} @keydown=${this.onKey} @blur=${this.onBlur} @click=${this.suggest}
            ></textarea><span class="ring"></span>`}
        ${this.note ? html`<p class="composer-note" role="status">${ui.t(this.note)}</p>` : nothing}
        <div class="row">${this.tools()}
          <span class="grow"></span>
          ${left < COUNTED_FROM_LEFT ? html`<span class="left ${left < 0 ? "over" : ""}">${ui.t("chars_left", { n: left })}</span>` : nothing}
          ${this.editing ? html`<button type="button" class="btn quiet" @click=${this.finish}>${ui.t("cancel")}</button>` : nothing}
          <button type="submit" class="btn primary" aria-disabled=${ready ? nothing : "true"}>${ui.t(this.editing ? "save" : this.sendWord())}</button>
        </div>
      </div>`;
  }

  context() {
    const { ui, room, answering } = this;
    if (answering) {
      return html`<div class="context"><span class="grow">${ui.t("answering", { name: room.cohort.nameOf(answering.by) })} · ${plain(answering.text, 60)}</span>
        <button type="button" class="icon-btn small" aria-label=${ui.t("answer_thread")} @click=${() => this.dispatchEvent(new CustomEvent("answer", { bubbles: true, detail: null }))}>${icon("close")}</button></div>`;
    }
    return nothing;
  }

  sendWord() {
    return "send";
  }

  placeholder() {
    const { ui, room } = this;
    if (this.editing) return ui.t("edit_message");
    if (this.thread) return ui.t("reply_in_thread");
    return ui.t("say_something", { room: room.state?.name ?? "" });
  }

  tools() {
    const { t } = this.ui;
    const tool = (/** @type {string} */ name, /** @type {string} */ before, /** @type {string} */ after, /** @type {string} */ sign) =>
      html`<button type="button" class="icon-btn small desk" aria-label=${t(name)} title=${t(name)} ?disabled=${this.preview}
        @click=${() => this.wrap(before, after)}>${icon(sign)}</button>`;
    return html`${tool("bold", "**", "**", "bold")}${tool("italic", "*", "*", "italic")}${tool("code", "`", "`", "code")}${tool("formula", "$", "$", "sigma")}
      <button type="button" class="icon-btn small" aria-pressed=${this.preview} aria-label=${t("preview")} title=${t("preview")} @click=${this.togglePreview}>${icon("eye")}</button>`;
  }

  listbox() {
    const { suggestions, room, ui } = this;
    return html`<div class="suggest" id="${this.place}-list" role="listbox" aria-label=${ui.t("suggestions")} ?hidden=${!suggestions.length}>
      ${suggestions.map((suggestion, index) => html`<div role="option" id="${this.place}-${index}" aria-selected=${index === this.chosen}
        @pointerdown=${(/** @type {Event} */ event) => event.preventDefault()} @click=${() => this.accept(index)}>
        ${suggestion.person
          ? html`${avatar(room.cohort, suggestion.person, "small")}<bdi>${suggestion.label}</bdi><small>${ui.t(`role_${room.cohort.roleOf(suggestion.person)}`)}</small>`
          : html`<code>/${suggestion.label}</code>${suggestion.takes ? html`<span class="muted">${ui.t(suggestion.takes)}</span>` : nothing}<small>${ui.t(suggestion.does ?? "")}</small>`}
      </div>`)}
    </div>`;
  }

  // --- writing --------------------------------------------------------------------------------------------------

  /** @param {InputEvent} event */
  onInput(event) {
    this.text = /** @type {HTMLTextAreaElement} */ (event.target).value;
    this.note = "";
    if (!this.editing) {
      this.room.client.draft(this.draftId, toWire(this.text, this.picked));
      // Where one may have an alias, nobody is told who types: it would unmask the next line.
      const isQuiet = (this.room.state?.anonymity ?? "off") !== "off";
      if (this.text.trim() && !this.text.startsWith("/") && !isQuiet) this.room.client.typing(this.room.id, this.thread ?? undefined);
    }
    this.suggest();
  }

  suggest() {
    const { field, room } = this;
    if (!field) return;
    const slash = !this.editing && !this.thread ? /^\/([a-z]*)$/.exec(this.text) : null;
    const mention = mentionAt(field.value, field.selectionStart);
    if (slash && !commands) fetchCommands().then(() => this.suggest(), () => {});
    this.suggestions = slash
      ? (commands?.slashFor ?? (() => []))(room.cohort, slash[1]).map(({ name, does, takes }) => ({ value: `/${name}${takes ? " " : ""}`, label: name, does, takes: takes ?? "" }))
      : mention ? this.people(mention.query) : [];
    this.chosen = 0;
  }

  /** @param {string} query @returns {Suggestion[]} */
  people(query) {
    const { cohort, presence } = this.room;
    const wanted = query.toLocaleLowerCase();
    const here = new Set(presence?.people ?? []);
    return Object.entries(cohort.members)
      .filter(([id, { name }]) => id !== cohort.me.person && name.toLocaleLowerCase().split(/\s+/).concat(name.toLocaleLowerCase()).some((part) => part.startsWith(wanted)))
      .sort(([a, { name: one }], [b, { name: two }]) => Number(here.has(b)) - Number(here.has(a)) || one.localeCompare(two))
      .slice(0, SUGGESTED_MAX)
      .map(([person, { name }]) => ({ value: name, label: name, person }));
  }

  /** @param {number} index */
  accept(index) {
    const { field } = this;
    const suggestion = this.suggestions[index];
    this.suggestions = [];
    if (!suggestion) return;
    if (!suggestion.person) {
      this.setText(suggestion.value, suggestion.value.length);
      return;
    }
    const mention = mentionAt(field.value, field.selectionStart);
    if (!mention) return;
    const taken = this.picked[suggestion.label];
    const words = taken && taken !== suggestion.person ? `@[${suggestion.label}](${suggestion.person}) ` : `@${suggestion.label} `;
    if (!taken) this.picked = { ...this.picked, [suggestion.label]: suggestion.person };
    const text = field.value.slice(0, mention.start) + words + field.value.slice(field.selectionStart);
    this.setText(text, mention.start + words.length);
  }

  /** @param {string} text @param {number} caret */
  async setText(text, caret) {
    this.text = text;
    if (!this.editing) this.room.client.draft(this.draftId, toWire(text, this.picked));
    await this.updateComplete;
    this.field?.focus({ preventScroll: true });
    this.field?.setSelectionRange(caret, caret);
  }

  /** @param {string} before @param {string} after */
  async wrap(before, after) {
    const { field } = this;
    const { text, start, end } = wrapSelection(field.value, field.selectionStart, field.selectionEnd, before, after);
    await this.setText(text, end);
    field.setSelectionRange(start, end);
  }

  async togglePreview() {
    this.preview = !this.preview;
    await this.updateComplete;
    if (!this.preview) this.field.focus({ preventScroll: true });
  }

  onBlur() {
    this.suggestions = [];
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    if (event.isComposing) return;
    if (this.suggestions.length && this.suggestionKey(event)) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (event.key === "Enter" && !event.shiftKey && !this.inFence()) {
      event.preventDefault();
      this.submit();
    } else if (event.key === "ArrowUp" && !this.text && !this.editing) {
      if (this.editLast()) event.preventDefault();
    } else if (event.key === "Escape" && this.editing) {
      event.stopPropagation();
      this.finish();
    } else if ((event.ctrlKey || event.metaKey) && (event.key === "b" || event.key === "i")) {
      event.preventDefault();
      const sign = event.key === "b" ? "**" : "*";
      this.wrap(sign, sign);
    }
  }

  /** In an open code block Enter makes a line. */
  inFence() {
    const before = this.text.slice(0, this.field.selectionStart);
    return (before.match(/^```/gm) ?? []).length % 2 === 1;
  }

  /** @param {KeyboardEvent} event */
  suggestionKey(event) {
    const count = this.suggestions.length;
    switch (event.key) {
      case "ArrowDown":
        this.chosen = (this.chosen + 1) % count;
        return true;
      case "ArrowUp":
        this.chosen = (this.chosen + count - 1) % count;
        return true;
      case "Tab":
        this.accept(this.chosen);
        return true;
      case "Enter":
        if (this.text === this.suggestions[this.chosen].value.trim()) return false; // the command is whole: run it
        this.accept(this.chosen);
        return true;
      case "Escape":
        this.suggestions = [];
        return true;
      default:
        return false;
    }
  }

  /** @returns {boolean} whether a message of mine was found to edit */
  editLast() {
    const list = this.closest("main, aside") ?? document;
    const rows = /** @type {any[]} */ ([...list.querySelectorAll("tt-message-row")]).reverse();
    const row = rows.find(({ message, isAsked }) => this.room.isMine(message.by) && !message.redacted && !isAsked);
    row?.startEditing();
    return Boolean(row);
  }

  /** @param {SubmitEvent} event */
  onSubmit(event) {
    event.preventDefault();
    this.submit();
  }

  async submit() {
    const { room, ui, editing, thread, answering } = this;
    const text = toWire(this.text, this.picked).trim();
    if (!text || [...text].length > this.charsMax) return;
    if (editing) {
      if (text !== editing.text) room.cohort.send({ type: "edit_message", room: room.id, message: editing.seq, text, if: { revision: editing.revision } });
      this.finish();
      return;
    }
    if (!thread && text.startsWith("/") && !text.startsWith("//")) {
      const { ran, wrong } = (await fetchCommands()).runSlash({ ui, room }, text);
      if (wrong) this.note = wrong;
      if (ran && !wrong) this.clear();
      if (ran) return;
    }
    this.say(text.replace(/^\/\//, "/"), answering?.seq ?? thread);
    this.clear();
    this.dispatchEvent(new CustomEvent("posted", { bubbles: true }));
  }

  /** @param {string} text @param {number | null} replyTo */
  say(text, replyTo) {
    this.room.post(text, replyTo);
  }

  clear() {
    this.text = "";
    this.picked = {};
    this.preview = false;
    this.suggestions = [];
    this.room.client.draft(this.draftId, "");
  }

  finish() {
    this.dispatchEvent(new CustomEvent("done"));
  }
}

define("tt-composer", TtComposer);
