/** `<tt-ticker>`: words that change with the clock, drawn once a second. Silent for screen readers. */
import { html } from "lit";
import { Light, define } from "./light.js";

export class TtTicker extends Light {
  static properties = { say: { attribute: false } };

  constructor() {
    super();
    /** @type {() => string} */
    this.say = () => "";
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.timer = undefined;
  }

  connectedCallback() {
    super.connectedCallback();
    this.timer = setInterval(() => this.requestUpdate(), 1000);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.timer);
  }

  render() {
    return html`${this.say()}`;
  }
}

define("tt-ticker", TtTicker);

/** 00:41:20, or 1:05 when short. @param {number} ms @param {boolean} [short] without hours when there are none */
export function hms(ms, short = false) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (/** @type {number} */ value) => String(value).padStart(2, "0");
  return short && !hours ? `${minutes}:${two(rest)}` : `${two(hours)}:${two(minutes)}:${two(rest)}`;
}
