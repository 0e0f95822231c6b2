/**
 * The rows of the console's lists and who has the focus: one row of each list can be reached by Tab, the others by keys.
 * Nothing moves while the focus is inside; when my own doing takes the row away, the next one gets the focus.
 */
import { heldOrder, neighbourOf } from "../../model/held_order.js";

/** @typedef {"approve" | "fair" | "hands" | "held" | "reports"} List */

export const isDialogOpen = () => document.querySelector("dialog[open]") !== null;

export class Rows {
  /** @param {import("lit").ReactiveControllerHost & HTMLElement} host */
  constructor(host) {
    this.host = host;
    /** @type {Map<string, string[]>} as they were drawn last */
    this.shown = new Map();
    /** @type {Map<string, string>} the row of each list that Tab reaches */
    this.current = new Map();
    /** @type {{list: List, row: string} | null} where the focus is */
    this.focus = null;
    /** `list/row`: what I took away myself. @type {Set<string>} */
    this.removed = new Set();
    /** Lists in which another order is due. @type {Set<string>} */
    this.stale = new Set();
    /** Where the focus goes after this drawing. @type {{list: List, row: string | null} | null} */
    this.next = null;
    host.addController(this);
  }

  hostConnected() {
    document.addEventListener("focusin", this.onFocusIn);
    document.addEventListener("focusout", this.onFocusOut);
    document.addEventListener("close", this.onDialogClosed, true);
  }

  hostDisconnected() {
    document.removeEventListener("focusin", this.onFocusIn);
    document.removeEventListener("focusout", this.onFocusOut);
    document.removeEventListener("close", this.onDialogClosed, true);
  }

  /** The order in which a list is to be drawn. Called once for each drawing. @param {List} list @param {string[]} fresh @returns {string[]} */
  order(list, fresh) {
    const before = this.shown.get(list) ?? [];
    const focused = this.focus?.list === list ? this.focus.row : null;
    const removed = new Set(before.filter((row) => this.removed.has(`${list}/${row}`)));
    const rows = heldOrder(before, fresh, { held: focused !== null, focused, removed });
    for (const row of removed) if (!fresh.includes(row)) this.removed.delete(`${list}/${row}`);
    if (focused !== null && !rows.includes(focused)) this.next = { list, row: neighbourOf(before, focused, new Set(rows)) };
    this.shown.set(list, rows);
    if (rows.join() === fresh.join()) this.stale.delete(list);
    else this.stale.add(list);
    if (!rows.includes(this.current.get(list) ?? "")) this.current.set(list, this.next?.row ?? rows[0] ?? "");
    return rows;
  }

  /** Draw the order that is due. @param {List} list */
  refresh(list) {
    this.shown.set(list, []);
    this.host.requestUpdate();
  }

  hostUpdated() {
    const { next } = this;
    this.next = null;
    if (!next) return;
    this.focus = next.row === null ? null : { list: next.list, row: next.row };
    if (!isDialogOpen()) this.give(next.list, next.row);
  }

  /** @param {List} list @param {string} row */
  isCurrent(list, row) {
    return this.current.get(list) === row;
  }

  /** @param {List} list @param {string} row @returns {HTMLElement | null} */
  element(list, row) {
    return this.host.querySelector(`[data-list="${list}"][data-row="${CSS.escape(row)}"]`);
  }

  /** Give the focus to a row, or to the heading of its card when there is none. @param {List} list @param {string | null} row */
  give(list, row) {
    const target = row === null ? null : this.element(list, row);
    if (target && row !== null) this.current.set(list, row);
    (target ?? /** @type {HTMLElement | null} */ (this.host.querySelector(`[data-card="${list}"] h2`)))?.focus();
  }

  /** One row down or up; from outside, into the first list that has rows. @param {1 | -1} step */
  move(step) {
    const { focus } = this;
    if (!focus) {
      const list = [...this.shown].find(([, rows]) => rows.length)?.[0];
      if (list) this.give(/** @type {List} */ (list), this.current.get(list) ?? null);
      return;
    }
    const rows = this.shown.get(focus.list) ?? [];
    const row = rows[rows.indexOf(focus.row) + step];
    if (row) this.give(focus.list, row);
  }

  /** I am about to take this row away. @param {List} list @param {string} row */
  takeAway(list, row) {
    this.removed.add(`${list}/${row}`);
  }

  /** It was refused. @param {List} list @param {string} row */
  leave(list, row) {
    this.removed.delete(`${list}/${row}`);
  }

  onFocusIn = (/** @type {FocusEvent} */ event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const row = /** @type {HTMLElement | null} */ (target.closest?.("[data-row]"));
    if (row && this.host.contains(row)) {
      const { list, row: id } = /** @type {{list: List, row: string}} */ (/** @type {unknown} */ (row.dataset));
      const isNew = this.focus?.list !== list || this.focus.row !== id;
      this.focus = { list, row: id };
      this.current.set(list, id);
      if (isNew) this.host.requestUpdate();
    } else if (!target.closest?.("dialog, [popover]")) {
      this.forget();
    }
  };

  /** A click beside everything takes the focus away and gives it to nothing. */
  onFocusOut = () => {
    setTimeout(() => {
      const { focus } = this;
      if (focus && document.hasFocus() && document.activeElement === document.body && !isDialogOpen() && this.element(focus.list, focus.row)) this.forget();
    });
  };

  /** What had opened the dialog may be gone by now. */
  onDialogClosed = () => {
    setTimeout(() => {
      const { focus } = this;
      if (focus && document.activeElement === document.body) this.give(focus.list, this.current.get(focus.list) || null);
    });
  };

  forget() {
    if (!this.focus) return;
    this.focus = null;
    this.host.requestUpdate();
  }
}
