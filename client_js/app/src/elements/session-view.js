/**
 * `<tt-session-view>`: a room with a live session: its head, what is answered now, polls, the talk, the composer. The
 * queue stands beside it (app.js); where there is no room for that, talk, questions and polls are tabs.
 */
import { html, nothing } from "lit";
import { sessionOf } from "../model/session.js";
import { elapsed } from "../text/times.js";
import { icon } from "./icons.js";
import { define } from "./light.js";
import { avatar } from "./person.js";
import { TtRoomView } from "./room-view.js";
import { SESSION, wear } from "./sheets.js";
import { teamBack, teamBanner } from "./team-box.js";
import "../lang/en_session.js";
import "./poll.js";
import "./queue.js";
import "./session-composer.js";
import "./ticking.js";

const PACES = /** @type {const} */ (["lost", "ok", "fast"]);
const PARTS = /** @type {const} */ (["talk", "questions", "polls"]);
const HANDS_MAX = 5;

export class TtSessionView extends TtRoomView {
  static properties = { ...TtRoomView.properties, beside: { type: Boolean }, tab: { state: true } };

  constructor() {
    super();
    /** The queue stands beside. */
    this.beside = false;
    /** @type {(typeof PARTS)[number]} */
    this.tab = "talk";
    this.shownTarget = 0;
    this.addEventListener("show-question", (event) => this.showQuestion(/** @type {CustomEvent} */ (event).detail));
  }

  connectedCallback() {
    super.connectedCallback();
    wear(this, SESSION);
  }

  get session() {
    return sessionOf(this.room);
  }

  willUpdate() {
    super.willUpdate();
    this.watch.only(this.room, this.cohort, this.ui.catalogue, this.session);
    const { target } = this.session;
    if (target && target.times !== this.shownTarget && !this.beside) this.turnTo("questions");
    this.shownTarget = target?.times ?? 0;
  }

  render() {
    const { room, ui, session } = this;
    if (room.followed.status === "denied") return super.render();
    if (room.state?.kind !== "session") return html`${super.head()}${teamBack(ui, session)}${this.rest()}`;
    return html`${this.head()}${this.pins()}<div class="session-above"><tt-catch-up .ui=${ui} .room=${room}></tt-catch-up>
      <div class="session-bars">${teamBanner(ui, session)}${this.floorIsMine()}${this.now()}</div>
      ${this.beside ? html`${this.hands()}${this.openPolls()}` : nothing}</div>
      ${this.beside ? nothing : this.tabs()}
      ${this.rest()}`;
  }

  /** The talk, what stands in its place on a phone, and the composer. */
  rest() {
    const { room, ui, session } = this;
    const isSession = room.state?.kind === "session";
    const part = this.beside || !isSession ? "talk" : this.tab;
    const cards = session.polls.filter(({ closed, poll }) => closed && poll !== session.justClosed).map(({ poll }) => ({ seq: poll, card: html`<tt-poll class="in-log" .ui=${ui} .room=${room} .poll=${poll}></tt-poll>` }));
    return html`<div class="part" id="part-talk" role=${this.beside || !isSession ? nothing : "tabpanel"} aria-labelledby=${this.beside || !isSession ? nothing : "tab-talk"} ?hidden=${part !== "talk"}>
        <tt-message-log .ui=${ui} .room=${room} .cards=${cards}></tt-message-log>
        <tt-typing-line .ui=${ui} .room=${room} .thread=${null}></tt-typing-line></div>
      ${part === "questions" ? html`<div class="part" id="part-questions" role="tabpanel" aria-labelledby="tab-questions"><tt-queue .ui=${ui} .room=${room} .inTab=${true}></tt-queue></div>` : nothing}
      ${part === "polls" ? html`<div class="part polls" id="part-polls" role="tabpanel" aria-labelledby="tab-polls" tabindex="0">${this.hands()}
        ${session.polls.length ? [...session.polls].reverse().map(({ poll }) => html`<tt-poll .ui=${ui} .room=${room} .poll=${poll}></tt-poll>`) : html`<p class="empty">${ui.t("no_polls")}</p>`}</div>` : nothing}
      ${part === "polls" ? nothing : html`<tt-session-composer .ui=${ui} .room=${room} .thread=${null} .onlyAsks=${part === "questions"} @posted=${this.onPosted}></tt-session-composer>`}`;
  }

