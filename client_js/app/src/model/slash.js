/** The `/` commands of the composer, as a table: who may, what they take, what they do. */
import { changeRoom, createInvite, mutePerson, setLock } from "../elements/room-actions.js";

/**
 * @typedef {object} Place
 * @property {import("../elements/ui.js").Ui} ui
 * @property {import("./room.js").RoomModel} room
 *
 * @typedef {object} Slash
 * @property {string} name
 * @property {string} [takes]   catalogue key of its argument
 * @property {string} does      catalogue key
 * @property {"everyone" | "staff" | "teachers"} who
 * @property {(place: Place, words: string) => string | void} run  gives a catalogue key when the words do not fit
 */

/** @type {Slash[]} */
export const SLASH = [
  { name: "search", takes: "slash_words", does: "slash_search", who: "everyone", run: ({ ui }, words) => ui.panel(`search-${words}`) },
  { name: "people", does: "slash_people", who: "everyone", run: ({ ui }) => ui.panel("people") },
  { name: "pins", does: "slash_pins", who: "everyone", run: ({ ui }) => ui.panel("pins") },
  { name: "help", does: "slash_help", who: "everyone", run: ({ ui }) => ui.dialog("help") },
  { name: "rename", takes: "slash_name", does: "slash_rename", who: "everyone", run: ({ room }, words) => {
    if (!words) return "slash_name_missing";
    return void room.cohort.send({ type: "rename_member", name: words });
  } },
  { name: "mute", takes: "slash_person", does: "slash_mute", who: "staff", run: ({ ui, room }, words) => {
    const person = findPerson(room, words);
    if (!person) return "slash_person_missing";
    return void mutePerson(ui, room, person);
  } },
  { name: "lock", takes: "slash_reason", does: "slash_lock", who: "staff", run: ({ room }, words) => setLock(room, true, words) },
  { name: "unlock", does: "slash_unlock", who: "staff", run: ({ room }) => setLock(room, false, "") },
  { name: "slow", takes: "slash_seconds", does: "slash_slow", who: "teachers", run: ({ room }, words) => {
    const seconds = Number(words || "0");
    if (!Number.isInteger(seconds) || seconds < 0 || seconds > 3600) return "slash_seconds_wrong";
    return void changeRoom(room, { slow_mode_s: seconds });
  } },
  { name: "topic", takes: "slash_words", does: "slash_topic", who: "teachers", run: ({ room }, words) => changeRoom(room, { topic: words }) },
  { name: "invite", does: "slash_invite", who: "teachers", run: ({ ui, room }) => void createInvite(ui, room.cohort) },
];

/** The commands this person may give that begin like this. @param {import("./cohort.js").CohortModel} cohort @param {string} beginning */
export function slashFor(cohort, beginning) {
  return SLASH.filter(({ name, who }) => name.startsWith(beginning) &&
    (who === "everyone" || (who === "staff" && cohort.isStaff) || (who === "teachers" && cohort.isTeacher)));
}

/**
 * Run what was written.
 * @param {Place} place
 * @param {string} text
 * @returns {{ran: boolean, wrong?: string}} `ran` is false when it is a message after all
 */
export function runSlash(place, text) {
  const found = /^\/([a-z]+)(?:\s+([\s\S]*))?$/.exec(text.trim());
  if (!found) return { ran: false };
  const command = slashFor(place.room.cohort, found[1]).find(({ name }) => name === found[1]);
  if (!command) return { ran: true, wrong: "slash_unknown" };
  const wrong = command.run(place, (found[2] ?? "").trim());
  return wrong ? { ran: true, wrong } : { ran: true };
}

/** @param {import("./room.js").RoomModel} room @param {string} words */
function findPerson(room, words) {
  const name = words.replace(/^@\[?/, "").replace(/\].*$/, "").trim().toLocaleLowerCase();
  if (!name) return null;
  const { members } = room.cohort;
  return Object.keys(members).find((id) => members[id].name.toLocaleLowerCase() === name) ?? null;
}
