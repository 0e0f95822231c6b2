"""Every limit of the program, by name, with its unit last. Nothing else in the tree holds a bare number of this kind.

`PUBLIC` names those a client is told in `welcome` and that protocol.md lists (a test compares the two).
"""

from __future__ import annotations

from typing import Final

# Words and people
text_chars_max: Final = 8_000
text_bytes_max: Final = 16_384
reason_chars_max: Final = 500
name_chars_max: Final = 60
room_name_chars_max: Final = 80
topic_chars_max: Final = 300
mentions_max: Final = 20
emoji_chars_max: Final = 16
marks_max: Final = 10
room_emoji_max: Final = 40
pins_max: Final = 50
rooms_max: Final = 500
slow_mode_s_max: Final = 3_600
mute_s_max: Final = 90 * 86_400
invite_s_max: Final = 366 * 86_400
invite_uses_max: Final = 10_000
invites_max: Final = 1_000
thread_markers_max: Final = 4_000
key_chars_max: Final = 64
goal_chars_max: Final = 200

links_max: Final = 10
link_chars_max: Final = 500

# A live session
session_title_chars_max: Final = 120
mark_label_chars_max: Final = 80
questions_max: Final = 1_000
questions_per_person_max: Final = 20
question_chars_max: Final = 1_000
note_chars_max: Final = 500
polls_max: Final = 100
poll_options_max: Final = 20
poll_option_chars_max: Final = 120
poll_text_chars_max: Final = 300
poll_texts_max: Final = 200
hands_max: Final = 1_000
aliases_max: Final = 5_000
floor_s_max: Final = 4 * 3_600
held_messages_max: Final = 2_000
teams_max: Final = 50
filter_words_max: Final = 200
filter_word_chars_max: Final = 60
undoable_max: Final = 100
reports_known_max: Final = 1_000
team_people: Final = 4
pace_answers_min: Final = 5
attendance_people_max: Final = 200

# State held for deciding
message_facts_max: Final = 2_048
checkpoint_every_events: Final = 500
snapshot_messages: Final = 50
snapshot_members_max: Final = 1_000
snapshot_mentions: Final = 50
snapshot_asked: Final = 200
snapshot_reports: Final = 50
snapshot_notes: Final = 50

# Reading
page_messages_max: Final = 100
page_events_max: Final = 500
search_results_max: Final = 50
search_chars_max: Final = 200
search_candidates_max: Final = 400
search_prefix_bytes_min: Final = 3
search_prefix_chars: Final = 3
search_words_max: Final = 200
search_slice_messages: Final = 2_048
search_newest_max: Final = 8_192
search_newest_min: Final = 256
search_word_chars_max: Final = 255
search_index_buffer_bytes: Final = 8_388_608
members_page_max: Final = 200

# A connection
frame_bytes_max: Final = 65_536
frames_at_once_max: Final = 2_048
message_bytes_max: Final = 65_536
resume_bytes_max: Final = 131_072
hello_deadline_s: Final = 10.0
handshake_deadline_s: Final = 10.0
plain_upgrade_bytes_max: Final = 4_096
plain_upgrade_headers_max: Final = 32
request_head_bytes_max: Final = 32_768
header_bytes_max: Final = 8_192
streams_per_connection_max: Final = 600
commands_in_flight_max: Final = 256
malformed_frames_max: Final = 10
held_bytes_max: Final = 262_144
"""For one reader, by the server and the kernel: `queue_bytes_max` and twice `socket_send_buffer_bytes`."""
queue_bytes_max: Final = 163_840
queue_bytes_low: Final = 98_304
write_deadline_s: Final = 10.0
close_deadline_s: Final = 2.0
socket_send_buffer_bytes: Final = 49_152
"""SO_SNDBUF: Linux takes twice as much (socket(7))."""
ping_s: Final = 25.0
ping_jitter_s: Final = 5.0
pong_deadline_s: Final = 20.0
client_ping_s: Final = 30.0
connections_max: Final = 20_000
listen_backlog: Final = 4_096
accepts_at_once: Final = 8
connections_per_person_max: Final = 20
http_body_bytes_max: Final = 65_536
live_streams_max: Final = 64
live_heartbeat_s: Final = 15.0

# Rates (burst, then a steady rate for each person)
commands_burst: Final = 40
commands_per_s: Final = 10.0
signals_burst: Final = 60
signals_per_s: Final = 20.0
joins_burst_per_address: Final = 100
joins_per_s_per_address: Final = 10.0
reads_burst: Final = 200
reads_per_s: Final = 50.0
rate_keys_max: Final = 50_000
spent_told_min: Final = 5
spent_tick_s: Final = 1.0
spent_window_s: Final = 10.0
spent_people_max: Final = 500
rate_debt_s_max: Final = 30.0

