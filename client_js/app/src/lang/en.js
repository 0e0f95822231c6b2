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

  // Live session
  live: "LIVE", live_for: "Live for {time}", lecture_at: "Recording at {time}", session_ended: "ended", session_not_begun: "not begun", session_wait: "The session has not begun. What you write here is read by all; questions can be asked once it is open.",
  open_session: "Begin the session", close_session: "End the session", session_title: "What is it about?", close_session_lead: "Open questions go on as threads in the cohort’s room.",
  pace: "Pace, seen only as a sum by staff", pace_lost: "Lost", pace_ok: "OK", pace_fast: "Too fast", raise_hand: "Raise hand", lower_hand: "Lower hand", hand_is_up: "Hand is up", hand_place: { one: "{n} before you", other: "{n} before you" }, hand_next: "you are next",
  hands_up: { one: "{n} hand up", other: "{n} hands up" }, now_speaking: "{name} has the floor", you_have_floor: "You were called on: the floor is yours.", you_were_called: "You were called on. The floor is yours.",
  answering_now: "Answering now", n_asked: { one: "{n} person asked", other: "{n} people asked" },
  talk: "Talk", questions: "Questions", polls: "Polls", session_parts: "Parts of the session", close_questions: "Close the questions", order_by: "Order", order_fair: "Fair", order_top: "Top", order_new: "New", order_changed: "The order has changed", show_order: "Show",
  vote_count: { one: "Me too, {n} vote", other: "Me too, {n} votes" }, status_answering: "answering now", status_answered_live: "answered aloud", status_answered_text: "answered in writing", status_carried: "goes on as a thread", status_merged: "merged with another", status_dismissed: "dismissed", status_withdrawn: "withdrawn",
  waiting_now: "just asked", waiting_min: "waiting {n} min", asked_at: "asked {time}", alias: "alias", your_question: "yours", reworded: "reworded", place_highlighted: "picked by staff", place_longest_waiting: "waits the longest", place_not_heard_yet: "not heard yet this session", place_fewest_heard: "heard less than others",
  question_actions: "What to do with this question", open_answers: "Answers and replies", vote_instead: "Vote for it instead", voted: "You voted for it", similar_questions: "Already asked", similar_found: { one: "{n} similar question was asked already", other: "{n} similar questions were asked already" },
  withdraw: "Withdraw", withdraw_title: "Withdraw this question?", withdraw_lead: "It leaves the queue. Its message stays in the talk.", edit_and_resend: "Edit and send again", resend_lead: "It goes to staff again, as you write it now.", accept_answer: "This answers it", accepted: "accepted", answer_accepted: "accepted by who asked",
  pending_approval: "Waits for approval; only you and staff see it.", dismissed_because: "Dismissed: {reason}", asking: "Sending…", no_questions: "No question waits", no_questions_lead: "Be the first: whoever was heard least comes first.", answered_n: { one: "Answered · {n}", other: "Answered · {n}" }, at_media: "at {time}",
  reason_off_topic: "off topic", reason_duplicate: "asked already", reason_unclear: "unclear", reason_answered_before: "answered before", reason_not_now: "not now", reason_conduct: "conduct", reason_other: "another reason",
  order_explained_fair: "Order: unheard people first, then votes and waiting.", order_explained_top: "Order: most votes first.", order_explained_new: "Order: newest first.",
  ledger: "Received {received} · published {published} · merged {merged} · dismissed {dismissed}", why: "why", ledger_title: "What became of the questions", ledger_lead: "Everyone in the room can read this. Nothing is deleted, and staff can undo what they did.", ledger_received: "received", ledger_published: "published", ledger_pending: "wait for approval", ledger_merged: "merged with another", ledger_answered: "answered", ledger_dismissed: "dismissed", ledger_withdrawn: "withdrawn by who asked", ledger_carried: "go on as threads",
  approve: "Approve", answer_now: "Answer now", answered_aloud: "Answered", highlight: "Put first", unhighlight: "No longer first", dismiss: "Dismiss", dismiss_title: "Dismiss this question?", dismiss_lead: "The asker is told, and may write it anew.", note_optional: "A word to the asker (optional)", to_console: "Open in the console",
  poll: "Poll", poll_again: "Second vote", repoll: "re-poll", n_of_here: "{n} of {all}", n_answered: { one: "{n} answer", other: "{n} answers" }, poll_answer: "Answer", poll_change: "Change my answer", poll_answered: "Your answer is in. Results are shown when the poll closes.", poll_your_answer: "Your answer: {answer}", poll_choose: "Choose one", poll_choose_many: "Choose all that fit", poll_short: "Answer in a few words", poll_scale: "Choose a number", poll_anonymous: "anonymous", poll_named: "with names, for staff", poll_closed: "closed", close_poll: "Close the poll", poll_results: "Results of {text}", poll_option: "Answer", poll_share: "Share", poll_count: "Number", poll_shift: "Change", shift_up: "up {n}", shift_down: "down {n}", no_polls: "There is no poll yet.", again: "Vote again",
  kind_label: "What it is", kind_question: "Question", kind_view: "View", kind_answer: "Answer", kind_idea: "Idea", kind_resource: "Resource", kind_challenge: "challenge", kind_result: "result of a team", ask: "Ask", ask_something: "Ask a question", say_view: "Say what you think", say_answer: "Answer something", as_alias: "as {alias}", as_an_alias: "under an alias", alias_coming: "choosing your alias…", alias_explained: "The others see the alias. Staff can see who it is.", alias_anonymous: "Nobody can see who it is, not even staff.",
  floor_held: "The floor is held: what you write is kept and shown to all at once.", think_kept: "Your answer is kept.", shown_in: "Shown in {time}.", shown_on_release: "Shown when staff release it.", shown_after_answer: "You see the others’ answers once you have given yours.", slow_wait: "Slow mode: {time}",
  sentence_title: "What do you challenge, and why?", sentence_lead: "One sentence. It is posted as a reply, so that it can be answered.", sentence: "Your sentence", challenge: "Challenge",
  hidden_by_staff: "Hidden by staff: {reason}", hide_again: "Hide again", endorsed_correct: { one: "correct", other: "correct · {n}" }, endorsed_well_explained: { one: "well explained", other: "well explained · {n}" }, endorsed_evidence: { one: "gives evidence", other: "gives evidence · {n}" }, endorse: "Endorse as an answer", endorse_reason: "Why it is good", endorse_one_correct: "It is correct", endorse_one_well_explained: "It is well explained", endorse_one_evidence: "It gives evidence",
  changed_my_mind: "This changed my mind", changed_my_mind_about: "Which message of yours?", minds_changed: { one: "changed a mind", other: "changed {n} minds" }, no_message_of_mine: "Say something first: then you can mark what changed your mind about it.", held_shown_later: "said {time}", asked_question: "asked: {text}", show_in_queue: "Show in the queue", report: "Report to staff", report_title: "Report this message", report_lead: "Only staff see it.",
  team_is: "Your team: {name}", to_team: "To the team’s room", team_time: "{time} left", team_back: "Carry our result back", team_result: "What you found, in a few sentences", carry_back: "Carry back", carried_back: "It was carried back.", to_parent: "Back to the session", with_people: "with {names}",
  announce_question: "New question", announce_answering: "Answering now",

  // Past sessions
  past_sessions: "Past sessions", no_past_sessions: "No session was held here yet.", session_untitled: "Session", session_runs: "running now", session_numbers: "{questions} questions · {messages} messages", read_and_replay: "Read and replay",
  replay_past: "past session", replay_time: "Time of the session", replay_position: "Position", replay_at: "{now} of {all}", replay_play: "Play", replay_pause: "Pause", replay_speed: "Speed", replay_times: "{n} times as fast",
  replay_recording: "Recording", replay_clock: "Clock", replay_summary: "{messages} messages, {questions} questions asked, {answered} answered, {polls} polls", replay_asked: "Question asked", replay_answered: "Answered", replay_mark: "Mark",
  replay_moments: { one: "{n} moment", other: "All {n} moments" }, replay_when: "When", replay_what: "What", replay_earlier: "Earlier talk, in the room", replay_nothing_said: "Nobody has spoken yet.", replay_shift: "points since the first vote",
  replay_hands: "Hands up: {names}", replay_failed: "This session cannot be shown", replay_to_room: "To the room", replay_copy: "Copy link to this moment", replay_export: "Download this session",
  replay_export_markdown: "To read (Markdown)", replay_export_html: "A page that needs no program (HTML)", replay_export_jsonl: "For programs (JSON lines)", replay_moment: "See it in its session", in_its_session: "in its session",
  in_no_session: "It was not said in a session.", resources: "Links and resources", resources_lead: "Gathered from what was said here.", no_resources: "No link was shared here yet.",
  catch_up: "Catch me up", catch_up_lead: { one: "The session has run for {n} minute. Worth knowing:", other: "The session has run for {n} minutes. Worth knowing:" }, catch_up_short: "Worth knowing now:", catch_up_nothing: "Nothing was missed so far.", catch_up_close: "Close the summary",
  catch_answering: "Answering now", catch_answered: "Answered", catch_poll: "Open poll", catch_pin: "Pinned", catch_top: "Waits, with most votes",

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
  refused_sentence_required: "This needs a sentence that says why.", refused_words_blocked: "There are words in it that this room does not allow.", refused_options_invalid: "These options cannot be used.", refused_answer_invalid: "This answer does not fit the poll.", refused_groups_invalid: "These groups cannot be used.",
  refused_unknown_question: "There is no such question in this session.", refused_unknown_poll: "There is no such poll in this session.", refused_unknown_option: "There is no such option.", refused_unknown_hand: "That hand is not up.", refused_unknown_held: "That message does not wait any more.", refused_unknown_alias: "There is no such alias here.",
  refused_not_a_session: "This room is not for live sessions.", refused_session_not_open: "No session is open.", refused_session_open: "A session is open already.", refused_mark_goes_back: "That place lies before the last mark.", refused_question_status: "The question has moved on meanwhile.", refused_merge_circle: "A question cannot be merged with itself.",
  refused_already_voted: "You have voted for this question.", refused_not_voted: "You have not voted for this question.", refused_already_raised: "The hand is up already.", refused_already_endorsed: "You have endorsed this already.", refused_poll_closed: "The poll is closed.", refused_floor_held: "The floor is held already.", refused_floor_not_held: "The floor is not held.", refused_teams_formed: "There are teams already.", refused_teams_not_formed: "There are no teams.",
  refused_alias_not_allowed: "This room allows no aliases.", refused_alias_sealed: "Nobody may look behind this alias.", refused_already_hidden: "It is hidden already.", refused_not_hidden: "It is not hidden.", refused_nothing_to_undo: "There is nothing to undo any more.",

  // Why the connection was ended, by close code
  closed_4500: "Your sign-in is not valid here any more.", closed_4501: "You are not a member of this cohort any more.", closed_4502: "You were removed from this cohort.", closed_4503: "The app and the server do not understand each other. Reload.", closed_4504: "The app and the server do not understand each other. Reload.",
  closed_4505: "The app and the server do not understand each other. Reload.", closed_4506: "You are connected too many times. Close other tabs.", closed_4507: "This cohort does not exist any more.", closed_4508: "The app broke off because it and the server do not understand each other. Reload.", closed_another_person: "This tab belongs to another person now. Open your link again.", closed_other: "The server ended the connection.",
};
