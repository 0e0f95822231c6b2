/**
 * `<tt-presenter-view>`: what a projector shows: the question that is being answered, or the poll that is open, or the time
 * to think; who is next; how to join. Everything fits on the screen: the words become smaller until they do.
 */
import { html, nothing } from "lit";
import styles from "../../css/presenter.css?inline";
import { earlierOf, pollRows } from "../../model/poll_shift.js";
import { Doorway } from "../../model/doorway.js";
import { sessionOf } from "../../model/session.js";
import { barRow } from "../console/stage-cards.js";
import { useStyles } from "../console/styles.js";
import { useConsoleWords } from "../console/words.js";
import { icon, mark } from "../icons.js";
import { Light, define } from "../light.js";
import { hms } from "../ticker.js";
import { qrPath } from "./qr.js";
import "../ticker.js";

useStyles(styles);

const UP_NEXT = 3;
const FORMULAS_MS = 600;
const SIZES = 9;
const SHOWN_TEXTS = 8;

export class TtPresenterView extends Light {
  static properties = { ui: { attribute: false }, cohort: { attribute: false }, room: { attribute: false }, active: { state: true } };

  constructor() {
    super();
    /** @type {import("../ui.js").Ui} */
    this.ui = /** @type {any} */ (null);
    /** @type {import("../../model/cohort.js").CohortModel} */
    this.cohort = /** @type {any} */ (null);
    /** @type {import("../../model/room.js").RoomModel} */
    this.room = /** @type {any} */ (null);
    /** Somebody moved the mouse or used a key a moment ago. */
    this.active = false;
    /** The poll whose results are on the screen until something else begins. @type {number | null} */
    this.results = null;
    this.isSeeded = false;
    /** @type {Doorway} */
    this.doorway = /** @type {any} */ (null);
    /** @type {{link: string, size: number, path: string} | null} */
    this.code = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** @type {WakeLockSentinel | null} */
    this.awake = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.formulas = undefined;
    this.resized = new ResizeObserver(() => this.fit());
  }

  get session() {
    return sessionOf(this.room);
  }

  connectedCallback() {
    super.connectedCallback();
    document.addEventListener("keydown", this.onKey);
    document.addEventListener("pointermove", this.onMove);
    document.addEventListener("visibilitychange", this.stayAwake);
    this.stayAwake();
    this.resized.observe(this);
    document.fonts.ready.then(() => this.fit());
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    document.removeEventListener("keydown", this.onKey);
    document.removeEventListener("pointermove", this.onMove);
    document.removeEventListener("visibilitychange", this.stayAwake);
    this.doorway?.cohort.client.removeEventListener("event", /** @type {any} */ (this.onEvent));
    this.awake?.release().catch(() => {});
    this.resized.disconnect();
    clearTimeout(this.timer);
    clearTimeout(this.formulas);
  }

  willUpdate() {
    if (!this.doorway) {
      this.doorway = new Doorway(this.cohort);
      this.cohort.client.addEventListener("event", /** @type {any} */ (this.onEvent));
    }
    if (this.cohort.status.state === "live") this.doorway.open();
    useConsoleWords(this.ui.catalogue);
    if (!this.isSeeded && this.room.state) this.seed();
    const { link } = this.doorway;
    if (link && this.code?.link !== link) this.code = { link, ...qrPath(link) };
    this.watch.only(this.room, this.cohort, this.session, this.doorway, this.ui.catalogue, this.ui.settings);
  }

  /** Where we came in: with nothing else going on, the last results are still the subject. */
  seed() {
    this.isSeeded = true;
    const last = this.session.polls.at(-1);
    if (this.session.isOpen && last?.closed && !this.session.now) this.results = last.poll;
  }

  onEvent = (/** @type {Event & {detail: any}} */ { detail: { stream, name, data } }) => {
    if (stream !== `room/${this.room.id}`) return;
    if (name === "poll_closed") this.results = data.poll;
    if (["question_answering", "poll_opened", "session_opened", "floor_held"].includes(name)) this.results = null;
  };

