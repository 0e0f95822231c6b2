/**
 * What the first picture does not need: the side panels, the dialogs, the join page. They are fetched when the page is
 * idle, and so are here before anybody goes offline. An element that is drawn earlier fills when its code comes.
 */

const IDLE_MS = 400;

/** @param {import("../router.js").Route["view"]} first what is shown at once */
export function fetchLater(first) {
  if (first === "join") import("./join-view.js");
  if (first === "home") import("./home-view.js");
  if (first === "session") import("./replay-door.js");
  for (const small of [() => import("./banner.js"), () => import("./notices-list.js"), () => import("./pending-row.js"), () => import("./typing-line.js")]) small().catch(() => {});
  const all = () => Promise.all([import("../lang/en_later.js"), import("./home-view.js"), import("./thread-panel.js"), import("./search-panel.js"), import("./people-panel.js"), import("./pins-panel.js"), import("./sessions-panel.js"), import("./resources-panel.js"), import("./catch-up.js"), import("./catch-up-panel.js"), import("./dialogs.js"), import("./forms.js"), import("./join-view.js"), import("./message-actions.js"), import("./me-menu.js"), import("./room-actions.js"), import("../model/slash.js"), fetchSession()]).catch(() => {});
  if ("requestIdleCallback" in window) requestIdleCallback(all, { timeout: 5 * IDLE_MS });
  else setTimeout(all, IDLE_MS);
}

/** What shows a live session, and a team's room. */
export const fetchSession = () => import("./session-view.js");

/** The dialogs of an app, with their code. @param {Element} app @returns {Promise<import("./dialogs.js").TtDialogs>} */
export async function dialogsHere(app) {
  await import("./dialogs.js");
  return /** @type {import("./dialogs.js").TtDialogs} */ (app.querySelector("tt-dialogs"));
}
