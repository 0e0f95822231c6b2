/** Short sentences that come and go at the foot of the page. A failed message is told as an alert. */
import { Observable } from "./observe.js";

const SHOWN_MS = 7_000;
const SHOWN_MAX = 3;

/**
 * @typedef {object} Notice
 * @property {number} id
 * @property {string} text
 * @property {"status" | "alert"} role
 * @property {boolean} [stays] until it is closed
 * @property {string} [action]
 * @property {() => void} [act]
 */

export class Notices extends Observable {
  /** @param {import("../lang/catalogue.js").Catalogue} catalogue @param {(path: string) => void} navigate */
  constructor(catalogue, navigate) {
    super();
    this.catalogue = catalogue;
    this.navigate = navigate;
    /** @type {Notice[]} */
    this.list = [];
    this.last = 0;
  }

  /** @param {string} text @param {Partial<Notice>} [more] */
  show(text, more = {}) {
    const notice = { id: (this.last += 1), text, role: /** @type {const} */ ("status"), ...more };
    this.list = [...this.list, notice].slice(-SHOWN_MAX);
    if (!more.stays) setTimeout(() => this.close(notice.id), SHOWN_MS);
    this.changed();
  }

  /** @param {number} id */
  close(id) {
    if (!this.list.some((notice) => notice.id === id)) return;
    this.list = this.list.filter((notice) => notice.id !== id);
    this.changed();
  }

  /** @param {{code: string, message?: string} | null | undefined} refusal */
  refused(refusal) {
    this.show(this.catalogue.refusal(refusal));
  }

  /** @param {any} pending a post that was refused for good */
  failed(pending) {
    const why = this.catalogue.refusal(pending.refusal);
    this.show(this.catalogue.t("message_failed", { why }), { role: "alert" });
  }

  /** @param {import("./cohort.js").CohortModel} cohort @param {import("./types.js").EventRecord} event */
  mention(cohort, { by, data }) {
    const room = cohort.state?.rooms.find((listed) => listed.room === data.room)?.name ?? data.room;
    this.show(this.catalogue.t("mentioned_in", { name: cohort.nameOf(by), room }), {
      action: this.catalogue.t("show"),
      act: () => this.navigate(`/room/${data.room}/${data.message}`),
    });
  }

  /** @param {import("./cohort.js").CohortModel} cohort @param {import("./types.js").EventRecord} event */
  replied(cohort, { by, data }) {
    if (!by || by === cohort.me.person) return;
    this.show(this.catalogue.t("replied_to_you", { name: cohort.nameOf(by) }), {
      action: this.catalogue.t("show"),
      act: () => this.navigate(`/room/${data.room}?panel=thread-${data.thread}`),
    });
  }

  /** The floor is mine. */
  called() {
    this.show(this.catalogue.t("you_were_called"), { role: "alert" });
  }

  /** What staff did that only I am told. @param {import("./cohort.js").CohortModel} cohort @param {import("./types.js").EventRecord} event */
  decided(cohort, { name, by, data }) {
    const { t } = this.catalogue;
    if (name === "member_muted") this.show(t("you_were_muted", { reason: data.reason }));
    if (name === "role_changed") this.show(t("your_role_is", { role: t(`role_${data.role}`) }));
    if (name === "alias_unmasked") this.show(t("you_were_unmasked", { name: cohort.nameOf(by), reason: data.reason }), { role: "alert", stays: true });
  }
}
