/** `<tt-people-panel>`: who is in the room now and who else belongs to the cohort; staff act on people from here. */
import { html, nothing } from "lit";
import { icon } from "./icons.js";
import { Light, define } from "./light.js";
import { avatar, rolePill } from "./person.js";
import { banPerson, changeRole, createInvite, mutePerson } from "./room-actions.js";
import "./menu.js";
import "../lang/en_later.js";

const SHOWN_MAX = 200;

export class TtPeoplePanel extends Light {
  static properties = { ui: { attribute: false }, room: { attribute: false }, filter: { state: true } };

  constructor() {
    super();
    /** @type {import("./ui.js").Ui} */
    this.ui = /** @type {any} */ (null);
    /** @type {import("../model/room.js").RoomModel} */
    this.room = /** @type {any} */ (null);
    this.filter = "";
  }

  willUpdate() {
    this.watch.only(this.room, this.room.cohort, this.ui.catalogue);
  }

  render() {
    const { ui, room } = this;
    const { cohort } = room;
    const { t } = ui;
    const wanted = this.filter.trim().toLocaleLowerCase();
    const fits = (/** @type {string} */ id) => !wanted || cohort.nameOf(id).toLocaleLowerCase().includes(wanted);
    const byName = (/** @type {string} */ a, /** @type {string} */ b) => cohort.nameOf(a).localeCompare(cohort.nameOf(b));
    const inRoom = new Set(room.presence?.people ?? []);
    const here = [...inRoom].filter(fits).sort(byName);
    const others = Object.keys(cohort.members).filter((id) => !inRoom.has(id) && fits(id)).sort(byName);
    return html`<header class="panel-head"><h2 id="panel-title">${t("people")} <small>${cohort.state?.member_count ?? ""}</small></h2>
        ${cohort.isTeacher ? html`<button type="button" class="btn quiet" @click=${() => createInvite(ui, cohort)}>${icon("plus")}${t("invite")}</button>` : nothing}
        <button type="button" class="icon-btn" aria-label=${t("close_panel")} title=${t("close_panel")} @click=${() => ui.panel(null)}>${icon("close")}</button></header>
      <div class="panel-field"><div class="field compact"><label class="vh" for="people-filter">${t("find_person")}</label>
        <input id="people-filter" type="search" placeholder=${t("find_person")} autocomplete="off" @input=${this.onFilter} /></div></div>
      <div class="panel-body" tabindex="0" role="region" aria-label=${t("people")}>
        ${here.length ? html`<h3>${t("in_this_room", { n: here.length })}</h3><ul class="people">${here.slice(0, SHOWN_MAX).map((id) => this.person(id, true))}</ul>` : nothing}
        ${room.presence && !room.presence.people ? html`<h3>${t("n_here", { n: room.presence.count })}</h3>` : nothing}
        ${others.length ? html`<h3>${t("elsewhere", { n: others.length })}</h3><ul class="people">${others.slice(0, SHOWN_MAX).map((id) => this.person(id, false))}</ul>` : nothing}
        ${others.length > SHOWN_MAX ? html`<p class="status-line">${t("n_more", { n: others.length - SHOWN_MAX })}</p>` : nothing}
      </div>`;
  }

  /** @param {string} id @param {boolean} here */
  person(id, here) {
    const { ui, room } = this;
    const { cohort } = room;
    const name = cohort.nameOf(id);
    return html`<li><span class=${here ? "here-dot" : ""}>${avatar(cohort, id, "small")}</span><span class="name"><bdi>${name}</bdi>${id === cohort.me.person ? html` <small>${ui.t("you")}</small>` : nothing}</span>${rolePill(cohort, id, ui.t)}
      ${cohort.outranks(id) ? html`<tt-menu look="icon-btn small" .label=${ui.t("actions_for", { name })} .items=${() => this.items(id)}></tt-menu>` : nothing}</li>`;
  }

  /** @param {string} id @returns {import("./menu.js").Item[]} */
  items(id) {
    const { ui, room } = this;
    const { cohort } = room;
    const { t } = ui;
    const name = cohort.nameOf(id);
    return [
      { label: t("mute_person", { name }), icon: "mute", act: () => void mutePerson(ui, room, id) },
      { label: t("unmute_person", { name }), icon: "check", act: () => void this.unmute(id) },
      ...(cohort.isTeacher && cohort.roleOf(id) !== "bot" ? [{ label: t("change_role"), icon: "people", rule: true, act: () => void changeRole(ui, cohort, id) }] : []),
      ...(cohort.isTeacher ? [{ label: t("ban_person", { name }), icon: "out", danger: true, act: () => void banPerson(ui, cohort, id) }] : []),
    ];
  }

  /** @param {string} id */
  async unmute(id) {
    const { ui, room } = this;
    const { t } = ui;
    const answer = await ui.ask({ title: t("unmute_person", { name: room.cohort.nameOf(id) }), confirm: t("unmute"), fields: [{ name: "reason", label: t("reason"), required: true, charsMax: 500 }] });
    if (answer) room.cohort.send({ type: "unmute_member", room: room.id, person: id, reason: answer.reason });
  }

  /** @param {InputEvent} event */
  onFilter(event) {
    this.filter = /** @type {HTMLInputElement} */ (event.target).value;
  }
}

define("tt-people-panel", TtPeoplePanel);
