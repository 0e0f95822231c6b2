/**
 * `<tt-catch-up>`: a card for who joins a session that has run for a while. It takes no focus, hides nothing, and once
 * closed it stays closed for this session.
 */
import { html, nothing } from "lit";
import { catchUp } from "../model/past.js";
import { catchUpList } from "./catch-up-list.js";
import { icon } from "./icons.js";
import { Light, define } from "./light.js";
import { PAST, wear } from "./sheets.js";

const LATE_MS = 180_000;
const MINUTE_MS = 60_000;
const PLACE = "tertulia.caught-up";

export class TtCatchUp extends Light {
  static properties = { ui: { attribute: false }, room: { attribute: false }, items: { state: true } };

  constructor() {
    super();
    /** @type {import("./ui.js").Ui} */
    this.ui = /** @type {any} */ (null);
    /** @type {import("../model/room.js").RoomModel} */
    this.room = /** @type {any} */ (null);
    /** @type {import("../model/past.js").CatchUpItem[]} */
    this.items = [];
    /** How long the session had run when we came, ms. */
    this.late = 0;
    /** The session this was decided for. */
    this.decided = "";
  }

  connectedCallback() {
    super.connectedCallback();
    wear(this, PAST);
  }

  willUpdate() {
    this.watch.only(this.room, this.ui.catalogue);
    const { room } = this;
    const session = room.state?.session;
    const which = `${room.id}/${session?.opened ?? ""}`;
    if (!room.state || which === this.decided) return;
    this.decided = which;
    this.items = [];
    if (!session || session.closed_at !== null) return;
    this.late = room.client.now() - session.opened_at;
    if (this.late < LATE_MS) this.remember();
    else if (!this.isRemembered) this.fetch(which);
  }

  render() {
    const { ui, room, items } = this;
    const { t } = ui;
    if (!items.length || room.state?.session?.closed_at != null) return nothing;
    return html`<section class="catch-up" aria-labelledby="catch-up-title">
      <header><h2 id="catch-up-title">${t("catch_up")}</h2><button type="button" class="icon-btn small" aria-label=${t("catch_up_close")} title=${t("catch_up_close")} @click=${this.close}>${icon("close")}</button></header>
      <p class="muted">${t("catch_up_lead", { n: Math.round(this.late / MINUTE_MS) })}</p>
      ${catchUpList(ui, room.id, items)}</section>`;
  }

  /** @param {string} which */
  async fetch(which) {
    try {
      const items = await catchUp(this.room.client.api, this.room.id);
      if (this.decided === which) this.items = items;
    } catch {
      // Nobody asked for it; the room's menu has it too, and says why it cannot.
    }
  }

  close() {
    this.remember();
    this.items = [];
  }

  get isRemembered() {
    return this.remembered.includes(this.decided);
  }

  /** @returns {string[]} */
  get remembered() {
    try {
      return JSON.parse(sessionStorage.getItem(PLACE) ?? "[]");
    } catch {
      return [];
    }
  }

  remember() {
    try {
      sessionStorage.setItem(PLACE, JSON.stringify([...this.remembered.slice(-20), this.decided]));
    } catch {
      // Kept for this page only.
    }
  }
}

define("tt-catch-up", TtCatchUp);
