/** What staff and people can do with a room, a cohort and its members. What has to be asked first is in forms.js. */
import "../lang/en_past.js";

/** @typedef {import("./ui.js").Ui} Ui */
/** @typedef {import("../model/room.js").RoomModel} RoomModel */
/** @typedef {import("../model/cohort.js").CohortModel} CohortModel */

const forms = () => import("./forms.js");

/** @param {RoomModel} room @param {boolean} locked @param {string} reason */
export function setLock(room, locked, reason) {
  if (locked) room.cohort.send({ type: "lock_room", room: room.id, ...(reason ? { reason } : {}) });
  else room.cohort.send({ type: "unlock_room", room: room.id });
}

/** @param {RoomModel} room @param {{name?: string, topic?: string, slow_mode_s?: number}} change */
export function changeRoom(room, change) {
  room.cohort.send({ type: "change_room", room: room.id, ...change });
}

/** @param {Ui} ui @param {RoomModel} room @returns {import("./menu.js").Item[]} */
export function roomItems(ui, room) {
  const { t } = ui;
  const { cohort, state } = room;
  /** @type {import("./menu.js").Item[]} */
  const items = [
    { label: t("people"), icon: "people", act: () => ui.panel("people") },
    { label: t("pins"), icon: "pin", act: () => ui.panel("pins") },
    { label: t("resources"), icon: "book", act: () => ui.panel("resources") },
    ...(state?.kind === "session" ? [{ label: t("past_sessions"), icon: "history", act: () => ui.panel("sessions") }] : []),
    ...(state?.session && state.session.closed_at === null ? [{ label: t("catch_up"), icon: "clock", act: () => ui.panel("catch-up") }] : []),
    { label: t("copy_room_link"), icon: "link", act: () => void ui.copy(new URL(ui.href(`/room/${room.id}`), location.href).href) },
    { label: t("export_room"), icon: "download", act: () => void download(ui, () => room.client.api.exportRoom(room.id, "markdown"), `${room.id}.md`) },
  ];
  if (!cohort.isStaff || !state) return items;
  if (cohort.isTeacher) items.push({ label: t("room_settings"), icon: "gear", rule: true, act: async () => (await forms()).settings(ui, room) });
  if (!state.closed) {
    items.push({ label: t(state.locked ? "unlock_room" : "lock_room"), icon: state.locked ? "unlock" : "lock", rule: !cohort.isTeacher, act: async () => (await forms()).askLock(ui, room) });
  }
  if (cohort.isTeacher) {
    items.push({ label: t(state.closed ? "open_room" : "close_room"), icon: "close", danger: !state.closed, act: async () => (await forms()).askClose(ui, room) });
  }
  return items;
}

/** @param {Ui} ui @param {CohortModel} cohort */
export const createRoom = async (ui, cohort) => (await forms()).createRoom(ui, cohort);

/** @param {Ui} ui @param {CohortModel} cohort */
export const createInvite = async (ui, cohort) => (await forms()).createInvite(ui, cohort);

/** @param {Ui} ui @param {CohortModel} cohort */
export const rename = async (ui, cohort) => (await forms()).rename(ui, cohort);

/** @param {Ui} ui @param {CohortModel} cohort @param {string} person */
export const banPerson = async (ui, cohort, person) => (await forms()).banPerson(ui, cohort, person);

/** @param {Ui} ui @param {CohortModel} cohort @param {string} person */
export const changeRole = async (ui, cohort, person) => (await forms()).changeRole(ui, cohort, person);

/** @param {Ui} ui @param {RoomModel} room @param {string} person */
export const mutePerson = async (ui, room, person) => (await forms()).mutePerson(ui, room, person);

/** @param {Ui} ui @param {() => Promise<Blob>} fetchBlob @param {string} name */
export async function download(ui, fetchBlob, name) {
  try {
    const blob = await fetchBlob();
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  } catch (error) {
    ui.notices.refused(/** @type {any} */ (error));
  }
}
