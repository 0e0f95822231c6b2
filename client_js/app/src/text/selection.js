/** Putting marks round what is selected in a field. Pure. */

/**
 * @param {string} text @param {number} start @param {number} end @param {string} before @param {string} after
 * @returns {{text: string, start: number, end: number}} the text, and what is selected in it then
 */
export function wrapSelection(text, start, end, before, after) {
  const inside = text.slice(start, end);
  if (before === "`" && inside.includes("\n")) return wrapSelection(text, start, end, "```\n", "\n```");
  const whole = text.slice(0, start) + before + inside + after + text.slice(end);
  return { text: whole, start: start + before.length, end: start + before.length + inside.length };
}
