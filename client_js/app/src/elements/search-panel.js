/** `<tt-search-panel>`: finds messages by words, room, person and dates. */
import "../lang/en_past.js";
import { html, nothing } from "lit";
import { sessionPath } from "../router.js";
import { plain } from "../text/markdown.js";
import { brief } from "../text/times.js";
import { snippetParts } from "../text/snippet.js";
import { emptyTable, icon } from "./icons.js";
import { Light, define } from "./light.js";
import { avatar } from "./person.js";
import "../lang/en_later.js";

const LIMIT = 50;

export class TtSearchPanel extends Light {
  static properties = { ui: { attribute: false }, cohort: { attribute: false }, words: {}, found: { state: true }, busy: { state: true }, error: { state: true } };

  constructor() {
    super();
    /** @type {import("./ui.js").Ui} */
    this.ui = /** @type {any} */ (null);
    /** @type {import("../model/cohort.js").CohortModel} */
    this.cohort = /** @type {any} */ (null);
    this.words = "";
    /** @type {{room: string, message: any, snippet: string}[] | null} */
    this.found = null;
    this.busy = false;
    /** @type {any} */
    this.error = null;
    this.asked = 0;
  }

  /** @param {Map<string, unknown>} changed */
  willUpdate(changed) {
    this.watch.only(this.cohort, this.ui.catalogue);
    if (changed.has("words") && this.words) this.search({ q: this.words });
  }

  firstUpdated() {
    this.querySelector("input")?.focus({ preventScroll: true }); // the reader asked for the search just now
  }

  render() {
    const { ui } = this;
    const { t } = ui;
    return html`<header class="panel-head"><h2 id="panel-title">${t("search")}</h2>
        <button type="button" class="icon-btn" aria-label=${t("close_panel")} title=${t("close_panel")} @click=${() => ui.panel(null)}>${icon("close")}</button></header>
      ${this.form()}
      <p class="status-line" role="status">${this.status()}</p>
      <div class="panel-body" tabindex="0" role="region" aria-label=${t("search_results")}>${this.results()}</div>`;
  }

  form() {
    const { t } = this.ui;
    return html`<form class="search-form" role="search" @submit=${this.onSubmit}>
      <div class="field compact whole"><label class="vh" for="search-q">${t("search_words")}</label>
        <div class="search-line"><input id="search-q" name="q" type="search" maxlength="200" .value=${this.words} placeholder=${t("search_words")} dir="auto" autocomplete="off" />
          <button class="btn primary" type="submit">${t("search")}</button></div></div>
      <details><summary>${t("filters")}</summary><div class="filters">
        <div class="field compact"><label for="search-room">${t("room")}</label><select id="search-room" name="room"><option value="">${t("all_rooms")}</option>
          ${this.cohort.listed.map(({ room, name }) => html`<option value=${room}>${name}</option>`)}</select></div>
        <div class="field compact"><label for="search-by">${t("person")}</label><select id="search-by" name="by"><option value="">${t("everyone")}</option>
          ${Object.entries(this.cohort.members).sort(([, a], [, b]) => a.name.localeCompare(b.name)).map(([id, { name }]) => html`<option value=${id}>${name}</option>`)}</select></div>
        <div class="field compact"><label for="search-from">${t("from_date")}</label><input id="search-from" name="from" type="date" /></div>
        <div class="field compact"><label for="search-to">${t("to_date")}</label><input id="search-to" name="to" type="date" /></div>
      </div></details>
    </form>`;
  }

  status() {
    const { t, catalogue } = this.ui;
    if (this.busy) return t("searching");
    if (this.error) return catalogue.refusal(this.error);
    return this.found?.length ? t("n_found", { n: this.found.length }) : "";
  }

  results() {
    const { found, ui, cohort } = this;
    const { t } = ui;
    if (!found) return html`<div class="empty"><p>${t("search_hint")}</p></div>`;
    if (!found.length) return html`<div class="empty">${emptyTable}<h3>${t("nothing_found")}</h3><p>${t("nothing_found_hint")}</p></div>`;
    const names = Object.fromEntries(cohort.listed.map(({ room, name }) => [room, name]));
    const live = new Set(cohort.listed.filter(({ kind }) => kind === "session").map(({ room }) => room));
    return html`<ol>${found.map(({ room, message, snippet }) => html`<li><a class="hit" href=${ui.href(`/room/${room}/${message.seq}`)}>
      <span class="meta">${avatar(cohort, message.by, "tiny")}<b><bdi>${cohort.nameOf(message.by)}</bdi></b><span><bdi>${names[room] ?? room}</bdi></span><span>${brief(message.at, Date.now(), ui.catalogue.lang)}</span></span>
      <p dir="auto">${snippet ? snippetParts(snippet).map(({ text, hit }) => (hit ? html`<mark>${text}</mark>` : text)) : plain(message.text ?? "", 200)}</p>
    </a>${live.has(room) ? html`<a class="hit-more" href=${ui.href(sessionPath(cohort.id, room, null, { seq: message.seq }))}>${icon("history")} ${t("in_its_session")}</a>` : nothing}</li>`)}</ol>`;
  }

  /** @param {SubmitEvent} event */
  onSubmit(event) {
    event.preventDefault();
    const said = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const text = (/** @type {string} */ name) => String(said.get(name) ?? "").trim();
    const day = (/** @type {string} */ name, /** @type {number} */ plus) => {
      const date = text(name) ? new Date(`${text(name)}T00:00:00`) : null;
      return date ? date.getTime() + plus : undefined;
    };
    this.search({ q: text("q"), room: text("room"), by: text("by"), from: day("from", 0), to: day("to", 86_400_000) });
  }

  /** @param {Record<string, string | number | undefined>} query */
  async search(query) {
    const asked = (this.asked += 1);
    const given = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined && value !== ""));
    if (!given.q) return;
    this.busy = true;
    this.error = null;
    try {
      const { results } = /** @type {any} */ (await this.cohort.client.api.search(/** @type {any} */ ({ ...given, limit: LIMIT })));
      if (asked === this.asked) this.found = results;
    } catch (error) {
      if (asked === this.asked) this.error = error;
    } finally {
      if (asked === this.asked) this.busy = false;
    }
  }
}

define("tt-search-panel", TtSearchPanel);
