"""What an event changes in the tables, written once for both databases.

A rule names its events in the first line, and perhaps `when` something holds; what follows is SQL that SQLite and
PostgreSQL understand alike. `NEW` is the entry (position, kind, owner, seq, at, by, name), and a field of its data is
written

    @name               text, NULL when the event does not say
    @name:int  @name:bool  @name:json
    @name:rows          a list as a table (place, value), places from 0
    @name:counted(column)   the counts (JSON) of `column`, with one more for what the field names

SQLite runs a rule as a trigger (sqlite_fold.py), PostgreSQL as a part of one function (postgres_fold.py). A rule
touches only rows of the entry's owner, and changes nothing, rather than fail, where an older row is missing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

Rules = Mapping[str, Sequence[str]]
"""By kind of stream."""

_FIELD: Final = re.compile(r"@(\w+)(?::(\w+)(?:\((\w+)\))?)?")


class Rule(NamedTuple):
    names: tuple[str, ...]
    condition: str
    """Empty: always."""
    change: str


def parsed(rule: str) -> Rule:
    first, change = rule.split("\n", 1)
    names, _, condition = first.partition(" when ")
    return Rule(tuple(names.split()), condition, change)


def names_in(rules: Rules) -> frozenset[str]:
    return frozenset(name for some in rules.values() for rule in some for name in parsed(rule).names)


def for_sqlite(part: str) -> str:
    """A change or a condition."""
    return _FIELD.sub(_in_sqlite, part)


def for_postgres(part: str) -> str:
    return _FIELD.sub(_in_postgres, part.replace("NEW.by", 'NEW."by"'))  # PL/pgSQL takes a bare `by` for a keyword


def _in_sqlite(field: re.Match[str]) -> str:
    name, form, column = field.groups()
    value = f"NEW.data ->> '$.{name}'"
    match form:
        case None | "int" | "bool":
            return value
        case "json":
            return f"NEW.data -> '$.{name}'"
        case "rows":
            return f"(SELECT key AS place, value FROM json_each(NEW.data, '$.{name}'))"
        case "counted":
            return f"json_set({column}, '$.' || ({value}), coalesce({column} ->> ({value}), 0) + 1)"
    raise AssertionError(f"a field has no form {form}")


def _in_postgres(field: re.Match[str]) -> str:
    name, form, column = field.groups()
    value = f"(NEW.data ->> '{name}')"
    match form:
        case None:
            return value
        case "int":
            return f"{value}::bigint"
        case "bool":
            return f"{value}::boolean"
        case "json":
            return f"(NEW.data -> '{name}')"
        case "rows":
            elements = f"json_array_elements_text(NEW.data -> '{name}') WITH ORDINALITY AS one (value, number)"
            return f"(SELECT number - 1 AS place, value FROM {elements}) AS listed"
        case "counted":
            return f"counted({column}, {value})"
    raise AssertionError(f"a field has no form {form}")
