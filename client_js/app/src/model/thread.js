/** One thread on screen: its first message, its replies, kept up to date by the room's events. */
import { applyThread } from "../../../sdk/index.js";
import { Observable } from "./observe.js";

const PAGE = 100;
const HELD_MAX = 300;

export class ThreadModel extends Observable {
  /** @param {import("./room.js").RoomModel} room @param {number} root seq of its first message */
  constructor(room, root) {
    super();
    this.room = room;
    this.root = root;
    /** @type {any} as the API gives it; `applyThread` keeps it true */
    this.data = null;
    /** @type {import("./types.js").EventRecord[]} what came while it was fetched */
    this.early = [];
    /** @type {string | null} */
    this.failed = null;
    this.loading = false;
    this.load();
  }

  /** The first message, or the one of the room until the thread is here. */
  get first() {
    return this.all.find(({ seq }) => seq === this.root) ?? this.room.window.get(this.root) ?? null;
  }

  /** @returns {import("./types.js").Message[]} */
  get all() {
    return this.data?.messages ?? [];
  }

  /** @returns {import("./types.js").Message[]} the replies */
  get messages() {
    return this.all.filter(({ seq }) => seq !== this.root);
  }

  get hasAfter() {
    return Boolean(this.data?.has_after);
  }

  /** @param {number} seq */
  has(seq) {
    return seq === this.root || this.messages.some((message) => message.seq === seq);
  }

  async load() {
    if (this.loading) return;
    this.loading = true;
    this.failed = null;
    this.early = [];
    this.told();
    try {
      const { api } = this.room.client;
      /** @type {any} */
      let data = await api.thread(this.room.id, this.root, { limit: PAGE });
      while (data.has_after && data.messages.length < HELD_MAX) data = await this.more(data);
      this.data = data;
      for (const event of this.early) applyThread(data, /** @type {any} */ ({ type: "event", ...event }));
      this.room.reactions.add(data.tallies, data.mine);
    } catch (error) {
      this.failed = /** @type {{code?: string}} */ (error).code ?? "internal";
    } finally {
      this.loading = false;
      this.told();
    }
  }

  /** @param {any} data */
  async more(data) {
    const last = data.messages[data.messages.length - 1]?.seq ?? this.root;
    const page = /** @type {any} */ (await this.room.client.api.thread(this.room.id, this.root, { after: last, limit: PAGE }));
    return { ...page, messages: [...data.messages, ...page.messages], tallies: { ...data.tallies, ...page.tallies }, mine: { ...data.mine, ...page.mine } };
  }

  /** @param {import("./types.js").EventRecord} event */
  onEvent(event) {
    if (!this.data) {
      this.early.push(event);
      return;
    }
    if (applyThread(this.data, /** @type {any} */ ({ type: "event", ...event }))) this.told();
  }

  told() {
    this.changed();
    this.room.changed();
  }
}
