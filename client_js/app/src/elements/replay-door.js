/** The way into a past session; fetched with all that shows one when somebody goes there. */
import { sessionOf, sessionsOf } from "../model/past.js";
import { ReplayModel } from "../model/replay.js";
import "./replay-view.js";

/**
 * The session, at a moment of it; the one that is open already, when it is the same.
 * @param {import("../model/cohort.js").CohortModel} cohort
 * @param {ReplayModel | null} open
 * @param {string} room
 * @param {number} session
 * @param {{t?: number, seq?: number}} moment
 */
export async function openReplay(cohort, open, room, session, { t, seq }) {
  let replay = open;
  if (replay?.room !== room || replay.session !== session || replay.status !== "ready") {
    replay = new ReplayModel(cohort.client.api, room, session);
    await replay.load();
  }
  if (replay.status === "ready" && seq !== undefined) replay.seekSeq(seq);
  else if (replay.status === "ready" && t !== undefined) replay.seek(t);
  return replay;
}

/**
 * The session in which an entry is; null, after a notice, if in none.
 * @param {import("./ui.js").Ui} ui
 * @param {import("../model/cohort.js").CohortModel} cohort
 * @param {string} room
 * @param {number} seq
 */
export async function findSession(ui, cohort, room, seq) {
  try {
    const found = sessionOf(await sessionsOf(cohort.client.api, room), seq);
    if (!found) ui.notices.show(ui.t("in_no_session"));
    return found?.session ?? null;
  } catch (error) {
    ui.notices.refused(/** @type {any} */ (error));
    return null;
  }
}