  // --- drawing --------------------------------------------------------------------------------------------------

  render() {
    const { ui, room, cohort } = this;
    if (!room.state) return html`<main class="stage" id="main"><p class="loading">${ui.t(room.followed.status === "denied" ? "room_denied" : "loading")}</p></main>`;
    return html`<div class="stage-frame ${this.active ? "active" : ""}">
      <main class="stage" id="main"><div class="stage-fit">${this.subject()}</div></main>
      <aside class="door" aria-label=${ui.t("stage_join")}>${this.door()}</aside>
      <p class="stage-cut" role="status">${cohort.status.state === "live" ? nothing : html`${icon("cloud")}${ui.t("stage_cut")}`}</p>
      <nav class="stage-tools" aria-label=${ui.t("stage_title")}>
        <button type="button" @click=${this.turn}>${ui.t(ui.settings.stage === "dark" ? "stage_light" : "stage_dark")}</button>
        ${this.doorway.link ? html`<button type="button" @click=${() => ui.copy(/** @type {string} */ (this.doorway.link))}>${ui.t("stage_copy_link")}</button>` : nothing}
        <button type="button" @click=${this.fill}>${ui.t("stage_full")}</button>
        <a href=${ui.href(`/c/${cohort.id}/r/${room.id}/console`)}>${ui.t("con_title")}</a>
      </nav></div>`;
  }

  subject() {
    const { session } = this;
    const { floor } = session.state;
    if (!session.isOpen) return this.outside();
    if (floor?.prompt) return this.think(floor);
    const open = session.openPolls.at(-1);
    if (open) return this.poll(open);
    const shown = session.polls.find(({ poll, closed }) => poll === this.results && closed);
    if (shown) return this.poll(shown);
    return this.questions();
  }

  outside() {
    const { t } = this.ui;
    const { session, room } = this;
    return html`<p class="eyebrow"><bdi>${room.state?.name}</bdi></p><h1>${session.exists ? t("stage_ended") : t("stage_not_open")}</h1>`;
  }

  /** @param {{until?: number | null, prompt?: string}} floor */
  think({ until, prompt }) {
    const { t } = this.ui;
    const left = () => hms(/** @type {number} */ (until) - this.room.client.now(), true);
    return html`<p class="eyebrow">${icon("clock")}${t("stage_think")}</p><h1 dir="auto">${prompt}</h1>
      ${until ? html`<p class="countdown"><tt-ticker .say=${left}></tt-ticker></p>` : nothing}`;
  }

  /** @param {import("../../model/types.js").Poll} poll */
  poll(poll) {
    const { t } = this.ui;
    const { session } = this;
    const answered = session.answeredCount(poll);
    const count = html`<p class="stage-meta">${t("stage_answered_by", { n: answered })}</p>`;
    if (!poll.closed) {
      return html`<p class="eyebrow live"><span class="dot"></span>${t("stage_poll")}</p><h1 dir="auto">${poll.text}</h1>
        <ol class="options">${poll.options.map((option) => html`<li dir="auto">${option}</li>`)}</ol>${count}`;
    }
    const rows = pollRows(poll, earlierOf(poll, session.polls));
    return html`<p class="eyebrow">${t("stage_results")}</p><h1 dir="auto">${poll.text}</h1>
      ${poll.kind === "short" ? html`<ul class="options texts">${poll.texts.slice(0, SHOWN_TEXTS).map((text) => html`<li dir="auto">${text}</li>`)}</ul>` : html`<ul class="bars">${rows.map(barRow(t))}</ul>`}${count}`;
  }

