"""PostgreSQL's statements for full-text search (`postgres_search.py`). Each gives candidates: the newest messages that
match, as [room, seq, position, characters, [[word, places], …] of the words that were asked for].

`match` is what the index is asked for, `all` what a message must have: `all` may have a word that is only begun, and
all that the index holds of those would have to be collected first.
"""

from __future__ import annotations

from typing import Final, LiteralString

from tertulia.projections.postgres_message_sql import MESSAGE
from tertulia.projections.postgres_people_sql import IS_ANSWERED

_IS_WANTED: Final[LiteralString] = f"""
    message.at BETWEEN %(since)s::bigint AND %(until)s::bigint
    AND (message.hidden IS NULL OR %(with_hidden)s::boolean)
    AND (%(answered)s::boolean IS NULL OR %(answered)s::boolean = {IS_ANSWERED})"""
_PLACES: Final[LiteralString] = """
SELECT coalesce(json_agg(json_build_array(newest.room, newest.seq, newest.position, length(said.data ->> 'text'), (
    SELECT json_agg(json_build_array(word.lexeme, word.positions)) FROM unnest(newest.words) AS word
    WHERE word.lexeme = ANY(%(words)s::text[]) OR starts_with(word.lexeme, nullif(%(begun)s::text, ''))))), '[]'::json)
FROM newest JOIN entry AS said ON said.position = newest.text_position
"""
_ROOMS: Final[LiteralString] = """place AS MATERIALIZED (
    SELECT DISTINCT stream.owner AS room, stream.head
    FROM json_array_elements_text(%(rooms)s::json) AS asked (value)
    JOIN stream ON stream.name = 'room/' || asked.value)"""


def _hits(which: LiteralString, *, by: LiteralString) -> LiteralString:
    """The newest first. `IS TRUE`: what a message must have is asked of each, not of the index."""
    return f"""SELECT searched.room, searched.seq, searched.position, searched.words, message.text_position
    FROM (
        SELECT * FROM searched WHERE {which} AND (words @@ %(all)s::tsquery) IS TRUE
        ORDER BY {by} DESC OFFSET 0) AS searched
    CROSS JOIN LATERAL (
        SELECT * FROM message WHERE message.room = searched.room AND message.seq = searched.seq OFFSET 0) AS message
    WHERE {_IS_WANTED}
    ORDER BY searched.{by} DESC LIMIT %(candidates)s::bigint"""


_OF_SLICE: Final[LiteralString] = """
    words @@ (('''/room/' || place.room || '/' || slice.number || '''')::tsquery && %(match)s::tsquery)"""
_OF_NEWEST: Final[LiteralString] = "room = place.room AND seq > place.head - %(newest)s::bigint"
_OF_ROOMS: Final[LiteralString] = """words @@ %(match)s::tsquery
    AND room = ANY(ARRAY(SELECT value FROM json_array_elements_text(%(rooms)s::json) AS asked (value)))"""

# A room is looked through slice by slice, the newest first, until there are enough: so a word that is everywhere costs
# what its newest messages do.
_IN_ROOMS: Final[LiteralString] = f"""
WITH {_ROOMS},
newest AS MATERIALIZED (
    SELECT hit.* FROM place CROSS JOIN LATERAL (
        SELECT part.* FROM generate_series(place.head / %(slice)s::bigint, 0, -1) AS slice (number)
        CROSS JOIN LATERAL ({_hits(_OF_SLICE, by="seq")}) AS part
        LIMIT %(candidates)s::bigint) AS hit
    ORDER BY hit.position DESC LIMIT %(candidates)s::bigint)
{_PLACES}"""
# Only those of the newest messages: what many of them have is found here.
_AMONG_NEWEST: Final[LiteralString] = f"""
WITH {_ROOMS},
newest AS MATERIALIZED (
    SELECT hit.* FROM place CROSS JOIN LATERAL ({_hits(_OF_NEWEST, by="seq")}) AS hit
    ORDER BY hit.position DESC LIMIT %(candidates)s::bigint)
{_PLACES}"""
# Of all that the index has: what a person wrote, and what begins so as few messages do.
_ANYWHERE: Final[LiteralString] = f"""
WITH newest AS MATERIALIZED ({_hits(_OF_ROOMS, by="position")})
{_PLACES}"""
_FOUND: Final[LiteralString] = f"""
SELECT coalesce(json_agg(json_build_array(message.room, {MESSAGE})), '[]'::json)
FROM json_array_elements(%(best)s::json) AS best (value)
JOIN message ON message.room = best.value ->> 0 AND message.seq = (best.value ->> 1)::bigint
JOIN entry AS said ON said.position = message.text_position
"""

SEARCH: Final = {
    "found_in_rooms": _IN_ROOMS,
    "found_among_newest": _AMONG_NEWEST,
    "found_anywhere": _ANYWHERE,
    "found": _FOUND,
}
