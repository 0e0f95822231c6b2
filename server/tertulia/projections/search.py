"""Full-text search: an FTS5 index of every message's present text, folded behind the log by a cursor.

The index holds no text of its own: `search_text` is a view that takes it from the log's entry
(`searched.text_position`). Beside the text stand tags (`r7`: room, `p…`: author, `kquestion`:
kind), and `search_day` says
between which positions a room's messages of a day stand; so filters are met inside the index, and the newest
matches are found without looking at all of them, however common the word. Of the newest matches the densest
come first.

`secure-delete` makes FTS5 take the words of a redacted message out of its pages at once, not at some later
merge. What a person types is never FTS5 syntax: words and phrases are quoted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

import apsw
import msgspec

from tertulia.domain import limits
from tertulia.domain.ids import RoomId, StreamName
from tertulia.projections import Found
from tertulia.projections.search_terms import Wanted, terms_of
from tertulia.projections.sqlite_message_sql import MESSAGE

_TABLES: Final = """
CREATE TABLE searched (
    position INTEGER PRIMARY KEY,
    text_position INTEGER NOT NULL
) STRICT;

-- `day`: since 1970, UTC.
CREATE TABLE search_day (
    stream INTEGER NOT NULL,
    day INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (stream, day)
) STRICT, WITHOUT ROWID;

CREATE VIEW search_text AS
SELECT searched.position,
    'r' || post.stream || ' p' || lower(hex(post.by)) || ' k' || coalesce(post.data ->> '$.kind', '') AS tags,
    said.data ->> '$.text' AS text
FROM searched
JOIN entry AS post ON post.position = searched.position
JOIN entry AS said ON said.position = searched.text_position;

CREATE VIRTUAL TABLE search USING fts5 (
    tags, text, content = 'search_text', content_rowid = 'position', columnsize = 0,
    tokenize = "unicode61 remove_diacritics 2", prefix = '3'
);
INSERT INTO search (search, rank) VALUES ('secure-delete', 1);
CREATE VIRTUAL TABLE search_word USING fts5vocab (search, instance);
"""
_DROP: Final = """
DROP TABLE IF EXISTS search_word;
DROP TABLE IF EXISTS search;
DROP VIEW IF EXISTS search_text;
DROP TABLE IF EXISTS searched;
DROP TABLE IF EXISTS search_day;
"""
# In its last wording, were it of a later slice: taking words out again costs a hundred times what putting them in does.
# (`+post.seq`: as a plain number, the index of edits is used.)
_ADD_POSTED: Final = """
INSERT INTO searched (position, text_position)
SELECT post.position, coalesce((
    SELECT max(edit.position) FROM entry AS edit
    WHERE edit.stream = post.stream AND edit.name = 'message_edited' AND edit.data ->> '$.message' = +post.seq
        AND NOT coalesce(edit.data ->> '$.redacted', 0)), post.position)
FROM entry_read AS post
WHERE post.position > :after AND post.position <= :upto AND post.kind = 'room' AND post.name = 'message_posted'
    AND NOT coalesce(post.data ->> '$.redacted', 0);
INSERT INTO search (rowid, tags, text)
SELECT position, tags, text FROM search_text WHERE position > :after AND position <= :upto;
INSERT INTO search_day (stream, day, first, last)
SELECT stream, at / :day_ms, min(position), max(position) FROM entry_read
WHERE position > :after AND position <= :upto AND kind = 'room' AND name = 'message_posted'
GROUP BY stream, at / :day_ms
ON CONFLICT (stream, day) DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last);
"""
# Only the last wording in this slice counts, of messages that are in the index (others are redacted) in an older one.
_EDITED: Final = """
SELECT json_group_array(json_array(position, text_position)) FROM (
    SELECT post.position AS position, max(edit.position) AS text_position
    FROM entry AS edit CROSS JOIN entry AS post CROSS JOIN searched
    WHERE edit.position > :after AND edit.position <= :upto AND edit.name = 'message_edited'
        AND NOT coalesce(edit.data ->> '$.redacted', 0)
        AND post.stream = edit.stream AND post.seq = edit.data ->> '$.message' AND searched.position = post.position
        AND searched.text_position < edit.position
    GROUP BY post.position)
