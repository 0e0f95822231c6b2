"""Questions like the one that is being typed: lexical, over the course's questions that all may see.

Candidates come from the index for search, any word they share being enough; they are ranked by the words they have in
common, rare ones counting more. Nobody's name is read.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Final

import apsw
import msgspec

from tertulia.domain import limits
from tertulia.domain.ids import CohortId, PersonId, RoomId
from tertulia.projections import ResolvedQuestion, SimilarQuestion
from tertulia.projections.search import IS_ANSWERED, tokens_of

# A cohort's stream has a lower number than those of cohorts that came after it.
_ROOMS: Final = """
SELECT json_group_array(stream.id) FROM cohort AS mine
CROSS JOIN cohort ON cohort.cohort = mine.cohort OR (cohort.course = mine.course AND
    (SELECT id FROM stream WHERE stream.name = 'cohort/' || cohort.cohort)
        < (SELECT id FROM stream WHERE stream.name = 'cohort/' || mine.cohort))
CROSS JOIN listed_room ON listed_room.cohort = cohort.cohort
CROSS JOIN stream ON stream.name = 'room/' || listed_room.room
WHERE mine.cohort = :cohort
"""
_ANSWER: Final = """coalesce(question.accepted, question.answer, (
    SELECT reply.seq FROM message AS reply INDEXED BY message_answers
    WHERE reply.room = message.room AND reply.thread = message.seq AND NOT reply.redacted
        AND reply.hidden IS NULL AND (reply.endorsed <> '{}' OR reply.kind = 'answer')
    ORDER BY reply.endorsed = '{}', reply.seq LIMIT 1))"""
"""The answer to a question in `message`, with its row in `question` if it has one: what the asker accepted, what staff
named, else a reply that was endorsed or says that it is one."""

_CANDIDATES: Final = f"""
WITH hit AS MATERIALIZED (
    SELECT rowid AS position FROM search WHERE search MATCH :match ORDER BY rowid DESC LIMIT :candidates),
found AS MATERIALIZED (
    SELECT message.room, message.seq, message.question, room.cohort, said.data ->> '$.text' AS text,
        coalesce(question.status, iif({IS_ANSWERED}, 'answered_text', 'published')) AS status,
        {_ANSWER} AS answer
    FROM hit CROSS JOIN entry AS post ON post.position = hit.position
    CROSS JOIN stream ON stream.id = post.stream
    CROSS JOIN message ON message.room = stream.owner AND message.seq = post.seq
    CROSS JOIN entry AS said ON said.position = message.text_position
    CROSS JOIN room ON room.room = message.room
    LEFT JOIN question ON question.room = message.room AND question.question = message.question
    WHERE NOT message.redacted AND message.hidden IS NULL)
SELECT json_group_array(json_object(
    'question', found.question,
    'room', iif(may_read, found.room, NULL), 'message', iif(may_read, found.seq, NULL),
    'text', found.text, 'status', found.status,
    'votes', (SELECT count(*) FROM vote WHERE vote.room = found.room AND vote.question = found.question),
    'answer', (
        SELECT entry.data ->> '$.text' FROM message CROSS JOIN entry ON entry.position = message.text_position
        WHERE message.room = found.room AND message.seq = found.answer AND NOT message.redacted
            AND message.hidden IS NULL),
    'cohort', found.cohort, 'score', 0.0))
FROM (
    SELECT found.*, found.cohort = :cohort OR EXISTS (
        SELECT 1 FROM member WHERE member.cohort = found.cohort AND member.person = :person AND member.here) AS may_read
    FROM found
    WHERE (found.status NOT IN ('pending', 'dismissed', 'withdrawn'))
        AND (found.cohort = :cohort OR found.status GLOB 'answered*' OR found.answer IS NOT NULL)) AS found
"""

_RESOLVED: Final = f"""
SELECT json_group_array(json_array(coalesce(found.question, CAST(found.seq AS TEXT)), found.question,
    found.text, said.data ->> '$.text') ORDER BY found.seq)
FROM (
    SELECT message.seq, message.question, said.data ->> '$.text' AS text, {_ANSWER} AS answer
    FROM message CROSS JOIN entry AS said ON said.position = message.text_position
    LEFT JOIN question ON question.room = message.room AND question.question = message.question
    WHERE message.room = :room AND message.kind = 'question' AND NOT message.redacted AND message.hidden IS NULL
        AND coalesce(question.status NOT IN ('pending', 'dismissed', 'withdrawn'), 1)) AS found
CROSS JOIN message AS reply ON reply.room = :room AND reply.seq = found.answer
CROSS JOIN entry AS said ON said.position = reply.text_position
WHERE NOT reply.redacted AND reply.hidden IS NULL
"""

_CANDIDATES_MAX: Final = 200
_SCORE_MIN: Final = 0.15
_WORDS_MAX: Final = 40
_encode = msgspec.json.Encoder().encode
_decode_resolved = msgspec.json.Decoder(list[ResolvedQuestion]).decode
_decode = msgspec.json.Decoder(list[SimilarQuestion]).decode


def similar_questions(
    connection: apsw.Connection, cohort: CohortId, person: PersonId, text: str, *, limit: int
) -> list[SimilarQuestion]:
    words = list(dict.fromkeys(tokens_of(connection, text)))[:_WORDS_MAX]
    rooms: list[int] = msgspec.json.decode(connection.execute(_ROOMS, {"cohort": cohort}).get)
    if not words or not rooms:
        return []
    any_room = " OR ".join(f'"r{room}"' for room in rooms)
    quoted = [f'"{word}"' for word in words]
    if len(words[-1].encode()) >= limits.search_prefix_bytes_min:
        quoted[-1] += " *"  # the last word may be begun
    match = f'tags : ("kquestion") AND tags : ({any_room}) AND text : ({" OR ".join(quoted)})'
    bindings = {"match": match, "candidates": _CANDIDATES_MAX, "cohort": cohort, "person": person}
    return _best(connection, words, _decode(connection.execute(_CANDIDATES, bindings).get), limit=limit)


def read_resolved(connection: apsw.Connection, room: RoomId) -> list[ResolvedQuestion]:
    return _decode_resolved(connection.execute(_RESOLVED, {"room": room}).get)


def _best(
    connection: apsw.Connection, words: list[str], candidates: list[SimilarQuestion], *, limit: int
) -> list[SimilarQuestion]:
    """Ranked, each question once: one that was carried to another room stands in both."""
    said = [set(tokens_of(connection, candidate.text)) for candidate in candidates]
    found_in = Counter(word for one in said for word in one)

    def weight(word: str) -> float:
        return math.log(1 + (1 + len(said)) / (1 + found_in[word]))

    ranked: dict[str, SimilarQuestion] = {}
    for candidate, theirs in zip(candidates, said, strict=True):
        begun = {word for word in theirs if word.startswith(words[-1])}
        mine = {*words[:-1], *(begun or words[-1:])}  # a word that is begun counts as the whole one
        both = math.fsum(weight(word) for word in sorted(mine & theirs))
        score = both / math.fsum(weight(word) for word in sorted(mine | theirs))
        key = candidate.question or f"{candidate.cohort} {candidate.room} {candidate.message} {candidate.text}"
        scored = msgspec.structs.replace(candidate, score=round(score, 3))
        other = ranked.get(key)
        if score >= _SCORE_MIN and (other is None or _merit(other) < _merit(scored)):
            ranked[key] = scored
    return sorted(ranked.values(), key=lambda one: (-one.score, -one.votes, one.text))[:limit]


def _merit(one: SimilarQuestion) -> tuple[bool, float]:
    return one.answer is not None, one.score
