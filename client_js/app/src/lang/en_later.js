/** English, as en.js: what is said by elements that are fetched late (elements/later.js). They import this. */
import en from "./en.js";

Object.assign(en, {
  // My menu
  theme: "Theme", theme_system: "As the system", theme_light: "Light", theme_dark: "Dark", language: "Language", announcements: "Screen reader hears",
  announce_all: "All messages", announce_mentions: "Mentions", announce_counts: "Counts only", announce_nothing: "Nothing",
  rename: "Change my name", rename_title: "Your name", export_me: "Download my data", sign_out: "Leave this tab", invite_people: "Invite people", invite: "Invite",

  // Join
  join_title: "Take a seat", join_lead: "You are invited to a cohort’s table. Say who you are, and you are in.", join: "Join", joining: "Joining…",
  your_name: "Your name", your_name_hint: "As the others will see it. You can change it later.", goal: "What do you hope for?", goal_hint: "One sentence, for those who teach.",
  need_invite_title: "You need an invitation", need_invite: "Tertulia is a table for one cohort. Open the link you were sent, or paste it here.",
  paste_link: "Invite link", go_on: "Continue",

  // Commands, by typing
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
  invite_ask: "Whoever opens the link can join with this role.", room_kind: "What it is for", room_kind_discussion: "Talk", room_kind_session: "Live sessions", room_kind_announcements: "Announcements (only staff write)",
  valid_for: "Valid for", make_link: "Make a link", invite_ready: "The link is ready", invite_lead: "Who opens it joins as {role}.", invite_until: "Valid until {date}.", invite_link: "Invite link",

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
  refused_sentence_required: "This needs a sentence that says why.", refused_words_blocked: "There are words in it that this room does not allow.", refused_options_invalid: "These options cannot be used.", refused_answer_invalid: "This answer does not fit the poll.", refused_groups_invalid: "These groups cannot be used.",
  refused_unknown_question: "There is no such question in this session.", refused_unknown_poll: "There is no such poll in this session.", refused_unknown_option: "There is no such option.", refused_unknown_hand: "That hand is not up.", refused_unknown_held: "That message does not wait any more.", refused_unknown_alias: "There is no such alias here.",
  refused_not_a_session: "This room is not for live sessions.", refused_session_not_open: "No session is open.", refused_session_open: "A session is open already.", refused_mark_goes_back: "That place lies before the last mark.", refused_question_status: "The question has moved on meanwhile.", refused_merge_circle: "A question cannot be merged with itself.",
  refused_already_voted: "You have voted for this question.", refused_not_voted: "You have not voted for this question.", refused_already_raised: "The hand is up already.", refused_already_endorsed: "You have endorsed this already.", refused_poll_closed: "The poll is closed.", refused_floor_held: "The floor is held already.", refused_floor_not_held: "The floor is not held.", refused_teams_formed: "There are teams already.", refused_teams_not_formed: "There are no teams.",
  refused_alias_not_allowed: "This room allows no aliases.", refused_alias_sealed: "Nobody may look behind this alias.", refused_already_hidden: "It is hidden already.", refused_not_hidden: "It is not hidden.", refused_nothing_to_undo: "There is nothing to undo any more.",

  // Why the connection was ended, by close code
  closed_4500: "Your sign-in is not valid here any more.", closed_4501: "You are not a member of this cohort any more.", closed_4502: "You were removed from this cohort.", closed_4503: "The app and the server do not understand each other. Reload.", closed_4504: "The app and the server do not understand each other. Reload.",
  closed_4505: "The app and the server do not understand each other. Reload.", closed_4506: "You are connected too many times. Close other tabs.", closed_4507: "This cohort does not exist any more.", closed_4508: "The app broke off because it and the server do not understand each other. Reload.", closed_another_person: "This tab belongs to another person now. Open your link again.", closed_other: "The server ended the connection.",
});
