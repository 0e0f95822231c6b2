/**
 * The shapes of protocol.md that the app reads, as types. No code.
 *
 * @typedef {object} Message
 * @property {number} seq
 * @property {number} at
 * @property {string} by
 * @property {string} text
 * @property {number} revision
 * @property {boolean} redacted
 * @property {string[]} mentions
 * @property {number | null} [reply_to]
 * @property {number | null} [thread]
 * @property {number} replies
 * @property {{seq: number, at: number, by: string} | null} [last_reply]
 * @property {boolean} resolved
 * @property {boolean} [by_staff]   of a redacted one, where known
 * @property {string} [reason]
 *
 * @typedef {object} RoomState
 * @property {string} room
 * @property {string} cohort
 * @property {string} name
 * @property {string} kind
 * @property {string} topic
 * @property {string[]} emoji
 * @property {number} slow_mode_s
 * @property {boolean} locked
 * @property {boolean} closed
 * @property {Message[]} messages
 * @property {number[]} pins
 * @property {Record<string, Record<string, number>>} tallies
 * @property {boolean} has_more
 *
 * @typedef {object} CohortState
 * @property {string} cohort
 * @property {string} name
 * @property {string} course
 * @property {string} course_name
 * @property {{room: string, name: string, kind: string, closed: boolean}[]} rooms
 * @property {Record<string, {name: string, role: string}>} members
 * @property {number} member_count
 *
 * @typedef {object} UserState
 * @property {Record<string, Record<string, number>>} markers
 * @property {{room: string, message: number, thread: number | null, at: number, by: string}[]} mentions
 *
 * @typedef {object} EventRecord
 * @property {string} stream
 * @property {number} seq
 * @property {number} at
 * @property {string} by
 * @property {string} name
 * @property {any} data
 *
 * @typedef {object} Page
 * @property {Message[]} messages
 * @property {Record<string, Record<string, number>>} tallies
 * @property {Record<string, string[]>} mine
 * @property {boolean} [has_before]
 * @property {boolean} [has_after]
 *
 * @typedef {object} Presence
 * @property {number} count
 * @property {string[] | null} people
 * @property {Record<string, number>} [roles]
 * @property {string[]} [staff]
 *
 * @typedef {object} Refusal
 * @property {string} code
 * @property {string} message
 * @property {string} retry
 * @property {number} [after]
 *
 * @typedef {"owner" | "instructor" | "ta" | "learner" | "observer" | "bot"} Role
 */
export {};