# Hub and bus
tail_records: Final = 512
tail_bytes_max: Final = 524_288
flush_slice_readers: Final = 256
flush_reader_s_max: Final = 0.000_02
flush_bytes_max: Final = queue_bytes_max - queue_bytes_low
"""Of the durable records of one flush: a reader who is clear has room for it, so nobody need be asked."""
stretches_kept_max: Final = 32
shown_rooms_max: Final = 512
repair_wait_s: Final = 0.02
head_check_s: Final = 1.0
bus_queue_messages_max: Final = 10_000
bus_queue_bytes_max: Final = 8_388_608
bus_batch_messages_max: Final = 512
bus_slice_messages: Final = 256
bus_deadline_s: Final = 3.0
bus_ask_s: Final = 1.0
bus_check_s: Final = 1.0
bus_tls_contexts_max: Final = 8
bus_view_every_s: Final = 10.0
bus_view_pause_s: Final = 0.2
bus_subscribe_wait_s: Final = 1.0
bus_stop_wait_s: Final = 1.0
bus_reconnect_min_s: Final = 0.05
bus_reconnect_max_s: Final = 2.0
channel_idle_s: Final = 60.0
channels_remembered_max: Final = 16_384
lane_batch_commands_max: Final = 1_000
lane_queue_commands_max: Final = 16_384
append_tries_max: Final = 20
log_queue_appends_max: Final = 8_192
log_batch_appends_max: Final = 1_024
log_batch_entries_max: Final = 8_192
log_heads_cached_max: Final = 100_000
log_read_threads: Final = 3
log_queue_reads_max: Final = 4_096
log_busy_s: Final = 10.0
log_wal_pages: Final = 4_000
log_wal_kept_bytes: Final = 67_108_864
log_cache_kib: Final = 32_768
log_read_cache_kib: Final = 2_048
log_wipe_every_s: Final = 0.5
log_wipe_wait_s: Final = 0.1
log_check_bytes_max: Final = 33_554_432
log_check_unclean_bytes_max: Final = 268_435_456
log_open_wait_s: Final = 30.0
log_connect_s: Final = 3.0
log_statement_s: Final = 10.0
log_lock_s: Final = 5.0
log_idle_in_transaction_s: Final = 5.0
log_answer_s: Final = 15.0
log_replica_answer_s: Final = 2.0
log_replica_pause_s: Final = 2.0
log_tries_max: Final = 5
log_reconnect_min_s: Final = 0.05
log_reconnect_max_s: Final = 1.0
log_close_s: Final = 10.0
log_read_connections: Final = 4
log_write_connections: Final = 2
log_connections_max: Final = log_read_connections + log_write_connections
move_slice_rows: Final = 5_000
fold_wait_s: Final = 0.05
fold_every_s: Final = 0.5
fold_slice_entries: Final = 512
fold_behind_entries_max: Final = 32_768
rebuild_slice_entries: Final = 25_000
rebuild_slice_owners: Final = 500

# Soft state, and what the server does by itself
session_tick_s: Final = 1.0
tally_every_s: Final = 0.25
head_every_s: Final = 3.0
presence_tick_s: Final = 1.5
presence_grace_s: Final = 15.0
presence_list_people_max: Final = 200
presence_lease_s: Final = 30.0
presence_alive_s: Final = 10.0
presence_refresh_s: Final = 60.0
presence_told_max: Final = 1_000
presence_said_max: Final = 1_000
typing_every_s: Final = 3.0
typing_slack_s: Final = 0.5
typing_expires_s: Final = 6.0
typing_names_max: Final = 3
typing_readers_max: Final = 500
in_view_people_max: Final = 100
read_marker_every_s: Final = 3.0
unread_count_max: Final = 100

# Tokens
token_s: Final = 900
refresh_token_s: Final = 30 * 86_400
token_leeway_s: Final = 30
token_chars_max: Final = 4_096
secret_bytes_min: Final = 32

loop_lag_every_s: Final = 0.25

# Looking for cycles (gc.set_threshold): objects made and kept, then how many looks at the younger
collect_young_objects: Final = 50_000
collect_middle_every: Final = 20
collect_old_every: Final = 50

# Going away and coming back
drain_window_s: Final = 5.0
drain_s: Final = 8.0
drain_poll_s: Final = 0.1
unavailable_after_s: Final = 1.0
"""When a command that found the log away is to come again, half of it more or less."""
reconnect_min_s: Final = 0.5
reconnect_max_s: Final = 20.0

# Several workers on one port
workers_max: Final = 64
worker_ready_s: Final = 120.0
"""For a worker that takes the place of one that serves."""
worker_pause_min_s: Final = 0.2
worker_pause_max_s: Final = 10.0
worker_good_s: Final = 10.0
"""A worker that lived so long is started again at once."""
worker_starts_max: Final = 5
"""In vain, one after the other, when no other worker serves."""
worker_end_s: Final = 15.0
"""For a worker to end, beside its drain."""

PUBLIC: Final = (
    "frame_bytes_max",
    "text_chars_max",
    "text_bytes_max",
    "reason_chars_max",
    "name_chars_max",
    "key_chars_max",
    "mentions_max",
    "connections_per_person_max",
    "streams_per_connection_max",
    "commands_in_flight_max",
    "page_messages_max",
    "page_events_max",
    "snapshot_messages",
    "typing_every_s",
    "read_marker_every_s",
    "ping_s",
    "client_ping_s",
    "hello_deadline_s",
)


def public() -> dict[str, int | float]:
    """The limits a client is told, by name."""
    return {name: globals()[name] for name in PUBLIC}
