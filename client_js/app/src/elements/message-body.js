/** `<tt-message-body>`: the words of a message, rendered from Markdown; formulas are set when KaTeX has come. */
import { render } from "../text/markdown.js";
import { setMath } from "../text/math.js";
import { Light, define } from "./light.js";

export class TtMessageBody extends Light {
  static properties = { text: {}, cohort: { attribute: false } };

  constructor() {
    super();
    this.text = "";
    /** @type {import("../model/cohort.js").CohortModel | null} */
    this.cohort = null;
  }

  connectedCallback() {
    super.connectedCallback();
    this.classList.add("body");
    this.dir = "auto";
  }

  /** Draws by itself: the nodes come from DOMPurify, not from a template. */
  shouldUpdate(/** @type {Map<string, unknown>} */ changed) {
    if (changed.has("text")) {
      const nodes = render(this.text ?? "");
      this.nameMentions(nodes);
      this.replaceChildren(nodes);
      setMath(this);
    }
    return false;
  }

  /** A mention shows the person's name as it is now, whatever was written. @param {DocumentFragment} nodes */
  nameMentions(nodes) {
    if (!this.cohort) return;
    for (const mention of /** @type {NodeListOf<HTMLElement>} */ (nodes.querySelectorAll(".mention"))) {
      const person = mention.dataset.person ?? "";
      const name = this.cohort.nameOf(person);
      if (name !== "…") mention.textContent = `@${name}`;
      if (person === this.cohort.me.person) mention.classList.add("me");
    }
  }
}

define("tt-message-body", TtMessageBody);
