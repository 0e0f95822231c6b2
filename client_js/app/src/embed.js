/**
 * `<tertulia-room server="https://…" room="general" token="…">` or `invite="…"`: one room in any page of a course
 * site; with `session="12"` a past session of it, whose `position` a video can drive. Its styles live in a shadow root, so that neither page changes the other.
 */
import styles from "./css/index.css?inline";
import { TtApp } from "./elements/app.js";
import { Settings } from "./model/settings.js";
import { sessionPath } from "./router.js";
import { useMath } from "./text/math.js";

useMath(() => import("./text/math_plain.js"));

export class TertuliaRoom extends HTMLElement {
  static observedAttributes = ["server", "room", "session", "token", "invite"];

  constructor() {
    super();
    this.attachShadow({ mode: "open" });
    this.drawing = false;
    /** @type {number | null} */
    this.place = null;
  }

  /** With a `session`: where the recording is, in ms. Set it as a video beside it plays; null until something is shown. */
  get position() {
    const replay = this.app?.replay;
    return replay ? (replay.media ?? replay.position) : null;
  }

  set position(ms) {
    this.place = ms;
    const { app } = this;
    if (app) app.driven = ms;
    if (ms !== null && app?.replay?.status === "ready") app.replay.seekMedia(ms);
  }

  /** @returns {TtApp | null} */
  get app() {
    return this.shadowRoot?.querySelector("tt-app") ?? null;
  }

  connectedCallback() {
    this.draw();
  }

  attributeChangedCallback() {
    if (this.isConnected) this.draw();
  }

  disconnectedCallback() {
    this.shadowRoot?.replaceChildren();
  }

  /** Once for all attributes that change together. */
  draw() {
    if (this.drawing) return;
    this.drawing = true;
    queueMicrotask(() => {
      this.drawing = false;
      if (this.isConnected) this.make();
    });
  }

  make() {
    const root = /** @type {ShadowRoot} */ (this.shadowRoot);
    const room = this.getAttribute("room");
    const server = new URL(this.getAttribute("server") ?? location.origin, location.href).origin;
    const sheet = new CSSStyleSheet();
    // Nothing of the page is inherited: it may space its letters as it likes.
    sheet.replaceSync(`tt-app{all:initial}\n${styles}\n:host{display:block;height:32rem;border:1px solid var(--line);border-radius:16px;overflow:hidden}`);
    root.adoptedStyleSheets = [sheet];
    root.replaceChildren();
    if (!room) return;
    const app = new TtApp();
    app.className = "tertulia-root";
    app.url = server;
    app.fixedRoom = room;
    const session = this.getAttribute("session");
    if (session) app.fixedPath = sessionPath("-", room, Number(session));
    app.driven = this.place;
    app.settings = new Settings();
    app.invite = this.getAttribute("token") ? null : this.getAttribute("invite");
    app.keeper = keeperFor(server, this.getAttribute("token"));
    if (app.keeper.load()) app.invite = null;
    root.append(app);
  }
}

/**
 * Who is in this frame: the token the page gave, or what an invite made, kept for the tab.
 * @param {string} server
 * @param {string | null} token
 * @returns {import("./elements/app.js").Keeper}
 */
function keeperFor(server, token) {
  const place = `tertulia.embedded.${server}`;
  /** @type {import("./model/credentials.js").Credentials | null} */
  let held = token ? { token } : null;
  try {
    if (!held) held = JSON.parse(sessionStorage.getItem(place) ?? "null");
  } catch {
    held = null;
  }
  return {
    load: () => held,
    save: (credentials) => {
      held = credentials;
      if (!token) sessionStorage.setItem(place, JSON.stringify(credentials));
    },
    forget: () => {
      held = null;
      sessionStorage.removeItem(place);
    },
  };
}

if (!customElements.get("tertulia-room")) customElements.define("tertulia-room", TertuliaRoom);
