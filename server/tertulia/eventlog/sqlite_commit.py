"""One transaction of the log: many appends checked, written and folded at once. No threads and no futures
here.

Each append of the group is answered by itself: a conflict or a repeated key of one does not spoil the others.
An append sees the ones before it in the group as written. What is asked and written goes through one
statement each, as JSON, however many rows there are: every statement hands Python's lock to and fro, and a
busy event loop keeps it for milliseconds.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Final

import apsw
import msgspec

from tertulia.domain import limits
from tertulia.domain.ids import StreamName
from tertulia.eventlog import Append, Receipt
from tertulia.eventlog.planning import Draft, Outcome, Place, answer, streams_of
from tertulia.eventlog.projection import Projection

_LOOK_UP: Final = """
SELECT json_array(
    (SELECT coalesce(max(position), 0) FROM entry),
    (SELECT coalesce(max(id), 0) FROM stream),
    json((SELECT json_group_array(
            json_array(asked.key, stream.name, receipt.seq, receipt.at, hex(receipt.fingerprint)))
        FROM jsonb_each(?1) AS asked CROSS JOIN receipt CROSS JOIN stream
        WHERE receipt.author = asked.value ->> 0 AND receipt.key = asked.value ->> 1 AND stream.id = receipt.stream)),
    json((SELECT json_group_array(json_array(
            stream.name, stream.id, (SELECT max(entry.seq) FROM entry WHERE entry.stream = stream.id)))
        FROM json_each(?2) AS asked CROSS JOIN stream WHERE stream.name = asked.value)))
"""
_ADD_STREAMS: Final = """
INSERT INTO stream (id, name, kind, owner)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM jsonb_each(?)
"""
# OR ROLLBACK: a failure ends the transaction anyway, and SQLite need not keep copies of pages to undo the statement.
_ADD_ENTRIES: Final = """
INSERT OR ROLLBACK INTO entry (position, stream, seq, at, by, name, version, data)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7
FROM jsonb_each(?)
"""
_ADD_RECEIPTS: Final = """
INSERT OR ROLLBACK INTO receipt (author, key, stream, seq, at, fingerprint)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, unhex(value ->> 5) FROM jsonb_each(?)
"""
_KEEP_CHECKPOINT: Final = """
INSERT INTO checkpoint (owner, version, positions, state) VALUES (?, ?, ?, ?)
ON CONFLICT (owner) DO UPDATE
SET version = excluded.version, positions = excluded.positions, state = excluded.state
"""
_REDACT: Final = """
UPDATE entry SET data = json_remove(json_set(data, '$.redacted', json('true')), '$.text', '$.mentions', '$.links')
WHERE name IN ('message_posted', 'message_edited') AND position IN (
    SELECT entry.position FROM jsonb_each(?1) AS asked CROSS JOIN entry
    WHERE entry.stream = asked.value ->> 0 AND entry.seq = asked.value ->> 1
    UNION ALL
    SELECT entry.position FROM jsonb_each(?1) AS asked CROSS JOIN entry
    WHERE entry.name = 'message_edited' AND entry.stream = asked.value ->> 0
        AND entry.data ->> '$.message' = asked.value ->> 1)
"""
# What waited was told to staff and to its author, in streams and at seqs that who redacts does not know: a question is
# found by its id, a held message by when it was held, by whom, and its words.
_REDACT_COPIES: Final = """
WITH said AS MATERIALIZED (
    SELECT stream.owner AS room, entry.by AS by, entry.data ->> '$.text' AS text,
        entry.data ->> '$.question' AS question, entry.data ->> '$.held_at' AS held_at
    FROM jsonb_each(?1) AS asked CROSS JOIN entry CROSS JOIN stream
    WHERE entry.stream = asked.value ->> 0 AND entry.seq = asked.value ->> 1 AND stream.id = entry.stream
        AND entry.name = 'message_posted')
UPDATE entry SET data = json_remove(data, '$.text') WHERE position IN (
    SELECT told.position FROM said CROSS JOIN entry AS told
    WHERE (told.name = 'question_asked' OR told.name = 'question_reworded')
        AND told.data ->> '$.question' = said.question
    UNION ALL
    SELECT told.position FROM said CROSS JOIN entry AS told
    WHERE told.name = 'message_held' AND told.at = said.held_at AND told.by = said.by
        AND told.data ->> '$.room' = said.room AND told.data ->> '$.text' = said.text)
"""

_encode = msgspec.json.Encoder().encode
_decode_look_up = msgspec.json.Decoder(
    tuple[int, int, list[tuple[int, StreamName, int, int, str]], list[tuple[StreamName, int, int | None]]]
).decode


class GroupCommit:
    """Writes groups of appends on `connection`. `is_alone`: no other process writes to this file, so that what
    was learned about heads stays true."""

    def __init__(self, connection: apsw.Connection, projections: Sequence[Projection], *, is_alone: bool) -> None:
        self._connection = connection
        self._projections = projections
        self._is_alone = is_alone
        self._places: dict[StreamName, Place] = {}

    def write(self, appends: Sequence[Append]) -> tuple[list[Outcome], int]:
        """The answer to each append, and the position of the log's last entry; all of it is on disk. Whatever is
        raised, nothing was written: by the disk, or by an append that makes no sense."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            draft = self._look_up(appends)
            before = draft.position
            answers = [answer(draft, append) for append in appends]
            self._keep(draft, before)
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        if self._is_alone:
            if len(self._places) > limits.log_heads_cached_max:
                self._places.clear()
            self._places.update(draft.places)
        return answers, draft.position

    def _look_up(self, appends: Sequence[Append]) -> Draft:
        """What the plan must know: the receipts of all keys, the heads of all streams."""
        keys = [
            (decided.author, decided.key)
            for append in appends
            for decided in append.decisions
            if decided.key is not None
        ]
        named = set(itertools.chain.from_iterable(map(streams_of, appends)))
        places = {stream: self._places[stream] for stream in named & self._places.keys()}
        asked = (_encode(keys).decode(), _encode(list(named - places.keys())).decode())
        position, last_stream, receipts, found = _decode_look_up(self._connection.execute(_LOOK_UP, asked).get)
        places |= {stream: (number, head or 0) for stream, number, head in found}
        known = {
            keys[place]: Receipt(stream, seq, at, bytes.fromhex(fingerprint))
            for place, stream, seq, at, fingerprint in receipts
        }
        return Draft(known, places, position=position, last_stream=last_stream)

    def _keep(self, draft: Draft, before: int) -> None:
        execute = self._connection.execute
        for statement, rows in (
            (_ADD_STREAMS, draft.streams),
            (_ADD_ENTRIES, draft.entries),
            (_ADD_RECEIPTS, draft.receipts),
        ):
            if rows:
                execute(statement, (_encode(rows).decode(),))
        for owner, version, positions, state in draft.checkpoints:
            execute(_KEEP_CHECKPOINT, (owner, version, _encode(positions).decode(), state))
        if draft.redacts:
            for projection in self._projections:
                projection.redact(self._connection, draft.redacts)
            places = _encode([(draft.places[stream][0], seq) for stream, seq in draft.redacts]).decode()
            execute(_REDACT_COPIES, (places,))  # first: it goes by the words that are taken out then
            execute(_REDACT, (places,))
        if draft.position > before:
            appended = {entry[5] for entry in draft.entries}
            for projection in self._projections:
                names = projection.names
                if not projection.is_behind and (names is None or not names.isdisjoint(appended)):
                    projection.fold(self._connection, after=before, upto=draft.position)
