/**
 * The room of a past session, as the models and elements of a live one want it: the queue, its order and the polls are then
 * shown as they were. Nobody may change anything in it, and nothing in it was one's own: who reads it may not have been there.
 */

/** @typedef {import("./replay.js").ReplayModel} ReplayModel */

export class PastRoom {
  /** @param {import("./cohort.js").CohortModel} cohort @param {ReplayModel} replay */
  constructor(cohort, replay) {
    this.cohort = Object.create(cohort, { isStaff: { value: false }, isTeacher: { value: false }, canSpeak: { value: false } });
    this.replay = replay;
    this.id = replay.room;
    this.client = { now: () => replay.at, outbox: [], draft: () => "", api: cohort.client.api };
    this.presence = null;
    /** @type {import("./session.js").SessionModel | null} */
    this.session = null;
  }

  get state() {
    return this.replay.state;
  }

  isMine() {
    return false;
  }

  /** What was counted then. */
  get followed() {
    const { state, answered } = this.replay;
    return { votes: { votes: state.session?.votes ?? {}, answered }, bars: null, mySession: null };
  }
}
