/** English, as en.js: what is said of past sessions, and to those who come late. */
import en from "./en.js";
import "./en_session.js";

Object.assign(en, {
  // Past sessions
  past_sessions: "Past sessions", resources: "Links and resources", catch_up: "Catch me up", replay_moment: "See it in its session", in_its_session: "in its session",
  no_past_sessions: "No session was held here yet.", session_untitled: "Session", session_runs: "running now", session_numbers: "{questions} questions · {answered} answered", read_and_replay: "Read and replay",
  replay_past: "past session", replay_time: "Time of the session", replay_position: "Position", replay_at: "{now} of {all}", replay_play: "Play", replay_pause: "Pause", replay_speed: "Speed", replay_times: "{n} times as fast",
  replay_recording: "Recording", replay_clock: "Clock", replay_summary: "{messages} messages, {questions} questions asked, {answered} answered, {polls} polls", replay_asked: "Question asked", replay_answered: "Answered", replay_mark: "Mark",
  replay_moments: { one: "{n} moment", other: "All {n} moments" }, replay_when: "When", replay_what: "What", replay_earlier: "Earlier talk, in the room", replay_nothing_said: "Nobody has spoken yet.",
  replay_hands: "Hands up: {names}", replay_failed: "This session cannot be shown", replay_to_room: "To the room", replay_copy: "Copy link to this moment", replay_export: "Download this session",
  replay_export_markdown: "To read (Markdown)", replay_export_html: "A page that needs no program (HTML)", replay_export_jsonl: "For programs (JSON lines)",
  in_no_session: "It was not said in a session.", resources_lead: "Gathered from what was said here.", no_resources: "No link was shared here yet.",
  catch_up_lead: { one: "The session has run for {n} minute. Worth knowing:", other: "The session has run for {n} minutes. Worth knowing:" }, catch_up_short: "Worth knowing now:", catch_up_nothing: "Nothing was missed so far.", catch_up_close: "Close the summary",
  catch_answering: "Answering now", catch_answered: "Answered", catch_poll: "Open poll", catch_pin: "Pinned", catch_top: "Unanswered",
});
