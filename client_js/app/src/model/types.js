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
 * @property {string} [kind]        "", "question", "answer", "view", "idea", "resource", "challenge", "result"
 * @property {string | null} [question] the question that it asks
 * @property {number | null} [held_at]  when it was said, if it was shown later
 * @property {string | null} [source]   the team's room whose result it is
 * @property {string | null} [hidden]   why staff hid it
 * @property {Record<string, number>} [endorsed] reason → how many
 * @property {number} [minds_changed]
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
 * @property {Record<string, number>} [slow_modes]
 * @property {"off" | "alias" | "anonymous"} [anonymity]
 * @property {boolean} [approve_questions]
 * @property {"first_raised" | "least_heard"} [hands_order]
 * @property {string | null} [parent]
 * @property {SessionState | null} [session]
 * @property {boolean} locked
 * @property {boolean} closed
 * @property {Message[]} messages
 * @property {number[]} pins
 * @property {Record<string, Record<string, number>>} tallies
 * @property {boolean} has_more
 *
 * @typedef {object} Question
 * @property {string} question
 * @property {number} message
 * @property {string} by
 * @property {string} text
 * @property {string} status
 * @property {number} asked_at
 * @property {number} seq
 * @property {boolean} highlighted
 * @property {string | null} merged_into
 * @property {string | null} reason
 * @property {number | null} answer
 * @property {number | null} media_position_ms
 * @property {number | null} accepted
 * @property {boolean} reworded
 * @property {boolean} hidden
 * @property {string | null} to
 *
 * @typedef {{hand: string, at: number}} Hand
 *
 * @typedef {object} Poll
 * @property {number} poll
 * @property {number} at
 * @property {string} text
 * @property {string} kind
 * @property {string[]} options
 * @property {boolean} anonymous
 * @property {number | null} again
 * @property {boolean} closed
 * @property {number} answered
 * @property {number[]} results
 * @property {string[]} texts
 *
 * @typedef {object} SessionState
 * @property {number} opened
 * @property {number} opened_at
 * @property {number | null} closed_at
 * @property {string} title
 * @property {{seq: number, at: number, media_position_ms: number, label?: string} | null} mark
 * @property {Question[]} questions
 * @property {Record<string, {status: string, reason?: string | null, merged_into?: string | null}>} unpublished
 * @property {string | null} answering
 * @property {Record<string, number>} heard
 * @property {Hand[]} hands
 * @property {string | null} called
 * @property {Poll[]} polls
 * @property {{seq: number, until?: number | null, prompt?: string, shown_to?: "nobody" | "answered"} | null} floor
 * @property {{teams: {room: string, name: string, people: string[]}[], how: string, until?: number | null} | null} teams
 * @property {Record<string, number>} votes
 *
 * @typedef {object} MyQuestion
 * @property {string} question
 * @property {string} room
 * @property {string} text
 * @property {string} status   "pending" or "dismissed"
 * @property {number} at
 * @property {string | null} [reason]
 * @property {string} [note]
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
 * @property {Record<string, string>} [aliases]
 * @property {Record<string, MyQuestion>} [questions]
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
