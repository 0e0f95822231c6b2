/** The cards of what goes on beside the questions: hands, pace, polls, the floor, teams, reports, notes, the ledger. Templates. */
import { html, nothing, svg } from "lit";
import { pollRows, earlierOf } from "../../model/poll_shift.js";
import { linePoints, peakOf } from "../../model/series.js";
import { plain } from "../../text/markdown.js";
import { brief, clock, span } from "../../text/times.js";
import { hms } from "../ticker.js";
import { card, rowButton, rowList, who } from "./question-cards.js";

/** @typedef {import("./console-view.js").TtConsoleView} View */

const WIDE = 320;
const HIGH = 72;
const PACE_MIN = 5;

/** @param {View} view */
export function handsCard(view) {
  const { t, catalogue } = view.ui;
  const { session, actions } = view;
  const hands = new Map(session.hands.map((hand) => [hand.hand, hand]));
  const title = html`${t("con_hands")} ${hands.size ? html`<span class="pill">${hands.size}</span>` : nothing}`;
  const draw = (/** @type {string} */ id, /** @type {number} */ place) => {
    const { at } = /** @type {{at: number}} */ (hands.get(id));
    const heard = session.state.heard[id] ?? 0;
    return html`<div class="line"><b class="place">${place}</b><span class="what">${who(view, id, { list: "hands", row: id })}
        <small>${heard ? t("con_heard", { n: heard }) : t("con_first_time")} · ${span(view.now - at, catalogue.lang)}</small></span>
      ${rowButton(view, "hands", id, { label: t("con_call"), key: "c", act: () => actions.call(id) })}
      ${rowButton(view, "hands", id, { label: t("con_lower"), look: "btn quiet", key: "l", act: () => actions.lower(id) })}</div>`;
  };
  const order = view.room.state?.hands_order ?? "first_raised";
  return card("hands", title, html`${rowList(view, "hands", t("con_hands"), [...hands.keys()], draw)}
    ${hands.size ? html`<p class="meta">${t(`con_hands_${order}`)}</p>` : html`<p class="muted">${t("con_no_hands")}</p>`}`,
  hands.size > 1 ? html`<button type="button" class="btn quiet" @click=${() => actions.lowerAll()}>${t("con_lower_all")}</button>` : nothing);
}

/** @param {View} view */
export function paceCard(view) {
  const { t, catalogue } = view.ui;
  const { lost = 0, ok = 0, fast = 0 } = view.session.paces;
  const all = lost + ok + fast;
  const { steps, marks } = view.staff.pace;
  const points = steps.map(({ at, lost: l, ok: o, fast: f }) => ({ at, share: l + o + f ? l / (l + o + f) : 0 }));
  const peak = peakOf(points);
  const percent = (/** @type {number} */ share) => Math.round(share * 100);
  if (all < PACE_MIN && !points.length) return card("pace", t("con_pace"), html`<p class="muted">${t("con_pace_few", { n: PACE_MIN })}</p>`);
  const now = all >= PACE_MIN ? t("con_pace_now", { lost: percent(lost / all), ok: percent(ok / all), fast: percent(fast / all) }) : t("con_pace_few", { n: PACE_MIN });
  const place = peak && marks.filter(({ at, label }) => at <= peak.at && label).at(-1)?.label;
  const high = peak && peak.share > 0 ? t("con_pace_peak", { percent: percent(peak.share), time: clock(peak.at, catalogue.lang) + (place ? `, ${place}` : "") }) : "";
  const first = points[0]?.at ?? 0;
  const long = Math.max(1, (points.at(-1)?.at ?? 0) - first);
  return card("pace", t("con_pace"), html`${points.length ? html`
    <svg class="series" viewBox="-4 -6 ${WIDE + 8} ${HIGH + 12}" role="img" aria-label="${t("con_pace_line")} ${now} ${high}">
      <line x1="0" x2=${WIDE} y1=${HIGH} y2=${HIGH} class="axis" /><line x1="0" x2=${WIDE} y1=${HIGH / 2} y2=${HIGH / 2} class="axis faint" />
      <polyline points=${linePoints(points, WIDE, HIGH)} class="curve" />
      ${peak && points.length > 1 ? svg`<circle cx=${((peak.at - first) / long) * WIDE} cy=${HIGH * (1 - peak.share)} r="4" class="peak" />` : nothing}
    </svg>` : nothing}
    <p class="meta">${now} ${high}</p>
    ${points.length ? html`<details><summary>${t("con_as_table")}</summary><div class="scroll" tabindex="0" role="group" aria-label=${t("con_as_table")}><table><thead><tr><th scope="col">${t("con_time")}</th><th scope="col">${t("pace_lost")}</th><th scope="col">${t("pace_ok")}</th><th scope="col">${t("pace_fast")}</th></tr></thead>
      <tbody>${steps.map((point) => html`<tr><th scope="row">${clock(point.at, catalogue.lang)}</th><td>${point.lost}</td><td>${point.ok}</td><td>${point.fast}</td></tr>`)}</tbody></table></div></details>` : nothing}`);
}

