/**
 * `<tt-app>`: the whole. It knows who this tab is and where we are, makes the models, hands `ui` to all elements, and
 * lays out the landmarks in the order in which they are seen: header, nav, main, aside.
 */
import { Api } from "../../../sdk/index.js";
import { html, nothing } from "lit";
import { Catalogue } from "../lang/catalogue.js";
import { Announcer } from "../model/announcer.js";
import { CohortModel } from "../model/cohort.js";
import { Notices } from "../model/notices.js";
import { Place, parse, withPanel } from "../router.js";
import { onShortcut } from "../shortcuts.js";
import { mark } from "./icons.js";
import { dialogsHere, fetchLater } from "./later.js";
import { Light, define } from "./light.js";
import "./room-view.js";
import "./rooms-nav.js";

/** @typedef {import("../model/credentials.js").Credentials} Credentials */
/** @typedef {{load: () => Credentials | null, save: (credentials: Credentials) => void, forget: () => void}} Keeper */

/** Codes after which this tab's token is of no more use. After any other a reload may help. */
const VOID = new Set(["4500", "4501", "4502", "4507", "token_invalid", "token_expired", "not_a_member", "banned", "unknown_cohort", "another_person"]);

export class TtApp extends Light {
  static properties = { url: {}, fixedRoom: {}, settings: { attribute: false }, keeper: { attribute: false }, invite: {}, cohort: { state: true }, failed: { state: true }, spoken: { state: true }, replay: { state: true }, sought: { state: true } };

  constructor() {
    super();
    this.url = location.origin;
    /** @type {string | null} the one room of an embedded app */
    this.fixedRoom = null;
    /** @type {string | null} what of it is shown first, if not the talk */
    this.fixedPath = null;
    /** @type {import("../model/settings.js").Settings} */
    this.settings = /** @type {any} */ (null);
    /** @type {Keeper} */
    this.keeper = /** @type {any} */ (null);
    /** @type {string | null} */
    this.invite = null;
    /** The code of the console and of the presenter view; an embedded room has neither. @type {Record<string, () => Promise<unknown>>} */
    this.stages = {};
    /** @type {CohortModel | null} */
    this.cohort = null;
    /** @type {string | null} why we are not inside */
    this.failed = null;
    this.spoken = "";
    /** @type {number | null} the reply a permalink led to */
    this.reply = null;
    this.went = "";
    /** @type {import("../model/replay.js").ReplayModel | null} the past session on screen */
    this.replay = null;
    /** @type {number | null} the entry of it that a link led to */
    this.sought = null;
    /** @type {number | null} where a page that embeds us wants the recording to be, in ms */
    this.driven = null;
    this.onKey = (/** @type {KeyboardEvent} */ event) => onShortcut(event, this, this.ui, this.place.route.panel !== null);
    this.onVisible = () => {
      if (!document.hidden) this.requestUpdate();
    };
    /** Wide enough for a session's queue beside its talk. */
    this.wide = matchMedia("(min-width: 1100px)");
    this.onWide = () => this.requestUpdate();
    this.place = /** @type {Place} */ (/** @type {unknown} */ (null));
    this.catalogue = new Catalogue();
    this.notices = new Notices(this.catalogue, (path) => this.place.go(path));
    this.announcer = new Announcer((sentence) => (this.spoken = sentence), this.catalogue.t);
    /** @type {import("./ui.js").Ui} */
    this.ui = /** @type {any} */ (null); // made when the settings are here
  }

  connectedCallback() {
    super.connectedCallback();
    this.place = new Place(() => this.moved(), this.fixedRoom ? (this.fixedPath ?? `/room/${encodeURIComponent(this.fixedRoom)}`) : null);
    this.ui = this.makeUi();
    this.announcer.level = () => this.settings.announce;
    this.place.start();
    this.addEventListener("click", this.onClick);
    (this.fixedRoom ? this : document).addEventListener("keydown", /** @type {any} */ (this.onKey));
    document.addEventListener("visibilitychange", this.onVisible);
    this.wide.addEventListener("change", this.onWide);
    const credentials = this.keeper.load();
    fetchLater(credentials && !this.invite ? this.place.route.view : "join");
    if (credentials && !this.invite) this.enter(credentials);
    else if (!this.fixedRoom && this.place.route.view !== "join") this.place.go("/join", true);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.place.stop();
    document.removeEventListener("keydown", this.onKey);
    document.removeEventListener("visibilitychange", this.onVisible);
    this.replay?.pause();
    this.wide.removeEventListener("change", this.onWide);
    this.cohort?.close();
  }