"""
_POSTED_AT: Final = """
SELECT json_group_array(json_array(entry.position, NULL))
FROM jsonb_each(?) AS asked CROSS JOIN stream CROSS JOIN entry
WHERE stream.name = asked.value ->> 0 AND entry.stream = stream.id AND entry.seq = asked.value ->> 1
"""
_UNINDEX: Final = """
INSERT INTO search (search, rowid, tags, text)
SELECT 'delete', search_text.position, tags, text
FROM jsonb_each(?) AS gone CROSS JOIN search_text WHERE search_text.position = gone.value ->> 0
"""
_FORGET: Final = "DELETE FROM searched WHERE position IN (SELECT value ->> 0 FROM jsonb_each(?))"
_REWORD: Final = """
UPDATE searched SET text_position = edit.value ->> 1
FROM jsonb_each(?) AS edit WHERE searched.position = edit.value ->> 0
"""
_INDEX_AGAIN: Final = """
INSERT INTO search (rowid, tags, text)
SELECT search_text.position, tags, text
FROM jsonb_each(?) AS edit CROSS JOIN search_text WHERE search_text.position = edit.value ->> 0
"""

IS_ANSWERED: Final = """(message.resolved OR EXISTS (
    SELECT 1 FROM question WHERE question.room = message.room AND question.question = message.question
        AND question.status GLOB 'answered*'))"""
"""Whether a question of the table `message` is answered."""

_FIND: Final = f"""
WITH newest AS MATERIALIZED (
    SELECT search.rowid AS position, length(highlight(search, 1, 'm', '')) - length(search.text) AS hits,
        length(search.text) AS chars, snippet(search, 1, char(57344), char(57345), '…', 24) AS snippet
    FROM search
    WHERE search MATCH :match AND search.rowid BETWEEN :first AND :last
        AND EXISTS (
            SELECT 1 FROM entry CROSS JOIN stream ON stream.id = entry.stream
            CROSS JOIN message ON message.room = stream.owner AND message.seq = entry.seq
            WHERE entry.position = search.rowid AND entry.at BETWEEN :since AND :until
                AND entry.stream IN (SELECT value FROM json_each(:rooms))
                AND (message.hidden IS NULL OR :with_hidden)
                AND (:answered IS NULL OR :answered = {IS_ANSWERED}))
    ORDER BY search.rowid DESC LIMIT :candidates),
best AS MATERIALIZED (
    SELECT position, snippet, (hits + 1.0) / (chars + 200) AS density FROM newest
    ORDER BY density DESC, position DESC LIMIT :limit)
SELECT json_group_array(
    json_array(message.room, {MESSAGE}, best.snippet) ORDER BY best.density DESC, best.position DESC)
FROM best
CROSS JOIN entry AS post ON post.position = best.position
CROSS JOIN stream ON stream.id = post.stream
CROSS JOIN message ON message.room = stream.owner AND message.seq = post.seq
CROSS JOIN entry AS said ON said.position = message.text_position
"""
_ROOM_NUMBERS: Final = """
SELECT json_group_array(stream.id) FROM json_each(?) AS asked CROSS JOIN stream
WHERE stream.name = 'room/' || asked.value
"""
_SPAN: Final = """
SELECT min(search_day.first), max(search_day.last) FROM json_each(:rooms) AS asked CROSS JOIN search_day
WHERE search_day.stream = asked.value AND search_day.day BETWEEN :since / :day_ms AND :until / :day_ms
"""
# From one word to the next, each by one look into the index, without walking along the messages it stands in.
_BEGINNING_WITH: Final = """
WITH RECURSIVE word (term) AS (
    SELECT (SELECT term FROM search_word WHERE term >= :begun ORDER BY term LIMIT 1)
    UNION ALL
    SELECT (SELECT term FROM search_word WHERE term >= word.term || char(1) ORDER BY term LIMIT 1)
    FROM word WHERE substr(word.term, 1, length(:begun)) = :begun LIMIT :limit)
