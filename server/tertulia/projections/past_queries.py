"""A room at any past moment, and how its votes moved: folded by the domain itself from the few entries that matter.

A moment lasts from one entry of the room until the next: what was counted is counted up to there, by the order of the
log. Texts are as the log has them now: one that was redacted later is gone at every moment, and so is one that is
hidden now.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import apsw
import msgspec

from tertulia.domain import limits
from tertulia.domain.event import Event
from tertulia.domain.events import EVENTS
from tertulia.domain.ids import RoomId, room_signals_stream, room_staff_stream, room_stream
from tertulia.domain.session.apply import OF_SESSION
from tertulia.domain.session.events import (
    AnswerEndorsed,
    MessageHidden,
    MessageUnhidden,
    MindChanged,
    PollAnswered,
    SessionOpened,
    VoteSet,
)
from tertulia.domain.session.fold import fold_session
from tertulia.domain.session.view import SessionView
from tertulia.domain.view import LastReply, RoomView, apply_room, new_room_view
from tertulia.projections import TallyStep
from tertulia.projections.message_queries import BEGINNINGS

_OF_MESSAGES: Final = (MessageHidden, MessageUnhidden, AnswerEndorsed, MindChanged)
_SESSION_ONLY: Final = ", ".join(
    f"'{name}'" for name, kind in EVENTS.items() if kind in OF_SESSION and kind not in _OF_MESSAGES
)
_STREAM: Final = "(SELECT stream.id FROM stream WHERE stream.name = :stream)"
_HEAD: Final = f"SELECT coalesce(max(seq), 0) FROM entry WHERE stream = {_STREAM}"
_PLACE: Final = f"SELECT position, at FROM entry WHERE stream = {_STREAM} AND seq = :seq"
_OPENED: Final = "SELECT coalesce(max(opened), 0) FROM session WHERE room = :room AND opened <= :seq"

# The last messages that begin a thread, and those that are questions of the session.
_SHOWN: Final = f"""
SELECT seq FROM (SELECT seq FROM {BEGINNINGS} AND seq <= :seq ORDER BY seq DESC LIMIT :limit)
UNION
SELECT entry.data ->> '$.message' FROM moment CROSS JOIN entry ON entry.position = moment.position
WHERE moment.room = :room AND moment.seq BETWEEN :opened AND :seq AND entry.name = 'question_published'"""
_ENTRIES: Final = f"""
WITH shown AS MATERIALIZED ({_SHOWN}),
wanted (position) AS MATERIALIZED (
    SELECT position FROM moment WHERE room = :room AND seq <= :seq
    UNION ALL
    SELECT message.position FROM shown CROSS JOIN message ON message.room = :room AND message.seq = shown.seq
    UNION ALL
    SELECT edit.position FROM shown CROSS JOIN entry AS edit INDEXED BY entry_edit
    WHERE edit.stream = {_STREAM} AND edit.name = 'message_edited' AND edit.data ->> '$.message' = +shown.seq
        AND +edit.seq <= :seq)
SELECT json_group_array(json_array(entry.seq, entry.at, entry.by, entry.name, json(entry.data)) ORDER BY entry.seq)
FROM wanted CROSS JOIN entry ON entry.position = wanted.position
WHERE entry.seq >= :opened OR entry.name NOT IN ({_SESSION_ONLY})
"""
# Of the messages in `:seqs`: [seq, how many replies, the last one's seq, at and by, why it is hidden now].
_AROUND: Final = """
SELECT json_group_array(json_array(shown.value, (
        SELECT count(*) FROM message INDEXED BY message_answers
        WHERE room = :room AND thread = shown.value AND seq <= :seq),
    reply.seq, reply.at, reply.by, message.hidden))
FROM json_each(:seqs) AS shown CROSS JOIN message ON message.room = :room AND message.seq = shown.value
LEFT JOIN message AS reply ON reply.room = :room AND reply.seq = (
    SELECT max(seq) FROM message INDEXED BY message_answers
    WHERE room = :room AND thread = shown.value AND seq <= :seq)
