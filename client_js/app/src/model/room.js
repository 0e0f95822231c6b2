/**
 * One room as it is shown: the window of messages held, what is under way, who is typing, what is unread.
 *
 * The SDK keeps the newest 50 (`followed.state`); this model keeps what the reader has on screen, which may be
 * elsewhere in the history. Both are fed by the same events.
 */
import { Observable } from "./observe.js";
import { Reactions } from "./reactions.js";
import { ThreadModel } from "./thread.js";
import { MessageWindow, messageOf } from "./window.js";

const PAGE = 60;
const TYPING_MS = 6_000;
const TRIM_EVERY = 500;

/** @typedef {import("./types.js").Message} Message */
/** @typedef {import("./types.js").EventRecord} EventRecord */

export class RoomModel extends Observable {
  /** @param {import("./cohort.js").CohortModel} cohort @param {string} id */
  constructor(cohort, id) {
    super();
    this.cohort = cohort;
    this.client = cohort.client;
    this.id = id;
    this.window = new MessageWindow();
    this.reactions = new Reactions();
    /** @type {ThreadModel | null} */
    this.thread = null;
    this.seeded = false;
    /** The reader is at the newest message. Told by the log. */
    this.following = true;
    /** @type {number | null} the first unread when the reader came */
    this.unreadFrom = null;
    this.unreadKnown = false;
    /** Messages of others that came while the reader was elsewhere. */
    this.newCount = 0;
    /** @type {{people: string[], count: number, until: number, thread: number | null} | null} */
    this.typing = null;
    /** @type {"before" | "after" | "around" | null} */
    this.loading = null;
    /** @type {string | null} refusal code of the last page that could not be read */
    this.failedPage = null;
    /** @type {{seq: number, times: number} | null} where a permalink led */
    this.target = null;
    this.seen = 0;
    /** Its live session: made, with its code, by those who show one (`sessionOf`). @type {import("./session.js").SessionModel | null} */
    this.session = null;
    this.followed = this.client.follow(`room/${id}`, { gap: "snapshot" });
    this.followed.addEventListener("change", (event) => this.onChange(/** @type {CustomEvent} */ (event).detail));
  }

  /** @returns {import("./types.js").RoomState | null} */
  get state() {
    return /** @type {any} */ (this.followed.state);
  }

  get presence() {
    return /** @type {import("./types.js").Presence | null} */ (this.followed.presence);
  }

  /** My posts that are not in the log yet. @param {number | null} thread */
  pending(thread) {
    return this.client.pending(this.id).filter(({ command }) => {
      if (!command.reply_to) return thread === null;
      return thread !== null && (command.reply_to === thread || this.thread?.has(/** @type {number} */ (command.reply_to)));
    });
  }

  enter() {
    this.followed.setLevel("full");
    this.unreadFrom = null;
    this.unreadKnown = false;
    this.newCount = 0;
    this.following = true;
    if (this.state && (this.window.hasAfter || !this.seeded)) this.seed(this.state, true);
    this.onMarkers();
    this.changed();
  }

  leave() {
    this.followed.setLevel("head");
    this.thread = null;
    this.typing = null;
    this.target = null;
  }

  // --- what the server tells ------------------------------------------------------------------------------------

  /** @param {any} record */
  onChange(record) {
    if (record?.type === "snapshot") this.session?.changed();
    if (this.state && (!this.seeded || record?.type === "snapshot")) this.seed(this.state, false);
    this.onMarkers();
    this.changed();
  }

  /** @param {import("./types.js").RoomState} state @param {boolean} afresh */
  seed(state, afresh) {
    const { messages, has_more } = state;
    const reading = (this.seeded || this.target !== null) && !afresh && !this.following; // a permalink may be here first
    const joins = this.window.messages.length > 0 && (!has_more || (messages[0]?.seq ?? 0) <= this.window.last);
    if (reading && joins && !this.window.hasAfter) {
      for (const message of messages) this.window.replace(message.seq, () => message);
      this.window.extendDown(messages, false);
    } else if (reading) {
      this.window.hasAfter = true; // what is being read stays; the rest is fetched on the way down
    } else {
      this.window.reset(messages, has_more, false);
    }
    this.seeded = true;
    this.reactions.add(state.tallies, this.followed.mine ?? {});
    this.thread?.load();
  }

