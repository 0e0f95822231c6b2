"""The functions in PostgreSQL that fold entries into the tables, made from the rules (rules.py).

The log's table calls `fold_added` with the entries of each insert, in the transaction that inserts them: whichever node
that is and whatever its version, the tables change by the functions that are there. `fold_open` and `fold_next` fold
entries that have been there before, for remaking.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from tertulia.projections.room_rules import LINK_RULES, PEOPLE_RULES, ROOM_RULES
from tertulia.projections.rules import Rules, for_postgres, parsed
from tertulia.projections.session_rules import SESSION_RULES

_SEARCH_RULES: Final[Rules] = {
    "room": (
        """message_redacted
    DELETE FROM searched WHERE room = NEW.owner AND seq = @message:int;""",
    )
}
_ALL: Final[Sequence[Rules]] = (ROOM_RULES, PEOPLE_RULES, SESSION_RULES, LINK_RULES, _SEARCH_RULES)
_KINDS: Final = tuple(dict.fromkeys(kind for rules in _ALL for kind in rules))

_FUNCTIONS: Final = """
CREATE OR REPLACE FUNCTION counted(counts json, key text) RETURNS json LANGUAGE sql AS $fold$
    SELECT json_object_agg(one.key, one.number ORDER BY one.place) FROM (
        SELECT had.key, had.value::bigint + (had.key = $2)::int, had.place
        FROM json_each_text($1) WITH ORDINALITY AS had (key, value, place)
        UNION ALL
        SELECT $2, 1, 9e9 WHERE $1 -> $2 IS NULL) AS one (key, number, place)
$fold$;

-- PostgreSQL looks into no JSON that has a text with the character U+0000 in it.
CREATE OR REPLACE FUNCTION without_nul(data json) RETURNS json LANGUAGE sql AS $fold$
    SELECT regexp_replace(data::text, '(?<!\\\\)((?:\\\\\\\\)*)\\\\u0000', '\\1\\\\ufffd', 'g')::json
$fold$;

CREATE OR REPLACE FUNCTION fold(new entry_read) RETURNS void LANGUAGE plpgsql AS $fold$
BEGIN
    IF position('\\u0000' IN NEW.data::text) > 0 THEN
        NEW.data := without_nul(NEW.data);
    END IF;
    {cases}
END $fold$;

CREATE OR REPLACE FUNCTION fold_added() RETURNS trigger LANGUAGE plpgsql
SET search_path = tertulia, pg_catalog SET plan_cache_mode = force_generic_plan AS $fold$
DECLARE
    one entry_read;
BEGIN
    FOR one IN
        SELECT added.position, added.stream, stream.kind, stream.owner, added.seq, added.at, added.by, added.name,
            added.data
        FROM added JOIN stream ON stream.id = added.stream
        WHERE stream.generation > 0 ORDER BY added.position
    LOOP
        PERFORM fold(one);
    END LOOP;
    RETURN NULL;
END $fold$;

-- `+ 0`: not by the index of positions, which would look at the whole log.
CREATE OR REPLACE FUNCTION fold_open(streams bigint[]) RETURNS void LANGUAGE plpgsql
SET search_path = tertulia, pg_catalog SET plan_cache_mode = force_generic_plan AS $fold$
DECLARE
    remade refcursor := 'remade';
BEGIN
    OPEN remade NO SCROLL FOR SELECT * FROM entry_read WHERE stream = ANY(streams) ORDER BY position + 0;
END $fold$;

CREATE OR REPLACE FUNCTION fold_next(entries_max bigint) RETURNS bigint LANGUAGE plpgsql
SET search_path = tertulia, pg_catalog SET plan_cache_mode = force_generic_plan AS $fold$
DECLARE
    remade refcursor := 'remade';
    one entry_read;
BEGIN
    FOR number IN 1..entries_max LOOP
        FETCH remade INTO one;
        IF NOT FOUND THEN
            CLOSE remade;
            RETURN number - 1;
        END IF;
        PERFORM fold(one);
    END LOOP;
    RETURN entries_max;
END $fold$;

CREATE OR REPLACE TRIGGER fold AFTER INSERT ON entry
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION fold_added();
"""


def functions() -> str:
    """SQL that makes them, or makes them anew; run with `tertulia` as the search path."""
    kinds = " ".join(f"WHEN '{kind}' THEN {_by_name(kind)}" for kind in _KINDS)
    return _FUNCTIONS.replace("{cases}", f"CASE NEW.kind {kinds} ELSE NULL; END CASE;")


def _by_name(kind: str) -> str:
    """What happens to entries of one kind of stream: names that are treated alike together."""
    changes: dict[str, str] = {}
    for rules in _ALL:
        for rule in map(parsed, rules.get(kind, ())):
            change = for_postgres(rule.change)
            if rule.condition:
                change = f"IF {for_postgres(rule.condition)} THEN {change} END IF;"
            for name in rule.names:
                changes[name] = changes.get(name, "") + change
    cases = " ".join(f"WHEN {listed} THEN {change}" for listed, change in _alike(changes))
    return f"CASE NEW.name {cases} ELSE NULL; END CASE;"


def _alike(changes: dict[str, str]) -> Iterator[tuple[str, str]]:
    for change in dict.fromkeys(changes.values()):
        yield ", ".join(f"'{name}'" for name, mine in changes.items() if mine == change), change