"""
_HAS_OLDER: Final = f"SELECT EXISTS (SELECT 1 FROM {BEGINNINGS} AND seq < :first)"
# What each person's last signal said. The index of places holds positions too, so only those between are looked up.
_SIGNALS: Final = f"""
FROM entry INDEXED BY entry_place
WHERE stream = {_STREAM} AND position > :since AND position < :before AND at <= :at"""
_VOTERS: Final = f"""
SELECT json_group_array(json_array(question, person)) FROM (
    SELECT data ->> '$.question' AS question, by AS person, coalesce(data ->> '$.on', 1) AS is_on, max(position)
    {_SIGNALS} AND name = 'vote_set' GROUP BY 1, 2)
WHERE is_on
"""
_TALLIES: Final = f"""
SELECT json_group_array(json_array(message, emoji, people)) FROM (
    SELECT message, emoji, count(*) AS people FROM (
        SELECT data ->> '$.message' AS message, data ->> '$.emoji' AS emoji, by,
            coalesce(data ->> '$.on', 1) AS is_on, max(position)
        {_SIGNALS} AND name = 'reaction_set' AND data ->> '$.message' IN (SELECT value FROM json_each(:seqs))
        GROUP BY 1, 2, by)
    WHERE is_on GROUP BY message, emoji)
"""
_COUNTED: Final = f"""
SELECT json_group_array(json_array(position, at, by, name, json(data)) ORDER BY position)
{_SIGNALS} AND name IN ('vote_set', 'poll_answered')
"""
_MOVED: Final = f"""
SELECT json_group_array(json_array(entry.position, entry.seq, entry.at, entry.by, entry.name, json(entry.data))
    ORDER BY entry.position)
FROM moment CROSS JOIN entry ON entry.position = moment.position
WHERE moment.room = :room AND moment.seq >= :opened AND moment.seq < :end AND entry.name IN ({_SESSION_ONLY})
"""
_SAID: Final = """
SELECT json_group_object(CAST(message.seq AS TEXT), coalesce(said.data ->> '$.text', ''))
FROM json_each(:seqs) AS asked CROSS JOIN message ON message.room = :room AND message.seq = asked.value
CROSS JOIN entry AS said ON said.position = message.text_position WHERE message.hidden IS NULL
"""
_POSITIONS: Final = f"""
SELECT json_group_array(position ORDER BY seq) FROM entry INDEXED BY entry_place
WHERE stream = {_STREAM} AND seq >= :opened AND seq < :end
"""
# Where the next session begins, if there is this one.
_END: Final = """
SELECT coalesce((SELECT min(opened) FROM session AS next WHERE next.room = :room AND next.opened > :opened),
    :last)
FROM session WHERE room = :room AND opened = :opened
"""

_LAST: Final = 2**62
_STEP_MS: Final = 250
_encode = msgspec.json.Encoder().encode
_decode_entries = msgspec.json.Decoder(list[tuple[int, int, str, str, msgspec.Raw]]).decode
_decode_moved = msgspec.json.Decoder(list[tuple[int, int, int, str, str, msgspec.Raw]]).decode
_decode_around = msgspec.json.Decoder(list[tuple[int, int, int | None, int | None, str | None, str | None]]).decode
_decode_voters = msgspec.json.Decoder(list[tuple[str, str]]).decode
_decode_tallies = msgspec.json.Decoder(list[tuple[int, str, int]]).decode
_decode_positions = msgspec.json.Decoder(list[int]).decode
_decoders: Final = {name: msgspec.json.Decoder(kind) for name, kind in EVENTS.items()}


class _Until(NamedTuple):
    """A moment: the room's entry it begins with, the position at which it is over, and the time (both not included)."""

    seq: int
    before: int
    at: int


def read_room_at(
    connection: apsw.Connection, room: RoomId, *, seq: int | None, at: int | None
) -> tuple[int, RoomView] | None:
    """The room when `seq` was its newest entry, or at a time (Unix ms); None beyond the log's end."""
    found = None
    with connection:  # all of it is read at one moment
        until = _until(connection, room, seq=seq, at=at)
        if until is not None:
            found = until.seq, _folded(connection, room, until)
    return found


def _until(connection: apsw.Connection, room: RoomId, *, seq: int | None, at: int | None) -> _Until | None:
    stream = {"stream": room_stream(room)}
    head: int = connection.execute(_HEAD, stream).get
    if seq is None:
        low, high = 0, head
        while low < high:  # time does not run backwards in a stream
            middle = (low + high + 1) // 2
            if _place(connection, room, middle)[1] <= (at or 0):
                low = middle
            else:
                high = middle - 1
        seq = low
    if seq > head:
        return None
    before = _LAST if seq == head else _place(connection, room, seq + 1)[0]
    return _Until(seq, before, _LAST if at is None else at)


