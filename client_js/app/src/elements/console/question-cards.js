/** The cards of questions: those that wait for approval, the queue in fair order, and what is being answered. Templates. */
import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { isAlias } from "../../../../sdk/alias.js";
import { plain } from "../../text/markdown.js";
import { span } from "../../text/times.js";
import { icon } from "../icons.js";

/** @typedef {import("./console-view.js").TtConsoleView} View */
/** @typedef {import("./rows.js").List} List */


/** A card. @param {string} name @param {unknown} title @param {unknown} body @param {unknown} [tools] */
export function card(name, title, body, tools = nothing) {
  return html`<section class="card card-${name}" data-card=${name} aria-labelledby="card-${name}">
    <header><h2 id="card-${name}" tabindex="-1">${title}</h2>${tools}</header>${body}</section>`;
}

/** A button of a row; only the row with the focus has its buttons in the order of Tab.
 * @param {View} view @param {List} list @param {string} row @param {{label: unknown, act: () => unknown, look?: string, name?: string, pressed?: boolean, key?: string}} how */
export function rowButton(view, list, row, { label, act, look = "btn", name, pressed, key }) {
  return html`<button type="button" class=${look} tabindex=${view.rows.isCurrent(list, row) ? 0 : -1} aria-label=${name ?? nothing} title=${name ?? nothing}
    aria-pressed=${pressed === undefined ? nothing : String(pressed)} aria-keyshortcuts=${key ?? nothing} @click=${act}>${label}</button>`;
}

/** A list whose rows the keys move through. @param {View} view @param {List} list @param {string} label @param {string[]} fresh
 * @param {(row: string, place: number) => unknown} draw `place`: where the row stands on screen, from 1 */
export function rowList(view, list, label, fresh, draw) {
  const rows = view.rows.order(list, fresh);
  const known = new Set(fresh);
  const places = new Map(rows.filter((row) => known.has(row)).map((row, at) => [row, at + 1]));
  return html`${view.rows.stale.has(list) && rows.length ? html`<p class="stale"><span>${view.ui.t("con_order_waits")}</span>
      <button type="button" class="link-btn" @click=${() => view.rows.refresh(list)}>${view.ui.t("con_order_now")}</button></p>` : nothing}
    <ul class="rows" aria-label=${label}>${repeat(rows, (row) => row, (row) => html`<li class="row ${known.has(row) ? "" : "gone"}" data-list=${list} data-row=${row}
      tabindex=${view.rows.isCurrent(list, row) ? 0 : -1}>${known.has(row) ? draw(row, places.get(row) ?? 0) : html`<p class="muted">${view.ui.t("con_row_gone")}</p>`}</li>`)}</ul>`;
}

/** Who readers see; an alias says so, and staff may look behind it. @param {View} view @param {string} persona @param {{list: List, row: string}} [at] */
export function who(view, persona, at) {
  const { t } = view.ui;
  const behind = view.staff.behind(persona);
  if (!isAlias(persona)) return html`<bdi>${view.cohort.nameOf(persona)}</bdi>`;
  const may = at && !behind && view.session.anonymity !== "anonymous" && persona !== "~";
  return html`<bdi>${view.cohort.nameOf(persona)}</bdi> <span class="pill">${t("alias")}</span>${behind ? html` <bdi>${t("con_is", { name: view.cohort.nameOf(behind) })}</bdi>` : nothing}
    ${may ? rowButton(view, at.list, at.row, { label: t("con_who"), look: "link-btn", name: t("con_unmask_title", { name: view.cohort.nameOf(persona) }), act: () => view.actions.unmask(persona) }) : nothing}`;
}

/** @param {View} view */
export function approvalCard(view) {
  const { t } = view.ui;
  const waiting = view.staff.waiting;
  const byId = new Map(waiting.map((asked) => [asked.question, asked]));
  const title = html`${t("con_waiting")} ${waiting.length ? html`<span class="pill warn">${waiting.length}</span>` : nothing}`;
  return card("approve", title, html`${rowList(view, "approve", t("con_waiting"), [...byId.keys()], (id) => approvalRow(view, /** @type {any} */ (byId.get(id))))}
    ${waiting.length ? nothing : html`<p class="muted">${t(view.room.state?.approve_questions ? "con_none_waiting" : "con_approval_is_off")}</p>`}`);
}