/** @param {View} view */
export function pollsCard(view) {
  const { t } = view.ui;
  const polls = [...view.session.polls].reverse();
  return card("polls", t("polls"), polls.length ? html`<ol class="polls">${polls.map((poll) => html`<li class="poll ${poll.closed ? "" : "open"}">${pollBody(view, poll)}</li>`)}</ol>` : html`<p class="muted">${t("con_no_polls")}</p>`,
    html`<button type="button" class="btn" aria-keyshortcuts="o" @click=${() => view.actions.createPoll()}>${t("con_poll_dots")}</button>`);
}

/** @param {View} view @param {import("../../model/types.js").Poll} poll */
function pollBody(view, poll) {
  const { t } = view.ui;
  const { session, actions } = view;
  const answered = session.answeredCount(poll);
  const bars = session.bars(poll);
  const earlier = earlierOf(poll, session.polls);
  const rows = bars ? pollRows({ ...poll, answered, results: bars.map(({ count }) => count) }, earlier) : [];
  const isShort = poll.kind === "short";
  return html`<div class="poll-head"><h3 dir="auto">${poll.text}</h3><span class="pill ${poll.closed ? "" : "live"}">${t(poll.closed ? "con_poll_is_closed" : "con_poll_is_open")}</span></div>
    <p class="meta">${t("n_answered", { n: answered })} · ${t(`con_poll_${poll.kind}`)} · ${t(poll.anonymous ? "con_poll_anonymous" : "con_poll_named")}${poll.again ? html` · ${t("con_poll_repeat")}` : nothing}</p>
    ${isShort ? html`<ul class="texts">${poll.texts.map((text) => html`<li dir="auto">${text}</li>`)}</ul>` : html`<ul class="bars">${rows.map(barRow(t))}</ul>`}
    <div class="tools">${poll.closed
      ? html`<button type="button" class="btn" ?disabled=${!session.isOpen} @click=${() => actions.repeatPoll(poll.poll)}>${t("con_poll_again")}</button>`
      : html`<button type="button" class="btn live" @click=${() => actions.closePoll(poll.poll)}>${t("con_poll_close")}</button>`}</div>`;
}

/** One bar with its share, and how it moved. @param {import("../ui.js").T} t */
export const barRow = (t) => (/** @type {import("../../model/poll_shift.js").Row} */ { option, count, share, shift, before }) => {
  const moved = shift === null ? "" : t("con_shift", { points: `${shift > 0 ? "+" : shift < 0 ? "−" : "±"}${Math.abs(Math.round(shift * 100))}` });
  return html`<li><div class="bar-words"><span dir="auto">${option}</span><span><b>${Math.round(share * 100)} %</b> <small>${count}${moved ? html` · ${moved}` : nothing}</small></span></div>
    <svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="ground" width="100" height="10" /><rect class="share" width=${share * 100} height="10" />
      ${before === null || before <= 0 || before >= 1 ? nothing : svg`<rect class="before" x=${Math.max(0, before * 100 - 0.4)} width="0.8" height="10" />`}</svg></li>`;
};

/** @param {View} view */
export function floorCard(view) {
  const { t } = view.ui;
  const { session, actions, staff } = view;
  const { floor } = session.state;
  const held = new Map(staff.state.held.map((one) => [String(one.held), one]));
  const draw = (/** @type {string} */ id) => {
    const one = /** @type {import("../../model/staff.js").Held} */ (held.get(id));
    const waits = one.why === "approval";
    return html`<p class="meta">${who(view, one.by, { list: "held", row: id })} · ${t(waits ? "con_held_approval" : "con_held_floor")}</p><p dir="auto">${plain(one.text, 400)}</p>
      ${waits ? html`<div class="tools">${rowButton(view, "held", id, { label: t("con_release_one"), act: () => actions.releaseHeld(id) })}
        ${rowButton(view, "held", id, { label: t("con_reject_dots"), look: "btn quiet", act: () => actions.rejectHeld(id) })}</div>` : nothing}`;
  };
  const { until } = floor ?? {};
  return card("held", html`${t("con_floor")} ${held.size ? html`<span class="pill warn">${held.size}</span>` : nothing}`, html`
    ${floor ? html`<div class="now"><p><span class="pill live"><span class="dot"></span>${t(floor.prompt ? "con_think" : "con_floor_is_held")}</span>
        ${floor.prompt ? html`<b dir="auto">${floor.prompt}</b>` : nothing} ${until ? html`<tt-ticker class="time" .say=${() => hms(until - view.room.client.now(), true)}></tt-ticker>` : nothing}</p></div>` : html`<p class="muted">${t("con_floor_free")}</p>`}
    ${rowList(view, "held", t("con_held"), [...held.keys()], draw)}`,
  html`<button type="button" class="btn ${floor ? "live" : ""}" aria-keyshortcuts="f" @click=${() => actions.floor()}>${t(floor ? "con_floor_release" : "con_floor_dots")}</button>`);
}

