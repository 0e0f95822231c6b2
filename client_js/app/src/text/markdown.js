/**
 * From what a person wrote to nodes that are safe to show.
 *
 * markdown-it (no HTML, no images, few link schemes) makes a string; DOMPurify makes nodes of it, under Trusted Types.
 * What is rendered is kept by its text, so that the same message drawn again costs a clone. Formulas are only marked
 * here (`.math` with `data-tex`); math.js sets them. Names in mentions are put in by the element that shows the body.
 */
import DOMPurify from "dompurify";
import MarkdownIt from "markdown-it";
import { mathRules } from "./math_rules.js";
import { mentionRule } from "./mentions.js";
import { plainMath } from "./plain_math.js";

/** @typedef {InstanceType<typeof MarkdownIt>} Markdown */

const KEPT_MAX = 400;

const TAGS = [
  "a", "b", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p",
  "pre", "s", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
];
const ATTRIBUTES = ["href", "class", "title", "start", "data-tex", "data-display", "data-person"];
const LINK = /^(?:https?:\/\/|mailto:)/i;

const markdown = new MarkdownIt({ html: false, linkify: true, breaks: true, maxNesting: 24 });
markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false });
markdown.validateLink = (url) => LINK.test(url.trim());
markdown.renderer.rules.image = (tokens, index) => {
  const token = tokens[index];
  const source = String(token.attrGet("src") ?? "");
  const { escapeHtml } = markdown.utils;
  return `<a class="picture" href="${escapeHtml(source)}">${escapeHtml(token.content || source)}</a>`;
};
mathRules(markdown);
mentionRule(markdown);

/** @type {Map<string, DocumentFragment>} */
const kept = new Map();

/**
 * The message as nodes; a fresh copy each time.
 * @param {string} text
 * @returns {DocumentFragment}
 */
export function render(text) {
  let ready = kept.get(text);
  if (ready) {
    kept.delete(text); // and set again below: the newest used is the last to go
  } else {
    ready = purify(markdown.render(text));
  }
  kept.set(text, ready);
  if (kept.size > KEPT_MAX) kept.delete(/** @type {string} */ (kept.keys().next().value));
  return /** @type {DocumentFragment} */ (ready.cloneNode(true));
}

/**
 * The first words of a message without any markup, for lists, titles and the announcer.
 * @param {string} text
 * @param {number} [charsMax]
 */
export function plain(text, charsMax = 140) {
  const words = plainMath(text)
    .replace(/```[^\n]*\n?|```/g, " ")
    .replace(/@\[([^\]]*)\]\([^)]*\)/g, "@$1")
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/^\s*(?:[-*+]|\d+\.)\s+/gm, "")
    .replace(/[*_~`>#]+/g, "")
    .replace(/\s+/g, " ")
    .trim();
  return words.length > charsMax ? `${[...words].slice(0, charsMax - 1).join("")}…` : words;
}

/** @param {string} html */
function purify(html) {
  const fragment = DOMPurify.sanitize(html, {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ATTRIBUTES,
    ALLOWED_URI_REGEXP: LINK,
    ADD_URI_SAFE_ATTR: ["start", "data-tex", "data-display", "data-person"], // they are words, not addresses
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  });
  for (const link of fragment.querySelectorAll("a")) {
    link.target = "_blank";
    link.rel = "noopener nofollow ugc";
  }
  for (const pre of fragment.querySelectorAll("pre")) {
    pre.tabIndex = 0; // it scrolls, so the keyboard must reach it
    pre.dir = "ltr";
  }
  return fragment;
}
