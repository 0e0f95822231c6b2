"""What events change in the tables of rooms and their messages, of people, and of addresses found in messages
(sqlite_fold.py, link_table.py). No text of a message is copied: `text_position` names the entry that holds it now, so a
redaction in the log is a redaction here."""

from __future__ import annotations

from typing import Final

from tertulia.projections.rules import Rules

_ROOM_RULES: Final = (
    """message_posted
    INSERT INTO message (room, seq, at, by, reply_to, thread, position, text_position, redacted, kind, question,
        held_at, source)
    VALUES (NEW.owner, NEW.seq, NEW.at, NEW.by, @reply_to:int, @thread:int,
        NEW.position, NEW.position, coalesce(@redacted:bool, false), coalesce(@kind, ''),
        @question, @held_at:int, @source);""",
    """message_posted when @thread IS NOT NULL
    UPDATE message SET replies = replies + 1, last_seq = NEW.seq, last_at = NEW.at, last_by = NEW.by
    WHERE room = NEW.owner AND seq = @thread:int;""",
    """message_edited
    UPDATE message SET text_position = NEW.position, revision = @revision:int
    WHERE room = NEW.owner AND seq = @message:int;""",
    """message_redacted
    UPDATE message SET redacted = true WHERE room = NEW.owner AND seq = @message:int;
    DELETE FROM pin WHERE room = NEW.owner AND message = @message:int;
    DELETE FROM reaction WHERE room = NEW.owner AND message = @message:int;""",
    """message_pinned
    INSERT INTO pin (room, message, seq) VALUES (NEW.owner, @message:int, NEW.seq)
    ON CONFLICT (room, message) DO UPDATE SET seq = excluded.seq;""",
    """message_unpinned
    DELETE FROM pin WHERE room = NEW.owner AND message = @message:int;""",
    """thread_resolved thread_reopened
    UPDATE message SET resolved = (NEW.name = 'thread_resolved')
    WHERE room = NEW.owner AND seq = @thread:int;""",
    """message_hidden message_unhidden
    UPDATE message SET hidden = @reason WHERE room = NEW.owner AND seq = @message:int;""",
    """answer_endorsed
    UPDATE message SET endorsed = @reason:counted(endorsed)
    WHERE room = NEW.owner AND seq = @message:int;""",
    """mind_changed
    UPDATE message SET minds_changed = minds_changed + 1 WHERE room = NEW.owner AND seq = @because:int;""",
    """room_created
    INSERT INTO room (room, cohort, name, kind, topic, emoji, slow_mode_s, slow_modes, anonymity, approve_questions,
        hands_order, parent)
    VALUES (NEW.owner, @cohort, @name,
        coalesce(@kind, 'discussion'), coalesce(@topic, ''),
        coalesce(@emoji:json, '[]'), coalesce(@slow_mode_s:int, 0),
        coalesce(@slow_modes:json, '{}'), coalesce(@anonymity, 'off'),
        coalesce(@approve_questions:bool, false), coalesce(@hands_order, 'first_raised'),
        @parent);""",
    """room_changed
    UPDATE room SET name = coalesce(@name, name), topic = coalesce(@topic, topic),
        emoji = coalesce(@emoji:json, emoji),
        slow_mode_s = coalesce(@slow_mode_s:int, slow_mode_s),
        slow_modes = coalesce(@slow_modes:json, slow_modes),
        anonymity = coalesce(@anonymity, anonymity),
        approve_questions = coalesce(@approve_questions:bool, approve_questions),
        hands_order = coalesce(@hands_order, hands_order)
    WHERE room = NEW.owner;""",
    """room_locked room_unlocked
    UPDATE room SET locked = (NEW.name = 'room_locked') WHERE room = NEW.owner;""",
    """room_closed room_opened
    UPDATE room SET closed = (NEW.name = 'room_closed') WHERE room = NEW.owner;""",
)

# A reaction to a message that is redacted by now does not count, in whatever order the two are folded.
_SIGNAL_RULES: Final = (
    """reaction_set
    INSERT INTO reaction (room, message, person, emoji, at)
    SELECT NEW.owner, @message:int, NEW.by, @emoji, NEW.at
    WHERE coalesce(@on:bool, true) AND EXISTS (
        SELECT 1 FROM message WHERE room = NEW.owner AND seq = @message:int AND NOT redacted)
    ON CONFLICT DO NOTHING;
    DELETE FROM reaction
    WHERE NOT coalesce(@on:bool, true) AND room = NEW.owner AND message = @message:int
        AND person = NEW.by AND emoji = @emoji;""",
)

_COHORT_RULES: Final = (
    """cohort_created
    INSERT INTO cohort (cohort, name, course, course_name)
    VALUES (NEW.owner, @name, @course, @course_name);""",
    """room_listed
    INSERT INTO listed_room (cohort, room, listed_seq, name, kind, closed)
    VALUES (NEW.owner, @room, NEW.seq, @name,
        coalesce(@kind, 'discussion'), coalesce(@closed:bool, false))
    ON CONFLICT (cohort, room) DO UPDATE SET name = excluded.name, kind = excluded.kind, closed = excluded.closed;""",
    """member_joined member_returned
    INSERT INTO member (cohort, person, name, role, goal, joined_seq, joined_at)
    VALUES (NEW.owner, @person, @name, @role,
        coalesce(@goal, ''), NEW.seq, NEW.at)
    ON CONFLICT (cohort, person) DO UPDATE
    SET name = excluded.name, role = excluded.role, here = true, joined_seq = excluded.joined_seq;
    UPDATE cohort SET member_count = member_count + 1 WHERE cohort = NEW.owner;""",
    """member_renamed
    UPDATE member SET name = @name
    WHERE cohort = NEW.owner AND person = @person;""",
    """role_changed
    UPDATE member SET role = @role
    WHERE cohort = NEW.owner AND person = @person;""",
    """member_left
    UPDATE member SET here = false WHERE cohort = NEW.owner AND person = @person;
    UPDATE cohort SET member_count = member_count - 1 WHERE cohort = NEW.owner;""",
)

_USER_RULES: Final = (
    """read_marked
    INSERT INTO marker (person, room, thread, seq)
    VALUES (NEW.owner, @room, coalesce(@thread:int, 0), @seq:int)
    ON CONFLICT (person, room, thread) DO UPDATE SET seq = excluded.seq WHERE excluded.seq > marker.seq;""",
    """mentioned
    INSERT INTO mention (person, seq, room, message, thread, at, by)
    VALUES (NEW.owner, NEW.seq, @room, @message:int, @thread:int,
        NEW.at, NEW.by);""",
)

_LINK_RULES: Final = (
    """message_posted when @links:json IS NOT NULL
    INSERT INTO link (room, message, place, url) SELECT NEW.owner, NEW.seq, place, value FROM @links:rows;""",
    """message_posted when @kind = 'resource'
    INSERT INTO link (room, message, place, url) VALUES (NEW.owner, NEW.seq, -1, '');""",
    """message_edited
    DELETE FROM link WHERE room = NEW.owner AND message = @message:int AND place >= 0;
    INSERT INTO link (room, message, place, url)
    SELECT NEW.owner, @message:int, place, value FROM @links:rows;""",
    """message_redacted
    DELETE FROM link WHERE room = NEW.owner AND message = @message:int;""",
)

ROOM_RULES: Final[Rules] = {"room": _ROOM_RULES, "room/signals": _SIGNAL_RULES}
PEOPLE_RULES: Final[Rules] = {"cohort": _COHORT_RULES, "user": _USER_RULES}
LINK_RULES: Final[Rules] = {"room": _LINK_RULES}
