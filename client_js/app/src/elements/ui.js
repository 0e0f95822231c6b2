/**
 * What every element is handed beside its own model: words, settings, ways to go somewhere and to ask something.
 *
 * @typedef {(key: string, values?: Record<string, unknown>) => string} T
 *
 * @typedef {object} Field
 * @property {string} name
 * @property {string} label
 * @property {"text" | "textarea" | "number" | "select"} [type]
 * @property {string} [value]
 * @property {string} [hint]
 * @property {boolean} [required]
 * @property {number} [charsMax]
 * @property {number} [min]
 * @property {number} [max]
 * @property {[string, string][]} [options]
 *
 * @typedef {object} Question
 * @property {string} title
 * @property {string} [lead]
 * @property {Field[]} fields
 * @property {string} confirm
 * @property {boolean} [danger]
 *
 * @typedef {object} Ui
 * @property {T} t
 * @property {import("../lang/catalogue.js").Catalogue} catalogue
 * @property {import("../model/settings.js").Settings} settings
 * @property {import("../model/notices.js").Notices} notices
 * @property {boolean} embedded
 * @property {(path: string, replace?: boolean) => void} navigate
 * @property {(path: string) => string} href       the address to put in a link
 * @property {(panel: string | null) => void} panel opens one of the side panels, or closes it
 * @property {(question: Question) => Promise<Record<string, string> | null>} ask
 * @property {(name: "help" | "history" | "invite" | "keys" | "ledger", data?: any) => unknown} dialog
 * @property {(what: string) => Promise<void>} copy
 * @property {() => void} leave                     forget who this tab is
 */
export {};
