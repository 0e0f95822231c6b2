/** English. Keys are grouped by where the words are seen; `tests` compare them with es.js and with the sources. */
export default {
  // Everywhere
  loading: "Loading…", close: "Close", cancel: "Cancel", save: "Save", send: "Send", copy: "Copy", create: "Create", remove: "Remove",
  retry: "Try again", discard: "Discard", show: "Show", optional: "optional", reason: "Reason", reason_optional: "Reason (optional)",
  reason_public: "Everyone in the room will see it.", reason_person: "The person will see it.", copied: "Copied.", copy_failed: "Could not copy. Here it is: {what}",
  help: "Keys and writing", you: "you", everyone: "Everyone", people: "People", person: "Person", room: "Room", rooms: "Rooms", today: "Today", yesterday: "Yesterday",
  skip_to_messages: "Skip to the messages",

  // Roles
  role: "Role", role_owner: "owner", role_instructor: "instructor", role_ta: "TA", role_learner: "learner", role_observer: "observer", role_bot: "bot",

  // Join
  join_title: "Take a seat", join_lead: "You are invited to a cohort’s table. Say who you are, and you are in.", join: "Join", joining: "Joining…",
  your_name: "Your name", your_name_hint: "As the others will see it. You can change it later.", goal: "What do you hope for?", goal_hint: "One sentence, for those who teach.",
  need_invite_title: "You need an invitation", need_invite: "Tertulia is a table for one cohort. Open the link you were sent, or paste it here.",
  paste_link: "Invite link", go_on: "Continue",

  // Left column and home
  welcome_back: "Hello, {name}.", all_read: "You have read everything.", you_have_unread: { one: "You have {n} unread message.", other: "You have {n} unread messages." }, n_unread: { one: "{n} unread message", other: "{n} unread messages" },
  here_now: "Here now · {n} of {all}", n_more: "and {n} more", not_connected: "not connected", create_room: "New room", nothing_new: "nothing new", no_rooms: "There are no rooms yet.",
  for_you: "Said to you", mentioned_in: "{name} mentioned you in {room}", my_menu: "My settings", to_all_rooms: "All rooms",

  theme: "Theme", theme_system: "As the system", theme_light: "Light", theme_dark: "Dark", language: "Language", announcements: "Screen reader hears",
  announce_all: "All messages", announce_mentions: "Mentions", announce_counts: "Counts only", announce_nothing: "Nothing",
  rename: "Change my name", rename_title: "Your name", export_me: "Download my data", sign_out: "Leave this tab", invite_people: "Invite people", invite: "Invite",

  // Room
  search: "Search", room_menu: "Room menu", n_here: { one: "{n} here", other: "{n} here" }, closed: "closed", locked: "locked", topic: "Topic",
  room_denied: "This room is not open to you", room_begins: "This is where the room begins.", room_empty: "Nobody has spoken yet. The first word is yours.",
  messages_in: "Messages in {room}", unread_line: "New since you were here", n_new: { one: "{n} new", other: "{n} new" }, to_newest: "To the newest",
  page_failed: "Could not load. Try again", n_pinned: { one: "{n} pinned", other: "{n} pinned" }, one_typing: "{names} is typing", some_typing: "{names} are typing", many_typing: "{n} people are typing",
  slow_n: "slow mode: {n} s", slow_off: "Off", slow_mode: "Slow mode", slow_mode_hint: "How long each person waits between two messages.",
  pins: "Pinned", no_pins: "Nothing is pinned here yet.", copy_room_link: "Copy link to the room", export_room: "Download the room",
  room_settings: "Room settings", room_name: "Name", lock_room: "Lock the room", unlock_room: "Unlock the room", lock_lead: "Only staff can write until it is unlocked. Everyone can read.",
  close_room: "Close the room", open_room: "Open the room again", close_lead: "Nobody can write any more. Everything stays readable.",

  // Message
  message_by: "{name}, {time}", my_message: "My message: {state}", edited: "edited", pinned: "pinned", resolved: "resolved", answering: "answering {name}",
  removed: "This message was removed.", removed_by_author: "Removed by its author.", removed_by_staff: "Removed by staff.", removed_by_staff_reason: "Removed by staff: {reason}",
  reactions: "Reactions", reaction_count: { one: "{emoji}, {n} person", other: "{emoji}, {n} people" }, reaction_mine: { one: "{emoji}, only you", other: "{emoji}, {n} people, you too" },
  replies: { one: "{n} reply", other: "{n} replies" }, last_from: "last from {name} {time}", message_actions: "What to do with this message", react: "React", open_thread: "Reply in thread",
  more_actions: "More", reply_to_this: "Answer this", copy_link: "Copy link", copy_text: "Copy text", show_history: "Earlier versions", edit: "Edit", pin: "Pin", unpin: "Unpin",
  resolve: "Resolve", reopen: "Reopen", remove_title: "Remove this message?", remove_lead: "Its text will be gone for everyone, also from the history.", history_title: "Versions of this message",
  sending: "Sending…", queued_offline: "Waiting for the connection", goes_again: "{why} Goes by itself in {wait}.", failed: "Not sent. {why}",

  // Writing
  write_form: "Write to the room", reply_form: "Reply in the thread", edit_message: "Edit the message", say_something: "Say something to {room}", reply_in_thread: "Reply in this thread",
  preview: "Preview", bold: "Bold", italic: "Italic", code: "Code", formula: "Formula", suggestions: "Suggestions", chars_left: "{n} left", answer_thread: "Answer the whole thread",
  room_is_closed: "This room is closed. You can read everything.", you_observe: "You are here as an observer: you can read.", room_is_locked: "The room is locked: only staff can write for now.",
  slash_words: "words", slash_name: "name", slash_person: "@person", slash_reason: "reason", slash_seconds: "seconds", slash_search: "Search messages", slash_people: "Who is here", slash_pins: "Pinned messages",
  slash_help: "Keys and writing", slash_rename: "Change my name", slash_mute: "Mute a person here", slash_lock: "Only staff can write", slash_unlock: "Everyone can write", slash_slow: "Slow mode; 0 ends it",
  slash_topic: "Set the topic", slash_invite: "Make an invite link", slash_unknown: "There is no such command. To begin a message with a slash, write two: //",
  slash_name_missing: "Write the name behind the command.", slash_person_missing: "Nobody here has that name.", slash_seconds_wrong: "Give seconds from 0 to 3600.",

  // Side panels
  thread: "Thread", close_panel: "Close the panel", thread_long: "This thread is very long; its first replies are shown.", search_words: "Words to find", search_results: "Results", filters: "Narrow it down",
  all_rooms: "All rooms", from_date: "From", to_date: "Until", searching: "Searching…", n_found: { one: "{n} message", other: "{n} messages" }, search_hint: "Find what was said in any room of the cohort.",
  nothing_found: "Nothing found", nothing_found_hint: "Try fewer or other words, or another room.", find_person: "Find a person", in_this_room: "In this room · {n}", elsewhere: "Elsewhere · {n}", actions_for: "Actions for {name}",
  mute: "Mute", unmute: "Unmute", mute_person: "Mute {name} here", unmute_person: "Unmute {name} here", mute_title: "Mute {name} in this room", mute_lead: "They can read, but not write here, for a while.",
  ban: "Remove", ban_person: "Remove {name}", ban_title: "Remove {name} from the cohort", ban_lead: "Their connections end at once. What they wrote stays.", change_role: "Change role", role_title: "Role of {name}",
  for_how_long: "For how long", for_10_min: "10 minutes", for_1_h: "1 hour", for_1_day: "1 day", for_1_week: "1 week", for_1_month: "1 month", for_good: "For good",
  invite_ask: "Whoever opens the link can join with this role.", valid_for: "Valid for", make_link: "Make a link", invite_ready: "The link is ready", invite_lead: "Who opens it joins as {role}.", invite_until: "Valid until {date}.", invite_link: "Invite link",

  // Connection and notices
  offline: "You are offline. Write on: it goes when you are back", reconnecting: "Connecting again. Write on: nothing is lost", n_queued: { one: "{n} waiting to be sent", other: "{n} waiting to be sent" }, try_now: "Try now",
  replied_to_you: "{name} replied to you.", message_failed: "Your message was not sent. {why}", you_were_muted: "You were muted in a room: {reason}", your_role_is: "Your role is now {role}.",

  // Spoken
  announce_one: "{name}: {text}", announce_many: { one: "{n} new message. Latest, {name}: {text}", other: "{n} new messages. Latest, {name}: {text}" },
  announce_mention: { one: "{name} mentioned you: {text}", other: "{n} new messages. {name} mentioned you: {text}" }, announce_count: { one: "{n} new message", other: "{n} new messages" },

  // Help
  help_title: "Keys and writing", keys_everywhere: "Everywhere", keys_log: "On a message", keys_composer: "While writing", key_f6: "Go round the panels", key_search: "Search", key_help: "This help", key_escape: "Close what is open; back to writing",
  key_move: "Move between messages", key_thread: "Open the thread", key_react: "React", key_edit: "Edit my message", key_copy: "Copy its link", key_pin: "Pin (staff)", key_redact: "Remove", key_send: "Send", key_newline: "New line", key_edit_last: "Edit my last message (in an empty field)",
  key_mention: "Mention a person", key_slash: "Commands", writing_title: "Writing", writing_help: "Markdown: **bold**, *italic*, `code`, lists, > quotes, ``` for a block of code. Formulas: $x^2$ in a line, $$…$$ apart.",

  // Why something was refused, by code of the protocol
  refused_malformed: "The server did not understand this. Reload the page; it may be out of date.", refused_text_empty: "There is nothing to send.", refused_text_too_long: "The text is too long: 8,000 characters at most.", refused_name_invalid: "The name is empty or too long.",
  refused_reason_required: "This needs a reason.", refused_emoji_not_allowed: "This reaction is not used in this room.", refused_key_reused: "This was already used for something else. Try again.", refused_unknown_stream: "There is no such place, or not for you.",
  refused_unknown_cohort: "There is no such cohort.", refused_unknown_room: "There is no such room, or not for you.", refused_unknown_message: "This message does not exist.", refused_unknown_member: "There is no such person here.", refused_unknown_invite: "There is no such invite.",
  refused_not_allowed: "Your role may not do this.", refused_not_author: "Only the author may do this.", refused_not_a_member: "You are not a member of this cohort.", refused_banned: "You were removed from this cohort.", refused_muted: "You are muted in this room for a while.",
  refused_token_invalid: "Your sign-in is not valid here.", refused_token_expired: "Your sign-in has run out.", refused_invite_invalid: "This invite is not valid, or was used up.", refused_invite_expired: "This invite is too old. Ask for a new one.",
  refused_room_locked: "The room is locked for now.", refused_room_closed: "The room is closed.", refused_already_redacted: "This message was already removed.", refused_precondition_failed: "It was changed meanwhile. Look again.",
  refused_slow_mode: "Slow mode: one message at a time.", refused_rate_limited: "That was a lot at once.", refused_too_many_in_flight: "Too much is under way.", refused_too_many: "There are too many of these already.", refused_storage_full: "The server’s disk is full. Reading works.",
  refused_unavailable: "The server cannot do this now.", refused_overloaded: "The server is busy.", refused_draining: "The server is restarting.", refused_internal: "Something went wrong on the server.", refused_offline: "There is no connection.",
  refused_outbox_full: "Too much is waiting to be sent already.",

  // Why the connection was ended, by close code
  closed_4500: "Your sign-in is not valid here any more.", closed_4501: "You are not a member of this cohort any more.", closed_4502: "You were removed from this cohort.", closed_4503: "The app and the server do not understand each other. Reload.", closed_4504: "The app and the server do not understand each other. Reload.",
  closed_4505: "The app and the server do not understand each other. Reload.", closed_4506: "You are connected too many times. Close other tabs.", closed_4507: "This cohort does not exist any more.", closed_4508: "The app broke off because it and the server do not understand each other. Reload.", closed_another_person: "This tab belongs to another person now. Open your link again.", closed_other: "The server ended the connection.",
};