  /** @param {EventRecord} event */
  onEvent(event) {
    const { name, data } = event;
    this.session?.onEvent(event);
    if (!this.seeded) return;
    if (name === "message_posted" && !data.thread) {
      this.window.append(messageOf(event), this.following);
      if (event.seq % TRIM_EVERY === 0) this.reactions.trim((seq) => this.isHeld(seq));
    } else {
      this.window.apply(event);
    }
    if (name === "message_redacted") this.reactions.forget(data.message);
    this.thread?.onEvent(event);
    if (name === "message_posted" && !this.isMine(event.by)) this.onOthersMessage(event);
    this.changed();
  }

  /** @param {EventRecord} event */
  onOthersMessage({ seq, by, data }) {
    if (!data.thread && !(this.following && !document.hidden)) {
      this.newCount += 1;
      this.unreadFrom ??= seq;
    }
    if (this.typing) this.typing.people = this.typing.people.filter((person) => person !== by);
    if (this.cohort.room === this) {
      const mention = (data.mentions ?? []).includes(this.cohort.me.person);
      this.cohort.announcer.message({ name: this.cohort.nameOf(by), text: data.text ?? "", mention });
    }
  }

  /** By me, or under my alias here. @param {string} by */
  isMine(by) {
    const { me, mineState } = this.cohort;
    return by === me.person || by === mineState?.aliases?.[this.id];
  }

  onPending() {
    this.session?.changed();
    this.changed();
  }

  /** @param {{people?: string[], count: number, thread?: number | null}} detail */
  onTyping({ people, count, thread }) {
    const others = (people ?? []).filter((person) => person !== this.cohort.me.person);
    this.typing = { people: others, count: Math.max(count, others.length), thread: thread ?? null, until: Date.now() + TYPING_MS };
    setTimeout(() => this.changed(), TYPING_MS + 50);
    this.changed();
  }

  /** Who is typing now. @param {number | null} thread */
  typingNow(thread) {
    const { typing } = this;
    return typing && typing.until > Date.now() && typing.thread === thread && typing.people.length ? typing : null;
  }

  /** @param {Record<string, Record<string, number>>} tallies */
  onTally(tallies) {
    this.reactions.setTallies(tallies);
    this.changed();
  }

  /** @param {Record<string, string[]>} mine */
  onMine(mine) {
    this.reactions.setMine(mine);
    this.changed();
  }

  /** The unread line is set once per visit, when both the room and my markers are known. */
  onMarkers() {
    const markers = this.cohort.mineState?.markers;
    if (this.unreadKnown || !this.seeded || !markers) return;
    this.unreadKnown = true;
    const marker = markers[this.id]?.[""];
    this.seen = marker ?? 0;
    if (marker === undefined) return;
    const unread = this.window.messages.filter(({ seq, by }) => seq > marker && !this.isMine(by));
    if (unread.length) {
      this.unreadFrom = unread[0].seq;
      this.newCount = unread.length;
    }
    this.changed();
  }

  // --- what the reader does -------------------------------------------------------------------------------------

  /** The reader is, or is no longer, at the newest message. @param {boolean} following */
  setFollowing(following) {
    const now = following && !this.window.hasAfter;
    if (now === this.following && !(now && this.newCount)) return;
    this.following = now;
    if (now) this.newCount = 0;
    this.changed();
  }

  /** Everything up to here was on screen. @param {number} seq */
  markRead(seq) {
    const upTo = this.following ? Math.max(seq, this.followed.position?.seq ?? 0) : seq;
    if (upTo <= this.seen || document.hidden || this.cohort.room !== this) return;
    this.seen = upTo;
    this.client.markRead(this.id, upTo);
  }

