/** Teams, as templates: in the session, which is mine; in a team's room, the way back and what is carried there. */
import { html, nothing } from "lit";
import { elapsed } from "../text/times.js";
import { icon } from "./icons.js";
import "./ticking.js";

/** @param {import("./ui.js").Ui} ui @param {import("../model/session.js").SessionModel} session */
export function teamBanner(ui, session) {
  const { myTeam, state, room, cohort } = session;
  if (!myTeam) return nothing;
  const until = state.teams?.until;
  const names = myTeam.people.filter((person) => person !== cohort.me.person).map((person) => cohort.nameOf(person));
  return html`<div class="team-banner">${icon("people")}<div><b>${ui.t("team_is", { name: myTeam.name })}</b> ${names.length ? html`<small>${ui.t("with_people", { names: names.join(", ") })}</small>` : nothing}</div>
    <span class="grow"></span>
    ${until ? html`<span class="pill live"><tt-ticking .read=${() => ui.t("team_time", { time: elapsed(until - room.client.now(), true) })}></tt-ticking></span>` : nothing}
    <a class="btn" href=${ui.href(`/room/${myTeam.room}`)}>${ui.t("to_team")}</a></div>`;
}

/** @param {import("./ui.js").Ui} ui @param {import("../model/session.js").SessionModel} session */
export function teamBack(ui, session) {
  const parent = session.room.state?.parent;
  if (!parent) return nothing;
  const onSubmit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const text = String(new FormData(form).get("text") ?? "").trim();
    if (!text) return;
    session.give.reportResult(text);
    form.reset();
    ui.notices.show(ui.t("carried_back"));
  };
  return html`<details class="team-back"><summary>${icon("up")}${ui.t("team_back")}</summary>
    <form @submit=${onSubmit}><div class="field"><label for="team-result">${ui.t("team_result")}</label><textarea id="team-result" name="text" rows="2" required maxlength="8000"></textarea></div>
    <div class="acts-line"><button type="submit" class="btn primary">${ui.t("carry_back")}</button><a class="btn quiet" href=${ui.href(`/room/${parent}`)}>${ui.t("to_parent")}</a></div></form></details>`;
}
