// Aliases: reading their ids, `~blue-heron.k3f9xw`. The reading half of server/tertulia/domain/alias.py.

const SHAPE = /^~([a-z]+)-([a-z]+)\.[a-z0-9]{4,}$/;

/**
 * Whether a persona is an alias. Whatever begins with "~" is treated as one, so that a doubt unmasks nobody.
 * @param {string} by
 */
export const isAlias = (by) => by.startsWith("~");

/**
 * Its words, to be shown in any language or as a picture; null for what has not the shape.
 * @param {string} by
 * @returns {{colour: string, animal: string} | null}
 */
export function aliasParts(by) {
  const [, colour, animal] = SHAPE.exec(by) ?? [];
  return colour ? { colour, animal } : null;
}

/**
 * `"~blue-heron.k3f9xw"` → `"Blue heron"`; `"~"`, nobody, → `"Anonymous"`; what has neither shape is given back as it is.
 * @param {string} by
 */
export function aliasName(by) {
  const parts = aliasParts(by);
  return parts ? `${parts.colour[0].toUpperCase()}${parts.colour.slice(1)} ${parts.animal}` : by === "~" ? "Anonymous" : by;
}
