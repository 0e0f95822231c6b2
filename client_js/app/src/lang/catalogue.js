/** Words by key in the language that is chosen. English comes with the app and is the fallback; others when chosen. */
import { Observable } from "../model/observe.js";
import en from "./en.js";

/** @typedef {string | {one?: string, many?: string, other: string}} Entry */

/** @type {Record<string, () => Promise<{default: Record<string, Entry>}>>} */
const OTHERS = { es: () => import("./es.js") };

export class Catalogue extends Observable {
  constructor() {
    super();
    this.lang = "en";
    /** @type {Record<string, Entry>} */
    this.words = en;
    this.plural = new Intl.PluralRules("en");
    this.wanted = "en";
    this.t = this.t.bind(this);
  }

  /** @param {string} lang */
  async use(lang) {
    if (this.wanted === lang) return;
    this.wanted = lang;
    const words = lang === "en" ? en : (await OTHERS[lang]()).default;
    if (this.wanted !== lang) return;
    this.lang = lang;
    this.words = words;
    this.plural = new Intl.PluralRules(lang);
    this.changed();
  }

  /**
   * The words for a key. `{name}` is filled from `values`; an entry with forms is chosen by `values.n`.
   * @param {string} key
   * @param {Record<string, unknown>} [values]
   * @returns {string}
   */
  t(key, values = {}) {
    const entry = this.words[key] ?? /** @type {Record<string, Entry>} */ (en)[key] ?? key;
    const form = typeof entry === "string" ? entry : (entry[/** @type {"one"} */ (this.plural.select(Number(values.n)))] ?? entry.other);
    return form.replace(/\{(\w+)\}/g, (_, name) => this.value(values[name]));
  }

  /** @param {unknown} value */
  value(value) {
    return typeof value === "number" ? new Intl.NumberFormat(this.lang).format(value) : String(value ?? "");
  }

  /** A refusal in words, by its code; the server's own sentence when the code is new to us. @param {{code?: string, message?: string} | null | undefined} refusal */
  refusal(refusal) {
    const key = `refused_${refusal?.code ?? "internal"}`;
    return key in en ? this.t(key) : (refusal?.message ?? this.t("refused_internal"));
  }

  /** Why the connection was ended, by close code or word. @param {string} code */
  closed(code) {
    for (const key of [`closed_${code}`, `refused_${code}`]) if (key in en) return this.t(key);
    return this.t("closed_other");
  }
}
