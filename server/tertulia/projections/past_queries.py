"""A room at any past moment, and how its votes moved: folded by the domain itself from the few entries that matter.

A moment lasts from one entry of the room until the next: what was counted is counted up to there, by the order of the
log. Texts are as the log has them now: one that was redacted later is gone at every moment, and so is one that is
hidden now.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

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
from tertulia.projections.asking import Ask, Asking

_OF_MESSAGES: Final = (MessageHidden, MessageUnhidden, AnswerEndorsed, MindChanged)
SESSION_ONLY: Final = tuple(name for name, kind in EVENTS.items() if kind in OF_SESSION and kind not in _OF_MESSAGES)
"""Events that say something of a session and of nothing else."""

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


def read_room_at(room: RoomId, *, seq: int | None, at: int | None) -> Asking[tuple[int, RoomView] | None]:
    """The room when `seq` was its newest entry, or at a time (Unix ms); None beyond the log's end."""
    until = yield from _until(room, seq=seq, at=at)
    return None if until is None else (until.seq, (yield from _folded(room, until)))


def _until(room: RoomId, *, seq: int | None, at: int | None) -> Asking[_Until | None]:
    stream: dict[str, Any] = {"stream": room_stream(room)}
    head: int = yield Ask("head", stream)
    if seq is None:
        seq = yield Ask("newest_at", stream | {"at": at or 0})
    if seq > head:
        return None
    before = _LAST if seq == head else (yield from _place(room, seq + 1))[0]
    return _Until(seq, before, _LAST if at is None else at)


def _folded(room: RoomId, until: _Until) -> Asking[RoomView]:
    bindings: dict[str, Any] = {"room": room, "stream": room_stream(room), "seq": until.seq}
    opened: int = yield Ask("opened", bindings)
    bindings |= {"opened": opened, "limit": limits.snapshot_messages}
    view = new_room_view(room)
    for seq, at, by, name, data in _decode_entries((yield Ask("entries", bindings))):
        decoder = _decoders.get(name)
        apply_room(view, seq=seq, at=at, by=by, event=None if decoder is None else decoder.decode(data))
    yield from _fill_messages(view, bindings)
    yield from _count(room, view, until)
    return view


def _fill_messages(view: RoomView, bindings: dict[str, Any]) -> Asking[None]:
    """Replies, which were not folded; and nothing of what is hidden now."""
    shown = {message.seq: message for message in view.messages}
    first = min(shown, default=0)
    view.has_more = bool((yield Ask("has_older", {"room": view.room, "first": first})))
    questions = {question.message: question for question in view.session.questions} if view.session else {}
    asked = bindings | {"seqs": _encode([*shown, *(seq for seq in questions if seq not in shown)]).decode()}
    for seq, replies, last, at, by, hidden in _decode_around((yield Ask("around", asked))):
        if message := shown.get(seq):
            message.replies = replies
            message.last_reply = None if last is None or at is None or by is None else LastReply(last, at, by)
            if hidden is not None:
                message.text, message.hidden = "", hidden
        if hidden is not None and seq in questions:
            questions[seq].text = ""


def _count(room: RoomId, view: RoomView, until: _Until) -> Asking[None]:
    bindings: dict[str, Any] = {"stream": room_signals_stream(room), "before": until.before, "at": until.at}
    seqs = [message.seq for message in view.messages if not message.redacted]
    if seqs:
        since = (yield from _place(room, seqs[0]))[0]
        asked = bindings | {"since": since, "seqs": _encode(seqs).decode()}
        for message, emoji, people in _decode_tallies((yield Ask("tallied", asked))):
            view.tallies.setdefault(str(message), {})[emoji] = people
    if view.session is not None:
        since = (yield from _place(room, view.session.opened))[0]
        voters: dict[str, set[str]] = defaultdict(set)
        found = yield Ask("voters", bindings | {"since": since})
        for question, person in _decode_voters(found):
            voters[question].add(person)
        view.session.votes = count_votes(view.session, voters)


def _place(room: RoomId, seq: int) -> Asking[tuple[int, int]]:
    """Position and time of an entry of the room that there is."""
    found: tuple[int, int] = yield Ask("place", {"stream": room_stream(room), "seq": seq})
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


def _with_roots(question: str, merged: dict[str, str | None]) -> Iterator[str]:
    one: str | None = question if question in merged else None
    while one is not None:
        yield one
        one = merged.get(one)


def read_session_view(room: RoomId, session: int) -> Asking[SessionView]:
    """A session as it is now. Texts as for a snapshot."""
    bindings: dict[str, Any] = {"room": room, "opened": session, "last": _LAST}
    bindings["end"] = yield Ask("end", bindings)
    view: SessionView | None = None
    for _, seq, at, by, name, data in _decode_moved((yield Ask("moved", bindings))):
        view = fold_session(view, seq=seq, at=at, by=by, event=_event(name, data))
    assert view is not None, "its first event opens it"
    asked = {"room": room, "seqs": _encode([question.message for question in view.questions]).decode()}
    said = msgspec.json.decode((yield Ask("said", asked)), type=dict[int, str])
    since = (yield from _place(room, session))[0]
    before = _LAST if bindings["end"] == _LAST else (yield from _place(room, bindings["end"]))[0]
    signals = {"stream": room_signals_stream(room), "since": since, "before": before, "at": _LAST}
    voters: dict[str, set[str]] = defaultdict(set)
    for question, person in _decode_voters((yield Ask("voters", signals))):
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
    room: RoomId, *, session: int, after: int, limit: int
) -> Asking[tuple[list[TallyStep], bool] | None]:
    """At most `limit` steps later than `after` (Unix ms), and whether there are more; None: no such session."""
    end: int | None = yield Ask("end", {"room": room, "opened": session, "last": _LAST})
    if end is None:
        return None
    happened, positions = yield from _happened(room, session, end)
    return _steps(happened, positions, session, after=after, limit=limit)


def _happened(room: RoomId, session: int, end: int) -> Asking[tuple[list[_Counted], list[int]]]:
    """What counts in a session, in the order of the log; and the positions of the room's entries from its first on."""
    bindings: dict[str, Any] = {"room": room, "stream": room_stream(room), "opened": session, "end": end}
    moved = _decode_moved((yield Ask("moved", bindings)))
    positions = _decode_positions((yield Ask("positions", bindings)))
    before = _LAST if end == _LAST else (yield from _place(room, end))[0]
    happened = [_Counted(position, at, by, _event(name, data)) for position, _, at, by, name, data in moved]
    for stream in (room_signals_stream(room), room_staff_stream(room)):
        asked = {"stream": stream, "since": positions[0], "before": before, "at": _LAST}
        found = _decode_entries((yield Ask("counted", asked)))
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
