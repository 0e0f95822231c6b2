"""What must be so when a lecture is over. Nothing here believes the generator's own counting where the log can be read.

How "all clients' states are equal" is proved. The fold is a pure function of a snapshot and the records after it. Each
client's own sequence of records was kept, equal bytes as one object; clients with the same snapshot and the same
sequence are folded once, every other sequence is folded for itself. Then each client's own tallies and votes are laid
on it, and the canonical JSON of each is compared with that of the server's snapshot. A sample of the clients has folded
each record when it came; theirs must be the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import apsw

from load_tests.lecture_deeds import NUMBERED
from load_tests.lecture_listener import Listener, Told, canonical, canonical_of, folded
from load_tests.lecture_play import ROOM, Accepted
from tertulia.app import LOG_FILE
from tertulia.domain.event import Event
from tertulia.domain.events import MessagePosted, ReactionSet
from tertulia.domain.fair_order import Placed, Queued, fair_order
from tertulia.domain.ids import PersonId, Seq, StreamName
from tertulia.domain.session.events import PollAnswered, QuestionPublished, VoteSet
from tertulia.domain.session.view import QuestionView, SessionView
from tertulia.domain.view import RoomView, apply_room, new_room_view
from tertulia.wire.stored import Entry, decode_event

AHEAD_MAX: Final = 3
Order = Callable[[Iterable[Queued], Mapping[str, int]], list[Placed]]


class Logged(NamedTuple):
    """An entry of the room's streams, in the order of the log. `kind`: `room`, `room/signals`, `room/staff`."""

    kind: str
    entry: Entry
    event: Event | None


