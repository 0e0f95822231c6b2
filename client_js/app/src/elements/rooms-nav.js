/** `<tt-rooms-nav>`: the left column: rooms with what is unread, who is here, and me with my settings. */
import { html, nothing } from "lit";
import { icon } from "./icons.js";
import { Light, define } from "./light.js";
import { avatar } from "./person.js";
import "./menu.js";

const PEOPLE_MAX = 12;

export class TtRoomsNav extends Light {
  static properties = { ui: { attribute: false }, cohort: { attribute: false }, room: {} };

  constructor() {
    super();
    /** @type {import("./ui.js").Ui} */
    this.ui = /** @type {any} */ (null);
    /** @type {import("../model/cohort.js").CohortModel} */
    this.cohort = /** @type {any} */ (null);
    /** @type {string | null} the one on screen */
    this.room = null;
  }

  willUpdate() {
    this.watch.only(this.cohort, this.ui.catalogue, this.ui.settings);
  }

  render() {
    const { ui, cohort } = this;
    const { t } = ui;
    return html`<nav class="side" aria-label=${t("rooms")} id="rooms" tabindex="-1">
      <div class="side-scroll">
        <section>
          <h2><span>${cohort.state?.name ?? ""}</span>${cohort.isTeacher
            ? html`<button type="button" class="icon-btn small" aria-label=${t("create_room")} title=${t("create_room")} @click=${async () => (await import("./room-actions.js")).createRoom(ui, cohort)}>${icon("plus")}</button>` : nothing}</h2>
          <ul>${cohort.listed.map((listed) => this.roomLink(listed))}</ul>
        </section>
        ${this.here()}
      </div>
      ${this.meBar()}
    </nav>`;
  }

  /** @param {{room: string, name: string, kind: string, closed: boolean, unread: number}} listed */
  roomLink({ room, name, kind, closed, unread }) {
    const { ui } = this;
    return html`<li><a class="nav-link ${unread ? "unread" : ""}" href=${ui.href(`/room/${room}`)} aria-current=${this.room === room ? "page" : nothing}>
      ${icon(closed ? "lock" : kindIcon(kind))}<span class="name"><bdi>${name}</bdi></span>
      ${unread ? html`<span class="count" aria-label=${ui.t("n_unread", { n: unread })}>${unread > 99 ? "99+" : unread}</span>` : nothing}
    </a></li>`;
  }

  here() {
    const { cohort, ui } = this;
    const here = cohort.here;
    if (!here.length) return nothing;
    const shown = here.slice(0, PEOPLE_MAX);
    return html`<section>
      <h2>${ui.t("here_now", { n: here.length, all: cohort.state?.member_count ?? here.length })}</h2>
      <ul>
        ${shown.map((person) => html`<li class="nav-link person-line"><span class="here-dot">${avatar(cohort, person, "small")}</span>
          <span class="name"><bdi>${cohort.nameOf(person)}</bdi></span>${cohort.roleOf(person) === "learner" ? nothing : html`<small>${ui.t(`role_${cohort.roleOf(person)}`)}</small>`}</li>`)}
        ${here.length > shown.length ? html`<li class="nav-link"><small>${ui.t("n_more", { n: here.length - shown.length })}</small></li>` : nothing}
      </ul>
    </section>`;
  }

  meBar() {
    const { cohort, ui } = this;
    const { me } = cohort;
    const live = cohort.status.state === "live";
    return html`<div class="me-bar">
      ${avatar(cohort, me.person)}
      <span class="who"><b><bdi>${me.name}</bdi></b><small><span class="conn ${live ? "" : "away"}"></span>${ui.t(live ? `role_${me.role}` : "not_connected")}</small></span>
      <tt-menu sign="gear" .label=${ui.t("my_menu")} .items=${async () => (await import("./me-menu.js")).meItems(ui, cohort)}></tt-menu>
    </div>`;
  }
}

/** @param {string} kind */
export function kindIcon(kind) {
  return { announcements: "megaphone", resources: "book" }[kind] ?? "room";
}

define("tt-rooms-nav", TtRoomsNav);
