/** The way into a past session; fetched with all that shows one when somebody goes there. */
import { sessionOf, sessionsOf } from "../model/past.js";
import { ReplayModel } from "../model/replay.js";
import { sessionPath } from "../router.js";
import "./replay-view.js";

/**
 * Bring a past session on screen, at the moment the address names; an address that names only an entry is replaced by that
 * of its session.
 * @param {import("./app.js").TtApp} app
 * @param {import("../model/cohort.js").CohortModel} cohort
 * @param {import("../router.js").Route} route
 * @param {() => boolean} isWanted nobody went elsewhere meanwhile
 */
export async function openReplay(app, cohort, { room = "", session, seq, t }, isWanted) {
  if (session === undefined) {
    const found = await findSession(app.ui, cohort, room, seq ?? 0);
    if (isWanted()) app.place.go(found === null ? `/room/${room}/${seq ?? ""}` : sessionPath(cohort.id, room, found, { seq }), true);
    return;
  }
  let { replay } = app;
  if (replay?.room !== room || replay.session !== session || replay.status !== "ready") {
    replay = new ReplayModel(cohort.client.api, room, session);
    await replay.load();
    if (!isWanted()) return;
    app.leaveReplay();
  }
  if (replay.status === "ready") {
    if (seq !== undefined) replay.seekSeq(seq);
    else if (t !== undefined) replay.seek(t);
    if (app.driven !== null) replay.seekMedia(app.driven);
  }
  app.replay = replay;
  app.sought = seq ?? null;
}

/**
 * The session in which an entry is; null, after a notice, if in none.
 * @param {import("./ui.js").Ui} ui
 * @param {import("../model/cohort.js").CohortModel} cohort
 * @param {string} room
 * @param {number} seq
 */
async function findSession(ui, cohort, room, seq) {
  try {
    const found = sessionOf(await sessionsOf(cohort.client.api, room), seq);
    if (!found) ui.notices.show(ui.t("in_no_session"));
    return found?.session ?? null;
  } catch (error) {
    ui.notices.refused(/** @type {any} */ (error));
    return null;
  }
}
