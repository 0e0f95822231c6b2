/**
 * In place of punycode.js, for markdown-it: the browser encodes host names by itself, and links show them encoded, so
 * that a look-alike letter cannot pass for another.
 */
export default {
  /** @param {string} host */
  toASCII(host) {
    try {
      return new URL(`http://${host}`).hostname;
    } catch {
      return host;
    }
  },
  /** @param {string} host */
  toUnicode: (host) => host,
};
