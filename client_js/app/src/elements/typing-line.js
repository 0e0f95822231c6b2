/** `<tt-typing-line>`: who is typing. Not announced; it would never be silent. */
import { html, nothing } from "lit";
import { Light, define } from "./light.js";

export class TtTypingLine extends Light {
  static properties = { ui: { attribute: false }, room: { attribute: false }, thread: { attribute: false } };

  constructor() {
    super();
    /** @type {import("./ui.js").Ui} */
    this.ui = /** @type {any} */ (null);
    /** @type {import("../model/room.js").RoomModel} */
    this.room = /** @type {any} */ (null);
    /** @type {number | null} */
    this.thread = null;
  }

  willUpdate() {
    this.watch.only(this.room, this.ui.catalogue);
  }

  render() {
    const typing = this.room.typingNow(this.thread);
    return html`<div class="typing">${typing
      ? html`<span class="dots" aria-hidden="true"><i></i><i></i><i></i></span>${this.words(typing)}` : nothing}</div>`;
  }

  /** @param {{people: string[], count: number}} typing */
  words({ people, count }) {
    const { t, catalogue } = this.ui;
    const names = people.map((person) => this.room.cohort.nameOf(person));
    if (count > names.length) return t("many_typing", { n: count });
    return t(names.length === 1 ? "one_typing" : "some_typing", { names: new Intl.ListFormat(catalogue.lang).format(names) });
  }
}

define("tt-typing-line", TtTypingLine);
