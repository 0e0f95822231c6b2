/**
 * "Something changed": models tell, elements draw once per frame.
 *
 * A hundred records may come in one frame; every element that watches a model is asked to draw once. In a hidden tab,
 * where there are no frames, a slow timer takes their place.
 */

const HIDDEN_MS = 500;

/** @type {Set<() => void>} */
let waiting = new Set();
let asked = false;

/** Run before the next frame, once however often it is asked for. @param {() => void} what */
export function nextFrame(what) {
  waiting.add(what);
  if (asked) return;
  asked = true;
  if (document.hidden) setTimeout(flush, HIDDEN_MS);
  else requestAnimationFrame(flush);
}

function flush() {
  const now = waiting;
  waiting = new Set();
  asked = false;
  for (const what of now) what();
}

// A frame that was asked for just before the tab was hidden would not come.
if (typeof document !== "undefined") {
  document.addEventListener("visibilitychange", () => {
    if (asked) flush();
  });
}

/** A model that can be watched. */
export class Observable {
  constructor() {
    /** @type {Set<() => void>} */
    this.watchers = new Set();
    /** Counts the changes, for those who keep what they derived from the model. */
    this.version = 0;
  }

  /** @param {() => void} watcher @returns {() => void} ends it */
  watch(watcher) {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  changed() {
    this.version += 1;
    for (const watcher of this.watchers) nextFrame(watcher);
  }
}

/** Lit: draw `host` whenever one of the models it watches changes. */
export class Watch {
  /** @param {import("lit").ReactiveControllerHost} host */
  constructor(host) {
    this.host = host;
    /** @type {Map<Observable, () => void>} */
    this.watched = new Map();
    this.draw = () => host.requestUpdate();
    this.connected = false;
    host.addController(this);
  }

  /** Watch exactly these. @param {(Observable | null | undefined)[]} models */
  only(...models) {
    const wanted = new Set(models.filter((model) => model !== null && model !== undefined));
    for (const [model, end] of this.watched) {
      if (!wanted.has(model)) {
        end();
        this.watched.delete(model);
      }
    }
    for (const model of wanted) {
      if (!this.watched.has(model)) this.watched.set(model, this.connected ? model.watch(this.draw) : () => {});
    }
  }

  hostConnected() {
    this.connected = true;
    for (const model of this.watched.keys()) this.watched.set(model, model.watch(this.draw));
    if (this.watched.size) this.host.requestUpdate();
  }

  hostDisconnected() {
    this.connected = false;
    for (const end of this.watched.values()) end();
  }
}
