/** The menu about me: theme, language, what is announced, my name, my data, leaving. */
import "../lang/en_later.js";
import { createInvite, download, rename } from "./room-actions.js";

const THEMES = /** @type {const} */ (["system", "light", "dark"]);
const LANGS = /** @type {const} */ ([["en", "English"], ["es", "Español"]]);
const ANNOUNCE = /** @type {const} */ (["all", "mentions", "counts", "nothing"]);

/** @param {import("./ui.js").Ui} ui @param {import("../model/cohort.js").CohortModel} cohort @returns {import("./menu.js").Item[]} */
export function meItems(ui, cohort) {
  const { t, settings } = ui;
  const titled = (/** @type {import("./menu.js").Item[]} */ items, /** @type {string} */ title) => items.map((item, index) => (index ? item : { ...item, title }));
  const person = cohort.me.role !== "bot" && cohort.me.role !== "observer";
  return [
    ...titled(THEMES.map((theme) => ({ label: t(`theme_${theme}`), checked: settings.theme === theme, act: () => settings.set({ theme }) })), t("theme")),
    ...titled(LANGS.map(([lang, label]) => ({ label, checked: settings.lang === lang, act: () => settings.set({ lang }) })), t("language")),
    ...titled(ANNOUNCE.map((announce) => ({ label: t(`announce_${announce}`), checked: settings.announce === announce, act: () => settings.set({ announce }) })), t("announcements")),
    ...(cohort.isTeacher ? [{ label: t("invite_people"), icon: "plus", rule: true, act: () => void createInvite(ui, cohort) }] : []),
    ...(person ? [{ label: t("rename"), icon: "edit", rule: !cohort.isTeacher, act: () => void rename(ui, cohort) }] : []),
    { label: t("export_me"), icon: "download", act: () => void download(ui, () => cohort.client.api.exportMe(), "tertulia-my-data.json") },
    { label: t("help"), icon: "help", hint: "?", act: () => ui.dialog("help") },
    { label: t("sign_out"), icon: "out", rule: true, act: () => ui.leave() },
  ];
}
