/**
 * `<tt-poll>`: one poll as a card. Open: a form to answer, then a quiet state. Closed (for staff before): bars, drawn as
 * SVG and told as a table, with the shift since the poll that it repeats.
 */
import { html, nothing, svg } from "lit";
import { sessionOf } from "../model/session.js";
import { plain } from "../text/markdown.js";
import { icon } from "./icons.js";
import { Light, define } from "./light.js";

const TEXT_CHARS = 300;

export class TtPoll extends Light {
  static properties = { ui: { attribute: false }, room: { attribute: false }, poll: { type: Number }, closable: { type: Boolean }, changing: { state: true } };

  constructor() {
    super();
    /** @type {import("./ui.js").Ui} */
    this.ui = /** @type {any} */ (null);
    /** @type {import("../model/room.js").RoomModel} */
    this.room = /** @type {any} */ (null);
    /** Its id. */
    this.poll = 0;
    /** It stands above the talk and can be put away. */
    this.closable = false;
    this.changing = false;
  }

  willUpdate() {
    this.watch.only(sessionOf(this.room), this.ui.catalogue);
  }

  render() {
    const { ui, room } = this;
    const { t } = ui;
    const session = sessionOf(room);
    const poll = session.polls.find((one) => one.poll === this.poll);
    if (!poll) return nothing;
    const answer = session.myAnswer(poll.poll);
    const bars = session.bars(poll);
    const asks = !poll.closed && session.isOpen && room.cohort.canSpeak && (!answer || this.changing);
    return html`<section class="card poll" aria-labelledby="poll-${poll.poll}">
      <header>
        <h2 id="poll-${poll.poll}">${poll.again === null ? nothing : html`<small>${t("poll_again")}</small>`}<tt-message-body .text=${poll.text} .cohort=${room.cohort}></tt-message-body></h2>
        <small>${this.facts(poll)}</small>
        ${this.closable && poll.closed ? html`<button type="button" class="icon-btn small" aria-label=${t("close")} @click=${this.putAway}>${icon("close")}</button>` : nothing}
      </header>
      ${asks ? this.form(poll, answer) : !poll.closed && answer ? this.answered(poll, answer) : nothing}
      ${bars && poll.kind !== "short" ? this.bars(poll, bars, answer) : nothing}
      ${poll.closed && poll.kind === "short" ? html`<ul class="texts">${poll.texts.map((text) => html`<li><bdi>${text}</bdi></li>`)}</ul>` : nothing}
      ${!poll.closed && room.cohort.isStaff ? html`<div class="acts-line"><button type="button" class="btn" @click=${() => session.give.closePoll(poll.poll)}>${t("close_poll")}</button></div>` : nothing}
    </section>`;
  }

  /** @param {import("../model/types.js").Poll} poll */
  facts(poll) {
    const { t } = this.ui;
    const here = this.room.presence?.count ?? 0;
    const n = sessionOf(this.room).answeredCount(poll);
    const count = here >= n && here > 0 && !poll.closed ? t("n_of_here", { n, all: here }) : t("n_answered", { n });
    return [count, ...(poll.again === null ? [] : [t("repoll")]), t(poll.closed ? "poll_closed" : poll.anonymous ? "poll_anonymous" : "poll_named")].join(" · ");
  }

  /** @param {import("../model/types.js").Poll} poll @param {{choices: number[], text: string} | null} answer */
  form(poll, answer) {
    const { t } = this.ui;
    const lead = { multiple: "poll_choose_many", short: "poll_short", scale: "poll_scale" }[poll.kind] ?? "poll_choose";
    return html`<form @submit=${(/** @type {SubmitEvent} */ event) => this.onSubmit(event, poll)}>
      ${poll.kind === "short"
        ? html`<div class="field"><label for="answer-${poll.poll}">${t(lead)}</label>
            <input id="answer-${poll.poll}" name="text" maxlength=${TEXT_CHARS} required autocomplete="off" .value=${answer?.text ?? ""} /></div>`
        : html`<fieldset class="options ${poll.kind}"><legend>${t(lead)}</legend>
            ${poll.options.map((option, place) => html`<label><input type=${poll.kind === "multiple" ? "checkbox" : "radio"} name="choice"
              value=${place} ?required=${poll.kind !== "multiple"} .checked=${answer?.choices.includes(place) ?? false} /><span dir="auto">${option}</span></label>`)}
          </fieldset>`}
      <div class="acts-line"><button type="submit" class="btn primary">${t("poll_answer")}</button>
        ${this.changing ? html`<button type="button" class="btn quiet" @click=${() => (this.changing = false)}>${t("cancel")}</button>` : nothing}</div>
    </form>`;
  }

  /** @param {import("../model/types.js").Poll} poll @param {{choices: number[], text: string}} answer */
  answered(poll, answer) {
    const { t } = this.ui;
    const words = answer.text || answer.choices.map((place) => poll.options[place]).join(", ");
    return html`<p class="quiet-line">${icon("check")}<span>${t("poll_your_answer", { answer: words })}. ${t("poll_answered")}</span>
      <button type="button" class="link-btn" @click=${() => (this.changing = true)}>${t("poll_change")}</button></p>`;
  }

  /** @param {import("../model/types.js").Poll} poll @param {import("../model/session.js").Bar[]} bars @param {{choices: number[]} | null} answer */
  bars(poll, bars, answer) {
    const { t } = this.ui;
    const moved = bars.some(({ shift }) => shift !== null);
    return html`<div class="bars" aria-hidden="true">${bars.map(({ text, percent, shift }, place) => html`<div class="bar ${answer?.choices.includes(place) ? "mine" : ""}">
        <svg viewBox="0 0 100 10" preserveAspectRatio="none" focusable="false">${svg`<rect class="fill" width=${percent} height="10"/>`}</svg>
        <b dir="auto">${text}</b><span>${percent} %${shift === null || shift === 0 ? nothing : html` <small>${shift > 0 ? "▲" : "▼"} ${Math.abs(shift)}</small>`}</span>
      </div>`)}</div>
      <table class="vh"><caption>${t("poll_results", { text: plain(poll.text, TEXT_CHARS) })}</caption>
        <thead><tr><th scope="col">${t("poll_option")}</th><th scope="col">${t("poll_share")}</th><th scope="col">${t("poll_count")}</th>${moved ? html`<th scope="col">${t("poll_shift")}</th>` : nothing}</tr></thead>
        <tbody>${bars.map(({ text, percent, count, shift }) => html`<tr><th scope="row">${text}</th><td>${percent} %</td><td>${count}</td>
          ${moved ? html`<td>${shift === null ? "" : t(shift < 0 ? "shift_down" : "shift_up", { n: Math.abs(shift) })}</td>` : nothing}</tr>`)}</tbody></table>`;
  }

  /** @param {SubmitEvent} event @param {import("../model/types.js").Poll} poll */
  onSubmit(event, poll) {
    event.preventDefault();
    const data = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const choices = data.getAll("choice").map(Number);
    const text = String(data.get("text") ?? "").trim();
    if (!choices.length && !text) return;
    sessionOf(this.room).give.answerPoll(poll.poll, choices, text);
    this.changing = false;
  }

  putAway() {
    const session = sessionOf(this.room);
    session.justClosed = null;
    session.changed();
  }
}

define("tt-poll", TtPoll);