  /** @returns {import("./ui.js").Ui} */
  makeUi() {
    const { catalogue, notices, settings } = this;
    const dialogs = () => dialogsHere(this);
    return {
      t: catalogue.t, catalogue, notices, settings, embedded: this.fixedRoom !== null,
      navigate: (path, replace) => this.place.go(path, replace),
      href: (path) => (this.fixedRoom ? this.url + path : path),
      panel: (panel) => this.openPanel(panel),
      ask: async (question) => (await dialogs()).ask(question),
      dialog: async (name, data) => (await dialogs()).show(name, data),
      copy: (what) => this.copy(what),
      leave: () => this.leave(null),
    };
  }

  // --- coming in and going out ----------------------------------------------------------------------------------

  /** @param {Credentials} credentials */
  async enter(credentials) {
    let known = credentials;
    if (!known.person || !known.cohort) {
      try {
        known = { ...known, ...(await this.whoAmI(known)) };
      } catch (error) {
        this.leave(/** @type {{code?: string}} */ (error).code ?? "internal");
        return;
      }
    }
    this.keeper.save(known);
    const { url, announcer, notices } = this;
    this.failed = null;
    this.invite = null;
    this.cohort = new CohortModel({ url, credentials: known, keep: (renewed) => this.keeper.save(renewed), storage: localStorage, announcer, notices });
    this.cohort.client.addEventListener("stopped", (event) => this.leave(String(/** @type {CustomEvent} */ (event).detail.code)));
    this.cohort.open();
    if (["home", "join"].includes(this.place.route.view)) this.place.go(`/c/${this.cohort.id}`, true);
    else this.moved();
  }

  /** @param {Credentials} credentials @returns {Promise<Partial<Credentials>>} */
  async whoAmI(credentials) {
    const api = new Api({ url: this.url, token: credentials.token });
    try {
      const { person, name, role, cohort, expires_at } = /** @type {any} */ (await api.me());
      return { person, name, role, cohort, expires_at };
    } catch (error) {
      const { code } = /** @type {{code?: string}} */ (error);
      if (!credentials.refresh || (code !== "token_expired" && code !== "token_invalid")) throw error;
      return /** @type {any} */ (await api.refresh(credentials.refresh));
    }
  }

  /** @param {string | null} code why, or null when the person chose to */
  leave(code) {
    this.cohort?.close();
    this.cohort = null;
    this.failed = code;
    if (code === null || VOID.has(code)) this.keeper.forget();
    if (!this.fixedRoom) this.place.go("/join", true);
    this.requestUpdate();
  }

  // --- where we are ---------------------------------------------------------------------------------------------

  moved() {
    const { cohort, place } = this;
    this.requestUpdate();
    if (!cohort) return;
    const { view, room: id, seq, panel } = place.route;
    this.stages[view]?.();
    if (view !== "session") this.leaveReplay();
    if (view === "session") this.openReplay(cohort, place.route);
    else if (id) {
      const room = cohort.show(id);
      const where = `${id}/${seq ?? ""}`;
      if (seq && this.went !== where) this.follow(room, seq);
      this.went = where;
      const thread = /^thread-(\d+)$/.exec(panel ?? "");
      if (thread) room.openThread(Number(thread[1]));
      else if (room.thread) room.closeThread();
    } else {
      this.went = "";
      cohort.showHome();
    }
  }

  /** A past session, at the moment the address names. @param {CohortModel} cohort @param {import("../router.js").Route} route */
  async openReplay(cohort, route) {
    cohort.showHome();
    const where = `${route.room}/${route.session}?${route.t}&${route.seq}`;
    if (this.went === where) return;
    this.went = where;
    await (await import("./replay-door.js")).openReplay(this, cohort, route, () => this.went === where);
  }

  leaveReplay() {
    this.replay?.pause();
    this.replay = null;
  }

