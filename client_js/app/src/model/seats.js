/**
 * The table seen from above: where each seat stands, how large it is. Pure.
 *
 * A seat's size is the turns taken, a ring is a raised hand. The server tells the seats in an order that ranks nobody and
 * stays the same. Above 60 people neighbours share a seat.
 */

export const SEATS_MAX = 60;
const ROUND = 2 * Math.PI;

/** @typedef {{turns: number, hand: boolean}} Sitting */

/**
 * `people`: how many share the seat. `heard`: how many of these had a turn. `r`: radius; `x`, `y`: from the middle.
 * @typedef {{x: number, y: number, r: number, turns: number, people: number, heard: number, hand: boolean}} Seat
 */

/**
 * @param {Sitting[]} sitting
 * @param {number} [radius] of the circle the seats stand on
 * @returns {Seat[]}
 */
export function seatsAround(sitting, radius = 112) {
  const groups = grouped(sitting);
  const most = Math.max(1, ...groups.map(mean));
  const step = (ROUND * radius) / Math.max(groups.length, 1);
  const small = Math.min(7, step * 0.42);
  const large = Math.min(16, Math.max(small * 2.2, 6));
  return groups.map((group, place) => {
    const angle = (ROUND * place) / groups.length - Math.PI / 2;
    const share = Math.sqrt(mean(group) / most);
    return {
      x: round(Math.cos(angle) * radius),
      y: round(Math.sin(angle) * radius),
      r: round(small + (large - small) * share),
      turns: group.reduce((sum, { turns }) => sum + turns, 0),
      people: group.length,
      heard: group.filter(({ turns }) => turns > 0).length,
      hand: group.some(({ hand }) => hand),
    };
  });
}

/** As few neighbours as needed share a seat; the numbers of people at two seats differ by one at most. @param {Sitting[]} sitting @returns {Sitting[][]} */
function grouped(sitting) {
  const count = Math.min(SEATS_MAX, sitting.length);
  return Array.from({ length: count }, (_, place) =>
    sitting.slice(Math.floor((place * sitting.length) / count), Math.floor(((place + 1) * sitting.length) / count)));
}

/** @param {Sitting[]} group */
const mean = (group) => group.reduce((sum, { turns }) => sum + turns, 0) / group.length;

/** @param {number} value */
const round = (value) => Math.round(value * 10) / 10;
