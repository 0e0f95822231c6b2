/**
 * The table seen from above: where each seat stands, how large it is. Pure.
 *
 * A seat's size is the turns taken, a ring is a raised hand. The order is shuffled by a hash of who sits there, so it is
 * the same at each drawing and ranks nobody. Above 60 people neighbours share a seat.
 */

export const SEATS_MAX = 60;
const ROUND = 2 * Math.PI;

/** @typedef {{key: string, turns: number, hand?: boolean}} Sitting */

/**
 * `people`: how many share the seat. `heard`: how many of these had a turn. `r`: radius; `x`, `y`: from the middle.
 * @typedef {{key: string, x: number, y: number, r: number, turns: number, people: number, heard: number, hand: boolean}} Seat
 */

/**
 * @param {Sitting[]} sitting
 * @param {number} [radius] of the circle the seats stand on
 * @returns {Seat[]}
 */
export function seatsAround(sitting, radius = 112) {
  const shuffled = [...sitting].sort((a, b) => stir(a.key) - stir(b.key) || (a.key < b.key ? -1 : 1));
  const groups = grouped(shuffled);
  const most = Math.max(1, ...groups.map(mean));
  const step = (ROUND * radius) / Math.max(groups.length, 1);
  const small = Math.min(7, step * 0.42);
  const large = Math.min(16, Math.max(small * 2.2, 6));
  return groups.map((group, place) => {
    const angle = (ROUND * place) / groups.length - Math.PI / 2;
    const share = Math.sqrt(mean(group) / most);
    return {
      key: group[0].key,
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

/** FNV-1a, stirred: a number that says nothing of the key's order. @param {string} key */
function stir(key) {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
