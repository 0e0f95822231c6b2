/**
 * `<tt-menu>`: a button and the menu it opens, in the top layer so that no scroller cuts it off.
 *
 * Arrow keys, Home, End and first letters move; Escape and Tab close and give focus back to the button.
 */
import { html, nothing } from "lit";
import { Light, define } from "./light.js";
import { icon } from "./icons.js";

/**
 * @typedef {object} Item
 * @property {string} label
 * @property {string} [icon]
 * @property {() => void} [act]
 * @property {boolean} [danger]
 * @property {boolean} [checked]    makes it a radio item
 * @property {string} [hint]
 * @property {boolean} [rule]       a line before it
 * @property {string} [title]       a heading before it
 */

export class TtMenu extends Light {
  static properties = { label: {}, items: { attribute: false }, kind: {}, look: {}, sign: {}, words: {}, open: { state: true } };

  constructor() {
    super();
    this.label = "";
    /** @type {() => Item[] | Promise<Item[]>} made when it opens; their code may come late */
    this.items = () => [];
    /** @type {Item[]} */
    this.made = [];
    /** @type {"list" | "emoji"} */
    this.kind = "list";
    this.look = "icon-btn";
    this.sign = "more";
    this.words = "";
    this.open = false;
  }

  render() {
    return html`<button
        type="button"
        class=${this.look}
        aria-haspopup="menu"
        aria-expanded=${this.open}
        aria-label=${this.words ? nothing : this.label}
        title=${this.words ? nothing : this.label}
        @click=${this.toggle}
        @keydown=${this.onButtonKey}
        tabindex=${this.getAttribute("button-tabindex") ?? nothing}
      >${icon(this.sign)}${this.words}</button>
      ${this.open
        ? html`<div popover="auto" class="menu ${this.kind}" role="menu" aria-label=${this.label} @toggle=${this.onToggle} @keydown=${this.onKey}>${this.body()}</div>`
        : nothing}`;
  }

  body() {
    const items = this.made;
    if (this.kind === "emoji") return html`<div class="emoji-grid" role="presentation">${items.map((item) => this.item(item))}</div>`;
    return items.map((item) => html`${item.rule ? html`<hr role="separator" />` : nothing}
      ${item.title ? html`<div class="menu-title" role="presentation">${item.title}</div>` : nothing}${this.item(item)}`);
  }

  /** @param {Item} item */
  item(item) {
    const radio = item.checked !== undefined;
    const word = this.kind === "emoji" && /\p{L}/u.test(item.label);
    return html`<button
      type="button"
      role=${this.kind === "emoji" ? "menuitemcheckbox" : radio ? "menuitemradio" : "menuitem"}
      aria-checked=${radio ? String(item.checked) : nothing}
      class="${item.danger ? "danger" : ""} ${word ? "word" : ""}"
      tabindex="-1"
      @click=${() => this.choose(item)}
    >${item.icon ? icon(item.icon) : nothing}<span class=${this.kind === "emoji" ? "" : "grow"}>${item.label}</span>${
      item.hint ? html`<small>${item.hint}</small>` : nothing}${radio && item.checked && this.kind !== "emoji" ? icon("check") : nothing}</button>`;
  }

  get popup() {
    return /** @type {HTMLElement} */ (this.querySelector("[popover]"));
  }

  get button() {
    return /** @type {HTMLButtonElement} */ (this.querySelector("button"));
  }

  async toggle() {
    if (this.open) {
      this.popup.hidePopover();
      return;
    }
    this.made = await this.items();
    this.open = true;
    await this.updateComplete;
    if (!this.isConnected || !this.popup) return;
    this.popup.showPopover();
    this.place();
    this.entries()[0]?.focus();
  }

  /** @param {ToggleEvent} event */
  onToggle(event) {
    if (event.newState === "closed") this.open = false;
  }

  place() {
    const at = this.button.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height, style } = this.popup;
    const left = Math.min(Math.max(8, at.right - width), innerWidth - width - 8);
    const below = at.bottom + 4;
    const top = below + height > innerHeight - 8 && at.top - height - 4 > 8 ? at.top - height - 4 : Math.min(below, innerHeight - height - 8);
    style.left = `${Math.max(8, left)}px`;
    style.top = `${Math.max(8, top)}px`;
  }

  /** @param {Item} item */
  choose(item) {
    this.popup?.hidePopover();
    this.button.focus();
    item.act?.();
  }

  entries() {
    return /** @type {HTMLElement[]} */ ([...this.popup.querySelectorAll("[role^=menuitem]")]);
  }

  /** @param {KeyboardEvent} event */
  onButtonKey(event) {
    if (event.key !== "ArrowDown" || this.open) return;
    event.preventDefault();
    event.stopPropagation();
    this.toggle();
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    event.stopPropagation();
    const entries = this.entries();
    const index = entries.indexOf(/** @type {HTMLElement} */ (event.target));
    const wide = this.kind === "emoji" ? 6 : 1;
    /** @type {Record<string, number>} */
    const moves = { ArrowDown: index + wide, ArrowUp: index - wide, ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: entries.length - 1 };
    if (event.key in moves) {
      event.preventDefault();
      const count = entries.length;
      entries[(moves[event.key] + count) % count]?.focus();
    } else if (event.key === "Tab" || event.key === "Escape") {
      event.preventDefault();
      this.popup.hidePopover();
      this.button.focus();
    } else if (event.key.length === 1 && /\p{L}/u.test(event.key)) {
      const letter = event.key.toLocaleLowerCase();
      const ordered = [...entries.slice(index + 1), ...entries.slice(0, index + 1)];
      ordered.find((entry) => entry.textContent?.trim().toLocaleLowerCase().startsWith(letter))?.focus();
    }
  }
}

define("tt-menu", TtMenu);
