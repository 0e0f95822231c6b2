/**
 * Mentions: `@[name](person id)` on the wire, `@name` where one writes, a marked name where one reads.
 */

const MENTION = /@\[([^\]\n]{1,80})\]\(([A-Za-z0-9_.:-]{1,64})\)/y;

/** @param {import("./markdown.js").Markdown} markdown */
export function mentionRule(markdown) {
  markdown.inline.ruler.before("link", "mention", (state, silent) => {
    if (state.src[state.pos] !== "@") return false;
    MENTION.lastIndex = state.pos;
    const found = MENTION.exec(state.src);
    if (!found) return false;
    if (!silent) {
      const token = state.push("mention", "", 0);
      token.content = found[1];
      token.meta = { person: found[2] };
    }
    state.pos += found[0].length;
    return true;
  });
  markdown.renderer.rules.mention = (tokens, index) => {
    const { content, meta } = tokens[index];
    const escape = markdown.utils.escapeHtml;
    return `<span class="mention" data-person="${escape(String(meta?.person))}">@${escape(content)}</span>`;
  };
}

/**
 * What is being typed at the caret after an `@`, or null.
 * @param {string} text
 * @param {number} caret
 */
export function mentionAt(text, caret) {
  const found = /(?:^|[\s(])@([\p{L}\p{N}_.'-]{0,30}(?: [\p{L}\p{N}_.'-]{1,20})?)$/u.exec(text.slice(0, caret));
  return found ? { query: found[1], start: caret - found[1].length - 1 } : null;
}

/**
 * `@name` → `@[name](id)` for the names that were picked.
 * @param {string} text
 * @param {Record<string, string>} picked name → person id
 */
export function toWire(text, picked) {
  const names = Object.keys(picked).sort((a, b) => b.length - a.length);
  if (!names.length) return text;
  const any = names.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
  const pattern = new RegExp(`@(${any})(?![\\p{L}\\p{N}])`, "gu");
  return text.replace(pattern, (_, name) => `@[${name.replace(/[[\]]/g, "")}](${picked[name]})`);
}

/**
 * The way back, for editing.
 * @param {string} text
 * @returns {{text: string, picked: Record<string, string>}}
 */
export function fromWire(text) {
  /** @type {Record<string, string>} */
  const picked = {};
  const shown = text.replace(new RegExp(MENTION.source, "g"), (whole, name, id) => {
    if (picked[name] && picked[name] !== id) return whole; // two people of one name: leave the second as it is
    picked[name] = id;
    return `@${name}`;
  });
  return { text: shown, picked };
}
