/** Small pictures of people, as templates: avatar, role, name. */
import { html, nothing } from "lit";
import { isAlias } from "../../../sdk/alias.js";
import { hueOf, initialsOf } from "../text/people.js";
import { icon } from "./icons.js";

/** @typedef {import("../model/cohort.js").CohortModel} CohortModel */

/** @param {CohortModel} cohort @param {string} person @param {"" | "small" | "tiny"} [size] */
export function avatar(cohort, person, size = "") {
  if (isAlias(person)) return html`<span class="avatar ${size} alias hue-${hueOf(person)}" aria-hidden="true">${icon("mask")}</span>`;
  const bot = cohort.roleOf(person) === "bot" ? "bot" : "";
  return html`<span class="avatar ${size} ${bot} hue-${hueOf(person)}" aria-hidden="true">${initialsOf(cohort.nameOf(person))}</span>`;
}

/** Who is not simply a learner says so. @param {CohortModel} cohort @param {string} person @param {import("./ui.js").T} t */
export function rolePill(cohort, person, t) {
  if (isAlias(person)) return html`<span class="pill">${t("alias")}</span>`;
  const role = cohort.roleOf(person);
  if (role === "learner") return nothing;
  const loud = role === "owner" || role === "instructor" || role === "ta";
  return html`<span class="pill ${loud ? "accent" : ""}">${t(`role_${role}`)}</span>`;
}
