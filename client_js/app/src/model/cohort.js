/**
 * One person in one cohort: the SDK's client, who is who, which rooms there are and what is unread in them.
 *
 * The road of everything that happens: client event → this model or the RoomModel it concerns → `changed()` → the
 * elements that watch it draw at the next frame.
 */
import { Client } from "../../../sdk/index.js";
import { aliasName, isAlias } from "../../../sdk/alias.js";
import { Observable } from "./observe.js";
import { RoomModel } from "./room.js";

const STAFF = new Set(["owner", "instructor", "ta"]);
const TEACHERS = new Set(["owner", "instructor"]);
const RANK = { owner: 4, instructor: 3, ta: 2, learner: 1, bot: 1, observer: 0 };
const MEMBERS_PAGE = 100;
/** Of my stream: told in a notice. */
const DECIDED = new Set(["member_muted", "role_changed", "alias_unmasked"]);

/** @typedef {import("./types.js").Role} Role */

/**
 * @typedef {object} CohortOptions
 * @property {string} url
 * @property {import("./credentials.js").Credentials} credentials
 * @property {(credentials: import("./credentials.js").Credentials) => void} keep  called when the token was renewed
 * @property {Storage} [storage]
 * @property {import("./announcer.js").Announcer} announcer
 * @property {import("./notices.js").Notices} notices
 */

export class CohortModel extends Observable {
  /** @param {CohortOptions} options */
  constructor({ url, credentials, keep, storage, announcer, notices }) {
    super();
    this.announcer = announcer;
    this.notices = notices;
    this.credentials = credentials;
    this.keep = keep;
    /** @type {Map<string, RoomModel>} */
    this.rooms = new Map();
    /** @type {RoomModel | null} the one on screen */
    this.room = null;
    /** @type {Map<string, {name: string, role: string}>} members that the snapshot did not hold */
    this.others = new Map();
    /** Counts the changes of names and roles: rows draw again when it moves. */
    this.peopleVersion = 0;
    /** @type {Set<string>} */
    this.asked = new Set();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.asking = undefined;
    /** @type {import("../../../sdk/client.js").Client} */
    this.client = new Client({
      url,
      token: credentials.token,
      expiresAt: credentials.expires_at,
      person: credentials.person,
      storage,
      name: "app/1",
      refresh: credentials.refresh ? () => this.refresh() : undefined,
    });
    const cohort = credentials.cohort ?? "";
    this.id = cohort;
    this.list = this.client.follow(`cohort/${cohort}`, { gap: "snapshot" });
    this.user = this.client.follow(`user/${credentials.person}`, { gap: "snapshot" });
    this.listen();
  }

  open() {
    this.client.open();
  }

  close() {
    this.client.close();
    this.announcer.stop();
  }

  // --- who and what ---------------------------------------------------------------------------------------------

  get me() {
    const { person = "", name = "", role = "learner" } = this.client.me ?? this.credentials;
    const listed = this.members[person];
    return { person, name: listed?.name ?? name, role: /** @type {Role} */ (listed?.role ?? role) };
  }

  /** @returns {import("./types.js").CohortState | null} */
  get state() {
    return /** @type {any} */ (this.list.state);
  }

  /** @returns {import("./types.js").UserState | null} */
  get mineState() {
    return /** @type {any} */ (this.user.state);
  }

  /** @returns {Record<string, {name: string, role: string}>} */
  get members() {
    return this.state?.members ?? {};
  }

  get isStaff() {
    return STAFF.has(this.me.role);
  }

  get isTeacher() {
    return TEACHERS.has(this.me.role);
  }

  get canSpeak() {
    return this.me.role !== "observer";
  }

  /** Staff act on people of a lower role only. @param {string} person */
  outranks(person) {
    return this.isStaff && person !== this.me.person && RANK[this.me.role] > (RANK[this.roleOf(person)] ?? 0);
  }

  /** @param {string} person */
  nameOf(person) {
    if (isAlias(person)) return aliasName(person);
    const found = this.members[person] ?? this.others.get(person);
    if (!found && person) this.ask(person);
    return found?.name ?? (person === this.me.person ? this.me.name : "…");
  }

  /** @param {string} person @returns {Role} */
  roleOf(person) {
    const found = this.members[person] ?? this.others.get(person);
    return /** @type {Role} */ (found?.role ?? "learner");
  }

  /** @returns {{room: string, name: string, kind: string, closed: boolean, unread: number}[]} */
  get listed() {
    return (this.state?.rooms ?? []).map((listed) => ({ ...listed, unread: this.unread(listed.room) }));
  }

  /** @param {string} room */
  unread(room) {
    if (this.room?.id === room && this.room.following && !document.hidden) return 0;
    return this.client.followed(`room/${room}`)?.head?.unread ?? 0;
  }

  get unreadTotal() {
    return this.listed.reduce((sum, { unread }) => sum + unread, 0);
  }

  /** People in the rooms that are followed in full. @returns {string[]} */
  get here() {
    const people = new Set();
    for (const room of this.rooms.values()) {
      if (room.followed.level === "full") for (const person of room.presence?.people ?? []) people.add(person);
    }
    return [...people].sort((a, b) => this.nameOf(a).localeCompare(this.nameOf(b)));
  }

  get status() {
    return this.client.status;
  }

  get queued() {
    return this.client.outbox.filter((pending) => pending.state === "queued" || pending.state === "sent");
  }

  // --- rooms ----------------------------------------------------------------------------------------------------

