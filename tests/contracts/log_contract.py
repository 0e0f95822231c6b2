"""What every event log promises. An implementation's test file derives a class and gives the fixture `open_log`.

Method: only the port is used. `open_log()` opens the same log each time: for the first time an empty one, later the one
that was closed. The suite closes whatever is still open at the end.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from itertools import count

import pytest

from tertulia.domain import limits
from tertulia.domain.ids import PersonId, StreamName
from tertulia.eventlog import (
    Append,
    Appended,
    Checkpoint,
    Conflict,
    Decided,
    Duplicates,
    EventLog,
    LogUnavailable,
    Planned,
    Receipt,
)
from tertulia.wire.stored import Entry

OpenLog = Callable[[], Awaitable[EventLog]]

ANA, BEN = PersonId("p-ana"), PersonId("p-ben")
ROOM, SIGNALS, STAFF = StreamName("room/a"), StreamName("room/a/signals"), StreamName("room/a/staff")
OTHER = StreamName("room/b")
_numbers = count(1)


def planned(stream: StreamName, text: str = "hello", *, by: PersonId = ANA) -> Planned:
    return Planned(stream, by, "message_posted", b'{"text":"%s"}' % text.encode())


def decided(
    *events: Planned,
    key: str | None = None,
    author: PersonId = ANA,
    fingerprint: bytes = b"\x00\xff",
    at: int = 1_700_000_000_000,
    stream: StreamName | None = None,
    redacts: Sequence[tuple[StreamName, int]] = (),
) -> Decided:
    """One accepted command; with a key of its own unless told otherwise."""
    key = f"own-{next(_numbers)}" if key is None else key
    return Decided(author, key, fingerprint, at, stream or events[0].stream, events, tuple(redacts))


def post(stream: StreamName = ROOM, text: str = "hello", *, key: str | None = None) -> Decided:
    return decided(planned(stream, text), key=key)


async def entries_of(log: EventLog, stream: StreamName) -> list[Entry]:
    found: list[Entry] = []
    while page := await log.read(stream, after=len(found), limit=100):
        found += page
    return found


async def appended(log: EventLog, *decisions: Decided, **expect: int) -> Appended:
    """Append freely, or expecting `room=3` of the room's stream; it must succeed."""
    outcome = await log.append(Append(decisions, {ROOM: expect["room"]} if expect else {}))
    assert isinstance(outcome, Appended), outcome
    return outcome


