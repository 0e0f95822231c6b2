/**
 * English: what the first picture needs. The rest is in en_later.js and en_session.js, which come with the elements that
 * say it. Keys are grouped by where the words are seen; `tests` compare them with es.js and with the sources.
 */
export default {
  // Everywhere
  loading: "Loading…", close: "Close", cancel: "Cancel", save: "Save", send: "Send", copy: "Copy", create: "Create", remove: "Remove",
  retry: "Try again", discard: "Discard", show: "Show", optional: "optional", reason: "Reason", reason_optional: "Reason (optional)",
  reason_public: "Everyone in the room will see it.", reason_person: "The person will see it.", copied: "Copied.", copy_failed: "Could not copy. Here it is: {what}",
  help: "Keys and writing", you: "you", everyone: "Everyone", people: "People", person: "Person", room: "Room", rooms: "Rooms", today: "Today", yesterday: "Yesterday",
  skip_to_messages: "Skip to the messages",

  // Roles
  role: "Role", role_owner: "owner", role_instructor: "instructor", role_ta: "TA", role_learner: "learner", role_observer: "observer", role_bot: "bot",

  // Left column and home
  welcome_back: "Hello, {name}.", all_read: "You have read everything.", you_have_unread: { one: "You have {n} unread message.", other: "You have {n} unread messages." }, n_unread: { one: "{n} unread message", other: "{n} unread messages" },
  here_now: "Here now · {n} of {all}", n_more: "and {n} more", not_connected: "not connected", create_room: "New room", nothing_new: "nothing new", no_rooms: "There are no rooms yet.",
  for_you: "Said to you", mentioned_in: "{name} mentioned you in {room}", my_menu: "My settings", to_all_rooms: "All rooms",

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
  alias: "alias", kind_question: "Question", kind_view: "View", kind_answer: "Answer", kind_idea: "Idea", kind_resource: "Resource", kind_challenge: "challenge", kind_result: "result of a team",
  hidden_by_staff: "Hidden by staff: {reason}", endorsed_correct: { one: "correct", other: "correct · {n}" }, endorsed_well_explained: { one: "well explained", other: "well explained · {n}" }, endorsed_evidence: { one: "gives evidence", other: "gives evidence · {n}" }, endorse: "Endorse as an answer",
  changed_my_mind: "This changed my mind", minds_changed: { one: "changed a mind", other: "changed {n} minds" }, held_shown_later: "said {time}", asked_question: "asked: {text}", show_in_queue: "Show in the queue", report: "Report to staff", hide: "Hide", unhide: "Show to all again",

  // Writing
  write_form: "Write to the room", reply_form: "Reply in the thread", edit_message: "Edit the message", say_something: "Say something to {room}", reply_in_thread: "Reply in this thread",
  preview: "Preview", bold: "Bold", italic: "Italic", code: "Code", formula: "Formula", suggestions: "Suggestions", chars_left: "{n} left", answer_thread: "Answer the whole thread",
  room_is_closed: "This room is closed. You can read everything.", you_observe: "You are here as an observer: you can read.", room_is_locked: "The room is locked: only staff can write for now.",

  // Connection and notices
  offline: "You are offline. Write on: it goes when you are back", reconnecting: "Connecting again. Write on: nothing is lost", n_queued: { one: "{n} waiting to be sent", other: "{n} waiting to be sent" }, try_now: "Try now",
  replied_to_you: "{name} replied to you.", message_failed: "Your message was not sent. {why}", you_were_muted: "You were muted in a room: {reason}", you_were_unmasked: "{name} looked who is behind your alias: {reason}", your_role_is: "Your role is now {role}.",

  // Spoken
  announce_one: "{name}: {text}", announce_many: { one: "{n} new message. Latest, {name}: {text}", other: "{n} new messages. Latest, {name}: {text}" },
  announce_mention: { one: "{name} mentioned you: {text}", other: "{n} new messages. {name} mentioned you: {text}" }, announce_count: { one: "{n} new message", other: "{n} new messages" },
};
