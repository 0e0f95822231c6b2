/**
 * `<tt-replay-time>`: the time of a past session: its picture, the slider, play and pause, the clocks, and all its moments
 * as a table.
 */
import { html, nothing, svg } from "lit";
import { guard } from "lit/directives/guard.js";
import { RATES } from "../model/replay.js";
import { BARS } from "../model/timeline.js";
import { plain } from "../text/markdown.js";
import { clock, elapsed } from "../text/times.js";
import { Light, define } from "./light.js";
import "../lang/en_past.js";

const PLAY = svg`<path d="M6.5 4v12l9.5-6Z" fill="currentColor"/>`;
const PAUSE = svg`<path d="M7 4.5v11M13 4.5v11" stroke-width="2.8"/>`;
const STEP_MS = 5_000;
const PAGE_MS = 60_000;
const TALK_PX = 44;
const LANE_PX = { question: 55, answered: 55, poll: 65, mark: 4 };

/** @typedef {import("../model/timeline.js").Moment} Moment */

export class TtReplayTime extends Light {
  static properties = { ui: { attribute: false }, replay: { attribute: false } };

  constructor() {
    super();
    /** @type {import("./ui.js").Ui} */
    this.ui = /** @type {any} */ (null);
    /** @type {import("../model/replay.js").ReplayModel} */
    this.replay = /** @type {any} */ (null);
  }

  willUpdate() {
    this.watch.only(this.replay, this.ui.catalogue);
  }

  render() {
    const { replay, ui } = this;
    const { t, catalogue } = ui;
    return html`<section class="replay-time" aria-label=${t("replay_time")}>
      <div class="replay-picture" @click=${this.onPicture}>
        ${guard([replay.timeline, catalogue.lang], () => this.picture())}
        <svg class="playhead" aria-hidden="true" focusable="false"><line x1=${this.percent(replay.position)} x2=${this.percent(replay.position)} y1="0" y2="100%" /></svg>
      </div>
      <input type="range" class="replay-slider" min="0" max=${replay.length} step="any" .value=${String(replay.position)} aria-label=${t("replay_position")}
        aria-valuetext=${this.words()} @input=${this.onInput} @keydown=${this.onKey} />
      <div class="replay-bar">${this.controls()} ${guard([replay.timeline, catalogue.lang], () => this.moments())}</div>
    </section>`;
  }

  controls() {
    const { replay, ui } = this;
    const { t, catalogue } = ui;
    const { media } = replay;
    return html`<div class="replay-controls">
      <button type="button" class="btn primary play" @click=${this.toggle}><svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">${replay.playing ? PAUSE : PLAY}</svg><span>${t(replay.playing ? "replay_pause" : "replay_play")}</span></button>
      <div class="seg" role="group" aria-label=${t("replay_speed")}>
        ${RATES.map((rate) => html`<button type="button" aria-pressed=${replay.rate === rate} aria-label=${t("replay_times", { n: rate })} @click=${() => replay.setRate(rate)}>${rate}×</button>`)}
      </div>
      <dl class="replay-clocks">
        <div><dt class="vh">${t("replay_position")}</dt><dd><b>${elapsed(replay.position, true)}</b> / ${elapsed(replay.length, true)}</dd></div>
        ${media === null ? nothing : html`<div><dt>${t("replay_recording")}</dt><dd>${elapsed(media, true)}</dd></div>`}
        <div><dt>${t("replay_clock")}</dt><dd>${clock(replay.at, catalogue.lang)}</dd></div>
      </dl>
    </div>`;
  }

  // --- the picture ------------------------------------------------------------------------------------------------

  picture() {
    const { t } = this.ui;
    const { talk, moments } = this.replay.timeline;
    const most = Math.max(1, ...talk);
    const count = (/** @type {Moment["kind"]} */ kind) => moments.filter((moment) => moment.kind === kind).length;
    const summary = t("replay_summary", { messages: talk.reduce((sum, said) => sum + said, 0), questions: count("question"), answered: count("answered"), polls: count("poll") });
    return html`<svg class="timeline" role="img" aria-label=${summary}>
        ${talk.map((said, bar) => {
          const height = Math.round((said / most) * (TALK_PX - 8));
          return said ? svg`<rect class="talk" x="${(bar / BARS) * 100}%" width="${80 / BARS}%" y=${TALK_PX - height} height=${height} rx="1" />` : nothing;
        })}
        <line class="ground" x1="0" x2="100%" y1=${TALK_PX} y2=${TALK_PX} />
        ${moments.map((moment) => this.shape(moment))}
      </svg>
      <p class="replay-key" aria-hidden="true">
        <span><svg><rect class="talk" x="1" y="3" width="3" height="9" /><rect class="talk" x="6" y="6" width="3" height="6" /></svg>${t("talk")}</span>
        <span><svg><circle class="question" cx="6" cy="7" r="3.5" /></svg>${t("replay_asked")}</span>
        <span><svg><circle class="answered" cx="6" cy="7" r="4" /></svg>${t("replay_answered")}</span>
        <span><svg><rect class="poll" x="0" y="4" width="12" height="6" rx="2" /></svg>${t("poll")}</span>
        <span><svg><path class="mark" d="M3 1v12M3 1l7 3-7 3" /></svg>${t("replay_mark")}</span>
      </p>`;
  }

