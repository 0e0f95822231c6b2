/** The icons, drawn for this app on a 20 × 20 grid with one pen. Each is decoration: the words are beside or in the label. */
import { html, svg } from "lit";

/** @type {Record<string, import("lit").TemplateResult<2>>} */
const PATHS = {
  search: svg`<circle cx="9" cy="9" r="5.5"/><path d="m13.2 13.2 3.8 3.8"/>`,
  more: svg`<path d="M4.5 10h.01M10 10h.01M15.5 10h.01" stroke-width="2.6"/>`,
  reply: svg`<path d="M4 5.5h12a1 1 0 0 1 1 1v6.5a1 1 0 0 1-1 1H9.5L6 17v-3H4a1 1 0 0 1-1-1V6.5a1 1 0 0 1 1-1Z"/>`,
  smile: svg`<circle cx="10" cy="10" r="7"/><path d="M7 11.5c.7 1.3 1.7 2 3 2s2.3-.7 3-2M7.7 7.8v.4M12.3 7.8v.4"/>`,
  edit: svg`<path d="m4 16 .8-3.3L13 4.5a1.4 1.4 0 0 1 2 0l.5.5a1.4 1.4 0 0 1 0 2L7.3 15.2Z"/>`,
  trash: svg`<path d="M4 6h12M8 6V4.5h4V6M5.5 6l.7 10h7.6l.7-10M8.5 9v4.5M11.5 9v4.5"/>`,
  pin: svg`<path d="M7 3.5h6l-.7 5 2.2 2.5H5.5l2.2-2.5ZM10 11v5.5"/>`,
  link: svg`<path d="M8.5 11.5a3 3 0 0 0 4.3 0l2.4-2.4a3 3 0 0 0-4.3-4.3l-.9.9M11.5 8.5a3 3 0 0 0-4.3 0l-2.4 2.4a3 3 0 0 0 4.3 4.3l.9-.9"/>`,
  check: svg`<path d="m4.5 10.5 3.7 3.7 7.3-8"/>`,
  back: svg`<path d="M12 4.5 6.5 10l5.5 5.5"/>`,
  close: svg`<path d="m5 5 10 10M15 5 5 15"/>`,
  send: svg`<path d="M3.5 10 16.5 4l-4 12.5-3-5.5Z"/>`,
  lock: svg`<rect x="4.5" y="9" width="11" height="7.5" rx="1.5"/><path d="M7 9V6.5a3 3 0 0 1 6 0V9"/>`,
  unlock: svg`<rect x="4.5" y="9" width="11" height="7.5" rx="1.5"/><path d="M7 9V6.5a3 3 0 0 1 5.7-1.3"/>`,
  sun: svg`<circle cx="10" cy="10" r="3.2"/><path d="M10 2.5v1.5M10 16v1.5M2.5 10H4M16 10h1.5M4.7 4.7l1 1M14.3 14.3l1 1M4.7 15.3l1-1M14.3 5.7l1-1"/>`,
  moon: svg`<path d="M16 11.8A6.5 6.5 0 0 1 8.2 4a6.5 6.5 0 1 0 7.8 7.8Z"/>`,
  globe: svg`<circle cx="10" cy="10" r="7"/><path d="M3 10h14M10 3c4.5 4.5 4.5 9.5 0 14M10 3c-4.5 4.5-4.5 9.5 0 14"/>`,
  help: svg`<circle cx="10" cy="10" r="7"/><path d="M8 8a2 2 0 1 1 2.7 1.9c-.5.2-.7.6-.7 1.3M10 13.8v.1"/>`,
  people: svg`<circle cx="7.5" cy="7" r="2.7"/><path d="M2.5 16c.3-3 2.2-4.7 5-4.7s4.7 1.7 5 4.7M12.5 4.6a2.7 2.7 0 0 1 0 4.9M14 11.8c2 .5 3.2 1.9 3.5 4.2"/>`,
  bell: svg`<path d="M5 13.5h10c-1-1-1.5-2.5-1.5-5a3.5 3.5 0 0 0-7 0c0 2.5-.5 4-1.5 5ZM8.5 16h3"/>`,
  plus: svg`<path d="M10 4.5v11M4.5 10h11"/>`,
  down: svg`<path d="M10 4v11.5M5 10.5l5 5 5-5"/>`,
  cloud: svg`<path d="M6 15.5a3.5 3.5 0 0 1-.5-7A5 5 0 0 1 14.8 8a3.7 3.7 0 0 1 .7 7.4M3.5 3.5l13 13"/>`,
  clock: svg`<circle cx="10" cy="10" r="7"/><path d="M10 6v4l2.7 2"/>`,
  retry: svg`<path d="M15.5 8A6 6 0 1 0 16 11.5M16 4v4h-4"/>`,
  eye: svg`<path d="M2.5 10C4.5 6.7 7 5 10 5s5.5 1.7 7.5 5c-2 3.3-4.5 5-7.5 5s-5.5-1.7-7.5-5Z"/><circle cx="10" cy="10" r="2.2"/>`,
  code: svg`<path d="m7 6-4 4 4 4M13 6l4 4-4 4"/>`,
  bold: svg`<path d="M6.5 4.5h4a2.7 2.7 0 0 1 0 5.5h-4ZM6.5 10h4.7a2.8 2.8 0 0 1 0 5.5H6.5Z" stroke-width="2"/>`,
  italic: svg`<path d="M8.5 4.5H14M6 15.5h5.5M11.5 4.5l-3 11"/>`,
  sigma: svg`<path d="M14.5 6V4.5h-9L10 10l-4.5 5.5h9V14"/>`,
  gear: svg`<circle cx="10" cy="10" r="2.5"/><path d="M10 3v2M10 15v2M3 10h2M15 10h2M5 5l1.5 1.5M13.5 13.5 15 15M5 15l1.5-1.5M13.5 6.5 15 5"/>`,
  out: svg`<path d="M8.5 4H5a1 1 0 0 0-1 1v10a1 1 0 0 0 1 1h3.5M12.5 6.5 16 10l-3.5 3.5M16 10H8"/>`,
  hand: svg`<path d="M6.5 10V5.5a1.2 1.2 0 0 1 2.4 0V9M8.9 8.5v-4a1.2 1.2 0 0 1 2.4 0V9M11.3 9V5.5a1.2 1.2 0 0 1 2.4 0v5.5c0 3.5-1.5 5.5-4.2 5.5-2.5 0-3.3-1.5-5-4.7a1.2 1.2 0 0 1 2-1.3"/>`,
  download: svg`<path d="M10 3.5v9M6 9l4 4 4-4M4 16.5h12"/>`,
  mute: svg`<path d="M4 8v4h2.5L10 15V5L6.5 8ZM13 8l4 4M17 8l-4 4"/>`,
  history: svg`<path d="M4.5 8A6 6 0 1 1 4 11M4 4v4h4M10 7v3.5l2.3 1.5"/>`,
  mask: svg`<path d="M16.5 3.5C9 4 5 8.5 4.5 13.5L3.5 16.5M4.5 13.5C10 14 15.5 10.5 16.5 3.5M7 11l5.5-4"/>`,
  up: svg`<path d="m5 12.5 5-5.5 5 5.5"/>`,
  room: svg`<path d="M4 4.5h12v8.5H9l-3 3v-3H4Z"/>`,
  megaphone: svg`<path d="M4 8v4l8 3V5ZM12 8h2.5a2 2 0 0 1 0 4H12M6 12.5 7 16"/>`,
  book: svg`<path d="M4 4.5c2.5-.7 4.5-.3 6 1 1.5-1.3 3.5-1.7 6-1v10.5c-2.5-.7-4.5-.3-6 1-1.5-1.3-3.5-1.7-6-1ZM10 5.5v10.5"/>`,
};

