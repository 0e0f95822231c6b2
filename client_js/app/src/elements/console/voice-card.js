/** Equal voice: the table seen from above, the number in the middle, what to do next, and three figures. Templates. */
import { html, nothing, svg } from "lit";
import { SEATS_MAX, seatsAround } from "../../model/seats.js";
import { span } from "../../text/times.js";
import { card } from "./question-cards.js";

/** @typedef {import("./console-view.js").TtConsoleView} View */
/** @typedef {import("../../model/staff.js").Voice} Voice */

const THINK_MIN = "2";

/** @param {View} view */
export function voiceCard(view) {
  const { t } = view.ui;
  const { voice } = view.staff;
  const pill = html`<span class="pill">${t("con_staff_only")}</span>`;
  if (!voice || !voice.present) return card("voice", t("con_voice"), html`<p class="muted">${t("con_voice_none")}</p>`, pill);
  return card("voice", t("con_voice"), html`${table(view, voice)}${nextStep(view, voice)}${figures(view, voice)}${inWords(view, voice)}`, pill);
}

/** @param {number} value @param {string} lang @param {number} [digits] */
const number = (value, lang, digits = 1) => new Intl.NumberFormat(lang, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);

/** @param {View} view @param {Voice} voice */
function table(view, voice) {
  const { t, catalogue } = view.ui;
  const seats = seatsAround(voice.seats);
  const told = t("con_table", { n: voice.present, heard: voice.heard, silent: voice.silent, hands: voice.seats.filter(({ hand }) => hand).length, effective: number(voice.effective_voices, catalogue.lang) });
  return html`<svg class="table" viewBox="-150 -150 300 300" role="img" aria-label=${told}>
    <circle r="74" class="top" />
    <text y="4" class="number">${number(voice.effective_voices, catalogue.lang)}</text>
    <text y="24" class="words">${t("con_effective")}</text><text y="39" class="words">${t("con_of_present", { n: voice.present })}</text>
    ${seats.map((seat) => svg`<g class="seat ${seat.heard ? "heard" : ""}">${seat.hand ? svg`<circle cx=${seat.x} cy=${seat.y} r=${seat.r + 3.5} class="hand" />` : nothing}
      <circle cx=${seat.x} cy=${seat.y} r=${seat.r} class="chair" />${seat.heard ? svg`<circle cx=${seat.x} cy=${seat.y} r=${seat.r * Math.sqrt(seat.heard / seat.people)} class="fill" />` : nothing}</g>`)}
  </svg>
  <p class="meta legend"><span>${t("con_legend_size")}</span> · <span>${t("con_legend_hand")}</span>${voice.seats.length > SEATS_MAX ? html` · <span>${t("con_legend_shared", { n: Math.ceil(voice.seats.length / SEATS_MAX) })}</span>` : nothing}</p>`;
}

/** What would make it more equal, and the button that does it. @param {View} view @param {Voice} voice */
function nextStep(view, { next_action: { code, unheard, with_hand, with_question, person } }) {
  const { t } = view.ui;
  const { actions, session } = view;
  const name = person ? view.cohort.nameOf(person) : "";
  const question = code === "answer_unheard_question" ? session.queue.find((row) => row.question.by === person)?.question.question : undefined;
  /** @type {Record<string, [string, () => unknown] | null>} */
  const does = {
    call_unheard_hand: person && session.hands.some(({ hand }) => hand === person) ? [t("con_call_name", { name }), () => actions.call(person)] : null,
    answer_unheard_question: question ? [t("con_answer_name", { name }), () => actions.answer(question)] : null,
    give_time_to_write: session.state.floor ? null : [t("con_floor_dots"), () => actions.holdFloor(THINK_MIN)],
  };
  const act = does[code];
  const count = code === "call_unheard_hand" ? t("next_hands", { n: with_hand }) : code === "answer_unheard_question" ? t("next_questions", { n: with_question }) : "";
  return html`<p class="next">${unheard ? html`<b>${t("next_unheard", { n: unheard })}${count}.</b> ` : nothing}${t(`next_${code}`, { name })}</p>
    ${act && session.isOpen ? html`<button type="button" class="btn" @click=${act[1]}>${act[0]}</button>` : nothing}`;
}

/** @param {View} view @param {Voice} voice */
function figures(view, { questions, answered, median_answer_ms, wait_ratio }) {
  const { t, catalogue } = view.ui;
  return html`<table class="sums"><caption class="vh">${t("con_voice")}</caption><tbody>
    <tr><th scope="row">${t("con_questions_answered")}</th><td>${t("con_n_of", { n: answered, all: questions })}</td></tr>
    <tr><th scope="row">${t("con_median")}</th><td>${median_answer_ms === null ? "–" : span(median_answer_ms, catalogue.lang)}</td></tr>
    <tr><th scope="row">${t("con_ratio")}<small>${t("con_ratio_aim")}</small></th><td>${wait_ratio === null ? "–" : number(wait_ratio, catalogue.lang)}</td></tr>
  </tbody></table>`;
}

/** The table as a table: how many people took how many turns, which ranks nobody. @param {View} view @param {Voice} voice */
function inWords(view, { seats }) {
  const { t } = view.ui;
  /** @type {Map<number, number>} */
  const people = new Map();
  for (const { turns } of seats) people.set(turns, (people.get(turns) ?? 0) + 1);
  return html`<details><summary>${t("con_as_table")}</summary><table><thead><tr><th scope="col">${t("con_turns")}</th><th scope="col">${t("people")}</th></tr></thead>
    <tbody>${[...people].sort(([a], [b]) => a - b).map(([turns, n]) => html`<tr><th scope="row">${turns}</th><td>${n}</td></tr>`)}</tbody></table></details>`;
}