/** @param {View} view @param {import("../../model/staff.js").Asked} asked */
function approvalRow(view, { question, by, text, at, again }) {
  const { t, catalogue } = view.ui;
  const { actions } = view;
  const button = (/** @type {Parameters<typeof rowButton>[3]} */ how) => rowButton(view, "approve", question, how);
  const alike = view.staff.alikeNow(question);
  return html`<h3 dir="auto"><tt-message-body .text=${text} .cohort=${view.cohort}></tt-message-body></h3>
    <p class="meta">${who(view, by, { list: "approve", row: question })} · ${span(view.now - at, catalogue.lang)}${again ? html` · ${t("con_again")}` : nothing}</p>
    ${alike.slice(0, 2).map((other) => html`<p class="alike"><span dir="auto">${t("con_alike", { text: plain(other.text, 80) })}${percentOf(other)}</span>
      ${button({ label: t("con_merge_here"), name: t("con_merge_into_this", { text: plain(other.text, 80) }), look: "btn small", act: () => actions.mergeInto(question, other.question) })}</p>`)}
    <div class="tools">
      ${button({ label: t("con_publish"), look: "btn live", key: "p", act: () => actions.publish(question) })}
      ${button({ label: t("con_reword"), key: "r", act: () => actions.reword(question) })}
      ${button({ label: t("con_merge_dots"), key: "m", act: () => actions.merge(question) })}
      ${button({ label: t("con_dismiss_dots"), look: "btn quiet", key: "d", act: () => actions.dismiss(question) })}
    </div>`;
}

/** @param {import("../../model/staff.js").Alike} alike */
const percentOf = ({ score }) => html` <b>${Math.round(score * 100)} %</b>`;

/** @param {View} view */
export function fairCard(view) {
  const { t } = view.ui;
  const { session } = view;
  const rows = new Map(session.queue.filter(({ question }) => question.question !== session.state.answering).map((row) => [row.question.question, row]));
  return card("fair", t("con_fair"), html`${nowLine(view)}
    ${rowList(view, "fair", t("con_fair"), [...rows.keys()], (id, place) => fairRow(view, /** @type {any} */ (rows.get(id)), place))}
    ${rows.size ? nothing : html`<p class="muted">${t("con_none_queued")}</p>`}`);
}

/** @param {View} view @param {import("../../model/session.js").QueueRow} row @param {number} place */
function fairRow(view, { question: { question, by, text, highlighted, reworded, asked_at }, votes, reason }, place) {
  const { t, catalogue } = view.ui;
  const { actions } = view;
  const button = (/** @type {Parameters<typeof rowButton>[3]} */ how) => rowButton(view, "fair", question, how);
  return html`<div class="fair"><b class="place">${place}</b><span class="votes"><span aria-hidden="true">▲ ${votes}</span><span class="vh">${t("con_votes", { n: votes })}</span></span>
    <div class="what"><h3 dir="auto"><tt-message-body .text=${text} .cohort=${view.cohort}></tt-message-body></h3>
      <p class="meta">${who(view, by, { list: "fair", row: question })}${reason ? html` · ${t(`place_${reason}`)}` : nothing} · ${t("con_waited", { time: span(view.now - asked_at, catalogue.lang) })}${reworded ? html` · ${t("reworded")}` : nothing}</p></div>
    <div class="tools">
      ${button({ label: t("con_answer"), key: "a", act: () => actions.answer(question) })}
      ${button({ label: highlighted ? "↓" : "↑", look: "btn square", name: t(highlighted ? "con_unhighlight" : "con_highlight"), pressed: highlighted, key: "s", act: () => actions.highlight(question) })}
      <tt-menu button-tabindex=${view.rows.isCurrent("fair", question) ? 0 : -1} .label=${t("question_actions")} .items=${() => fairItems(view, question)}></tt-menu>
    </div></div>`;
}

/** @param {View} view @param {string} question @returns {import("../menu.js").Item[]} */
function fairItems({ ui: { t }, actions }, question) {
  return [
    { label: t("con_merge_dots"), hint: "M", act: () => void actions.merge(question) },
    { label: t("con_reword"), hint: "R", act: () => void actions.reword(question) },
    { label: t("con_dismiss_dots"), hint: "D", danger: true, act: () => void actions.dismiss(question) },
  ];
}

/** @param {View} view */
function nowLine(view) {
  const { t } = view.ui;
  const { session, actions } = view;
  const { now } = session;
  const { called } = session.state;
  return html`${now ? html`<div class="now" data-now=${now.question}><p><span class="pill live"><span class="dot"></span>${t("answering_now")}</span> <b dir="auto"><tt-message-body .text=${now.text} .cohort=${view.cohort}></tt-message-body></b> <span class="meta">${t("n_asked", { n: session.votesOf(now.question) })}</span></p>
      <div class="tools"><button type="button" class="btn live" aria-keyshortcuts="x" @click=${() => actions.answered()}>${icon("check")}${t("con_answered")}</button>
        <button type="button" class="btn" aria-keyshortcuts="t" @click=${() => actions.answeredInText()}>${t("con_answered_in_text")}</button></div></div>` : nothing}
    ${called ? html`<p class="called">${icon("hand")}<span>${t("now_speaking", { name: actions.nameOf(called) })}</span></p>` : nothing}`;
}