class LogContract:
    @pytest.fixture
    async def open_log(self) -> OpenLog:
        raise NotImplementedError

    @pytest.fixture
    async def log(self, open_log: OpenLog) -> EventLog:
        return await open_log()

    # --- order ------------------------------------------------------------------------------------------------

    async def test_entries_are_numbered_from_one_and_read_as_they_were_written(self, log: EventLog) -> None:
        odd = b'{ "text" : "\\u00e9 \\u0000 \xf0\x9f\x8e\x89 \\"quoted\\"\\n" , "mentions" : [ "p-ben" ] }'
        outcome = await appended(
            log,
            decided(Planned(ROOM, ANA, "message_posted", odd), at=5),
            decided(planned(ROOM, "second", by=BEN), author=BEN, at=6),
        )
        assert outcome.entries == [
            Entry(ROOM, 1, 5, ANA, "message_posted", odd),  # type: ignore[arg-type]
            Entry(ROOM, 2, 6, BEN, "message_posted", b'{"text":"second"}'),  # type: ignore[arg-type]
        ]
        assert await entries_of(log, ROOM) == outcome.entries

    async def test_an_event_this_program_does_not_know_is_kept(self, log: EventLog) -> None:
        await appended(log, decided(Planned(ROOM, ANA, "comet_seen", b'{"question":"Tea?","options":[1,2.50]}')))
        (entry,) = await entries_of(log, ROOM)
        assert (entry.name, entry.data) == ("comet_seen", b'{"question":"Tea?","options":[1,2.50]}')

    async def test_reading_goes_by_pages(self, log: EventLog) -> None:
        written = (await appended(log, *(post(text=str(n)) for n in range(7)))).entries
        assert await log.read(ROOM, after=0, limit=3) == written[:3]
        assert await log.read(ROOM, after=3, limit=3) == written[3:6]
        assert await log.read(ROOM, after=6, limit=3) == written[6:]
        assert await log.read(ROOM, after=7, limit=3) == []
        assert await log.read(ROOM, after=900, limit=3) == []
        assert await log.read(OTHER, after=0, limit=3) == []

    async def test_heads_are_told_for_all_streams_asked_for(self, log: EventLog) -> None:
        await appended(log, post(), post(), post(OTHER))
        unknown = StreamName("room/nowhere")
        assert await log.heads([ROOM, unknown, OTHER]) == {ROOM: 2, unknown: 0, OTHER: 1}
        assert await log.heads([]) == {}

    async def test_eight_concurrent_writers_leave_no_hole_and_lose_nothing(self, log: EventLog) -> None:
        """Each writer keeps what it knows of the head, and on a conflict takes the head it was told."""

        async def write(name: str, posts: int) -> None:
            head, done = 0, 0
            while done < posts:
                outcome = await log.append(Append([post(text=f"{name} {done}")], {ROOM: head}))
                if isinstance(outcome, Conflict):
                    head = outcome.heads[ROOM]
                else:
                    assert isinstance(outcome, Appended)
                    head, done = outcome.receipts[0].seq, done + 1

        await asyncio.gather(*(write(f"writer-{n}", 25) for n in range(8)))
        entries = await entries_of(log, ROOM)
        assert [entry.seq for entry in entries] == list(range(1, 201))
        for n in range(8):
            mine = [entry.data for entry in entries if b'"writer-%d ' % n in entry.data]
            assert mine == [b'{"text":"writer-%d %d"}' % (n, done) for done in range(25)]

    async def test_appends_are_taken_in_the_order_of_the_calls(self, log: EventLog) -> None:
        waiting = [log.append(Append([post(text=str(n))], {ROOM: n})) for n in range(300)]
        outcomes = await asyncio.gather(*waiting)
        assert [o.receipts[0].seq for o in outcomes if isinstance(o, Appended)] == list(range(1, 301))

    # --- conflicts --------------------------------------------------------------------------------------------

    async def test_an_append_that_expects_another_head_writes_nothing(self, log: EventLog) -> None:
        await appended(log, post(), post())
        for expected in (0, 1, 3):
            outcome = await log.append(Append([post(key="key-late")], {ROOM: expected}))
            assert outcome == Conflict({ROOM: 2})
        assert (await log.heads([ROOM]))[ROOM] == 2
        assert await log.receipts(ANA, ["key-late"]) == {}
        await appended(log, post(key="key-late"), room=2)

    async def test_a_stream_that_must_be_new_may_be_expected_at_zero(self, log: EventLog) -> None:
        await appended(log, post(), room=0)
        assert await log.append(Append([post()], {ROOM: 0})) == Conflict({ROOM: 1})

    async def test_a_conflict_names_only_the_streams_that_moved(self, log: EventLog) -> None:
        await appended(log, post(), post(OTHER))
        outcome = await log.append(Append([post()], {ROOM: 1, OTHER: 0, STAFF: 0}))
        assert outcome == Conflict({OTHER: 1})

    async def test_an_append_over_several_streams_is_written_whole_or_not_at_all(self, log: EventLog) -> None:
        both = decided(planned(ROOM), planned(SIGNALS), planned(ROOM), key="key-both")
        assert await log.append(Append([both], {ROOM: 0, STAFF: 1})) == Conflict({STAFF: 0})
        assert await log.heads([ROOM, SIGNALS]) == {ROOM: 0, SIGNALS: 0}
        outcome = await appended(log, both)
        assert [(entry.stream, entry.seq) for entry in outcome.entries] == [(ROOM, 1), (SIGNALS, 1), (ROOM, 2)]
        assert outcome.receipts == [Receipt(ROOM, 1, both.at, both.fingerprint)]
        assert await entries_of(log, ROOM) + await entries_of(log, SIGNALS) == [
            outcome.entries[0],
            outcome.entries[2],
            outcome.entries[1],
        ]

    async def test_one_conflict_among_many_appends_spoils_no_other(self, log: EventLog) -> None:
        await appended(log, post(key="key-known"))
        outcomes = await asyncio.gather(
            log.append(Append([post(text="first")], {ROOM: 1})),
            log.append(Append([post(text="late")], {ROOM: 1})),
            log.append(Append([post(OTHER)], {OTHER: 0})),
            log.append(Append([post(text="again", key="key-known")], {})),
            log.append(Append([post(text="second")], {ROOM: 2})),
        )
        kinds = [type(outcome) for outcome in outcomes]
        assert kinds == [Appended, Conflict, Appended, Duplicates, Appended]
        texts = [entry.data for entry in await entries_of(log, ROOM)]
        assert texts == [b'{"text":"hello"}', b'{"text":"first"}', b'{"text":"second"}']

    # --- keys and receipts ------------------------------------------------------------------------------------

    async def test_a_key_that_was_answered_keeps_the_whole_append_from_being_written(self, log: EventLog) -> None:
        first = (await appended(log, post(), decided(planned(ROOM), key="key-1", fingerprint=b"body"))).receipts
        again = [post(key="key-2"), decided(planned(OTHER), key="key-1", fingerprint=b"another body")]
        assert await log.append(Append(again, {ROOM: 2})) == Duplicates({1: first[1]})
        assert first[1] == Receipt(ROOM, 2, 1_700_000_000_000, b"body")
        assert await log.heads([ROOM, OTHER]) == {ROOM: 2, OTHER: 0}
        assert await log.receipts(ANA, ["key-2"]) == {}

    async def test_a_repeat_is_known_even_when_the_head_has_moved_on(self, log: EventLog) -> None:
        await appended(log, post(key="key-1"), post())
        outcome = await log.append(Append([post(key="key-1")], {ROOM: 0}))
        assert isinstance(outcome, Duplicates)

    async def test_the_same_key_sent_twice_at_once_is_written_once(self, log: EventLog) -> None:
        appends = [log.append(Append([post(text="once", key="key-1")], {})) for _ in range(5)]
        first, *repeats = await asyncio.gather(*appends)
        assert isinstance(first, Appended)
        assert repeats == [Duplicates({0: first.receipts[0]})] * 4
        assert len(await entries_of(log, ROOM)) == 1

    async def test_a_key_belongs_to_its_author(self, log: EventLog) -> None:
        await appended(log, post(key="key-1"))
        outcome = await appended(log, decided(planned(ROOM, by=BEN), author=BEN, key="key-1"))
        assert await log.receipts(BEN, ["key-1", "key-9"]) == {"key-1": outcome.receipts[0]}
        assert (await log.receipts(ANA, ["key-1"]))["key-1"].seq == 1
        assert await log.receipts(PersonId("p-eve"), ["key-1"]) == {}
        assert await log.receipts(ANA, []) == {}

    async def test_the_real_author_is_kept_apart_from_the_one_readers_see(self, log: EventLog) -> None:
        alias = PersonId("blue-otter")
        await appended(log, decided(planned(ROOM, by=alias), author=ANA, key="key-1"))
        assert [entry.by for entry in await entries_of(log, ROOM)] == [alias]
        assert await log.receipts(alias, ["key-1"]) == {}
        assert "key-1" in await log.receipts(ANA, ["key-1"])

    async def test_a_decision_that_changes_nothing_leaves_a_receipt_at_the_head(self, log: EventLog) -> None:
        quiet = decided(key="key-quiet", stream=ROOM, at=7)
        outcome = await appended(log, post(), quiet, post(), decided(key="key-new", stream=STAFF))
        assert [(r.stream, r.seq) for r in outcome.receipts] == [(ROOM, 1), (ROOM, 1), (ROOM, 2), (STAFF, 0)]
        assert outcome.receipts[1] == Receipt(ROOM, 1, 7, quiet.fingerprint)
        assert await log.receipts(ANA, ["key-quiet"]) == {"key-quiet": outcome.receipts[1]}
        assert await log.heads([ROOM, STAFF]) == {ROOM: 2, STAFF: 0}
        await appended(log, decided(planned(STAFF)))
        assert (await log.heads([STAFF]))[STAFF] == 1

    async def test_what_the_server_itself_decides_has_no_key(self, log: EventLog) -> None:
        keyless = Decided(ANA, None, b"", 1, ROOM, (planned(ROOM),))
        await appended(log, keyless, keyless)
        await appended(log, keyless)
        assert (await log.heads([ROOM]))[ROOM] == 3

    async def test_one_senseless_append_spoils_no_other(self, log: EventLog) -> None:
        misplaced = decided(planned(OTHER), stream=ROOM, key="key-bad")
        broken = decided(Planned(ROOM, ANA, "message_posted", b'{"text":"\xff"}'))
        outcomes = await asyncio.gather(
            *(log.append(Append([one], {})) for one in (post(), misplaced, broken, post())), return_exceptions=True
        )
        assert [isinstance(outcome, Appended) for outcome in outcomes] == [True, False, False, True]
        assert isinstance(outcomes[1], Exception)
        assert await log.heads([ROOM, OTHER]) == {ROOM: 2, OTHER: 0}
        assert await log.receipts(ANA, ["key-bad"]) == {}

    # --- checkpoints ------------------------------------------------------------------------------------------

    async def test_a_checkpoint_is_kept_with_its_append_and_replaced_by_the_next(self, log: EventLog) -> None:
        assert await log.checkpoint(ROOM, version=1) is None
        first = Checkpoint(ROOM, 1, {ROOM: 1, STAFF: 0}, b"\x00state\xff")
        await log.append(Append([post()], {ROOM: 0}, first))
        assert await log.checkpoint(ROOM, version=1) == first
        assert await log.checkpoint(ROOM, version=2) is None
        assert await log.checkpoint(OTHER, version=1) is None
        lost = Checkpoint(ROOM, 1, {ROOM: 9, STAFF: 0}, b"lost")
        assert isinstance(await log.append(Append([post()], {ROOM: 0}, lost)), Conflict)
        assert await log.checkpoint(ROOM, version=1) == first
        second = Checkpoint(ROOM, 2, {ROOM: 2, STAFF: 0}, b"second")
        await log.append(Append([post()], {ROOM: 1}, second))
        assert await log.checkpoint(ROOM, version=2) == second
        assert await log.checkpoint(ROOM, version=1) is None

    # --- redaction --------------------------------------------------------------------------------------------

    async def test_a_redaction_takes_every_wording_out_of_the_log_and_nothing_else(self, log: EventLog) -> None:
        def edit(message: int, text: str) -> Decided:
            said = text.encode()
            data = b'{"message":%d,"text":"%s","revision":1,"mentions":["p-ben"],"links":["%s"]}' % (
                message,
                said,
                said,
            )
            return decided(Planned(ROOM, ANA, "message_edited", data))

        reply = b'{"text":"secret one","reply_to":1,"thread":1,"mentions":["p-ben"],"links":["secret"],"colour":"red"}'
        await appended(log, post(text="keep"), decided(Planned(ROOM, ANA, "message_posted", reply)))
        await appended(log, edit(2, "secret two"), edit(1, "keep too"), edit(2, "secret three"))
        gone = Planned(ROOM, ANA, "message_redacted", b'{"message":2}')
        await appended(log, decided(gone, redacts=[(ROOM, 2)]), room=5)
        data = [entry.data for entry in await entries_of(log, ROOM)]
        assert not [line for line in data if b"secret" in line]
        assert [data[0], data[3], data[5]] == [
            b'{"text":"keep"}',
            b'{"message":1,"text":"keep too","revision":1,"mentions":["p-ben"],"links":["keep too"]}',
            b'{"message":2}',
        ]
        left = [json.loads(line) for line in (data[1], data[2], data[4])]
        assert left[0] == {"reply_to": 1, "thread": 1, "colour": "red", "redacted": True}
        assert left[1] == left[2] == {"message": 2, "revision": 1, "redacted": True}

    async def test_a_redaction_takes_the_text_out_of_what_was_told_of_it_while_it_waited(self, log: EventLog) -> None:
        asker, held = StreamName("user/p-ana"), b'{"room":"a","text":"a secret"}'
        waits = [
            (STAFF, "question_asked", b'{"room":"a","question":"q-1","text":"a secret"}'),
            (asker, "question_asked", b'{"room":"a","question":"q-1","text":"a secret"}'),
            (STAFF, "question_reworded", b'{"question":"q-1","text":"a secret"}'),
            (STAFF, "question_asked", b'{"room":"a","question":"q-2","text":"other"}'),
            (STAFF, "message_held", held),
            (asker, "message_held", held),
        ]
        told = [Planned(stream, ANA, name, data) for stream, name, data in waits]
        others = [
            Planned(STAFF, BEN, "message_held", held),
            Planned(STAFF, ANA, "message_held", b'{"room":"b","text":"x"}'),
        ]
        await appended(log, decided(*told, *others, at=7))
        question = Planned(ROOM, ANA, "message_posted", b'{"text":"a secret","question":"q-1"}')
        shown = Planned(ROOM, ANA, "message_posted", b'{"text":"a secret","held_at":7}')
        await appended(log, decided(question), decided(shown))
        gone = [Planned(ROOM, ANA, "message_redacted", b'{"message":%d}' % seq) for seq in (1, 2)]
        await appended(log, decided(gone[0], redacts=[(ROOM, 1)]))
        texts = [json.loads(entry.data).get("text") for entry in await log.read(STAFF, after=0, limit=9)]
        assert texts == [None, None, "other", "a secret", "a secret", "x"]
        await appended(log, decided(gone[1], redacts=[(ROOM, 2)]))
        staff = [json.loads(entry.data) for entry in await log.read(STAFF, after=0, limit=9)]
        assert [entry.get("text") for entry in staff] == [None, None, "other", None, "a secret", "x"]
        assert staff[3] == {"room": "a"}
        assert [json.loads(e.data).get("text") for e in await log.read(asker, after=0, limit=9)] == [None, None]

    async def test_a_redaction_that_conflicts_redacts_nothing(self, log: EventLog) -> None:
        await appended(log, post(text="still here"))
        gone = Planned(ROOM, ANA, "message_redacted", b'{"message":1}')
        outcome = await log.append(Append([decided(gone, redacts=[(ROOM, 1)])], {ROOM: 0}))
        assert isinstance(outcome, Conflict)
        assert [entry.data for entry in await entries_of(log, ROOM)] == [b'{"text":"still here"}']

    async def test_a_message_may_be_redacted_by_the_append_that_posts_it(self, log: EventLog) -> None:
        gone = Planned(ROOM, ANA, "message_redacted", b'{"message":1}')
        await appended(log, post(text="secret"), decided(gone, redacts=[(ROOM, 1)]))
        data = [json.loads(entry.data) for entry in await entries_of(log, ROOM)]
        assert data == [{"redacted": True}, {"message": 1}]

    # --- opening and closing ----------------------------------------------------------------------------------

    async def test_all_is_there_after_closing_and_opening_again(self, open_log: OpenLog) -> None:
        log = await open_log()
        epoch = log.epoch
        written = await appended(log, post(key="key-1"), post(OTHER), post())
        await log.append(Append([post(STAFF)], {}, Checkpoint(ROOM, 1, {ROOM: 2}, b"state")))
        await log.close()
        log = await open_log()
        assert log.epoch == epoch != ""
        assert await entries_of(log, ROOM) == [written.entries[0], written.entries[2]]
        assert await log.heads([ROOM, OTHER, STAFF]) == {ROOM: 2, OTHER: 1, STAFF: 1}
        assert await log.receipts(ANA, ["key-1"]) == {"key-1": written.receipts[0]}
        assert await log.checkpoint(ROOM, version=1) == Checkpoint(ROOM, 1, {ROOM: 2}, b"state")
        assert isinstance(await log.append(Append([post(key="key-1")], {})), Duplicates)
        await appended(log, post(), room=2)

    async def test_closing_answers_what_is_under_way(self, open_log: OpenLog) -> None:
        log = await open_log()
        waiting = [asyncio.ensure_future(log.append(Append([post(text=str(n))], {}))) for n in range(1_500)]
        reading = asyncio.ensure_future(log.heads([ROOM]))
        await asyncio.sleep(0)  # the read has begun
        await log.close()
        assert all(append.done() for append in waiting)
        assert all(isinstance(outcome, Appended) for outcome in await asyncio.gather(*waiting))
        await reading
        log = await open_log()
        assert (await log.heads([ROOM]))[ROOM] == 1_500

    async def test_a_closed_log_is_unavailable_and_may_be_closed_again(self, open_log: OpenLog) -> None:
        log = await open_log()
        await log.close()
        await log.close()
        with pytest.raises(LogUnavailable):
            await log.append(Append([post()], {}))
        with pytest.raises(LogUnavailable):
            await log.read(ROOM, after=0, limit=1)
        with pytest.raises(LogUnavailable):
            await log.heads([ROOM])

    async def test_an_append_whose_asker_went_away_still_counts(self, log: EventLog) -> None:
        asker = asyncio.ensure_future(log.append(Append([post(key="key-1")], {ROOM: 0})))
        await asyncio.sleep(0)
        asker.cancel()
        await appended(log, post(), room=1)
        assert "key-1" in await log.receipts(ANA, ["key-1"])

    async def test_the_queue_of_appends_has_an_end(self, log: EventLog) -> None:
        waiting = [log.append(Append([post()], {})) for _ in range(limits.log_queue_appends_max)]
        with pytest.raises(LogUnavailable):
            await log.append(Append([post()], {}))
        assert all(isinstance(outcome, Appended) for outcome in await asyncio.gather(*waiting))
        await appended(log, post(), room=limits.log_queue_appends_max)