def _folded(connection: apsw.Connection, room: RoomId, until: _Until) -> RoomView:
    bindings: dict[str, Any] = {"room": room, "stream": room_stream(room), "seq": until.seq}
    opened: int = connection.execute(_OPENED, bindings).get
    bindings |= {"opened": opened, "limit": limits.snapshot_messages}
    view = new_room_view(room)
    for seq, at, by, name, data in _decode_entries(connection.execute(_ENTRIES, bindings).get):
        decoder = _decoders.get(name)
        apply_room(view, seq=seq, at=at, by=by, event=None if decoder is None else decoder.decode(data))
    _fill_messages(connection, view, bindings)
    _count(connection, room, view, until)
    return view


def _fill_messages(connection: apsw.Connection, view: RoomView, bindings: dict[str, Any]) -> None:
    """Replies, which were not folded; and nothing of what is hidden now."""
    shown = {message.seq: message for message in view.messages}
    first = min(shown, default=0)
    view.has_more = bool(connection.execute(_HAS_OLDER, {"room": view.room, "first": first}).get)
    questions = {question.message: question for question in view.session.questions} if view.session else {}
    asked = bindings | {"seqs": _encode([*shown, *(seq for seq in questions if seq not in shown)]).decode()}
    for seq, replies, last, at, by, hidden in _decode_around(connection.execute(_AROUND, asked).get):
        if message := shown.get(seq):
            message.replies = replies
            message.last_reply = None if last is None or at is None or by is None else LastReply(last, at, by)
            if hidden is not None:
                message.text, message.hidden = "", hidden
        if hidden is not None and seq in questions:
            questions[seq].text = ""


def _count(connection: apsw.Connection, room: RoomId, view: RoomView, until: _Until) -> None:
    bindings: dict[str, Any] = {"stream": room_signals_stream(room), "before": until.before, "at": until.at}
    seqs = [message.seq for message in view.messages if not message.redacted]
    if seqs:
        since = _place(connection, room, seqs[0])[0]
        asked = bindings | {"since": since, "seqs": _encode(seqs).decode()}
        for message, emoji, people in _decode_tallies(connection.execute(_TALLIES, asked).get):
            view.tallies.setdefault(str(message), {})[emoji] = people
    if view.session is not None:
        since = _place(connection, room, view.session.opened)[0]
        voters: dict[str, set[str]] = defaultdict(set)
        found = connection.execute(_VOTERS, bindings | {"since": since}).get
        for question, person in _decode_voters(found):
            voters[question].add(person)
        view.session.votes = count_votes(view.session, voters)


def _place(connection: apsw.Connection, room: RoomId, seq: int) -> tuple[int, int]:
    """Position and time of an entry of the room that there is."""
    found: tuple[int, int] = connection.execute(_PLACE, {"stream": room_stream(room), "seq": seq}).get
    return found


def count_votes(session: SessionView, voters: dict[str, set[str]]) -> dict[str, int]:
    """How many people voted for each question or for one that was merged into it, directly or not."""
    merged = _merged(session)
    counted: dict[str, set[str]] = {}
    for question, people in voters.items():
        if people:
            for one in _with_roots(question, merged):
                counted[one] = counted.get(one, set()) | people
    return {question: len(people) for question, people in counted.items()}


def _merged(session: SessionView) -> dict[str, str | None]:
    """Each question of the session, and the one it was merged into."""
    merged = {question.question: question.merged_into for question in session.questions}
    return merged | {id: unpublished.merged_into for id, unpublished in session.unpublished.items()}


def _with_roots(question: str, merged: dict[str, str | None]) -> Iterable[str]:
    one: str | None = question if question in merged else None
    while one is not None:
        yield one
        one = merged.get(one)


