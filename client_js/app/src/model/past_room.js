/**
 * The room of a past session, as the models of a live one want it: `SessionModel` reads from it the queue, its order and
 * the bars of polls as they were then.
 */

/** @typedef {import("./replay.js").ReplayModel} ReplayModel */

export class PastRoom {
  /** @param {import("./cohort.js").CohortModel} cohort @param {ReplayModel} replay */
  constructor(cohort, replay) {
    this.cohort = cohort;
    this.replay = replay;
    this.id = replay.room;
    this.client = { now: () => replay.at, outbox: [], draft: () => "", api: cohort.client.api };
  }

  get state() {
    return this.replay.state;
  }

  /** @param {string | null | undefined} persona */
  isMine(persona) {
    const { me, mineState } = this.cohort;
    return Boolean(persona) && (persona === me.person || persona === mineState?.aliases?.[this.id]);
  }

  /** What was counted then. Nothing was one's own: who reads it now may not have been there. */
  get followed() {
    const { state, answered } = this.replay;
    return { votes: { votes: state.session?.votes ?? {}, answered }, bars: null, mySession: null };
  }
}
