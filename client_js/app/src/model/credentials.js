/**
 * Who this tab is. Kept in sessionStorage, so that two links opened in two tabs are two people, and a reload is the
 * same one. Taken out of the address bar at once.
 *
 * @typedef {object} Credentials
 * @property {string} token
 * @property {number} [expires_at]
 * @property {string} [refresh]
 * @property {string} [person]
 * @property {string} [name]
 * @property {string} [role]
 * @property {string} [cohort]
 */

const PLACE = "tertulia.credentials";

/** @returns {Credentials | null} */
export function load() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(PLACE) ?? "null");
    return kept && typeof kept.token === "string" ? kept : null;
  } catch {
    return null;
  }
}

/** @param {Credentials} credentials */
export function save(credentials) {
  sessionStorage.setItem(PLACE, JSON.stringify(credentials));
}

export function forget() {
  sessionStorage.removeItem(PLACE);
}

/**
 * What the fragment of a join link says; clears it from the address bar and from the history.
 * @returns {{invite?: string, token?: string, refresh?: string, room?: string}}
 */
export function takeFromAddress() {
  const said = new URLSearchParams(location.hash.slice(1));
  const found = { invite: said.get("invite") ?? undefined, token: said.get("token") ?? undefined,
    refresh: said.get("refresh") ?? undefined, room: said.get("room") ?? undefined };
  if (found.token) history.replaceState(history.state, "", location.pathname + location.search);
  return found;
}