  /** A permalink: to a message of the room, or to a reply in its thread. @param {import("../model/room.js").RoomModel} room @param {number} seq */
  async follow(room, seq) {
    try {
      const found = /** @type {any} */ (await room.client.api.message(room.id, seq));
      const message = found.message ?? found;
      await room.goTo(message.thread ?? seq);
      this.reply = message.thread ? seq : null;
      if (message.thread) this.openPanel(`thread-${message.thread}`, true);
    } catch (error) {
      this.notices.refused(/** @type {any} */ (error));
    }
  }

  /** @param {string | null} panel @param {boolean} [replace] */
  openPanel(panel, replace = false) {
    if (!panel?.startsWith("thread-")) this.reply = null;
    const from = this.place.route.panel;
    if (panel !== from) this.place.go(withPanel(this.place.path, panel), replace || (panel !== null && from !== null));
    if (!panel && from) this.updateComplete.then(() => this.focusAfterPanel(from));
  }

  /** Focus goes back to what opened the panel, when it was in the panel. @param {string} panel */
  focusAfterPanel(panel) {
    const root = /** @type {Document | ShadowRoot} */ (this.getRootNode());
    if (root.activeElement && root.activeElement !== document.body) return;
    const thread = /^thread-(\d+)$/.exec(panel);
    const back = thread ? `[data-seq="${thread[1]}"]` : "main form.composer textarea";
    /** @type {HTMLElement | null} */ (this.querySelector(back))?.focus({ preventScroll: true });
  }