/** @param {string} name */
export function icon(name) {
  return html`<svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">${PATHS[name]}</svg>`;
}

/** The sign of the house: a table seen from above; one seat is still free. */
export const mark = html`<svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
  <circle cx="16" cy="16" r="6.5" fill="none" stroke="currentColor" stroke-width="2.4" />
  <g fill="currentColor">
    <circle cx="16" cy="4" r="2.8" /><circle cx="26.4" cy="10" r="2.8" /><circle cx="26.4" cy="22" r="2.8" />
    <circle cx="16" cy="28" r="2.8" /><circle cx="5.6" cy="22" r="2.8" />
    <circle cx="5.6" cy="10" r="2.8" opacity=".35" />
  </g>
</svg>`;

/** An empty table, for where there is nothing yet. */
export const emptyTable = html`<svg viewBox="0 0 84 84" aria-hidden="true" focusable="false" fill="none" stroke="currentColor" stroke-width="2.5">
  <circle cx="42" cy="42" r="17" />
  <g><circle cx="42" cy="11" r="6" /><circle cx="69" cy="27" r="6" /><circle cx="69" cy="57" r="6" /><circle cx="42" cy="73" r="6" />
  <circle cx="15" cy="57" r="6" /><circle cx="15" cy="27" r="6" /></g>
</svg>`;