  head() {
    const { room, ui, session } = this;
    const { t } = ui;
    const { state } = room;
    return html`<div class="room-head session-head">
      ${this.back()}${this.clock()}
      <div class="title"><h1><bdi>${session.state.title || state?.name || t("loading")}</bdi></h1>${this.facts()}</div>
      ${this.heads()}
      ${session.isOpen ? html`${this.pace()}${this.hand()}` : nothing}
      ${this.menu(() => this.sessionItems())}
    </div>`;
  }

  /** Who is here, in short: there is much in this head. */
  heads() {
    const { ui, panel, room } = this;
    if (!room.presence) return nothing;
    const words = ui.t("n_here", { n: room.presence.count });
    return html`<button type="button" class="heads" aria-pressed=${panel === "people"} aria-label=${words} title=${words} @click=${() => ui.panel(panel === "people" ? null : "people")}>
      ${icon("people")}${room.presence.count}</button>`;
  }

  clock() {
    const { ui, session } = this;
    const { t } = ui;
    if (!session.exists) return html`<span class="pill">${t("session_not_begun")}</span>`;
    if (!session.isOpen) return html`<span class="pill">${t("session_ended")}</span>`;
    const said = t(session.clock().recorded ? "lecture_at" : "live_for", { time: elapsed(session.clock().ms) });
    return html`<span class="pill live clock" role="img" aria-label=${said}><span class="dot"></span><span class="desk-only">${t("live")}</span><tt-ticking .read=${() => elapsed(session.clock().ms, true)}></tt-ticking></span>`;
  }

  pace() {
    const { ui, session, cohort } = this;
    if (!cohort.canSpeak) return nothing;
    const { t } = ui;
    if (cohort.isStaff) {
      const told = PACES.filter((pace) => session.paces[pace]);
      return told.length ? html`<span class="paces" title=${t("pace")}>${told.map((pace) => html`<span class="pill ${pace === "ok" ? "" : "warn"}">${t(`pace_${pace}`)} ${session.paces[pace]}</span>`)}</span>` : nothing;
    }
    return html`<div class="seg pace" role="group" aria-label=${t("pace")}>${PACES.map((pace) => html`<button type="button" aria-pressed=${session.pace === pace}
      @click=${() => session.give.setPace(pace)}>${t(`pace_${pace}`)}</button>`)}</div>`;
  }

  hand() {
    const { ui, session, cohort } = this;
    if (!cohort.canSpeak || cohort.me.role === "bot") return nothing;
    const { t } = ui;
    const mine = session.myHand;
    const place = mine ? (mine.place ? t("hand_place", { n: mine.place }) : t("hand_next")) : "";
    const words = t(mine ? "lower_hand" : "raise_hand");
    return html`<button type="button" class="btn hand" aria-pressed=${Boolean(mine)} aria-label=${mine ? `${words}, ${place}` : words} title=${words} @click=${this.toggleHand}>
      ${icon("hand")}<span class="words">${mine ? t("hand_is_up") : words}</span>${mine ? html`<small>${place}</small>` : nothing}</button>`;
  }

  toggleHand() {
    const { session } = this;
    if (session.myHand) session.give.lower();
    else session.give.raise(session.asAlias && session.anonymity !== "off");
  }

  /** Who has the floor, and whose hands are up, in the room's order. */
  hands() {
    const { ui, session, cohort } = this;
    const { hands, state } = session;
    const { called } = state;
    if (!hands.length && !called) return nothing;
    return html`<div class="hands-strip">
      ${called && !session.isCalled ? html`<span class="pill live">${icon("megaphone")}${ui.t("now_speaking", { name: cohort.nameOf(called) })}</span>` : nothing}
      ${hands.length ? html`<span class="hands-count">${icon("hand")}${ui.t("hands_up", { n: hands.length })}</span>
        <ol>${hands.slice(0, HANDS_MAX).map(({ hand }) => html`<li>${avatar(cohort, hand, "tiny")}<bdi>${cohort.nameOf(hand)}</bdi>
          ${cohort.isStaff ? html`<button type="button" class="link-btn" aria-label=${ui.t("call_on", { name: cohort.nameOf(hand) })} @click=${() => session.give.call(hand)}>${ui.t("call")}</button>` : nothing}</li>`)}
          ${hands.length > HANDS_MAX ? html`<li>${ui.t("n_more", { n: hands.length - HANDS_MAX })}</li>` : nothing}</ol>` : nothing}
    </div>`;
  }

