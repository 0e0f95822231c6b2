/**
 * Where a formula begins and ends in Markdown: `$…$` in a line, `$$…$$` set apart. Only marks it; math.js sets it.
 *
 * A single dollar opens when no space follows and closes when no space precedes and no digit follows, so that
 * "it costs $5 and $6" stays as it is.
 */

/** @param {import("./markdown.js").Markdown} markdown */
export function mathRules(markdown) {
  markdown.inline.ruler.before("escape", "math", (state, silent) => {
    const { src, pos, posMax } = state;
    if (src[pos] !== "$") return false;
    const fence = src.startsWith("$$", pos) ? "$$" : "$";
    const start = pos + fence.length;
    const end = closing(src, start, posMax, fence);
    if (end < 0) return false;
    if (!silent) {
      const token = state.push("math", "", 0);
      token.content = src.slice(start, end).trim();
      token.markup = fence;
    }
    state.pos = end + fence.length;
    return true;
  });
  markdown.block.ruler.before("fence", "math_block", mathBlock, { alt: ["paragraph", "blockquote", "list"] });
  const draw = (/** @type {{content: string, markup: string}[]} */ tokens, /** @type {number} */ index) => {
    const { content, markup } = tokens[index];
    const tex = markdown.utils.escapeHtml(content);
    const display = markup === "$$";
    return `<span class="math${display ? " block" : ""}" data-tex="${tex}"${display ? ' data-display="1"' : ""}>${tex}</span>`;
  };
  markdown.renderer.rules.math = draw;
  markdown.renderer.rules.math_block = (tokens, index) => `<p>${draw(tokens, index)}</p>`;
}

/**
 * @param {string} src
 * @param {number} start
 * @param {number} posMax
 * @param {string} fence
 */
function closing(src, start, posMax, fence) {
  if (fence === "$" && /\s/.test(src[start] ?? " ")) return -1;
  for (let at = src.indexOf(fence, start); at >= 0 && at < posMax; at = src.indexOf(fence, at + 1)) {
    if (at === start || src[at - 1] === "\\") continue;
    if (fence === "$" && (/\s/.test(src[at - 1]) || /\d/.test(src[at + 1] ?? ""))) continue;
    return at;
  }
  return -1;
}

/**
 * @param {any} state
 * @param {number} startLine
 * @param {number} endLine
 * @param {boolean} silent
 */
function mathBlock(state, startLine, endLine, silent) {
  const first = lineOf(state, startLine);
  if (!first.startsWith("$$")) return false;
  let last = startLine;
  let text = first.slice(2);
  while (!text.trimEnd().endsWith("$$")) {
    last += 1;
    if (last >= endLine) return false;
    text += `\n${lineOf(state, last)}`;
  }
  const content = text.trimEnd().slice(0, -2).trim();
  if (!content || content.includes("$$")) return false;
  if (silent) return true;
  const token = state.push("math_block", "", 0);
  token.content = content;
  token.markup = "$$";
  token.block = true;
  token.map = [startLine, last + 1];
  state.line = last + 1;
  return true;
}

/** @param {any} state @param {number} line */
function lineOf(state, line) {
  return state.src.slice(state.bMarks[line] + state.tShift[line], state.eMarks[line]);
}