  /** Bring a room on screen. @param {string} id */
  show(id) {
    if (this.room?.id === id) return this.room;
    const before = this.room;
    let room = this.rooms.get(id);
    if (!room) {
      room = new RoomModel(this, id);
      this.rooms.set(id, room);
    }
    this.room = room;
    room.enter();
    if (before) before.leave();
    for (const [key, old] of this.rooms) {
      if (old !== room && this.rooms.size > 8) this.rooms.delete(key);
    }
    this.changed();
    return room;
  }

  /** At home: no room is on screen; the last one stays followed, so that we know who is here. */
  showHome() {
    if (!this.room) return;
    this.room.following = false;
    this.room = null;
    this.changed();
  }

  /** Something to be told about the people here, when no room was opened yet. */
  glance() {
    const first = this.state?.rooms[0];
    if (!first || [...this.rooms.values()].some((room) => room.followed.level === "full")) return;
    const room = this.rooms.get(first.room) ?? new RoomModel(this, first.room);
    this.rooms.set(first.room, room);
    room.enter();
  }

  /**
   * Send a command; a refusal is shown as a notice.
   * @param {Record<string, unknown> & {type: string}} command
   */
  send(command) {
    return this.client.send(/** @type {any} */ (command));
  }

  // --- inside ---------------------------------------------------------------------------------------------------

  listen() {
    const { client } = this;
    const on = (/** @type {string} */ name, /** @type {(detail: any) => void} */ act) =>
      client.addEventListener(name, (event) => act(/** @type {CustomEvent} */ (event).detail));
    on("status", () => this.changed());
    on("welcome", () => this.changed());
    on("token", ({ token, expires_at }) => {
      this.credentials = { ...this.credentials, token, expires_at };
      this.keep(this.credentials);
    });
    on("event", (event) => this.onEvent(event));
    on("head", () => this.changed());
    on("pending", (pending) => {
      this.rooms.get(pending.command.room)?.onPending();
      this.changed();
    });
    on("refused", (pending) => this.onRefused(pending));
    on("presence", ({ room }) => {
      this.rooms.get(room)?.changed();
      this.changed();
    });
    on("typing", (detail) => this.rooms.get(detail.room)?.onTyping(detail));
    on("mine", ({ room, reactions }) => this.rooms.get(room)?.onMine(reactions));
    for (const type of /** @type {const} */ (["votes", "bars", "my_session"])) on(type, ({ room }) => this.rooms.get(room)?.session?.onCounted(type));
    on("tally", ({ room, tallies }) => this.rooms.get(room)?.onTally(tallies));
    on("follow", (followed) => {
      if (followed.stream.startsWith("room/")) this.rooms.get(followed.stream.slice(5))?.onChange(null);
      this.changed();
    });
    this.list.addEventListener("change", () => {
      this.peopleVersion += 1;
      this.followHeads();
      for (const room of this.rooms.values()) room.changed();
      this.changed();
    });
    this.user.addEventListener("change", () => {
      this.room?.onMarkers();
      this.room?.session?.changed();
      this.changed();
    });
  }

  /** Every listed room is followed at level head, so that its unread count is known. */
  followHeads() {
    for (const { room } of this.state?.rooms ?? []) {
      if (!this.client.followed(`room/${room}`)) {
        this.client.follow(`room/${room}`, { level: "head", gap: "snapshot" });
      }
    }
  }

  /** @param {import("./types.js").EventRecord} event */
  onEvent(event) {
    if (event.stream.startsWith("room/")) {
      this.rooms.get(event.stream.slice(5))?.onEvent(event);
    } else if (event.name === "message_held" || event.name === "held_rejected") {
      this.rooms.get(event.data.room)?.session?.onMine(event);
    } else if (event.name === "mentioned" && event.data.room !== this.room?.id) {
      this.notices.mention(this, event);
    } else if (event.name === "replied" && !(this.room?.id === event.data.room && this.room?.thread?.root === event.data.thread)) {
      this.notices.replied(this, event);
    } else if (event.stream.startsWith("user/") && DECIDED.has(event.name)) {
      this.notices.decided(this, event);
    }
  }

  /** @param {any} pending */
  onRefused(pending) {
    const { type, room } = pending.command;
    if (type === "set_reaction") this.rooms.get(room)?.undoReaction(pending.command);
    if (type === "mark_read" || this.rooms.get(room)?.session?.onRefused(pending)) return;
    if (type === "post_message") this.notices.failed(pending);
    else this.notices.refused(pending.refusal);
  }

  async refresh() {
    const renewed = await this.client.api.refresh(this.credentials.refresh ?? "");
    this.credentials = { ...this.credentials, ...renewed };
    this.keep(this.credentials);
    return renewed;
  }

  /** Names that the snapshot does not hold are asked for, many at once. @param {string} person */
  ask(person) {
    if (this.asked.has(person)) return;
    if (!this.state) return;
    this.asked.add(person);
    this.asking ??= setTimeout(() => this.askNow(), 60);
  }

  async askNow() {
    this.asking = undefined;
    const ids = [...this.asked].filter((id) => !this.others.has(id)).slice(-MEMBERS_PAGE);
    try {
      const { members } = await this.client.api.members(ids);
      for (const [id, member] of Object.entries(members ?? {})) this.others.set(id, /** @type {any} */ (member));
      this.peopleVersion += 1;
      for (const room of this.rooms.values()) room.changed();
      this.changed();
    } catch {
      for (const id of ids) this.asked.delete(id); // asked again at the next drawing
    }
  }
}