  floorIsMine() {
    const { ui, session } = this;
    if (!session.isCalled) return nothing;
    return html`<div class="called">${icon("megaphone")}<b>${ui.t("you_have_floor")}</b></div>`;
  }

  now() {
    const { ui, session } = this;
    const { now } = session;
    return html`<div role="status">${now ? html`<div class="nowbar">
      <span class="pill live"><span class="dot"></span>${ui.t("answering_now")}</span><tt-message-body .text=${now.text} .cohort=${this.cohort}></tt-message-body><small>${ui.t("n_asked", { n: Math.max(1, session.votesOf(now.question)) })}</small></div>` : nothing}</div>`;
  }

  /** Open polls, and one that was closed just now, stand above the talk. */
  openPolls() {
    const { ui, room, session } = this;
    const shown = session.polls.filter(({ closed, poll }) => !closed || poll === session.justClosed);
    return shown.length ? html`<div class="polls-above">${shown.map(({ poll }) => html`<tt-poll .ui=${ui} .room=${room} .poll=${poll} .closable=${true}></tt-poll>`)}</div>` : nothing;
  }

  tabs() {
    const { ui, session, room } = this;
    const counts = { talk: room.newCount, questions: session.waiting, polls: session.openPolls.length };
    return html`<div class="tabs seg" role="tablist" aria-label=${ui.t("session_parts")} @keydown=${this.onTabKey}>${PARTS.map((part) => html`<button type="button" role="tab" id="tab-${part}"
      aria-controls="part-${part}" aria-selected=${this.tab === part} tabindex=${this.tab === part ? "0" : "-1"} @click=${() => this.turnTo(part)}>${ui.t(part)}${counts[part] ? html` <b>${counts[part]}</b>` : nothing}</button>`)}</div>`;
  }

  /** @param {(typeof PARTS)[number]} part */
  turnTo(part) {
    const { room } = this;
    if (part === this.tab) return;
    if (this.tab === "talk") room.setFollowing(false); // what comes meanwhile is counted
    this.tab = part;
    if (part === "talk" && !room.newCount) room.goToNewest();
  }

  /** @param {KeyboardEvent} event */
  onTabKey(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    this.turnTo(PARTS[(PARTS.indexOf(this.tab) + step + PARTS.length) % PARTS.length]);
    this.updateComplete.then(() => /** @type {HTMLElement} */ (this.querySelector("[role=tab][aria-selected=true]"))?.focus());
  }

  /** @param {string} question */
  showQuestion(question) {
    if (this.beside && this.panel) this.ui.panel(null);
    this.session.show(question);
  }

  /** @returns {import("./menu.js").Item[]} */
  sessionItems() {
    const { ui, session, cohort } = this;
    const { t } = ui;
    const forms = () => import("./session-forms.js");
    /** @type {import("./menu.js").Item[]} */
    const items = [{ label: t("search"), icon: "search", hint: "Ctrl K", act: () => ui.panel("search") }];
    if (session.isOpen && cohort.canSpeak && !cohort.isStaff) {
      PACES.forEach((pace, index) => items.push({ label: t(`pace_${pace}`), checked: session.pace === pace, act: () => void session.give.setPace(pace), ...(index ? {} : { title: t("pace") }) }));
    }
    if (cohort.isStaff && this.room.state?.kind === "session") {
      const stage = `/c/${cohort.id}/r/${this.room.id}`;
      if (!ui.embedded) items.push({ label: t("console"), icon: "gear", act: () => ui.navigate(`${stage}/console`) }, { label: t("presenter"), icon: "eye", act: () => ui.navigate(`${stage}/presenter`) });
      items.push(session.isOpen ? { label: t("close_session"), icon: "close", danger: true, act: async () => (await forms()).closeSession(ui, session) }
        : { label: t("open_session"), icon: "megaphone", act: async () => (await forms()).openSession(ui, session) });
    }
    return items;
  }
}

define("tt-session-view", TtSessionView);
