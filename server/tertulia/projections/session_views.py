"""What readers see of live sessions, folded by the domain itself: a row of JSON for each room, its staff, each person.

A session changes seldom beside what is said in it, so each change decodes the row, folds and writes it again. Texts of
questions are not in it: they are read from their messages, so that a redaction in the log is one here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import apsw
import msgspec

from tertulia.domain.events import EVENTS
from tertulia.domain.ids import StreamName
from tertulia.domain.session.apply import OF_SESSION
from tertulia.domain.session.fold import fold_mine, fold_session
from tertulia.domain.session.view import MyQuestion, SessionView


class MySessions(msgspec.Struct, kw_only=True):
    """The part of a person's state that sessions make: see `UserView`."""

    aliases: dict[str, str] = {}
    questions: dict[str, MyQuestion] = {}


_NAMES: Final = tuple(name for name, kind in EVENTS.items() if kind in OF_SESSION)
_ENTRIES: Final = f"""
SELECT json_group_array(json_array(kind, owner, seq, at, by, name, json(data)) ORDER BY position)
FROM entry_read WHERE position > ? AND position <= ? AND kind IN ('room', 'user')
    AND name IN ({", ".join(f"'{name}'" for name in _NAMES)})
"""
_KEPT: Final = "SELECT view FROM session_view WHERE kind = ? AND owner = ?"
_KEEP: Final = "INSERT OR REPLACE INTO session_view (kind, owner, view) VALUES (?, ?, ?)"

_encode = msgspec.json.Encoder().encode
_decode_entries = msgspec.json.Decoder(list[tuple[str, str, int, int, str, str, msgspec.Raw]]).decode
_decoders: Final = {name: msgspec.json.Decoder(EVENTS[name]) for name in _NAMES}
_decode_session = msgspec.json.Decoder(SessionView).decode
_decode_mine = msgspec.json.Decoder(MySessions).decode


class SessionViews:
    name = "session_view"
    version = 1
    is_behind = False

    def create(self, connection: apsw.Connection, /) -> None:
        connection.execute(
            "CREATE TABLE session_view (kind TEXT NOT NULL, owner TEXT NOT NULL, view TEXT NOT NULL,"
            " PRIMARY KEY (kind, owner)) STRICT, WITHOUT ROWID"
        )

    def drop(self, connection: apsw.Connection, /) -> None:
        connection.execute("DROP TABLE IF EXISTS session_view")

    def fold(self, connection: apsw.Connection, /, *, after: int, upto: int) -> None:
        changed: dict[tuple[str, str], SessionView | MySessions | None] = {}
        for kind, owner, seq, at, by, name, data in _decode_entries(connection.execute(_ENTRIES, (after, upto)).get):
            event = _decoders[name].decode(data)
            if (kind, owner) not in changed:
                changed[kind, owner] = _kept(connection, kind, owner)
            view = changed[kind, owner]
            if isinstance(view, MySessions):
                fold_mine(view.aliases, view.questions, at=at, event=event)
            else:
                changed[kind, owner] = fold_session(view, seq=seq, at=at, by=by, event=event)
        for (kind, owner), view in changed.items():
            if view is not None:
                connection.execute(_KEEP, (kind, owner, _encode(view).decode()))

    def finish(self, connection: apsw.Connection, /) -> None:
        """There is nothing more to make."""

    def redact(self, connection: apsw.Connection, messages: Sequence[tuple[StreamName, int]], /) -> None:
        """There is no text of a message here."""


def _kept(connection: apsw.Connection, kind: str, owner: str) -> SessionView | MySessions | None:
    row = connection.execute(_KEPT, (kind, owner)).get
    if kind == "user":
        return MySessions() if row is None else _decode_mine(row)
    return None if row is None else _decode_session(row)
