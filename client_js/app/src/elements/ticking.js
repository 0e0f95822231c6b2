/** `<tt-ticking>`: words that change every second (a clock, a countdown), without drawing anything round them again. */
import { Light, define } from "./light.js";

const EVERY_MS = 1_000;

export class TtTicking extends Light {
  static properties = { read: { attribute: false } };

  constructor() {
    super();
    /** @type {() => string} */
    this.read = () => "";
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.timer = undefined;
  }

  connectedCallback() {
    super.connectedCallback();
    this.timer = setInterval(() => this.requestUpdate(), EVERY_MS);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.timer);
  }

  render() {
    return this.read();
  }
}

define("tt-ticking", TtTicking);