  questions() {
    const { t } = this.ui;
    const { session, cohort } = this;
    const { now } = session;
    const { called } = session.state;
    const next = session.queue.filter(({ question }) => question.question !== now?.question).slice(0, UP_NEXT);
    return html`${now ? html`<p class="eyebrow live"><span class="dot"></span>${t("answering_now")}</p><h1 dir="auto"><tt-message-body .text=${now.text} .cohort=${this.cohort}></tt-message-body></h1>
        <p class="stage-meta">${t("n_asked", { n: session.votesOf(now.question) })} · <bdi>${t("stage_first_by", { name: cohort.nameOf(now.by) })}</bdi></p>`
      : called ? html`<h1>${t("now_speaking", { name: cohort.nameOf(called) })}</h1>`
        : html`<p class="eyebrow"><bdi>${session.state.title || this.room.state?.name}</bdi></p><h1>${t("stage_waiting")}</h1><p class="stage-meta">${t("stage_waiting_lead")}</p>`}
      ${now && called ? html`<p class="stage-meta">${icon("hand")} ${t("now_speaking", { name: cohort.nameOf(called) })}</p>` : nothing}
      ${next.length ? html`<section class="up-next"><h2>${t("stage_up_next")}</h2><ol>${next.map(({ question, votes }) => html`<li><span class="votes"><span aria-hidden="true">▲ ${votes}</span><span class="vh">${t("con_votes", { n: votes })}</span></span><tt-message-body class="text" .text=${question.text} .cohort=${this.cohort}></tt-message-body></li>`)}</ol></section>` : nothing}`;
  }

  door() {
    const { t } = this.ui;
    const { code } = this;
    const host = new URL(code?.link ?? location.href, location.href).host;
    const count = this.room.presence?.count ?? 0;
    return html`<p class="house">${mark}<span>Tertulia</span></p>
      ${code ? html`<svg class="code" viewBox="0 0 ${code.size} ${code.size}" role="img" aria-label=${t("stage_qr", { host })} shape-rendering="crispEdges" data-link=${code.link}><rect class="ground" width=${code.size} height=${code.size} /><path d=${code.path} /></svg>` : nothing}
      <p class="where"><span>${t("stage_join")}</span><b>${host}</b><span>${t(code ? "stage_scan" : "stage_no_code")}</span></p>
      <p class="count-here"><b>${count}</b> <span>${t("stage_at_table")}</span></p>`;
  }

  // --- size -----------------------------------------------------------------------------------------------------

  updated() {
    this.fit();
    queueMicrotask(() => this.fit()); // the words of questions are drawn after us
    clearTimeout(this.formulas);
    this.formulas = setTimeout(() => this.fit(), FORMULAS_MS); // and formulas are set when KaTeX has come
  }

  /** The largest of the sizes at which nothing is cut off. */
  fit() {
    const stage = /** @type {HTMLElement | null} */ (this.querySelector(".stage"));
    const inner = /** @type {HTMLElement | null} */ (this.querySelector(".stage-fit"));
    if (!stage || !inner) return;
    for (let size = 0; size < SIZES; size += 1) {
      stage.dataset.size = String(size);
      if (inner.scrollHeight <= stage.clientHeight && inner.scrollWidth <= stage.clientWidth) return;
    }
  }

  // --- what the one at the desk does ----------------------------------------------------------------------------

  onKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "t") this.turn();
    else if (event.key === "f") this.fill();
    else if (event.key !== "Tab") return;
    this.onMove();
  };

  onMove = () => {
    this.active = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (this.active = this.querySelector(".stage-tools :focus-visible") !== null), 3_000);
  };

  turn = () => {
    const { settings } = this.ui;
    settings.set({ stage: settings.stage === "dark" ? "light" : "dark" });
  };

  fill = () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen?.().catch(() => {});
  };

  /** A projector's computer must not go to sleep. */
  stayAwake = async () => {
    if (document.hidden || !("wakeLock" in navigator)) return;
    try {
      this.awake = await navigator.wakeLock.request("screen");
    } catch {
      // The system decides.
    }
  };
}

define("tt-presenter-view", TtPresenterView);
