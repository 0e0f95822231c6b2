/** What a person chose for this browser: theme, language, what is announced. */
import { Observable } from "./observe.js";

const PLACE = "tertulia.settings";

/** @typedef {"system" | "light" | "dark"} Theme */
/** @typedef {"all" | "mentions" | "counts" | "nothing"} Announce */

export class Settings extends Observable {
  constructor() {
    super();
    /** @type {Theme} */
    this.theme = "system";
    /** @type {string} */
    this.lang = (navigator.language || "en").toLowerCase().startsWith("es") ? "es" : "en";
    /** @type {Announce} */
    this.announce = "all";
    /** The theme of a projector. @type {"light" | "dark"} */
    this.stage = "dark";
    try {
      const kept = JSON.parse(localStorage.getItem(PLACE) ?? "{}");
      if (["system", "light", "dark"].includes(kept.theme)) this.theme = kept.theme;
      if (["light", "dark"].includes(kept.stage)) this.stage = kept.stage;
      if (["en", "es"].includes(kept.lang)) this.lang = kept.lang;
      if (["all", "mentions", "counts", "nothing"].includes(kept.announce)) this.announce = kept.announce;
    } catch {
      // Storage is shut or spoilt: the defaults serve.
    }
    this.dark = matchMedia("(prefers-color-scheme: dark)");
    this.dark.addEventListener("change", () => this.changed());
  }

  /** The theme to draw in. */
  get shade() {
    if (this.theme !== "system") return this.theme;
    return this.dark.matches ? "dark" : "light";
  }

  /** @param {Partial<{theme: Theme, lang: string, announce: Announce, stage: "light" | "dark"}>} chosen */
  set(chosen) {
    Object.assign(this, chosen);
    try {
      localStorage.setItem(PLACE, JSON.stringify({ theme: this.theme, lang: this.lang, announce: this.announce, stage: this.stage }));
    } catch {
      // Kept for this page only.
    }
    this.changed();
  }
}