def log_of(data: Path) -> tuple[list[Logged], Counter[str]]:
    """The room's entries, and how often each key has a receipt."""
    log = apsw.Connection(str(data / LOG_FILE), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        rows: list[tuple[str, Seq, int, PersonId, str, str]] = log.execute(  # type: ignore[assignment]
            "SELECT kind, seq, at, by, name, data FROM entry_read"
            " WHERE owner = ? AND kind LIKE 'room%' ORDER BY position",
            (ROOM,),
        ).fetchall()
        keys = Counter(str(key) for (key,) in log.execute("SELECT key FROM receipt"))
    finally:
        log.close()
    found = []
    for kind, seq, at, by, name, data_ in rows:
        stream = StreamName(f"room/{ROOM}{kind.removeprefix('room')}")
        entry = Entry(stream, seq, at, by, name, data_.encode())
        found.append(Logged(kind, entry, decode_event(entry)))
    return found, keys


# --- the clients -------------------------------------------------------------------------------------------------


def unequal_states(listeners: Iterable[Listener], snapshot: bytes) -> Iterator[str]:
    """`snapshot`: the state the server gives at the end."""
    truth = canonical_of(snapshot)
    folds: dict[tuple[bytes, tuple[Told, ...]], RoomView] = {}
    for listener in listeners:
        own = listener.snapshot, tuple(listener.records)
        if own not in folds:
            folds[own] = folded(listener.snapshot, listener.records)
        state = listener.state(folds[own])
        if state != truth:
            yield f"person {listener.number}'s state is not the server's: {_first_difference(state, truth)}"
        if listener.view is not None and canonical(listener.view) != state:
            yield f"person {listener.number} folded record by record, and otherwise: it is not the same"


def _first_difference(one: bytes, other: bytes) -> str:
    place = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return f"…{one[max(0, place - 60) : place + 40].decode(errors='replace')}… at byte {place}"


def wrong_votes(listeners: Iterable[Listener], truth: Mapping[str, int]) -> Iterator[str]:
    for listener in listeners:
        if listener.votes != truth:
            wrong = {id for id in listener.votes.keys() | truth if listener.votes.get(id) != truth.get(id)}
            yield f"person {listener.number} was last told other votes of {sorted(wrong)[:3]} than the log has"


def unmasked(listeners: Iterable[Listener], hidden: Mapping[str, int]) -> Iterator[str]:
    """`hidden`: the ids of those who only spoke under an alias. In nothing all are told may one of them stand."""
    seen: set[Told] = set()
    for listener in listeners:
        seen.update(listener.records)
        for stream in listener.streams:
            if stream.endswith(("/staff", "/signals")) and listener.number > 2:
                yield f"person {listener.number} was told of {stream}"
    for told in seen:
        for person, number in hidden.items():
            if person.encode() in told.line:
                yield f"person {number} stands in {told.record.name} {told.record.seq}"


# --- the log -----------------------------------------------------------------------------------------------------


def lost_or_doubled(accepted: Mapping[str, Accepted], log: list[Logged], keys: Counter[str]) -> Iterator[str]:
    """Each accepted command has one receipt and one effect: counted by what was said, and by kind of event."""
    for key, where in accepted.items():
        if keys[key] != 1:
            yield f"{where.deed} was accepted and has {keys[key]} receipts"
    said = Counter(
        f"#{numbered[1]}{numbered[2]}"
        for one in log
        if isinstance(one.event, MessagePosted) and (numbered := NUMBERED.match(one.event.text))
    )
    deeds = {where.deed for where in accepted.values()}
    due = Counter(f"#m{one.other if one.kind == 'answer' else one.what}" for one in deeds if one.kind in _SAYS)
    due.update(f"#q{one.what}" for one in deeds if one.kind in ("ask", "approve"))
    for number in sorted(said.keys() | due):
        if said[number] != due[number]:
            yield f"{number} stands {said[number]} times in the log and was to be said {due[number]} times"
    happened = Counter(type(one.event) for one in log)
    kinds = Counter(deed.kind for deed in deeds)
    for event, is_due in (
        (VoteSet, kinds["vote"] + kinds["unvote"] + kinds["ask"]),
        (PollAnswered, kinds["choose"]),
        (ReactionSet, kinds["react"]),
    ):
        if happened[event] != is_due:
            yield f"{happened[event]} {event.__name__} in the log; {is_due} were accepted"


_SAYS: Final = ("talk", "answer")


class Voters:
    """Who voted for what, from the signals. One who voted for several questions that are one now counts once."""

    def __init__(self) -> None:
        self._people: dict[str, set[str]] = {}
        self.asked: set[str] = set()

    def hear(self, by: str, event: VoteSet) -> None:
        people = self._people.setdefault(event.question, set())
        (people.add if event.on else people.discard)(by)

    def counts(self, merged: Mapping[str, str]) -> dict[str, int]:
        """`merged`: question → what it is merged into. Those nobody voted for are left out."""
        families: dict[str, set[str]] = {id: set(people) for id, people in self._people.items()}
        for id, people in self._people.items():
            root = id
            while (root := merged.get(root, "")) != "":
                families.setdefault(root, set()).update(people)
        return {id: len(people) for id, people in families.items() if people and id in self.asked}


def merged_of(session: SessionView) -> dict[str, str]:
    return {one.question: one.merged_into for one in session.questions if one.status == "merged" and one.merged_into}


def unfair_prefixes(log: list[Logged], order: Order = fair_order) -> tuple[int, list[str], dict[str, int]]:
    """(how many prefixes of the log were looked at, those where somebody unheard stands behind more than three
    questions of people who were heard, the votes at the end). Talk changes no queue, so nothing is looked at anew."""
    view, voters, looked, found = new_room_view(ROOM), Voters(), 0, list[str]()
    votes: dict[str, int] = {}
    for number, (kind, entry, event) in enumerate(log):
        if kind == "room":
            apply_room(view, seq=entry.seq, at=entry.at, by=entry.by, event=event)
            if isinstance(event, QuestionPublished):
                voters.asked.add(event.question)
        elif isinstance(event, VoteSet):
            voters.hear(entry.by, event)
        if view.session is None or isinstance(event, MessagePosted | ReactionSet) or kind == "room/staff":
            continue
        votes = voters.counts(merged_of(view.session))
        looked += 1
        for who, ahead in behind(view.session, votes, order):
            if ahead > AHEAD_MAX:
                found.append(f"after entry {number} {who}, unheard, stands behind {ahead} questions of the heard")
    return looked, found, votes


def behind(session: SessionView, votes: Mapping[str, int], order: Order) -> Iterator[tuple[str, int]]:
    """For each unheard person in the queue: how many questions of people who were heard stand before their first."""
    open_ones = {one.question: one for one in session.questions if one.status in ("published", "answering")}
    queue = order([_queued(one, votes) for one in open_ones.values()], session.heard)
    ahead, seen = 0, set[str]()
    for placed in queue:
        who = open_ones[placed.question].by
        if session.heard.get(who, 0) > 0:
            ahead += 1
        elif who not in seen:
            seen.add(who)
            yield who, ahead


def _queued(one: QuestionView, votes: Mapping[str, int]) -> Queued:
    count = votes.get(one.question, 0)
    return Queued(one.question, one.by, one.asked_at, one.seq, count, one.highlighted)
