/** A series of shares over time, as the points of an SVG line. Pure. Used for the pace of a session. */

/** @typedef {{at: number, share: number}} Point  `at`: Unix ms; `share`: 0 to 1 */

/**
 * The points of a line in a picture of `width` × `height`, time from left to right, a share of 1 at the top. One point
 * alone is drawn as a level line; points at the same time keep their order.
 * @param {Point[]} points in the order of time
 * @param {number} width
 * @param {number} height
 * @returns {string} for `points` of a polyline; empty when there is nothing
 */
export function linePoints(points, width, height) {
  if (!points.length) return "";
  const first = points[0].at;
  const long = points[points.length - 1].at - first;
  const y = (/** @type {number} */ share) => round(height * (1 - Math.min(1, Math.max(0, share))));
  if (long <= 0) return `0,${y(points[points.length - 1].share)} ${width},${y(points[points.length - 1].share)}`;
  return points.map(({ at, share }) => `${round((width * (at - first)) / long)},${y(share)}`).join(" ");
}

/** The first of the highest points; null of nothing. @param {Point[]} points @returns {Point | null} */
export function peakOf(points) {
  return points.reduce((/** @type {Point | null} */ peak, point) => (peak && peak.share >= point.share ? peak : point), null);
}

/** @param {number} value */
const round = (value) => Math.round(value * 10) / 10;
