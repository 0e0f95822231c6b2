/** `<tt-home-view>`: the cohort: its rooms, what was said to me, who is here. */
import "../lang/en_later.js";
import { html, nothing } from "lit";
import { brief } from "../text/times.js";
import { emptyTable, icon } from "./icons.js";
import { Light, define } from "./light.js";
import { meItems } from "./me-menu.js";
import { avatar, rolePill } from "./person.js";
import { createInvite, createRoom } from "./room-actions.js";
import { kindIcon } from "./rooms-nav.js";
import "./menu.js";

const MENTIONS_MAX = 6;
const PEOPLE_MAX = 40;

export class TtHomeView extends Light {
  static properties = { ui: { attribute: false }, cohort: { attribute: false } };

  constructor() {
    super();
    /** @type {import("./ui.js").Ui} */
    this.ui = /** @type {any} */ (null);
    /** @type {import("../model/cohort.js").CohortModel} */
    this.cohort = /** @type {any} */ (null);
  }

  willUpdate() {
    this.watch.only(this.cohort, this.ui.catalogue, this.ui.settings);
    this.cohort.glance();
  }

  render() {
    const { cohort, ui } = this;
    const { t } = ui;
    const { state } = cohort;
    if (!state) return html`<div class="edge">${t("loading")}</div>`;
    return html`<div class="home">
      <div class="home-title">
        ${state.course_name && state.course_name !== state.name ? html`<p class="eyebrow"><bdi>${state.course_name}</bdi></p>` : nothing}
        <h1><bdi>${state.name}</bdi></h1>
        <p>${t("welcome_back", { name: cohort.me.name })} ${cohort.unreadTotal ? t("you_have_unread", { n: cohort.unreadTotal }) : t("all_read")}</p>
      </div>
      ${this.rooms()} ${this.mentions()} ${this.people()}
    </div>`;
  }

  rooms() {
    const { cohort, ui } = this;
    const { t } = ui;
    const rooms = cohort.listed;
    return html`<section aria-labelledby="home-rooms">
      <div class="home-head"><h2 id="home-rooms">${t("rooms")}</h2>
        ${cohort.isTeacher ? html`<button type="button" class="btn" @click=${() => createRoom(ui, cohort)}>${icon("plus")}${t("create_room")}</button>` : nothing}</div>
      ${rooms.length
        ? html`<ul class="room-cards">${rooms.map(({ room, name, kind, closed, unread }) => html`<li><a class="room-card" href=${ui.href(`/room/${room}`)}>
            <span class="top"><span class="name"><bdi>${name}</bdi></span>${unread ? html`<span class="count" aria-label=${t("n_unread", { n: unread })}>${unread > 99 ? "99+" : unread}</span>` : nothing}</span>
            <small class="kind">${icon(closed ? "lock" : kindIcon(kind))} ${closed ? t("closed") : unread ? t("n_unread", { n: unread }) : t("nothing_new")}</small>
          </a></li>`)}</ul>`
        : html`<div class="empty">${emptyTable}<p>${t("no_rooms")}</p></div>`}
    </section>`;
  }

  mentions() {
    const { cohort, ui } = this;
    const mentions = (cohort.mineState?.mentions ?? []).slice(-MENTIONS_MAX).reverse();
    if (!mentions.length) return nothing;
    const names = Object.fromEntries(cohort.listed.map(({ room, name }) => [room, name]));
    return html`<section aria-labelledby="home-mentions">
      <h2 id="home-mentions">${ui.t("for_you")}</h2>
      <ul class="mention-list">${mentions.map(({ room, message, at, by }) => html`<li><a href=${ui.href(`/room/${room}/${message}`)}>
        ${avatar(cohort, by, "small")}<span>${ui.t("mentioned_in", { name: cohort.nameOf(by), room: names[room] ?? room })}</span><small>${brief(at, Date.now(), ui.catalogue.lang)}</small>
      </a></li>`)}</ul>
    </section>`;
  }

  people() {
    const { cohort, ui } = this;
    const here = cohort.here;
    const { t } = ui;
    return html`<section aria-labelledby="home-people">
      <div class="home-head"><h2 id="home-people">${t("here_now", { n: here.length, all: cohort.state?.member_count ?? here.length })}</h2>
        ${cohort.isTeacher ? html`<button type="button" class="btn" @click=${() => createInvite(ui, cohort)}>${icon("plus")}${t("invite_people")}</button>` : nothing}</div>
      <ul class="here-list">${here.slice(0, PEOPLE_MAX).map((person) => html`<li>${avatar(cohort, person, "small")}<span class="name"><bdi>${cohort.nameOf(person)}</bdi></span>${rolePill(cohort, person, t)}</li>`)}</ul>
    </section>
    <div class="phone-only home-me">
      ${avatar(cohort, cohort.me.person)}<span class="who"><b><bdi>${cohort.me.name}</bdi></b> <small>${t(`role_${cohort.me.role}`)}</small></span>
      <tt-menu sign="gear" .label=${t("my_menu")} .items=${() => meItems(ui, cohort)}></tt-menu>
    </div>`;
  }
}

define("tt-home-view", TtHomeView);
