/**
 * The way into the class that a projector shows: an invite link for learners that is good for this session only, since
 * whoever sees the screen can photograph it. One that was made lately is used again. Only instructors can make one.
 */
import { Observable } from "./observe.js";

const HOUR_MS = 3_600_000;
const GOOD_S = 12 * 3600;
const LEFT_MS_MIN = 2 * HOUR_MS;

/** @typedef {{link: string | null, role: string, expires_at: number, uses_max: number | null}} Invite */

/** The invite to show again, if any: for learners, for any number of people, and not for much longer than a session.
 * @param {Invite[]} invites @param {number} now Unix ms @returns {Invite | null} */
export function usable(invites, now) {
  return invites.find(({ link, role, uses_max, expires_at }) => link !== null && role === "learner" && uses_max === null
    && expires_at > now + LEFT_MS_MIN && expires_at <= now + GOOD_S * 1000) ?? null;
}

export class Doorway extends Observable {
  /** @param {import("./cohort.js").CohortModel} cohort */
  constructor(cohort) {
    super();
    this.cohort = cohort;
    /** @type {string | null} */
    this.link = null;
    this.asked = false;
  }

  /** Have a link; asked for again only when it could not be had. */
  async open() {
    if (this.asked || !this.cohort.isTeacher) return;
    this.asked = true;
    const { api } = this.cohort.client;
    try {
      const { invites } = await api.invites();
      const { link } = usable(invites, this.cohort.client.now()) ?? (await api.createInvite({ role: "learner", expires_s: GOOD_S }));
      this.link = link;
      this.changed();
    } catch {
      this.asked = false;
    }
  }
}
