/**
 * The one thing all elements share: they draw into the light DOM, so that the page's styles, landmarks, ids and focus
 * are one whole, and they watch models. Everything else is composed, not inherited.
 */
import { LitElement } from "lit";
import { Watch } from "../model/observe.js";

export class Light extends LitElement {
  constructor() {
    super();
    this.watch = new Watch(this);
  }

  createRenderRoot() {
    return this;
  }
}

/** @param {string} name @param {CustomElementConstructor} element */
export function define(name, element) {
  if (!customElements.get(name)) customElements.define(name, element);
}