def read_session_view(connection: apsw.Connection, room: RoomId, session: int) -> SessionView:
    """A session as it is now; within a transaction of the caller's. Texts as for a snapshot."""
    bindings: dict[str, Any] = {"room": room, "opened": session, "last": _LAST}
    bindings["end"] = connection.execute(_END, bindings).get
    view: SessionView | None = None
    for _, seq, at, by, name, data in _decode_moved(connection.execute(_MOVED, bindings).get):
        view = fold_session(view, seq=seq, at=at, by=by, event=_event(name, data))
    assert view is not None, "its first event opens it"
    asked = {"room": room, "seqs": _encode([question.message for question in view.questions]).decode()}
    said = msgspec.json.decode(connection.execute(_SAID, asked).get, type=dict[int, str])
    since = _place(connection, room, session)[0]
    before = _LAST if bindings["end"] == _LAST else _place(connection, room, bindings["end"])[0]
    signals = {"stream": room_signals_stream(room), "since": since, "before": before, "at": _LAST}
    voters: dict[str, set[str]] = defaultdict(set)
    for question, person in _decode_voters(connection.execute(_VOTERS, signals).get):
        voters[question].add(person)
    view.votes = count_votes(view, voters)
    for one in view.questions:
        one.text = said.get(one.message, "")
    return view


# --- how votes moved ---------------------------------------------------------------------------------------------


class _Counted(NamedTuple):
    position: int
    at: int
    by: str
    event: Event


def read_tally_steps(
    connection: apsw.Connection, room: RoomId, *, session: int, after: int, limit: int
) -> tuple[list[TallyStep], bool] | None:
    """At most `limit` steps later than `after` (Unix ms), and whether there are more; None: no such session."""
    found = None
    with connection:
        end: int | None = connection.execute(_END, {"room": room, "opened": session, "last": _LAST}).get
        if end is not None:
            found = _happened(connection, room, session, end)
    return None if found is None else _steps(*found, session, after=after, limit=limit)


def _happened(connection: apsw.Connection, room: RoomId, session: int, end: int) -> tuple[list[_Counted], list[int]]:
    """What counts in a session, in the order of the log; and the positions of the room's entries from its first on."""
    bindings: dict[str, Any] = {"room": room, "stream": room_stream(room), "opened": session, "end": end}
    moved = _decode_moved(connection.execute(_MOVED, bindings).get)
    positions = _decode_positions(connection.execute(_POSITIONS, bindings).get)
    before = _LAST if end == _LAST else _place(connection, room, end)[0]
    happened = [_Counted(position, at, by, _event(name, data)) for position, _, at, by, name, data in moved]
    for stream in (room_signals_stream(room), room_staff_stream(room)):
        asked = {"stream": stream, "since": positions[0], "before": before, "at": _LAST}
        found = _decode_entries(connection.execute(_COUNTED, asked).get)
        happened += [_Counted(position, at, by, _event(name, data)) for position, at, by, name, data in found]
    happened.sort(key=lambda one: one.position)
    return happened, positions


def _event(name: str, data: msgspec.Raw) -> Event:
    event: Event = _decoders[name].decode(data)
    return event


def _steps(
    happened: list[_Counted], positions: list[int], session: int, *, after: int, limit: int
) -> tuple[list[TallyStep], bool]:
    """One step for each quarter of a second, and for each moment of the room, in which a number changed, so that the
    steps up to an entry say what the room's state at it says. Numbers that did not change in it are left out as a
    whole. A page may be a little longer than `limit`: a quarter of a second is never parted."""
    steps: list[TallyStep] = []
    view: SessionView | None = None
    voters: dict[str, set[str]] = defaultdict(set)
    answers: dict[str, set[str]] = defaultdict(set)
    told: tuple[dict[str, int], dict[str, int]] = ({}, {})
    seqs = [session + bisect_right(positions, one.position) - 1 for one in happened]
    whens = [(one.at // _STEP_MS, seq) for one, seq in zip(happened, seqs, strict=True)]
    for place, (_, at, by, event) in enumerate(happened):
        match event:
            case VoteSet():
                (voters[event.question].add if event.on else voters[event.question].discard)(by)
            case PollAnswered():
                answers[str(event.poll)].add(by)
            case SessionOpened() | _:
                view = fold_session(view, seq=seqs[place], at=at, by=by, event=event)
        if view is None or whens[place] in whens[place + 1 : place + 2]:
            continue
        counts = count_votes(view, voters), {poll: len(people) for poll, people in answers.items()}
        if counts != told:
            quarter = at // _STEP_MS
            if quarter > after // _STEP_MS:
                if len(steps) >= limit and quarter > steps[-1].at // _STEP_MS:
                    return steps, True
                votes = counts[0] if counts[0] != told[0] else None
                answered = counts[1] if counts[1] != told[1] else None
                steps.append(TallyStep(seq=seqs[place], at=at, votes=votes, answered=answered))
            told = counts
    return steps, False