  /** @param {Moment} moment */
  shape({ kind, at, until, text }) {
    const x = this.percent(at);
    const title = svg`<title>${`${elapsed(at, true)} ${this.named(kind)} ${plain(text, 80)}`}</title>`;
    const y = LANE_PX[kind];
    if (kind === "question") return svg`<circle class="question" cx=${x} cy=${y} r="3.5">${title}</circle>`;
    if (kind === "answered") return svg`<circle class="answered" cx=${x} cy=${y} r="4">${title}</circle>`;
    if (kind === "poll") return svg`<rect class="poll" x=${x} width=${this.percent(Math.max((until ?? this.replay.length) - at, this.replay.length / 150))} y=${y} height="6" rx="2">${title}</rect>`;
    return svg`<line class="mark" x1=${x} x2=${x} y1=${y} y2=${TALK_PX}>${title}</line><circle class="mark" cx=${x} cy=${y} r="2.5" />`;
  }

  moments() {
    const { t } = this.ui;
    const { moments } = this.replay.timeline;
    if (!moments.length) return nothing;
    return html`<details class="replay-moments"><summary>${t("replay_moments", { n: moments.length })}</summary>
      <div class="moments-scroll" tabindex="0" role="region" aria-label=${t("replay_moments", { n: moments.length })}>
        <table><thead><tr><th scope="col">${t("replay_when")}</th><th scope="col">${t("replay_what")}</th></tr></thead>
        <tbody>${moments.map((moment) => html`<tr><td><button type="button" class="link-btn" @click=${() => this.go(moment)}>${elapsed(moment.at, true)}</button></td>
          <td dir="auto"><small>${this.named(moment.kind)}</small> ${plain(moment.text, 160)}</td></tr>`)}</tbody></table>
      </div></details>`;
  }

  /** @param {Moment["kind"]} kind */
  named(kind) {
    const { t } = this.ui;
    return { question: t("replay_asked"), answered: t("replay_answered"), poll: t("poll"), mark: t("replay_mark") }[kind];
  }

  /** @param {number} ms */
  percent(ms) {
    return `${((ms / this.replay.length) * 100).toFixed(3)}%`;
  }

  words() {
    const { replay, ui } = this;
    return ui.t("replay_at", { now: elapsed(replay.position, true), all: elapsed(replay.length, true) });
  }

  // --- what the reader does ---------------------------------------------------------------------------------------

  toggle() {
    if (this.replay.playing) this.replay.pause();
    else this.replay.play();
  }

  /** @param {number} ms */
  seek(ms) {
    this.replay.seek(ms);
    this.dispatchEvent(new CustomEvent("sought", { bubbles: true }));
  }

  /** @param {Moment} moment */
  go(moment) {
    this.replay.seekSeq(moment.seq);
    this.dispatchEvent(new CustomEvent("sought", { bubbles: true, detail: moment.seq }));
  }

  /** @param {InputEvent} event */
  onInput(event) {
    this.seek(Number(/** @type {HTMLInputElement} */ (event.target).value));
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const { position, length } = this.replay;
    const forward = getComputedStyle(this).direction === "rtl" ? -STEP_MS : STEP_MS;
    /** @type {Record<string, number>} */
    const places = {
      ArrowRight: position + forward, ArrowLeft: position - forward, ArrowUp: position + STEP_MS, ArrowDown: position - STEP_MS,
      PageUp: position + PAGE_MS, PageDown: position - PAGE_MS, Home: 0, End: length,
    };
    if (event.key === " ") this.toggle();
    else if (event.key in places && !event.altKey && !event.ctrlKey && !event.metaKey) this.seek(places[event.key]);
    else return;
    event.preventDefault();
  }

  /** The picture takes a click like the slider below it, which is there for keys. @param {MouseEvent} event */
  onPicture(event) {
    const picture = /** @type {Element} */ (event.currentTarget);
    const timeline = /** @type {Element} */ (picture.querySelector(".timeline")).getBoundingClientRect();
    if (event.clientY > timeline.bottom) return;
    this.seek(((event.clientX - timeline.left) / timeline.width) * this.replay.length);
  }
}

define("tt-replay-time", TtReplayTime);