  loadBefore() {
    if (!this.window.hasBefore || !this.window.messages.length) return Promise.resolve();
    return this.page("before", { before: this.window.first, limit: PAGE }, (page) =>
      this.window.extendUp(page.messages, page.has_before ?? false));
  }

  loadAfter() {
    if (!this.window.hasAfter || !this.window.messages.length) return Promise.resolve();
    return this.page("after", { after: this.window.last, limit: PAGE }, (page) => {
      this.window.extendDown(page.messages, page.has_after ?? false);
      this.joinNewest();
    });
  }

  /** Show a message, wherever it is. @param {number} seq */
  async goTo(seq) {
    if (!this.window.get(seq)) {
      await this.page("around", { around: seq, limit: PAGE }, (page) => {
        this.window.reset(page.messages, page.has_before ?? false, page.has_after ?? false);
        this.joinNewest();
      });
    }
    this.following = false;
    this.target = { seq, times: (this.target?.times ?? 0) + 1 };
    this.changed();
  }

  goToNewest() {
    if (this.window.hasAfter && this.state) {
      this.window.reset(this.state.messages, this.state.has_more, false);
      this.reactions.add(this.state.tallies, this.followed.mine ?? {});
    }
    this.following = true;
    this.newCount = 0;
    this.target = null;
    this.changed();
  }

  /** @param {number} root */
  openThread(root) {
    if (this.thread?.root !== root) this.thread = new ThreadModel(this, root);
    this.changed();
    return this.thread;
  }

  closeThread() {
    this.thread = null;
    this.changed();
  }

  /** @param {string} text @param {number | null} replyTo @param {{kind?: string, alias?: boolean}} [more] */
  post(text, replyTo, { kind = "", alias = false } = {}) {
    /** @type {any} */
    const command = { type: "post_message", room: this.id, text, ...(kind ? { kind } : {}), ...(alias ? { alias } : {}) };
    if (replyTo) command.reply_to = replyTo;
    else this.unreadFrom = null;
    this.cohort.send(command);
    if (!replyTo) this.goToNewest();
  }

  /** @param {number} message @param {string} emoji @param {object} [more] */
  toggleReaction(message, emoji, more = {}) {
    const on = !this.reactions.mine.get(message)?.has(emoji);
    this.reactions.set(message, emoji, on);
    this.cohort.send({ type: "set_reaction", room: this.id, message, emoji, on, ...more });
    this.changed();
  }

  /** @param {{message: number, emoji: string, on?: boolean}} command */
  undoReaction({ message, emoji, on }) {
    this.reactions.set(message, emoji, on === false);
    this.changed();
  }

  /** A message that is held here or in the thread. @param {number} seq */
  get(seq) {
    return this.window.get(seq) ?? this.thread?.messages.find((message) => message.seq === seq);
  }

  // --- inside ---------------------------------------------------------------------------------------------------

  /** @param {number} seq */
  isHeld(seq) {
    return this.window.indexOf(seq) >= 0 || Boolean(this.thread?.has(seq));
  }

  /**
   * @param {"before" | "after" | "around"} which
   * @param {object} where
   * @param {(page: import("./types.js").Page) => void} take
   */
  async page(which, where, take) {
    if (this.loading) return;
    this.loading = which;
    this.failedPage = null;
    this.changed();
    try {
      const page = /** @type {any} */ (await this.client.api.messages(this.id, where));
      take(page);
      this.reactions.add(page.tallies, page.mine);
    } catch (error) {
      this.failedPage = /** @type {{code?: string}} */ (error).code ?? "internal";
      if (which === "around") throw error;
    } finally {
      this.loading = null;
      this.changed();
    }
  }

  /** The window reached the end while messages came: what the SDK holds closes the gap. */
  joinNewest() {
    if (this.window.hasAfter || !this.state) return;
    const { messages, has_more } = this.state;
    if (has_more && messages.length && messages[0].seq > this.window.last) this.window.hasAfter = true;
    else this.window.extendDown(messages, false);
  }
}