/** @param {View} view */
export function teamsCard(view) {
  const { t, href } = view.ui;
  const { session, actions, cohort } = view;
  const { teams } = session.state;
  const { until } = teams ?? {};
  return card("teams", t("con_teams"), teams
    ? html`<p class="meta">${t(`con_teams_${teams.how}`)}${until ? html` · <tt-ticker class="time" .say=${() => hms(until - view.room.client.now(), true)}></tt-ticker>` : nothing}</p>
      <ul class="teams">${teams.teams.map(({ room, name, people }) => html`<li><a href=${href(`/room/${room}`)}>${name}</a> <span class="meta">${people.map((person) => cohort.nameOf(person)).join(", ")}</span></li>`)}</ul>`
    : html`<p class="muted">${t("con_no_teams")}</p>`,
  teams ? html`<button type="button" class="btn live" @click=${() => actions.recallTeams()}>${t("con_teams_recall")}</button>`
    : html`<button type="button" class="btn" @click=${() => actions.formTeams()}>${t("con_teams_dots")}</button>`);
}

/** @param {View} view */
export function reportsCard(view) {
  const { t, catalogue, href } = view.ui;
  const { actions, staff, cohort } = view;
  const reports = new Map(staff.reports.map((report) => [String(report.seq), report]));
  const draw = (/** @type {string} */ id) => {
    const report = /** @type {import("../../model/staff.js").Report} */ (reports.get(id));
    const message = view.room.get(report.message) ?? staff.messageOf(report.message);
    const button = (/** @type {Parameters<typeof rowButton>[3]} */ how) => rowButton(view, "reports", id, how);
    return html`<p class="meta">${t("con_reported", { name: cohort.nameOf(report.by) })} · ${brief(report.at, view.now, catalogue.lang)}</p>
      <p><b dir="auto">${report.reason}</b></p>
      <blockquote dir="auto">${message ? html`<bdi>${cohort.nameOf(message.by)}</bdi>: ${plain(message.text, 200) || t("removed")}` : t("loading")} <a href=${href(`/room/${view.room.id}/${report.message}`)} tabindex=${view.rows.isCurrent("reports", id) ? 0 : -1}>${t("show")}</a></blockquote>
      <div class="tools">${button({ label: t("con_hide_dots"), act: () => actions.hide(report.message) })}
        ${message ? button({ label: t("con_mute_dots"), act: () => actions.mute(message.by) }) : nothing}
        ${button({ label: t("con_set_aside"), look: "btn quiet", act: () => actions.setAside(id) })}</div>`;
  };
  return card("reports", html`${t("con_reports")} ${reports.size ? html`<span class="pill warn">${reports.size}</span>` : nothing}`,
    html`${rowList(view, "reports", t("con_reports"), [...reports.keys()], draw)}${reports.size ? nothing : html`<p class="muted">${t("con_no_reports")}</p>`}`);
}

/** @param {View} view */
export function notesCard(view) {
  const { t, catalogue } = view.ui;
  const notes = view.staff.state.notes.slice(-20);
  return card("notes", t("con_notes"), html`<ol class="notes">${notes.map(({ by, at, text }) => html`<li><span class="meta"><b><bdi>${view.cohort.nameOf(by)}</bdi></b> ${clock(at, catalogue.lang)}</span> <span dir="auto">${text}</span></li>`)}</ol>
    <form class="note-form" @submit=${view.onNote}><label class="vh" for="con-note">${t("con_note_label")}</label><input id="con-note" name="text" maxlength="500" autocomplete="off" placeholder=${t("con_note_label")} />
      <button type="submit" class="btn">${t("send")}</button></form>`);
}

/** @param {View} view */
export function ledgerCard(view) {
  const { t } = view.ui;
  const { dismissed, ...sums } = view.session.ledger;
  const given = Object.entries(dismissed).map(([reason, n]) => `${t(`reason_${reason}`)} ${n}`).join(", ");
  const rows = { ...sums, dismissed: Object.values(dismissed).reduce((sum, n) => sum + n, 0) };
  return card("ledger", t("ledger_title"), html`<table class="sums"><tbody>${Object.entries(rows).map(([what, n]) => html`<tr><th scope="row">${what === "dismissed" ? t("con_ledger_dismissed") : t(`ledger_${what}`)}${what === "dismissed" && given ? html` <small>(${given})</small>` : nothing}</th><td>${n}</td></tr>`)}</tbody></table>
    <p class="meta">${t("ledger_lead")}</p>`);
}