SELECT json_group_array(term) FROM word WHERE substr(term, 1, length(:begun)) = :begun
"""
_TOKENIZER: Final = ("unicode61", ["remove_diacritics", "2"])
"""The one named in `_TABLES`."""
_DAY_MS: Final = 86_400_000

_encode = msgspec.json.Encoder().encode
_decode_found = msgspec.json.Decoder(list[Found]).decode


class SearchIndex:
    """The projection (`eventlog/projection.py`)."""

    name = "search"
    version = 3
    is_behind = True
    names = None

    def create(self, connection: apsw.Connection, /) -> None:
        connection.execute(_TABLES)
        buffer = ("hashsize", limits.search_index_buffer_bytes)
        connection.execute("INSERT INTO search (search, rank) VALUES (?, ?)", buffer)

    def drop(self, connection: apsw.Connection, /) -> None:
        connection.execute(_DROP)

    def fold(self, connection: apsw.Connection, /, *, after: int, upto: int) -> None:
        span = {"after": after, "upto": upto, "day_ms": _DAY_MS}
        connection.execute(_ADD_POSTED, span)
        edited = connection.execute(_EDITED, span).get
        if edited != "[]":
            for statement in (_UNINDEX, _REWORD, _INDEX_AGAIN):
                connection.execute(statement, (edited,))

    def finish(self, connection: apsw.Connection, /) -> None:
        """Nothing is left to be made."""

    def redact(self, connection: apsw.Connection, messages: Sequence[tuple[StreamName, int]], /) -> None:
        posted = connection.execute(_POSTED_AT, (_encode(messages).decode(),)).get
        connection.execute(_UNINDEX, (posted,))
        connection.execute(_FORGET, (posted,))


def _tags(wanted: Wanted, rooms: list[int]) -> str:
    """As an FTS5 expression."""
    # Of a person's messages few are in other rooms: to meet those is quicker than to look each up among a room's.
    by_author = "" if wanted.by is None else f'"p{wanted.by.encode(errors="replace").hex()}"'
    where = by_author or " OR ".join(f'"r{room}"' for room in rooms)
    kind = "question" if wanted.answered is not None else wanted.kind
    return f"tags : ({where})" + (f' AND tags : ("k{kind}")' if kind else "")


def search_messages(
    connection: apsw.Connection, rooms: Sequence[RoomId], query: str, wanted: Wanted, *, limit: int
) -> list[Found]:
    if wanted.is_nothing:
        return []
    words = _for_text(connection, match_words(query))
    numbers: str = connection.execute(_ROOM_NUMBERS, (_encode(list(rooms)).decode(),)).get
    time = {"since": wanted.since_ms, "until": wanted.until_ms}
    first, last = connection.execute(_SPAN, time | {"rooms": numbers, "day_ms": _DAY_MS}).get
    if not words or first is None:
        return []
    bindings: dict[str, Any] = {
        "match": f"{_tags(wanted, msgspec.json.decode(numbers))} AND {words}",
        "first": first,
        "last": last,
        "rooms": numbers,
        "candidates": limits.search_candidates_max,
        "limit": min(limit, limits.search_results_max),
        "answered": wanted.answered,
        "with_hidden": wanted.with_hidden,
    }
    return _decode_found(connection.execute(_FIND, bindings | time).get)


def match_words(query: str) -> str:
    """What a person typed as an FTS5 expression for one column: all words and "phrases" must occur, the last word may
    be begun. Each is quoted, so that nothing in it is syntax; FTS5 passes over those without a letter or number, as
    long as they are not joined by AND. Empty when there is nothing."""
    terms, is_begun = terms_of(query)
    return " ".join(f'"{term}"' for term in terms) + (" *" if is_begun else "")


def _for_text(connection: apsw.Connection, words: str) -> str:
    """The expression for the column of texts; empty when nothing can be found. FTS5 collects all messages that a begun
    word stands in before it gives the newest, unless the word is as long as its index of beginnings. So the words there
    are with this beginning are asked for, if they are few."""
    if not words.endswith(" *"):
        return words and f"text : ({words})"
    closed, _, begun = words.removesuffix('" *').rpartition('"')
    tokens = tokens_of(connection, begun)
    if len(tokens) != 1 or len(tokens[0]) <= limits.search_prefix_chars:
        return f"text : ({words})"
    asked = {"begun": tokens[0], "limit": limits.search_words_max + 2}
    found: list[str] = msgspec.json.decode(connection.execute(_BEGINNING_WITH, asked).get)
    if len(found) > limits.search_words_max:
        return f"text : ({words})"
    any_of_them = " OR ".join(f'"{term}"' for term in found)
    if not found or not tokens_of(connection, closed):
        return any_of_them and f"text : ({any_of_them})"
    return f"text : ({closed.strip()}) AND text : ({any_of_them})"


def tokens_of(connection: apsw.Connection, text: str) -> list[str]:
    tokenizer = connection.fts5_tokenizer(*_TOKENIZER)
    found = tokenizer(
        text.encode(errors="replace"), apsw.FTS5_TOKENIZE_QUERY, None, include_offsets=False, include_colocated=False
    )
    return cast(list[str], found)


class FtsLexicon:
    """See `similar.py`."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def words_of(self, text: str, /) -> list[str]:
        return tokens_of(self._connection, text)

    def any_of(self, words: Sequence[str], /, *, rooms: Sequence[int], is_begun: bool) -> dict[str, Any]:
        any_room = " OR ".join(f'"r{room}"' for room in rooms)
        any_word = " OR ".join(f'"{word}"' for word in words) + (" *" if is_begun else "")
        return {"match": f'tags : ("kquestion") AND tags : ({any_room}) AND text : ({any_word})'}