  /** Links to our own pages do not load the page again. @param {MouseEvent} event */
  onClick(event) {
    if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const link = /** @type {HTMLAnchorElement | null} */ (/** @type {Element} */ (event.target).closest("a[href]"));
    if (!link || link.hash === "#log" || link.download || link.target) return;
    const target = new URL(link.href, location.href);
    if (target.origin !== new URL(this.url, location.href).origin || !/^\/(room|c)\//.test(target.pathname)) return;
    const { room } = parse(target.pathname);
    if (this.fixedRoom && room !== this.fixedRoom) return;
    event.preventDefault();
    this.went = "";
    this.place.go(target.pathname + target.search);
    if (target.hash) import("./catch-up-list.js").then(({ showPoll }) => showPoll(this, target.hash));
  }

  /** @param {string} what */
  async copy(what) {
    try {
      await navigator.clipboard.writeText(what);
      this.notices.show(this.catalogue.t("copied"));
    } catch {
      this.notices.show(this.catalogue.t("copy_failed", { what }));
    }
  }

  // --- drawing --------------------------------------------------------------------------------------------------

  willUpdate() {
    this.watch.only(this.settings, this.catalogue, this.cohort);
    this.catalogue.use(this.settings.lang);
    const host = /** @type {HTMLElement} */ (this.fixedRoom ? /** @type {ShadowRoot} */ (this.getRootNode()).host : document.documentElement);
    host.dataset.theme = this.isPresenting ? this.settings.stage : this.settings.shade;
    host.lang = this.catalogue.lang;
    if (!this.fixedRoom) document.title = this.tabTitle();
  }

  /** On a projector: nothing but the stage. */
  get isPresenting() {
    return this.cohort !== null && this.place.route.view === "presenter";
  }

  tabTitle() {
    const { cohort } = this;
    if (!cohort) return "Tertulia";
    const unread = cohort.unreadTotal + (document.hidden ? (cohort.room?.newCount ?? 0) : 0);
    const where = cohort.room?.state?.name ?? cohort.state?.name;
    return `${unread ? `(${unread > 99 ? "99+" : unread}) ` : ""}${where ? `${where} · ` : ""}Tertulia`;
  }

  render() {
    return html`${this.cohort ? this.inside(this.cohort) : this.outside()}
      <tt-dialogs .ui=${this.ui} .cohort=${this.cohort}></tt-dialogs>
      <tt-notices .ui=${this.ui}></tt-notices>
      <div class="vh" role="status" aria-live="polite" id="announcer">${this.spoken}</div>`;
  }

  outside() {
    const credentials = this.keeper.load();
    if (credentials && !this.invite && !this.failed) return html`<main class="centred"><p class="muted">${this.ui.t("loading")}</p></main>`;
    return html`<main class="centre-main"><tt-join-view .ui=${this.ui} .url=${this.url} .invite=${this.invite} .why=${this.failed}
      @joined=${(/** @type {CustomEvent} */ event) => this.enter(event.detail)}></tt-join-view></main>`;
  }

  /** @param {CohortModel} cohort */
  inside(cohort) {
    const { ui, place } = this;
    const { view, panel } = place.route;
    if (view === "presenter") return html`<tt-presenter-view .ui=${ui} .cohort=${cohort} .room=${cohort.room}></tt-presenter-view>`;
    const room = view === "room" ? cohort.room : null;
    const past = view === "session";
    const shown = this.panel(cohort, panel);
    return html`${room || past ? html`<a class="skip" href="#log" @click=${this.skip}>${ui.t("skip_to_messages")}</a>` : nothing}
      <div class="frame ${room || past || view === "console" ? "" : "at-home"} ${shown !== nothing ? "with-panel" : ""} ${this.fixedRoom ? "embedded" : ""}">
        ${this.fixedRoom ? nothing : html`<header><div class="brand"><a href="/c/${cohort.id}">${mark}<span>Tertulia</span></a></div></header>
        <tt-rooms-nav .ui=${ui} .cohort=${cohort} .room=${cohort.room?.id ?? this.replay?.room ?? null}></tt-rooms-nav>`}
        <main id="main">
          <tt-banner .ui=${ui} .cohort=${cohort}></tt-banner>
          ${view === "console" ? html`<tt-console-view .ui=${ui} .cohort=${cohort} .room=${cohort.room}></tt-console-view>` : room ? html`<tt-room-view .ui=${ui} .cohort=${cohort} .room=${room} .panel=${panel} .beside=${this.queueBeside}></tt-room-view>` : past ? this.past(cohort, panel) : html`<tt-home-view .ui=${ui} .cohort=${cohort}></tt-home-view>`}
        </main>
        ${shown === nothing ? nothing : html`<aside aria-labelledby="panel-title">${shown}</aside>`}
      </div>`;
  }

  get queueBeside() {
    return this.wide.matches && !this.fixedRoom;
  }

  /** @param {CohortModel} cohort @param {string | null} panel */
  past(cohort, panel) {
    const { ui, replay, sought } = this;
    if (!replay) return html`<p class="empty" role="status">${ui.t("loading")}</p>`;
    return html`<tt-replay-view .ui=${ui} .cohort=${cohort} .replay=${replay} .panel=${panel} .sought=${sought}></tt-replay-view>`;
  }

  /** @param {CohortModel} cohort @param {string | null} panel */
  panel(cohort, panel) {
    const { ui } = this;
    const room = this.place.route.view === "room" ? cohort.room : null;
    if (panel?.startsWith("search")) return html`<tt-search-panel .ui=${ui} .cohort=${cohort} .words=${panel.slice("search-".length)}></tt-search-panel>`;
    const id = room?.id ?? this.replay?.room;
    if (panel === "sessions" && id) return html`<tt-sessions-panel .ui=${ui} .cohort=${cohort} .room=${id}></tt-sessions-panel>`;
    if (panel === "resources" && id) return html`<tt-resources-panel .ui=${ui} .cohort=${cohort} .room=${id}></tt-resources-panel>`;
    if (panel === "catch-up" && id) return html`<tt-catch-up-panel .ui=${ui} .cohort=${cohort} .room=${id}></tt-catch-up-panel>`;
    if (room && !panel && this.queueBeside && room.state?.kind === "session") return html`<tt-queue .ui=${ui} .room=${room}></tt-queue>`;
    if (!room || !panel) return nothing;
    if (panel.startsWith("thread-") && room.thread) return html`<tt-thread-panel .ui=${ui} .room=${room} .thread=${room.thread} .target=${this.reply}></tt-thread-panel>`;
    if (panel === "people") return html`<tt-people-panel .ui=${ui} .room=${room}></tt-people-panel>`;
    if (panel === "pins") return html`<tt-pins-panel .ui=${ui} .room=${room}></tt-pins-panel>`;
    return nothing;
  }

  /** @param {MouseEvent} event */
  skip(event) {
    event.preventDefault();
    /** @type {HTMLElement | null} */ (this.querySelector("#log .msg[tabindex='0'], #log"))?.focus();
  }
}

define("tt-app", TtApp);
